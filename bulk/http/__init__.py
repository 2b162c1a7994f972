"""The only code that opens a socket to an API: paced, patient, and honest about what it does not know."""

"""Load catalog spreadsheets into shop APIs, and say for every row what became of it."""

"""Load catalog spreadsheets into shop APIs, and say for every row what became of it.

- `cli`: the program as commands; `api`: the program as a library
- `orders`: what is asked of it; `loading`, `checking`: runs that send, and the check; `access`: how an API is reached
- `worker`: the program of a process that sends for another one
- `settings`, `settings_files`: environment and files; where the ledger lies, quickly
- `jobs`: the loops; `connectors`: one folder for each API
- `formats`, `validation`, `http`, `ledger`, `sandbox`: neighbours that do not know each other
- `fingerprint`: what is known of a record, in twelve bytes a field
- `contracts`, `model`, `errors`: protocols, values, the error tree
"""

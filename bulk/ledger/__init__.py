"""Durable memory of what happened to every row: SQLite, one transaction a call.

- `sqlite`: the class; `database`: connections on threads of their own; `locks`: one run at a time in one place
- `schema.sql`, `migrations`; `queries.sql`, `known.sql`, `sql`: named statements
- each runs inside a transaction: `runs`, `entries` (rows enrolled and claimed), `settled`, `details` (what was wrong
  with them), `known` (what records hold), `superseded`, `exports`, `current` (the run that is under way)
- `reading`, `history`: asked by people; `row_ranges`: many rows in one statement; `error_mapping`: SQLite's errors as
  ours
"""

from bulk.ledger.sqlite import SqliteLedger

__all__ = ["SqliteLedger"]

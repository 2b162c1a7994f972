"""The check of a whole source, before anything is sent.

- `reading`: how its cells are read; `checker`: the sweep over it; `judge`: the verdict on one of its tables; `chunk`:
  some rows with their verdict
- `families`: rows that travel in the document of another; `cell_members`: the same out of a cell
- `comparison`: good rows held against what is known of their records; `recall`: rows that need no verdict, since they
  are as they were last written
- `keys_only`: files that only say which records are meant
"""

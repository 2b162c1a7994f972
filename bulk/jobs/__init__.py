"""The loops, and what they are made of.

- imports: `importer`; `planner` and `plan_file` (what one would do), `presence` (which records are there), `retry`
  (rows of an earlier run as a source)
- the check of a source: `checker`, `reading` (how), `judging` (the verdict on one table), `chunk`, `families` and
  `cell_members` (rows inside others), `comparison` (with what is known), `recall` (rows that need no verdict),
  `keys_only`
- sending: `sending`, `dispatch` (claims, reads, settles), `blocks`, `preparation` and `prepared` (what has to be
  written), `evidence` (cells of rows in flight), `enquiry` (questions), `writing`
- sending from several processes: `crew`, `hand` (a worker, from outside), `helper` (its part in a run), `messages`
- exports: `exporter`, `listing` and `completeness`, `spool`, `pieces` and `positions` (what was read so far),
  `flattening`, `spreading`, `fitting` and `held` (documents to columns), `exported` (the file and its manifest),
  `bookmark`
- `guards`: limits and the wish to stop; `recorded`, `reports`, `results`: what a run remembers, what is said of it, its
  rows as a file; `threads`, `garbage`
"""

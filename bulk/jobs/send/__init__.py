"""The sending of rows that were found good.

- `single_process`: by this process alone; `workers`, beside this package, is the other way
- `dispatch`: rows claimed, read where that is needed, made ready, settled; `block_size`: how many at once
- `preparation`: what of a record has to be written; `prepared`: a record as it goes to whoever sends it
- `writing`: the writer of a process; `cells_in_flight`: original cells, kept until nothing can fail any more
"""

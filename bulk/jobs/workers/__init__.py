"""Several processes that send at one pace, with one ledger.

- `pool`: all of them together; `process`: a worker, as the one that started it sees it; `session`: its part in a run
- `messages`: what they say to each other

What runs in a worker is `bulk.worker`.
"""

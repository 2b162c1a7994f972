"""Conversations with commercetools, as generators: no I/O here.

- `upserts`, `deletions`: about one channel; `lookups`: finding channels; `listing`: walking over all of them
- `diffing`: from what is to be and what is to the fewest update `actions`; `drafts`, `values`: the parts of a channel
- `operations`: each documented call; `answers`: what comes back; `batches`: what fits into one address
- `types`: keys and fields of the types of custom fields
"""

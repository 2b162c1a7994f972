"""Channels: creating, changing and deleting them.

- `routes`: the operations; `actions`: the update actions; `directory`: the channels; `fields`: what predicates can
  name; `seed`: believable ones
"""

"""Sales, fulfilment and end-to-end channels.

`routes` are the operations, `rules` what a body must hold, `directory` the channels, `answers` how they are shown,
`seed` believable ones.
"""

"""Products and their variants.

`routes` and `export` are the operations, `rules` what a body must hold, `catalog` the products, `answers` how they are
shown, `fields` what they can be filtered by, `seed` believable ones.
"""

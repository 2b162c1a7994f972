"""Types, which give channels and addresses their custom fields.

`routes` read them, `registry` holds them, `values` checks what their fields take, `seed` has some to begin with.
"""

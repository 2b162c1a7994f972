"""How often Python looks for garbage that goes round in circles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MANY: Final = 100_000
"""Objects made, and not yet gone, after which to look."""

_USUAL: Final = gc.get_threshold()


@contextmanager
def infrequent_collection() -> Iterator[None]:
    """Look less often while many records pass: they go round in no circle, and to look at all of them takes longest."""
    gc.set_threshold(MANY, *_USUAL[1:])
    try:
        yield
    finally:
        gc.set_threshold(*_USUAL)

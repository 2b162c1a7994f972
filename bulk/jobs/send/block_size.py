"""How many rows to claim at once: few where the API is slow, since a kill leaves claimed rows in doubt."""

import time
from collections.abc import Callable
from typing import Final

MOST: Final = 500
"""Rows in a block at most: what a block costs is next to nothing then for each of them."""

QUICK: Final = 0.06
"""Seconds within which a block was taken if the next may be twice as large; half as large after three times that."""


class BlockSize:
    """Grows while blocks are taken quickly, and shrinks while not; `clock` is in seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times = 1
        self._asked: float | None = None

    def next(self, least: int, most: int) -> int:
        """Rows of the next block: as often `least` as is fitting, and neither above `most` nor above `MOST`."""
        now = self._clock()
        if self._asked is not None:
            if now - self._asked < QUICK:
                self._times *= 2
            elif now - self._asked > 3 * QUICK:
                self._times //= 2
        self._times = max(1, min(self._times, min(most, MOST) // least))
        self._asked = now
        return min(self._times * least, MOST)

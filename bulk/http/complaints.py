"""Which complaints of an API count, whether its rate was given or has to be found."""

import math
from typing import Final

SLOWER: Final = 0.7
"""What is left of the rate after a complaint."""
SLOWEST: Final = 0.1
"""Requests a second that the rate is never lowered beyond."""
ENOUGH: Final = 10
"""Good answers that there are between two changes: a new bucket starts full, so it costs up to one send."""


def is_much_the_same(rate: float, other: float) -> bool:
    """Whether two rates are too close to change a pace from one to the other, which costs a new bucket."""
    return abs(rate - other) < 0.05 * other


class Complaints:
    """The last complaint that counted.

    Complaints about requests that were on their way already count as one, and so do those of an API that is down, which
    have nothing to do with the pace and must not grind it down: only after a good answer does the next one count.
    """

    def __init__(self) -> None:
        self.at = -math.inf
        """The moment of the last one that counted."""
        self._answered_since = False

    def calm(self, now: float) -> float:
        """Seconds since the last one that counted."""
        return now - self.at

    def answered(self) -> None:
        """Take note of a good answer."""
        self._answered_since = True

    def count(self, now: float, paused_until: float, *, lowered: bool) -> bool:
        """Whether a complaint counts, which takes note of it. `lowered`: the rate is less than it was at first."""
        if lowered and self.at > -math.inf and not (now >= max(paused_until, self.at + 1.0) and self._answered_since):
            return False
        self.at, self._answered_since = now, False
        return True

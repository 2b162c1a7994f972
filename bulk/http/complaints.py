"""Which complaints of an API count, and when the rate may be raised again, whether it was given or has to be found."""

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
    """The last complaint that counted, and the good answers since the rate was changed.

    Complaints about requests that were on their way already count as one, and so do those of an API that is down, which
    have nothing to do with the pace and must not grind it down: only after a good answer does the next one count.
    """

    def __init__(self) -> None:
        self.at = -math.inf
        """The moment of the last one that counted."""
        self._answered_since = False
        self._raised_at = -math.inf
        self._answers = 0

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
        self._raised_at = now
        return True

    def may_raise(self, now: float) -> bool:
        """Whether it is time to raise the rate, at a good answer: once a second at most, and after `ENOUGH` of them."""
        self._answers += 1
        if self._answers < ENOUGH or now - self._raised_at < 1.0:
            return False
        self._answers, self._raised_at = 0, now
        return True

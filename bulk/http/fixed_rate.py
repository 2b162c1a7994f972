"""The rate at present where one was given: never more, and less for a while when the API complains."""

import math
from typing import Final

from bulk.http.complaints import SLOWER, SLOWEST, Complaints, is_much_the_same

LONG: Final = 3.0
"""Seconds at the rate given that mean that it is borne."""
ALONE: Final = 10.0
"""Seconds at the rate given after which a complaint is one alone: a send that came late or early, most likely."""
STRAY: Final = 0.95
"""What is left of the rate given after a complaint alone."""
AGAIN: Final = 0.85
"""What is left after another one at the rate given, where that has been borne: back in three seconds."""
STEP: Final = 0.02
"""Part of the rate given that is added every second."""
STRAY_STEP: Final = 0.05
"""The same after a complaint alone, so that the rate is back in one second, and where the rate has been borne."""


class FixedRate:
    """The rate at present. `ceiling` is the one given."""

    found: Final = None
    """Nothing is searched, so nothing is found."""

    def __init__(self, ceiling: float) -> None:
        self.rate: float = ceiling
        self._ceiling = ceiling
        self._complaints = Complaints()
        self._lowered = False
        self._alone = self._borne = False
        self._full_since = math.inf
        self.alone_until = -math.inf
        """Until when the last complaint is one alone at the rate given, if it is."""

    def complain(self, now: float, paused_until: float, observed: float) -> bool:  # noqa: ARG002  # `AdaptiveRate` goes by it
        """Take note of a complaint; whether it changes the rate."""
        calm = self._complaints.calm(now)
        if not self._complaints.count(now, paused_until, lowered=self._lowered):
            return False
        self._alone = not self._lowered and calm >= ALONE
        self._borne = not self._lowered and (self._borne or now - self._full_since >= LONG)
        share = STRAY if self._alone else AGAIN if self._borne else SLOWER
        self._lowered = True
        self.alone_until = now + 1.0 if self._alone else -math.inf
        self.rate = max(min(SLOWEST, self._ceiling), self.rate * share)
        return True

    def answer(self, now: float) -> bool:
        """Take note of a good answer; whether it changes the rate, which it does once a second at most."""
        if not self._lowered:
            self._full_since = min(self._full_since, now)
            return False
        self._complaints.answered()
        if not self._complaints.may_raise(now):
            return False
        step = STRAY_STEP if self._alone or self._borne else STEP
        self.rate = min(self._ceiling, self.rate + max(0.5, step * self._ceiling))
        if self.rate == self._ceiling:
            self._lowered, self._full_since = False, now
        return True

    def told(self, rate: float) -> bool:
        """Take the API's word for what it bears now; whether that changes the rate."""
        rate = max(SLOWEST, min(rate, self._ceiling))
        if is_much_the_same(rate, self.rate):
            return False
        self._lowered, self.rate = False, rate
        return True

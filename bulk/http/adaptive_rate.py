"""The rate that an API bears, found from its complaints: additive increase, multiplicative decrease."""

import math
from enum import Enum, auto
from typing import Final

from bulk.http.complaints import SLOWER, SLOWEST, Complaints, is_much_the_same

AT_FIRST: Final = 0.9
"""What is left of the pace that the first complaint is about: so many were answered well."""
NEAR: Final = 0.96
"""What is left after a complaint that is long in coming: the limit is close by."""
LONG: Final = 3.0
"""Seconds without a complaint that make the next one long in coming."""
LATE: Final = 0.5
"""Seconds in which good answers still come to what was sent before the first complaint: they count as borne too."""
STEP: Final = 0.02
"""Part of the rate complained about that is added every second."""
CAREFUL_STEP: Final = 0.0015
"""The same close to that rate, once it is known to be near the limit: each complaint costs a pause."""
CLOSE: Final = (0.95, 1.02)
"""What counts as close, as parts of that rate."""
ALONE: Final = 10.0
"""Seconds without another complaint that make one a stray, where nothing else in flight was complained about either."""
STRAY: Final = 10.0
"""Requests a second that a stray leaves at least: few were answered before it, or it came in the first moments."""


class _Edge(Enum):
    """What is known of the rate that was complained about last."""

    NONE = auto()
    """Nobody has complained of late."""
    COUNTING = auto()
    """Good answers still come to what was sent before the complaint."""
    STRAY = auto()
    """Little: of all that was in flight, one request alone was refused. The rate doubles every second."""
    PASSED = auto()
    """It was more than is borne."""
    NEAR = auto()
    """It was borne for a while, so that the limit is close by."""


class AdaptiveRate:
    """The rate at present where none was given; `start` is one that was found earlier.

    There is no limit until somebody complains, and none again once the rate is twice what was complained about.
    """

    alone_until: Final = -math.inf
    """See `FixedRate`: that a complaint is a stray is seen only afterwards."""

    def __init__(self, start: float | None = None) -> None:
        self.rate = start
        self._edge = start or 0.0
        self._known = _Edge.NONE if start is None else _Edge.NEAR
        self._complaints = Complaints()
        self._alone = False

    @property
    def found(self) -> float | None:
        """The rate found, worth remembering; None where none was needed."""
        return None if self._known in {_Edge.NONE, _Edge.STRAY} else self.rate

    def complain(self, now: float, paused_until: float, observed: float) -> bool:
        """Take note of a complaint; whether it changes the rate. `observed`: so many a second were answered of late."""
        calm = self._complaints.calm(now)
        if not self._complaints.count(now, paused_until, lowered=self._known is not _Edge.NONE):
            self._alone = False
            return False
        if self.rate is None or self._known is _Edge.STRAY:
            self._edge, self._known, self._alone = max(1.0, observed), _Edge.COUNTING, calm >= ALONE
            self.rate = max(SLOWEST, self._edge * AT_FIRST)
            return True
        near = calm >= LONG
        self._edge, self._known = self.rate, _Edge.NEAR if near else _Edge.PASSED
        self.rate = max(SLOWEST, self._edge * (NEAR if near else SLOWER))
        return True

    def answer(self, now: float) -> bool:
        """Take note of a good answer; whether it changes the rate, which it does once a second at most."""
        if self.rate is None:
            return False
        self._complaints.answered()
        if self._known is _Edge.COUNTING:
            if now < self._complaints.at + LATE:
                self._edge += 1.0
                return False
            self._known = _Edge.STRAY if self._alone else _Edge.PASSED
            self._edge = max(self._edge, STRAY if self._alone else 0.0)
            self.rate = max(SLOWEST, self._edge * AT_FIRST)
            return True
        if self._known is _Edge.NONE or not self._complaints.may_raise(now):
            return False
        self.rate += self._step(self.rate)
        if self.rate >= 2 * self._edge:
            self._known, self.rate = _Edge.NONE, None
        return True

    def told(self, rate: float) -> bool:
        """Take the API's word for what it bears now; whether that changes the rate."""
        rate = max(SLOWEST, rate)
        if self.rate is not None and is_much_the_same(rate, self.rate):
            return False
        self._known, self.rate = _Edge.NONE, rate
        return True

    def _step(self, rate: float) -> float:
        """What is added to this rate after a second."""
        if self._known is _Edge.STRAY:
            return rate
        if self._known is _Edge.NEAR and CLOSE[0] <= rate / self._edge < CLOSE[1]:
            return self._edge * CAREFUL_STEP
        return max(0.1, self._edge * STEP)

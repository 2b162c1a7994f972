"""The rate that an API bears, found from its complaints: additive increase, multiplicative decrease."""

import math
from typing import Final

SLOWER: Final = 0.7
"""What is left of the rate after a complaint."""
AT_FIRST: Final = 0.9
"""What is left of the pace that the first complaint is about, where no rate was given: so many were answered well."""
NEAR: Final = 0.96
"""What is left after a complaint that is long in coming: the limit is close by."""
LONG: Final = 3.0
"""Seconds without a complaint that make the next one long in coming."""
ALONE: Final = 10.0
"""Seconds at the rate given after which a complaint is one alone: a send that came late or early, most likely."""
STRAY: Final = 0.95
"""What is left of the rate given after a complaint alone."""
STRAY_STEP: Final = 0.05
"""Part of the rate given that is then added every second, so that it is back in one."""
AGAIN: Final = 0.85
"""What is left after another one at the rate given, where that has been borne: back in three seconds."""
LATE: Final = 0.5
"""Seconds in which good answers still come to what was sent before the first complaint: they count as borne too."""
SLOWEST: Final = 0.1
"""Requests a second that the rate is never lowered beyond."""
STEP: Final = 0.02
"""Part of the rate complained about that is added every second."""
CAREFUL_STEP: Final = 0.0015
"""The same close to that rate, once it is known to be near the limit: each complaint costs a pause."""
CLOSE: Final = (0.95, 1.02)
"""What counts as close, as parts of that rate."""


class Search:
    """The rate at present. `ceiling` is the one given, if any; `start` one that was found earlier.

    Without a ceiling there is no limit until somebody complains, and none again once the rate is twice that.
    """

    def __init__(self, ceiling: float | None, start: float | None = None) -> None:
        self._ceiling = ceiling
        self._edge = start if ceiling is None else None
        self._edge_is_sure = start is not None
        self._counts_on = False
        self.rate = ceiling if ceiling is not None else start
        self._alone = self._borne = False
        self._full_since = math.inf
        self._lowered_at = -math.inf
        self._raised_at = -math.inf
        self._answers = 0
        self._answered_since = False

    @property
    def found(self) -> float | None:
        """The rate found, worth remembering; None where one was given, or none was needed."""
        return None if self._ceiling is not None or self._edge is None else self.rate

    def complain(self, now: float, paused_until: float, observed: float) -> bool:
        """Take note of a complaint; whether it changes the rate. `observed` is how many a second were answered of late.

        Complaints about requests that were on their way already count as one, and so do those of an API that is down.
        """
        again = now >= max(paused_until, self._lowered_at + 1.0) and self._answered_since
        if self._lowered_at > -math.inf and self._edge is not None and not again:
            return False
        if self.rate is None:
            edge, share = max(1.0, observed), AT_FIRST
            self._edge_is_sure, self._counts_on = False, True
        elif self._ceiling is not None:
            at_full_rate = self._edge is None
            self._alone = at_full_rate and now - self._lowered_at >= ALONE
            self._borne = at_full_rate and (self._borne or now - self._full_since >= LONG)
            edge, share = self.rate, STRAY if self._alone else AGAIN if self._borne else SLOWER
        else:
            calm = now - self._lowered_at >= LONG
            edge, share = self.rate, NEAR if calm else SLOWER
            self._edge_is_sure = calm
        self._lowered_at = self._raised_at = now
        # What was answered before counts on: complaints that have nothing to do with the pace must not grind it down.
        self._answered_since = False
        self._edge = edge
        self.rate = max(SLOWEST if self._ceiling is None else min(SLOWEST, self._ceiling), edge * share)
        return True

    def is_alone(self, now: float) -> bool:
        """Whether the complaint of this second is one alone at the rate given."""
        return self._alone and now < self._lowered_at + 1.0

    def answer(self, now: float) -> bool:
        """Take note of a good answer; whether it changes the rate, which it does once a second at most."""
        if self._edge is None or self.rate is None:
            self._full_since = min(self._full_since, now)
            return False
        self._answers += 1
        self._answered_since = True
        if self._counts_on:
            if now < self._lowered_at + LATE:
                self._edge += 1.0
                return False
            self._counts_on = False
            self.rate = max(SLOWEST, self._edge * AT_FIRST)
            return True
        # A new bucket starts full, so it costs up to one send: change it for ten.
        if self._answers < 10 or now - self._raised_at < 1.0:  # noqa: PLR2004  # explained above
            return False
        self._answers, self._raised_at = 0, now
        if self._ceiling is not None:
            self.rate = min(
                self._ceiling,
                self.rate + max(0.5, (STRAY_STEP if self._alone or self._borne else STEP) * self._ceiling),
            )
            if self.rate == self._ceiling:
                self._edge, self._full_since = None, now
            return True
        close = self._edge_is_sure and CLOSE[0] <= self.rate / self._edge < CLOSE[1]
        self.rate += self._edge * CAREFUL_STEP if close else max(0.1, self._edge * STEP)
        if self.rate >= 2 * self._edge:
            self._edge = self.rate = None
        return True

    def told(self, rate: float) -> bool:
        """Take the API's word for what it bears now; whether that changes the rate."""
        rate = max(SLOWEST, rate if self._ceiling is None else min(rate, self._ceiling))
        if self.rate is not None and abs(rate - self.rate) < 0.05 * self.rate:
            return False  # not worth a new bucket
        self._edge, self.rate = None, rate
        return True

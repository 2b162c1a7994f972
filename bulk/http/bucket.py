"""When requests may go at a rate: evenly, making up for moments that were lost, and never too many in a second."""

import math
from collections import deque
from collections.abc import Iterable
from typing import Final

from aiolimiter import AsyncLimiter

from bulk.contracts import Clock

SHARE: Final = 0.985
"""Part of the rate at which sends follow each other."""
MADE_UP: Final = 0.08
"""Seconds of sends that are made up for when they were lost, because a timer fired late or the program was busy."""
WINDOW: Final = 1.02
"""Seconds that hold no more sends than the rate: one, and 20 ms as the way to a server is not always as long."""


class Bucket:
    """The sends at one rate: a leaky bucket spaces them, and a log of the last ones looks after every second.

    Sends that come late are followed more closely until they are made up for, but no second holds more than the rate.
    A `burst` lets so many go at once after a quiet time instead; they come on top of the rate. `before` are the moments
    of sends that still count.
    """

    def __init__(self, rate: float, clock: Clock, *, burst: int | None = None, before: Iterable[float] = ()) -> None:
        self._clock = clock
        self.step = 1 / (SHARE * rate)
        """Seconds between two sends."""
        spare = MADE_UP / self.step if burst is None else max(burst, 1) - 1
        self._limiter = AsyncLimiter(1 + spare, (1 + spare) * self.step)
        self._log = deque(before, maxlen=math.ceil(rate))
        self._limits = burst is None
        # It begins full but for what may go now: nothing was lost yet.
        just_now = bool(self._log) and clock.time() - self._log[-1] < self.step
        self._full = (spare if burst is None else 0.0) + just_now

    @property
    def sent(self) -> Iterable[float]:
        """The moments of the last sends."""
        return self._log

    async def acquire(self) -> None:
        """Wait for the moment of the next send; `note` counts it."""
        if self._full:
            full, self._full = self._full, 0.0
            await self._limiter.acquire(min(full, self._limiter.max_rate))
        await self._limiter.acquire()
        while self._limits and len(self._log) == self._log.maxlen:
            crowded = self._log[0] + WINDOW - self._clock.time()
            if crowded <= 0:
                return
            await self._clock.sleep(crowded)

    def note(self) -> None:
        """Count one as sent now."""
        self._log.append(self._clock.time())

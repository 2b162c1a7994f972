"""When requests may go at a rate: evenly, making up for moments that were lost, and never too many in a second."""

import math
from collections import deque
from collections.abc import Iterable
from typing import Final

SHARE: Final = 0.985
"""Part of the rate that is used. The rest lets a send be about 15 ms late without crowding the next second."""
MADE_UP: Final = 0.04
"""Seconds of sends that are made up for when they were lost, because a timer fired late or the program was busy."""
WINDOW: Final = 1.005
"""Seconds that hold no more sends than the rate: one, and some as the way to a server is not always as long."""


class Slots:
    """The sends at one rate. Each has its moment, one step after the one before.

    Sends that come late are followed more closely until they are made up for, but the log of the last sends sees to it
    that no second holds more than the rate. A `burst` lets so many go at once after a quiet time instead; they come on
    top of the rate. `before` are the moments of sends that still count.
    """

    def __init__(self, rate: float, now: float, *, burst: int | None = None, before: Iterable[float] = ()) -> None:
        self._step = 1 / (SHARE * rate)
        self._log = deque(before, maxlen=max(1, math.ceil(rate) - int(0.005 * rate)))
        self._limits = burst is None
        self._saved = MADE_UP if burst is None else (burst - 1) * self._step
        self._next = now - self._saved if burst else now
        if self._log:
            self._next = max(now, self._log[-1] + self._step)

    @property
    def sent(self) -> Iterable[float]:
        """The moments of the last sends."""
        return self._log

    def wait(self, now: float) -> float:
        """Seconds until the next send may go; nothing where it may go at once, and then it counts as gone."""
        moment = max(self._next, now - self._saved)
        due = moment
        if self._limits and len(self._log) == self._log.maxlen:
            due = max(due, self._log[0] + WINDOW)
        if due > now:
            return due - now
        self._next = moment + self._step
        self._log.append(now)
        return 0.0

"""One pace for every call to an API: an even rate without bursts, and a pause that everybody keeps."""

import asyncio
from typing import Final

from aiolimiter import AsyncLimiter

from bulk.contracts import Clock, Listener
from bulk.http.waiting import wait_until
from bulk.model import Event

SHARE: Final = 0.985
"""Part of the rate that is used. The rest lets a send be about 15 ms late without crowding the next second."""
HOARD: Final = 0.004
"""Seconds' worth of sends that may be saved up, so that timers that fire some milliseconds late cost nothing."""
SLOWER: Final = 0.7
"""What is left of the rate after the API complained."""
SLOWEST: Final = 0.1
"""Requests a second that the rate is never lowered beyond."""


class PaceClosedError(Exception):
    """Nothing more is to be sent."""


class Pace:
    """When the next request may go.

    `rate` is in requests a second; no window of one second holds more of them, and at least 0.97 of it is reached.
    None means no limit, until the API complains. `burst` lets so many go at once after a quiet time; they come on top
    of the rate. Everybody who has to wait goes in the order of asking.
    """

    def __init__(
        self, rate: float | None, *, burst: int | None = None, clock: Clock, listener: Listener | None = None
    ) -> None:
        self._ceiling = rate
        self._burst = burst
        self._clock = clock
        self._listener = listener
        self._turn = asyncio.Lock()
        self._closed = asyncio.Event()
        self._resume_at = 0.0
        self._rate = rate
        self._limiter = None if rate is None else self._bucket(rate)
        self._fill_first = False
        self._complained_at_rate: float | None = None
        self._lowered_at = 0.0
        self._raised_at = 0.0
        self._answers = 0
        self._answered_since = False
        self._second = 0.0
        self._sends = 0
        self._sends_before = 0.0

    @property
    def rate(self) -> float | None:
        """Requests a second at present; None where nothing limits them."""
        return self._rate

    @property
    def closed(self) -> bool:
        """Whether nothing is sent any more."""
        return self._closed.is_set()

    async def acquire(self) -> None:
        """Wait until one request may be sent; raises `PaceClosedError` when none may any more."""
        if self._limiter is not None or self._turn.locked() or self._is_pausing() or self._closed.is_set():
            # One waiter at a time keeps the order, sees every change of pace at once, and spares the
            # limiter its crowd, which costs it 50 us a request.
            async with self._turn:
                await self._wait_my_turn()
        self._count()

    async def rest(self, seconds: float) -> None:
        """A pause of one request alone; ends early when the pace is closed."""
        await wait_until(self._closed, seconds, self._clock)

    def pause(self, seconds: float, reason: str = "") -> None:
        """Let nobody send for so long. Never shortens a longer pause."""
        until = self._clock.time() + seconds
        if until > self._resume_at:
            self._resume_at = until
            self._tell("pause", f"waiting {seconds:.1f} s: {reason}", seconds=seconds, reason=reason)

    def slow_down(self, seconds: float, reason: str = "") -> None:
        """Answer a complaint of the API: pause everybody for so long, and go on more slowly.

        Complaints about requests that were on their way already count as one, and so do those of an API that is down.
        """
        now = self._clock.time()
        again = now >= max(self._resume_at, self._lowered_at + 1.0) and self._answered_since
        self.pause(seconds, reason)
        if self._complained_at_rate is not None and not again:
            return
        self._lowered_at = self._raised_at = now
        # What was answered before counts on: complaints that have nothing to do with the pace must not grind it down.
        self._answered_since = False
        self._complained_at_rate = self._rate if self._rate is not None else max(1.0, self._observed(now))
        floor = SLOWEST if self._ceiling is None else min(SLOWEST, self._ceiling)
        self._change(max(floor, self._complained_at_rate * SLOWER))

    def answered(self) -> None:
        """Take note of a good answer: after a complaint, creep up again, a little every second.

        The rate given is never exceeded. Without one, the limit lifts at twice the pace that was complained about.
        """
        before = self._complained_at_rate
        if before is None or self._rate is None:
            return
        self._answers += 1
        self._answered_since = True
        now = self._clock.time()
        # A new bucket starts full, so it costs up to one send: change it for ten.
        if self._answers < 10 or now - self._raised_at < 1.0:  # noqa: PLR2004  # explained above
            return
        self._answers, self._raised_at = 0, now
        raised = self._rate + max(0.5, 0.02 * (self._ceiling or before))
        if self._ceiling is not None:
            self._complained_at_rate = before if raised < self._ceiling else None
            self._change(min(raised, self._ceiling))
        elif raised < 2 * before:
            self._change(raised)
        else:
            self._complained_at_rate = None
            self._change(None)

    def limit(self, rate: float | None) -> None:
        """Change the rate given, from the next request on."""
        self._ceiling = rate
        self._complained_at_rate = None
        self._change(rate)

    def close(self) -> None:
        """Let nobody send any more, whoever is waiting included."""
        self._closed.set()

    async def _wait_my_turn(self) -> None:
        while True:
            if self._closed.is_set():
                raise PaceClosedError
            if self._is_pausing():
                await self.rest(self._resume_at - self._clock.time())
                continue
            limiter = self._limiter
            if limiter is None:
                return
            if self._fill_first:
                self._fill_first = False
                await limiter.acquire(limiter.max_rate)
            await limiter.acquire()
            if limiter is self._limiter and not self._is_pausing() and not self._closed.is_set():
                return

    def _is_pausing(self) -> bool:
        return self._resume_at > self._clock.time()

    def _bucket(self, rate: float) -> AsyncLimiter:
        """A leaky bucket that lets through at most `hoard + 1 + leak` sends in any second, which is below rate + 1."""
        hoard = HOARD * rate
        leak = SHARE * rate - hoard
        size = 1.0 + hoard if self._burst is None else max(1.0 + hoard, self._burst)
        return AsyncLimiter(size, size / leak)

    def _change(self, rate: float | None) -> None:
        """Go on with another bucket. It starts full: what the old one let through just now still counts."""
        self._rate = rate
        self._limiter = None if rate is None else self._bucket(rate)
        self._fill_first = rate is not None
        told = "as fast as the API answers" if rate is None else f"{rate:.3g} requests a second"
        self._tell("pace", told, rate=rate)

    def _count(self) -> None:
        """Keep the sends of this second and of the one before, from which a pace can be told."""
        now = self._clock.time()
        if now - self._second >= 1.0:
            self._sends_before = self._sends / (now - self._second)
            self._second, self._sends = now, 0
        self._sends += 1

    def _observed(self, now: float) -> float:
        """Requests a second of late."""
        return max(self._sends_before, self._sends / max(1.0, now - self._second))

    def _tell(self, kind: str, message: str, **data: object) -> None:
        if self._listener is not None:
            self._listener(Event(kind=kind, message=message, data=data))

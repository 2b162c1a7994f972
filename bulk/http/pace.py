"""One pace for every call to an API: an even rate without bursts, and a pause that everybody keeps."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from bulk.contracts import Clock, Listener
from bulk.http.adaptive_rate import AdaptiveRate
from bulk.http.bucket import Bucket
from bulk.http.fixed_rate import FixedRate
from bulk.http.quota import Quota
from bulk.http.retry import LONGEST_WAIT
from bulk.http.turns import PaceClosedError
from bulk.http.waiting import unless, wait_until
from bulk.model import Event

SHORT: Final = 0.1
"""Seconds of pause after a complaint that stands alone."""
LONG: Final = 0.25
"""Seconds of waiting for a turn from which on it ends early when the pace is closed."""
SPREAD: Final = 5.0
"""Seconds from which on what the API says is left is spread over them; fewer are told too coarsely."""


class Pace:
    """When the next request may go.

    `rate` is in requests a second; no window of one second holds more of them, and at least 0.97 of it is reached.
    None means no limit, until the API complains; `start` is then the rate to begin with. `burst` lets so many go at
    once after a quiet time; they come on top of the rate. Everybody who has to wait goes in the order of asking.
    """

    def __init__(
        self,
        rate: float | None,
        *,
        start: float | None = None,
        burst: int | None = None,
        clock: Clock,
        listener: Listener | None = None,
    ) -> None:
        self._limit = AdaptiveRate(start) if rate is None else FixedRate(rate)
        self._burst = burst
        self._clock = clock
        self._listener = listener
        self._turn = asyncio.Lock()
        self._closed = asyncio.Event()
        self._resume_at = 0.0
        self._bucket = None if self.rate is None else Bucket(self.rate, clock, burst=burst)
        self._second = 0.0
        self._answers = 0
        self._answers_before = 0.0
        self._watchers: list[Callable[[], None]] = []

    @property
    def free(self) -> bool:
        """Whether nothing limits the pace at present."""
        return self._bucket is None and not self._is_pausing()

    @contextmanager
    def watched(self, notice: Callable[[], None]) -> Iterator[None]:
        """Have `notice` called, in the context, at every pause and at every change of the rate."""
        self._watchers.append(notice)
        try:
            yield
        finally:
            self._watchers.remove(notice)

    @property
    def rate(self) -> float | None:
        """Requests a second at present; None where nothing limits them."""
        return self._limit.rate

    @property
    def found(self) -> float | None:
        """The rate that the API was found to bear; None where one was given, or it never complained."""
        return self._limit.found

    @property
    def closed(self) -> bool:
        """Whether nothing is sent any more."""
        return self._closed.is_set()

    async def acquire(self) -> None:
        """Wait until one request may be sent; raises `PaceClosedError` when none may any more."""
        if not self.free or self._turn.locked() or self._closed.is_set():
            # One waiter at a time keeps the order, sees every change of pace at once, and costs one timer.
            async with self._turn:
                await self._wait_my_turn()

    async def rest(self, seconds: float) -> None:
        """A pause of one request alone; ends early when the pace is closed."""
        await wait_until(self._closed, seconds, self._clock)

    def pause(self, seconds: float, reason: str = "") -> None:
        """Let nobody send for so long. Never shortens a longer pause."""
        until = self._clock.time() + seconds
        if until > self._resume_at:
            self._resume_at = until
            self._tell("pause", f"waiting {seconds:.1f} s: {reason}", seconds=seconds, reason=reason)

    def slow_down(self, seconds: float, reason: str = "", *, asked: bool = True) -> None:
        """Answer a complaint of the API: pause everybody for so long, and go on more slowly.

        Complaints about requests that were on their way already count as one, and so do those of an API that is down.
        One that stands alone, at the rate given, makes for a short pause only, unless the API `asked` for a longer one.
        """
        now = self._clock.time()
        changes = self._limit.complain(now, self._resume_at, self._observed(now))
        self.pause(seconds if asked or now >= self._limit.alone_until else min(seconds, SHORT), reason)
        if changes:
            self._change()

    def answered(self) -> None:
        """Take note of a good answer: after a complaint, creep up again, a little every second.

        The rate given is never exceeded. Without one, the limit lifts at twice the pace that was complained about.
        """
        now = self._clock.time()
        self._count(now)
        if self._limit.answer(now):
            self._change()

    def told(self, quota: Quota) -> None:
        """Go by what the API says is left: spread it over its time, and wait where nothing is left."""
        if not quota.left:
            self.pause(min(quota.seconds, LONGEST_WAIT), "the API says that its limit is used up for now")
        elif quota.seconds >= SPREAD and self._limit.told(quota.left / quota.seconds):
            self._change()

    def limit(self, rate: float | None) -> None:
        """Change the rate given, from the next request on."""
        self._limit = AdaptiveRate() if rate is None else FixedRate(rate)
        self._change()

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
            bucket = self._bucket
            if bucket is None:
                return
            await (bucket.acquire() if bucket.step < LONG else unless(self._closed, bucket.acquire()))
            if bucket is self._bucket and not self._is_pausing() and not self._closed.is_set():
                bucket.note()
                return

    def _is_pausing(self) -> bool:
        return self._resume_at > self._clock.time()

    def _change(self) -> None:
        """Go on at another rate. What was let through just now still counts."""
        rate = self.rate
        before = () if self._bucket is None else self._bucket.sent
        self._bucket = None if rate is None else Bucket(rate, self._clock, burst=self._burst, before=before)
        told = "as fast as the API answers" if rate is None else f"{rate:.3g} requests a second"
        self._tell("pace", told, rate=rate)

    def _count(self, now: float) -> None:
        """Keep the answers of this second and of the one before, from which a pace can be told."""
        if now - self._second >= 1.0:
            self._answers_before = self._answers / (now - self._second)
            self._second, self._answers = now, 0
        self._answers += 1

    def _observed(self, now: float) -> float:
        """Requests a second that were answered well of late."""
        return max(self._answers_before, self._answers / max(1.0, now - self._second))

    def _tell(self, kind: str, message: str, **data: object) -> None:
        for notice in self._watchers:
            notice()
        if self._listener is not None:
            self._listener(Event(kind=kind, message=message, data=data))

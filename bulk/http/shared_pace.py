"""One pace for several processes: one of them keeps it and hands out turns, every other asks for as many as it needs.

What they say to each other goes both ways in order, and in one message whatever came up at the same time. Where nothing
limits the pace nobody asks, until it is told otherwise.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from bulk.contracts import Clock
from bulk.http.pace import Pace
from bulk.http.quota import Quota
from bulk.http.turns import PaceClosedError
from bulk.http.waiting import wait_until

LATEST: Final = 0.05
"""Seconds after which it is told what need not be told at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """What a process says of its share since it last spoke, to be heeded in this order."""

    answered: int = 0
    """Good answers."""
    told: Quota | None = None
    """What the API said last about its limit."""
    pause: tuple[float, str] | None = None
    """For how many seconds nobody should send, and why."""
    complaint: tuple[float, str, bool] | None = None
    """The same where the API has complained, and whether it asked for so long."""
    wanted: int = 0
    """Turns that are waited for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Granting:
    """What a process hears about its share."""

    turns: int = 0
    """Requests that may be sent now."""
    free: bool
    """Whether any number of them may be sent until further notice."""


class PaceShare:
    """The pace as it is to a process that does not keep it; `tell` brings an `Asking` to its keeper. See `Turns`."""

    def __init__(self, tell: Callable[[Asking], None], *, clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._free = False
        self._closed = asyncio.Event()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._answered = self._wanted = 0
        self._quota: Quota | None = None
        self._due: asyncio.TimerHandle | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing is sent any more."""
        return self._closed.is_set()

    async def acquire(self) -> None:
        """Wait until one request may be sent; raises `PaceClosedError` when none may any more."""
        if not self._free and not self.closed:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            self._wanted += 1
            self._speak_within(0)
            await turn
        if self.closed:
            raise PaceClosedError

    async def rest(self, seconds: float) -> None:
        """A pause of one request alone; ends early when the pace is closed."""
        await wait_until(self._closed, seconds, self._clock)

    def pause(self, seconds: float, reason: str = "") -> None:
        """Let nobody send for so long, in no process."""
        self._free = False
        self._speak(pause=(seconds, reason))

    def slow_down(self, seconds: float, reason: str = "", *, asked: bool = True) -> None:
        """Answer a complaint of the API: pause everybody for so long, and go on more slowly."""
        self._free = False
        self._speak(complaint=(seconds, reason, asked))

    def answered(self) -> None:
        """Take note of a good answer."""
        self._answered += 1
        self._speak_within(LATEST)

    def told(self, quota: Quota) -> None:
        """Go by what the API says is left."""
        self._quota = quota
        self._speak_within(LATEST if quota.left else 0)

    def close(self) -> None:
        """Let nobody of this process send any more, whoever is waiting included."""
        self._closed.set()
        self._release(len(self._waiting))

    def hear(self, granting: Granting) -> None:
        """Take what the keeper grants."""
        self._free = granting.free
        self._release(len(self._waiting) if granting.free else granting.turns)

    def _release(self, turns: int) -> None:
        """Let so many go who wait, in the order of asking; whoever has given up has no turn."""
        left = turns
        while left and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                left -= 1

    def _speak_within(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        if self._due is None or at < self._due.when():
            if self._due is not None:
                self._due.cancel()
            self._due = loop.call_at(at, self._speak)

    def _speak(
        self, *, pause: tuple[float, str] | None = None, complaint: tuple[float, str, bool] | None = None
    ) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        said = Asking(answered=self._answered, told=self._quota, pause=pause, complaint=complaint, wanted=self._wanted)
        self._answered = self._wanted = 0
        self._quota = None
        self._tell(said)


class PaceKeeper:
    """Hands out turns of a pace to one `PaceShare` inside its `async with`; `tell` brings a `Granting` to it.

    Several keepers of one pace take it in turns.
    """

    def __init__(self, pace: Pace, tell: Callable[[Granting], None]) -> None:
        self._pace = pace
        self._tell = tell
        self._wanted = 0
        self._any = asyncio.Event()
        self._granted = 0
        self._due: asyncio.Handle | None = None

    async def __aenter__(self) -> Self:
        self._granting = asyncio.create_task(self._grant())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._granting.cancel()
        await asyncio.wait((self._granting,))
        if self._due is not None:
            self._due.cancel()

    def hear(self, asking: Asking) -> None:
        """Take what the share asks and tells."""
        for _ in range(asking.answered):
            self._pace.answered()
        if asking.told is not None:
            self._pace.told(asking.told)
        if asking.pause is not None:
            self._pace.pause(*asking.pause)
        if asking.complaint is not None:
            seconds, reason, asked = asking.complaint
            self._pace.slow_down(seconds, reason, asked=asked)
        if asking.wanted:
            self._wanted += asking.wanted
            self._any.set()

    async def _grant(self) -> None:
        """Grant turns as they are asked for, until cancelled."""
        with self._pace.watched(self._speak_soon):
            self._speak_soon()
            while True:
                await self._any.wait()
                self._any.clear()
                while self._wanted:
                    await self._pace.acquire()
                    turns = self._wanted if self._pace.free else 1
                    self._wanted -= turns
                    self._granted += turns
                    self._speak_soon()

    def _speak_soon(self) -> None:
        if self._due is None:
            self._due = asyncio.get_running_loop().call_soon(self._speak)

    def _speak(self) -> None:
        self._due = None
        turns, self._granted = self._granted, 0
        self._tell(Granting(turns=turns, free=self._pace.free))

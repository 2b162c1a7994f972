"""Settlements, handed on in groups by one task."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from msgspec.structs import replace

from bulk.contracts import Clock
from bulk.http.waiting import wait_until
from bulk.model import Settlement


class Settling:
    """Collects settlements and awaits `settle` with up to `group` of them, or after `interval` seconds.

    `redact` takes credentials out of every text of theirs: the API may repeat some.
    """

    def __init__(
        self,
        settle: Callable[[Sequence[Settlement]], Awaitable[None]],
        *,
        redact: Callable[[str], str],
        group: int,
        interval: float,
        clock: Clock,
    ) -> None:
        self._settle = settle
        self._redact = redact
        self._group = group
        self._interval = interval
        self._clock = clock
        self._waiting: deque[Settlement] = deque()
        self._any = asyncio.Event()
        self._enough = asyncio.Event()
        self._room = asyncio.Event()
        self._closed = False

    def add(self, settlement: Settlement) -> None:
        """Take a settlement; never waits."""
        self._waiting.append(settlement if settlement.message is None else _redacted(settlement, self._redact))
        if len(self._waiting) == 1:
            self._any.set()
        if len(self._waiting) >= self._group:
            self._enough.set()

    def is_full(self) -> bool:
        """Whether `settle` is so far behind that it should be waited for."""
        return len(self._waiting) >= 4 * self._group

    async def room(self) -> None:
        """Wait for `settle` to catch up, or to have failed."""
        self._room.clear()
        await self._room.wait()

    def close(self) -> None:
        """Have `run` return once everything is settled."""
        self._closed = True
        self._any.set()
        self._enough.set()

    async def run(self) -> None:
        """Settle until closed; raises what `settle` raises, after which nothing is settled any more."""
        try:
            while True:
                await self._any.wait()
                if not self._waiting:
                    return
                await wait_until(self._enough, self._interval, self._clock)
                group = [self._waiting.popleft() for _ in range(min(self._group, len(self._waiting)))]
                if not self._closed:
                    if len(self._waiting) < self._group:
                        self._enough.clear()
                    if not self._waiting:
                        self._any.clear()
                await self._settle(group)
                self._room.set()
        finally:
            self._room.set()


def _redacted(settlement: Settlement, redact: Callable[[str], str]) -> Settlement:
    """A settlement with a message, without credentials in that and in what goes with it."""
    return replace(
        settlement,
        message=redact(settlement.message or ""),
        response=None if settlement.response is None else redact(settlement.response),
        violations=tuple(
            replace(
                violation,
                column=None if violation.column is None else redact(violation.column),
                message=redact(violation.message),
            )
            for violation in settlement.violations
        ),
    )

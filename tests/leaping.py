"""Time that is not waited for: where nothing is left to do but to wait, the clock of an event loop leaps ahead."""

import asyncio
import selectors
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class LeapingSelector(selectors.DefaultSelector):
    """Waits for a moment only, and notes how much longer it was to wait."""

    leapt = 0.0
    """Seconds that were not waited for."""

    def select(self, timeout=None):
        ready = super().select(timeout and min(timeout, 0.0005))
        if not ready and timeout:
            self.leapt += timeout
        return ready


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop on which a time-out of half a minute takes half a millisecond, unless there is something to do."""

    def __init__(self):
        self._leaping = LeapingSelector()
        super().__init__(self._leaping)

    def time(self):
        return time.monotonic() + self._leaping.leapt


class LoopClock:
    """The clock of the running loop."""

    def time(self):
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds):
        await asyncio.sleep(seconds)


def leap(main: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine function in such a loop."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(main())

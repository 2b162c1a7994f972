"""Time that is not waited for: where nothing is left to do but to wait, the clock of an event loop leaps ahead."""

import asyncio
import functools
import selectors
import time

MOMENT = 0.0003
"""Seconds in which threads and the kernel get done what they are about."""


class LeapingSelector(selectors.SelectSelector):  # the others wait for whole milliseconds
    """Waits for a moment only, and notes how much longer it was to wait."""

    leapt = 0.0
    """Seconds that were not waited for."""

    def select(self, timeout=None):
        ready = super().select(timeout and min(timeout, MOMENT))
        if not ready and timeout:
            self.leapt += timeout
        return ready


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop on which a time-out of half a minute takes no time, unless there is something to do."""

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


class Impatient:
    """A clock on which every wait is over at once, although its time has passed."""

    def __init__(self):
        self.skipped = 0.0

    def time(self):
        return time.monotonic() + self.skipped

    async def sleep(self, seconds):
        self.skipped += seconds
        await asyncio.sleep(0)


class NoWait:
    """A clock that stands still, whose waits are over at once, but let others work."""

    waits = 0

    def time(self):
        return 0.0

    async def sleep(self, seconds):
        self.waits += 1
        await asyncio.sleep(0)


def leaping(test):
    """A test that is run in such a loop, with all that it opens itself; fixtures must not be coroutines."""

    @functools.wraps(test)
    def run(*arguments, **named):
        with asyncio.Runner(loop_factory=LeapingLoop) as runner:
            runner.run(test(*arguments, **named))

    return run

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


def leaping(test):
    """A test that is run in such a loop, with all that it opens itself; fixtures must not be coroutines."""

    @functools.wraps(test)
    def run(*arguments, **named):
        with asyncio.Runner(loop_factory=LeapingLoop) as runner:
            runner.run(test(*arguments, **named))

    return run

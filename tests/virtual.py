"""A loop whose time is virtual: seconds pass as fast as they can be computed."""

import asyncio
import math
import random
import selectors


class JumpingSelector(selectors.SelectSelector):
    """Instead of waiting, moves the time on: exactly, or up to 2 ms late as epoll and a busy machine do."""

    def __init__(self, late):
        super().__init__()
        self.now = 1000.0
        self._late = late
        self._rng = random.Random(7)

    def select(self, timeout=None):
        if timeout is None:
            raise RuntimeError("everybody waits for ever")
        if timeout > 0 and self._late:
            timeout = math.ceil(timeout * 1000) / 1000 + self._rng.uniform(0, 0.001)
        self.now += max(0.0, timeout) + 2e-6
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self, late=False):
        self._jumping = JumpingSelector(late)
        super().__init__(self._jumping)

    def time(self):
        return self._jumping.now

    def be_busy(self, seconds):
        self._jumping.now += seconds


class LoopClock:
    def __init__(self, loop):
        self.loop = loop
        self.time = loop.time

    async def sleep(self, seconds):
        await asyncio.sleep(seconds)


def virtual(scenario, late=False):
    """Run `scenario(clock)` on a virtual loop."""
    loop = VirtualLoop(late)
    try:
        return loop.run_until_complete(scenario(LoopClock(loop)))
    finally:
        loop.close()


def most_in_one_second(moments):
    most = start = 0
    for end, moment in enumerate(moments):
        while moment - moments[start] >= 1.0:
            start += 1
        most = max(most, end - start + 1)
    return most

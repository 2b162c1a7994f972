import asyncio

import pytest

from bulk.http.pace import Pace
from bulk.http.turns import PaceClosedError


class FakeClock:
    """Sleeping moves it on at once."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def time(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class StandingClock(FakeClock):
    """Sleeping never ends."""

    async def sleep(self, seconds):
        await asyncio.get_running_loop().create_future()


@pytest.fixture
def clock():
    return FakeClock()


async def test_without_a_rate_nobody_waits(clock):
    pace = Pace(None, clock=clock)
    for _ in range(1000):
        await pace.acquire()
    assert clock.slept == []
    assert pace.rate is None


async def test_a_pause_holds_everybody(clock):
    pace = Pace(None, clock=clock)
    pace.pause(5)
    await asyncio.gather(pace.acquire(), pace.acquire(), pace.acquire())
    assert clock.now == 1005


async def test_a_shorter_pause_never_shortens_a_longer_one(clock):
    pace = Pace(None, clock=clock)
    pace.pause(5)
    pace.pause(1)
    await pace.acquire()
    assert clock.now == 1005


async def test_a_pause_made_longer_while_waiting_is_waited_out():
    class Clock(FakeClock):
        async def sleep(self, seconds):
            if not self.slept:
                pace.pause(9)
            await super().sleep(seconds)

    clock = Clock()
    pace = Pace(None, clock=clock)
    pace.pause(5)
    await pace.acquire()
    assert clock.now == 1009


async def test_complaints_about_what_was_on_its_way_already_lower_the_pace_once(clock):
    pace = Pace(100, clock=clock)
    await pace.acquire()
    pace.answered()
    for _ in range(8):
        pace.slow_down(2)
        pace.answered()
    assert pace.rate == pytest.approx(95)


async def test_another_complaint_after_the_pause_lowers_it_again(clock):
    pace = Pace(100, clock=clock)
    pace.slow_down(2)
    clock.now += 3
    pace.answered()
    pace.slow_down(2)
    assert pace.rate == pytest.approx(66.5)


async def test_an_api_that_is_down_does_not_grind_the_pace_to_a_halt(clock):
    pace = Pace(100, clock=clock)
    for _ in range(50):
        pace.slow_down(2)
        clock.now += 3
    assert pace.rate == pytest.approx(95)


async def test_the_pace_is_never_lowered_to_nothing(clock):
    pace = Pace(1, clock=clock)
    for _ in range(50):
        pace.slow_down(1)
        pace.answered()
        clock.now += 2
    assert pace.rate == pytest.approx(0.1)


async def test_closing_turns_away_who_waits_and_who_comes():
    pace = Pace(None, clock=StandingClock())
    pace.pause(3600)
    waiting = [asyncio.ensure_future(pace.acquire()) for _ in range(3)]
    resting = asyncio.ensure_future(pace.rest(3600))
    await asyncio.sleep(0)
    pace.close()
    assert [type(one) for one in await asyncio.gather(*waiting, return_exceptions=True)] == [PaceClosedError] * 3
    await resting
    with pytest.raises(PaceClosedError):
        await pace.acquire()


async def test_a_waiter_that_is_cancelled_does_not_block_the_others(clock):
    pace = Pace(1000, clock=clock)
    waiting = [asyncio.ensure_future(pace.acquire()) for _ in range(10)]
    await asyncio.sleep(0)
    for one in waiting[::2]:
        one.cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert results[1::2] == [None] * 5


async def test_a_listener_hears_of_pauses_and_of_the_pace(clock):
    heard = []
    pace = Pace(10, clock=clock, listener=heard.append)
    pace.slow_down(4, "too many requests")
    assert [event.kind for event in heard] == ["pause", "pace"]
    assert "too many requests" in heard[0].message
    assert heard[0].data == {"seconds": 4, "reason": "too many requests"}
    assert heard[1].data["rate"] == pytest.approx(9.5)


async def test_one_complaint_alone_is_a_short_pause_and_the_next_a_whole_one(clock):
    pace = Pace(100, clock=clock)
    pace.slow_down(2, asked=False)
    pace.slow_down(2, asked=False)  # was on its way already
    await pace.acquire()
    assert clock.now < 1000.2
    clock.now += 3
    pace.answered()
    before = clock.now
    pace.slow_down(2, asked=False)
    await pace.acquire()
    assert clock.now >= before + 2


async def test_a_pause_that_the_api_asks_for_is_kept_whole(clock):
    pace = Pace(100, clock=clock)
    pace.slow_down(2, asked=True)
    await pace.acquire()
    assert clock.now >= 1002

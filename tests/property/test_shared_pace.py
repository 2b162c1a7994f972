"""One pace shared by several processes, on a loop whose time is virtual: their messages take as long as in a pipe."""

import asyncio
import random
from collections import Counter, deque
from contextlib import AsyncExitStack

import pytest
from virtual import most_in_one_second, virtual

from bulk.http.pace import Pace
from bulk.http.quota import Quota
from bulk.http.shared_pace import PaceKeeper, PaceShare
from bulk.http.turns import PaceClosedError


class Pipe:
    """Brings messages in order, each up to 3 ms after it was sent."""

    def __init__(self, rng):
        self.rng = rng
        self.there_at = 0.0
        self.carried = []

    def to(self, hear):
        def tell(message):
            loop = asyncio.get_running_loop()
            self.carried.append(message)
            self.there_at = max(self.there_at, loop.time() + self.rng.uniform(0, 0.003))
            loop.call_at(self.there_at, hear, message)

        return tell


class Crew:
    """A pace, and the shares of so many processes of it."""

    def __init__(self, pace, clock, shares=2):
        rng = random.Random(5)
        self.pace = pace
        self.up, self.down = [Pipe(rng) for _ in range(shares)], [Pipe(rng) for _ in range(shares)]
        self.keepers, self.shares = [], []
        for number in range(shares):
            share = PaceShare(self.up[number].to(lambda said, n=number: self.keepers[n].hear(said)), clock=clock)
            self.shares.append(share)
            self.keepers.append(PaceKeeper(pace, self.down[number].to(share.hear)))

    async def __aenter__(self):
        self.stack = AsyncExitStack()
        for keeper in self.keepers:
            await self.stack.enter_async_context(keeper)
        await asyncio.sleep(0.01)
        return self

    async def __aexit__(self, *error):
        await self.stack.__aexit__(*error)


@pytest.mark.parametrize("late", [False, True], ids=["exact timers", "late timers"])
@pytest.mark.parametrize("rate", [2, 20, 200, 2000])
def test_no_second_holds_more_than_the_rate_for_all_together_and_the_rate_is_used(rate, late):
    moments, by = [], Counter()

    async def scenario(clock):
        async with Crew(Pace(rate, clock=clock), clock) as crew:

            async def worker(number):
                while len(moments) < min(20 * rate, 6000):
                    await crew.shares[number % 2].acquire()
                    moments.append(clock.time())
                    by[number % 2] += 1

            await asyncio.gather(*(worker(number) for number in range(16)))

    virtual(scenario, late)
    assert most_in_one_second(moments) <= rate
    assert (len(moments) - 1) / (moments[-1] - moments[0]) >= 0.97 * rate
    assert by[0] == pytest.approx(by[1], abs=20, rel=0.02)


def test_where_nothing_limits_nobody_asks_and_answers_are_told_together():
    async def scenario(clock):
        async with Crew(Pace(None, clock=clock), clock) as crew:
            for _ in range(1000):
                await crew.shares[0].acquire()
                await asyncio.sleep(0.001)
                crew.shares[0].answered()
            await asyncio.sleep(0.1)
            return crew.up[0].carried, crew.up[1].carried

    spoken, silent = virtual(scenario)
    assert sum(said.answered for said in spoken) == 1000
    assert sum(said.wanted for said in spoken) == 0
    assert len(spoken) <= 25
    assert silent == []


def test_a_complaint_to_one_pauses_all_and_the_pace_goes_on_for_all_more_slowly():
    async def scenario(clock):
        async with Crew(Pace(None, clock=clock), clock) as crew:
            sent = ([], [])

            async def worker(number):
                share = crew.shares[number]
                for _ in range(150):
                    await share.acquire()
                    sent[number].append(clock.time())
                    await asyncio.sleep(0.01)
                    share.answered()

            workers = asyncio.gather(worker(0), worker(1))
            await asyncio.sleep(1.2)
            complained = clock.time()
            for _ in range(2):
                crew.shares[0].slow_down(2.0, "Too Many Attempts.")
            await workers
            return complained, sent, crew.pace.found

    complained, sent, found = virtual(scenario)
    for moments in sent:
        # What the message needs on its way both ways is all that still goes.
        assert not [moment for moment in moments if complained + 0.02 < moment < complained + 2.0]
        assert [moment for moment in moments if moment >= complained + 2.0]
    assert 100 < found < 200


def test_a_pause_without_a_limit_is_kept_by_all_and_over_for_all():
    async def scenario(clock):
        async with Crew(Pace(None, clock=clock), clock) as crew:
            begun = clock.time()
            crew.shares[0].pause(3.0, "the API is down")
            await asyncio.sleep(0.01)
            await asyncio.gather(*(share.acquire() for share in crew.shares for _ in range(50)))
            waited = clock.time() - begun
            await asyncio.sleep(0.01)
            asked = sum(said.wanted for pipe in crew.up for said in pipe.carried)
            for share in crew.shares:
                await share.acquire()
            return waited, asked, sum(said.wanted for pipe in crew.up for said in pipe.carried)

    waited, asked, in_the_end = virtual(scenario)
    assert 3.0 <= waited < 3.1
    assert asked == in_the_end == 100


def test_what_the_api_says_is_left_counts_for_all():
    async def scenario(clock):
        async with Crew(Pace(None, clock=clock), clock) as crew:
            crew.shares[0].told(Quota(1000, 10.0))
            await asyncio.sleep(0.1)
            rate = crew.pace.rate
            crew.shares[1].told(Quota(0, 4.0))
            await asyncio.sleep(0.01)
            begun = clock.time()
            await crew.shares[0].acquire()
            return rate, clock.time() - begun

    rate, waited = virtual(scenario)
    assert rate == 100
    assert 3.9 < waited < 4.1


def test_a_share_that_is_closed_lets_nobody_of_its_own_send_and_the_others_go_on():
    async def scenario(clock):
        async with Crew(Pace(1, clock=clock), clock) as crew:
            await crew.shares[0].acquire()
            waiting = [asyncio.ensure_future(crew.shares[0].acquire()) for _ in range(2)]
            resting = asyncio.ensure_future(crew.shares[0].rest(60))
            await asyncio.sleep(0.1)
            waiting[0].cancel()
            crew.shares[0].close()
            ends = await asyncio.gather(*waiting, return_exceptions=True)
            await resting
            with pytest.raises(PaceClosedError):
                await crew.shares[0].acquire()
            assert crew.shares[0].closed
            assert not crew.shares[1].closed
            await crew.shares[1].acquire()
            return ends

    cancelled, closed = virtual(scenario)
    assert isinstance(cancelled, asyncio.CancelledError)
    assert isinstance(closed, PaceClosedError)


def test_a_hidden_limit_is_found_by_all_together_and_hardly_ever_passed():
    passed, refused = Counter(), Counter()

    async def scenario(clock):
        recent, begun = deque(), clock.time()
        async with Crew(Pace(None, clock=clock), clock) as crew:

            async def worker(number):
                share = crew.shares[number % 2]
                while clock.time() - begun < 40:
                    await share.acquire()
                    await clock.sleep(0.01)
                    now = clock.time() - begun
                    while recent and recent[0] <= now - 1.0:
                        recent.popleft()
                    if good := len(recent) < 100:
                        recent.append(now)
                    await clock.sleep(0.01)
                    (passed if good else refused)[int(now)] += 1
                    share.answered() if good else share.slow_down(1.0)

            await asyncio.gather(*(worker(number) for number in range(16)))
            return crew.pace.found

    found = virtual(scenario)
    assert sum(count for second, count in passed.items() if 10 <= second < 40) >= 0.90 * 100 * 30
    assert sum(refused.values()) < 0.02 * sum(passed.values())
    assert 90 < found < 110

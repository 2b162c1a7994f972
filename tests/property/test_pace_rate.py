"""The pace on a loop whose time is virtual: seconds pass as fast as they can be computed."""

import asyncio
import random
from collections import Counter, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st
from virtual import most_in_one_second, virtual

from bulk.http.pace import Pace


def sends(rate, count, *, workers, late, burst=None):
    """The moments of `count` sends by so many workers that always want to send."""
    moments = []

    async def scenario(clock):
        pace = Pace(rate, burst=burst, clock=clock)

        async def worker():
            while len(moments) < count:
                await pace.acquire()
                moments.append(clock.time())

        await asyncio.gather(*(worker() for _ in range(workers)))

    virtual(scenario, late)
    return moments


@pytest.mark.parametrize("late", [False, True], ids=["exact timers", "late timers"])
@pytest.mark.parametrize("rate", [1, 5, 20, 50, 200, 2000])
def test_no_second_holds_more_than_the_rate_and_the_rate_is_used(rate, late):
    moments = sends(rate, min(20 * rate, 8000), workers=16, late=late)
    assert most_in_one_second(moments) <= rate
    assert (len(moments) - 1) / (moments[-1] - moments[0]) >= 0.97 * rate


@given(
    rate=st.floats(0.3, 500),
    quiet=st.lists(st.tuples(st.integers(1, 60), st.floats(0, 3)), min_size=1, max_size=6),
    late=st.booleans(),
)
def test_no_second_is_crowded_after_any_quiet_times(rate, quiet, late):
    moments = []

    async def scenario(clock):
        pace = Pace(rate, clock=clock)
        for wanted, silence in quiet:
            for _ in range(wanted):
                await pace.acquire()
                moments.append(clock.time())
            await clock.sleep(silence)

    virtual(scenario, late)
    assert most_in_one_second(moments) < rate + 1


def test_burst_lets_so_many_go_at_once_and_then_the_rate_again():
    moments = sends(10, 60, workers=4, late=False, burst=20)
    assert most_in_one_second(moments[:20]) == 20
    assert moments[19] - moments[0] < 0.01
    assert most_in_one_second(moments[20:]) <= 10


def test_a_rate_changed_while_waiting_holds_from_the_next_send():
    async def scenario(clock):
        pace = Pace(100, clock=clock)
        moments = []
        for number in range(200):
            if number == 100:
                pace.limit(5)
            await pace.acquire()
            moments.append(clock.time())
        return moments

    moments = virtual(scenario)
    assert most_in_one_second(moments[100:]) <= 5
    # What was sent in the second before counts too.
    assert moments[-1] - moments[99] == pytest.approx(1 + 100 / 5, rel=0.03)


def test_changing_the_rate_again_and_again_lets_nothing_extra_through():
    async def scenario(clock):
        pace, moments = Pace(20, clock=clock), []
        for _ in range(200):
            pace.limit(20)
            await pace.acquire()
            moments.append(clock.time())
        return moments

    assert most_in_one_second(virtual(scenario)) <= 20


def test_who_asks_first_goes_first():
    async def scenario(clock):
        pace, order = Pace(50, clock=clock), []

        async def one(number):
            await pace.acquire()
            order.append(number)

        await asyncio.gather(*(one(number) for number in range(40)))
        return order

    assert virtual(scenario) == list(range(40))


def test_after_a_complaint_the_pace_creeps_up_to_the_rate_and_no_further():
    async def scenario(clock):
        pace, seen = Pace(50, clock=clock), []
        await pace.acquire()
        pace.slow_down(2.0)
        for _ in range(1500):
            await pace.acquire()
            pace.answered()
            seen.append(pace.rate)
        return seen

    seen = virtual(scenario)
    assert seen[0] == pytest.approx(47.5)
    assert seen == sorted(seen)
    assert seen[-1] == 50


def test_one_complaint_about_a_rate_given_costs_a_moment_and_not_the_rest_of_the_run():
    """Pace against a real server: a send that came late makes for one 429 in a run of thousands."""
    moments = []

    async def scenario(clock):
        pace, begun = Pace(50, clock=clock), clock.time()
        while clock.time() < begun + 30:
            await pace.acquire()
            moments.append(clock.time() - begun)
            pace.answered() if len(moments) != 500 else pace.slow_down(1.0, asked=False)

    virtual(scenario)
    at = moments[499]
    assert sum(at + 4 <= moment < at + 14 for moment in moments) >= 0.97 * 500
    assert sum(at <= moment < at + 2 for moment in moments) >= 0.85 * 100


def test_complaints_now_and_then_about_a_rate_that_was_borne_leave_most_of_it():
    """Pace against a real server: one that is held up itself complains of a handful at once, and again soon after."""
    moments = []

    async def scenario(clock):
        pace, begun = Pace(50, clock=clock), clock.time()
        while clock.time() < begun + 20:
            await pace.acquire()
            moments.append(clock.time() - begun)
            pace.answered() if len(moments) not in {400, 401, 490} else pace.slow_down(1.0, asked=False)

    virtual(scenario)
    assert len(moments) >= 0.9 * 50 * 20
    assert sum(moment >= 15 for moment in moments) >= 0.97 * 50 * 5


def test_a_rate_given_that_an_api_does_not_bear_is_not_insisted_on():
    """Complaints that come again are no chance: the rate falls to what is borne, and few are refused."""
    passed, refused, _ = against_a_hidden_limit(30, seconds=60, in_flight=8, ceiling=50)
    assert sum(refused.values()) < 0.02 * sum(passed.values())
    assert sum(count for second, count in passed.items() if second >= 10) >= 0.75 * 30 * 50


def test_moments_that_were_lost_are_made_up_for_and_no_second_is_crowded_by_that():
    """Pace against a real server: a program that is busy for a while does not send less for it."""
    moments = []

    async def scenario(clock):
        pace, chance, begun = Pace(2000, clock=clock), random.Random(5), clock.time()
        while clock.time() < begun + 5:
            await pace.acquire()
            moments.append(clock.time())
            if chance.random() < 0.01:
                clock.loop.be_busy(chance.uniform(0.005, 0.03))

    virtual(scenario, late=True)
    assert most_in_one_second(moments) <= 2000
    assert (len(moments) - 1) / (moments[-1] - moments[0]) >= 0.97 * 2000


def test_without_a_rate_a_complaint_limits_to_less_than_was_sent_of_late_and_lifts_in_the_end():
    async def scenario(clock):
        pace, seen = Pace(None, clock=clock), []
        for _ in range(200):
            await pace.acquire()
            await clock.sleep(0.01)
            pace.answered()
        pace.slow_down(1.0)
        seen.append(pace.rate)
        for _ in range(20000):
            await pace.acquire()
            await clock.sleep(0.005)
            pace.answered()
            seen.append(pace.rate)
            if pace.rate is None:
                break
        return seen

    seen = virtual(scenario)
    assert 80 < seen[0] < 95
    assert seen[-1] is None
    assert max(rate for rate in seen if rate) > 150


@pytest.mark.parametrize("stray", [1, 2, 5, 30, 400])
def test_a_complaint_alone_before_much_was_answered_costs_moments_and_is_not_remembered(stray):
    """Found by hand: a 429 to the first request had 30 rows take half a minute, and the next run begin at 1/s."""

    async def scenario(clock):
        pace, begun, asked = Pace(None, clock=clock), clock.time(), 0

        async def worker():
            nonlocal asked
            while asked < 1000:
                await pace.acquire()
                asked += 1
                refused = asked == stray
                await clock.sleep(0.01)
                pace.slow_down(1.0) if refused else pace.answered()

        await asyncio.gather(*(worker() for _ in range(4)))
        return clock.time() - begun, pace.found

    seconds, found = virtual(scenario)
    assert seconds < 1000 / 4 * 0.01 + 1.0 + 4.0
    assert found is None


def test_complaints_that_come_again_are_no_strays():
    passed, refused, found = against_a_hidden_limit(5, seconds=60, in_flight=1)
    assert sum(count for second, count in passed.items() if 20 <= second < 60) >= 0.85 * 5 * 40
    assert sum(refused.values()) < 0.07 * sum(passed.values())
    assert 0.8 * 5 < found < 1.2 * 5


def against_a_hidden_limit(limit, *, seconds, in_flight, start=None, ceiling=None):
    """What a server with a limit per second, of which nobody is told, has let through and refused, by second."""
    passed, refused = Counter(), Counter()

    async def scenario(clock):
        pace, recent, begun = Pace(ceiling, start=start, clock=clock), deque(), clock.time()

        async def worker():
            while (now := clock.time() - begun) < seconds:
                await pace.acquire()
                await clock.sleep(0.01)
                now = clock.time() - begun
                while recent and recent[0] <= now - 1.0:
                    recent.popleft()
                if good := len(recent) < limit:
                    recent.append(now)
                await clock.sleep(0.01)
                (passed if good else refused)[int(now)] += 1
                if good:
                    pace.answered()
                else:
                    pace.slow_down(1.0, asked=False)

        await asyncio.gather(*(worker() for _ in range(in_flight)))
        return pace.found

    found = virtual(scenario)
    return passed, refused, found


@pytest.mark.parametrize(("limit", "in_flight"), [(20, 8), (100, 8), (100, 64)])
def test_a_hidden_limit_is_found_in_ten_seconds_and_hardly_ever_passed(limit, in_flight):
    passed, refused, found = against_a_hidden_limit(limit, seconds=50, in_flight=in_flight)
    late = sum(count for second, count in passed.items() if 10 <= second < 50)
    assert late >= 0.90 * limit * 40
    assert sum(refused.values()) < 0.02 * sum(passed.values())
    assert 0.9 * limit < found < 1.1 * limit


def test_a_limit_that_was_found_before_is_used_from_the_first_second():
    passed, refused, _ = against_a_hidden_limit(200, seconds=10, in_flight=8, start=190)
    assert sum(passed.values()) >= 0.9 * 200 * 10
    assert not refused


def test_a_limit_that_is_much_lower_than_what_was_found_before_is_found_all_the_same():
    passed, refused, _ = against_a_hidden_limit(20, seconds=70, in_flight=8, start=190)
    assert sum(count for second, count in passed.items() if 20 <= second < 70) >= 0.85 * 20 * 50
    assert sum(refused.values()) < 0.1 * sum(passed.values())

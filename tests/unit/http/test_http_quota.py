import asyncio

import pytest

from bulk.http.pace import Pace
from bulk.http.quota import Quota, quota


class FakeClock:
    """Sleeping moves it on at once."""

    now = 1000.0

    def time(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock():
    return FakeClock()


NOW = 1_900_000_000.0


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"RateLimit": '"default";r=50;t=30'}, Quota(50, 30)),
        ({"RateLimit": '"burst";q=100;r=7;w=60;t=12.5'}, Quota(7, 12.5)),
        ({"RateLimit": "limit=100, remaining=50, reset=5"}, Quota(50, 5)),
        ({"RateLimit-Limit": "100", "RateLimit-Remaining": "9", "RateLimit-Reset": "20"}, Quota(9, 20)),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}, Quota(0, 1)),
        ({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "1900000060"}, Quota(3, 60)),
    ],
)
def test_what_is_left_and_for_how_long_is_read_in_every_form(headers, said):
    assert quota(headers, NOW) == said


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59"},
        {"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "5"},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "soon"},
        {"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "5"},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "nan"},
        {"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "1800000000"},
        {"RateLimit": "nonsense"},
    ],
)
def test_what_says_too_little_says_nothing(headers):
    assert quota(headers, NOW) is None


async def test_what_is_left_is_spread_over_its_time(clock):
    pace = Pace(None, clock=clock)
    pace.told(Quota(60, 30))
    assert pace.rate == pytest.approx(2)
    pace.told(Quota(58, 29))
    assert pace.rate == pytest.approx(2)
    pace.told(Quota(600, 60))
    assert pace.rate == pytest.approx(10)
    assert pace.found is None


async def test_a_rate_that_was_given_is_not_raised_by_what_the_api_says(clock):
    pace = Pace(5, clock=clock)
    pace.told(Quota(600, 60))
    assert pace.rate == 5
    pace.told(Quota(60, 60))
    assert pace.rate == pytest.approx(1)


async def test_where_nothing_is_left_everybody_waits(clock):
    pace = Pace(None, clock=clock)
    pace.told(Quota(0, 12))
    await pace.acquire()
    assert clock.now == 1012

import random

import pytest

from bulk.http.retry import backoff, retry_after

NOW = 1_700_000_000.0
NOW_AS_DATE = "Tue, 14 Nov 2023 22:13:20 GMT"


def waits(attempt, **how):
    rng = random.Random(1)
    return [backoff(attempt, rng, **how) for _ in range(2000)]


@pytest.mark.parametrize(("attempt", "ceiling"), [(1, 1.0), (2, 2.0), (4, 8.0), (6, 30.0), (5000, 30.0)])
def test_backoff_spreads_over_everything_from_nothing_to_the_capped_exponential(attempt, ceiling):
    seen = waits(attempt)
    assert 0 <= min(seen) < 0.02 * ceiling
    assert 0.98 * ceiling < max(seen) <= ceiling
    assert sum(seen) / len(seen) == pytest.approx(ceiling / 2, rel=0.05)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 0.5 "}, 0.5),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "Tue, 14 Nov 2023 22:13:50 GMT"}, 30.0),
        ({"Retry-After": "Tue, 14 Nov 2023 22:13:50 -0000"}, 30.0),
        ({"Retry-After": "Tuesday, 14-Nov-23 22:13:50 GMT"}, 30.0),
        ({"Retry-After": "Tue, 14 Nov 2023 22:13:00 GMT"}, 0.0),
    ],
)
def test_the_wait_asked_for_is_read_as_seconds_or_as_a_date(headers, seconds):
    assert retry_after(headers, NOW) == seconds


def test_a_date_is_measured_from_the_servers_own_clock():
    headers = {"Retry-After": "Tue, 14 Nov 2023 23:00:10 GMT", "Date": "Tue, 14 Nov 2023 23:00:00 GMT"}
    assert retry_after(headers, NOW) == 10.0


def test_a_malformed_date_header_leaves_our_own_clock():
    assert retry_after({"Retry-After": NOW_AS_DATE, "Date": "yesterday"}, NOW - 5) == 5.0


@pytest.mark.parametrize("text", ["", "soon", "-3", "1e3", "nan", "inf", "٣", "Tue, 99 Nov 2023 22:13:50 GMT", "1,5"])
def test_a_malformed_wish_says_nothing(text):
    assert retry_after({"Retry-After": text}, NOW) is None


def test_no_wish_says_nothing():
    assert retry_after({}, NOW) is None

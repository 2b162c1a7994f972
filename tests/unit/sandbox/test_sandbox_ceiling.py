import random

import pytest

from bulk.sandbox import Ceiling


def passed(ceiling, times):
    return [time for time in times if ceiling.admit(time) is None]


def test_lets_through_as_many_as_allowed_in_a_window():
    ceiling = Ceiling(3)
    assert passed(ceiling, [0.0, 0.1, 0.2, 0.3]) == [0.0, 0.1, 0.2]
    assert ceiling.refusals == 1


def test_a_window_is_half_open_so_a_whole_second_later_there_is_room():
    ceiling = Ceiling(1)
    assert passed(ceiling, [0.0, 0.999, 1.0, 1.5, 2.0]) == [0.0, 1.0, 2.0]


def test_counts_windows_wherever_they_begin_not_calendar_seconds():
    ceiling = Ceiling(2)
    assert passed(ceiling, [0.9, 0.95, 1.05, 1.1]) == [0.9, 0.95]


def test_a_refused_request_takes_no_room():
    ceiling = Ceiling(1)
    assert passed(ceiling, [0.0, 0.5, 0.75, 1.0]) == [0.0, 1.0]


def test_says_how_long_until_there_is_room():
    ceiling = Ceiling(2)
    passed(ceiling, [10.0, 10.5])
    assert ceiling.admit(10.75) == pytest.approx(0.25)


def test_never_more_than_the_limit_in_any_window_of_a_random_stream():
    chance, limit = random.Random(1), 7
    times, now = [], 0.0
    for _ in range(5_000):
        now += chance.expovariate(20)
        times.append(now)
    through = passed(Ceiling(limit), times)
    assert all(later - earlier >= 1.0 for earlier, later in zip(through, through[limit:], strict=False))
    assert len(through) > 0.9 * limit * now


def test_reset_forgets():
    ceiling = Ceiling(1)
    passed(ceiling, [0.0, 0.1])
    ceiling.reset()
    assert (ceiling.admit(0.2), ceiling.refusals) == (None, 0)


@pytest.mark.parametrize(("limit", "window"), [(0, 1.0), (1, 0.0)])
def test_a_ceiling_that_lets_nothing_through_is_refused(limit, window):
    with pytest.raises(ValueError, match="at least one"):
        Ceiling(limit, window=window)

"""When a walk shows that whatever did not come was deleted."""

import pytest

from bulk.jobs.export.completeness import Confirmation


def confirmation(lines, *pages):
    made = Confirmation(lines)
    for total, before in pages:
        made.note(total, before)
    return made


@pytest.mark.parametrize(
    ("pages", "holds"),
    [
        pytest.param([(3, [0, 1]), (3, [3])], True, id="steady, and everything had come before"),
        pytest.param([(3, [0, 1]), (2, [])], False, id="a record went meanwhile"),
        pytest.param([(3, [0, 1]), (4, [2, 3])], False, id="a record came meanwhile"),
        pytest.param([(4, [0, 1]), (4, [3])], False, id="fewer than it said"),
        pytest.param([(3, [0, 1]), (3, [1])], False, id="one came twice in place of another"),
        pytest.param([(3, [0, 1]), (3, [None])], False, id="something new"),
        pytest.param([(2, [0, 1]), (2, [7])], True, id="one came twice, the second time from this very walk"),
        pytest.param([(None, [0, 1, 2])], False, id="nobody says how many there are"),
        pytest.param([], False, id="not a page"),
    ],
)
def test_a_walk_confirms_what_came_before_only_if_it_was_steady_and_whole(pages, holds):
    assert confirmation(4, *pages).holds is holds


def test_a_first_walk_confirms_nothing():
    assert not confirmation(0, (2, [None, None])).holds

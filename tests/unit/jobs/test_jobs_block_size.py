"""Blocks of rows: large where they are taken quickly, small where the API is slow."""

import pytest

from bulk.jobs.send.block_size import MOST, QUICK, BlockSize

SOON, FAIRLY, LATE = QUICK / 2, QUICK * 2, QUICK * 4


class Watch:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def sizes(seconds: list[float], *, least: int = 100, most: int = 1_000) -> list[int]:
    """Of the first block and of those after it, each taken within so many seconds."""
    watch = Watch()
    size = BlockSize(watch)
    found = [size.next(least, most)]
    for each in seconds:
        watch.now += each
        found.append(size.next(least, most))
    return found


def test_blocks_that_are_taken_quickly_grow_to_the_most() -> None:
    assert sizes([SOON] * 4) == [100, 200, 400, 500, 500]


def test_blocks_that_take_long_shrink_to_the_least() -> None:
    assert sizes([SOON, SOON, LATE, LATE, LATE]) == [100, 200, 400, 200, 100, 100]


def test_blocks_that_take_neither_stay_as_they_are() -> None:
    assert sizes([SOON, FAIRLY, FAIRLY, FAIRLY]) == [100, 200, 200, 200, 200]


@pytest.mark.parametrize(
    ("least", "most", "last"), [(100, 200, 200), (100, 50, 100), (128, 1_000, 384), (600, 600, MOST)]
)
def test_no_block_is_above_the_most(least: int, most: int, last: int) -> None:
    assert sizes([SOON] * 5, least=least, most=most)[-1] == last

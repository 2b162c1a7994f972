"""Many rows in one statement, each with values of its own: SQLite walks along them and need not look up each.

A parameter then has a part for every position from a first row to a last one, all of one length; the statement finds
the part of a row by its position. JSON is for what need not be found so, as looking into it is a search.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

import msgspec

_GAP: Final = 16
"""Positions that are walked over, though they are not meant; to begin anew costs about as much."""

Numbers: TypeAlias = tuple[int, int, int, int]
"""What `numbers` makes of four."""

_NONE: Final = (10**16, 10**11, 10**11, 10**11)


def row_ranges(rows: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of rows that lie close together, in ascending order."""
    first = last = None
    for row in sorted(rows):
        if first is None or last is None:
            first = row
        elif row - last > _GAP:
            yield first, last
            first = row
        last = row
    if first is not None and last is not None:
        yield first, last


def numbers(one: int, two: int, three: int, four: int) -> Numbers:
    """Four numbers of one width each when written down: the first below 10**16, the others below 9 * 10**11."""
    return (10**16 + one, 10**11 + two, 10**11 + three, 10**11 + four)


def table(first: int, last: int, of: Mapping[int, Numbers]) -> bytes:
    """The numbers of each position, 59 bytes each, from the third byte on: 17, 12, 12 and 12 with a comma between.

    Each number has a 1 before it; the numbers of a row that is not meant are 0.
    """
    return msgspec.json.encode([of.get(row, _NONE) for row in range(first, last + 1)])

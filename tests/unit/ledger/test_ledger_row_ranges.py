"""Rows that lie close together are walked along, with values at the place of each."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulk.ledger.row_ranges import numbers, row_ranges, table

ROWS = st.sets(st.integers(0, 2_000))


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], []),
        ([7], [(7, 7)]),
        ([9, 7, 8], [(7, 9)]),
        ([2, 18, 35], [(2, 18), (35, 35)]),
        ([2, 1 << 40, 3, (1 << 40) + 1], [(2, 3), (1 << 40, (1 << 40) + 1)]),
    ],
)
def test_rows_are_apart_where_more_than_sixteen_positions_lie_between(rows, found):
    assert [*row_ranges(rows)] == found


@given(ROWS)
def test_every_row_lies_in_one_stretch(rows):
    found = [*row_ranges(rows)]
    assert sorted(row for first, last in found for row in rows if first <= row <= last) == sorted(rows)
    assert found == sorted(found)


@given(st.dictionaries(st.integers(5, 15), st.tuples(*[st.integers(0, most) for most in (10**16 - 1, *[10**11] * 3)])))
def test_sqlite_finds_the_numbers_of_a_row_by_its_position(of):
    parts = table(5, 15, {row: numbers(*four) for row, four in of.items()})
    found = sqlite3.connect(":memory:").execute(
        "WITH RECURSIVE place (row) AS (SELECT 5 UNION ALL SELECT row + 1 FROM place WHERE row < 15)"
        "SELECT row, substr(:parts, 59 * (row - 5) + 3, 17) - 10000000000000000,"
        " substr(:parts, 59 * (row - 5) + 21, 12) - 100000000000, substr(:parts, 59 * (row - 5) + 34, 12) - 100000000000,"
        " substr(:parts, 59 * (row - 5) + 47, 12) - 100000000000 FROM place",
        {"parts": parts},
    )
    assert {row: tuple(four) for row, *four in found} == {row: of.get(row, (0, 0, 0, 0)) for row in range(5, 16)}

"""Positions by name are those of a dictionary, in a fraction of its memory."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from bulk.jobs.export.compact_dict import CompactDict


@given(st.lists(st.tuples(st.integers(0, 3000).map(str), st.integers(0, 2**31 - 1)), max_size=4000))
def test_positions_are_those_of_a_dictionary(puts):
    positions, expected = CompactDict(), {}
    for name, position in puts:
        assert positions.get(name) == expected.get(name)
        positions.put(name, position)
        expected[name] = position
    assert len(positions) == len(expected)
    assert all(positions.get(name) == position for name, position in expected.items())
    assert positions.get("none of them") is None


def test_many_names_keep_their_positions_through_all_growing_in_little_memory():
    names = [f"record {number}" for number in range(50_000)]
    tracemalloc.start()
    positions = CompactDict()
    for number, name in enumerate(names):
        positions.put(name, number)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(positions) == len(names)
    assert all(positions.get(name) == number for number, name in enumerate(names))
    assert taken / len(names) <= 36

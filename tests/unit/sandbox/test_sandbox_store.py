import json

import pytest

from bulk.sandbox import Store


def test_ids_count_from_one_and_go_on_after_a_given_one():
    table = Store().table("things")
    assert [table.add(row)["id"] for row in ({}, {"id": 40}, {})] == [1, 40, 41]


def test_a_unique_field_finds_its_row_also_after_a_change():
    table = Store().table("things", unique=("name",))
    row = table.add({"name": "a"})
    table.update(row, {"name": "b"})
    assert (table.find("name", "a"), table.find("name", "b")) == (None, row)


def test_a_unique_value_cannot_be_taken_twice():
    table = Store().table("things", unique=("name",))
    table.add({"name": "a"})
    other = table.add({"name": "b"})
    with pytest.raises(ValueError, match="taken: name"):
        table.add({"name": "a"})
    with pytest.raises(ValueError, match="taken: name"):
        table.update(other, {"name": "a"})
    assert table.find("name", "b") is other


def test_an_id_cannot_be_taken_twice():
    table = Store().table("things")
    table.add({"id": 1})
    with pytest.raises(ValueError, match="taken: id"):
        table.add({"id": 1})


def test_timestamps_are_whole_seconds_and_never_go_back():
    times = iter([100.9, 99.0, 101.0])
    store = Store(lambda: next(times))
    assert [store.timestamp() for _ in range(3)] == [100, 100, 101]


def test_state_is_a_copy_fit_for_json():
    store = Store()
    row = store.table("things").add({"tags": ["a"]})
    before = store.state()
    row["tags"].append("b")
    assert json.loads(json.dumps(before)) == {"things": {"1": {"id": 1, "tags": ["a"]}}}


def test_the_id_of_a_removed_row_is_not_given_again():
    table = Store().table("things", unique=("name",))
    table.remove(table.add({"name": "a"}))
    assert (len(table), table.find("name", "a"), table.add({"name": "a"})["id"]) == (0, None, 2)


def test_a_moment_has_fractions_and_never_goes_back():
    times = iter([10.25, 10.5, 10.0, 11.75])
    store = Store(lambda: next(times))
    assert [store.moment(), store.moment(), store.moment(), store.timestamp()] == [10.25, 10.5, 10.5, 11]

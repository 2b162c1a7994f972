"""Modes and roles: what is decided about the writing reaches the API, the plan and the ledger."""

import pytest
from shelf import ShelfDesk, shelf

from bulk.model import Status


@pytest.fixture
async def desk(tmp_path, patient):
    async with shelf() as sandbox, ShelfDesk(sandbox, tmp_path, patient) as desk:
        await desk.load([{"key": "old", "name": "One", "roles": "A;B"}])
        yield desk


ROWS = [{"key": "old", "name": "Two", "roles": "A;B"}, {"key": "new", "name": "New", "roles": "C"}]


@pytest.mark.parametrize(
    ("mode", "planned", "done", "names"),
    [
        ("upsert", ["update", "create"], ["updated", "created"], {"old": "Two", "new": "New"}),
        ("create", ["refused", "create"], ["exists", "created"], {"old": "One", "new": "New"}),
        ("update", ["update", "refused"], ["updated", "missing"], {"old": "Two"}),
    ],
)
async def test_a_mode_is_kept_by_the_import_and_shown_by_the_plan(desk, mode, planned, done, names):
    changes = await desk.plan(ROWS, {"mode": mode})
    assert [changes[key].action.value for key in ("old", "new")] == planned
    entries = await desk.rows(await desk.load(ROWS, {"mode": mode}))
    assert [entries[row].outcome or entries[row].code for row in (2, 3)] == done
    assert {key: desk.thing(key)["name"] for key in desk.keys} == names


async def test_a_retry_keeps_the_mode(desk):
    failed = await desk.load(ROWS, {"mode": "create"})
    run = await desk.retry(failed)
    assert {entry.code for entry in (await desk.rows(run)).values()} == {"exists"}
    assert desk.thing("old")["name"] == "One"


@pytest.mark.parametrize(
    ("roles", "cell", "there"),
    [("set", "C", ["C"]), ("add", "C", ["A", "B", "C"]), ("remove", "A;C", ["B"]), ("add", "A", ["A", "B"])],
)
async def test_roles_replace_join_or_leave_those_that_are_there(desk, roles, cell, there):
    await desk.load([{"key": "old", "roles": cell}], {"roles": roles})
    assert desk.thing("old")["roles"] == there


async def test_the_same_cells_are_another_order_where_they_mean_something_else(desk):
    row = [{"key": "old", "roles": "A"}]
    assert (await desk.load(row, {"roles": "add"})).totals.unchanged == 1
    run = await desk.load(row, {"roles": "remove"})  # the very roles that were last written
    assert (run.totals.updated, desk.thing("old")["roles"]) == (1, ["B"])
    assert (await desk.load(row, {"roles": "remove"})).traffic.sent == 0  # the same order again
    assert (await desk.load(row)).totals.updated == 1
    assert desk.thing("old")["roles"] == ["A"]


async def test_what_was_added_to_is_not_taken_for_the_whole(desk):
    await desk.load([{"key": "old", "roles": "C"}], {"roles": "add"})
    await desk.load([{"key": "old", "roles": "C"}])
    assert desk.thing("old")["roles"] == ["C"]


async def test_roles_that_are_all_there_are_taken_away_all_the_same(desk):
    await desk.load([{"key": "old", "roles": "A;B", "name": "One"}], {"roles": "remove"})
    assert desk.thing("old")["roles"] == []


async def test_a_plan_says_how_roles_are_meant_and_what_of_them_is_there_already(desk):
    changes = await desk.plan([{"key": "old", "roles": "C"}], {"roles": "add"})
    (difference,) = changes["old"].differences
    assert (difference.field, difference.new, difference.message) == ("roles", ["C"], "roles add")
    assert (await desk.plan([{"key": "old", "roles": "A"}], {"roles": "add"}))["old"].action.value == "unchanged"


async def test_rows_without_roles_are_known_as_before(desk):
    await desk.load([{"key": "old", "name": "Three"}], {"roles": "add"})
    run = await desk.load([{"key": "old", "name": "Three", "roles": "A;B"}])
    assert (run.totals.unchanged, run.traffic.sent) == (1, 0)
    assert {entry.status for entry in (await desk.rows(run)).values()} == {Status.UNCHANGED}

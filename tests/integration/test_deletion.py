"""Deleting what a file names, from file to ledger, against a server whose things can be deleted."""

import pytest
from shelf import ShelfDesk, shelf

from bulk.errors import SourceError
from bulk.jobs.guards import Stop
from bulk.model import RunStatus, Status
from bulk.sandbox import Faults


def things(*numbers, **cells):
    return [{"key": f"T-{number}", "name": f"Thing {number}"} | cells for number in numbers]


def named(*numbers):
    return [{"key": f"T-{number}"} for number in numbers]


@pytest.fixture
async def desk(tmp_path, patient):
    async with shelf() as sandbox, ShelfDesk(sandbox, tmp_path, patient) as desk:
        yield desk


async def test_what_a_file_names_is_deleted_and_nothing_else(desk):
    await desk.load(things(*range(20)))
    run = await desk.delete(named(*range(15)))
    assert (run.instance.operation, run.status, run.exit_code) == ("delete", RunStatus.COMPLETED, 0)
    assert (run.totals.read, run.totals.succeeded, run.totals.created, run.totals.updated) == (15, 15, 0, 0)
    assert run.totals.closes
    assert desk.keys == [f"T-{number}" for number in range(15, 20)]
    entries = await desk.rows(run)
    assert {(entry.status, entry.outcome, entry.http_status) for entry in entries.values()} == {
        (Status.SUCCEEDED, "deleted", 200)
    }
    assert (entries[2].key, entries[2].remote_id) == ("T-0", "1")


async def test_what_has_to_be_read_first_is_read_in_bulk(desk):
    await desk.load(things(*range(40)))
    desk.sandbox.log.reset()
    await desk.delete(named(*range(50)))
    assert (desk.calls("GET"), desk.calls("DELETE")) == (1, 40)


async def test_records_may_be_named_by_their_ids(desk):
    await desk.load(things(1, 2, 3))
    await desk.delete([{"id": "1"}, {"id": "3"}])
    assert desk.keys == ["T-2"]
    assert (await desk.load(things(1, 2, 3))).totals.created == 2  # known by key, and forgotten by id


async def test_other_columns_are_left_alone_whatever_they_hold(desk):
    await desk.load(things(1, 2))
    rows = [{"key": "T-1", "id": "7", "name": "", "version": "1.5.x", "colour": "#N/A", "roles": "nonsense"}]
    assert (await desk.delete(rows)).totals.succeeded == 1
    assert desk.keys == ["T-2"]


async def test_a_record_that_is_not_there_is_unchanged_and_says_so(desk):
    run = await desk.delete(named(1))
    assert (run.exit_code, run.totals.unchanged) == (0, 1)
    assert (await desk.rows(run))[2].message == "it is not there"


async def test_a_refusal_is_a_failure_of_its_row_alone(desk):
    await desk.load([*things(1), *things(2, name="held"), *things(3)])
    run = await desk.delete(named(1, 2, 3))
    assert (run.exit_code, run.totals.succeeded, run.totals.failed) == (3, 2, 1)
    assert (await desk.rows(run))[3].message == "something refers to it"
    assert (await desk.load(things(2, name="held"))).totals.unchanged == 1  # what was known of it is still true


async def test_it_is_asked_before_anything_is_deleted_and_without_a_yes_nothing_is_sent(desk):
    await desk.load(things(1, 2))
    before = desk.sandbox.log.total
    run = await desk.delete([*named(1, 2), {"key": "x" * 51}], yes=False)
    assert (run.status, run.exit_code, desk.sandbox.log.total) == (RunStatus.REFUSED, 4, before)
    assert desk.asked == [{"deletes the record that it names": 2}]
    assert "--yes" in run.reason
    assert desk.keys == ["T-1", "T-2"]


async def test_it_is_not_asked_where_there_is_nothing_to_delete(desk):
    run = await desk.delete([{"key": "x" * 51}], yes=False)
    assert (run.status, run.exit_code, desk.asked) == (RunStatus.COMPLETED, 3, [])


async def test_a_dry_run_asks_nothing_sends_nothing_and_forgets_nothing(desk):
    await desk.load(things(1))
    run = await desk.delete(named(1), yes=False, dry_run=True)
    assert (run.exit_code, run.totals.not_tried, desk.asked, desk.keys) == (0, 1, [], ["T-1"])
    assert (await desk.load(things(1))).totals.unchanged == 1


async def test_the_first_rows_only(desk):
    await desk.load(things(1, 2, 3))
    await desk.delete(named(1, 2, 3), limit=2)
    assert desk.keys == ["T-3"]


async def test_a_key_that_stands_twice_is_refused_and_a_blank_or_damaged_one_is_invalid(desk):
    await desk.load(things(1, 2))
    run = await desk.delete(
        [{"key": "T-1"}, {"key": "T-1"}, {"key": "8.85E+11"}, {"key": "", "name": "x"}, {"key": "T-2"}]
    )
    assert (run.totals.invalid, run.totals.succeeded, desk.keys) == (4, 1, ["T-1"])


async def test_a_file_without_a_key_is_refused_whole(desk):
    with pytest.raises(SourceError, match="key"):
        await desk.delete([{"name": "x"}])


async def test_it_is_never_skipped_because_the_same_was_written_before(desk):
    await desk.load(named(1))  # a document of a key alone: the very same payload
    assert (await desk.delete(named(1))).totals.succeeded == 1
    assert desk.keys == []


async def test_the_same_file_again_asks_the_api_again(desk):
    await desk.load(things(1))
    await desk.delete(named(1))
    again = await desk.delete(named(1))
    assert (again.totals.unchanged, again.traffic.sent) == (1, 1)


async def test_a_row_whose_record_was_deleted_is_sent_again_by_an_import(desk):
    first = things(1, 2)
    await desk.load(first)
    await desk.delete(named(1))
    run = await desk.load(first)
    assert (run.totals.created, run.totals.unchanged, desk.keys) == (1, 1, ["T-1", "T-2"])
    assert desk.thing("T-1")["name"] == "Thing 1"


async def test_too_many_failures_end_it(desk):
    await desk.load(things(*range(40), name="held"))
    run = await desk.delete(named(*range(40)), max_failures="3")
    assert (run.status, run.exit_code) == (RunStatus.STOPPED, 4)
    assert run.totals.closes
    assert run.totals.not_tried > 20


async def test_what_was_interrupted_goes_on_where_it_stopped_and_is_not_asked_for_again(desk):
    await desk.load(things(*range(40), name="held"))
    stopped = await desk.delete(named(*range(40)), max_failures="0")
    for number in range(40):
        desk.thing(f"T-{number}")["name"] = "free"
    run = await desk.delete(named(*range(40)), max_failures=None, taken_up=stopped.id)
    assert (run.id, run.continued, run.status) == (stopped.id, True, RunStatus.COMPLETED)
    assert (run.totals.succeeded + run.totals.failed, len(desk.keys)) == (40, run.totals.failed)
    assert len(desk.asked) == 1


async def test_an_end_before_the_question_leaves_everything(desk):
    await desk.load(things(1, 2))
    stop = Stop()
    stop(130)
    run = await desk.delete(named(1, 2), stop=stop)
    assert (run.status, desk.asked, desk.keys) == (RunStatus.INTERRUPTED, [], ["T-1", "T-2"])


async def test_a_retry_of_a_deletion_deletes(desk):
    await desk.load(things(1, 2, name="held"))
    failed = await desk.delete(named(1, 2))
    for key in ("T-1", "T-2"):
        desk.thing(key)["name"] = "free"
    run = await desk.retry(failed)
    assert (run.instance.operation, run.instance.parent, run.totals.succeeded) == ("delete", failed.id, 2)
    assert desk.keys == []


async def test_a_retry_does_not_delete_what_was_loaded_since(desk):
    await desk.load(things(1, name="held"))
    failed = await desk.delete(named(1))
    await desk.load(things(1, name="new"))
    run = await desk.retry(failed)
    assert (run.totals.invalid, desk.keys) == (1, ["T-1"])


@pytest.mark.parametrize("faults", [["500:20%"], ["reset_after:20%"]])
async def test_under_faults_everything_is_deleted_and_the_totals_close(tmp_path, patient, faults):
    async with shelf() as sandbox, ShelfDesk(sandbox, tmp_path, patient) as desk:
        await desk.load(things(*range(30)))
        sandbox.plan(Faults.parse(faults, seed=3))
        run = await desk.delete(named(*range(30)))
        assert run.totals.closes
        assert (run.totals.succeeded + run.totals.unchanged, desk.keys) == (30, [])

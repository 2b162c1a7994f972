"""What every ledger promises about rows within rows, fields and exports, shown over a file and in memory."""

import json

import pytest
from ledgers import (
    CHEAP,
    DEAR,
    EXPORT,
    FAMILY,
    OTHER,
    RED,
    SHOP,
    end,
    finish_export,
    known,
    read,
    record,
    settle,
    start,
    statuses,
    write,
)
from msgspec.structs import replace

from bulk.errors import LedgerError, SourceError, UsageError
from bulk.fingerprint import fingerprint, merged
from bulk.model import (
    Claim,
    Rejection,
    Run,
    RunStatus,
    Settlement,
    Sighting,
    Status,
    Totals,
    Traffic,
)


async def messages(ledger, run: Run) -> list[str | None]:
    return [entry.message async for entry in ledger.entries(run.id)]


# Rows within rows


async def test_members_are_rows_of_their_own(ledger):
    run = await start(ledger, FAMILY, record(3, "B"))
    assert run.totals == Totals(read=4, not_tried=4)
    assert [(entry.row, entry.key) async for entry in ledger.entries(run.id)] == [
        (2, "A"),
        (3, "B"),
        (5, "A-red"),
        (9, "A-blue"),
    ]


async def test_members_go_in_flight_with_their_carrier_and_are_no_answers(ledger):
    run = await start(ledger, FAMILY, record(3, "B"))
    with ledger.lock(SHOP.target, SHOP.resource):
        assert await ledger.claim(run.id, [FAMILY]) == {2: Claim()}
        assert await statuses(ledger, run) == {2: "in_flight", 3: "not_tried", 5: "in_flight", 9: "in_flight"}
    await settle(ledger, run, 2, 5, 9)
    assert (await end(ledger, run)).totals == Totals(read=4, succeeded=3, not_tried=1)


async def test_members_are_unchanged_where_their_carrier_is_and_since_the_same_run(ledger):
    first = await start(ledger, FAMILY)
    await ledger.claim(first.id, [FAMILY])
    await settle(ledger, first, 2, 5, 9)
    await end(ledger, first)
    again = await start(ledger, FAMILY, instance=OTHER)
    assert again.totals == Totals(read=3, unchanged=3)
    assert await messages(ledger, again) == [f"the same was written by run {first.id}"] * 3
    assert await ledger.unchanged_since(again.id) == {first.id: 3}


async def test_members_of_a_changed_carrier_are_sent_again(ledger):
    first = await start(ledger, FAMILY)
    await ledger.claim(first.id, [FAMILY])
    await settle(ledger, first, 2, 5, 9)
    await end(ledger, first)
    changed = replace(FAMILY, payload="two", digest=b"two".ljust(16))
    assert (await start(ledger, changed, instance=OTHER)).totals == Totals(read=3, not_tried=3)


async def test_a_member_that_is_named_as_a_record_is_another_thing(ledger):
    """Neither what is written under its name nor what becomes of it says anything about the record."""
    await write(ledger, record(2, "A-red"), RED)
    run = await start(ledger, FAMILY, record(3, "A-red"), instance=OTHER)
    assert await statuses(ledger, run) == {2: "not_tried", 3: "unchanged", 5: "not_tried", 9: "not_tried"}
    await ledger.claim(run.id, [FAMILY])
    await settle(ledger, run, 2, 5, 9, fields=CHEAP, remote_id="1")
    assert await ledger.known(run.instance.target, run.instance.resource, ["A", "A-red", "A-blue"]) == {
        "A": CHEAP,
        "A-red": RED,
    }


async def test_members_in_flight_at_the_end_are_unknown_and_sent_again_with_their_carrier(ledger):
    run = await start(ledger, FAMILY)
    await ledger.claim(run.id, [FAMILY])
    run = await end(ledger, run, RunStatus.INTERRUPTED)
    assert run.totals == Totals(read=3, unknown=3)
    await ledger.take_up(run.id)
    assert await ledger.claim(run.id, [FAMILY]) == {2: Claim(repeated=True)}
    await settle(ledger, run, 2, 5, 9, status=Status.NOT_TRIED)
    assert await statuses(ledger, run) == {2: "unknown", 5: "unknown", 9: "unknown"}


async def test_a_carrier_with_other_members_than_were_checked_is_refused(ledger):
    run = await start(ledger, FAMILY)
    with pytest.raises(SourceError, match=r"row 2 \(A\) had other rows that belong to it"):
        await ledger.claim(run.id, [replace(FAMILY, members=FAMILY.members[:1])])
    with pytest.raises(SourceError, match="row 5 was part of row 2"):
        await ledger.claim(run.id, [record(5, "A-red")])
    assert (await end(ledger, run)).totals == Totals(read=3, not_tried=3)


async def test_a_member_can_be_rejected_while_it_waits(ledger):
    run = await start(ledger, FAMILY)
    await ledger.reject(run.id, [Rejection(row=5, key="A-red", cells={}, violations=())])
    assert await statuses(ledger, run) == {2: "not_tried", 5: "invalid", 9: "not_tried"}


async def test_members_of_a_superseded_carrier_are_superseded_and_keep_their_cells(ledger):
    parent = await start(ledger, FAMILY)
    await ledger.claim(parent.id, [FAMILY])
    for row in (2, 5, 9):
        await settle(ledger, parent, row, status=Status.FAILED, cells={"row": row})
    await end(ledger, parent)
    writer = await write(ledger, record(3, "A", "newer"))
    run = await start(ledger, FAMILY, record(7, "B"), instance=replace(SHOP, operation="retry", parent=parent.id))
    found = {entry.row: entry async for entry in ledger.entries(run.id, cells=True)}
    assert {row: (entry.code, entry.cells) for row, entry in found.items() if entry.status is Status.INVALID} == {
        row: ("superseded", {"row": row}) for row in (2, 5, 9)
    }
    assert found[5].message == f"Run {writer.id} has written something else for A since, to which it belongs."
    assert found[7].status is Status.NOT_TRIED


# What is known, field by field


async def test_what_was_written_is_known(ledger):
    await write(ledger, fields=CHEAP)
    assert await known(ledger, "A", "B") == {"A": CHEAP}


async def test_what_was_written_with_no_word_on_its_fields_is_not_known(ledger):
    await write(ledger, fields=CHEAP)
    await write(ledger, fields=None)
    assert await known(ledger, "A") == {}


async def test_each_row_keeps_its_own_fields_when_many_are_settled_together(ledger):
    ones = [record(row, f"{row}") for row in range(2, 8)]
    run = await start(ledger, *ones)
    await ledger.claim(run.id, ones)
    told = {f"{row}": fingerprint({f"field {n}": row for n in range(row)}) for row in (2, 3, 5, 7)} | {"6": b""}
    await ledger.settle(
        run.id,
        [
            Settlement(row=row, key=f"{row}", status=Status.SUCCEEDED, fields=told.get(f"{row}"), finished_at=99 - row)
            for row in range(2, 8)
        ],
    )
    await end(ledger, run)
    assert await known(ledger, *"234567") == told


async def test_rows_between_those_that_are_claimed_or_settled_are_left_alone(ledger):
    """Those of another process, say, which has its turn in between; some far away, some in another file."""
    ones = [record(row, f"K{row}") for row in (*range(2, 30), 500, 1 << 40, (1 << 40) + 2)]
    run = await start(ledger, *ones)
    ours, theirs, left = ones[::3], ones[1::3], ones[2::3]

    async def settled(records, status, fields=None):
        same = {"status": status, "fields": fields, "finished_at": 9.25}
        await ledger.settle(run.id, [Settlement(row=one.row, key=one.key, **same) for one in records])

    async def found():
        return {status: [row for row, of in (await statuses(ledger, run)).items() if of == status] for status in Status}

    await ledger.claim(run.id, ours)
    await ledger.claim(run.id, theirs)
    await settled(theirs, Status.SUCCEEDED, CHEAP)
    seen = await found()
    assert seen[Status.SUCCEEDED] == [one.row for one in theirs]
    assert seen[Status.NOT_TRIED] == [one.row for one in left]
    assert seen[Status.UNKNOWN] == [one.row for one in ours]  # nobody holds the lock: they are in flight no more
    await settled(ours, Status.FAILED)
    await end(ledger, run, RunStatus.STOPPED)
    assert (await found())[Status.FAILED] == [one.row for one in ours]
    assert await known(ledger, *(one.key for one in ones)) == {one.key: CHEAP for one in theirs}


async def test_what_the_api_already_had_is_known(ledger):
    await write(ledger, status=Status.UNCHANGED, fields=CHEAP)
    assert await known(ledger, "A") == {"A": CHEAP}


@pytest.mark.parametrize("status", [None, Status.FAILED, Status.UNKNOWN, Status.NOT_TRIED])
async def test_nothing_is_known_of_a_record_after_a_claim_that_did_not_end_in_success(ledger, status):
    await write(ledger, fields=CHEAP)
    run = await start(ledger, record(content="two"), instance=OTHER)
    await ledger.claim(run.id, [record(content="two")])
    if status:
        await settle(ledger, run, 2, status=status, fields=DEAR)
    await end(ledger, run, RunStatus.STOPPED)
    assert await known(ledger, "A") == {}


async def test_a_claim_says_what_was_sure_until_then(ledger):
    await write(ledger, fields=CHEAP)
    run = await start(ledger, record(), record(3, "B"), instance=OTHER, resend=True)
    both = [record(), record(3, "B")]
    assert await ledger.claim(run.id, both) == {2: Claim(known=CHEAP), 3: Claim()}
    assert await ledger.known(run.instance.target, run.instance.resource, ["A"]) == {}
    await settle(ledger, run, 2, 3, status=Status.NOT_TRIED)
    assert await ledger.claim(run.id, both) == {2: Claim(), 3: Claim()}


async def test_a_dry_run_is_told_what_is_known_and_doubts_nothing(ledger):
    await write(ledger, fields=CHEAP)
    run = await start(ledger, record(), instance=replace(SHOP, operation="dry-run"), resend=True)
    assert await ledger.claim(run.id, [record()]) == {2: Claim(known=CHEAP)}
    await settle(ledger, run, 2, fields=DEAR)
    await end(ledger, run)
    assert await known(ledger, "A") == {"A": CHEAP}


async def test_a_record_is_known_by_its_remote_id_if_not_by_its_key_and_the_latest_counts(ledger, clock):
    await write(ledger, record(2, "A"), CHEAP, remote_id="1")
    await read(ledger, clock, DEAR, key="other name", remote_id="1")
    assert await known(ledger, "1", "A", "other name") == {"1": DEAR, "A": CHEAP, "other name": DEAR}
    await write(ledger, record(2, "1"), RED, remote_id="1")
    assert await known(ledger, "1", "A", "other name") == {"1": RED}


async def test_a_record_written_under_its_remote_id_and_read_under_its_key_is_known_as_it_was_read(ledger, clock):
    await write(ledger, record(2, "1"), CHEAP, remote_id="1")
    await read(ledger, clock, DEAR, key="A", remote_id="1")
    assert await known(ledger, "1", "A") == {"1": DEAR, "A": DEAR}


async def test_a_key_that_happens_to_be_another_records_id_keeps_its_own(ledger, clock):
    await write(ledger, record(2, "1"), CHEAP, remote_id="77")
    await read(ledger, clock, DEAR, key="A", remote_id="1")
    assert await known(ledger, "1", "A") == {"1": CHEAP, "A": DEAR}


@pytest.mark.parametrize("place", [{"target": "https://other.example"}, {"resource": "channels"}])
async def test_what_is_known_of_one_place_is_not_known_of_another(ledger, place):
    await write(ledger, fields=CHEAP)
    run = await ledger.begin(replace(SHOP, **place))
    assert await ledger.known(run.instance.target, run.instance.resource, ["A"]) == {}


@pytest.mark.parametrize("last", [Status.SUCCEEDED, Status.UNKNOWN])
async def test_what_builds_on_what_another_row_may_have_overwritten_is_not_known(ledger, last):
    """Two rows write one record and are claimed together: each builds on what was known before both."""
    await write(ledger, fields=CHEAP)
    twice = [record(2, "A", "two"), record(3, "A", "three")]
    run = await start(ledger, *twice, instance=OTHER)
    await ledger.claim(run.id, twice)
    await settle(ledger, run, 3, status=last, fields=merged(CHEAP, RED))
    await settle(ledger, run, 2, fields=DEAR)
    assert await ledger.known(run.instance.target, run.instance.resource, ["A"]) == {}


async def test_what_builds_on_what_another_name_of_the_record_may_have_overwritten_is_not_known(ledger, clock):
    await read(ledger, clock, CHEAP, key="A", remote_id="1")
    await read(ledger, clock, CHEAP, key="B", remote_id="1")
    both = [record(2, "A", "two"), record(3, "B", "three")]
    run = await start(ledger, *both, instance=OTHER)
    for one in both:
        await ledger.claim(run.id, [one])
    await settle(ledger, run, 3, fields=merged(CHEAP, RED), remote_id="1")
    await settle(ledger, run, 2, fields=DEAR, remote_id="1")
    assert await ledger.known(run.instance.target, run.instance.resource, ["A", "B"]) == {}


# Rows of which all is known


async def test_rows_found_to_be_the_same_are_unchanged_with_their_members_since_they_were_read(ledger, clock):
    export = await read(ledger, clock, CHEAP)
    run = await start(ledger, replace(FAMILY, same=True), record(3, "B"))
    assert run.totals == Totals(read=4, unchanged=3, not_tried=1)
    assert await messages(ledger, run) == [
        f"the same was read by run {export.id}",
        None,
        f"the same was read by run {export.id}",
        f"the same was read by run {export.id}",
    ]
    assert await ledger.unchanged_since(run.id) == {export.id: 3}


async def test_a_row_that_is_the_same_under_its_remote_id_says_since_when(ledger, clock):
    export = await read(ledger, clock, CHEAP, key="A", remote_id="1")
    run = await start(ledger, record(2, "1", same=True))
    assert await messages(ledger, run) == [f"the same was read by run {export.id}"]


async def test_rows_found_to_be_the_same_are_sent_when_everything_is(ledger):
    run = await start(ledger, replace(FAMILY, same=True), resend=True)
    assert run.totals == Totals(read=3, not_tried=3)


async def test_a_row_that_is_the_same_is_sent_when_its_key_stands_in_another_row_that_is_sent(ledger):
    run = await start(ledger, replace(FAMILY, same=True), record(3, "A", "two"))
    assert run.totals == Totals(read=4, not_tried=4)


async def test_a_record_read_since_it_was_written_is_not_unchanged_by_what_was_written(ledger, clock):
    await write(ledger, fields=CHEAP)
    await read(ledger, clock, DEAR)
    assert (await start(ledger, record(), instance=OTHER)).totals == Totals(read=1, not_tried=1)


async def test_a_record_written_since_it_was_read_is_unchanged_by_what_was_written(ledger, clock):
    await read(ledger, clock, DEAR)
    writer = await write(ledger, fields=CHEAP)
    run = await start(ledger, record(), instance=OTHER)
    assert await messages(ledger, run) == [f"the same was written by run {writer.id}"]


# What an export reads


async def test_what_an_export_reads_is_known(ledger, clock):
    await read(ledger, clock, CHEAP)
    assert await known(ledger, "A", "1") == {"A": CHEAP, "1": CHEAP}


async def test_what_was_known_of_fields_that_a_reading_does_not_tell_stays_known(ledger, clock):
    await write(ledger, fields=merged(CHEAP, RED))
    await read(ledger, clock, DEAR)
    assert await known(ledger, "A") == {"A": merged(RED, DEAR)}


async def test_a_record_read_twice_at_once_is_known_with_both(ledger, clock):
    run = await ledger.begin_export(EXPORT)
    twice = [Sighting(key="A", remote_id="1", fields=fields) for fields in (merged(CHEAP, RED), DEAR)]
    assert await ledger.learn(run.id, twice, asked=clock())
    assert await known(ledger, "A") == {"A": merged(RED, DEAR)}


async def test_reading_makes_a_doubtful_record_sure_and_forgets_what_was_doubtful(ledger, clock):
    await write(ledger, fields=merged(CHEAP, RED))
    await write(ledger, fields=None, status=Status.UNKNOWN)
    await read(ledger, clock, DEAR)
    assert await known(ledger, "A") == {"A": DEAR}
    assert (await start(ledger, record(), instance=OTHER)).totals == Totals(read=1, not_tried=1)


async def test_an_import_under_way_keeps_an_export_from_learning(ledger, clock):
    export = await ledger.begin_export(EXPORT)
    with ledger.lock(SHOP.target, SHOP.resource):
        await ledger.begin(SHOP)
        assert not await ledger.learn(export.id, [Sighting(key="A", remote_id="1", fields=CHEAP)], asked=clock())
    assert await known(ledger, "A") == {}


async def test_an_import_that_ended_since_the_question_keeps_an_export_from_learning(ledger, clock):
    export = await ledger.begin_export(EXPORT)
    asked = clock()
    await write(ledger, record(2, "B"), None)
    assert not await ledger.learn(export.id, [Sighting(key="A", remote_id="1", fields=CHEAP)], asked=asked)
    assert await ledger.learn(export.id, [Sighting(key="A", remote_id="1", fields=CHEAP)], asked=clock())


@pytest.mark.parametrize("other", [{"operation": "dry-run"}, {"resource": "channels"}, {"target": "elsewhere"}])
async def test_what_writes_nothing_here_does_not_keep_an_export_from_learning(ledger, clock, other):
    export = await ledger.begin_export(EXPORT)
    other = replace(SHOP, **other)
    asked = clock()
    with ledger.lock(other.target, other.resource):
        await ledger.begin(other)
        assert await ledger.learn(export.id, [Sighting(key="A", remote_id="1", fields=CHEAP)], asked=asked)


async def test_what_a_killed_import_wrote_since_the_question_is_not_read_over(ledger, clock):
    run = await start(ledger, record(), record(3, "B"))
    export = await ledger.begin_export(EXPORT)
    asked = clock()
    await ledger.claim(run.id, [record()])
    await settle(ledger, run, 2, fields=DEAR)
    sightings = [Sighting(key=key, remote_id=None, fields=CHEAP) for key in "AB"]
    assert await ledger.learn(export.id, sightings, asked=asked)
    assert await known(ledger, "A", "B") == {"A": DEAR, "B": CHEAP}


async def test_reading_does_not_count_as_writing(ledger, clock):
    """A run goes on, and a retry sends its rows, whatever exports have read meanwhile."""
    run = await start(ledger, record(), record(3, "B"))
    await ledger.claim(run.id, [record()])
    await settle(ledger, run, 2, status=Status.FAILED)
    await end(ledger, run, RunStatus.PAUSED)
    await read(ledger, clock, CHEAP, key="A", remote_id="1")
    await read(ledger, clock, CHEAP, key="B", remote_id="2")
    assert (await ledger.begin(SHOP)).id == run.id
    await end(ledger, run)
    again = replace(SHOP, operation="retry", parent=run.id)
    assert (await start(ledger, record(), record(3, "B"), instance=again)).totals == Totals(read=2, not_tried=2)


async def test_reading_does_not_hide_that_another_run_has_written(ledger, clock):
    parent = await start(ledger, record())
    await ledger.claim(parent.id, [record()])
    await settle(ledger, parent, 2, status=Status.FAILED)
    await end(ledger, parent)
    writer = await write(ledger, record(2, "A", "newer"))
    await read(ledger, clock, DEAR)
    run = await start(ledger, record(), instance=replace(SHOP, operation="retry", parent=parent.id))
    assert await statuses(ledger, run) == {2: "invalid"}
    assert writer.id in (await messages(ledger, run))[0]


# Exports as runs


async def test_an_export_ends_with_its_rows_digest_and_traffic(ledger):
    export = await ledger.begin_export(EXPORT)
    with ledger.lock(EXPORT.target, EXPORT.lock_name):
        assert (export.instance, export.status, export.totals) == (EXPORT, RunStatus.RUNNING, Totals())
    done = await finish_export(ledger, export, reason="done")
    assert done == await ledger.run(export.id)
    assert done.totals == Totals(read=7, succeeded=7)
    assert (done.status, done.instance.sha256, done.traffic) == (RunStatus.COMPLETED, "ff", Traffic(sent=3))
    assert (done.seconds, done.exit_code, done.reason) == (2.0, 0, "done")


async def test_an_export_is_not_continued(ledger):
    first = await ledger.begin_export(EXPORT)
    await finish_export(ledger, first, RunStatus.INTERRUPTED, bookmark=None)
    second = await ledger.begin_export(EXPORT)
    assert second.id != first.id
    assert not second.continued


def bookmark(until: str, chain: str = "c") -> str:
    return json.dumps({"until": until, "chain": chain})


async def test_the_bookmark_is_that_of_the_latest_completed_export_that_left_one(ledger):
    place = (EXPORT.target, EXPORT.resource)
    channels = replace(EXPORT, resource="channels")
    assert await ledger.bookmark(*place, "c") is None
    kept = await finish_export(ledger, await ledger.begin_export(EXPORT), bookmark=bookmark("kept"))
    await finish_export(ledger, await ledger.begin_export(EXPORT), bookmark=None)
    await finish_export(ledger, await ledger.begin_export(EXPORT), RunStatus.INTERRUPTED, bookmark=bookmark("half"))
    await finish_export(ledger, await ledger.begin_export(channels), bookmark=bookmark("channels"))
    await ledger.begin_export(EXPORT)
    assert await ledger.bookmark(*place, "c") == (kept.id, bookmark("kept"))


async def test_each_chain_has_its_own_bookmark(ledger):
    place = (EXPORT.target, EXPORT.resource)
    one = await finish_export(ledger, await ledger.begin_export(EXPORT), bookmark=bookmark("1", "all"))
    other = await finish_export(ledger, await ledger.begin_export(EXPORT), bookmark=bookmark("2", "some"))
    assert await ledger.bookmark(*place, "all") == (one.id, bookmark("1", "all"))
    assert await ledger.bookmark(*place, "some") == (other.id, bookmark("2", "some"))
    assert await ledger.bookmark(*place, "none") is None


async def test_whether_an_import_was_under_way_since_can_be_asked(ledger, clock):
    place = (SHOP.target, SHOP.resource)
    assert not await ledger.written_since(*place, 0)
    before = clock()
    await write(ledger)
    after = clock()
    assert await ledger.written_since(*place, before)
    assert not await ledger.written_since(*place, after)
    for other in ({"operation": "dry-run"}, {"resource": "channels"}, {"target": "elsewhere"}):
        await ledger.begin(replace(SHOP, **other))
    await ledger.begin_export(EXPORT)
    assert not await ledger.written_since(*place, after)


async def test_an_import_that_is_not_known_to_have_ended_may_have_written_at_any_time(ledger, clock):
    run = await ledger.begin(SHOP)
    assert await ledger.written_since(SHOP.target, SHOP.resource, clock())
    await end(ledger, run, RunStatus.INTERRUPTED)
    assert not await ledger.written_since(SHOP.target, SHOP.resource, clock())


async def test_an_export_is_alive_while_its_own_lock_is_held(ledger):
    export, run = await ledger.begin_export(EXPORT), await ledger.begin(SHOP)
    with ledger.lock(SHOP.target, SHOP.resource):
        assert [found.status for found in await ledger.runs()] == [RunStatus.RUNNING, RunStatus.INTERRUPTED]
        with ledger.lock(EXPORT.target, EXPORT.lock_name):
            assert (await ledger.run(export.id)).status is RunStatus.RUNNING
    with ledger.lock(EXPORT.target, EXPORT.lock_name):
        assert (await ledger.run(export.id)).status is RunStatus.RUNNING
        assert (await ledger.run(run.id)).status is RunStatus.INTERRUPTED


async def test_exports_to_other_destinations_and_imports_go_on_side_by_side(ledger):
    """None of them ends another, although each would end what had died where it is alone."""
    elsewhere = replace(EXPORT, source="elsewhere.csv")
    with ledger.lock(EXPORT.target, EXPORT.lock_name), ledger.lock(EXPORT.target, elsewhere.lock_name):
        one = await ledger.begin_export(EXPORT)
        other = await ledger.begin_export(elsewhere)
        with ledger.lock(SHOP.target, SHOP.resource):
            run = await start(ledger, record())
            await finish_export(ledger, other)
            await ledger.claim(run.id, [record()])
            await settle(ledger, run, 2)
            await end(ledger, run)
        assert (await finish_export(ledger, one)).status is RunStatus.COMPLETED


async def test_an_import_that_died_is_not_ended_by_an_export(ledger):
    run = await start(ledger, record())
    await ledger.claim(run.id, [record()])
    await ledger.begin_export(EXPORT)
    await settle(ledger, run, 2)
    assert (await end(ledger, run)).totals == Totals(read=1, succeeded=1)


async def test_an_export_that_died_is_ended_by_the_next_to_its_destination(ledger):
    dead = await ledger.begin_export(EXPORT)
    await ledger.begin_export(EXPORT)
    with pytest.raises(LedgerError, match="has ended as interrupted"):
        await finish_export(ledger, dead)
    assert (await ledger.run(dead.id)).reason == "The program ended without a word."


async def test_an_export_has_nothing_to_resume_or_retry(ledger):
    export = await finish_export(ledger, await ledger.begin_export(EXPORT), RunStatus.INTERRUPTED)
    for again in (ledger.take_up(export.id), ledger.begin(replace(SHOP, operation="retry", parent=export.id))):
        with pytest.raises(UsageError, match="is an export") as caught:
            await again
        assert caught.value.advice == "Run `bulk export products out.csv` again."


async def test_the_last_run_with_rows_is_no_export(ledger):
    run = await start(ledger, record())
    await end(ledger, run, RunStatus.PAUSED)
    export = await finish_export(ledger, await ledger.begin_export(EXPORT))
    assert (await ledger.run("last")).id == export.id
    assert (await ledger.run("last", exports=False)).id == run.id
    assert (await ledger.run(export.id, exports=False)).id == export.id
    assert [entry.row async for entry in ledger.entries("last")] == [2]
    assert (await ledger.take_up("last")).id == run.id


async def test_only_exports_are_written_as_exports_and_only_imports_as_imports(ledger, clock):
    export = await ledger.begin_export(EXPORT)
    with pytest.raises(LedgerError, match="is an export"):
        await ledger.enroll(export.id, [record()], [])
    with pytest.raises(LedgerError, match="is an export"):
        await end(ledger, export)
    run = await ledger.begin(SHOP)
    for wrong in (finish_export(ledger, run), ledger.learn(run.id, [], asked=clock())):
        with pytest.raises(LedgerError, match="is no export"):
            await wrong
    with pytest.raises(LedgerError, match="cannot begin as import"):
        await ledger.begin_export(SHOP)
    with pytest.raises(LedgerError, match="cannot finish as running"):
        await finish_export(ledger, export, RunStatus.RUNNING)


async def test_a_key_of_digits_is_no_remote_id_unless_the_rows_are_named_by_ids(ledger, clock):
    await read(ledger, clock, CHEAP, key="A", remote_id="1")
    run = await ledger.begin(SHOP)
    assert await ledger.known(SHOP.target, SHOP.resource, ["1"]) == {}
    assert await ledger.known(SHOP.target, SHOP.resource, ["1"], ids=True) == {"1": CHEAP}
    one = replace(record(2, "1"), by="sku")
    await ledger.enroll(run.id, [one], [])
    await ledger.seal(run.id)
    assert await ledger.claim(run.id, [one]) == {2: Claim()}
    assert await ledger.known(SHOP.target, SHOP.resource, ["A"]) == {"A": CHEAP}
    await ledger.settle(run.id, [Settlement(row=2, key="1", status=Status.NOT_TRIED)])
    await end(ledger, run)


@pytest.mark.parametrize(
    ("status", "touched", "known_again"),
    [
        (Status.NOT_TRIED, False, True),
        (Status.FAILED, False, True),
        (Status.FAILED, True, False),
        (Status.UNKNOWN, True, False),
    ],
)
async def test_what_was_known_is_known_again_where_nothing_was_written(ledger, clock, status, touched, known_again):
    await read(ledger, clock, CHEAP)
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [record()], [])
    await ledger.seal(run.id)
    claims = await ledger.claim(run.id, [record()])
    assert await ledger.known(SHOP.target, SHOP.resource, ["A"]) == {}
    fields = claims[2].known
    await ledger.settle(run.id, [Settlement(row=2, key="A", status=status, touched=touched, fields=fields)])
    await end(ledger, run)
    assert await ledger.known(SHOP.target, SHOP.resource, ["A"]) == ({"A": CHEAP} if known_again else {})


async def test_columns_that_were_forgiven_are_remembered_with_the_row(ledger):
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [record(2, "A", forgiven=("image_url",)), record(3, "B")], [])
    assert await ledger.forgiven(run.id, [2, 3, 4]) == {2: ["image_url"]}


async def test_a_row_that_was_found_invalid_is_not_claimed_even_if_it_looks_sound_now(ledger):
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [record(2, "A")], [Rejection(row=3, key="B", cells={}, violations=())])
    await ledger.seal(run.id)
    assert set(await ledger.claim(run.id, [record(2, "A"), record(3, "B")])) == {2}

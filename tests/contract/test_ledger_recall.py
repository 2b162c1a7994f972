"""Rows recognised by the cells they were read from: unchanged without a document, if that is what was last written."""

import pytest
from ledgers import EXPORT, OTHER, RED, SHOP, end, finish_export, read, record, settle, start, statuses, write
from msgspec.structs import replace

from bulk.errors import LedgerError
from bulk.model import Rejection, RunStatus, Sighting, Status, Totals, Violation

CELLS, EDITED = b"cells".ljust(16), b"edited".ljust(16)
ONE = record(2, "A", origin=CELLS)


async def recalled(ledger, *rows, instance=OTHER):
    """A run whose check is under way, and the rows that it recognises."""
    run = await ledger.begin(instance, fresh=True)
    return run, await ledger.recall(run.id, rows)


async def test_a_row_of_the_same_cells_is_unchanged_since_the_run_that_wrote_it(ledger):
    wrote = await write(ledger, ONE)
    run, found = await recalled(ledger, (7, "A", CELLS))
    assert set(found) == {7}
    sealed = await ledger.seal(run.id)
    assert sealed.totals == Totals(read=1, unchanged=1)
    assert await ledger.unchanged_since(run.id) == {wrote.id: 1}
    passages = await ledger.history("products", "A")
    assert [passage.entry.status for passage in passages] == [Status.SUCCEEDED, Status.UNCHANGED]


@pytest.mark.parametrize("row", [(7, "A", EDITED), (7, "B", CELLS)])
async def test_a_row_of_other_cells_or_of_another_key_is_not(ledger, row):
    await write(ledger, ONE)
    run, found = await recalled(ledger, row)
    assert (set(found), (await ledger.seal(run.id)).totals.read) == (set(), 0)


async def test_only_those_of_many_that_are_the_same_are_entered_in_whatever_order_they_were_written(ledger):
    many = [record(row, f"K{row % 7}{row}", f"{row}", origin=f"{row}".encode().ljust(16)) for row in range(2, 400)]
    run = await start(ledger, *many)
    await ledger.claim(run.id, many)
    await settle(ledger, run, *(one.row for one in many))
    await end(ledger, run)
    rows = [(one.row + 1, one.key, EDITED if one.row % 3 else one.origin) for one in many]
    again, found = await recalled(ledger, *rows)
    same = {one.row + 1 for one in many if not one.row % 3}
    assert set(found) == same
    assert await statuses(ledger, again) == dict.fromkeys(sorted(same), "unchanged")


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNKNOWN])
async def test_what_a_write_has_left_in_doubt_is_not_recognised(ledger, status):
    await write(ledger, ONE)
    await write(
        ledger, replace(ONE, digest=b"two".ljust(16), payload="two", origin=EDITED), status=status, touched=True
    )
    for cells in (CELLS, EDITED):
        run, found = await recalled(ledger, (2, "A", cells))
        assert not found
        await end(ledger, run)


async def test_a_row_in_flight_is_not_recognised(ledger):
    await write(ledger, ONE)
    run = await start(ledger, ONE, instance=OTHER, resend=True)
    await ledger.claim(run.id, [ONE])
    _, found = await recalled(ledger, (2, "A", CELLS), instance=SHOP)
    assert not found


async def test_a_record_that_was_deleted_is_not_recognised(ledger):
    await write(ledger, ONE)
    gone = await start(ledger, record(2, "A", "gone"), instance=replace(SHOP, operation="delete"))
    await ledger.claim(gone.id, [record(2, "A", "gone")])
    await settle(ledger, gone, 2)
    await end(ledger, gone)
    _, found = await recalled(ledger, (2, "A", CELLS))
    assert not found


async def test_a_record_that_was_read_since_is_not_recognised_for_only_its_fields_can_tell(ledger, clock):
    await write(ledger, ONE)
    await read(ledger, clock, RED)
    _, found = await recalled(ledger, (2, "A", CELLS))
    assert not found


async def test_a_record_that_was_only_ever_read_has_no_cells(ledger, clock):
    await read(ledger, clock, RED)
    _, found = await recalled(ledger, (2, "A", CELLS))
    assert not found


async def test_a_later_write_from_unknown_cells_is_not_taken_for_the_earlier_one(ledger):
    await write(ledger, ONE)
    await write(ledger, record(2, "A", "two"))
    _, found = await recalled(ledger, (2, "A", CELLS))
    assert not found


async def test_rows_that_turn_out_unchanged_are_recognised_by_their_new_cells_from_then_on(ledger):
    wrote = await write(ledger, ONE)
    run = await start(ledger, replace(ONE, origin=EDITED), instance=OTHER)
    assert (await end(ledger, run)).totals.unchanged == 1
    again, found = await recalled(ledger, (2, "A", EDITED))
    assert set(found) == {2}
    await ledger.seal(again.id)
    assert await ledger.unchanged_since(again.id) == {wrote.id: 1}


async def test_a_dry_run_recognises_and_teaches_nothing(ledger):
    dry = replace(OTHER, operation="dry-run")
    await write(ledger, ONE)
    run, found = await recalled(ledger, (2, "A", CELLS), instance=dry)
    assert set(found) == {2}
    await end(ledger, run)
    await end(ledger, await start(ledger, replace(ONE, origin=EDITED), instance=dry))
    _, found = await recalled(ledger, (2, "A", EDITED))
    assert not found


async def test_a_row_that_was_recognised_is_rejected_for_what_the_whole_source_tells(ledger):
    await write(ledger, ONE)
    run, _ = await recalled(ledger, (2, "A", CELLS))
    violation = Violation(row=2, column="sku", rule="duplicate_key", value="A", message="twice")
    twice = Rejection(row=2, key="A", cells={"sku": "A"}, violations=(violation,))
    await ledger.reject(run.id, [twice])
    assert (await ledger.seal(run.id)).totals == Totals(read=1, invalid=1)
    assert await ledger.unchanged_since(run.id) == {}


async def test_what_is_unchanged_cannot_be_rejected_once_that_is_sealed(ledger):
    await write(ledger, ONE)
    run, _ = await recalled(ledger, (2, "A", CELLS))
    await ledger.seal(run.id)
    with pytest.raises(LedgerError):
        await ledger.reject(run.id, [Rejection(row=2, key="A", cells={}, violations=())])


async def test_a_run_that_ends_before_its_seal_has_not_tried_what_it_recognised_and_forgets_it_when_taken_up(ledger):
    await write(ledger, ONE)
    run, _ = await recalled(ledger, (2, "A", CELLS))
    ended = await end(ledger, run, RunStatus.INTERRUPTED)
    assert ended.totals == Totals(read=1, not_tried=1)
    assert (await ledger.take_up(run.id)).totals.read == 0


async def test_nothing_is_recognised_in_a_check_that_is_over_and_no_row_twice(ledger):
    await write(ledger, ONE)
    run, _ = await recalled(ledger, (2, "A", CELLS))
    with pytest.raises(LedgerError):
        await ledger.recall(run.id, [(2, "A", CELLS)])
    await ledger.seal(run.id)
    with pytest.raises(LedgerError):
        await ledger.recall(run.id, [(3, "A", CELLS)])


async def test_pending_are_the_rows_that_are_still_to_be_sent_within_a_span(ledger):
    some = [record(row, f"K{row}", f"{row}") for row in range(2, 8)]
    run = await start(ledger, *some)
    await ledger.reject(run.id, [Rejection(row=3, key="K3", cells={}, violations=())])
    await ledger.claim(run.id, some)
    await settle(ledger, run, 4)
    await settle(ledger, run, 5, status=Status.UNKNOWN)
    await settle(ledger, run, 6, status=Status.NOT_TRIED)
    assert set(await ledger.pending(run.id, 0, 99)) == {2, 5, 6, 7}
    assert set(await ledger.pending(run.id, 3, 6)) == {5, 6}


async def test_an_export_under_way_does_not_make_what_was_recognised_untrue(ledger, clock):
    """What it read may be older than what was written: it is not noted while a run is under way."""
    await write(ledger, ONE)
    export = await ledger.begin_export(EXPORT)
    with ledger.lock(SHOP.target, SHOP.resource):
        run, found = await recalled(ledger, (2, "A", CELLS))
        assert set(found) == {2}
        sighting = Sighting(key="A", remote_id="1", fields=RED)
        assert not await ledger.learn(export.id, [sighting], asked=clock())
        assert (await ledger.seal(run.id)).totals.unchanged == 1
    await finish_export(ledger, export)

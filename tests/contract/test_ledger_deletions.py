"""What every ledger promises about records that are deleted, shown over a file and in memory."""

import pytest
from ledgers import CHEAP, DEAR, SHOP, end, known, read, record, settle, start, statuses, write
from msgspec.structs import replace

from bulk.model import Instance, Run, RunStatus, Settlement, Status

DELETION = replace(SHOP, operation="delete", sha256="keys")


def key(row: int = 2, name: str = "A"):
    """A row that names a record to delete."""
    return record(row, name, "key only")


async def delete(
    ledger, *keys, status: Status = Status.SUCCEEDED, instance: Instance = DELETION, **more: object
) -> Run:
    """A run that deletes; the API gives back the ids that it knows."""
    run = await start(ledger, *keys, instance=instance)
    claims = await ledger.claim(run.id, keys)
    await ledger.settle(
        run.id,
        [Settlement(row=one.row, key=one.key, status=status, fields=claims[one.row].known, **more) for one in keys],
    )
    return await end(ledger, run)


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.UNCHANGED], ids=["deleted", "not there"])
async def test_nothing_is_known_of_a_deleted_record_so_that_its_row_is_sent_again(ledger, status):
    await write(ledger)
    assert await known(ledger, "A") == {"A": CHEAP}
    await delete(ledger, key(), status=status)
    assert await known(ledger, "A") == {}
    again = await start(ledger, record())
    assert await statuses(ledger, again) == {2: "not_tried"}
    assert (await ledger.claim(again.id, [record()]))[2].known is None


async def test_a_record_that_is_deleted_and_written_again_is_known_again(ledger):
    await write(ledger)
    await delete(ledger, key())
    await write(ledger, fields=DEAR)
    assert await known(ledger, "A") == {"A": DEAR}
    assert await statuses(ledger, await start(ledger, record())) == {2: "unchanged"}


async def test_a_second_deletion_is_sent_as_well(ledger):
    await delete(ledger, key())
    assert await statuses(ledger, await start(ledger, key(), instance=DELETION)) == {2: "not_tried"}


async def test_a_record_that_an_export_reads_after_its_deletion_is_known(ledger, clock):
    await write(ledger)
    await delete(ledger, key())
    await read(ledger, clock, DEAR)
    assert await known(ledger, "A") == {"A": DEAR}


async def test_a_deletion_that_was_refused_leaves_what_was_known(ledger):
    await write(ledger)
    await delete(ledger, key(), status=Status.FAILED)
    assert await known(ledger, "A") == {"A": CHEAP}
    assert await statuses(ledger, await start(ledger, record())) == {2: "unchanged"}


@pytest.mark.parametrize("fate", ["unknown", "killed"])
async def test_after_a_deletion_of_which_nobody_knows_nothing_is_known(ledger, fate):
    await write(ledger)
    if fate == "unknown":
        await delete(ledger, key(), status=Status.UNKNOWN, touched=True)
    else:
        run = await start(ledger, key(), instance=DELETION)
        await ledger.claim(run.id, [key()])
        await end(ledger, run, RunStatus.INTERRUPTED)
    assert await known(ledger, "A") == {}
    assert await statuses(ledger, await start(ledger, record())) == {2: "not_tried"}


async def test_a_dry_run_of_a_deletion_forgets_nothing(ledger):
    await write(ledger)
    await end(ledger, await start(ledger, key(), instance=replace(DELETION, operation="dry-run")))
    assert await known(ledger, "A") == {"A": CHEAP}


async def test_a_deletion_by_remote_id_makes_the_record_unknown_by_its_key(ledger):
    await write(ledger, remote_id="17")
    await delete(ledger, key(name="17"), remote_id="17")
    assert await known(ledger, "A", "17") == {}
    assert await statuses(ledger, await start(ledger, record())) == {2: "not_tried"}


async def test_a_deletion_by_key_makes_the_record_unknown_by_its_remote_id(ledger):
    await write(ledger, remote_id="17")
    await write(ledger, record(2, "17"), remote_id="17")
    await delete(ledger, key(), remote_id="17")
    assert await known(ledger, "A", "17") == {}


async def failed_import(ledger) -> Run:
    run = await start(ledger, record())
    await ledger.claim(run.id, [record()])
    await settle(ledger, run, 2, status=Status.FAILED, cells={"sku": "A"})
    return await end(ledger, run)


async def test_a_retry_does_not_bring_back_what_another_run_has_deleted_since(ledger):
    parent = await failed_import(ledger)
    await delete(ledger, key())
    run = await start(ledger, record(), instance=replace(SHOP, operation="retry", parent=parent.id))
    ((entry),) = [entry async for entry in ledger.entries(run.id)]
    assert (entry.status, entry.code) == (Status.INVALID, "superseded")
    assert "has deleted A" in entry.message


async def test_a_retry_of_a_deletion_does_not_delete_what_another_run_has_written_since(ledger):
    parent = await delete(ledger, key(), status=Status.FAILED)
    await write(ledger)
    run = await start(ledger, key(), instance=replace(DELETION, parent=parent.id))
    assert await statuses(ledger, run) == {2: "invalid"}


async def test_a_retry_of_a_deletion_forgets_what_it_deletes(ledger):
    await write(ledger)
    parent = await delete(ledger, key(), status=Status.FAILED)
    await delete(ledger, key(), instance=replace(DELETION, parent=parent.id))
    assert await known(ledger, "A") == {}


async def test_an_unfinished_import_is_not_continued_after_a_deletion(ledger):
    first = await end(ledger, await start(ledger, record(), record(3, "B")), RunStatus.PAUSED)
    await delete(ledger, key())
    assert (await ledger.begin(SHOP)).id != first.id


async def test_an_export_does_not_learn_while_a_deletion_is_under_way(ledger, clock):
    asked = clock()
    await delete(ledger, key())
    assert await ledger.written_since(SHOP.target, SHOP.resource, asked)

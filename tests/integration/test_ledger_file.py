"""The ledger as a file: who may read it, what is refused, readers beside writers, callers who go away."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock
from msgspec.structs import replace

from bulk.errors import LedgerError, UsageError
from bulk.ledger import SqliteLedger
from bulk.ledger.migrations import APPLICATION
from bulk.model import Instance, Record, RunStatus, Settlement, Status, Totals, Traffic

SHOP = Instance(resource="luminous.products", operation="import", target="https://shop.example", source="a", sha256="a")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def record(row: int) -> Record:
    return Record(row=row, key=f"SKU-{row}", payload="{}", digest=row.to_bytes(16, "big"))


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def refusal(path, **options) -> LedgerError:
    with pytest.raises(LedgerError) as caught:
        async with SqliteLedger(path, **options):
            pass
    assert str(path) in str(caught.value)
    assert caught.value.advice
    return caught.value


async def test_file_and_folder_are_made_for_their_owner_only(tmp_path):
    path = tmp_path / "state" / "ledger.db"
    async with SqliteLedger(path) as ledger:
        await ledger.begin(SHOP)
        with ledger.lock("target", "resource"):
            made = {file.name: mode(file) for file in path.parent.iterdir()}
    assert mode(path.parent) == 0o700
    assert {"ledger.db", "ledger.db-wal"} < set(made)
    assert set(made.values()) == {0o600}


async def test_what_was_written_is_there_when_the_file_is_opened_again(path):
    async with SqliteLedger(path) as ledger:
        run = await ledger.begin(SHOP)
        await ledger.enroll(run.id, [record(2)], [])
        sealed = await ledger.seal(run.id)
    async with SqliteLedger(path) as ledger:
        assert (await ledger.run("last")).totals == sealed.totals == Totals(read=1, not_tried=1)


async def test_the_file_is_kept_safe_against_power_loss(path):
    async with SqliteLedger(path):
        beside = sqlite3.connect(path)
        assert beside.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        beside.close()


async def test_a_folder_is_no_ledger(tmp_path):
    assert "cannot be opened" in str(await refusal(tmp_path))


async def test_a_path_through_a_file_is_no_ledger(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot be used"):
        await SqliteLedger(tmp_path / "file" / "ledger.db").__aenter__()


async def test_a_file_that_is_no_database_is_refused_and_left_alone(path):
    path.write_bytes(b"sku,name\n007,James\n" * 100)
    before = path.read_bytes()
    assert "is not a ledger" in str(await refusal(path))
    assert path.read_bytes() == before


async def test_the_database_of_another_program_is_refused_and_left_alone(path):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url)")
    other.close()
    before = path.read_bytes()
    assert "another program" in str(await refusal(path))
    assert path.read_bytes() == before


async def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(path):
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA application_id = {APPLICATION}")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    before = path.read_bytes()
    assert "newer version of bulk (schema 99" in str(await refusal(path))
    assert path.read_bytes() == before


async def test_a_damaged_ledger_says_so(path):
    async with SqliteLedger(path) as ledger:
        run = await ledger.begin(SHOP)
        await ledger.enroll(run.id, [record(row) for row in range(2, 2000)], [])
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * len(content[8192:])
    path.write_bytes(content)
    async with SqliteLedger(path) as ledger:
        with pytest.raises(LedgerError, match="is damaged") as caught:
            await anext(ledger.entries(run.id))
    assert "backup" in caught.value.advice


async def test_a_ledger_locked_by_another_program_is_waited_for_but_not_for_ever(path):
    async with SqliteLedger(path, patience=0.05) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="locked by another program"):
            await ledger.begin(SHOP)
        other.execute("ROLLBACK")
        other.close()
        assert (await ledger.begin(SHOP)).status is RunStatus.RUNNING


async def test_who_waits_for_another_program_says_so_and_goes_on_once_it_is_done(path):
    told = []

    def give_way(event):
        told.append(event.message)
        other.execute("ROLLBACK")

    async with SqliteLedger(path, silent=0.01, listener=give_way) as ledger:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert (await ledger.begin(SHOP)).status is RunStatus.RUNNING
    assert told == [f"the ledger {path} is locked by another program; waiting up to 60 s for it"]


async def test_who_cannot_open_a_ledger_that_is_locked_says_so_before_giving_up(path):
    told = []
    async with SqliteLedger(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        refused = await refusal(path, patience=0.05, silent=0.01, listener=told.append)
    assert "is locked by another program" in str(refused)
    assert [event.kind for event in told] == ["note"]


async def test_who_waits_for_a_program_that_is_opening_a_ledger_says_so_too(path):
    told = []
    with FileLock(path.with_name("ledger.db.lock")):
        refused = await refusal(path, patience=0.05, silent=0.01, listener=told.append)
    assert "is being opened by another program" in str(refused)
    assert len(told) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="no other system has a folder in which nobody can make a file")
async def test_a_ledger_where_no_file_can_be_made_is_not_said_to_be_in_use():
    refused = await refusal(Path("/proc/ledger.db"), patience=0.05)
    assert "No such file or directory" in str(refused)
    assert "another program" not in str(refused)


async def test_a_ledger_below_a_file_is_no_matter_of_rights(tmp_path):
    (tmp_path / "file").touch()
    refused = await refusal(tmp_path / "file" / "ledger.db")
    assert "folder that can be written" in refused.advice
    assert "right" not in refused.advice


async def test_a_step_for_which_there_is_no_room_is_undone_whole(path):
    """The limit on the size of a file stands in for a full disk."""
    child = """
        import asyncio, resource, sys
        from pathlib import Path
        from bulk.errors import LedgerError
        from bulk.ledger import SqliteLedger
        from bulk.model import Instance, Record

        async def main():
            shop = Instance(resource="r", operation="import", target="t", source="a", sha256="a")
            async with SqliteLedger(Path(sys.argv[1])) as ledger:
                run = await ledger.begin(shop)
                await ledger.enroll(run.id, [Record(row=1, key="k", payload="", digest=b"d")], [])
                resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
                many = [Record(row=row, key="k" * 100, payload="", digest=b"d") for row in range(2, 20_000)]
                try:
                    await ledger.enroll(run.id, many, [])
                except LedgerError as error:
                    print(error)
                resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                print((await ledger.seal(run.id)).totals)

        asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(child), os.fspath(path)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    error, totals = done.stdout.splitlines()
    assert "the disk" in error
    assert totals == str(Totals(read=1, not_tried=1))


async def test_a_cancelled_caller_leaves_a_step_whole_or_undone(path):
    async with SqliteLedger(path) as ledger:
        run = await ledger.begin(SHOP)
        await ledger.enroll(run.id, [record(row) for row in range(1, 2001)], [])
        await ledger.seal(run.id)
        groups = [range(first, first + 100) for first in range(1, 2001, 100)]
        tasks = [asyncio.create_task(ledger.claim(run.id, [record(row) for row in rows])) for rows in groups]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        done = await ledger.finish(run.id, RunStatus.INTERRUPTED, seconds=0, traffic=Traffic(), exit_code=130)
        assert done.totals.unknown >= 100
        found = {entry.row: entry.status async for entry in ledger.entries(run.id)}
        for rows in groups:
            assert len({found[row] for row in rows}) == 1


async def test_leaving_waits_for_what_was_submitted(path):
    async with SqliteLedger(path) as ledger:
        run = await ledger.begin(SHOP)
        waiting = asyncio.create_task(ledger.enroll(run.id, [record(row) for row in range(1, 5001)], []))
        await asyncio.sleep(0)
    await waiting
    async with SqliteLedger(path) as ledger:
        assert (await ledger.run(run.id)).totals.read == 5000


async def test_reading_goes_on_while_rows_are_written_and_sees_every_row_once(path):
    async with SqliteLedger(path) as ledger:
        run = await ledger.begin(SHOP)
        rows = list(range(1, 3001))
        await ledger.enroll(run.id, [record(row) for row in rows], [])
        await ledger.seal(run.id)
        seen = []
        async for entry in ledger.entries(run.id):
            seen.append(entry.row)
            if entry.row % 500 == 0:
                group = rows[entry.row - 500 : entry.row]
                await ledger.claim(run.id, [record(row) for row in group])
                await ledger.settle(
                    run.id, [Settlement(row=row, key=f"SKU-{row}", status=Status.SUCCEEDED) for row in group]
                )
        assert seen == rows
        assert (await ledger.run(run.id)).totals.succeeded == 3000


async def test_a_reader_does_not_wait_for_a_writer_of_another_process(path):
    async with SqliteLedger(path, patience=0.05) as ledger:
        run = await ledger.begin(SHOP)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE run SET reason = 'half done'")
        assert (await ledger.run(run.id)).reason is None
        other.execute("ROLLBACK")
        other.close()


async def test_an_instance_is_stored_as_it_was_told(path):
    told = replace(SHOP, source="products.csv", options='{"match_by": "sku"}')
    async with SqliteLedger(path) as ledger:
        await ledger.begin(told)
    async with SqliteLedger(path) as ledger:
        assert (await ledger.run("last")).instance == told


async def lose_a_row(ledger: SqliteLedger, path) -> str:
    """A run that died, and one of whose rows a broken disk has lost since."""
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [record(row) for row in (2, 3)], [])
    await ledger.seal(run.id)
    await ledger.claim(run.id, [record(2)])
    beside = sqlite3.connect(path)
    beside.execute("DELETE FROM entry WHERE row = 3")
    beside.commit()
    beside.close()
    with pytest.raises(LedgerError, match="do not close"):
        await ledger.finish(run.id, RunStatus.COMPLETED, seconds=0, traffic=Traffic(), exit_code=0)
    return run.id


@pytest.mark.parametrize("sha256", ["a", "another file"])
async def test_a_dead_run_whose_totals_do_not_close_is_stopped_and_keeps_nobody_from_loading(path, sha256):
    async with SqliteLedger(path) as ledger:
        lost = await lose_a_row(ledger, path)
        new = await ledger.begin(replace(SHOP, sha256=sha256))
        assert (new.id != lost, new.continued, new.status) == (True, False, RunStatus.RUNNING)
        dead = await ledger.run(lost)
        assert (dead.status, dead.totals) == (RunStatus.STOPPED, Totals(read=2, unknown=1))
        assert "totals do not close" in dead.reason


async def test_a_run_whose_totals_do_not_close_is_not_taken_up(path):
    async with SqliteLedger(path) as ledger:
        lost = await lose_a_row(ledger, path)
        with pytest.raises(UsageError, match=r"cannot be resumed.*do not close") as caught:
            await ledger.take_up(lost)
        assert "Import" in caught.value.advice

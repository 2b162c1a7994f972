"""Processes that are killed, and processes that share one ledger."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections import Counter
from contextlib import ExitStack, contextmanager

import pytest
from msgspec.structs import replace

from bulk.errors import LockedError
from bulk.ledger import SqliteLedger
from bulk.model import Instance, Record, RunStatus, Status, Totals, Traffic

SHOP = Instance(resource="products", operation="import", target="https://shop.example", source="a.csv", sha256="a")
ROWS = 1000
RECORDS = [Record(row=row, key=f"SKU-{row}", payload="", digest=row.to_bytes(16, "big")) for row in range(1, ROWS + 1)]
GROUP = 100

PRELUDE = """
import asyncio, os, signal, sys
from collections.abc import Mapping
from pathlib import Path
from bulk.ledger import SqliteLedger
from bulk.model import Instance, Record, Rejection, RunStatus, Settlement, Status, Traffic

path, resource = Path(sys.argv[1]), sys.argv[2]
shop = Instance(resource=resource, operation="import", target="https://shop.example", source="a.csv", sha256="a")
records = [Record(row=row, key=f"SKU-{row}", payload="", digest=row.to_bytes(16, "big")) for row in range(1, 1001)]


def say(*words):
    print(*words, flush=True)


class Deadly(Mapping):
    "Cells whose reader is killed at that moment, in the middle of the transaction."

    def __getitem__(self, key):
        raise KeyError(key)

    def __iter__(self):
        os.kill(os.getpid(), signal.SIGKILL)
        return iter(())

    def __len__(self):
        return 1


def settled(rows, **more):
    return [Settlement(row=row, key=f"SKU-{row}", status=Status.SUCCEEDED, attempts=1, **more) for row in rows]


async def prepared(ledger):
    run = await ledger.begin(shop)
    await ledger.enroll(run.id, records, [])
    await ledger.seal(run.id)
    return run.id
"""


@contextmanager
def child(program: str, path, resource: str = SHOP.resource):
    """A process that runs the program; it is dead when the context is left."""
    code = PRELUDE + textwrap.dedent(program) + "\nasyncio.run(main())\n"
    process = subprocess.Popen(
        [sys.executable, "-c", code, os.fspath(path), resource],
        stdin=subprocess.PIPE,  # a child that reads from it waits until it is killed, or it is closed
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines_until(process, last: str) -> list[str]:
    """What the child says, up to and including the line `last`, upon which it is killed."""
    said = []
    for line in process.stdout:
        said.append(line.strip())
        if said[-1] == last:
            break
    else:
        pytest.fail(f"never said {last!r}: {process.stderr.read()}")
    process.send_signal(signal.SIGKILL)
    said.extend(line.strip() for line in process.stdout)
    process.wait()
    return said


def assert_sound(path) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


async def by_status(ledger: SqliteLedger, run: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    async for entry in ledger.entries(run):
        found.setdefault(str(entry.status), []).append(entry.row)
    return found


LOADS = """
async def main():
    async with SqliteLedger(path) as ledger:
        with ledger.lock(shop.target, shop.resource):
            run = await prepared(ledger)
            say("prepared")
            for first in range(1, 1001, 100):
                rows = list(range(first, first + 100))
                say("claiming", first)
                await ledger.claim(run, records[first - 1 : first + 99])
                say("claimed", first)
                say("settling", first)
                await ledger.settle(run, settled(rows))
                say("settled", first)
            sys.stdin.read()
            await ledger.finish(run, RunStatus.COMPLETED, seconds=1, traffic=Traffic(), exit_code=0)
            say("finished")
"""


@pytest.mark.parametrize("moment", ["prepared", "claiming 301", "claimed 301", "settling 501", "settled 901"])
async def test_a_run_killed_at_any_moment_is_continued_with_nothing_lost(tmp_path, moment):
    path = tmp_path / "ledger.db"
    with child(LOADS, path) as process:
        said = lines_until(process, moment)
    assert_sound(path)
    claimed = {int(line.split()[1]) for line in said if line.startswith("claimed")}
    acknowledged = {int(line.split()[1]) for line in said if line.startswith("settled")}
    async with SqliteLedger(path) as ledger:
        before = await ledger.run("last")
        assert before.status is RunStatus.INTERRUPTED
        run = await ledger.begin(SHOP)
        found = await by_status(ledger, run.id)
        assert Counter(row for rows in found.values() for row in rows) == Counter(range(1, ROWS + 1))
        for status, rows in found.items():
            groups = {
                first: len([row for row in rows if first <= row < first + GROUP]) for first in range(1, ROWS, GROUP)
            }
            assert set(groups.values()) <= {0, GROUP}, status
        for first in acknowledged:
            assert first in found["succeeded"]
        for first in claimed:
            assert first not in found.get("not_tried", [])
        ours = await ledger.claim(run.id, RECORDS)
        assert {row for row, claim in ours.items() if claim.repeated} == set(found.get("unknown", []))
        assert {row for row, claim in ours.items() if not claim.repeated} == set(found.get("not_tried", []))
        done = await ledger.finish(run.id, RunStatus.STOPPED, seconds=1, traffic=Traffic(), exit_code=4)
        assert done.totals.closes


SETTLES = "await ledger.settle(run, settled(range(1, 101)) + settled([101], cells=Deadly()))"
REJECTS = """
                await ledger.reject(run, [
                    Rejection(row=row, key=None, cells=Deadly() if row == 990 else {}, violations=())
                    for row in range(901, 1001)
                ])
"""


@pytest.mark.parametrize("step", [SETTLES, REJECTS], ids=["settle", "reject"])
async def test_a_step_killed_in_the_middle_was_never_begun(tmp_path, step):
    path = tmp_path / "ledger.db"
    program = f"""
        async def main():
            async with SqliteLedger(path) as ledger:
                run = await prepared(ledger)
                await ledger.claim(run, records[:200])
                {step.strip()}
                say("survived")
    """
    with child(program, path) as process:
        assert await asyncio.to_thread(process.stdout.read) == ""
        assert process.wait() == -signal.SIGKILL
    assert_sound(path)
    async with SqliteLedger(path) as ledger:
        run = await ledger.begin(SHOP)
        assert {status: len(rows) for status, rows in (await by_status(ledger, run.id)).items()} == {
            "unknown": 200,
            "not_tried": 800,
        }


async def test_checking_killed_in_the_middle_begins_anew(tmp_path):
    path = tmp_path / "ledger.db"
    program = """
        async def main():
            async with SqliteLedger(path) as ledger:
                run = await ledger.begin(shop)
                await ledger.enroll(run.id, records[:500], [])
                await ledger.enroll(run.id, records[500:], [Rejection(row=2000, key=None, cells=Deadly(), violations=())])
    """
    with child(program, path) as process:
        assert await asyncio.to_thread(process.wait) == -signal.SIGKILL
    assert_sound(path)
    async with SqliteLedger(path) as ledger:
        assert (await ledger.run("last")).totals == Totals(read=500, not_tried=500)
        again = await ledger.begin(SHOP)
        assert (again.continued, again.checked, again.totals) == (True, False, Totals())


async def test_a_lock_is_free_again_when_its_holder_is_killed(tmp_path):
    path = tmp_path / "ledger.db"
    program = """
        async def main():
            async with SqliteLedger(path) as ledger:
                with ledger.lock(shop.target, shop.resource):
                    await ledger.begin(shop)
                    say("held")
                    sys.stdin.read()
    """
    async with SqliteLedger(path) as ledger:
        with child(program, path) as process:
            assert process.stdout.readline() == "held\n"
            with pytest.raises(LockedError, match=rf"process {process.pid} since \d{{4}}-"):
                ledger.lock(SHOP.target, SHOP.resource).__enter__()
            assert (await ledger.run("last")).status is RunStatus.RUNNING
            with pytest.raises(LockedError, match="under way"):
                await ledger.begin(SHOP)
            with pytest.raises(LockedError, match="under way"):
                await ledger.take_up("last")
        assert (await ledger.run("last")).status is RunStatus.INTERRUPTED
        with ledger.lock(SHOP.target, SHOP.resource):
            assert (await ledger.begin(SHOP)).continued


async def test_an_export_of_another_process_is_under_way_until_it_is_killed(tmp_path):
    path = tmp_path / "ledger.db"
    program = """
        from msgspec.structs import replace
        out = replace(shop, operation="export", source="out.csv", sha256="")

        async def main():
            async with SqliteLedger(path) as ledger:
                with ledger.lock(out.target, out.lock_name):
                    await ledger.begin_export(out)
                    say("held")
                    sys.stdin.read()
    """
    export = replace(SHOP, operation="export", source="out.csv", sha256="")
    async with SqliteLedger(path) as ledger:
        with child(program, path) as process:
            assert process.stdout.readline() == "held\n"
            with pytest.raises(LockedError, match=rf"products export out.csv .* process {process.pid} since"):
                ledger.lock(export.target, export.lock_name).__enter__()
            with ledger.lock(SHOP.target, SHOP.resource):
                await ledger.begin(SHOP)
            await ledger.begin_export(replace(export, source="elsewhere.csv"))
            other = await ledger.begin_export(export)
            *_, first = await ledger.runs()
            assert first.status is RunStatus.RUNNING
        assert (await ledger.run(first.id)).status is RunStatus.INTERRUPTED
        await ledger.begin_export(export)
        assert (await ledger.run(first.id)).reason == (await ledger.run(other.id)).reason is not None


async def test_several_processes_open_and_write_one_new_ledger_at_once(tmp_path):
    path = tmp_path / "ledger.db"
    resources = ["products", "channels", "prices"]
    with ExitStack() as stack:
        children = [stack.enter_context(child(LOADS, path, resource)) for resource in resources]
        for process in children:
            out, err = await asyncio.to_thread(process.communicate)
            assert (process.returncode, err) == (0, "")
            assert out.endswith("finished\n")
    assert_sound(path)
    async with SqliteLedger(path) as ledger:
        runs = await ledger.runs()
        assert sorted(run.instance.resource for run in runs) == sorted(resources)
        assert {run.totals for run in runs} == {Totals(read=ROWS, succeeded=ROWS)}
        assert len({run.id for run in runs}) == len(resources)


async def test_what_a_killed_run_had_claimed_is_not_called_unchanged_by_the_next(tmp_path):
    path = tmp_path / "ledger.db"
    with child(LOADS, path) as process:
        await asyncio.to_thread(process.communicate)
    killed = """
        async def main():
            async with SqliteLedger(path) as ledger:
                run = await ledger.begin(shop)
                await ledger.enroll(run.id, records, [])
                await ledger.seal(run.id, resend=True)
                await ledger.claim(run.id, records[:3])
                os.kill(os.getpid(), signal.SIGKILL)
    """
    with child(killed, path) as process:
        await asyncio.to_thread(process.wait)
    program = """
        async def main():
            async with SqliteLedger(path) as ledger:
                run = await ledger.begin(shop, fresh=True)
                await ledger.enroll(run.id, records, [])
                say((await ledger.seal(run.id)).totals.not_tried)
    """
    with child(program, path) as process:
        assert await asyncio.to_thread(process.stdout.read) == "3\n"
    async with SqliteLedger(path) as ledger:
        last = await ledger.run("last")
        waiting = [entry.row async for entry in ledger.entries(last.id, statuses=[Status.NOT_TRIED])]
        assert json.dumps(waiting) == "[1, 2, 3]"

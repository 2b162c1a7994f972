"""Ledgers written by an older version: brought up to date whole or not at all, and nothing of them is forgotten."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from bulk.ledger import SqliteLedger
from bulk.ledger.migrations import APPLICATION, VERSION
from bulk.ledger.sql import statements
from bulk.model import Instance, Record, Status, Totals

SHOP = Instance(resource="products", operation="import", target="https://shop.example", source="a.csv", sha256="a")

WRITTEN = """
INSERT INTO place VALUES (1, 'https://shop.example', 'products');
INSERT INTO run (number, id, place, operation, source, sha256, options, status, checked, started_at, finished_at,
    enrolled, succeeded, created, failed, exit_code)
VALUES (1, '20261101-060000-0001', 1, 'import', 'a.csv', 'a', '', 'completed', 1, 100, 200, 3, 2, 1, 1, 3);
INSERT INTO entry (run, row, key, digest, status, outcome, attempts, code, remote_id, finished_at)
VALUES (1, 2, 'A', x'0a', 'succeeded', 'created', 1, NULL, '17', 150),
    (1, 3, 'B', x'0b', 'succeeded', NULL, 1, NULL, NULL, 150),
    (1, 4, 'C', x'0c', 'failed', NULL, 2, 'http_422', NULL, 150);
INSERT INTO detail VALUES (1, 4, 'no', 'answer', '{"sku": "C"}');
INSERT INTO violation VALUES (1, 4, 0, 'price', 'api', '-1', 'no', NULL);
INSERT INTO known VALUES (1, 'A', x'0a', 1, 1, 150, '17'), (1, 'B', x'0b', 1, 1, 150, NULL), (1, 'D', x'0d', 0, 1, 1, '9');
"""


@pytest.fixture
def path(tmp_path):
    """A ledger as version 1 left it."""
    path = tmp_path / "ledger.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(statements("schema.sql")["1"] + WRITTEN)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    return path


def content(path) -> tuple[int, list[str]]:
    """The version of a ledger, and all that it holds."""
    connection = sqlite3.connect(path)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    dump = list(connection.iterdump())
    connection.close()
    return version, dump


async def test_what_an_older_version_wrote_is_still_known(path):
    async with SqliteLedger(path) as ledger:
        old = await ledger.run("last")
        assert old.totals == Totals(read=3, succeeded=2, created=1, failed=1)
        found = [entry async for entry in ledger.entries(old.id, cells=True)]
        assert [(entry.row, entry.key, entry.status) for entry in found] == [
            (2, "A", Status.SUCCEEDED),
            (3, "B", Status.SUCCEEDED),
            (4, "C", Status.FAILED),
        ]
        assert (found[2].message, found[2].cells, found[2].violations[0].column) == ("no", {"sku": "C"}, "price")
        run = await ledger.begin(SHOP)
        again = [Record(row=n, key=key, payload="", digest=bytes([10 + n])) for n, key in enumerate("ABCD")]
        await ledger.enroll(run.id, again, [])
        assert (await ledger.seal(run.id)).totals == Totals(read=4, unchanged=2, not_tried=2)
        assert await ledger.unchanged_since(run.id) == {old.id: 2}
        assert await ledger.known(run.instance.target, run.instance.resource, ["A", "B", "17"]) == {}
    assert content(path)[0] == VERSION


async def test_a_migrated_ledger_has_the_tables_of_a_new_one(path, tmp_path):
    async with SqliteLedger(path), SqliteLedger(tmp_path / "new.db"):
        pass

    def tables(file):
        connection = sqlite3.connect(file)
        found = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        connection.close()
        return found

    assert tables(path) == tables(tmp_path / "new.db")


STEPS = [step.strip() for step in statements("schema.sql")["2"].split(";\n") if step.strip()]


@pytest.mark.parametrize("killed_at", [*range(1, len(STEPS) + 1, 3), len(STEPS), "PRAGMA user_version = ", "COMMIT"])
async def test_a_migration_that_is_killed_leaves_the_older_version_whole(path, killed_at):
    before = content(path)
    child = """
        import os, signal, sqlite3, sys
        from bulk.ledger.migrations import migrate
        from bulk.ledger.sql import statements

        steps = [step.strip() for step in statements("schema.sql")["2"].split(";\\n") if step.strip()]
        fatal = steps[int(sys.argv[2]) - 1].splitlines()[-1] if sys.argv[2].isdigit() else sys.argv[2]

        def watch(statement):
            if fatal in statement:
                os.kill(os.getpid(), signal.SIGKILL)

        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.set_trace_callback(watch)
        migrate(connection, "test")
    """
    command = [sys.executable, "-c", textwrap.dedent(child), os.fspath(path), f"{killed_at}"]
    killed = await asyncio.to_thread(subprocess.run, command, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert content(path) == before
    async with SqliteLedger(path) as ledger:
        assert (await ledger.run("last")).totals.read == 3

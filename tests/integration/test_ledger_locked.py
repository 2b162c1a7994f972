"""A ledger that another program locks in mid-run, for longer than anybody waits: a clear word, and a run that goes on."""

import sqlite3
from contextlib import AsyncExitStack, closing

import pytest

from bulk.access import Access, Politeness
from bulk.contracts import ReadOptions
from bulk.errors import LedgerError
from bulk.formats import open_source
from bulk.jobs.check.reading import Reading
from bulk.jobs.guards import Guards, Stop
from bulk.ledger import SqliteLedger
from bulk.loading import IMPORT, Loader, Work
from bulk.settings import Configuration

ROWS = 1000


async def load(desk, source, listener, patience):
    """An import whose ledger waits so long for other programs."""
    async with AsyncExitStack() as stack:
        ledger = await stack.enter_async_context(SqliteLedger(desk.ledger, patience=patience))
        access = Access(
            Configuration(folder=desk.folder, user=desk.folder / "none.toml"),
            Politeness(concurrency=16),
            sandbox=False,
            clock=desk.clock(),
            listener=listener,
            ledger=ledger,
            stack=stack,
        )
        read = ReadOptions()
        opened = stack.enter_context(closing(open_source(str(source), read)))
        work = Work(resource="luminous.products", source=opened, read=read, reading=Reading(), operation=IMPORT)
        return await Loader(access, ledger, listener).run(work, Guards(), Stop())


@pytest.mark.parametrize("moment", ["checking", "checked", "settled"])
async def test_a_ledger_locked_in_mid_run_ends_it_with_78_and_nothing_was_sent_that_is_not_recorded(
    luminous, desk, catalog, moment
):
    source = catalog(ROWS)
    async with AsyncExitStack() as stack:

        def lock(event):
            if event.kind == moment and not locked:
                other = stack.enter_context(closing(sqlite3.connect(desk.ledger, isolation_level=None)))
                other.execute("BEGIN EXCLUSIVE")
                locked.append(other)

        locked = []
        with pytest.raises(LedgerError, match="is locked by another program") as caught:
            await load(desk, source, lock, patience=0.05)
        assert caught.value.exit_code == 78
        assert caught.value.advice == "Wait until the other program is done with it, or name another ledger."
        assert any("Nor could the run be ended" in note for note in caught.value.__notes__)
        entries = {entry.key: entry.status for entry in await desk.rows()}
        recorded = {key for key, status in entries.items() if status in {"unknown", "succeeded"}}
        sent = {one.key for one in luminous.log.requests() if one.method != "GET"}
        assert sent <= recorded
        assert bool(sent) == (moment == "settled")
        assert len(luminous.state()["luminous"]["products"]) == len(sent) < ROWS
    run = await desk.load(source)
    assert (run.continued, run.exit_code, run.totals.succeeded) == (True, 0, ROWS)
    assert len(luminous.state()["luminous"]["products"]) == ROWS

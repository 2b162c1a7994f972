"""What the ledger costs an import: the share of its CPU time that goes into claims and settlements.

.venv/bin/python benchmarks/ledger_cost.py

Counted are the statements with their commits on the ledger's thread, and what the event loop does to hand them over
and to take up their answers. Enrolling and sealing, which belong to the check, are told apart.
"""

import asyncio
import collections
import functools
import statistics
import time
import types
from pathlib import Path

from kit import catalog, folder, load, short, tell, timed, write
from stand import stand

from bulk.ledger import SqliteLedger
from bulk.ledger.database import Database

CLAIMING = ("claim", "settle")
"""What the bar is about."""

spent: collections.Counter[str] = collections.Counter()
"""Seconds of CPU time by transaction, and by what is asked of the ledger for the event loop."""
calls: collections.Counter[str] = collections.Counter()
"""How often each was."""


def count_transactions() -> None:
    transact = Database._transact

    def counted(self, work, *arguments):
        name, before = work.func.__name__, time.thread_time()
        try:
            return transact(self, work, *arguments)
        finally:
            spent[name] += time.thread_time() - before
            calls[name] += 1

    Database._transact = counted


def count_on_the_loop(name: str) -> None:
    method = getattr(SqliteLedger, name)

    @functools.wraps(method)
    async def counted(*arguments, **options):
        return await stepped(method(*arguments, **options))

    @types.coroutine
    def stepped(coroutine):
        answer = None
        while True:
            before = time.thread_time()
            try:
                waited_for = coroutine.send(answer)
            except StopIteration as done:
                return done.value
            finally:
                spent[f"{name}, loop"] += time.thread_time() - before
            answer = yield waited_for

    setattr(SqliteLedger, name, counted)


async def measure(where: Path, rows: int, rounds: int) -> None:
    source = write(catalog(rows), where / "catalog.csv")
    shares = []
    with stand() as server:
        for number in range(rounds):
            spent.clear()
            calls.clear()
            cost = await timed(load(server.url, source, where / f"{number}.db"))
            shares.append(sum(spent[name] + spent[f"{name}, loop"] for name in CLAIMING) / cost.cpu)
            parts = ", ".join(
                f"{name} {seconds / rows * 1e6:.1f}" + (f" ({calls[name]} times)" if name in calls else "")
                for name, seconds in spent.most_common(8)
            )
            print(f"  import {cost}; microseconds a row: all {cost.cpu / rows * 1e6:.0f}, {parts}", flush=True)
    tell(f"ledger of an import of {rows:,} rows", f"{statistics.median(shares):.1%} of the CPU time", "8%")


def main() -> None:
    count_transactions()
    for name in CLAIMING:
        count_on_the_loop(name)
    rows, rounds = (500, 1) if short() else (20_000, 3)
    with folder() as where:
        asyncio.run(measure(where, rows, rounds))


if __name__ == "__main__":
    main()

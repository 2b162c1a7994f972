"""A second run of rows that have not changed, each recorded as such, beside bare aiohttp sending rows.

.venv/bin/python benchmarks/unchanged.py                  # 200,000 rows
.venv/bin/python benchmarks/unchanged.py --rows 1000000
"""

import asyncio
import sys
from pathlib import Path

from kit import Cost, bare, bodies, catalog, folder, load, ratio, short, tell, timed, write
from stand import stand

from bulk.api import Order
from bulk.checking import checker_of
from bulk.connectors import find
from bulk.formats import open_source
from bulk.ledger import SqliteLedger
from bulk.model import Instance, RunStatus, Settlement, Status, Traffic

SENT = 4_000
"""Rows that bare aiohttp sends."""


async def written(ledger: Path, url: str, source: Path) -> None:
    """Leave a ledger as a first run does that has written every row, without the sending."""
    _, resource = find("luminous.products")
    order = Order(resource="luminous.products", source=str(source))
    instance = Instance(
        resource=order.resource, operation="import", target=url, source=str(source), sha256="", options='{"files": []}'
    )
    async with SqliteLedger(ledger) as book:
        opened = open_source(str(source))
        checker = checker_of(opened, resource, order.reading(), lambda event: None)
        run = await book.begin(instance)
        async for chunk in checker.sweep(nothing):
            await book.enroll(run.id, chunk.records, chunk.rejections)
        await book.seal(run.id)
        async for chunk in checker.again():
            await book.claim(run.id, chunk.records)
            await book.settle(
                run.id,
                [
                    Settlement(row=one.row, key=one.key, status=Status.SUCCEEDED, attempts=1, remote_id=str(one.row))
                    for one in chunk.records
                ],
            )
        await book.finish(run.id, RunStatus.COMPLETED, seconds=1.0, traffic=Traffic(), exit_code=0)
        opened.close()


async def nothing(rows) -> tuple:
    """A ledger in which nothing was written yet."""
    return ()


async def measure(where: Path, rows: int, rounds: int) -> None:
    source, documents = write(catalog(rows), where / "catalog.csv"), bodies(catalog(min(rows, SENT)))
    theirs, ours = [], []
    with stand() as server:
        await written(where / "ledger.db", server.url, source)
        for _ in range(rounds):
            theirs.append(_each(await timed(bare(server.url, documents)), len(documents)))
            ours.append(_each(await timed(_again(server.url, source, where / "ledger.db", rows)), rows))
            print(f"  rows a second: {1 / theirs[-1].seconds:,.0f}, {1 / ours[-1].seconds:,.0f}", flush=True)
    wall, cpu = ratio(theirs, ours)
    tell(f"second run of {rows:,} unchanged rows beside bare", f"{wall:.1f} by the wall, {cpu:.1f} by CPU", "12")


async def _again(url: str, source: Path, ledger: Path, rows: int) -> None:
    run = await load(url, source, ledger)
    assert run.totals.unchanged == rows, run


def _each(cost: Cost, rows: int) -> Cost:
    return Cost(seconds=cost.seconds / rows, cpu=cost.cpu / rows)


def main() -> None:
    rows = int(sys.argv[sys.argv.index("--rows") + 1]) if "--rows" in sys.argv else 200_000
    with folder() as where:
        asyncio.run(measure(where, 5_000 if short() else rows, 1 if short() else 3))


if __name__ == "__main__":
    main()

"""An import without a rate limit, checks and ledger included, beside bare aiohttp sending the same documents.

    .venv/bin/python benchmarks/loading.py             # 20,000 rows, five rounds of each in turn
    .venv/bin/python benchmarks/loading.py --latency   # 40,000 rows with 50 ms before each answer

With latency, the bound is in flight / latency, from the start of the run to its end, the check included; without, what
bare aiohttp reaches on the same loop.
"""

import asyncio
import sys
from pathlib import Path

from kit import IN_FLIGHT, bare, bodies, catalog, folder, load, ratio, short, tell, timed, write
from stand import stand


async def beside_bare(where: Path, rows: int, rounds: int) -> None:
    frame = catalog(rows)
    source, documents = write(frame, where / "catalog.csv"), bodies(frame)
    ours, theirs = [], []
    with stand() as server:
        for number in range(rounds):
            theirs.append(await timed(bare(server.url, documents)))
            ours.append(await timed(load(server.url, source, where / f"{number}.db")))
            print(f"  bare {theirs[-1]}, import {ours[-1]}", flush=True)
    wall, cpu = ratio(theirs, ours)
    tell(f"import of {rows:,} rows beside bare aiohttp", f"{wall:.2f} by the wall, {cpu:.2f} by CPU", "0.85")


async def with_latency(where: Path, rows: int) -> None:
    source = write(catalog(rows), where / "catalog.csv")
    with stand(latency=0.05) as server:
        run = await load(server.url, source, where / "latency.db")
    bound = IN_FLIGHT / 0.05
    tell(f"{IN_FLIGHT} in flight at 50 ms, share of the bound", f"{rows / run.seconds / bound:.2f}", "0.90")


def main() -> None:
    rows, rounds = (500, 1) if short() else (20_000, 5)
    with folder() as where:
        if "--latency" in sys.argv:
            asyncio.run(with_latency(where, 2 * rows))
        else:
            asyncio.run(beside_bare(where, rows, rounds))


if __name__ == "__main__":
    main()

"""How long the program takes to say something, with the latest runs of a ledger to tell of.

.venv/bin/python benchmarks/startup.py
"""

import asyncio
import statistics
import subprocess
import sys
import time
from pathlib import Path

from kit import folder, short, tell

from bulk.ledger import SqliteLedger
from bulk.model import Instance, RunStatus, Traffic


def seconds(*command: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


async def runs(ledger: Path) -> None:
    """Leave a ledger that knows of as many runs as are listed."""
    async with SqliteLedger(ledger) as book:
        for number in range(20):
            instance = Instance(
                resource="luminous.products",
                operation="import",
                target="http://127.0.0.1/external/api/v1",
                source=f"/catalogs/{number}.csv",
                sha256=str(number),
                options='{"files": []}',
            )
            run = await book.begin(instance)
            await book.seal(run.id)
            await book.finish(run.id, RunStatus.COMPLETED, seconds=1.0, traffic=Traffic(), exit_code=0)


def main() -> None:
    program = str(Path(sys.executable).with_name("bulk"))
    with folder() as where:
        ledger = where / "ledger.db"
        asyncio.run(runs(ledger))
        for bar, arguments in (("0.3 s", ("--help",)), ("0.5 s", ("--ledger", str(ledger), "runs"))):
            took = statistics.median(seconds(program, *arguments) for _ in range(1 if short() else 15))
            tell(f"bulk {arguments[-1]}", f"{took:.2f} s", bar)


if __name__ == "__main__":
    main()

"""An import by two processes beside the same by one, at a server that leaves them the second core.

    .venv/bin/python benchmarks/workers.py         # 40,000 rows, five rounds of each in turn

By the wall they share the cores with the server. By CPU it is what the busier of the two spends beside one alone, which
is what the wall would show if the server, and everybody else, ran elsewhere. The ceiling is what the wall would show if
no core ever rested while the two import: what they and the server spend, spread evenly.
"""

import asyncio
import os
import resource
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kit import catalog, folder, load, short, tell, write
from stand import Stand, stand


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What one import took."""

    seconds: float
    """By the clock on the wall, from the beginning of the check to the end of the run."""
    ours: float
    """CPU seconds of the process that checks and sends."""
    worker: float
    """CPU seconds of the worker, from its first moment to its last; none if there is none."""
    server: float
    """CPU seconds of the server."""

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s ({self.ours:.2f} CPU, worker {self.worker:.2f}, server {self.server:.2f})"


def spend(server: Stand, source: Path, ledger: Path, workers: int) -> Spent:
    cpu, children, servers = time.process_time(), _of_children(), server.cpu()
    run = asyncio.run(load(server.url, source, ledger, workers=workers))
    return Spent(
        seconds=run.seconds,
        ours=time.process_time() - cpu,
        worker=_of_children() - children,
        server=server.cpu() - servers,
    )


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ratios(one: Sequence[Spent], two: Sequence[Spent]) -> tuple[float, float, float]:
    """How fast two are beside one by the wall and by CPU, and the ceiling: medians over neighbouring runs."""
    pairs = list(zip(one, two, strict=True))
    cores = min(len(os.sched_getaffinity(0)), 3)  # one for each of the two, and one for the server
    return (
        statistics.median(alone.seconds / both.seconds for alone, both in pairs),
        statistics.median(alone.ours / max(both.ours, both.worker) for alone, both in pairs),
        statistics.median(alone.seconds * cores / (both.ours + both.worker + both.server) for alone, both in pairs),
    )


def main() -> None:
    rows, rounds = (500, 1) if short() else (40_000, 5)
    one, two = [], []
    with folder() as where, stand() as server:
        source = write(catalog(rows), where / "catalog.csv")
        for number in range(rounds):
            one.append(spend(server, source, where / f"one-{number}.db", 1))
            two.append(spend(server, source, where / f"two-{number}.db", 2))
            print(f"  one {one[-1]}, two {two[-1]}", flush=True)
    wall, cpu, ceiling = ratios(one, two)
    found = f"{wall:.2f} by the wall, {cpu:.2f} by CPU, ceiling {ceiling:.2f}"
    tell(f"import of {rows:,} rows by two processes beside one", found, "1.6")


if __name__ == "__main__":
    main()

"""Peak memory of `check` and of an import, of few rows and of five times as many: it must not grow with the file.

.venv/bin/python benchmarks/memory.py                     # CSV and Parquet: some 20 minutes
.venv/bin/python benchmarks/memory.py check csv           # one of check, dry-run and import, and one of the two formats

`check` and a dry run, which is an import without the sending, take 1,000,000 and 5,000,000 rows; an import of so many
would take half an hour, so that it is one of 50,000 and of 250,000: of two chunks and of ten.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import polars as pl
from kit import catalog, folder, short, tell
from stand import stand

BLOCK = 500_000


def made(path: Path, rows: int) -> Path:
    """A catalog of so many rows, written a part at a time."""
    parts = (catalog(min(BLOCK, rows - first), first=first) for first in range(0, rows, BLOCK))
    if path.suffix == ".parquet":
        pieces = []
        for number, part in enumerate(parts):
            pieces.append(path.with_name(f"{path.stem}-{number}.ipc"))
            part.write_ipc(pieces[-1])
        pl.scan_ipc(pieces).sink_parquet(path, row_group_size=100_000)
        for piece in pieces:
            piece.unlink()
        return path
    with path.open("wb") as stream:
        for number, part in enumerate(parts):
            part.write_csv(stream, include_header=not number)
    return path


def peak(arguments: list[str], environment: dict[str, str]) -> tuple[float, float, dict]:
    """Megabytes and seconds that a command takes, and what it says."""
    program = str(Path(sys.executable).with_name("bulk"))
    started = time.perf_counter()
    process = subprocess.Popen(
        [program, "--json", "-q", *arguments], env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    )
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, said[-2000:]
    return usage.ru_maxrss / 1024, time.perf_counter() - started, json.loads(said)


MEASURED = {
    "check": (["check"], [], (1_000_000, 5_000_000)),
    "dry-run": (["import"], ["--dry-run"], (1_000_000, 5_000_000)),
    "import": (["import"], ["--rate", "none", "--concurrency", "64"], (50_000, 250_000)),
}
"""Command, options and rows."""


def main() -> None:
    chosen = [name for name in MEASURED if name in sys.argv] or [*MEASURED]
    suffixes = [one for one in ("csv", "parquet") if one in sys.argv] or ["csv", "parquet"][: 1 if short() else 2]
    # A process is said to have taken what the one took that started it, so that whoever makes the files is another one.
    with folder() as where, stand() as server, ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as maker:
        environment = {"LUMINOUS_BASE_URL": server.url, "LUMINOUS_API_KEY": "sandbox", "HOME": str(where)}
        for suffix in suffixes:
            for name in chosen:
                command, options, sizes = MEASURED[name]
                found = []
                for rows in (2_000, 5_000) if short() else sizes:
                    file = where / f"{rows}.{suffix}"
                    if not file.exists():
                        maker.submit(made, file, rows).result()
                    ledger = ["--ledger", str(where / f"{name}-{file.name}.db")]
                    found.append(peak([*ledger, *command, "luminous.products", str(file), *options], environment))
                (few, _, _), (many, seconds, _) = found
                figure = f"{many:.0f} MB, {many / few:.2f} times that of {sizes[0]:,} ({seconds:.0f} s)"
                tell(f"{name} of {sizes[1]:,} rows of {suffix}", figure, "450 MB and 1.15")


if __name__ == "__main__":
    main()

"""Peak memory of `check` and of an import, of few rows and of many: it must not grow with the file.

.venv/bin/python benchmarks/memory.py                     # 1,000,000 and 5,000,000 rows, CSV and Parquet
.venv/bin/python benchmarks/memory.py --dry-run           # the import as a dry run: all but the sending
"""

import json
import os
import subprocess
import sys
import time
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


def main() -> None:
    sizes = (2_000, 5_000) if short() else (1_000_000, 5_000_000)
    dry = ["--dry-run"] if "--dry-run" in sys.argv else []
    with folder() as where, stand() as server:
        environment = {"LUMINOUS_BASE_URL": server.url, "LUMINOUS_API_KEY": "sandbox", "HOME": str(where)}
        for suffix in ("csv",) if short() else ("csv", "parquet"):
            files = [made(where / f"{rows}.{suffix}", rows) for rows in sizes]
            for command, options in (("check", []), ("import", ["--rate", "none", "--concurrency", "64", *dry])):
                found = []
                for file in files:
                    ledger = ["--ledger", str(where / f"{file.name}.db")]
                    found.append(peak([*ledger, command, "luminous.products", str(file), *options], environment))
                (few, _, _), (many, seconds, _) = found
                figure = f"{many:.0f} MB, {many / few:.2f} times that of {sizes[0]:,} ({seconds:.0f} s)"
                tell(f"{command} {' '.join(dry)} of {sizes[1]:,} rows of {suffix}", figure, "450 MB and 1.15")
            for file in files:
                file.unlink()


if __name__ == "__main__":
    main()

"""How long the program takes to say something.

.venv/bin/python benchmarks/startup.py
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from kit import folder, short, tell


def seconds(*command: str) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    program = str(Path(sys.executable).with_name("bulk"))
    with folder() as where:
        ledger = ("--ledger", str(where / "ledger.db"))
        for bar, arguments in (("0.3 s", ("--help",)), ("0.5 s", (*ledger, "runs"))):
            took = statistics.median(seconds(program, *arguments) for _ in range(1 if short() else 9))
            tell(f"bulk {arguments[-1]}", f"{took:.2f} s", bar)


if __name__ == "__main__":
    main()

"""All benchmarks, one after the other; with --short in under a minute, only to see that they run.

.venv/bin/python benchmarks/run.py [--short]
"""

import subprocess
import sys
from pathlib import Path

PROGRAMS = (
    ("loading.py",),
    ("loading.py", "--latency"),
    ("workers.py",),
    ("unchanged.py",),
    ("checking.py",),
    ("memory.py",),
    ("pace.py",),
    ("hidden_limit.py",),
    ("ledger_cost.py",),
    ("exporting.py",),
    ("startup.py",),
    ("peers.py",),
)


def main() -> None:
    here = Path(__file__).parent
    for program, *options in PROGRAMS:
        subprocess.run([sys.executable, str(here / program), *options, *sys.argv[1:]], check=True)


if __name__ == "__main__":
    main()

"""The program beside what people would take instead: the same catalog, the same server, a record of each row kept.

    .venv/bin/pip install -q -c requirements.lock -e '.[bench]'
    .venv/bin/python benchmarks/peers.py               # three rounds of each in turn
    .venv/bin/python benchmarks/peers.py --latency     # the serial ones with 50 ms before each answer

Each peer is a small program in `peers/`. Those that do not fit beside the program have environments of their own in
`.peers/`, made when they are first wanted. Counted is the work without the start of the program, of ours and of theirs.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import venv
from pathlib import Path

from kit import Cost, catalog, folder, load, ratio, short, tell, timed, write
from stand import stand

HERE = Path(__file__).parent
KEPT = HERE.parent / ".peers"
ENVIRONMENTS = {
    "dlt": ("dlt==1.31.0", "aiohttp==3.14.5", "requests==2.34.2"),
    "singer": ("singer-sdk==0.54.9", "requests==2.34.2"),
}
PEERS = {
    "aiohttp, a task a row": ("ours", "naive_aiohttp.py", 20_000, 1),
    "httpx and pydantic, a task a row": ("ours", "naive_httpx.py", 500, 1),
    "dlt with aiohttp inside": ("dlt", "dlt_aiohttp.py", 20_000, 2),
    "dlt as shipped, requests": ("dlt", "dlt_requests.py", 2_000, 6),
    "Singer, a record at a time": ("singer", "singer.py record", 4_000, 6),
    "Singer, batches": ("singer", "singer.py batch", 4_000, 6),
    "requests, a commit a row": ("ours", "requests_loop.py", 2_000, 1),
}
"""Environment, program, rows, and the ratio to be reached by the rows a second; fewer rows for the slow ones."""
SERIAL = ("dlt as shipped, requests", "Singer, a record at a time", "requests, a commit a row")


def python_of(name: str) -> str:
    """The interpreter of an environment."""
    if name == "ours":
        return sys.executable
    place = KEPT / name
    python = place / "bin" / "python"
    if not (place / "ready").exists():
        venv.create(place, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *ENVIRONMENTS[name]], check=True)
        (place / "ready").touch()
    return str(python)


def peer(name: str, source: Path, url: str, database: Path, rows: int) -> Cost:
    environment, program, *_ = PEERS[name]
    program, *options = program.split()
    command = [python_of(environment), str(HERE / "peers" / program), str(source), url, str(database), *options]
    took = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
    assert took["rows"] == rows, took
    return Cost(seconds=took["seconds"], cpu=took["cpu"])


def each(cost: Cost, rows: int) -> Cost:
    return Cost(seconds=cost.seconds / rows, cpu=cost.cpu / rows)


async def measure(where: Path, name: str, rows: int, *, enough: int, rounds: int, bar: str, **manner: float) -> None:
    """Compare the costs of a row; `enough` rows of ours make up for the start of a run."""
    source, larger = write(catalog(rows), where / "catalog.csv"), write(catalog(enough), where / "larger.csv")
    ours, theirs = [], []
    with stand(**manner) as server:
        for number in range(rounds):
            place = where / str(number)
            theirs.append(each(peer(name, source, server.url, place.with_suffix(".peer"), rows), rows))
            ours.append(each(await timed(load(server.url, larger, place.with_suffix(".db"))), enough))
    wall, cpu = ratio(theirs, ours)
    speed = " to ".join(f"{1 / statistics.median(cost.seconds for cost in costs):,.0f}" for costs in (theirs, ours))
    tell(f"beside {name}", f"{wall:.1f} by the wall, {cpu:.1f} by CPU; {speed} rows/s", bar)


def main() -> None:
    if short():
        return  # to install all of them takes longer than a minute
    for name in SERIAL if "--latency" in sys.argv else PEERS:
        *_, rows, bar = PEERS[name]
        with folder() as where:
            if "--latency" in sys.argv:
                work = measure(where, name, 100, enough=5_000, rounds=1, bar="-", latency=0.05)
            else:
                work = measure(where, name, rows, enough=max(rows, 5_000), rounds=3, bar=f"{bar}x")
            asyncio.run(work)


if __name__ == "__main__":
    main()

"""The program beside what people would take instead: the same catalog, the same server, a record of each row kept.

    .venv/bin/python benchmarks/peers.py               # 2,000 rows, three rounds of each in turn
    .venv/bin/python benchmarks/peers.py --latency     # the serial ones with 50 ms before each answer, 200 rows

Each peer is a small program in `peers/` with an environment of its own, made when it is first wanted in
`.peers/`: they do not fit into one. Counted is the work without the start of the program, of ours and of theirs.
"""

import asyncio
import json
import subprocess
import sys
import venv
from pathlib import Path

from kit import Cost, catalog, folder, load, ratio, short, tell, timed, write
from stand import stand

HERE = Path(__file__).parent
KEPT = HERE.parent / ".peers"
ENVIRONMENTS = {
    "plain": ("aiohttp==3.14.5", "httpx==0.28.1", "pydantic==2.14.3", "requests==2.34.2"),
    "dlt": ("dlt==1.31.0", "aiohttp==3.14.5", "requests==2.34.2"),
    "singer": ("singer-sdk==0.54.9", "requests==2.34.2"),
}
PEERS = {
    "aiohttp, a task a row": ("plain", "naive_aiohttp.py", 1.0),
    "httpx and pydantic, a task a row": ("plain", "naive_httpx.py", 1.0),
    "dlt with aiohttp inside": ("dlt", "dlt_aiohttp.py", 2.0),
    "dlt as shipped, requests": ("dlt", "dlt_requests.py", 6.0),
    "Singer, a record at a time": ("singer", "singer.py record", 6.0),
    "Singer, batches": ("singer", "singer.py batch", 6.0),
    "requests, a commit a row": ("plain", "requests_loop.py", 1.0),
}
"""Environment, program, and the ratio to be reached."""
SERIAL = ("dlt as shipped, requests", "Singer, a record at a time", "requests, a commit a row")


def python_of(name: str) -> str:
    """The interpreter of an environment."""
    place = KEPT / name
    python = place / "bin" / "python"
    if not (place / "ready").exists():
        venv.create(place, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *ENVIRONMENTS[name]], check=True)
        (place / "ready").touch()
    return str(python)


def peer(name: str, source: Path, url: str, database: Path, rows: int) -> Cost:
    environment, program, _ = PEERS[name]
    program, *options = program.split()
    command = [python_of(environment), str(HERE / "peers" / program), str(source), url, str(database), *options]
    took = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    assert took["rows"] == rows, took
    return Cost(seconds=took["seconds"], cpu=took["cpu"])


async def measure(where: Path, names: list[str], rows: int, rounds: int, **manner: float) -> None:
    source = write(catalog(rows), where / "catalog.csv")
    ours: dict[str, list[Cost]] = {name: [] for name in names}
    theirs: dict[str, list[Cost]] = {name: [] for name in names}
    with stand(**manner) as server:
        for number in range(rounds):
            for index, name in enumerate(names):
                place = where / f"{number}-{index}"
                theirs[name].append(peer(name, source, server.url, place.with_suffix(".peer"), rows))
                ours[name].append(await timed(load(server.url, source, place.with_suffix(".db"))))
    for name in names:
        wall, cpu = ratio(theirs[name], ours[name])
        per_second = min(theirs[name], key=lambda cost: cost.seconds)
        figure = f"{wall:.1f} by the wall, {cpu:.1f} by CPU ({rows / per_second.seconds:,.0f} rows/s)"
        tell(
            f"beside {name}, {rows:,} rows",
            figure,
            "ahead" if manner or PEERS[name][2] == 1 else f"{PEERS[name][2]:.0f}",
        )


def main() -> None:
    if short():
        return  # installing all of them takes longer than they run
    with folder() as where:
        if "--latency" in sys.argv:
            asyncio.run(measure(where, list(SERIAL), 200, 1, latency=0.05))
        else:
            asyncio.run(measure(where, list(PEERS), 2_000, 3))


if __name__ == "__main__":
    main()

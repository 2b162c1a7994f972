"""Memory and time of an export: `bulk export` of 100,000 products to Parquet, from a sandbox in another process.

    python benchmarks/export_memory.py [--products 100000] [--fast]

Prints the peak memory of the exporting process and, as a ratio within one run, the time against that of reading the
same pages with nothing done to them.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp

from bulk.connectors.luminous.sandbox import environment, luminous_api, seed_products
from bulk.sandbox import Sandbox


def serve(count: int, pipe: Connection) -> None:
    """Serve so many products until the other side hangs up."""

    async def run() -> None:
        async with Sandbox([luminous_api(products=seed_products(count))], keep_log=1000) as sandbox:
            pipe.send(dict(environment(sandbox)))
            await asyncio.to_thread(pipe.recv)

    asyncio.run(run())


async def read_only(settings: dict[str, str], path: str, pages: list[dict[str, str]]) -> float:
    """Seconds to fetch and parse the pages, one after the other."""
    headers = {"Authorization": f"Bearer {settings['LUMINOUS_API_KEY']}"}
    started = time.perf_counter()
    async with aiohttp.ClientSession(headers=headers) as session:
        for query in pages:
            async with session.get(settings["LUMINOUS_BASE_URL"] + path, params=query) as response:
                json.loads(await response.read())
    return time.perf_counter() - started


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--fast", action="store_true")
    chosen = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(chosen.products, there), daemon=True)
    server.start()
    settings = here.recv()
    with tempfile.TemporaryDirectory() as folder:
        destination = Path(folder) / "all.parquet"
        program = str(Path(sys.executable).with_name("bulk"))
        command = [program, "--json", "--ledger", f"{folder}/ledger.db", "export", "luminous.products"]
        started = time.perf_counter()
        done = subprocess.run(
            [*command, str(destination), *(["--fast"] if chosen.fast else [])],
            env={**os.environ, **settings, "HOME": folder},
            capture_output=True,
            text=True,
            check=True,
        )
        seconds = time.perf_counter() - started
        rows = json.loads(done.stdout)["manifest"]["rows"]
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        size = destination.stat().st_size / 2**20
    pages = [
        {"page": str(number), "per_page": "100", "sort": "id:asc"}
        for number in range(1, -(-chosen.products // 100) + 1)
    ]
    bare = asyncio.run(read_only(settings, "/products", pages))
    here.send(None)
    print(f"{rows:,} rows to Parquet ({size:.1f} MB): peak {memory:.0f} MB, {seconds:.1f} s")
    print(f"reading the same pages and doing nothing: {bare:.1f} s; ratio {seconds / bare:.2f}")


if __name__ == "__main__":
    main()

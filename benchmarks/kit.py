"""What the benchmarks share: catalogs, the program pointed at a stand, bare aiohttp, and rounds that alternate."""

import asyncio
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import polars as pl

from bulk.api import Order, Politeness, Session
from bulk.jobs.importer import Guards, Stop
from bulk.model import Run
from bulk.settings import Configuration

IN_FLIGHT = 64
"""Requests at once, of ours and of bare aiohttp."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one run of a variant took."""

    seconds: float
    """By the clock on the wall."""
    cpu: float
    """Of this process, all threads together."""

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s ({self.cpu:.2f} CPU)"


class Pointed(Configuration):
    """The settings of a stand instead of the user's."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def connection(self, model, connector):
        return model(base_url=self.address, api_key="sandbox")


def short() -> bool:
    """Whether only to see that it runs."""
    return "--short" in sys.argv


@contextmanager
def folder() -> Iterator[Path]:
    """A place that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bulk-bench-") as name:
        yield Path(name)


def catalog(rows: int, *, first: int = 0, faulty: float = 0.0) -> pl.DataFrame:
    """A catalog of twenty columns, of which fifteen are filled; a document of it has about 600 bytes."""
    number = pl.int_range(first, first + rows, eager=True).alias("n").to_frame()
    n = pl.col("n")
    bad = n % round(1 / faulty) == 0 if faulty else pl.lit(value=False)
    return number.select(
        pl.format("SKU-{}", n.cast(pl.String).str.zfill(8)).alias("sku"),
        pl.format("A product with a name of some length, number {}", n).alias("name"),
        pl.format("A description that says what it is made of and what it is for: {} and more of it", n).alias(
            "description"
        ),
        pl.format("https://images.example.com/catalog/products/{}/front.jpg", n).alias("image_url"),
        (n % 10**12).cast(pl.String).str.zfill(12).alias("upc"),
        pl.lit("true").alias("sellable"),
        pl.lit("false").alias("lot_tracking"),
        (n % 50).cast(pl.String).alias("qty_low_alert"),
        (n % 90).cast(pl.String).alias("qty_reorder_threshold"),
        pl.lit(None, pl.String).alias("qty_minimum"),
        pl.when(bad).then(pl.lit("cheap")).otherwise(pl.format("{}.{}", n % 900, n % 90 + 10)).alias("retail_price"),
        pl.format("{}.25", n % 700).alias("wholesale_price"),
        pl.format("{}.75", n % 500).alias("unit_cost"),
        pl.format("{}.5", n % 40).alias("box_height"),
        pl.lit(None, pl.String).alias("product_length"),
        pl.format("{}", n % 60).alias("product_width"),
        pl.format("{}", n % 70).alias("product_height"),
        pl.lit(None, pl.String).alias("box_length"),
        pl.lit(None, pl.String).alias("box_width"),
        pl.lit(None, pl.String).alias("tags"),
    )


def write(frame: pl.DataFrame, path: Path) -> Path:
    """The catalog as a file after its suffix."""
    frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)
    return path


def bodies(frame: pl.DataFrame) -> list[bytes]:
    """About the documents that an import of the catalog sends."""
    return [
        json.dumps({name: value for name, value in row.items() if value is not None}, separators=(",", ":")).encode()
        for row in frame.iter_rows(named=True)
    ]


async def bare(url: str, documents: Sequence[bytes], *, in_flight: int = IN_FLIGHT) -> None:
    """Send the documents with aiohttp and nothing else, as well as that goes."""
    waiting = iter(documents)
    headers = {"Authorization": "Bearer sandbox", "Content-Type": "application/json"}
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=30)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=headers, connector=connector, timeout=timeout) as session:

        async def work() -> None:
            for document in waiting:
                async with session.patch(f"{url}/products", data=document, allow_redirects=False) as answer:
                    await answer.read()
                    assert answer.status == 200

        await asyncio.gather(*(work() for _ in range(in_flight)))


async def load(
    url: str,
    source: Path,
    ledger: Path,
    *,
    rate: str | None = "none",
    in_flight: int = IN_FLIGHT,
    workers: int = 1,
    listener: Callable = lambda event: None,
    guards: Guards | None = None,
) -> Run:
    """Import a catalog with the program."""
    politeness = Politeness(rate=rate, concurrency=in_flight, workers=workers)
    async with Session(Pointed(url), ledger=ledger, listener=listener, politeness=politeness) as session:
        order = Order(resource="luminous.products", source=str(source))
        run = await session.load(order, guards or Guards(), Stop())
    assert not run.totals.failed + run.totals.unknown, run
    return run


async def timed(work: Awaitable) -> Cost:
    """What it takes to have something done."""
    gc.collect()
    started, cpu = time.perf_counter(), time.process_time()
    await work
    return Cost(seconds=time.perf_counter() - started, cpu=time.process_time() - cpu)


def ratio(before: Sequence[Cost], after: Sequence[Cost]) -> tuple[float, float]:
    """How fast the second is beside the first, by the wall and by CPU: medians over neighbouring runs."""
    pairs = list(zip(before, after, strict=True))
    return (
        statistics.median(one.seconds / other.seconds for one, other in pairs),
        statistics.median(one.cpu / other.cpu for one, other in pairs),
    )


def tell(bar: str, figure: str, demanded: str) -> None:
    """One line of the findings."""
    print(f"{bar:<58} {figure:<40} bar: {demanded}", flush=True)

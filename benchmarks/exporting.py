"""An export from a server that answers at once, beside bare aiohttp fetching the same pages and throwing them away.

.venv/bin/python benchmarks/exporting.py       # 100,000 products in pages of a hundred, to Parquet
"""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
from kit import Pointed, folder, ratio, short, tell, timed
from stand import stand

from bulk.api import Session
from bulk.connectors.luminous.sandbox import luminous_api, seed_products
from bulk.connectors.luminous.sandbox.access import TOKEN
from bulk.jobs.guards import Stop
from bulk.orders import Extract
from bulk.sandbox import Sandbox

PAGE = 100


async def record() -> tuple[str, str]:
    """A product as Luminous shows it, as text before and behind its number; `#` stands for the number.

    Each has last changed in a minute of its own, as in a catalog that people work at: what changed in the last one is
    kept as a document.
    """
    async with (
        Sandbox([luminous_api(products=seed_products(1))]) as sandbox,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session,
        session.get(f"{sandbox.url('luminous')}/products") as answer,
    ):
        found = (await answer.json())["data"][0]
    rest = {name: value for name, value in found.items() if name != "id"}
    own = {"sku": "SKU-#", "name": f"{found['name']} #", "description": f"{found['description']} #", "upc": "0#"}
    own |= {"created_at": "^", "updated_at": "^"}
    text = json.dumps({"id": 0, **rest, **own, "variants": []})
    return '{"id": ', text.removeprefix('{"id": 0')


async def bare(url: str, count: int) -> None:
    """Fetch the pages, one after the other, as an export has to."""
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer sandbox"}) as session:
        for page in range(1, count // PAGE + 1):
            query = {"page": str(page), "per_page": str(PAGE), "sort": "id:asc"}
            async with session.get(f"{url}/products", params=query) as answer:
                await answer.read()


async def ours(url: str, where: Path, count: int) -> None:
    """Export them."""
    async with Session(Pointed(url), ledger=where / "ledger.db", listener=lambda event: None) as session:
        run = await session.export(Extract(resource="luminous.products", path=str(where / "all.parquet")), Stop())
    assert run.totals.read == count, run


async def measure(where: Path, count: int, rounds: int) -> None:
    before, after = await record()
    theirs, mine = [], []
    with stand(pages=(before, after, count)) as server:
        for number in range(rounds):
            place = where / str(number)
            place.mkdir()
            theirs.append(await timed(bare(server.url, count)))
            mine.append(await timed(ours(server.url, place, count)))
            print(f"  bare {theirs[-1]}, export {mine[-1]}", flush=True)
    wall, cpu = ratio(theirs, mine)
    tell(f"export of {count:,} products beside bare aiohttp", f"{wall:.3f} by the wall, {cpu:.3f} by CPU", "0.70")


def main() -> None:
    counts = [int(word) for word in sys.argv[1:] if word.isdigit()] or [500 if short() else 100_000]
    with folder() as where:
        asyncio.run(measure(where, counts[0], 1 if short() else 2))


if __name__ == "__main__":
    main()

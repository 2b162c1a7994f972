"""dlt with batches of 500 rows, and in the destination an aiohttp client that somebody wrote with care."""

import asyncio
import os
import tempfile

import aiohttp
import dlt
from common import documents, measured, url

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"


async def send(items):
    waiting, done = iter(items), []
    async with aiohttp.ClientSession(
        headers={"Authorization": "Bearer sandbox"}, connector=aiohttp.TCPConnector(limit=0)
    ) as session:

        async def work():
            for item in waiting:
                async with session.patch(f"{url}/products", json=item) as answer:
                    body = await answer.json()
                    done.append((item["sku"], answer.status, body["data"]["id"]))

        await asyncio.gather(*(work() for _ in range(64)))
    return done


def load(results):
    @dlt.destination(batch_size=500, name="luminous", naming_convention="direct", skip_dlt_columns_and_tables=True)
    def luminous(items, table):
        results.add(asyncio.run(send(items)))

    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline("catalog", destination=luminous, pipelines_dir=folder)
        pipeline.run(documents(), table_name="products")


measured(load)

"""The same with httpx, and a pydantic model for each row."""

import asyncio

import httpx
from common import documents, measured, url
from pydantic import BaseModel, Field


class Product(BaseModel):
    """The fields that the catalog fills."""

    sku: str = Field(min_length=1, max_length=255)
    name: str = Field(max_length=255)
    description: str | None = None
    image_url: str | None = None
    upc: str | None = None
    sellable: bool | None = None
    lot_tracking: bool | None = None
    qty_low_alert: int | None = Field(None, ge=0)
    qty_reorder_threshold: int | None = Field(None, ge=0)
    retail_price: float | None = Field(None, ge=0)
    wholesale_price: float | None = Field(None, ge=0)
    unit_cost: float | None = Field(None, ge=0)
    box_height: float | None = Field(None, ge=0)
    product_width: float | None = Field(None, ge=0)
    product_height: float | None = Field(None, ge=0)


async def load(results):
    gate, done = asyncio.Semaphore(64), []
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    headers = {"Authorization": "Bearer sandbox"}

    async with httpx.AsyncClient(headers=headers, limits=limits, timeout=60) as client:

        async def send(document):
            product = Product.model_validate(document)
            async with gate:
                answer = await client.patch(f"{url}/products", json=product.model_dump(exclude_unset=True))
            done.append((product.sku, answer.status_code, answer.json()["data"]["id"]))

        await asyncio.gather(*(send(document) for document in documents()))
    results.add(done)


measured(lambda results: asyncio.run(load(results)))

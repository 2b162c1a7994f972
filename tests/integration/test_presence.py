"""Which records that a file names are there."""

import csv
import json

import polars as pl
import pytest
from catalogs import write_csv
from shelf import ShelfDesk, shelf

from bulk.connectors.luminous.sandbox import examples
from bulk.jobs.presence import Presence
from bulk.orders import Order


@pytest.fixture
async def shelves(tmp_path, patient):
    async with shelf() as sandbox, ShelfDesk(sandbox, tmp_path, patient) as desk:
        await desk.load([{"key": f"T-{number}"} for number in range(120)])
        sandbox.log.reset()
        yield desk


async def test_every_row_is_told_in_its_order_and_in_the_fewest_calls(shelves):
    numbers = [5, 500, *range(6, 125)]
    found = await shelves.exists([{"key": f"T-{number}", "colour": "x"} for number in numbers])
    assert [one.key for one in found] == [f"T-{number}" for number in numbers]
    assert [one.exists for one in found] == [number < 120 for number in numbers]
    assert found[0] == Presence(row=2, key="T-5", exists=True, id="6")
    assert found[1] == Presence(row=3, key="T-500", exists=False)
    assert shelves.sandbox.log.total == 3  # 121 keys, fifty at once


async def test_a_key_may_stand_twice_and_a_row_without_one_says_why(shelves):
    found = await shelves.exists([{"key": "T-1"}, {"key": "T-1"}, {"key": "", "colour": "x"}, {"key": "8.85E+11"}])
    assert [one.exists for one in found] == [True, True, None, None]
    assert found[2].message
    assert found[3].message


@pytest.mark.parametrize("name", ["found.csv", "found.xlsx", "found.parquet", "found.ndjson"])
async def test_the_rows_are_written_with_what_was_found(shelves, name):
    rows = [{"key": "T-1", "Colour": "red", "_exists": "old"}, {"key": "T-999", "Colour": "007", "_exists": "old"}]
    await shelves.exists(rows, shelves.folder / name)
    path = shelves.folder / name
    read = {
        "csv": lambda: pl.read_csv(path, infer_schema=False),
        "xlsx": lambda: pl.read_excel(path, infer_schema_length=0),
        "parquet": lambda: pl.read_parquet(path),
        "ndjson": lambda: pl.DataFrame([json.loads(line) for line in path.read_text().splitlines()]),
    }[path.suffix[1:]]()
    wanted = [
        {"key": "T-1", "Colour": "red", "_exists": "true", "_id": "2"},
        {"key": "T-999", "Colour": "007", "_exists": "false", "_id": None},
    ]
    assert [{name: row.get(name) or None for name in wanted[0]} for row in read.iter_rows(named=True)] == wanted


async def presences(session, resource, path, **how):
    found = session.exists(Order(resource=resource, source=str(path), **how))
    return {one.key: one.exists async for some in found for one in some}


async def test_it_works_for_products(luminous, desk, catalog):
    await desk.load(catalog(150))
    luminous.log.reset()
    async with desk.session() as session:
        found = await presences(session, "luminous.products", catalog(160))
    assert found == {f"SKU-{number:05}": number <= 150 for number in range(1, 161)}
    assert luminous.log.total <= 3  # a hundred at once; the missing ones may be looked for on a second page


async def test_it_works_for_channels_by_id_and_by_label(luminous, desk, tmp_path):
    path = write_csv(tmp_path / "channels.csv", examples("channels", 1))
    label = examples("channels", 1)[0]["label"]
    await desk.load(path, resource="luminous.channels")
    async with desk.session() as session:
        id = str((await session.get("luminous.channels", "1"))["id"])
    path.write_text(f"label\n{label}\nSouth\n")
    ids = tmp_path / "ids.csv"
    ids.write_text(f"id\n{id}\n987654\n")
    async with desk.session() as session:
        assert await presences(session, "luminous.channels", path) == {label: True, "South": False}
        assert await presences(session, "luminous.channels", ids) == {id: True, "987654": False}


async def test_nothing_is_recorded_of_it(luminous, desk, catalog):
    async with desk.session() as session:
        await presences(session, "luminous.products", catalog(3))
        assert await session.ledger.runs() == []


@pytest.mark.parametrize("sku", ["Größe 5/6 Ä", "a b", "100%", "a+b&c=d", "#1?x", "ключ"])
async def test_one_record_is_found_whatever_signs_its_key_holds(luminous, desk, tmp_path, sku):
    path = tmp_path / "odd.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["sku", "name"], [sku, "Odd"]])
    await desk.load(path)
    async with desk.session() as session:
        record = await session.get("luminous.products", sku)
        assert (record["sku"], record["name"]) == (sku, "Odd")
        assert (await session.get("luminous.products", str(record["id"]), by="id"))["sku"] == sku

"""Rows that were not written: tried again from what the ledger kept, or written to a file and mended there."""

import csv
import datetime as dt

import polars as pl
import pytest
from msgspec.structs import replace

from bulk.connectors.luminous import PRODUCTS
from bulk.errors import SourceError, UsageError
from bulk.formats import open_source
from bulk.jobs.check.checker import Checker
from bulk.jobs.check.reading import Reading
from bulk.jobs.results import write_rows
from bulk.jobs.retry import rows_to_retry
from bulk.jobs.run_options import RunOptions
from bulk.model import Record, RunStatus, Status, Traffic, file_of, row_of
from bulk.validation import compile_schema, load_mapping

SCHEMA = compile_schema(PRODUCTS.model)
GONE = {"category.name": "Nowhere"}
"""A category that the strict twin does not know, so that the row fails."""


async def documents(source, **reading):
    return [
        record.payload
        async for chunk in Checker(source, PRODUCTS, Reading(**reading)).sweep()
        for record in chunk.records
    ]


async def result_file(desk, run, path, **wanted):
    async with desk.session() as session:
        await write_rows(session.ledger, run, SCHEMA, str(path), **wanted)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
async def strict(twin, desk):
    """A twin that refuses categories it does not know, to which the desk points."""
    async with twin(unknown_references="refuse") as sandbox:
        desk.point_to(sandbox)
        yield sandbox


@pytest.fixture
def typed(tmp_path):
    """A Parquet file with cells of every type."""
    path = tmp_path / "typed.parquet"
    pl.DataFrame(
        {
            "sku": pl.Series([12.0, 13.0]),
            "name": ["n", "m"],
            "retail_price": pl.Series([19.99, 0.1], dtype=pl.Float32),
            "unit_cost": [0.0000001, 2.0],
            "description": [2024.0, 2025.5],
            "image_url": [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2, 3)],  # noqa: DTZ001  # spreadsheets know no zones
            "custom_fields.Size": [5, 6],
            "custom_fields.Eco": [True, False],
            "custom_fields.Depth": [5.0, 6.5],
            "tags": [["a;b", "c"], None],
            "category.name": ["Nowhere", "Nowhere"],
        }
    ).write_parquet(path)
    return path


async def test_failed_rows_of_a_typed_file_are_sent_again_as_they_were_sent(strict, desk, typed):
    run = await desk.load(typed)
    assert (run.totals.failed, run.totals.invalid) == (2, 0)
    sent = await documents(open_source(str(typed)))
    async with desk.session() as session:
        assert await documents(await rows_to_retry(session.ledger, run)) == sent
    assert '"retail_price":19.99,' in sent[0]
    again = await desk.retry(run.id)
    async with desk.session() as session:
        assert await documents(await rows_to_retry(session.ledger, again)) == sent


async def test_a_result_file_of_a_typed_file_holds_the_same_values(strict, desk, typed, tmp_path):
    run = await desk.load(typed)
    lines = await result_file(desk, run, tmp_path / "fix.csv")
    data = [{name: cell for name, cell in line.items() if not name.startswith("_")} for line in lines]
    assert data == [
        {"sku": "12", "name": "n", "retail_price": "19.99", "unit_cost": "0.0000001", "description": "2024",
         "image_url": "2024-01-01", "custom_fields.Size": "5", "custom_fields.Eco": "true",
         "custom_fields.Depth": "5", "tags": '["a;b", "c"]', "category.name": "Nowhere"},
        {"sku": "13", "name": "m", "retail_price": "0.1", "unit_cost": "2", "description": "2025.5",
         "image_url": "2024-01-02T03:00:00", "custom_fields.Size": "6", "custom_fields.Eco": "false",
         "custom_fields.Depth": "6.5", "tags": "", "category.name": "Nowhere"},
    ]  # fmt: skip
    first = (await documents(open_source(str(typed))))[0]
    as_text = first.replace('"Depth":5', '"Depth":"5"').replace("true", '"true"').replace('"Size":5', '"Size":"5"')
    assert (await documents(open_source(str(tmp_path / "fix.csv"))))[0] == as_text


async def test_rows_without_cells_have_their_key_apart_and_no_data(strict, desk, catalog, tmp_path):
    run = await desk.load(catalog(3, {1: {"category.name": ""}, 2: {"retail_price": "x"}, 3: GONE}))
    lines = await result_file(desk, run, tmp_path / "fix.csv")
    assert [line["_status"] for line in lines] == ["succeeded", "invalid", "failed"]
    assert [line["_key"] for line in lines] == ["SKU-00001", "", ""]
    assert [line["sku"] for line in lines] == ["", "SKU-00002", "SKU-00003"]
    assert {cell for name, cell in lines[0].items() if not name.startswith("_")} == {""}


async def test_a_result_file_of_rows_that_all_have_their_cells_has_no_column_for_keys(strict, desk, catalog, tmp_path):
    run = await desk.load(catalog(2, {1: {"category.name": ""}, 2: GONE}))
    (line,) = await result_file(desk, run, tmp_path / "fix.csv", statuses=[Status.FAILED])
    assert "_key" not in line
    assert line["sku"] == "SKU-00002"


async def test_a_result_file_of_rows_without_cells_cannot_be_loaded(luminous, desk, catalog, tmp_path):
    run = await desk.load(catalog(2))
    lines = await result_file(desk, run, tmp_path / "done.csv")
    assert list(lines[0]) == ["_key", "_row", "_status", "_code", "_column", "_message"]
    sent = luminous.log.total
    with pytest.raises(SourceError, match="no column that names the records"):
        await desk.retry(run.id, mended=tmp_path / "done.csv")
    assert luminous.log.total == sent


async def test_a_whole_result_file_sends_only_the_rows_that_were_not_written(strict, desk, catalog, tmp_path):
    run = await desk.load(catalog(3, {1: {"category.name": ""}, 2: {"category.name": ""}, 3: GONE}))
    path = tmp_path / "fix.csv"
    await result_file(desk, run, path)
    path.write_text(path.read_text().replace("Nowhere", ""))
    again = await desk.retry(run.id, mended=path)
    assert (again.totals.read, again.totals.succeeded) == (1, 1)


async def test_rows_that_were_in_flight_when_the_run_was_cut_off_have_no_cells_to_retry(luminous, desk, catalog):
    run = await desk.load(catalog(2), dry_run=True)
    async with desk.session() as session:
        cut_off = await session.ledger.begin(replace(run.instance, operation="import"))
        record = Record(row=3, key="SKU-00002", payload="{}", digest=b"0" * 16)
        await session.ledger.enroll(cut_off.id, [record], [])
        await session.ledger.seal(cut_off.id)
        await session.ledger.claim(cut_off.id, [record])
        await session.ledger.finish(
            cut_off.id, RunStatus.INTERRUPTED, seconds=1, traffic=Traffic(), exit_code=130, reason=None
        )
        with pytest.raises(UsageError, match=r"the first being row 3$") as refused:
            await rows_to_retry(session.ledger, await session.ledger.run(cut_off.id))
    assert "bulk resume" in refused.value.advice


@pytest.fixture
def several(tmp_path):
    """Three files whose headers are written differently; the rows of the first are good."""
    good = {"category.name": ""}
    write(tmp_path / "a.csv", [{"sku": "A-1", "name": "n"} | good])
    write(tmp_path / "b.csv", [{"SKU ": "B-1", "Name": "n", "tags": "x"} | GONE, {"SKU ": "B-2", "Name": "n"} | good])
    write(tmp_path / "c.csv", [{"category.name": "Nowhere", "sku": "C-1", "retail_price": "2"}])
    return str(tmp_path / "[abc].csv")


async def test_rows_of_several_files_are_tried_again_under_their_own_headers(strict, desk, several):
    run = await desk.load(several)
    assert (run.totals.failed, run.totals.succeeded) == (2, 2)
    sent = [one for one in await documents(open_source(several)) if "Nowhere" in one]
    async with desk.session() as session:
        source = await rows_to_retry(session.ledger, run)
    assert [table.path for table in source.tables] == ["a.csv", "b.csv", "c.csv"]
    assert [(table.path, table.header) for table in source.tables[1:]] == [
        ("b.csv", ("SKU", "Name", "tags", "category.name")),
        ("c.csv", ("category.name", "sku", "retail_price")),
    ]
    assert await documents(source) == sent


async def test_a_retry_of_a_retry_still_knows_the_files_and_the_rows(strict, desk, several):
    run = await desk.load(several)
    for _ in range(2):
        run = await desk.retry(run.id)
        assert run.totals.failed == 2
        rows = [(file_of(entry.row), row_of(entry.row), entry.key) for entry in await desk.rows()]
        assert rows == [(1, 2, "B-1"), (2, 2, "C-1")]


async def test_rows_are_tried_again_by_number_and_status_and_resume_remembers_which(strict, desk, several):
    run = await desk.load(several)
    desk.point_to(strict, token="wrong")
    again = await desk.retry(run.id, rows="b.csv:2-9", statuses=[Status.FAILED])
    assert [entry.key for entry in await desk.rows(again.id)] == ["B-1"]
    assert (again.exit_code, again.totals.not_tried) == (77, 1)
    desk.point_to(strict)
    finished = await desk.resume(again.id)
    assert (finished.id, finished.totals.read, finished.totals.failed) == (again.id, 1, 1)
    assert RunOptions.of(finished).rows == "b.csv:2-9"


async def test_headers_that_mean_the_same_become_one_column_of_a_result_file(strict, desk, several, tmp_path):
    run = await desk.load(several)
    path = tmp_path / "fix.csv"
    lines = await result_file(desk, run, path, statuses=[Status.FAILED])
    assert [name for name in lines[0] if not name.startswith("_")] == [
        "SKU", "Name", "tags", "category.name", "retail_price"
    ]  # fmt: skip
    assert [(line["SKU"], line["retail_price"], line["_row"]) for line in lines] == [
        ("B-1", "", "b.csv:2"), ("C-1", "2", "c.csv:2")
    ]  # fmt: skip
    assert (await desk.retry(run.id, mended=path)).totals.read == 2


async def test_columns_that_only_a_mapping_tells_apart_stay_apart_in_a_result_file(strict, desk, tmp_path):
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[columns]\nNummer = "sku"\nName = ""\nname = "name"\n')
    for file, number in (("a.csv", "Nummer"), ("b.csv", "nummer")):
        write(tmp_path / file, [{number: file, "Name": "theirs", "name": "ours"} | GONE])
    run = await desk.load(tmp_path / "[ab].csv", mapping=str(mapping))
    assert run.totals.failed == 2
    path = tmp_path / "fix.csv"
    lines = await result_file(desk, run, path)
    assert [(line["Nummer"], line["Name"], line["name"]) for line in lines] == [
        ("a.csv", "theirs", "ours"), ("b.csv", "theirs", "ours")
    ]  # fmt: skip
    read = {"mapping": load_mapping(str(mapping))}
    assert await documents(open_source(str(path)), **read) == await documents(open_source(run.instance.source), **read)


async def test_columns_that_are_no_data_come_back_in_the_result_file_and_old_verdicts_are_said_anew(
    luminous, desk, tmp_path
):
    (tmp_path / "c.csv").write_text("sku,retail_price,_internal,_status\nA-1,x,for us,old\n")
    run = await desk.load(tmp_path / "c.csv")
    fix = tmp_path / "fix.csv"
    async with desk.session() as session:
        await write_rows(session.ledger, run, SCHEMA, str(fix), statuses=(Status.INVALID,))
    header, line = fix.read_text().splitlines()
    assert header == "sku,retail_price,_internal,_row,_status,_code,_column,_message"
    assert line.startswith("A-1,x,for us,2,invalid,number,retail_price,")

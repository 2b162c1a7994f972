"""Out of the API and in again: nothing is sent for nothing, and of a changed row only what has changed."""

import csv
import json
from datetime import datetime

import polars as pl
import pytest
from catalogs import write_csv

from bulk.connectors.luminous.sandbox import seed_products
from bulk.jobs.guards import Stop
from bulk.jobs.planner import Action
from bulk.model import Status
from bulk.orders import Extract, Order
from bulk.sandbox import Fault, Faults


async def exported(desk, path, resource="luminous.products", **what):
    async with desk.session() as session:
        run = await session.export(Extract(resource=resource, path=str(path), **what), Stop())
    assert run.exit_code == 0
    return run


def edited(path, key, column, cell, by="sku"):
    """Change one cell of a CSV file, as in a spreadsheet."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    header = list(rows[0])
    (row,) = (row for row in rows if row[by] == key)
    row[column] = cell
    return write_csv(path, rows, header)


def writes(sandbox):
    return [one for one in sandbox.log.requests() if one.method in {"PATCH", "PUT", "POST"}]


@pytest.fixture
async def shop(twin, desk):
    """A twin with 120 products, some of them with variants, and whatever else an API may hold."""
    odd = {
        "sku": "ODD-1",
        "name": " =SUM(A1) ",
        "description": "two\r\nlines; and a semicolon",
        "tags": ["a;b", "plain"],
        "custom_fields": {"Größe; cm": "12", "Formula": "=1+1", "Count": 5, "Flag": True},
        "image_url": "https://cdn.example.com/" + "x" * 300,
        "upc": "00012",
        "category": {"name": "Odd"},
        "boms": [3, 4],
        "variants": [{"sku": "ODD-1-S", "name": "-5 °C", "retail_price": 3.5}, {"sku": "ODD-1-L", "name": "Large"}],
    }
    async with twin(products=[*seed_products(120, variants=12), odd]) as sandbox:
        desk.point_to(sandbox)
        yield sandbox


@pytest.mark.parametrize("suffix", ["csv", "tsv", "xlsx", "parquet", "ndjson"])
async def test_an_export_imported_unchanged_writes_nothing_and_says_why(shop, desk, tmp_path, suffix):
    path = tmp_path / f"all.{suffix}"
    export = await exported(desk, path)
    run = await desk.load(path)
    assert (run.totals.invalid, run.totals.unchanged, run.totals.read) == (0, run.totals.read, export.totals.succeeded)
    assert (run.traffic.sent, writes(shop), run.exit_code) == (0, [], 0)
    assert {one.message for one in await desk.rows()} == {f"the same was read by run {export.id}"}


async def test_one_edited_cell_is_one_patch_with_one_field(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    sku = pl.read_csv(path, infer_schema=False)["sku"][0]
    run = await desk.load(edited(path, sku, "retail_price", "99.5"))
    (write,) = writes(shop)
    assert (write.method, write.key, write.fields) == ("PATCH", sku, ("sku", "retail_price"))
    assert (run.totals.succeeded, run.totals.unchanged) == (1, run.totals.read - 1)
    again = await desk.load(path, fresh=True)
    assert again.totals.unchanged == again.totals.read


async def test_by_id_too_only_what_has_changed_is_sent(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path, columns=["id", "name", "retail_price"])
    id = pl.read_csv(path, infer_schema=False)["id"][0]
    run = await desk.load(edited(path, id, "retail_price", "99.5", by="id"), match_by="id")
    (write,) = writes(shop)
    assert write.fields == ("id", "retail_price")
    assert run.totals.unchanged == run.totals.read - 1


async def test_an_edited_variant_sends_the_array_of_its_product(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    run = await desk.load(edited(path, "ODD-1-S", "retail_price", "4"))
    (write,) = writes(shop)
    assert write.fields == ("sku", "variants")
    assert (run.totals.succeeded, run.totals.invalid) == (3, 0)
    variants = {one["sku"]: one for one in shop.state()["luminous"]["products"]["ODD-1"]["variants"]}
    assert (variants["ODD-1-S"]["retail_price"], variants["ODD-1-S"]["name"]) == (4, "-5 °C")


@pytest.mark.parametrize(("column", "cell"), [("created_at", "2020-01-01T00:00:00Z"), ("type", "KIT"), ("id", "999")])
async def test_an_edited_read_only_cell_is_a_violation_that_names_it(shop, desk, tmp_path, column, cell):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    run = await desk.load(edited(path, "ODD-1", column, cell))
    (entry,) = [one for one in await desk.rows() if one.key == "ODD-1"]
    assert (entry.status, entry.violations[0].column, entry.violations[0].rule) == (
        Status.INVALID,
        column,
        "read_only",
    )
    assert run.totals.invalid == 3
    assert writes(shop) == []


async def test_read_only_columns_are_ignored_with_a_note_where_nothing_is_known(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    desk.ledger = tmp_path / "another.db"
    desk.events.clear()
    run = await desk.load(edited(path, "ODD-1", "created_at", "2020-01-01T00:00:00Z"), limit=5)
    assert run.totals.invalid == 0
    assert any("read-only columns" in event.message.lower() for event in desk.events)


async def test_a_deleted_column_and_blank_cells_leave_everything_alone(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path, columns=["sku", "parent_sku", "name"])
    rows = pl.read_csv(path, infer_schema=False).to_dicts()
    for row in rows[:50]:
        row["name"] = ""
    run = await desk.load(write_csv(path, rows))
    assert (run.totals.unchanged, writes(shop)) == (run.totals.read, [])


async def test_a_product_that_was_deleted_meanwhile_is_created_whole_and_not_as_a_fragment(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    sku = pl.read_csv(path, infer_schema=False)["sku"][0]
    async with desk.session() as session:
        before = await session.get("luminous.products", sku)
    products = shop.store("luminous").table("products")
    products.remove(products.get(before["id"]))
    run = await desk.load(edited(path, sku, "retail_price", "99.5"))
    assert run.totals.created == 1
    state = shop.state()["luminous"]["products"][sku]
    assert (state["retail_price"], state["name"]) == (99.5, before["name"])


async def test_verify_reports_what_somebody_else_has_changed_instead_of_overwriting_it(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    first, second = pl.read_csv(path, infer_schema=False)["sku"].to_list()[:2]
    theirs = write_csv(tmp_path / "theirs.csv", [{"sku": first, "retail_price": "1"}])
    desk.ledger = tmp_path / "theirs.db"
    await desk.load(theirs)
    desk.ledger = tmp_path / "ledger.db"
    shop.log.reset()
    edited(path, first, "retail_price", "99.5")
    run = await desk.load(edited(path, second, "retail_price", "98.5"), verify=True)
    assert (run.totals.failed, run.totals.succeeded) == (1, 1)
    (entry,) = await desk.rows(statuses=[Status.FAILED])
    assert (entry.key, entry.code, entry.violations[0].column) == (first, "conflict", "retail_price")
    assert [one.key for one in writes(shop)] == [second]
    assert shop.state()["luminous"]["products"][first]["retail_price"] == 1
    assert run.exit_code == 3


async def test_somebody_elses_change_of_another_field_is_kept_without_verify(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    sku = pl.read_csv(path, infer_schema=False)["sku"][0]
    desk.ledger, ours = tmp_path / "theirs.db", desk.ledger
    await desk.load(write_csv(tmp_path / "theirs.csv", [{"sku": sku, "name": "Renamed by another"}]))
    desk.ledger = ours
    await desk.load(edited(path, sku, "retail_price", "99.5"))
    state = shop.state()["luminous"]["products"][sku]
    assert (state["name"], state["retail_price"]) == ("Renamed by another", 99.5)


async def test_what_was_imported_is_known_field_by_field(luminous, desk, catalog, tmp_path):
    await desk.load(catalog(3))
    luminous.log.reset()
    rows = [{"sku": "SKU-00001", "name": "Product 1"}, {"sku": "SKU-00002", "name": "Other"}]
    run = await desk.load(write_csv(tmp_path / "part.csv", rows))
    assert (run.totals.unchanged, run.totals.succeeded) == (1, 1)
    (write,) = writes(luminous)
    assert write.fields == ("sku", "name")


async def test_nothing_of_a_supplier_but_id_and_name_is_written_or_stored(shop, desk, tmp_path):
    from bulk.connectors.luminous.sandbox import SECRETS  # a list only this test needs

    path = tmp_path / "all.csv"
    await exported(desk, path)
    async with desk.session() as session:
        record = await session.get("luminous.products", "ODD-1")
    written = path.read_text() + json.dumps(record) + str(desk.events)
    stored = b"".join(one.read_bytes() for one in desk.folder.glob("ledger.db*")).decode(errors="replace")
    assert [secret for secret in SECRETS if secret in written + stored] == []


async def test_an_edited_read_only_cell_keeps_back_its_own_row_and_no_other(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    first, second = pl.read_csv(path, infer_schema=False)["sku"].to_list()[:2]
    edited(path, first, "created_at", "2020-01-01T00:00:00Z")
    run = await desk.load(edited(path, second, "retail_price", "99.5"))
    assert (run.totals.invalid, run.totals.succeeded, run.exit_code) == (1, 1, 3)
    assert [one.key for one in writes(shop)] == [second]


@pytest.mark.parametrize("form", ["{:%Y-%m-%d %H:%M:%S}", "{:%Y-%m-%dT%H:%M:%S+00:00}"])
async def test_a_moment_that_a_spreadsheet_writes_in_its_own_way_is_not_edited(shop, desk, tmp_path, form):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    rows = pl.read_csv(path, infer_schema=False).to_dicts()
    for row in rows:
        row["created_at"] = form.format(datetime.fromisoformat(row["created_at"]))
    run = await desk.load(write_csv(path, rows))
    assert run.totals.unchanged == run.totals.read


async def test_codes_that_lost_their_zeros_on_the_way_are_refused_even_if_all_of_them_did(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    rows = pl.read_csv(path, infer_schema=False).to_dicts()
    stripped = [row["sku"] for row in rows if (row["upc"] or "").startswith("0")]
    for row in rows:
        row["upc"] = (row["upc"] or "").lstrip("0")
    run = await desk.load(write_csv(path, rows))
    entries = [one for one in await desk.rows() if any(fault.rule == "lost_zeros" for fault in one.violations)]
    assert len(stripped) > 50
    assert {one.key for one in entries} == set(stripped)
    assert {one.violations[0].column for one in entries} == {"upc"}
    assert (writes(shop), run.totals.closes) == ([], True)


async def theirs(desk, tmp_path, **cells):
    """Somebody else's change, of which our ledger knows nothing."""
    ours, desk.ledger = desk.ledger, tmp_path / "theirs.db"
    await desk.load(write_csv(tmp_path / "theirs.csv", [cells]))
    desk.ledger = ours


async def test_a_conflict_stays_one_however_often_the_same_file_is_imported(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    sku = pl.read_csv(path, infer_schema=False)["sku"][0]
    await theirs(desk, tmp_path, sku=sku, retail_price="500")
    edited(path, sku, "name", "Mine")
    for _ in range(3):
        run = await desk.load(path, verify=True, fresh=True)
        assert (run.totals.failed, run.traffic.sent) == (1, 1)
        assert (await desk.rows(statuses=[Status.FAILED]))[0].code == "conflict"
    run = await desk.load(path, fresh=True)
    assert run.totals.updated == 1
    state = shop.state()["luminous"]["products"][sku]
    assert (state["retail_price"], state["name"]) == (500, "Mine")


async def test_after_a_refusal_still_only_what_was_edited_is_sent(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    sku = pl.read_csv(path, infer_schema=False)["sku"][0]
    shop.plan(Faults.parse(["409:1x"]))
    run = await desk.load(edited(path, sku, "retail_price", "99.5"))
    assert run.totals.failed == 1
    shop.plan(Faults())
    run = await desk.load(path, fresh=True)
    assert writes(shop)[-1].fields == ("sku", "retail_price")
    assert run.totals.updated == 1


async def test_rows_with_harmless_faults_are_resumed_as_they_were_judged(twin, desk, tmp_path):
    products = [body | {"image_url": "https://cdn.example.com/" + "x" * 300} for body in seed_products(30)]
    path = tmp_path / "all.csv"
    async with twin(products=products, faults=Faults.parse(["401:@3"])) as sandbox:
        desk.point_to(sandbox)
        await exported(desk, path)
        rows = pl.read_csv(path, infer_schema=False).to_dicts()
        write_csv(path, [row | {"retail_price": "1.25"} for row in rows])
        run = await desk.load(path)
        assert (run.exit_code, run.totals.invalid) == (77, 0)
        run = await desk.resume(run.id)
        assert (run.exit_code, run.totals.succeeded) == (0, 30)
        assert {one.fields for one in writes(sandbox)} == {("sku", "retail_price")}


async def test_skus_of_digits_are_not_taken_for_ids(twin, desk, tmp_path):
    products = [body | {"sku": str(number)} for number, body in zip(range(40, 0, -1), seed_products(40), strict=True)]
    path = tmp_path / "all.csv"
    async with twin(products=products) as sandbox:
        desk.point_to(sandbox)
        await exported(desk, path)
        rows = pl.read_csv(path, infer_schema=False).to_dicts()
        run = await desk.load(write_csv(path, [row | {"retail_price": "1.25"} for row in rows]))
        assert run.totals.updated == 40
        assert {one.fields for one in writes(sandbox)} == {("sku", "retail_price")}
        run = await desk.load(path, fresh=True)
        assert (run.totals.unchanged, run.traffic.sent) == (40, 0)


async def test_answers_that_cannot_be_read_are_no_conflicts(twin, desk, tmp_path):
    path = tmp_path / "all.csv"
    faults = Faults([Fault(kind="not_json", at=frozenset(range(2, 1000)))])
    async with twin(products=seed_products(5), faults=faults) as sandbox:
        desk.point_to(sandbox)
        await exported(desk, path)
        rows = pl.read_csv(path, infer_schema=False).to_dicts()
        run = await desk.load(write_csv(path, [row | {"retail_price": "1"} for row in rows]), verify=True)
        assert (run.totals.not_tried, run.totals.failed, run.exit_code) == (5, 0, 69)
        faults.rules = ()
        run = await desk.resume(run.id)
        assert run.totals.succeeded == 5


async def test_all_sends_whole_rows_and_still_refuses_what_was_edited_but_is_only_read(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    first = pl.read_csv(path, infer_schema=False)["sku"][0]
    run = await desk.load(edited(path, first, "type", "KIT"), resend=True, confirmed=True)
    assert (run.totals.invalid, run.totals.unchanged) == (1, 0)
    assert run.totals.succeeded == run.totals.read - 1


async def test_the_plan_says_what_sending_variants_may_do(shop, desk, tmp_path):
    path = tmp_path / "all.csv"
    await exported(desk, path)
    edited(path, "ODD-1-S", "retail_price", "4")
    async with desk.session() as session:
        order = Order(resource="luminous.products", source=str(path))
        changes = {one.key: one async for one in session.plan(order) if one.action is Action.UPDATE}
    assert set(changes) == {"ODD-1", "ODD-1-S"}
    assert "may be reset" in changes["ODD-1"].differences[0].message
    assert [one.field for one in changes["ODD-1-S"].differences] == ["retail_price"]

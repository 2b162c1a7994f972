"""What an import would do, found out without writing."""

from collections import Counter

import pytest
from catalogs import product, write_csv

from bulk.connectors.luminous.sandbox import seed_products
from bulk.jobs.guards import Stop
from bulk.jobs.planner import Action
from bulk.orders import Extract, Order


async def planned(desk, path, resource="luminous.products", **options):
    async with desk.session() as session:
        order = Order(resource=resource, source=str(path))
        return sorted([change async for change in session.plan(order, **options)], key=lambda change: change.row)


async def test_a_plan_tells_creations_changes_and_what_is_left_field_by_field(luminous, desk, tmp_path):
    rows = [product(1), product(2), product(3)]
    await desk.load(write_csv(tmp_path / "first.csv", rows))
    luminous.log.reset()
    rows[1]["retail_price"] = "77.5"
    rows[2]["retail_price"] = "x"
    rows.append(product(4))
    changes = await planned(desk, write_csv(tmp_path / "second.csv", rows))
    assert [(one.row, one.key, one.action) for one in changes] == [
        (2, "SKU-00001", Action.UNCHANGED),
        (3, "SKU-00002", Action.UPDATE),
        (4, "SKU-00003", Action.INVALID),
        (5, "SKU-00004", Action.CREATE),
    ]
    (difference,) = changes[1].differences
    assert (difference.field, difference.old, difference.new) == ("retail_price", 11.02, 77.5)
    assert {one.field for one in changes[3].differences} >= {"sku", "name", "retail_price"}
    assert [one.method for one in luminous.log.requests()] == ["GET"]


async def test_what_the_ledger_knows_costs_no_call(luminous, desk, catalog):
    path = catalog(50)
    await desk.load(path)
    luminous.log.reset()
    changes = await planned(desk, path)
    assert {one.action for one in changes} == {Action.UNCHANGED}
    assert luminous.log.total == 0


async def test_what_it_does_not_know_is_read_a_hundred_at_a_time(twin, desk, tmp_path):
    async with twin(products=seed_products(250)) as sandbox:
        desk.point_to(sandbox)
        async with desk.session() as session:
            await session.export(Extract(resource="luminous.products", path=str(tmp_path / "all.csv")), Stop())
        desk.ledger = tmp_path / "empty.db"
        sandbox.log.reset()
        changes = await planned(desk, tmp_path / "all.csv")
        assert Counter(one.action for one in changes) == {Action.UNCHANGED: 250}
        assert sandbox.log.total == 3


async def test_a_sku_that_is_an_alternate_one_of_another_product_is_refused(twin, desk, tmp_path):
    products = [{"sku": "MAIN", "name": "Main", "retail_price": 3}]
    async with twin(products=products, alternate_skus={"MAIN": ["OTHER"]}) as sandbox:
        desk.point_to(sandbox)
        (change,) = await planned(desk, write_csv(tmp_path / "x.csv", [{"sku": "OTHER", "retail_price": "3"}]))
    assert change.action is Action.REFUSED
    assert "an alternate SKU of another product, SKU MAIN (id 1)" in change.differences[0].message


async def test_a_plan_and_the_import_after_it_agree(twin, desk, tmp_path):
    async with twin(products=seed_products(40, variants=4)) as sandbox:
        desk.point_to(sandbox)
        path = tmp_path / "all.csv"
        async with desk.session() as session:
            await session.export(Extract(resource="luminous.products", path=str(path)), Stop())
        text = path.read_text().replace("Mug", "Beaker")
        path.write_text(text)
        actions = Counter(one.action for one in await planned(desk, path))
        run = await desk.load(path)
    assert actions[Action.UPDATE] > 0
    assert actions[Action.CREATE] == run.totals.created == 0
    assert run.totals.unchanged <= actions[Action.UNCHANGED]
    assert actions[Action.INVALID] == run.totals.invalid == 0


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
async def test_a_plan_is_written_a_line_for_each_field(luminous, desk, catalog, tmp_path, suffix):
    from bulk.contracts import ReadOptions
    from bulk.formats import open_source
    from bulk.jobs.plan_file import HEADER, write_plan

    changes = await planned(desk, catalog(2))
    path = tmp_path / f"plan.{suffix}"
    write_plan(str(path), changes, ["catalog.csv"])
    (table,) = open_source(str(path), ReadOptions()).tables
    assert table.header == HEADER
    assert sum(frame.height for frame in table.chunks()) == sum(len(one.differences) for one in changes)


@pytest.mark.parametrize("resource", ["luminous.products", "luminous.channels"])
async def test_an_id_that_is_not_there_is_refused_by_the_plan_and_by_the_import(twin, desk, tmp_path, resource):
    path = write_csv(tmp_path / "x.csv", [{"id": "99", "description": "x"}])
    async with twin(unknown_id="create") as sandbox:
        desk.point_to(sandbox)
        (change,) = await planned(desk, path, resource=resource)
        assert change.action is Action.REFUSED
        run = await desk.load(path, resource=resource)
        assert (run.totals.failed, len(sandbox.log.requests(method="PATCH"))) == (1, 0)
        assert not sandbox.log.requests(method="PUT")
        assert sandbox.state()["luminous"]["products"] == {}
    assert [one.code for one in await desk.rows()] == ["not_found"]

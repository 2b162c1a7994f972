"""The two resources of a shop as a whole, at the size of a real one."""

from collections import Counter

from catalogs import write_csv

from bulk.connectors.luminous.sandbox import SECRETS, seed_channels, seed_products
from bulk.jobs.guards import Stop
from bulk.model import Status
from bulk.orders import Extract

COLUMNS = ("name", "description", "retail_price", "wholesale_price", "unit_cost", "upc", "product_length", "sellable")


def rows_of(bodies):
    """Bodies as a person would write them down: a row for each product, and one for each variant."""
    for body in bodies:
        yield {
            "sku": body["sku"],
            "category.name": body["category"]["name"],
            "supplier.name": body["supplier"]["name"],
            "product_weight.unit": "lb",
            "product_weight.value": body["product_weight"]["value"],
            "tags": ";".join(body["tags"]),
            **{f"custom_fields.{name}": value for name, value in body["custom_fields"].items()},
            **{name: body[name] for name in COLUMNS},
        }
        for one in body.get("variants", ()):
            cells = {name: one[name] for name in ("sku", "name", "retail_price", "upc") if name in one}
            yield cells | {"parent_sku": body["sku"]}


async def exported(desk, path, resource):
    async with desk.session() as session:
        return await session.export(Extract(resource=resource, path=str(path)), Stop())


async def test_3000_products_with_300_families_go_in_come_out_and_go_in_again_without_a_write(luminous, desk, tmp_path):
    rows = list(rows_of(seed_products(3000, variants=300)))
    assert sum("parent_sku" in row for row in rows) > 600
    path = write_csv(tmp_path / "catalog.csv", rows)
    run = await desk.load(path)
    assert (run.totals.succeeded, run.totals.read, run.exit_code) == (len(rows), len(rows), 0)
    again = await desk.load(path)
    assert (again.totals.unchanged, again.traffic.sent) == (len(rows), 0)
    out = tmp_path / "all.parquet"
    export = await exported(desk, out, "luminous.products")
    assert export.totals.succeeded == len(rows)
    luminous.log.reset()
    for source in (out, path):
        run = await desk.load(source, fresh=True)
        assert (run.totals.unchanged, run.totals.read, run.traffic.sent) == (len(rows), len(rows), 0)
    assert luminous.log.total == 0
    assert luminous.log.malformed_total == 0


async def test_500_channels_are_updated_and_the_locked_ones_are_told_without_a_request(twin, desk, tmp_path):
    async with twin(channels=seed_channels(500, locked=50)) as sandbox:
        desk.point_to(sandbox)
        out = tmp_path / "channels.csv"
        await exported(desk, out, "luminous.channels")
        assert [secret for secret in SECRETS if secret in out.read_text()] == []
        rows = [{"id": str(number), "description": f"Channel {number}, said anew"} for number in range(1, 501)]
        sandbox.log.reset()
        run = await desk.load(write_csv(tmp_path / "edited.csv", rows), resource="luminous.channels")
        assert (run.totals.succeeded, run.totals.failed, run.exit_code) == (450, 50, 3)
        puts = sandbox.log.requests(method="PUT")
        assert (len(puts), {one.fields for one in puts}) == (450, {("description",)})
        failed = await desk.rows(statuses=[Status.FAILED])
        assert Counter(one.code for one in failed) == {"locked": 50}
        assert {one.http_status for one in failed} == {None}

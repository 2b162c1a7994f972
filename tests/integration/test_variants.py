"""Variants: rows of their own in the file, an array of their product's at the API, an entry each in the ledger."""

import pytest
from catalogs import product, write_csv

from bulk.errors import SourceError
from bulk.jobs.guards import Stop
from bulk.model import Status
from bulk.orders import Extract
from bulk.sandbox import Faults


def variant(number, name, **cells):
    sku = f"SKU-{number:05}"
    return {"sku": f"{sku}-{name}", "parent_sku": sku, "name": name, "retail_price": "5.25"} | cells


def family(number, *names, **cells):
    """A product and its variants."""
    return [product(number, **cells), *(variant(number, name) for name in names)]


def stored(sandbox, number):
    """The variants that the server has of a product, by SKU."""
    return {one["sku"]: one for one in sandbox.state()["luminous"]["products"][f"SKU-{number:05}"]["variants"]}


async def test_rows_with_a_parent_sku_travel_in_their_parents_array_wherever_they_stand(luminous, desk, tmp_path):
    rows = [variant(1, "S"), *family(2, "S", "L"), product(1), product(3), variant(1, "L")]
    run = await desk.load(write_csv(tmp_path / "catalog.csv", rows))
    assert (run.totals.read, run.totals.succeeded, run.totals.created, run.exit_code) == (7, 7, 7, 0)
    assert sorted(stored(luminous, 1)) == ["SKU-00001-L", "SKU-00001-S"]
    assert sorted(stored(luminous, 2)) == ["SKU-00002-L", "SKU-00002-S"]
    fields = {one.key: one.fields for one in luminous.log.requests(method="PATCH")}
    assert "variants" in fields["SKU-00001"]
    assert "variants" not in fields["SKU-00003"]
    assert luminous.log.malformed_total == 0


async def test_each_row_has_its_own_entry_and_shares_its_products_fate(luminous, desk, tmp_path):
    await desk.load(write_csv(tmp_path / "catalog.csv", [*family(1, "S", "L"), product(2)]))
    entries = await desk.rows()
    assert [(one.row, one.key, one.status) for one in entries] == [
        (2, "SKU-00001", Status.SUCCEEDED),
        (3, "SKU-00001-S", Status.SUCCEEDED),
        (4, "SKU-00001-L", Status.SUCCEEDED),
        (5, "SKU-00002", Status.SUCCEEDED),
    ]
    assert [one.attempts for one in entries] == [1, 0, 0, 1]


async def test_the_same_families_again_cost_nothing(luminous, desk, tmp_path):
    path = write_csv(tmp_path / "catalog.csv", [*family(1, "S", "L"), *family(2, "S")])
    first = await desk.load(path)
    sent = luminous.log.total
    again = await desk.load(path)
    assert (again.totals.unchanged, again.traffic.sent, luminous.log.total) == (5, 0, sent)
    assert {one.message for one in await desk.rows()} == {f"the same was written by run {first.id}"}


async def test_a_changed_variant_sends_its_products_whole_array_and_nothing_else_of_it(luminous, desk, tmp_path):
    rows = [*family(1, "S", "L"), product(2)]
    await desk.load(write_csv(tmp_path / "catalog.csv", rows))
    luminous.log.reset()
    rows[1] = rows[1] | {"retail_price": "6"}
    run = await desk.load(write_csv(tmp_path / "changed.csv", rows))
    (write,) = luminous.log.requests(method="PATCH")
    assert write.fields == ("sku", "variants")
    assert (run.totals.succeeded, run.totals.unchanged) == (3, 1)
    assert stored(luminous, 1)["SKU-00001-S"]["retail_price"] == 6
    assert stored(luminous, 1)["SKU-00001-L"]["retail_price"] == 5.25


async def test_a_violation_in_a_variant_names_its_own_row_and_keeps_its_family_back(luminous, desk, tmp_path):
    rows = [*family(1, "S", "L"), *family(2, "S")]
    rows[2]["retail_price"] = "-1"
    run = await desk.load(write_csv(tmp_path / "catalog.csv", rows))
    entries = await desk.rows()
    assert [one.status for one in entries] == [Status.INVALID] * 3 + [Status.SUCCEEDED] * 2
    assert [(one.row, one.violations[0].column, one.violations[0].rule) for one in entries[:3]] == [
        (2, None, "family"),
        (3, None, "family"),
        (4, "retail_price", "ge"),
    ]
    assert "row 4" in entries[0].violations[0].message
    assert run.exit_code == 3
    assert "SKU-00001" not in luminous.state()["luminous"]["products"]


async def test_a_fault_of_the_product_keeps_its_variants_back(luminous, desk, tmp_path):
    rows = [variant(1, "S"), *family(1, "L", name="x" * 201)]
    await desk.load(write_csv(tmp_path / "catalog.csv", rows))
    entries = await desk.rows()
    assert [one.violations[0].rule for one in entries] == ["family", "max_length", "family"]
    assert luminous.log.total == 0


async def test_a_variant_whose_product_has_no_row_is_named(luminous, desk, tmp_path):
    run = await desk.load(write_csv(tmp_path / "catalog.csv", [product(2), variant(1, "S")]))
    entry = (await desk.rows())[1]
    assert (entry.row, entry.status, entry.code) == (3, Status.INVALID, "no_carrier")
    assert "SKU-00001" in entry.violations[0].message
    assert run.totals.closes


async def test_a_variant_that_names_itself_is_not_told_to_add_a_row_for_itself(luminous, desk, tmp_path):
    rows = [product(2), variant(1, "S", parent_sku="SKU-00001-S"), variant(1, "L", parent_sku="SKU-00001-S")]
    await desk.load(write_csv(tmp_path / "catalog.csv", rows))
    own, other = (await desk.rows())[1:]
    assert (own.row, own.status, own.code) == (3, Status.INVALID, "own_carrier")
    assert "names itself" in own.violations[0].message
    assert "Add a row" not in own.violations[0].advice
    assert (other.row, other.status, other.code) == (4, Status.INVALID, "no_carrier")


async def test_a_variant_of_a_variant_is_told_which_row_that_is(luminous, desk, tmp_path):
    rows = [*family(1, "S"), variant(1, "S-XL", parent_sku="SKU-00001-S")]
    run = await desk.load(write_csv(tmp_path / "catalog.csv", rows))
    entry = (await desk.rows())[-1]
    assert (run.totals.succeeded, entry.code) == (2, "no_carrier")
    assert entry.violations[0].message == "SKU-00001-S in row 3 is a variant itself"
    assert "Add a row" not in entry.violations[0].advice


async def test_a_sku_that_is_a_product_and_a_variant_is_refused_with_the_whole_family(luminous, desk, tmp_path):
    rows = [*family(1, "S"), product(2, sku="SKU-00001-S"), product(3)]
    run = await desk.load(write_csv(tmp_path / "catalog.csv", rows))
    entries = await desk.rows()
    assert [one.status for one in entries] == [Status.INVALID] * 3 + [Status.SUCCEEDED]
    assert {one.code for one in entries[1:3]} == {"duplicate_key"}
    assert entries[0].code == "family"
    assert run.totals.closes


async def test_what_a_variant_does_not_have_is_a_violation_where_it_is_filled(luminous, desk, tmp_path):
    rows = [product(1, lot_tracking="yes"), variant(1, "S", lot_tracking="yes")]
    await desk.load(write_csv(tmp_path / "catalog.csv", rows))
    entry = (await desk.rows())[1]
    assert (entry.violations[0].column, entry.violations[0].rule) == ("lot_tracking", "not_here")
    assert "a variant" in entry.violations[0].message


async def test_discontinued_is_written_for_variants_only(luminous, desk, tmp_path):
    rows = [product(1), variant(1, "S", discontinued="yes")]
    run = await desk.load(write_csv(tmp_path / "catalog.csv", rows))
    assert run.exit_code == 0
    assert stored(luminous, 1)["SKU-00001-S"]["discontinued"] is True


async def test_a_cell_of_variants_may_hold_json_but_not_beside_rows(luminous, desk, tmp_path):
    cell = '[{"sku": "V-1", "name": "One", "retail_price": 3}]'
    run = await desk.load(write_csv(tmp_path / "json.csv", [product(1, variants=cell)]))
    assert run.exit_code == 0
    assert list(stored(luminous, 1)) == ["V-1"]
    run = await desk.load(write_csv(tmp_path / "both.csv", [product(2, variants=cell), variant(2, "S")]))
    assert run.totals.invalid == 2
    assert (await desk.rows())[0].violations[0].column == "variants"


async def test_what_the_api_says_of_a_variant_lands_on_its_row(twin, desk, tmp_path):
    async with twin(unknown_references="refuse") as sandbox:
        desk.point_to(sandbox)
        rows = [product(1) | {"category.name": ""}, variant(1, "S"), variant(1, "L", supplier_id="99")]
        run = await desk.load(write_csv(tmp_path / "catalog.csv", rows))
    entries = await desk.rows()
    assert [one.status for one in entries] == [Status.FAILED] * 3
    assert [len(one.violations) for one in entries] == [0, 0, 1]
    assert (entries[2].violations[0].column, entries[2].violations[0].row) == ("supplier_id", 4)
    assert run.totals.closes


async def test_a_family_that_failed_is_retried_whole_from_the_ledger(twin, desk, tmp_path):
    path = write_csv(tmp_path / "catalog.csv", [variant(1, "S"), product(1), variant(1, "L", supplier_id="99")])
    async with twin(unknown_references="refuse") as sandbox:
        address = sandbox.url("luminous")
        desk.point_to(sandbox)
        run = await desk.load(path)
        assert run.totals.failed == 3
        port = int(address.split(":")[2].split("/")[0])
    async with twin(port=port) as sandbox:
        again = await desk.retry(run.id, causes=("invalid",))
        assert (again.totals.read, again.totals.succeeded) == (3, 3)
        assert sorted(stored(sandbox, 1)) == ["SKU-00001-L", "SKU-00001-S"]


async def test_a_file_of_variants_must_be_matched_by_sku(luminous, desk, tmp_path):
    path = write_csv(tmp_path / "catalog.csv", [product(1) | {"id": "7"}, variant(1, "S")])
    with pytest.raises(SourceError, match="names a sku"):
        await desk.load(path, match_by="id")


async def test_a_variant_that_the_file_lacks_is_not_risked_unless_confirmed(luminous, desk, tmp_path):
    await desk.load(write_csv(tmp_path / "first.csv", family(1, "S", "L")))
    fewer = write_csv(tmp_path / "fewer.csv", [product(1), variant(1, "S", retail_price="7")])
    run = await desk.load(fewer)
    assert run.totals.failed == 2
    assert (await desk.rows())[0].code == "variants_missing"
    assert "SKU-00001-L" in (await desk.rows())[0].message
    assert sorted(stored(luminous, 1)) == ["SKU-00001-L", "SKU-00001-S"]
    run = await desk.load(fewer, confirmed=True, fresh=True)
    assert run.totals.succeeded == 2
    assert sorted(stored(luminous, 1)) == ["SKU-00001-S"]


async def test_what_the_api_shows_of_a_present_variant_survives_on_a_server_that_replaces(luminous, desk, tmp_path):
    await desk.load(
        write_csv(tmp_path / "first.csv", [product(1), variant(1, "S", description="Small one", upc="0123")])
    )
    run = await desk.load(write_csv(tmp_path / "price.csv", [product(1), variant(1, "S", retail_price="7")]))
    assert run.exit_code == 0
    one = stored(luminous, 1)["SKU-00001-S"]
    assert (one["retail_price"], one["description"], one["upc"]) == (7, "Small one", "0123")


async def test_the_report_says_that_variants_were_sent(luminous, desk, tmp_path):
    run = await desk.load(write_csv(tmp_path / "catalog.csv", [*family(1, "S", "L"), product(2)]))
    async with desk.session() as session:
        assert await session.ledger.carried(run.id) == (2, 1)


async def test_families_are_resumed_after_a_run_was_broken_off(twin, desk, tmp_path):
    rows = [row for number in range(1, 31) for row in family(number, "S", "L")]
    path = write_csv(tmp_path / "catalog.csv", rows)
    async with twin(faults=Faults.parse(["401:@11"])) as sandbox:
        desk.point_to(sandbox)
        run = await desk.load(path)
        assert (run.exit_code, run.totals.closes) == (77, True)
        assert 0 < run.totals.not_tried < 90
        again = await desk.resume(run.id)
        assert (again.exit_code, again.totals.succeeded) == (0, 90)
        assert len(stored(sandbox, 30)) == 2
        assert sandbox.log.repeated() == {}


async def test_a_product_that_stands_twice_above_variants_is_refused_with_all_of_them(luminous, desk, tmp_path):
    for bad in ({}, {"name": "x" * 201}):
        rows = [product(1), product(1, **bad), variant(1, "S"), product(2)]
        run = await desk.load(write_csv(tmp_path / "catalog.csv", rows), fresh=True)
        assert (run.totals.invalid, run.totals.closes) == (3, True)
        assert (await desk.rows())[-1].status in {Status.SUCCEEDED, Status.UNCHANGED}


async def test_a_variant_dropped_with_consent_and_put_back_is_sent_again(luminous, desk, tmp_path):
    both = write_csv(tmp_path / "both.csv", family(1, "S", "L"))
    await desk.load(both)
    one = write_csv(tmp_path / "one.csv", [product(1), variant(1, "S", retail_price="7")])
    await desk.load(one, confirmed=True)
    assert list(stored(luminous, 1)) == ["SKU-00001-S"]
    run = await desk.load(both, fresh=True)
    assert run.totals.succeeded == 3
    assert len(stored(luminous, 1)) == 2


async def test_emptying_a_list_of_a_variant_needs_a_confirmation_and_only_once(luminous, desk, tmp_path):
    await desk.load(write_csv(tmp_path / "first.csv", [product(1), variant(1, "S", tags="new")]))
    emptied = write_csv(tmp_path / "emptied.csv", [product(1), variant(1, "S", tags="<empty>")])
    run = await desk.load(emptied)
    assert (run.exit_code, run.traffic.sent) == (4, 0)
    confirm = {"confirm": lambda _: True}
    assert (await desk.load(emptied, **confirm)).totals.succeeded == 2
    run = await desk.load(emptied)
    assert (run.exit_code, run.totals.unchanged) == (0, 2)


@pytest.mark.parametrize("value", ["[]", "null"])
async def test_so_does_an_empty_list_in_a_cell_of_json(luminous, desk, tmp_path, value):
    cell = f'[{{"sku": "V-1", "tags": {value}}}]'
    run = await desk.load(write_csv(tmp_path / "json.csv", [product(1, variants=cell)]))
    assert (run.exit_code, run.traffic.sent) == (4, 0)


@pytest.mark.parametrize("names", [("V-1", "V-1"), ("V-1", "SKU-00001")])
async def test_a_cell_of_json_that_names_a_variant_twice_is_refused(luminous, desk, tmp_path, names):
    cell = "[{}]".format(", ".join(f'{{"sku": "{name}"}}' for name in names))
    run = await desk.load(write_csv(tmp_path / "json.csv", [product(1, variants=cell)]))
    (entry,) = await desk.rows()
    assert (run.totals.invalid, entry.violations[0].column, entry.code) == (1, "variants", "duplicate_key")


async def test_a_limit_counts_products_and_takes_their_variants_wherever_they_stand(luminous, desk, tmp_path):
    rows = [*family(1, "S"), *family(2, "S"), product(3), variant(1, "L"), variant(3, "S")]
    run = await desk.load(write_csv(tmp_path / "catalog.csv", rows), limit=2)
    assert (run.totals.read, run.totals.succeeded) == (5, 5)
    assert sorted(stored(luminous, 1)) == ["SKU-00001-L", "SKU-00001-S"]


async def test_variants_that_were_not_sent_are_not_said_to_have_been(luminous, desk, tmp_path):
    rows = family(1, "S", "L")
    await desk.load(write_csv(tmp_path / "first.csv", rows))
    rows[0]["retail_price"] = "99"
    run = await desk.load(write_csv(tmp_path / "second.csv", rows))
    assert (run.totals.updated, run.totals.unchanged) == (1, 2)
    async with desk.session() as session:
        assert await session.ledger.carried(run.id) == (0, 0)


async def test_what_may_happen_to_present_variants_is_said_before_anything_is_sent(luminous, desk, tmp_path):
    await desk.load(write_csv(tmp_path / "catalog.csv", family(1, "S")))
    (said,) = [event.message for event in desk.events if "goes inside others" in event.message]
    assert "may be reset" in said


async def test_nothing_is_said_of_variants_that_will_not_be_sent(luminous, desk, tmp_path):
    rows = [*family(1, "S", "L"), *family(2, "S")]
    await desk.load(write_csv(tmp_path / "first.csv", rows))
    desk.events.clear()
    rows[0]["retail_price"] = "99"
    rows[4]["retail_price"] = "98"
    await desk.load(write_csv(tmp_path / "second.csv", rows))
    (said,) = [event.message for event in desk.events if "inside others" in event.message]
    assert said.startswith("1 row goes inside others")


async def test_a_family_held_back_by_a_read_only_cell_says_which_row_of_it_is_at_fault(twin, desk, tmp_path):
    shirt = {"sku": "TS", "name": "Shirt", "variants": [{"sku": "TS-S", "name": "S"}, {"sku": "TS-L", "name": "L"}]}
    async with twin(products=[shirt]) as sandbox:
        desk.point_to(sandbox)
        path = tmp_path / "all.csv"
        async with desk.session() as session:
            await session.export(Extract(resource="luminous.products", path=str(path)), Stop())
        lines = path.read_text().splitlines()
        (number,) = [number for number, line in enumerate(lines, 1) if "TS-S,TS," in line]
        lines[number - 1] = f"{lines[number - 1].rpartition(',')[0]},2020-01-01"
        path.write_text("\n".join([*lines, ""]))
        await desk.load(path)
    codes = {one.key: (one.code, one.message) for one in await desk.rows()}
    assert codes["TS-S"][0] == "read_only"
    for key in ("TS", "TS-L"):
        assert codes[key] == ("family", f"row {number}, sent with it, has faults")


async def test_what_others_have_changed_in_a_sibling_is_kept(luminous, desk, tmp_path):
    rows = [product(1), variant(1, "S", retail_price="5"), variant(1, "L", retail_price="6")]
    await desk.load(write_csv(tmp_path / "ours.csv", rows))
    desk.ledger, ours = tmp_path / "theirs.db", desk.ledger
    theirs = [{"sku": "SKU-00001"}, variant(1, "S", retail_price="50"), variant(1, "L", retail_price="6")]
    await desk.load(write_csv(tmp_path / "theirs.csv", theirs))
    desk.ledger = ours
    rows[2]["retail_price"] = "7"
    await desk.load(write_csv(tmp_path / "edited.csv", rows))
    now = {sku: one["retail_price"] for sku, one in stored(luminous, 1).items()}
    assert now == {"SKU-00001-S": 50, "SKU-00001-L": 7}

"""Every row of the documented field tables of variants and channels, transcribed from the pages, against the models."""

import json
from pathlib import Path

import polars as pl
import pytest
from examples import every
from pydantic import ValidationError

from bulk.connectors.luminous import CHANNELS, PRODUCTS
from bulk.connectors.luminous.models import Channel, ChannelFacts, NewChannel, NewChannelFacts, Product, Variant
from bulk.model import ROW
from bulk.validation import Validator, bind, compile_schema

DATA = Path(__file__).parents[2] / "data"
VARIANTS = json.loads((DATA / "luminous_variants_fields.json").read_text(encoding="utf-8"))
CHANNEL_FIELDS = json.loads((DATA / "luminous_channels_fields.json").read_text(encoding="utf-8"))
LEFT_OUT = {"integrationProducts"}
"""The members of a SKU mapping are documented nowhere."""

MINIMAL = {
    Variant: {"sku": "V-1"},
    Channel: {"id": 7},
    NewChannel: {"channelType": "fulfillment_channel", "label": "East", "warehouseGroupId": 3},
}


def rows():
    yield from ((Variant, row) for row in VARIANTS)
    for row in CHANNEL_FIELDS:
        if row["field"] not in LEFT_OUT:
            yield from (
                (model, row) for model, call in ((Channel, "update"), (NewChannel, "create")) if call in row["calls"]
            )


def fields(column):
    """Models and rows of the tables, as far as a row has anything in this column."""
    return [pytest.param(model, row, id=f"{model.__name__}-{row['field']}") for model, row in rows() if row[column]]


def faults(model, body):
    """The fields that the model faults."""
    try:
        model.model_validate_json(json.dumps(body))
    except ValidationError as error:
        return {one["loc"][0] for one in error.errors()}
    return set()


def excused(field, value):
    """What a new channel needs so that no rule on several fields is broken by this value."""
    if field == "pullOrdersFromOms" and value is True:
        return {"channelType": "sales_channel", "pullOrderAppIntegrationAccountId": 1}
    if field == "pushOrdersToOms" and value is True:
        return {"pushOrderAppIntegrationAccountId": 1}
    if field == "warehouseGroupId" and value is None:
        return {"isDropship": True, "dropshipInventoryNotTracked": True}
    return {}


def document(model, field, value):
    more = excused(field, value) if model is NewChannel else {}
    return {**MINIMAL[model], **more, field: value}


def judged(model, cells):
    """The verdict on a row of text: rules broken, or the document."""
    schema = compile_schema(model)
    frame = pl.DataFrame({ROW: [2], **{name: [text] for name, text in cells.items()}})
    keys = {Variant: ("sku",), Channel: ("id",), NewChannel: ("label",), Product: ("sku", "id")}[model]
    checked = Validator(schema, bind(schema, list(cells), keys=keys)).check(frame)
    if checked.bad:
        return sorted((violation.column, violation.rule) for violation in checked.bad[0].violations)
    return json.loads(checked.good["payload"][0])


def test_the_models_have_the_documented_fields_and_no_others():
    assert set(Variant.model_fields) == {row["field"] for row in VARIANTS}
    written = {call: {row["field"] for row in CHANNEL_FIELDS if call in row["calls"]} for call in ("create", "update")}
    assert set(Channel.model_fields) == written["update"] | {"id"}
    assert set(NewChannel.model_fields) == written["create"] - LEFT_OUT


@every(("model", "row"), fields("accepted"))
def test_a_documented_value_is_accepted(model, row):
    bodies = [document(model, row["field"], value) for value in row["accepted"]]
    assert [body for body in bodies if faults(model, body)] == []
    assert [model.model_validate_json(json.dumps(body)).model_dump(exclude_unset=True) for body in bodies] == bodies


@every(("model", "row"), fields("refused"))
def test_a_value_against_the_documentation_is_refused(model, row):
    field = row["field"]
    bodies = [{**MINIMAL[model], field: value} for value in row["refused"]]
    assert [body for body in bodies if field not in faults(model, body)] == []


CELLS = {"string": "x", "integer": "3", "boolean": "yes", "integer[]": "1;2", "string[]": "a;b", "number<float>": "1.5"}


@every(
    ("model", "row"),
    [pytest.param(model, row, id=f"{model.__name__}-{row['field']}") for model, row in rows() if row["type"] in CELLS],
)
def test_a_cell_can_be_cleared_only_where_the_documentation_takes_null(model, row):
    field = row["field"]
    plain = {name: str(value) for name, value in {**MINIMAL[model]}.items()}
    excuses = {name: str(value) for name, value in excused(field, None).items()} if model is NewChannel else {}
    verdict = judged(model, {**plain, **excuses, field: "<clear>"})
    if row["nullable"]:
        assert verdict[field] is None
    else:
        assert (field, "not_nullable") in verdict


SALES = {"channelType": "sales_channel", "label": "East", "warehouseGroupId": "3"}
FULFILS = SALES | {"channelType": "fulfillment_channel"}
BOTH = SALES | {"channelType": "end_to_end_channel"}


def without(cells, *names):
    return {name: cell for name, cell in cells.items() if name not in names}


@pytest.mark.parametrize(
    ("cells", "broken"),
    [
        (SALES, None),
        (without(SALES, "warehouseGroupId"), "warehouseGroupId"),
        (
            SALES | {"warehouseGroupId": "", "isDropship": "yes", "dropshipInventoryNotTracked": "yes"},
            "warehouseGroupId",
        ),
        (SALES | {"warehouseGroupId": "<clear>"}, "warehouseGroupId"),
        (FULFILS | {"warehouseGroupId": ""}, "warehouseGroupId"),
        (BOTH | {"warehouseGroupId": "", "isDropship": "yes"}, "warehouseGroupId"),
        (FULFILS | {"warehouseGroupId": "", "isDropship": "yes", "dropshipInventoryNotTracked": "yes"}, None),
        (SALES | {"pullOrdersFromOms": "yes"}, "pullOrderAppIntegrationAccountId"),
        (SALES | {"pullOrdersFromOms": "yes", "pullOrderAppIntegrationAccountId": "4"}, None),
        (BOTH | {"pullOrdersFromOms": "yes", "pullOrderAppIntegrationAccountId": "4"}, None),
        (FULFILS | {"pullOrdersFromOms": "yes", "pullOrderAppIntegrationAccountId": "4"}, "pullOrdersFromOms"),
        (FULFILS | {"pullOrdersFromOms": "no"}, None),
        (FULFILS | {"pushOrdersToOms": "yes"}, "pushOrderAppIntegrationAccountId"),
        (FULFILS | {"pushOrdersToOms": "yes", "pushOrderAppIntegrationAccountId": "4"}, None),
        (BOTH | {"pushOrdersToOms": "yes", "pushOrderAppIntegrationAccountId": "4"}, None),
        (SALES | {"pushOrdersToOms": "yes", "pushOrderAppIntegrationAccountId": "4"}, "pushOrdersToOms"),
    ],
)
def test_the_conditional_requirements_of_a_new_channel_are_checked_beforehand_by_both_engines(cells, broken):
    every = {"warehouseGroupId": "", "pullOrderAppIntegrationAccountId": "", "pushOrderAppIntegrationAccountId": ""}
    verdict = judged(NewChannel, every | cells)
    if broken is None:
        assert NewChannel.model_validate(verdict).model_dump(exclude_unset=True) == verdict
    else:
        assert broken in {column for column, _ in verdict}


def test_a_new_channel_needs_a_type_and_a_label():
    for cells in ({"channelType": ""}, {"channelType": "shop"}, {"label": ""}):
        assert isinstance(judged(NewChannel, SALES | cells), list)


def test_an_update_has_no_conditions_since_the_channel_may_meet_them_already():
    cells = {"id": "7", "pullOrdersFromOms": "yes", "pushOrdersToOms": "yes"}
    assert judged(Channel, cells) == {"id": 7, "pullOrdersFromOms": True, "pushOrdersToOms": True}


def test_options_are_a_cell_of_json():
    cells = {"id": "7", "pullOrdersFromOmsOptions": '{"statuses": ["paid"], "nested": {"a": 1}}'}
    assert judged(Channel, cells)["pullOrdersFromOmsOptions"] == {"statuses": ["paid"], "nested": {"a": 1}}


def test_a_cell_of_json_may_hold_all_variants_and_emptying_it_is_announced():
    cell = json.dumps([{"sku": "V-1", "retail_price": 3}])
    assert judged(Product, {"sku": "A-1", "variants": cell})["variants"] == [{"sku": "V-1", "retail_price": 3}]
    assert isinstance(judged(Product, {"sku": "A-1", "variants": '[{"name": "no SKU"}]'}), list)
    column = next(one for one in compile_schema(Product).columns if one.name == "variants")
    assert column.consequence == "may remove every variant"


def test_no_field_is_writable_and_read_only_at_once():
    for resource in (PRODUCTS, CHANNELS):
        assert not resource.model.model_fields.keys() & resource.read_only.model_fields.keys()
        other = resource.other_rows
        assert not other.model.model_fields.keys() & other.read_only.model_fields.keys()


def test_every_read_only_field_of_a_channel_is_one_of_a_new_channel_or_its_type():
    assert set(ChannelFacts.model_fields) == {*NewChannelFacts.model_fields, "channelType"}


@pytest.mark.parametrize("resource", [PRODUCTS, CHANNELS], ids=lambda one: one.name)
def test_every_column_says_what_it_is_and_where_it_is_documented(resource):
    other = resource.other_rows
    for model in (resource.model, resource.read_only, other.model, other.read_only):
        for column in compile_schema(model).columns:
            assert column.description
            assert column.reference.startswith("https://docs.joinluminous.com/")

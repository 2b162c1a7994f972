"""Every row of the documented field table. The table was taken from the documentation page, not from the model."""

import json
from pathlib import Path

import polars as pl
import pytest
from examples import every
from pydantic import ValidationError

from bulk.connectors.luminous.models import Product
from bulk.model import ROW
from bulk.validation import Validator, bind, compile_schema

TABLE = json.loads((Path(__file__).parents[2] / "data" / "luminous_products_fields.json").read_text(encoding="utf-8"))
KEYS = {"id", "sku"}


def fields(column):
    """Rows of the table, as far as they have anything in this column."""
    return [pytest.param(row, id=row["field"]) for row in TABLE if row[column]]


def faults(body):
    """The fields that the model faults."""
    try:
        Product.model_validate_json(json.dumps(body))
    except ValidationError as error:
        return {one["loc"][0] for one in error.errors()}
    return set()


def document(field, value):
    return {field: value} if field in KEYS else {"sku": "A-1", field: value}


def judged(header, cell):
    """The verdict on one cell of text, as rules broken or the document."""
    schema = compile_schema(Product)
    columns = {header: cell} if header in KEYS else {"sku": "A-1", header: cell}
    if header.endswith("_weight.value"):
        columns[header.replace(".value", ".unit")] = "lb"
    frame = pl.DataFrame({ROW: [2], **{name: [text] for name, text in columns.items()}})
    checked = Validator(schema, bind(schema, list(columns), keys=("sku", "id"))).check(frame)
    if checked.bad:
        return [(violation.column, violation.rule) for violation in checked.bad[0].violations]
    return json.loads(checked.good["payload"][0])


def test_the_model_has_the_documented_fields_and_no_others():
    # The items of `variants` have a table of their own, in test_luminous_other_models.
    assert set(Product.model_fields) == {row["field"] for row in TABLE} | {"variants"}


@every("row", fields("accepted"))
def test_a_documented_value_is_accepted(row):
    bodies = [document(row["field"], value) for value in row["accepted"]]
    assert [body for body in bodies if faults(body)] == []
    assert [Product.model_validate_json(json.dumps(body)).model_dump(exclude_unset=True) for body in bodies] == bodies


@every("row", fields("refused"))
def test_a_value_against_the_documentation_is_refused(row):
    bodies = [document(row["field"], value) for value in row["refused"]]
    assert [body for body in bodies if faults(body) != {row["field"]}] == []


@pytest.mark.parametrize("row", [row for row in TABLE if row["max_length"]], ids=lambda row: row["field"])
def test_the_longest_text_passes_and_one_more_character_does_not(row):
    field, longest = row["field"], "é" * row["max_length"]
    assert judged(field, longest)[field] == longest
    assert judged(field, longest + "é") == [(field, "max_length")]


@pytest.mark.parametrize(
    "field",
    [row["field"] for row in TABLE if row["minimum"] is not None]
    + [f"{row['field']}.value" for row in TABLE if row["field"].endswith("_weight")],
)
def test_a_measure_or_price_may_be_zero_but_not_less(field):
    name, _, part = field.partition(".")
    written = judged(field, "0")[name]
    assert (written[part] if part else written) == 0
    assert judged(field, "-0.01") == [(field, "ge")]


@every("row", [row for row in TABLE if row["type"] != "object"])
def test_a_cell_can_be_cleared_only_where_the_documentation_takes_null(row):
    field = row["field"]
    assert judged(field, "<clear>") == ({"sku": "A-1", field: None} if row["nullable"] else [(field, "not_nullable")])


@pytest.mark.parametrize(
    ("header", "cell", "written"),
    [
        ("MASTER_SKU", "A-1", {"sku": "A-1"}),
        ("PRODUCT_NAME", "Boots", {"name": "Boots"}),
        ("PRODUCT_DESCRIPTION", "Warm", {"description": "Warm"}),
        ("PRODUCT_CATEGORY", "Shoes", {"category": {"name": "Shoes"}}),
        ("category", "Shoes", {"category": {"name": "Shoes"}}),
        ("PRODUCT_SUB_CATEGORY", "Winter", {"subcategory": {"name": "Winter"}}),
        ("subcategory", "Winter", {"subcategory": {"name": "Winter"}}),
        ("supplier", "Acme", {"supplier": {"name": "Acme"}}),
        ("TAGS", "a;b", {"tags": ["a", "b"]}),
        ("Custom_Fields.Eye Colour", "blue", {"custom_fields": {"Eye Colour": "blue"}}),
    ],
)
def test_the_headers_that_users_of_the_vendor_s_importer_know_are_understood(header, cell, written):
    schema = compile_schema(Product)
    columns = {header: cell} if header == "MASTER_SKU" else {"sku": "A-1", header: cell}
    frame = pl.DataFrame({ROW: [2], **{name: [text] for name, text in columns.items()}})
    checked = Validator(schema, bind(schema, list(columns), keys=("sku", "id"))).check(frame)
    assert json.loads(checked.good["payload"][0]) == {"sku": "A-1"} | written


@pytest.mark.parametrize("other", ["kg", "oz", "g"])
def test_a_weight_in_another_unit_is_refused_with_the_way_to_convert_it(other):
    schema = compile_schema(Product)
    frame = pl.DataFrame({ROW: [2], "sku": ["A"], "box_weight.unit": [other], "box_weight.value": ["1"]})
    checked = Validator(schema, bind(schema, frame.columns[1:], keys=("sku", "id"))).check(frame)
    (violation,) = checked.bad[0].violations
    assert (violation.column, violation.rule) == ("box_weight.unit", "choices")
    assert "1 kg is 2.20462 lb" in violation.advice


@pytest.mark.parametrize(
    ("id_column", "name_column"),
    [("category_id", "category.name"), ("sub_category_id", "subcategory.name"), ("supplier_id", "supplier.name")],
)
def test_an_id_and_a_name_for_the_same_thing_are_refused_by_both_engines(id_column, name_column):
    name = name_column.partition(".")[0]
    with pytest.raises(ValidationError):
        Product.model_validate({"sku": "A", id_column: 1, name: {"name": "x"}})
    schema = compile_schema(Product)
    frame = pl.DataFrame({ROW: [2], "sku": ["A"], id_column: ["1"], name_column: ["x"]})
    checked = Validator(schema, bind(schema, frame.columns[1:], keys=("sku", "id"))).check(frame)
    assert [one.rule for one in checked.bad[0].violations] == ["not_both"]


def test_emptying_bills_of_materials_is_announced():
    schema = compile_schema(Product)
    frame = pl.DataFrame({ROW: [2, 3, 4], "sku": ["A", "B", "C"], "boms": ["<empty>", "<clear>", "1"]})
    checked = Validator(schema, bind(schema, ["sku", "boms"], keys=("sku", "id"))).check(frame)
    assert list(checked.losses().values()) == [("detaches every bill of materials",)] * 2


def test_every_field_says_what_it_is_and_where_it_is_documented():
    for column in compile_schema(Product).columns:
        assert column.description
        assert column.reference.startswith("https://docs.joinluminous.com/")

"""Filters of the list of products, against the documented table."""

import pytest
from examples import every

from bulk.connectors.luminous.flows.filters import FIELDS, OPERATORS, channel_filter, product_filter
from bulk.errors import UsageError

SAMPLES = {"search": "boots", "text": "boots", "number": "12.5", "yes/no": "true", "date": "2026-01-31"}


@every("field", FIELDS)
def test_every_documented_field_takes_every_operator_of_its_kind(field):
    for operator in OPERATORS[FIELDS[field]]:
        value = "" if operator in {"set", "notset"} else SAMPLES[FIELDS[field]]
        name = field if operator == "eq" else f"{field}[{operator}]"
        assert product_filter(f"{field}[{operator}]={value}") == (name, value)


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("sku", "A-1", ("sku", "A-1")),
        (" SKU [IN] ", "A,B", ("sku[in]", "A,B")),
        ("name[contains]", " boots ", ("name[contains]", " boots ")),
        ("sellable", "Yes", ("sellable", "true")),
        ("discontinued[neq]", "0", ("discontinued[neq]", "false")),
        ("retail_price[gte]", " 10 ", ("retail_price[gte]", "10")),
        ("retail_price[in]", "1, 2.5", ("retail_price[in]", "1,2.5")),
        ("updated_at[gte]", "2026-01-31", ("updated_at[gte]", "2026-01-31")),
        ("subcategory.name", "Winter", ("sub_category.name", "Winter")),
        ("category", "Shoes", ("category.name", "Shoes")),
        ("tags", "new", ("tag", "new")),
        ("upc[notset]", "", ("upc[notset]", "")),
    ],
)
def test_a_filter_is_sent_as_it_is_documented(name, value, sent):
    assert product_filter(f"{name}={value}") == sent


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("retail_pice[gte]", "1", "retail_price"),
        ("warp_factor", "1", "There are"),
        ("name[gt]", "x", "contains"),
        ("updated_at[contains]", "2026", "gte"),
        ("sellable[in]", "true", "neq"),
        ("retail_price[like]", "1", "gte"),
        ("q[contains]", "x", "eq"),
        ("retail_price", "cheap", "12.5"),
        ("retail_price[in]", "1,,2", "notset"),
        ("sellable", "maybe", "true or false"),
        ("updated_at[gte]", "31.01.2026", "2026-01-31"),
        ("updated_at[gte]", "20260131", "2026-01-31"),
        ("updated_at[gte]", "2026-02-30", "2026-01-31"),
        ("name", " ", "notset"),
        ("name[set]", "x", "name[set]="),
        ("name[eq", "x", "field[operator]"),
        ("[eq]", "x", "field[operator]"),
        ("a[b][c]", "x", "field[operator]"),
    ],
)
def test_what_is_not_documented_is_refused_with_what_is(name, value, complaint):
    with pytest.raises(UsageError) as refused:
        product_filter(f"{name}={value}")
    assert complaint in refused.value.advice


def test_channels_have_no_documented_filter():
    with pytest.raises(UsageError, match="label=x"):
        channel_filter("label=x")


def test_a_filter_needs_an_equals_sign_unless_it_asks_for_presence():
    assert product_filter("upc[notset]") == ("upc[notset]", "")
    with pytest.raises(UsageError, match="'upc' is no filter"):
        product_filter("upc")

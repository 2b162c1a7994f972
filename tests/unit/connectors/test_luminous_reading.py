"""What Luminous shows, as documents: every shape of the documentation, and nothing secret."""

from datetime import UTC, datetime

import pytest
from examples import every

from bulk.connectors.luminous.models import Channel, ChannelFacts, Product, Variant
from bulk.connectors.luminous.reading import changed_at, read_channel, read_product, redacted

BLANK = {"unit": None, "value": None}


def pounds(value):
    return {"unit": "lb", "value": value}


@pytest.mark.parametrize(
    ("shown", "totals", "read"),
    [
        (2.5, {}, pounds(2.5)),
        ("2.50", {}, pounds(2.5)),
        ("2.5 lb", {}, pounds(2.5)),
        (1.123456789, {}, pounds(1.123456789)),
        (8, {"lb": 0.5, "oz": 8}, pounds(0.5)),
        ("8.0", {"oz": 8}, pounds(0.5)),
        ("8 oz", {}, pounds(0.5)),
        ([{"unit": "lb", "value": 1.123456789}], {"lb": 1.12}, pounds(1.123456789)),
        ([{"unit": "lb", "value": 1}, {"unit": "oz", "value": 4}], {"lb": 1.25, "oz": 20}, pounds(1.25)),
        ([{"unit": "lb", "value": 1}, {"unit": "oz", "value": 4}], {"oz": 20}, pounds(1.25)),
        ([{"unit": "lb", "value": 1}, {"unit": "oz", "value": "4"}], {}, pounds(1.25)),
        ({"unit": "lb", "value": 3}, {}, pounds(3)),
        ({"unit": "LB", "value": "3.0"}, {}, pounds(3)),
        ({"unit": "kg", "value": 1}, {"lb": 2.205}, pounds(2.205)),
        ({"unit": "kg", "value": 1}, {}, pounds(2.204623)),
        ({"unit": "g", "value": 1000}, {}, pounds(2.204623)),
        ({"unit": "oz", "value": 8}, {"oz": "8"}, pounds(0.5)),
        (0, {}, pounds(0)),
        (None, {}, BLANK),
        (None, {"lb": 0}, BLANK),
        ([], {}, BLANK),
        ("", {}, BLANK),
        ({"unit": "lb", "value": None}, {}, BLANK),
        ({"unit": "stone", "value": 1}, {"lb": 14}, pounds(14)),
    ],
)
def test_a_weight_is_read_in_every_shape(shown, totals, read):
    record = {"box_weight": shown, **{f"box_weight_{unit}": value for unit, value in totals.items()}}
    assert read_product(record) == {"box_weight": read}


@pytest.mark.parametrize(
    "shown", [{"unit": "stone", "value": 1}, "heavy", True, [{"value": 1}], [3, "x"], {"unit": "lb", "value": "much"}]
)
def test_a_weight_that_nobody_can_read_is_left_out(shown):
    assert read_product({"box_weight": shown}) == {}


def test_a_weight_that_shows_its_totals_only_is_read_from_them():
    assert read_product({"pallet_weight_oz": 24, "pallet_weight_lb": None}) == {"pallet_weight": pounds(1.5)}


@every(
    ("shown", "read"),
    [
        ({"category": {"id": 3, "name": "Shoes"}}, {"category": {"name": "Shoes"}}),
        ({"category": {"id": "3", "name": ""}}, {"category_id": 3}),
        ({"category": "Shoes"}, {"category": {"name": "Shoes"}}),
        ({"category": None}, {"category": {"name": None}}),
        ({"category": {"name": "Shoes"}, "category_id": 3}, {"category": {"name": "Shoes"}}),
        ({"subcategory": {"id": 3}}, {"sub_category_id": 3}),
        ({"subcategory": {"id": 3, "name": "Winter"}}, {"subcategory": {"name": "Winter"}}),
        ({"supplier": {"id": 3, "name": "Acme", "iban": "X"}}, {"supplier": {"name": "Acme"}}),
        ({"supplier": {"id": 3, "iban": "X"}}, {"supplier_id": 3}),
        ({"supplier": {}}, {}),
        ({"supplier": []}, {}),
        ({"tags": [{"id": 1, "name": "new"}, {"id": 2, "name": "sale"}]}, {"tags": ["new", "sale"]}),
        ({"tags": ["new"]}, {"tags": ["new"]}),
        ({"tags": None}, {"tags": None}),
        ({"tags": []}, {"tags": []}),
        ({"tags": [{"id": 1}]}, {}),
        ({"boms": [{"id": 4, "items": []}, {"id": "5"}]}, {"boms": [4, 5]}),
        ({"boms": [4]}, {"boms": [4]}),
        ({"boms": [{"name": "x"}]}, {}),
        ({"custom_fields": {"Color": "Red", "Size": None, "Sizes": [1], "Box": {"a": 1}}},
         {"custom_fields": {"Color": "Red", "Size": None}}),
        ({"custom_fields": []}, {"custom_fields": {}}),
        ({"custom_fields": "odd"}, {}),
        ({"retail_price": "12.50"}, {"retail_price": 12.5}),
        ({"retail_price": "12.345678901234567891"}, {}),
        ({"retail_price": "about 12"}, {}),
        ({"retail_price": float("nan")}, {}),
        ({"retail_price": 10**400, "landed_cost": -(10**400)}, {}),
        ({"retail_price": None}, {"retail_price": None}),
        ({"sellable": 1}, {"sellable": True}),
        ({"sellable": "false"}, {"sellable": False}),
        ({"sku": "007", "upc": 12345}, {"sku": "007", "upc": "12345"}),
        ({"id": "12"}, {"id": 12}),
        ({"alternate_skus": [{"id": 1, "sku": "B"}, {"id": 2, "sku": "C"}]}, {"alternate_skus": ["B", "C"]}),
        ({"landed_cost": 3.5, "type": "KIT", "discontinued": True, "created_at": "2026-01-01T00:00:00Z"},
         {"landed_cost": 3.5, "type": "KIT", "discontinued": True, "created_at": "2026-01-01T00:00:00Z"}),
        ({"variants": None}, {"variants": None}),
        ({"variants": []}, {"variants": []}),
        ({"variants": "odd"}, {}),
        ({"kit_items": [{"id": 1}], "attachments": [], "substitutions": [{}], "product_weight_lb": None}, {}),
    ],
)  # fmt: skip
def test_a_product_s_fields_are_read_as_they_are_written(shown, read):
    assert read_product(shown) == read


@pytest.mark.parametrize(
    "shown",
    [
        {"Color": "Red"},
        [{"Color": "Red"}],
        [{"label": "Color", "value": "Red"}],
        [{"id": 3, "name": "Color", "value": "Red", "type": "string"}],
    ],
)
def test_custom_fields_of_a_variant_are_read_in_every_shape_that_can_be_understood(shown):
    (variant,) = read_product({"variants": [{"sku": "V", "custom_fields": shown}]})["variants"]
    assert variant["custom_fields"] == {"Color": "Red"}


@pytest.mark.parametrize("shown", [[{"a": 1, "b": 2}], ["Red"], "Red", 3, [[]]])
def test_custom_fields_of_another_shape_are_left_out(shown):
    assert read_product({"variants": [{"sku": "V", "custom_fields": shown}]})["variants"] == [{"sku": "V"}]


def test_a_variant_is_read_with_its_read_only_fields_and_one_without_a_sku_is_left_out():
    shown = {"id": 9, "sku": "V", "name": "Red", "box_weight": [], "created_at": "2026-01-01", "attachments": []}
    assert read_product({"variants": [shown, {"id": 10, "sku": None}, "odd"]}) == {
        "variants": [{"sku": "V", "name": "Red", "box_weight": BLANK, "id": 9, "created_at": "2026-01-01"}]
    }


@every("name", sorted({"id", *Product.model_fields} - {"category", "subcategory", "supplier"}))
def test_every_writable_field_is_read_where_it_is_shown(name):
    values = {"tags": ["x"], "boms": [1], "custom_fields": {"a": 1}, "variants": [{"sku": "V"}]}
    text = {"sku", "name", "description", "image_url", "upc"}
    value = values.get(name, "x" if name in text else name in {"sellable", "lot_tracking"} or 7)
    shown = pounds(7) if name.endswith("_weight") else value
    assert read_product({name: shown}) == {name: shown}


READABLE = {
    "label": "Shop", "description": None, "warehouseGroupId": 3, "isCustomerSpecific": False, "pullOrdersFromOms": True,
    "pushStocksAppIntegrationAccountId": None, "isDropship": True, "dropshipSupplierId": 4,
    "dropshipInventoryNotTracked": False,
}  # fmt: skip


@pytest.mark.parametrize("name", READABLE)
def test_each_field_of_a_channel_that_can_be_read_back_is(name):
    assert read_channel({name: READABLE[name]}) == {name: READABLE[name]}
    assert name in Channel.model_fields


@pytest.mark.parametrize("name", ChannelFacts.model_fields)
def test_each_read_only_field_of_a_channel_is_read(name):
    kind = ChannelFacts.model_fields[name].annotation
    value = {str: "x", bool: True, int: 1767225600}[kind]
    assert read_channel({name: value}) == {name: value}


def test_tag_ids_of_a_channel_are_read_only_if_every_tag_has_one():
    assert read_channel({"tags": [{"id": 1}, {"id": 2}]}) == {"tagIds": [1, 2]}
    assert read_channel({"tags": []}) == {"tagIds": []}
    assert read_channel({"tags": [{"id": 1}, {"name": "x"}]}) == {}


def test_nothing_else_of_a_channel_is_read():
    hidden = ("credentials", "filters", "restrictions", "fees", "warehouseGroup", "pullOrderIntegrationMapping")
    record = {name: {"key": "s3cret"} for name in hidden} | {
        "metafields": [{}],
        "channelIntegrationMapping": [{"id": 1}],
    }
    assert read_channel(record) == {}


def test_bare_takes_secrets_out_at_any_depth_and_leaves_the_rest():
    record = {
        "id": 1,
        "credentials": {"password": "s3cret"},
        "mapping": [{"id": 2, "credentials": ["s3cret"], "apiKey": "s3cret", "api_key": "s3cret", "store": "9"}],
        "supplier": {"id": 3, "name": "Acme", "contact": "s3cret"},
        "kit_items": [{"product": {"Suppliers": [{"id": 4, "bank": "s3cret"}], "sku": "A"}}],
        "fees": {"routing_number": "s3cret", "Account Number": "s3cret", "SWIFT-code": "s3cret", "iban": "s3cret"},
        "tokens": {"a": "s3cret"},
        "custom_fields": {"Password protected": "no", "Box": {"token": "s3cret"}},
        "pullOrderAppIntegrationAccountId": 7,
    }
    assert redacted(record) == {
        "id": 1,
        "mapping": [{"id": 2, "store": "9"}],
        "supplier": {"id": 3, "name": "Acme"},
        "kit_items": [{"product": {"Suppliers": [{"id": 4}], "sku": "A"}}],
        "fees": {},
        "custom_fields": {"Password protected": "no", "Box": {}},
        "pullOrderAppIntegrationAccountId": 7,
    }
    assert record["credentials"], "the record itself is left alone"


def test_bare_leaves_every_documented_field_of_our_models():
    for model in (Product, Variant, Channel, ChannelFacts):
        document = dict.fromkeys(model.model_fields, 1)
        assert redacted(document) == document


@pytest.mark.parametrize(
    ("record", "moment"),
    [
        ({"updated_at": "2026-01-02T03:04:05Z"}, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ({"updated_at": "2026-01-02T03:04:05+01:00"}, datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ({"updated_at": "2026-01-02 03:04:05"}, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ({"updatedAt": 1767225600}, datetime(2026, 1, 1, tzinfo=UTC)),
        ({"updatedAt": 1767225600000}, datetime(2026, 1, 1, tzinfo=UTC)),
        ({"updatedAt": "1767225600"}, datetime(2026, 1, 1, tzinfo=UTC)),
        ({"updated_at": None}, None),
        ({"updated_at": "yesterday"}, None),
        ({"updatedAt": 1e300}, None),
        ({}, None),
    ],
)
def test_when_a_record_changed_is_told_in_utc(record, moment):
    assert changed_at(record) == moment

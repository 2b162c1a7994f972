"""The written table of `coerce`, row by row."""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl
import pytest
from examples import every

from bulk.errors import SourceError


def outcome(check, column, cell, dtype=pl.String):
    """What a cell becomes in the document, or the rule that it breaks."""
    checked = check({"sku": ["A"], column: pl.Series([cell], dtype=dtype)})
    if checked.bad:
        (violation,) = checked.bad[0].violations
        return violation.rule
    document = json.loads(checked.good["payload"][0])
    for part in column.split("."):
        document = document.get(part, "nothing") if isinstance(document, dict) else document
    return document


@pytest.mark.parametrize("blank", [None, "", " ", "\u00a0", "\t\u3000 "])
@every("column", ["note", "stock", "price", "active", "tags", "parts", "roles", "extra.x", "extra"])
def test_a_blank_cell_leaves_the_field_alone(check, column, blank):
    assert outcome(check, column, blank) == "nothing"


@pytest.mark.parametrize(
    ("cell", "value"),
    [("x", "x"), (" x\u00a0", "x"), ("a  b", "a  b"), ("12.0", "12.0"), ("007", "007"), ("true", "true"), ("#1", "#1")],
)
def test_text_is_stripped_at_both_ends_and_otherwise_as_it_is(check, cell, value):
    assert outcome(check, "note", cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("10", 10),
        (" 10 ", 10),
        ("10.", 10),
        ("10.00", 10),
        ("+10", 10),
        ("-5.0", -5),
        ("0010", 10),
        ("12.5", "integer"),
        ("10.0.0", "integer"),
        ("ten", "integer"),
        ("10 pcs", "integer"),
        ("1_0", "integer"),
        ("٣", "integer"),
        ("99999999999999999999", "integer_range"),
        ("1e1", "scientific_notation"),
        ("1,000", "thousands_separator"),
    ],
)
def test_a_whole_number_is_read_from_text(check, cell, value):
    assert outcome(check, "stock", cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("19.99", 19.99),
        ("12.50", 12.5),
        ("5", 5.0),
        ("5.", 5.0),
        (".5", 0.5),
        ("+1.5", 1.5),
        ("1e2", "scientific_notation"),
        ("1.5E+02", "scientific_notation"),
        ("nan", "finite"),
        ("-inf", "finite"),
        ("1" * 400, "finite"),
        ("0x10", "number"),
        ("--1", "number"),
        (".", "number"),
        ("five", "number"),
    ],
)
def test_a_number_is_read_from_text_as_a_plain_decimal(check, cell, value):
    assert outcome(check, "price", cell) == value


@pytest.mark.parametrize("price", ["19.99", "0.1", "1234.56", "0.01", "999.999", "0.30000000000000004"])
def test_a_price_comes_out_exactly_as_it_was_typed(check, price):
    checked = check({"sku": ["A"], "price": [price]})
    assert checked.good["payload"][0] == f'{{"sku":"A","price":{price}}}'


@pytest.mark.parametrize("dtype", [pl.String, pl.Float64, pl.Float32])
def test_minus_zero_is_sent_as_zero(check, dtype):
    cells = pl.Series(["-0", "-0.00", "0"]).cast(dtype)
    checked = check({"sku": ["A", "A", "A"], "size.unit": ["cm"] * 3, "size.value": cells})
    assert list(checked.good["payload"]) == ['{"sku":"A","size":{"unit":"cm","value":0.0}}'] * 3


def test_a_number_that_could_not_arrive_as_typed_is_refused(check):
    assert outcome(check, "price", "0.1234567890123456789") == "too_precise"
    assert outcome(check, "price", "1.00000000000000005") == "too_precise"
    assert outcome(check, "price", "19.9900000000000000000000") == 19.99


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["true", "TRUE", "yes", "Y", "1", "t", "On"], True),
        (["false", "False", "no", "N", "0", "f", "off"], False),
        (["maybe", "2", "ja", "x", "1.0"], "boolean"),
    ],
)
def test_a_boolean_is_read_from_text(check, words, value):
    assert [outcome(check, "active", word) for word in words] == [value] * len(words)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("a", ["a"]),
        ("a;b", ["a", "b"]),
        (" a ; b ;", ["a", "b"]),
        ('["a;b", " c "]', ["a;b", "c"]),
        ('["a", 1, true, 1.5]', ["a", "1", "true", "1.5"]),
        (";", "list"),
        ("[]", "list"),
        ('["a", null]', "list"),
        ('[["a"]]', "list"),
        ("[a", "list"),
        ("[" * 5000, "list"),
    ],
)
def test_a_list_is_read_from_parts_between_semicolons_or_a_json_array(check, cell, value):
    assert outcome(check, "tags", cell) == value


@pytest.mark.parametrize(
    ("cell", "value"), [("1;2", [1, 2]), ("1.0; 2", [1, 2]), ("[1, 2.0]", [1, 2]), ("1;x", "list"), ("[1.5]", "list")]
)
def test_elements_of_a_list_of_whole_numbers_are_read_as_whole_numbers(check, cell, value):
    assert outcome(check, "parts", cell) == value


@pytest.mark.parametrize(("cell", "value"), [("main;SIDE", ["Main", "Side"]), ("Main;Back", "list")])
def test_choices_are_known_regardless_of_case(check, cell, value):
    assert outcome(check, "roles", cell) == value
    checked = check({"sku": ["A"], "size.unit": ["CM"], "size.value": ["1"]})
    assert json.loads(checked.good["payload"][0])["size"] == {"unit": "cm", "value": 1.0}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('{"b": 1, "a": "x"}', {"a": "x", "b": 1}),
        ("{}", {}),
        ('{"a": null}', "json"),
        ('{"a": [1]}', "json"),
        ('{"a": NaN}', "json"),
        ('{"a": 1, "a": 2}', "json"),
        ('{"a": "\\ud800"}', "json"),
        ("[1]", "json"),
        ("red", "json"),
        ('{"a":' * 3000, "json"),
    ],
)
def test_a_json_cell_is_what_pydantic_accepts(check, cell, value):
    assert outcome(check, "extra", cell) == value


def test_json_is_written_in_one_way_whatever_its_spaces_and_order(check):
    one, other = check(
        {"sku": ["A", "A"], "raw": ['{"b":1,"a":{"d":[1, 2],"c":"é"}}', ' { "a": {"c":"\\u00e9","d":[1,2]}, "b": 1}']}
    ).good["payload"]
    assert one == other == '{"sku":"A","raw":{"a":{"c":"é","d":[1,2]},"b":1}}'


@pytest.mark.parametrize("cell", ['{"a": NaN}', '{"a": 1e999}', '{"a": -Infinity}'])
def test_json_that_json_has_no_form_for_is_refused(check, cell):
    assert outcome(check, "raw", cell) == "json"


@every(
    ("column", "cell", "dtype", "value"),
    [
        ("note", 12, pl.Int64, "12"),
        ("note", 12.0, pl.Float64, "12"),
        ("note", 12.5, pl.Float64, "12.5"),
        ("note", True, pl.Boolean, "true"),
        ("note", date(2024, 5, 1), pl.Date, "2024-05-01"),
        ("note", datetime(2024, 5, 1), pl.Datetime("us"), "2024-05-01"),  # noqa: DTZ001  # files have times without a zone
        ("note", datetime(2024, 5, 1, 13, 30), pl.Datetime("ms"), "2024-05-01T13:30:00"),  # noqa: DTZ001
        ("note", datetime(2024, 5, 1, 13, 30, tzinfo=UTC), pl.Datetime("us", "UTC"), "2024-05-01T13:30:00+00:00"),
        ("note", time(13, 30), pl.Time, "13:30:00"),
        ("note", Decimal("12.50"), pl.Decimal(10, 2), "12.50"),
        ("note", "x", pl.Categorical, "x"),
        ("note", "x", pl.Enum(["x"]), "x"),
        ("note", ["a"], pl.List(pl.String), "text"),
        ("note", None, pl.Null, "nothing"),
        ("stock", 10, pl.Int8, 10),
        ("stock", 10, pl.UInt64, 10),
        ("stock", 2**64 - 1, pl.UInt64, "integer_range"),
        ("stock", 10.0, pl.Float64, 10),
        ("stock", 10.5, pl.Float64, "integer"),
        ("stock", float("nan"), pl.Float64, "finite"),
        ("stock", True, pl.Boolean, "integer"),
        ("stock", date(2024, 5, 1), pl.Date, "date"),
        ("price", 10, pl.Int64, 10.0),
        ("price", 19.99, pl.Float64, 19.99),
        ("price", 19.99, pl.Float32, 19.99),
        ("price", Decimal("19.99"), pl.Decimal(10, 2), 19.99),
        ("price", float("inf"), pl.Float64, "finite"),
        ("price", float("nan"), pl.Float64, "finite"),
        ("price", 1e-7, pl.Float64, 1e-7),
        ("price", True, pl.Boolean, "number"),
        ("active", False, pl.Boolean, False),
        ("active", 1, pl.Int64, True),
        ("active", 0.0, pl.Float64, False),
        ("active", 2, pl.Int64, "boolean"),
        ("tags", ["a", " b ", "", None], pl.List(pl.String), ["a", "b"]),
        ("tags", [], pl.List(pl.String), "nothing"),
        ("tags", [1, 2], pl.List(pl.Int64), ["1", "2"]),
        ("parts", [1.0, 2.0], pl.List(pl.Float64), [1, 2]),
        ("parts", [1.5], pl.List(pl.Float64), "list"),
        ("parts", 1, pl.Int64, [1]),
        ("extra.x", "1", pl.String, "1"),
        ("extra.x", 1, pl.Int64, 1),
        ("extra.x", 1.0, pl.Float64, 1),
        ("extra.x", 1.5, pl.Float64, 1.5),
        ("extra.x", True, pl.Boolean, True),
        ("extra.x", date(2024, 5, 1), pl.Date, "2024-05-01"),
        ("extra.x", float("nan"), pl.Float64, "scalar"),
        ("extra.x", ["a"], pl.List(pl.String), "scalar"),
        ("raw", ["a"], pl.List(pl.String), "json"),
    ],
)
def test_a_typed_cell_is_read_by_the_same_table(check, column, cell, dtype, value):
    found = outcome(check, column, cell, dtype)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("dtype", [pl.Binary, pl.Struct({"a": pl.Int64}), pl.Duration, pl.List(pl.List(pl.Int64))])
def test_cells_that_have_no_form_in_a_document_are_refused_naming_the_column(check, dtype):
    with pytest.raises(SourceError, match=r"column 'note'.* cannot be read"):
        check({"sku": ["A"], "note": pl.Series([None], dtype=dtype)})


def test_such_cells_do_no_harm_in_a_column_that_is_not_loaded(check):
    assert check({"sku": ["A"], "_note": pl.Series([None], dtype=pl.Binary)}).good.height == 1


def test_a_marker_that_could_be_a_value_is_a_marker(check):
    cells = {
        "sku": ["A", "B", "C"],
        "stock": ["0", "5", None],
        "active": ["yes", "0", "no"],
        "price": ["0.5", "0", "1"],
    }
    checked = check(cells, clear="0")
    assert checked.bad == ()
    assert checked.good["payload"].to_list() == [
        '{"sku":"A","stock":null,"price":0.5,"active":true}',
        '{"sku":"B","stock":5,"price":null,"active":null}',
        '{"sku":"C","price":1.0,"active":false}',
    ]


def test_words_for_yes_and_no_are_read_in_any_case(check):
    checked = check({"sku": ["A", "B", "C", "D"], "active": ["tRUE", "oN", "ofF", "maybe"]})
    assert [rejection.row for rejection in checked.bad] == [5]
    assert checked.good["payload"].to_list() == [
        '{"sku":"A","active":true}',
        '{"sku":"B","active":true}',
        '{"sku":"C","active":false}',
    ]

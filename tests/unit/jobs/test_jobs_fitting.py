"""Values of documents as cells: exact, or blank and remarked upon."""

import polars as pl
import pytest

from bulk.jobs.export.fitting import Remarks, fitted
from bulk.validation.columns import Column, Kind

TYPES = {
    Kind.TEXT: pl.String(),
    Kind.INTEGER: pl.Int64(),
    Kind.NUMBER: pl.Float64(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.TEXTS: pl.List(pl.String),
    Kind.INTEGERS: pl.List(pl.Int64),
    Kind.JSON: pl.String(),
    Kind.SCALAR: pl.String(),
    Kind.VALUE: pl.String(),
}


def cell(value, kind):
    remarks = Remarks()
    series = fitted([value], Column(path=("c",), kind=kind), TYPES[kind], remarks)
    assert (series.name, series.dtype) == ("c", TYPES[kind])
    return series.to_list()[0], [data["count"] for _, data in remarks.notes()]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.TEXT, "a", "a"),
        (Kind.TEXT, "", None),
        (Kind.TEXT, 5, "5"),
        (Kind.TEXT, 5.0, "5"),
        (Kind.TEXT, True, "true"),
        (Kind.INTEGER, 5, 5),
        (Kind.INTEGER, 5.0, 5),
        (Kind.INTEGER, "007", 7),
        (Kind.INTEGER, " ", None),
        (Kind.INTEGER, -(2**63), -(2**63)),
        (Kind.NUMBER, "19.990", 19.99),
        (Kind.NUMBER, 5, 5.0),
        (Kind.NUMBER, "", None),
        (Kind.BOOLEAN, False, False),
        (Kind.BOOLEAN, 1, True),
        (Kind.BOOLEAN, "no", False),
        (Kind.TEXTS, ["a", 5, None, " "], ["a", "5"]),
        (Kind.TEXTS, "a", ["a"]),
        (Kind.TEXTS, ["<clear>", "b"], ["<clear>", "b"]),
        (Kind.TEXTS, [], None),
        (Kind.INTEGERS, [1, "2"], [1, 2]),
        (Kind.JSON, {"b": 1, "a": ["é"]}, '{"a":["é"],"b":1}'),
        (Kind.SCALAR, 1.5, "1.5"),
        (Kind.SCALAR, None, None),
    ],
)
def test_a_value_is_converted_where_that_is_exact(kind, value, expected):
    assert cell(value, kind) == (expected, [])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.TEXT, ["a"]),
        (Kind.TEXT, {"a": 1}),
        (Kind.TEXT, " <CLEAR> "),
        (Kind.TEXT, "<empty>"),
        (Kind.TEXT, "a\0b"),
        (Kind.TEXT, "half \ud83c"),
        (Kind.INTEGER, 5.5),
        (Kind.INTEGER, True),
        (Kind.INTEGER, 2**63),
        (Kind.INTEGER, "many"),
        (Kind.NUMBER, float("nan")),
        (Kind.NUMBER, float("inf")),
        (Kind.NUMBER, 2**53 + 1),
        (Kind.NUMBER, "0.12345678901234567890"),
        (Kind.NUMBER, "1e5"),
        (Kind.NUMBER, True),
        (Kind.BOOLEAN, 2),
        (Kind.BOOLEAN, "maybe"),
        (Kind.TEXTS, [["a"]]),
        (Kind.TEXTS, ["<Empty>"]),
        (Kind.TEXTS, ["a", "\0"]),
        (Kind.INTEGERS, [1, "x"]),
    ],
)
def test_what_the_column_cannot_hold_is_blank_and_remarked_upon(kind, value):
    assert cell(value, kind) == (None, [1])


def test_remarks_count_by_column_and_cause_and_keep_the_first():
    remarks = Remarks()
    column = Column(path=("n",), kind=Kind.INTEGER)
    fitted(["x", 1, "y"], column, pl.Int64(), remarks)
    assert remarks.notes() == [
        (
            "column 'n': 2 left blank, such as 'x': the API gave something else than the column holds",
            {"column": "n", "count": 2, "example": "x"},
        )
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a", "a"), ("[half", "[half"), (5, "5"), (True, "true"), (["b", 1], '["b",1]'), ({"b": 1}, '{"b":1}')],
)
def test_a_value_of_any_kind_is_text_or_json(value, expected):
    assert cell(value, Kind.VALUE) == (expected, [])


@pytest.mark.parametrize("value", ["[1]", ' {"a": 2} ', "<clear>"])
def test_text_that_would_come_back_as_json_is_left_blank(value):
    assert cell(value, Kind.VALUE) == (None, [1])


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (Kind.TEXT, ["a", None, "", "<clear>", "<b>"], ["a", None, None, None, "<b>"]),
        (Kind.TEXT, ["a", "b\0", "c"], ["a", None, "c"]),
        (Kind.TEXT, ["é", "half \ud83c"], ["é", None]),
        (Kind.VALUE, ["a", "{}", "[half"], ["a", None, "[half"]),
        (Kind.NUMBER, [1, None, 2.5], [1.0, None, 2.5]),
        (Kind.NUMBER, [1, 2**53 + 1, 2.5], [1.0, None, 2.5]),
        (Kind.NUMBER, [1.5, float("nan")], [1.5, None]),
        (Kind.BOOLEAN, [True, None, False], [True, None, False]),
        (Kind.TEXTS, [[], None, []], [None, None, None]),
        (Kind.INTEGERS, [[], [1]], [None, [1]]),
    ],
)
def test_one_cell_that_a_column_cannot_hold_leaves_the_others_as_they_are(kind, values, expected):
    remarks = Remarks()
    series = fitted(values, Column(path=("c",), kind=kind), TYPES[kind], remarks)
    assert series.to_list() == expected
    blank = sum(value not in (None, "", []) and cell is None for value, cell in zip(values, expected, strict=True))
    assert sum(data["count"] for _, data in remarks.notes()) == blank

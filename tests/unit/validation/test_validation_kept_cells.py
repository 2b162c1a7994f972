"""Which form cells are kept in, what they are when they are read again, and how a text file shows them."""

import json
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal

import polars as pl
import pytest

from bulk.model import ROW
from bulk.validation import original_cells
from bulk.validation.cells import as_text, restored


def kept(cell, dtype):
    """A cell beside a blank one, as the ledger gives it back."""
    frame = pl.DataFrame([pl.Series(ROW, [2, 3]), pl.Series("c", [cell, None], dtype=dtype)])
    blank, filled = json.loads(json.dumps(original_cells(frame, [3, 2])))
    assert blank == {"c": None}
    return filled["c"]


FORMS = [
    (" two ", pl.String, " two ", " two "),
    ("007", pl.Categorical, "007", "007"),
    (Decimal("19.90"), pl.Decimal(10, 2), "19.90", "19.90"),
    (5, pl.Int8, 5, "5"),
    (2**64 - 1, pl.UInt64, 2**64 - 1, "18446744073709551615"),
    (-(2**63), pl.Int64, -(2**63), "-9223372036854775808"),
    (True, pl.Boolean, True, "true"),
    (19.99, pl.Float32, 19.99, "19.99"),
    (19.99, pl.Float64, 19.99, "19.99"),
    (2024.0, pl.Float64, 2024.0, "2024"),
    (1e-7, pl.Float64, 1e-7, "0.0000001"),
    (date(2024, 1, 1), pl.Date, "2024-01-01", "2024-01-01"),
    (datetime(2024, 1, 1), pl.Datetime("us"), "2024-01-01", "2024-01-01"),  # noqa: DTZ001  # spreadsheets know no zones
    (datetime(2024, 1, 1, 6, 30), pl.Datetime("ms"), "2024-01-01T06:30:00", "2024-01-01T06:30:00"),  # noqa: DTZ001
    (datetime(2024, 1, 1, 6, tzinfo=UTC), pl.Datetime("ms", "UTC"), *["2024-01-01T06:00:00+00:00"] * 2),
    (time(6, 30), pl.Time, "06:30:00", "06:30:00"),
    (["x", " ", "y;z"], pl.List(pl.String), ["x", "y;z"], '["x", "y;z"]'),
    ([1.0, None, 0.5], pl.List(pl.Float64), ["1", "0.5"], '["1", "0.5"]'),
    ([["a"]], pl.List(pl.List(pl.String)), "[['a']]", "[['a']]"),
]


@pytest.mark.parametrize(("cell", "dtype", "form", "text"), FORMS)
def test_a_cell_is_kept_by_the_table_of_coercion_and_shown_by_it(cell, dtype, form, text):
    found = kept(cell, dtype)
    assert (found, type(found)) == (form, type(form))
    again = restored([2, 3], [{"c": found}, {"c": None}]).get_column("c")
    assert as_text(again).to_list() == [text, None]


@pytest.mark.parametrize("cell", [math.nan, math.inf, -math.inf])
def test_a_float_that_is_no_number_stays_a_float_so_that_its_column_keeps_its_type(cell):
    again = restored([2, 3], [{"c": kept(cell, pl.Float32)}, {"c": 0.5}]).get_column("c")
    assert again.dtype == pl.Float64
    assert str(again[0]) == str(cell)


def test_the_cells_of_rows_come_in_the_order_asked_for():
    frame = pl.DataFrame({ROW: [2, 3, 4], "c": ["a", "b", "c"], "_old": ["x", "y", "z"]})
    assert original_cells(frame, [4, 2]) == [{"c": "c", "_old": "z"}, {"c": "a", "_old": "x"}]


def test_a_header_that_polars_takes_for_a_pattern_is_a_header():
    frame = pl.DataFrame({ROW: [2], "*": [0.1], "^.*$": [date(2024, 1, 1)]})
    assert original_cells(frame, [2]) == [{"*": 0.1, "^.*$": "2024-01-01"}]


def test_restored_rows_have_their_positions_and_a_blank_cell_where_they_lack_a_column():
    frame = restored([7, 9], [{"a": 1}, {"a": 2, "b": None}])
    assert frame.to_dict(as_series=False) == {ROW: [7, 9], "a": [1, 2], "b": [None, None]}


def test_a_column_that_was_not_kept_all_alike_is_text():
    assert restored([2, 3, 4], [{"a": 1}, {"a": "x"}, {"a": True}]).get_column("a").to_list() == ["1", "x", "true"]

from datetime import date, datetime

import polars as pl
import pytest
from examples import every

from bulk.validation.damage import ERROR_VALUES


def violations(check, column, cell, dtype=pl.String):
    columns = {column: pl.Series([cell], dtype=dtype)}
    checked = check(columns if column == "sku" else {"sku": ["A"], **columns})
    return [violation for rejection in checked.bad for violation in rejection.violations]


def rules(check, column, cell, dtype=pl.String):
    return [violation.rule for violation in violations(check, column, cell, dtype)]


@pytest.mark.parametrize("cell", ["8.85E+11", "1E+11", "8.85e+011", "1.234E-05"])
@pytest.mark.parametrize("column", ["sku", "code"])
def test_a_code_in_the_scientific_notation_of_spreadsheets_is_named(check, column, cell):
    assert rules(check, column, cell) == ["scientific_notation"]


@pytest.mark.parametrize("cell", ["12E5", "1E5", "E+11", "8.85E", "A8.85E+11", "8,85E+11"])
def test_a_code_that_only_resembles_it_is_taken(check, cell):
    assert rules(check, "code", cell) == []


@pytest.mark.parametrize(
    "cell",
    [
        "2024-05-01",
        "2024-05-01 00:00:00",
        "2024-05-01T00:00",
        "1-May",
        "01-Sep",
        "1-may-24",
        "1-May-2024",
        "May-24",
        "DEC-1999",
        "05/01/2024",
        "5/1/2024",
        "05/01/2024 00:00",
        "01.05.2024",
    ],
)
@pytest.mark.parametrize("column", ["sku", "code"])
def test_a_code_that_became_a_date_is_named(check, column, cell):
    found = rules(check, column, cell)
    assert "date" in found
    assert set(found) <= {"date", "max_length"}


@pytest.mark.parametrize("cell", ["2024-13-01", "1-Mayo", "May24", "12-34-5678", "2024-05", "99/99/2024", "10-2024"])
def test_a_code_that_only_resembles_a_date_is_taken(check, cell):
    assert rules(check, "code", cell) == []


def test_dates_are_no_damage_in_a_column_of_plain_text(check):
    assert rules(check, "note", "2024-05-01") == []
    assert rules(check, "note", "8.85E+11") == []


@every("column", ["sku", "code", "note", "stock", "price", "active", "tags", "parts", "extra.x", "raw"])
def test_an_error_value_is_named_in_every_column(check, column):
    cells = [*ERROR_VALUES, "###", "########"]
    checked = check({"sku": [f"A{number}" for number in range(len(cells))], column: cells})
    assert [rejection.violations[0].rule for rejection in checked.bad] == ["error_value"] * len(cells)


@pytest.mark.parametrize("cell", ["#", "##", "#1", "#N/A-1", "# N/A"])
def test_text_that_only_begins_like_an_error_value_is_taken(check, cell):
    assert rules(check, "note", cell) == []


@pytest.mark.parametrize(
    ("cell", "dtype", "rule"),
    [
        (123456789012345.0, pl.Float64, []),
        (1234567890123456.0, pl.Float64, ["rounded_number"]),
        (8.85e20, pl.Float64, ["scientific_notation"]),
        (1234567890123456789, pl.Int64, []),
        (date(2024, 5, 1), pl.Date, ["date"]),
        (datetime(2024, 5, 1), pl.Datetime("us"), ["date"]),  # noqa: DTZ001  # spreadsheets have no zones
        (datetime(2024, 5, 1, 13), pl.Datetime("us"), ["date"]),  # noqa: DTZ001
    ],
)
def test_typed_cells_in_a_column_of_codes(check, cell, dtype, rule):
    assert rules(check, "code", cell, dtype) == rule


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("1,234.50", "thousands_separator"),
        ("1,234,567", "thousands_separator"),
        ("1,234", "thousands_separator"),
        ("1 234.50", "thousands_separator"),
        ("1\u00a0234", "thousands_separator"),
        ("1'234.50", "thousands_separator"),
        ("1.234,50", "thousands_separator"),
        ("1.234.567", "thousands_separator"),
        ("12,50", "decimal_comma"),
        (",5", "decimal_comma"),
        ("1234,567", "decimal_comma"),
        ("$12.50", "currency_sign"),
        ("12.50 €", "currency_sign"),
        ("EUR 12.50", "currency_sign"),
        ("usd12", "number"),
        ("$1,234.50", "currency_sign"),
        ("15%", "percent"),
        ("(12.50)", "accounting_parentheses"),
        ("12.50-", "accounting_parentheses"),
        ("1.5E+03", "scientific_notation"),
        ("12E5", "scientific_notation"),
        ("1-May", "date"),
        ("05/01/2024", "date"),
        ("12 in", "number"),
    ],
)
@every("column", ["price", "stock"])
def test_what_spreadsheets_add_to_numbers_is_named_with_advice(check, column, cell, rule):
    (violation,) = violations(check, column, cell)
    assert violation.rule == ("integer" if (rule, column) == ("number", "stock") else rule)
    assert violation.advice


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("A\u200b1", "zero width space"),
        ("A\ufeff1", "zero width no-break space"),
        ("A\u200f1", "right-to-left mark"),
        ("A\u00ad1", "soft hyphen"),
        ("A\u00a01", "no-break space"),
        ("A\n1", "control character u+000a"),
        ("A\x001", "control character u+0000"),
        ("\u200bA1", "zero width space"),
    ],
)
def test_a_character_of_the_key_that_cannot_be_seen_is_named(check, cell, name):
    (violation,) = violations(check, "sku", cell)
    assert violation.rule == "invisible_character"
    assert name in violation.message


def test_a_plain_space_inside_a_key_and_invisible_characters_elsewhere_are_taken(check):
    assert rules(check, "sku", "A 1") == []
    assert rules(check, "note", "A\u200b1") == []


def test_a_code_that_a_spreadsheet_stored_as_a_truth_value_is_named(check):
    assert rules(check, "code", True, pl.Boolean) == ["truth_value"]


@pytest.mark.parametrize("cell", ["<clear>", "<CLEAR>", "<Clear>", " <clear> "])
def test_the_marker_for_null_counts_in_any_case_and_is_never_written_as_text(check, cell):
    checked = check({"sku": ["A"], "note": [cell]})
    assert all("clear" not in payload.lower() for payload in checked.good["payload"])

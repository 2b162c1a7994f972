"""Open objects whose entries are anything: in cells, as JSON, or as objects that have columns of their own."""

import json
from typing import Annotated

import polars as pl
import pytest
from pydantic import Field, JsonValue

from bulk.errors import SourceError
from bulk.validation import compile_schema
from bulk.validation.columns import Kind
from bulk.validation.document import UNSET, Advice, Document

Name = Annotated[str, Field(pattern="^[a-z]{2,9}$")]


class Custom(Document):
    type: str = UNSET
    fields: Annotated[dict[Name, JsonValue], Field(description="Anything"), Advice("Two to nine letters.")] = UNSET


class Shop(Document):
    sku: str
    custom: Custom | None = UNSET


def payloads(checked):
    return [json.loads(record.payload) for record in checked.records()]


def test_entries_that_are_anything_are_one_kind_of_column():
    column = compile_schema(Shop).find("custom.fields.times.en")
    assert (column.kind, column.path, column.entry) == (
        Kind.VALUE, ("custom", "fields", "times", "en"), "times",
    )  # fmt: skip
    assert column.opened == ("custom", "fields", "*")
    assert column.type_text == "text, number, yes/no or JSON"
    assert compile_schema(Shop).find("custom.fields.times.") is None


def test_text_is_text_unless_it_is_a_json_array_or_object(check):
    cells = ["plain", "12", "true", '["a", 1]', '{"b": 1, "a": null}', "[half", "{}", '"quoted"', "<clear>"]
    skus = [str(number) for number in range(len(cells))]
    found = payloads(check({"sku": skus, "custom.fields.it": cells}, model=Shop))
    assert [one["custom"]["fields"]["it"] for one in found] == [
        "plain", "12", "true", ["a", 1], {"a": None, "b": 1}, "[half", {}, '"quoted"', None,
    ]  # fmt: skip


def test_typed_cells_keep_their_type(check):
    table = {"sku": ["a"], "custom.fields.count": pl.Series([3]), "custom.fields.open": pl.Series([True])}
    table["custom.fields.share"] = pl.Series([0.5])
    assert payloads(check(table, model=Shop))[0]["custom"]["fields"] == {"count": 3, "open": True, "share": 0.5}


def test_objects_within_have_columns_of_their_own(check):
    table = {
        "sku": ["a", "b", "c"],
        "custom.fields.times.de": ["9 Uhr", None, None],
        "custom.fields.code": ["x", "y", None],
        "custom.fields.times.en": ["9 am", None, None],
    }
    assert payloads(check(table, model=Shop)) == [
        {"sku": "a", "custom": {"fields": {"code": "x", "times": {"de": "9 Uhr", "en": "9 am"}}}},
        {"sku": "b", "custom": {"fields": {"code": "y"}}},
        {"sku": "c"},
    ]


def test_an_entry_and_its_parts_exclude_each_other_row_by_row(check):
    table = {"sku": ["a", "b"], "custom.fields.times": ["always", "always"]}
    table["custom.fields.times.en"] = [None, "9 am"]
    checked = check(table, model=Shop)
    assert payloads(checked) == [{"sku": "a", "custom": {"fields": {"times": "always"}}}]
    assert [(one.rule, one.column) for one in checked.bad[0].violations] == [("not_both", "custom.fields.times.en")]


def test_a_name_that_cannot_be_is_refused_with_what_can(check):
    with pytest.raises(SourceError, match="'X-1' cannot be a name there") as refused:
        check({"sku": ["a"], "custom.fields.X-1.en": ["b"]}, model=Shop)
    assert refused.value.advice == "Two to nine letters."
    assert "pattern" not in str(refused.value)


def test_an_error_value_of_a_spreadsheet_is_no_text(check):
    checked = check({"sku": ["a"], "custom.fields.it": ["#N/A"]}, model=Shop)
    assert [one.rule for one in checked.bad[0].violations] == ["error_value"]

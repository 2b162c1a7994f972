"""What is good at a glance is good by the full judgement, however the cells of a column resemble each other."""

from itertools import product
from typing import Annotated, Literal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from bulk.model import ROW
from bulk.validation import Validator, bind, compile_schema
from bulk.validation.document import UNSET, Document, Expected, Identifier, NotBoth, RequiredWhen


class Thing(Document):
    """Every kind of which there are quick looks."""

    rules = (NotBoth("whole", "other"), RequiredWhen("note", "flag", True))

    sku: Annotated[str, Field(max_length=12), Identifier()]
    other: Annotated[str, Identifier()] = UNSET
    usual: Annotated[str, Identifier(), Expected("^[A-Z0-9-]+$", "usually is plain", "it is odd.")] = UNSET
    text: Annotated[str | None, Field(max_length=10)] = UNSET
    note: str | None = UNSET
    short: Annotated[str, Field(min_length=2, max_length=6)] = UNSET
    whole: Annotated[int, Field(ge=0, lt=1000)] = UNSET
    price: Annotated[float | None, Field(ge=0)] = UNSET
    change: Annotated[float, Field(gt=-10, le=10)] = UNSET
    flag: bool = UNSET
    choice: Literal["Red", "Green"] | None = UNSET
    tags: list[Annotated[str, Field(max_length=4)]] = UNSET
    extra: dict[str, str | int | float | bool] = UNSET


HEADER = [*(name for name in Thing.model_fields if name != "extra"), "extra.size"]
SCHEMA = compile_schema(Thing)
BESIDE = ["", " ", "\t", "\u200b", "\u00a0", "\x1f", "\x7f", "ä", "#"]
PLAIN = [
    "SKU-00000001", "Sept-2024", "mar-24", "MAY-1999", "Sep-199", "A1", "12345678", "+5", "-0012", "8.85E+11", "12E5",
    "1E+10", "2024-05-01", "1-May", "DEC-12345", "ABCDEFGHIJ K", "~", "ABC", "9" * 19, "#N/A", "####", "<clear>",
    "0", "1.25", "999", "1000", "1e5", "1E2", "inf", "nan", "1.", ".5", "-3", "+7", "12.123456", "9" * 16, "1_0",
    "Red", "red", "true", "Yes", "FALSE", "1", "<empty>", "<CLEAR>", "[1]", '["a"]', "a;b", "abcde;f", ";", "{}", "[",
    "0 A", "a text", "a", "", "ABCDEFGHIJKLM", "ABCDEFGHIJK",
]  # fmt: skip
SPECIAL = ["Übergröße", "\u2028", "äöüäöüä", "A"]


def assert_nothing_is_overlooked(validator, cells):
    """A glance finds what the full judgement finds."""
    count = len(cells["sku"])
    frame = pl.DataFrame({ROW: range(2, count + 2), **cells}, schema_overrides=dict.fromkeys(cells, pl.String))
    checked, found = validator.check(frame), validator.faults(frame)
    assert found.bad == checked.bad
    assert found.unusual == checked.unusual


@pytest.mark.parametrize("times", [1, 5], ids=["each cell is looked at", "each text is looked at"])
@pytest.mark.parametrize("column", HEADER)
def test_a_glance_overlooks_nothing_in_a_column(column, times):
    header = list(dict.fromkeys(["sku", column]))
    validator = Validator(SCHEMA, bind(SCHEMA, header, keys=("sku",)))
    # All at once, so that what is at the side of one is at the side of all: some looks are at the whole column.
    after = [[one + beside for one in PLAIN] for beside in BESIDE]
    before = [[beside + one for one in PLAIN] for beside in BESIDE if beside]
    for texts in (*after, *before, SPECIAL):
        cells = {"sku": [f"S{number}" for number in range(len(texts) * times)], column: texts * times}
        assert_nothing_is_overlooked(validator, cells)


def test_a_glance_at_rules_that_join_columns_overlooks_no_blank_cell():
    values = {
        "whole": [None, "", " ", "5", "x"],
        "other": [None, "", "A1", " A1"],
        "note": [None, "", " ", "a", "<clear>"],
        "flag": [None, "", "true", "Yes", "no", "x", " true"],
    }
    rows = list(product(*values.values()))
    cells = dict(zip(values, map(list, zip(*rows, strict=True)), strict=True))
    validator = Validator(SCHEMA, bind(SCHEMA, ["sku", *values], keys=("sku",)))
    assert_nothing_is_overlooked(validator, {"sku": [f"S{number}" for number in range(len(rows))], **cells})


CELLS = st.builds("{}{}{}".format, st.sampled_from(BESIDE), st.sampled_from(PLAIN + SPECIAL), st.sampled_from(BESIDE))


@given(data=st.data())
def test_a_glance_overlooks_nothing_in_the_frames_of_a_table(data):
    columns = data.draw(st.lists(st.sampled_from(HEADER[1:]), max_size=4, unique=True))
    validator = Validator(SCHEMA, bind(SCHEMA, ["sku", *columns], keys=("sku",)))
    for _ in range(data.draw(st.integers(1, 3))):
        rows = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=data.draw(st.sampled_from([3, 30]))))
        texts = {name: data.draw(st.lists(CELLS | st.none(), min_size=3, max_size=3)) for name in ["sku", *columns]}
        assert_nothing_is_overlooked(validator, {name: [one[row] for row in rows] for name, one in texts.items()})

"""Laws of single cells: what is read as a number, and what becomes of text."""

import json
import math
import re

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from bulk.model import ROW
from bulk.validation import Validator, bind, compile_schema
from bulk.validation.coerce import DECIMAL, WHOLE, value_of
from bulk.validation.columns import Column, Kind
from bulk.validation.document import UNSET, Document


class Note(Document):
    key: str
    note: str | None = UNSET
    tags: list[str] | None = UNSET
    extra: dict[str, str | int | float | bool] = UNSET


SCHEMA = compile_schema(Note)
NUMERIC = st.lists(
    st.text("0123456789+-.eE_,infaNxd ", min_size=1, max_size=24) | st.floats().map(repr), min_size=1, max_size=50
)


def read(texts, kind):
    return (
        pl.DataFrame({"t": texts}).select(value_of(pl.col("t"), Column(path=("t",), kind=kind))).to_series().to_list()
    )


@given(NUMERIC)
def test_numbers_are_plain_decimals_and_nothing_else(texts):
    for text, number in zip(texts, read(texts, Kind.NUMBER), strict=True):
        plain = re.search(DECIMAL, text) is not None and math.isfinite(float(text))
        assert number == (float(text) if plain else None)


@given(NUMERIC)
def test_whole_numbers_are_digits_within_64_bits_and_nothing_else(texts):
    for text, number in zip(texts, read(texts, Kind.INTEGER), strict=True):
        found = re.search(WHOLE, text)
        whole = int(found[1]) if found else None
        assert number == (whole if whole is not None and -(2**63) <= whole < 2**63 else None)


def checked(columns):
    height = len(next(iter(columns.values())))
    frame = pl.DataFrame({ROW: range(height), "key": [f"k{n}" for n in range(height)], **columns})
    frame = frame.with_columns(pl.col(name).cast(pl.String) for name in columns if name != "tags")
    return Validator(SCHEMA, bind(SCHEMA, frame.columns[1:], keys=("key",))).check(frame)


# Something solid at both ends, so that stripping does not come into it.
SOLID = st.text(max_size=30).map(lambda text: f"x{text}x")


@given(st.lists(SOLID, min_size=1, max_size=10))
def test_text_arrives_exactly_as_it_was_whatever_its_characters(texts):
    good = checked({"note": texts, "extra.a": texts, 'extra."\\': texts}).good
    for text, payload in zip(texts, good["payload"], strict=True):
        document = json.loads(payload)
        assert (document["note"], document["extra"]) == (text, {"a": text, '"\\': text})


@given(st.lists(st.lists(SOLID, min_size=1, max_size=4), min_size=1, max_size=5))
def test_lists_arrive_exactly_as_they_were_from_json_and_from_typed_cells(lists):
    as_json = checked({"tags": [json.dumps(one) for one in lists]}).good["payload"]
    as_lists = checked({"tags": lists}).good["payload"]
    assert [json.loads(payload)["tags"] for payload in as_json] == lists
    assert as_json.to_list() == as_lists.to_list()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_of_a_typed_file_arrives_as_the_very_same_number(number):
    text = read([format(number, "f")], Kind.NUMBER)
    assert text == [float(format(number, "f"))]
    frame = pl.DataFrame({"t": [number]}).select(pl.col("t").cast(pl.String))
    assert json.loads(frame["t"][0]) == number

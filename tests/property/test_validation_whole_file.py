"""Rules over the whole file find what a naive look at all rows finds."""

from collections import Counter
from typing import Annotated

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from bulk.model import ROW
from bulk.validation import Validator, WholeFile, bind, compile_schema
from bulk.validation.document import UNSET, Document, Identifier, Unique


class Thing(Document):
    sku: Annotated[str, Identifier()] = UNSET
    code: Annotated[str, Identifier()] = UNSET


SCHEMA = compile_schema(Thing)
VALIDATOR = Validator(SCHEMA, bind(SCHEMA, ["sku", "code"], keys=("sku",)))


def sweep(chunks):
    """Rows by rule broken, after up to three sweeps."""
    frames, first = [], 2
    for chunk in chunks:
        cells = {"sku": [sku for sku, _ in chunk], "code": [code for _, code in chunk]}
        frames.append(
            pl.DataFrame(
                {ROW: range(first, first + len(chunk)), **cells},
                schema={ROW: pl.Int64, "sku": pl.String, "code": pl.String},
            )
        )
        first += len(chunk)
    whole = WholeFile(SCHEMA)
    for frame in frames:
        whole.add(VALIDATOR.identify(frame), VALIDATOR)
    found = {"duplicate_key": set(), "lost_zeros": set()}
    if whole.suspicious:
        for frame in frames:
            whole.inspect(frame, VALIDATOR)
        for frame in frames:
            for rejection in whole.rejections(frame, VALIDATOR):
                for violation in rejection.violations:
                    found[violation.rule].add(rejection.row)
    return found


def chunks(cell):
    return st.lists(st.lists(cell, max_size=8), max_size=5)


@given(chunks(st.tuples(st.sampled_from(["a", "b", "c", " a", "A", "", None, "d", "e"]), st.none())))
def test_repeated_keys_are_those_that_a_naive_count_finds(table):
    keys = [(sku or "").strip() for chunk in table for sku, _ in chunk]
    counts = Counter(key for key in keys if key)
    assert sweep(table)["duplicate_key"] == {row for row, key in enumerate(keys, 2) if counts[key] > 1}


@given(chunks(st.tuples(st.none(), st.sampled_from(["0123", "1234", "2345", "123", "012", "12", "12345", "x", None]))))
def test_lost_zeros_are_those_that_a_naive_look_finds(table):
    codes = [code for chunk in table for _, code in chunk]
    widths = Counter(len(code) for code in codes if code and code.isdigit())
    width, count = max(widths.items(), key=lambda one: one[1], default=(0, 0))
    fixed = count >= 5 and count >= 0.8 * widths.total() and any(code == "0123" for code in codes) and width == 4
    short = {row for row, code in enumerate(codes, 2) if code and code.isdigit() and len(code) < 4 and code[0] != "0"}
    expected = short if fixed else set()
    assert sweep(table)["lost_zeros"] == expected


class Old(Document):
    id: int = UNSET
    label: Annotated[str, Unique()] = UNSET


class New(Document):
    label: Annotated[str, Unique()]


OLD, NEW = compile_schema(Old), compile_schema(New)


@given(
    chunks(
        st.tuples(st.sampled_from(["1", "2", "3", None]), st.sampled_from(["a", "A ", "b", "c", "1", "2", "", None]))
    )
)
def test_repeats_among_rows_of_two_kinds_are_those_that_a_naive_count_finds(table):
    rows = [
        (row, id, (label or "").strip().lower()) for row, (id, label) in enumerate((r for c in table for r in c), 2)
    ]
    ids = Counter(id for _, id, _ in rows if id)
    labels = Counter(label for _, _, label in rows if label)
    olds, news = (
        Validator(schema, bind(schema, ["id", "label"], keys=(key,), others=(OLD,)))
        for schema, key in ((OLD, "id"), (NEW, "label"))
    )
    frames, first = [], 2
    for chunk in table:
        frame = pl.DataFrame(
            {
                ROW: range(first, first + len(chunk)),
                "id": [id for id, _ in chunk],
                "label": [label for _, label in chunk],
            },
            schema={ROW: pl.Int64, "id": pl.String, "label": pl.String},
        )
        first += len(chunk)
        frames += [(frame.filter(pl.col("id").is_not_null()), olds), (frame.filter(pl.col("id").is_null()), news)]
    whole = WholeFile([OLD, NEW])
    for frame, validator in frames:
        whole.add(validator.identify(frame), validator)
    found = {"duplicate_key": set(), "duplicate_value": set()}
    for frame, validator in frames if whole.suspicious else []:
        whole.inspect(frame, validator)
    for frame, validator in frames if whole.suspicious else []:
        for rejection in whole.rejections(frame, validator):
            for violation in rejection.violations:
                found[violation.rule].add(rejection.row)
    assert found == {
        "duplicate_key": {row for row, id, _ in rows if ids[id] > 1},
        "duplicate_value": {row for row, _, label in rows if labels[label] > 1},
    }

"""Typed tables come back as validation would read them, whatever the format."""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulk.formats import FORMATS, open_source
from bulk.model import ROW
from bulk.validation.coerce import direct, family_of, text_of, value_of
from bulk.validation.columns import Column, Kind

SCHEMA = {
    "sku": pl.String,
    "whole": pl.Int64,
    "number": pl.Float64,
    "truth": pl.Boolean,
    "texts": pl.List(pl.String),
    "wholes": pl.List(pl.Int64),
    "nothing": pl.Null,
}
KINDS = {
    "sku": Kind.TEXT,
    "whole": Kind.INTEGER,
    "number": Kind.NUMBER,
    "truth": Kind.BOOLEAN,
    "texts": Kind.TEXTS,
    "wholes": Kind.INTEGERS,
    "nothing": Kind.TEXT,
}
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff")
TEXT = (
    st.text(LETTERS, max_size=8)
    | st.sampled_from(
        ["00123", "8.85E+11", "<clear>", "=1+1", "'=1", "''@x", "-5", "\tx", "\r\nx", "a\r\nb", 'say "x"']
    )
    | st.text(st.sampled_from("'=+-@;[] \r\n\t,"), max_size=5)
)
SENSIBLE = st.floats(-1e30, 1e30).filter(lambda number: number == 0 or abs(number) >= 1e-12)
"""Numbers of so many digits that nobody means them are left to validation to refuse."""
NUMBER = SENSIBLE | st.sampled_from([0.00001, 0.1 + 0.2, 19.99, 5.0, 1e22])
ELEMENT = TEXT.filter(lambda text: text.strip())
"""Blank elements are dropped by everybody who reads lists."""
ROWS = st.lists(
    st.tuples(
        TEXT.filter(lambda text: text.strip()),
        st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-99, 99),
        st.none() | NUMBER,
        st.none() | st.booleans(),
        st.none() | st.lists(ELEMENT, max_size=3),
        st.none() | st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
        st.none(),
    ),
    min_size=1,
    max_size=6,
)


def as_validated(cells: pl.Series, kind: Kind) -> list[object]:
    """What the table in `validation.coerce` makes of a column."""
    column = Column(path=(cells.name,), kind=kind)
    family = family_of(cells.dtype, cells.name)
    cell = pl.col("cell")
    value = direct(cell, cells.dtype, family, column)
    if value is None:
        text = text_of(cell, cells.dtype, family)
        value = value_of(pl.when(text != "").then(text), column)
    return cells.to_frame("cell").select(value.alias("cell")).to_series().to_list()


def meant(value: object) -> object:
    """A value as people compare it: text without surrounding space, blank and empty alike."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list):
        return [one.strip() if isinstance(one, str) else one for one in value] or None
    return value


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".xlsx", ".ndjson", ".json"])
@given(rows=ROWS)
@example(rows=[("a", 2**53 + 1, 1e-7, True, ["x"], [1], None), ("b", 1, 0.30000000000000004, None, ["="], [2], None)])
@example(rows=[("a", None, None, None, ["a;b", "c"], None, None), ("b", None, None, None, ["[a]"], None, None)])
def test_a_typed_table_comes_back_as_validation_reads_it(suffix, rows):
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / f"t{suffix}")
        with FORMATS[suffix].writer(path, table.columns, neutralise=True) as writer:
            writer.write(table.head(1))
            writer.write(table.tail(table.height - 1))
        with open_source(path) as source:
            read = pl.concat(list(source.tables[0].chunks())).drop(ROW)
    for name, kind in KINDS.items():
        expected = [meant(value) for value in table[name].to_list()] if name != "nothing" else [None] * len(rows)
        found = as_validated(read[name], kind) if name in read.columns else [None] * len(rows)
        assert [meant(value) for value in found] == expected, name

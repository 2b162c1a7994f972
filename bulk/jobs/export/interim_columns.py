"""Columns of values between their reading and the file: as they are where one type holds them all, else as JSON.

Which type a column will have is not known before everything was read, and what it cannot hold is remarked upon then.
"""

import json
from collections.abc import Sequence
from types import NoneType
from typing import Any, Final

import polars as pl

from bulk.jobs.export.fitting import Remarks, as_they_are, fitted
from bulk.model import distinct
from bulk.validation.columns import Column, Kind

PLAIN: Final = "="
"""What the name of a column begins with whose values are as they are."""
JSON: Final = "?"
"""The same for one whose values are JSON."""

TYPES: Final = {
    Kind.TEXT: pl.String(),
    Kind.INTEGER: pl.Int64(),
    Kind.NUMBER: pl.Float64(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.TEXTS: pl.List(pl.String),
    Kind.INTEGERS: pl.List(pl.Int64),
    Kind.JSON: pl.String(),
}
"""The type of a column by its kind; of other kinds, it is the type that all values have."""

_SEPARATOR: Final = "\x1f"
"""What no element of a list holds, as a rule."""

_FEW: Final = 100
"""Lists of which a column is made at once."""

_PYTHON: Final = {pl.Boolean(): bool, pl.Int64(): int, pl.Float64(): float, pl.String(): str}


def held(values: Sequence[Any], column: Column) -> pl.Series:
    """The values of a column for the time being."""
    types = set(map(type, values)) - {NoneType}
    if not types:
        return nulls(f"{PLAIN}{column.name}", len(values), TYPES.get(column.kind, pl.String()))
    if not types.isdisjoint({list, dict}):
        once, places = distinct(values)
        if len(once) < len(values):
            return held(once, column).gather(places)
    dtype = TYPES.get(column.kind) or type_of(types)
    if column.kind is not Kind.JSON and (cells := as_they_are(values, column.kind, dtype)) is not None:
        series = _lists(cells, dtype) if isinstance(dtype, pl.List) else pl.Series(cells, dtype=dtype)
        return series.alias(f"{PLAIN}{column.name}")
    texts = [None if value is None else json.dumps(value) for value in values]
    return pl.Series(f"{JSON}{column.name}", texts, dtype=pl.String())


def nulls(name: str, count: int, dtype: pl.DataType) -> pl.Series:
    """A column of nothing; what polars has for it goes a longer way."""
    return pl.Series(name, [None], dtype=dtype).new_from_index(0, count)


def _lists(cells: Sequence[list[Any] | None], dtype: pl.List) -> pl.Series:
    """A column of lists; to split many texts is faster than to make a list of each list."""
    if len(cells) <= _FEW:
        return pl.Series(cells, dtype=dtype)
    texts = [None if cell is None else _SEPARATOR.join(map(str, cell)) for cell in cells]
    if sum(map(len, filter(None, cells))) != sum(text.count(_SEPARATOR) + 1 for text in texts if text is not None):
        return pl.Series(cells, dtype=dtype)
    return pl.Series(texts, dtype=pl.String()).str.split(_SEPARATOR).cast(dtype)


def type_of(types: set[type]) -> pl.DataType:
    """The type that holds all values of these types of Python's."""
    if types == {bool}:
        return pl.Boolean()
    if types == {int}:
        return pl.Int64()
    return pl.Float64() if types and types <= {int, float} else pl.String()


def types_of(series: pl.Series) -> set[type]:
    """Of which types the values of a column are."""
    if series.null_count() == len(series):
        return set()
    return {_PYTHON[series.dtype]} if series.name.startswith(PLAIN) else set(map(type, _values(series))) - {NoneType}


def released(series: pl.Series, column: Column, dtype: pl.DataType, remarks: Remarks) -> pl.Series:
    """The column as a column of the file."""
    if series.name.startswith(PLAIN):
        if series.dtype == dtype:
            return series.alias(column.name)
        if series.null_count() == len(series):
            return nulls(column.name, len(series), dtype)
    return fitted(_values(series), column, dtype, remarks)


def _values(series: pl.Series) -> list[Any]:
    values: list[Any] = series.to_list()
    if series.name.startswith(PLAIN):
        return values
    return [None if value is None else json.loads(value) for value in values]

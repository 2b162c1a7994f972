"""What cells show that is not judged: read leniently, to be held against what is known of a record."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from bulk.validation.binding import Bound
from bulk.validation.cell_rules import Markers, text, value
from bulk.validation.columns import Column, Constraints, Kind
from bulk.validation.json_text import quoted
from bulk.validation.payload import Part, literal, members
from bulk.validation.reader import Reader

_ANY_JSON: TypeAdapter[Any] = TypeAdapter(Any)


def shown(frame: pl.DataFrame, columns: Sequence[Bound], markers: Markers) -> pl.Series:
    """The filled cells of each row as a JSON document, null where there are none.

    A cell that cannot be read as what its column holds is there as its text. Raises `SourceError` as `Reader` does.
    """
    lenient = [replace(one, column=_without_bounds(one.column)) for one in columns]
    work = Reader(lenient, markers).read(frame)
    work = work.with_columns(_json(number, one.column.kind, markers) for number, one in enumerate(lenient))
    parts: list[Part] = [
        (one.column.path, number, replace(one.column, kind=Kind.SCALAR)) for number, one in enumerate(lenient)
    ]
    parts.sort(key=lambda part: part[0])
    filled = pl.any_horizontal(text(number).is_not_null() for number in range(len(columns)))
    content = pl.concat_str(list(members(parts, ("",), markers)), ignore_nulls=True).str.strip_suffix(",")
    return work.select(pl.when(filled).then(pl.concat_str(pl.lit("{"), content, pl.lit("}")))).to_series()


def _without_bounds(column: Column) -> Column:
    adapter = _ANY_JSON if column.kind is Kind.JSON else None
    bare = Constraints()
    return replace(column, within=None, nullable=False, constraints=bare, each=bare, adapter=adapter)


def _json(number: int, kind: Kind, markers: Markers) -> pl.Expr:
    opening, content, closing = literal(value(number), kind)
    as_its_kind = pl.concat_str(pl.lit(opening), content, pl.lit(closing))
    readable = pl.coalesce(as_its_kind, quoted(text(number)))
    if kind in {Kind.TEXTS, Kind.INTEGERS, Kind.JSON}:
        readable = pl.when(markers.is_empty(number)).then(pl.lit("[]")).otherwise(readable)
    return pl.when(markers.is_clear(number)).then(pl.lit("null")).otherwise(readable).alias(f"v{number}")

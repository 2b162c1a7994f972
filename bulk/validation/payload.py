"""Values to documents: one JSON text a row, with only the fields that are to be written, in the model's order.

A part of a document is null where its cell is blank, so that `concat_str` leaves it out. One part of an object, its
anchor, is there whenever the object is: parts before it end with a comma, parts after it begin with one.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TypeAlias

import polars as pl

from bulk.validation.binding import Binding
from bulk.validation.cell_rules import Markers, text, value
from bulk.validation.columns import Column, Kind
from bulk.validation.json_text import escaped

Part: TypeAlias = tuple[tuple[str, ...], int, Column]
"""Path from the object at hand, number and column."""


def payload(binding: Binding, markers: Markers) -> Callable[[pl.DataFrame], pl.Series]:
    """What gives the document of each row of a frame, as canonical JSON; it means nothing where a rule is broken."""
    parts: list[Part] = [(one.column.path, number, one.column) for number, one in enumerate(binding.columns)]
    texts = [
        member.alias(str(number)) for number, member in enumerate(members(parts, binding.key.column.path, markers))
    ]
    document = pl.concat_str(pl.lit("{"), pl.all(), pl.lit("}"), ignore_nulls=True)
    return lambda work: work.select(texts).select(document).to_series()


def members(parts: Sequence[Part], anchor: tuple[str, ...], markers: Markers) -> Iterator[pl.Expr]:
    """The members of an object, null where there is nothing to write; `anchor` is the one that is always there."""
    before, after = "", ","
    for name, group in groupby(parts, key=lambda part: part[0][0]):
        if name == anchor[0]:
            after = ""
        start = f"{before}{json.dumps(name, ensure_ascii=False)}:"
        below: list[Part] = []
        for path, number, column in group:
            if len(path) > 1:
                below.append((path[1:], number, column))
            else:
                yield _member(number, column, markers, start, after)
        if below:
            yield _object(below, markers, start, after)
        if name == anchor[0]:
            before = ","


def _object(parts: Sequence[Part], markers: Markers, start: str, after: str) -> pl.Expr:
    needed = [path for path, _, column in parts if len(path) == 1 and (column.within or len(parts) == 1)]
    filled = pl.any_horizontal(text(number).is_not_null() for _, number, _ in parts)
    if needed:
        content = pl.concat_str(list(members(parts, needed[0], markers)), ignore_nulls=True)
    else:
        content = pl.concat_str(list(members(parts, ("",), markers)), ignore_nulls=True).str.strip_suffix(",")
    return pl.when(filled).then(pl.concat_str(pl.lit(f"{start}{{"), content, pl.lit(f"}}{after}")))


def _member(number: int, column: Column, markers: Markers, start: str, after: str) -> pl.Expr:
    opening, content, closing = literal(value(number), column.kind)
    member = pl.concat_str(pl.lit(start + opening), content, pl.lit(closing + after))
    if column.nullable:
        member = pl.when(markers.is_clear(number)).then(pl.lit(f"{start}null{after}")).otherwise(member)
    if column.is_list:
        member = pl.when(markers.is_empty(number)).then(pl.lit(f"{start}[]{after}")).otherwise(member)
    return member


def literal(cell: pl.Expr, kind: Kind) -> tuple[str, pl.Expr, str]:
    """A value in JSON: what stands before it, itself, and what stands behind."""
    match kind:
        case Kind.TEXT:
            return '"', escaped(cell), '"'
        case Kind.SCALAR | Kind.VALUE | Kind.JSON:
            return "", cell, ""
        case Kind.TEXTS:
            return '["', cell.list.eval(escaped(pl.element())).list.join('","'), '"]'
        case Kind.INTEGERS:
            return "[", cell.cast(pl.List(pl.String)).list.join(","), "]"
        case _:
            return "", cell.cast(pl.String), ""

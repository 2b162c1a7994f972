"""Cells of a table as a working frame, coerced once: the text of column number n is `t{n}`, its value `v{n}`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from bulk.model import ROW
from bulk.validation import coerce
from bulk.validation.binding import Bound
from bulk.validation.cell_rules import Markers, spellings, text, value
from bulk.validation.columns import Column


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Value:
    """How a column's cells become values."""

    first: pl.Expr
    """See `coerce.first_value`."""
    last: pl.Expr | None
    """See `coerce.last_value`."""
    none: pl.Expr
    """What they are where no cell is filled."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Plan:
    """How a column is read step by step: one expression would work out each time what it uses more than once."""

    first: Sequence[pl.Expr]
    """Cells to texts, and to values where the type allows the short way."""
    blank: pl.Expr
    """Texts without blank ones."""
    fill: pl.Expr | None
    """What the mapping fills in."""
    value: _Value | None
    """Texts to values, where the type does not allow the short way."""


class Reader:
    """Reads the cells of some columns of a table."""

    def __init__(self, columns: Sequence[Bound], markers: Markers) -> None:
        self._columns = columns
        self._markers = markers
        self._plans: dict[tuple[int, coerce.PolarsType | None], _Plan] = {}
        """By number and type: to build them for every chunk would take longer than to read a small one."""
        self._misreadings: dict[object, pl.Series] = {}

    def families(self, frame: pl.DataFrame) -> list[coerce.Family]:
        """The family of each column. Raises `SourceError` for a type that cannot be in a cell."""
        return [
            coerce.Family.TEXT if one.header is None else _family(one, frame.get_column(one.header).dtype)
            for one in self._columns
        ]

    def read(self, frame: pl.DataFrame, numbers: Sequence[int] | None = None) -> pl.DataFrame:
        """Texts and values of these columns, by default of all, under names that no header can disturb.

        Raises `SourceError` as `families` does.
        """
        cells: list[pl.Series] = [frame.get_column(ROW)]
        plans: dict[int, _Plan] = {}
        for number in range(len(self._columns)) if numbers is None else numbers:
            header = self._columns[number].header
            if header is None:
                plans[number] = self._plan(number, None)
            else:
                cells.append(frame.get_column(header).alias(f"c{number}"))
                plans[number] = self._plan(number, cells[-1].dtype)
        work = pl.DataFrame(cells).select(ROW, *(one for plan in plans.values() for one in plan.first))
        work = work.with_columns(plan.blank for plan in plans.values())
        work = work.with_columns(plan.fill for plan in plans.values() if plan.fill is not None)
        values = {number: plan.value for number, plan in plans.items() if plan.value is not None}
        filled = [one for number, one in values.items() if work.get_column(f"t{number}").null_count() < len(work)]
        work = work.with_columns(one.first if one in filled else one.none for one in values.values())
        return work.with_columns(one.last for one in filled if one.last is not None)

    def _plan(self, number: int, dtype: coerce.PolarsType | None) -> _Plan:
        """How a column of this type is read; without a type, one that is only filled in."""
        if (number, dtype) not in self._plans:
            one = self._columns[number]
            first = [pl.lit(None, dtype=pl.String).alias(f"t{number}")]
            if dtype is not None:
                first = list(self._read(number, one, dtype, _family(one, dtype)))
            short = any(expression.meta.output_name() == f"v{number}" for expression in first)
            self._plans[number, dtype] = _Plan(
                first=first,
                blank=pl.when(text(number) != "").then(text(number)).alias(f"t{number}"),
                fill=None if one.fill is None else self._filled(number),
                value=None if short else self._value(number),
            )
        return self._plans[number, dtype]

    def _value(self, number: int) -> _Value:
        """Value of a column's cells by their text; where a marker could be one too, it has none."""
        column, name = self._columns[number].column, f"v{number}"
        misread = self._misread(column)
        unmarked = text(number)
        if misread.null_count() < len(misread):
            unmarked = pl.when(~self._markers.is_marker(number)).then(unmarked)
        last = coerce.last_value(value(number), unmarked, column)
        return _Value(
            first=coerce.first_value(unmarked, column).alias(name),
            last=None if last is None else last.alias(name),
            none=pl.lit(None, dtype=misread.dtype).alias(name),
        )

    def _misread(self, column: Column) -> pl.Series:
        """What markers would be as values of a column."""
        # The same for all columns like it: without this a small file would spend most of its check here.
        alike = (column.kind, column.constraints.choices, column.each.choices, id(column.adapter))
        if alike not in self._misreadings:
            forms = pl.Series(spellings([self._markers.clear, self._markers.empty]))
            self._misreadings[alike] = pl.select(coerce.value_of(pl.lit(forms), column)).to_series()
        return self._misreadings[alike]

    def _read(self, number: int, one: Bound, dtype: coerce.PolarsType, family: coerce.Family) -> Iterator[pl.Expr]:
        """Text of a column's cells, and their values where the types allow the short way."""
        cell = pl.col(f"c{number}")
        if one.split is None:
            yield coerce.text_of(cell, dtype, family).alias(f"t{number}")
            short = None if one.fill is not None else coerce.direct(cell, dtype, family, one.column)
            if short is not None:
                yield short.alias(f"v{number}")
            return
        whole = coerce.text_of(cell, dtype, coerce.family_of(dtype, one.label))
        whole = pl.when(whole != "").then(whole)
        parts = whole.str.split(one.split.by)
        if one.array and isinstance(dtype, pl.List):
            parts = coerce.parts_of(cell, dtype)
        elif one.array:
            parts = whole.str.strip_prefix("[").str.strip_suffix("]").str.split(one.split.by)
        is_marker = whole.is_in([self._markers.clear, self._markers.empty])
        part = parts.list.get(one.part, null_on_oob=True).str.strip_chars()
        right = parts.list.len() == len(one.split.into)
        yield pl.when(is_marker).then(whole).when(right & (part != "")).then(part).alias(f"t{number}")
        yield (~is_marker & ~right).alias(f"s{number}")

    def _filled(self, number: int) -> pl.Expr:
        """Text with the mapping's text for blank cells; a part of an object is not filled where it would be alone."""
        one = self._columns[number]
        fill = pl.lit(one.fill)
        companions = [
            other
            for other, bound in enumerate(self._columns)
            if bound.fill is None and len(one.column.path) > 1 and bound.column.path[:-1] == one.column.path[:-1]
        ]
        if companions and not one.column.open:
            fill = pl.when(pl.any_horizontal(text(other).is_not_null() for other in companions)).then(fill)
        return pl.coalesce(text(number), fill).alias(f"t{number}")


def _family(one: Bound, dtype: coerce.PolarsType) -> coerce.Family:
    """The family of a column's cells, as far as they are not taken apart."""
    return coerce.Family.TEXT if one.split is not None else coerce.family_of(dtype, one.label)

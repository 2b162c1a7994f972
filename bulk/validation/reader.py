"""Cells of a table as a working frame, coerced once: the text of column number n is `t{n}`, its value `v{n}`."""

from collections.abc import Iterator, Sequence

import polars as pl

from bulk.model import ROW
from bulk.validation import coerce
from bulk.validation.binding import Bound
from bulk.validation.rules import Markers, text


class Reader:
    """Reads the cells of some columns of a table."""

    def __init__(self, columns: Sequence[Bound], markers: Markers) -> None:
        self._columns = columns
        self._markers = markers

    def families(self, frame: pl.DataFrame) -> list[coerce.Family]:
        """The family of each column. Raises `SourceError` for a type that cannot be in a cell."""
        return [
            coerce.Family.TEXT
            if one.header is None or one.split is not None
            else coerce.family_of(frame.get_column(one.header).dtype, one.header)
            for one in self._columns
        ]

    def read(self, frame: pl.DataFrame, numbers: Sequence[int] | None = None) -> pl.DataFrame:
        """Texts and values of these columns, by default of all, under names that no header can disturb.

        Raises `SourceError` as `families` does.
        """
        families = self.families(frame)
        if numbers is None:
            numbers = range(len(self._columns))
        cells = [frame.get_column(ROW)]
        expressions: list[pl.Expr] = [pl.col(ROW)]
        for number in numbers:
            one, family = self._columns[number], families[number]
            if one.header is None:
                expressions.append(pl.lit(None, dtype=pl.String).alias(f"t{number}"))
                continue
            series = frame.get_column(one.header)
            cells.append(series.alias(f"c{number}"))
            expressions.extend(self._read(number, one, series.dtype, family))
        # Step by step, since one expression would work out again each time what it uses more than once.
        work = pl.DataFrame(cells).select(expressions)
        work = work.with_columns(
            pl.when(text(number) != "").then(text(number)).alias(f"t{number}") for number in numbers
        )
        work = work.with_columns(self._filled(number) for number in numbers if self._columns[number].fill is not None)
        return work.with_columns(
            coerce.value_of(
                pl.when(~self._markers.is_marker(number)).then(text(number)), self._columns[number].column
            ).alias(f"v{number}")
            for number in numbers
            if f"v{number}" not in work.columns
        )

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

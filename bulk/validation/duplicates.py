"""Texts that stand in more than one row of a source, found by their hashes in a first and a second sweep."""

from collections.abc import Iterator
from functools import cached_property

import polars as pl

from bulk.model import ROW
from bulk.validation.hashes import Hashes

NAMED = 4
"""Rows of a repeated text that are remembered, so as to name the others."""


class Repeats:
    """Texts that must be different in every row."""

    def __init__(self) -> None:
        self._hashes = Hashes()
        self._suspects: list[pl.DataFrame] = []

    def add(self, texts: pl.Series) -> None:
        """First sweep: take in the texts of a frame."""
        self._hashes.add(texts.drop_nulls())

    @property
    def suspicious(self) -> bool:
        """After the first sweep: whether any text seems to stand twice."""
        return not self._repeated_hashes.is_empty()

    def inspect(self, rows: pl.Series, texts: pl.Series) -> None:
        """Second sweep: collect the texts that seem to stand twice, with their positions."""
        here = _table(rows, texts)
        self._suspects.append(here.filter(here.get_column("text").hash().is_in(self._repeated_hashes.implode())))

    def found(self, rows: pl.Series, texts: pl.Series) -> Iterator[tuple[int, list[int], int]]:
        """Third sweep: positions at which a text stands that others have too, their first positions, and how many."""
        repeated = _table(rows, texts).join(self._repeated, on="text", maintain_order="left")
        yield from repeated.select(ROW, "rows", "count").iter_rows()

    @cached_property
    def _repeated_hashes(self) -> pl.Series:
        return self._hashes.repeated()

    @cached_property
    def _repeated(self) -> pl.DataFrame:
        suspects = (
            pl.concat(self._suspects) if self._suspects else pl.DataFrame(schema={ROW: pl.Int64, "text": pl.String})
        )
        self._suspects.clear()
        rows = suspects.group_by("text").agg(pl.col(ROW).sort().head(NAMED).alias("rows"), pl.len().alias("count"))
        return rows.filter(pl.col("count") > 1)


def _table(rows: pl.Series, texts: pl.Series) -> pl.DataFrame:
    return pl.DataFrame([rows.alias(ROW), texts.alias("text")]).drop_nulls()

"""Which rows of a source a process sends, where several share the work."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from bulk.model import ROW

STRIPE: Final = 50
"""Neighbouring rows that stay together: about as many as share a page of the ledger."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """One of `of` equal parts of the rows. A row that travels in another goes with it, whatever its own place."""

    number: int = 0
    """Which of them, from 0."""
    of: int = 1
    """How many there are."""

    def has(self, row: int) -> bool:
        """Whether a position is in it."""
        return row // STRIPE % self.of == self.number

    def within(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Those rows of a frame that are in it."""
        return frame if self.of == 1 else frame.filter(pl.col(ROW) // STRIPE % self.of == self.number)


WHOLE: Final = Share()
"""All rows."""

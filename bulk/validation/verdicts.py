"""What the validator says about the rows of a frame."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import compress
from types import MappingProxyType

import polars as pl

from bulk.model import ROW, Record, Rejection
from bulk.validation.document import Expected

DIGEST_BYTES = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Unusual:
    """Cells that can be sent, but do not look like what is usually in their column."""

    label: str
    """The column as it is called in the file."""
    expected: Expected
    """What is usual."""
    row: int
    """Position of the first of them."""
    text: str
    """What stands there."""
    count: int
    """How many there are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """What is wrong, or odd, in the rows of a frame."""

    bad: tuple[Rejection, ...] = ()
    """The rows that cannot be sent, each with every rule that it breaks."""
    unusual: tuple[Unusual, ...] = ()
    """Text of the others that is not as it usually is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked(Faults):
    """What became of the rows of a frame."""

    good: pl.DataFrame
    """Position (`ROW`), `key` and `payload` of the rows that can be sent, see `Record`; and what is `shown` in them."""
    losing: pl.DataFrame
    """Position of the good rows that clear or empty something, and a column for each of the consequences."""
    named_by: str
    """Our name of the column that names the records."""

    def records(self, origins: Mapping[int, bytes | None] = MappingProxyType({})) -> list[Record]:
        """The good rows as records, with their origins as far as these are given by position."""
        rows = self.good.select(ROW, "key", "payload").iter_rows()
        return [
            Record(
                row=row,
                key=key,
                by=self.named_by,
                payload=document,
                digest=blake2b(document.encode(), digest_size=DIGEST_BYTES).digest(),
                origin=origins.get(row),
            )
            for row, key, document in rows
        ]

    def losses(self) -> Mapping[int, tuple[str, ...]]:
        """What clearing and emptying cells will do, by position; only of rows that do."""
        names = self.losing.columns[1:]
        return {row: tuple(compress(names, flags)) for row, *flags in self.losing.iter_rows()}

    def shown(self) -> Mapping[int, str]:
        """Read-only cells of the good rows as JSON documents, by position; only of rows that have any."""
        return dict(self.good.select(ROW, "shown").drop_nulls().iter_rows())

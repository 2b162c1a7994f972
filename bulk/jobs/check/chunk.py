"""Some rows of a source, and the verdict on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from bulk.model import Record, Rejection

if TYPE_CHECKING:
    from bulk.jobs.check.judge import Judge


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A frame as read, and the verdict on it."""

    frame: pl.DataFrame
    """The cells."""
    records: Sequence[Record]
    """What can be sent, in the order of the rows."""
    rejections: Sequence[Rejection]
    """What cannot, members of families included."""
    shown: Mapping[int, str]
    """Read-only cells of the records, as JSON documents."""
    judge: "Judge"
    """Who gave the verdict."""
    unrecorded: int = 0
    """Good rows of the frame of which no record was made: recognised as unchanged, or nobody wants to send them."""

    @property
    def rows(self) -> int:
        """Rows on which it gives a verdict."""
        return self.unrecorded + len(self.rejections) + sum(1 + len(record.members) for record in self.records)

    @property
    def keys(self) -> list[str]:
        """What its rows are called, as far as that could be read."""
        named = [*(record.key for record in self.records), *(one.key for one in self.rejections)]
        return [key for key in dict.fromkeys(named) if key is not None]

    @property
    def written(self) -> dict[str, bytes]:
        """Digests of the records by key, where being written once more would change and lose nothing."""
        if self.shown:
            return {}
        return {record.key: record.digest for record in self.records if not record.members and not record.losses}

    def of(self, rejections: Sequence[Rejection]) -> "Chunk":
        """Rejections that belong to no frame."""
        return replace(self, frame=self.frame.clear(), records=(), rejections=rejections, shown={}, unrecorded=0)

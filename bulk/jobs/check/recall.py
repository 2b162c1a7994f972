"""Rows whose cells are those of what was last written: they are recognised, and nobody needs to judge them."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from typing import TypeAlias

import polars as pl

from bulk.jobs.check.chunk import Chunk
from bulk.jobs.check.families import Families
from bulk.jobs.check.judge import Judge
from bulk.model import ROW
from bulk.validation import Faults

Named: TypeAlias = Sequence[tuple[int, str, bytes]]
"""Position, key and origin of rows; see `Record.origin`."""

Recall: TypeAlias = Callable[[Named], Awaitable[Collection[int]]]
"""Gives the positions of those rows that are unchanged."""

Asking: TypeAlias = Callable[[Named], Future[Collection[int]]]
"""The same, to be asked from another thread."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """A frame that is to be judged."""

    frame: pl.DataFrame
    """The cells."""
    judge: Judge
    """Who will judge it."""
    origins: Mapping[int, bytes | None] = field(default_factory=dict)
    """Of its rows, by position."""
    recalled: Future[Collection[int]] | None = None
    """Positions of the rows that are unchanged; None where nobody was asked."""

    def judged(self, families: Families | None, *, documents: bool) -> tuple[Chunk, Sequence[Faults]]:
        """The verdict on the other rows, and the parts it is made of."""
        done = () if self.recalled is None else self.recalled.result()
        rest = self.frame.filter(~self.frame.get_column(ROW).is_in(list(done))) if done else self.frame
        if documents:
            chunk, parts = self.judge.check(rest, families, self.origins)
        else:
            chunk, parts = self.judge.faults(rest)
        return replace(chunk, frame=self.frame, unrecorded=chunk.unrecorded + len(done)), parts


def read(frame: pl.DataFrame, judge: Judge, keys: Sequence[pl.DataFrame], recall: Asking | None) -> Read:
    """A frame whose rows have these keys by position, null where they cannot be read; asks which are unchanged."""
    if recall is None or judge.origins is None:
        return Read(frame=frame, judge=judge)
    origins = dict(zip(frame.get_column(ROW), judge.origins.of(frame), strict=True))
    named = pl.concat(keys).sort(ROW).drop_nulls().iter_rows()
    rows = [(row, key, origin) for row, key in named if (origin := origins[row]) is not None]
    return Read(frame=frame, judge=judge, origins=origins, recalled=recall(rows) if rows else None)


def ahead(frames: Iterable[Read]) -> Iterator[Read]:
    """Each frame once the next one is read, so that the answer about it is there by then."""
    return (one for one, _ in pairwise(chain(frames, (None,))) if one is not None)

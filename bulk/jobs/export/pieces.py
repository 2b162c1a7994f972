"""What is laid aside of records that were read: their rows as columns, and what tells them apart."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain, compress, repeat
from typing import IO, Any, Final, NamedTuple, Self

import polars as pl

from bulk.jobs.export.flattening import Flattening
from bulk.model import Documents, written

_SIZES: Final = struct.Struct("<QQ")
"""Bytes of the heads and of the table, which follow."""

_HEADS: Final = {"id": pl.Binary, "changed_at": pl.Float64, "rows": pl.UInt32, "document": pl.Binary}


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Records as they were read together, side by side."""

    ids: Sequence[str]
    """What tells each from all others."""
    changes: Sequence[float | None]
    """When they last changed, in seconds since the epoch."""
    documents: Documents
    """The records as documents of the model."""
    shown: Sequence[bool]
    """Whether they have rows in the file."""

    def only(self, chosen: Sequence[bool]) -> "Batch":
        """Some of the records."""
        return Batch(
            ids=list(compress(self.ids, chosen)),
            changes=list(compress(self.changes, chosen)),
            documents=self.documents.only(chosen),
            shown=list(compress(self.shown, chosen)),
        )

    def __len__(self) -> int:
        return len(self.ids)


class Recent(NamedTuple):
    """A record that changed of late."""

    id: str
    """What tells it from all others."""
    document: Mapping[str, Any]
    """The record as a document of the model."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Records that were laid aside at one stroke."""

    heads: pl.DataFrame
    """A line for each: its id, when it changed, how many rows it has, and its document if that may be wanted again."""
    packed: bytes
    """The rows, as they are on the disk."""
    chosen: Sequence[bool] | None = None
    """Which of the rows belong to these records; None for all."""

    @classmethod
    def of(cls, batch: Batch, flattening: Flattening, *, recent: float) -> Self:
        """Lay records aside, with the documents of those that changed at `recent` or later, or do not say when."""
        shown = batch.documents if all(batch.shown) else batch.documents.only(batch.shown)
        table, rows = flattening.spread(shown)
        counts = iter(rows)
        heads = pl.DataFrame(
            [
                [id.encode(errors="surrogatepass") for id in batch.ids],
                batch.changes,
                [next(counts) if shown else 0 for shown in batch.shown],
                [
                    written(batch.documents[place]) if changed_at is None or changed_at >= recent else None
                    for place, changed_at in enumerate(batch.changes)
                ],
            ],
            schema=_HEADS,
        )
        return cls(heads=heads, packed=_packed(table))

    @property
    def ids(self) -> Sequence[str]:
        """Ids of the records."""
        return [id.decode(errors="surrogatepass") for id in self.heads["id"]]

    @property
    def changes(self) -> Sequence[float | None]:
        """When they changed."""
        return self.heads["changed_at"].to_list()

    @property
    def documents(self) -> Sequence[bytes | None]:
        """Their documents as JSON, where these were kept."""
        return self.heads["document"].to_list()

    @property
    def height(self) -> int:
        """How many rows there are."""
        return int(self.heads["rows"].sum())

    @property
    def shown(self) -> int:
        """How many of them have rows."""
        return int((self.heads["rows"] > 0).sum())

    @property
    def table(self) -> pl.DataFrame:
        """Their rows, as `Flattening.spread` made them."""
        table = pl.read_ipc_stream(self.packed)
        return (
            table.filter(pl.Series(self.chosen, dtype=pl.Boolean)) if self.chosen is not None and table.width else table
        )

    def only(self, counts: Sequence[bool]) -> "Piece":
        """The same without some of the records."""
        chosen = chain.from_iterable(map(repeat, counts, self.heads["rows"]))
        return replace(self, heads=self.heads.filter(pl.Series(counts, dtype=pl.Boolean)), chosen=list(chosen))

    def written(self) -> bytes:
        """As it is on the disk."""
        heads = _packed(self.heads)
        return b"".join((_SIZES.pack(len(heads), len(self.packed)), heads, self.packed))


def pieces(stream: IO[bytes]) -> Iterator[Piece]:
    """All pieces of a file."""
    while sizes := stream.read(_SIZES.size):
        heads, table = _SIZES.unpack(sizes)
        yield Piece(heads=pl.read_ipc_stream(stream.read(heads)), packed=stream.read(table))


def _packed(frame: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    frame.write_ipc_stream(buffer, compression="lz4")
    return buffer.getvalue()

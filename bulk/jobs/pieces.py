"""What is laid aside of records that were read: their rows as columns, and what tells them apart."""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain, repeat
from typing import IO, Any, Final, NamedTuple, Self

import msgspec
import polars as pl

from bulk.jobs.flattening import Flattening

_SIZES: Final = struct.Struct("<QQ")
"""Bytes of the heads and of the table, which follow."""

_HEADS: Final = {"id": pl.Binary, "changed_at": pl.Float64, "rows": pl.UInt32, "document": pl.Binary}

_json: Final = msgspec.json.Encoder().encode


class Spooled(NamedTuple):
    """One record as it was read."""

    id: str
    """What tells it from all others."""
    changed_at: float | None
    """When it last changed, in seconds since the epoch."""
    document: Mapping[str, Any]
    """The record as a document of the model."""
    shown: bool = True
    """Whether it has its rows in the file."""


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
    def of(cls, records: Sequence[Spooled], flattening: Flattening, *, recent: float) -> Self:
        """Lay records aside, with the documents of those that changed at `recent` or later, or do not say when."""
        table, rows = flattening.spread([record.document for record in records if record.shown])
        counts = iter(rows)
        heads = pl.DataFrame(
            [
                [record.id.encode(errors="surrogatepass") for record in records],
                [record.changed_at for record in records],
                [next(counts) if record.shown else 0 for record in records],
                [
                    _text(record.document) if record.changed_at is None or record.changed_at >= recent else None
                    for record in records
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


def _text(document: Mapping[str, Any]) -> bytes:
    """A document as JSON; the quick writer has no way to write halves of characters."""
    try:
        return _json(document)
    except UnicodeEncodeError:
        return json.dumps(document).encode()

"""What a process that runs an import and its workers say to each other, beside what they say about the pace."""

import pickle
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from io import FileIO
from typing import Final, Self, TypeVar

from msgspec import msgpack

from bulk.http.writer import Ending
from bulk.jobs.send.prepared import Prepared
from bulk.model import Settlement, Traffic

T = TypeVar("T")

_SIZE: Final = struct.Struct(">I")

HEAD: Final = _SIZE.size
"""Bytes before every message."""

_PREPARED: Final = msgpack.Decoder(list[Prepared])
_SETTLEMENTS: Final = msgpack.Decoder(list[Settlement])


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """To a worker that has asked for more: send these, or end where there are none."""

    packed: bytes | Sequence[Prepared]
    """See `of`."""
    in_flight: int
    """How many of them may be in flight."""

    @classmethod
    def of(cls, prepared: Sequence[Prepared], in_flight: int) -> Self:
        """The message about records that are ready to be sent."""
        return cls(packed=_packed_quickly(prepared), in_flight=in_flight)

    @property
    def prepared(self) -> Sequence[Prepared]:
        """The records."""
        return _values(self.packed, _PREPARED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Halt:
    """To a worker: begin no row any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class More:
    """From a worker: it has room for rows. It asks again only when it was given some."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """From a worker: rows have failed."""

    rows: int
    """How many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """From a worker: this became of rows."""

    packed: bytes | Sequence[Settlement]
    """See `of`."""
    traffic: Traffic
    """Its requests so far."""

    @classmethod
    def of(cls, settlements: Sequence[Settlement], traffic: Traffic) -> Self:
        """The message about settlements."""
        return cls(packed=_packed_quickly(settlements), traffic=traffic)

    @property
    def settlements(self) -> Sequence[Settlement]:
        """The settlements."""
        return _values(self.packed, _SETTLEMENTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """From a worker, as its last word: how it ended."""

    ending: Ending | Exception
    """Its ending, or what ended it."""
    taken: int
    """How many times it was given rows of which it has told, or tells now, what became."""
    traffic: Traffic
    """Its requests."""


def _packed_quickly(values: Sequence[T]) -> bytes | Sequence[T]:
    """The values in a tenth of the time that it takes to pickle them, or as they are where that cannot be.

    It cannot hold halves of characters, and no whole numbers of more than 64 bits.
    """
    try:
        return msgpack.encode(values)
    except (ValueError, OverflowError):
        return values


def _values(packed: bytes | Sequence[T], decoder: "msgpack.Decoder[list[T]]") -> Sequence[T]:
    """What was packed quickly, or could not be."""
    return decoder.decode(packed) if isinstance(packed, bytes) else packed


def packed(message: object) -> bytes:
    """A message as it goes through a pipe."""
    text = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return _SIZE.pack(len(text)) + text


def size_of(head: bytes) -> int:
    """How many bytes of a message follow on its head."""
    (size,) = _SIZE.unpack(head)
    return int(size)


def unpacked(text: bytes) -> object:
    """The message that follows on a head."""
    return pickle.loads(text)  # noqa: S301  # it comes through a pipe that only our own two ends know of


def read_from(pipe: FileIO) -> object | None:
    """The next message; None at the end of the pipe."""
    head = _exactly(pipe, HEAD)
    text = None if head is None else _exactly(pipe, size_of(head))
    return None if text is None else unpacked(text)


def _exactly(pipe: FileIO, size: int) -> bytes | None:
    pieces = []
    while size:
        piece = pipe.read(size)
        if not piece:
            return None
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)

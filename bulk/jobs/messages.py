"""What a process that runs an import and its workers say to each other, beside what they say about the pace."""

import pickle
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import FileIO
from operator import attrgetter
from typing import Any, Final, Self

from bulk.http.writer import Ending
from bulk.model import Settlement, Traffic

_SIZE: Final = struct.Struct(">I")

HEAD: Final = _SIZE.size
"""Bytes before every message."""

_TOLD: Final = ("row", "key", "status", "outcome", "http_status", "attempts", "code", "message", "remote_id")
"""What is told of a settlement: all that shows how it goes. What is kept for mending is in the ledger already."""
_told: Final[Callable[[Settlement], tuple[Any, ...]]] = attrgetter(*_TOLD)


@dataclass(frozen=True, kw_only=True, slots=True)
class Go:
    """To a worker: send your share."""

    run: str
    """Of this run."""
    pending: int
    """Rows without a final status, of all shares."""
    counts: bool
    """Whether failures are to be told at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Halt:
    """To a worker: begin no row any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """From a worker: rows have failed."""

    rows: int
    """How many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """From a worker: this became of rows."""

    rows: Sequence[tuple[Any, ...]]
    """See `of`."""
    traffic: Traffic
    """Its requests so far."""

    @classmethod
    def of(cls, settlements: Sequence[Settlement], traffic: Traffic) -> Self:
        """The message about settlements."""
        return cls(rows=[_told(one) for one in settlements], traffic=traffic)

    @property
    def settlements(self) -> list[Settlement]:
        """The settlements, as far as they were told."""
        return [Settlement(**dict(zip(_TOLD, row, strict=True))) for row in self.rows]


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """From a worker, as its last word: how it ended."""

    ending: Ending | Exception
    """Its ending, or what ended it."""
    traffic: Traffic
    """Its requests."""


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

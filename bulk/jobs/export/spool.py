"""What an export has read so far, laid aside beside its destination: a killed export goes on from there."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any, Final

import polars as pl

from bulk.errors import UsageError
from bulk.jobs.export.compact_dict import CompactDict
from bulk.jobs.export.flattening import Flattening
from bulk.jobs.export.pieces import Batch, Piece, Recent, pieces
from bulk.model import parsed

FRESH: Final = 3600.0
"""Seconds after its last page for which an export is taken up again; later the catalog is read anew."""

_FORM: Final = 2
"""How what is laid aside is written: what an earlier program wrote otherwise is read anew."""

OVERLAP: Final = 60.0
"""Seconds before the end of an export of which the next one reads everything twice, see `Bookmark`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far an export has come. Times are seconds since the epoch."""

    started_at: float
    """When it was first started."""
    saved_at: float
    """When this was noted."""
    size: int = 0
    """Bytes of the spool that hold whole pages."""
    resume: str | None = None
    """Where `Resource.walk` goes on; None where it can only begin."""
    total: int | None = None
    """Records of the whole listing: the most that any page spoke of, where the API says."""
    gone: int = 0
    """Of these, records that were deleted before they could be read."""
    walks: int = 0
    """How often the listing was read to its end."""
    asked_at: float | None = None
    """The first request by the clock of the server, where it says."""
    done: bool = False
    """Whether everything was read."""


class Spool:
    """The folder `.NAME.part` beside a destination: pieces of the table to be, and how far they are whole.

    `order` says what is being exported; what was laid aside for another order is thrown away. Of a record that was
    read twice the earlier reading counts, or the later one where `later_counts`. Raises `UsageError` where the place
    cannot be written to.
    """

    def __init__(
        self, destination: Path, *, order: Mapping[str, Any], later_counts: bool, flattening: Flattening
    ) -> None:
        self._destination = destination
        self._order = json.dumps(order, sort_keys=True)
        self._later_counts = later_counts
        self._flattening = flattening
        self._folder = destination.with_name(f".{destination.name}.part")
        self._pieces = self._folder / "pieces.arrow"
        self._state = self._folder / "state.json"
        self._counted = CompactDict()
        self.made = self._folder / f"made.{destination.name}"
        """Where the file is made: a name that no other file of the folder has."""
        self.lines = 0
        """Readings that were laid aside, repeated records included."""
        self._size = 0
        self.newest: float | None = None
        """The latest change of any record that counts, or counted."""
        self.progress = Progress(started_at=0.0, saved_at=0.0)
        """How far it has come."""

    def __len__(self) -> int:
        """How many different records there are."""
        return len(self._counted)

    @property
    def missing(self) -> int:
        """Records that the API speaks of and that were not deleted, but have not come."""
        total = self.progress.total
        return 0 if total is None else max(total - len(self) - self.progress.gone, 0)

    def open(self, now: float) -> bool:
        """Take up what was laid aside, if it is whole and fresh, or begin; says whether something was taken up."""
        with self.writable():
            if self._destination.is_dir():
                raise IsADirectoryError(0, "it is a folder")
            found = self._found(now)
            if found is None:
                self.restart(now)
                return False
            os.truncate(self._pieces, found.size)
            self.progress, self._size = found, found.size
            for piece in self._read():
                for id, changed_at in zip(piece.ids, piece.changes, strict=True):
                    self._count(id, changed_at)
            return True

    def restart(self, now: float) -> None:
        """Forget everything and begin."""
        self.lines, self._size, self.newest = 0, 0, None
        self._counted = CompactDict()
        with self.writable():
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(mode=0o700)
            self._pieces.touch(mode=0o600)
        self.progress = Progress(started_at=now, saved_at=now)
        self.save(self.progress)

    def add(self, batch: Batch) -> tuple[Sequence[int | None], Batch]:
        """Enter records, which last once they are saved; says at which line each had stood before, and which count."""
        before, counts = [], []
        for id, changed_at in zip(batch.ids, batch.changes, strict=True):
            stood, count = self._count(id, changed_at)
            before.append(stood)
            counts.append(count)
        return before, batch if all(counts) else batch.only(counts)

    def save(self, progress: Progress, batch: Batch | None = None) -> None:
        """Append what was entered and note how far it has come; both last when this returns."""
        written = b""
        if batch:
            ends = [end for end in (self.newest, progress.asked_at) if end is not None]
            # What changed before this can be in no bookmark, wherever the export ends.
            recent = min(ends, default=0.0) - OVERLAP
            written = Piece.of(batch, self._flattening, recent=recent).written()
        with self.writable(), self._pieces.open("ab") as stream:
            stream.write(written)
            _sync(stream)
        self._size += len(written)
        progress = replace(progress, size=self._size)
        text = json.dumps({"order": self._order, "form": _FORM, "progress": asdict(progress)})
        self.write(self._state, text)

    def read(self) -> Iterator[Piece]:
        """The pieces in the order read, with each record once."""
        line = 0
        for piece in self._read():
            end = line + len(piece.ids)
            if self._later_counts:
                counts = [self._counted.get(id) == place for place, id in enumerate(piece.ids, line)]
                yield piece if all(counts) else piece.only(counts)
            else:
                yield piece
            line = end

    def recent(self, since: float) -> Iterator[Recent]:
        """Records that changed at `since` or later, or do not say when, as far as their documents were kept."""
        for piece in self.read():
            for id, changed_at, document in zip(piece.ids, piece.changes, piece.documents, strict=True):
                if document is not None and (changed_at is None or changed_at >= since):
                    yield Recent(id, parsed(document))

    def changed_since(self, since: float) -> int:
        """How many records changed at `since` or later, or do not say when."""
        return sum(
            piece.heads.filter((pl.col("changed_at") >= since).fill_null(value=True)).height for piece in self.read()
        )

    def _read(self) -> Iterator[Piece]:
        with self._pieces.open("rb") as stream:
            yield from pieces(stream)

    def room(self, name: str) -> Path:
        """A place in the folder, from where a file can be moved to the destination at one stroke."""
        return self._folder / name

    def write(self, path: Path, text: str) -> None:
        """A file of the folder, whole or not at all."""
        part = path.with_name(f"{path.name}.new")
        with self.writable():
            part.touch(mode=0o600)
            with part.open("wb") as stream:
                stream.write(text.encode())
                _sync(stream)
            part.replace(path)

    def remove(self) -> None:
        """Delete the folder: it has served its purpose."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _found(self, now: float) -> Progress | None:
        """What was laid aside for the same order, if it can be gone on with."""
        try:
            state = json.loads(self._state.read_bytes())
            progress = Progress(**state["progress"])
            alike = state["order"] == self._order and state["form"] == _FORM
            whole = alike and self._pieces.stat().st_size >= progress.size
        except (OSError, ValueError, LookupError, TypeError):
            return None
        goes_on = progress.done or progress.resume is not None
        return progress if whole and goes_on and 0 <= now - progress.saved_at < FRESH else None

    def _count(self, id: str, changed_at: float | None) -> tuple[int | None, bool]:
        """Enter a record's next line into the index, unless an earlier one counts; gives that one, and whether."""
        stood = self._counted.put(id, self.lines, instead=self._later_counts)
        if stood is not None and not self._later_counts:
            return stood, False
        self.lines += 1
        if changed_at is not None:
            self.newest = max(changed_at, self.newest or changed_at)
        return stood, True

    @contextmanager
    def writable(self) -> Iterator[None]:
        """Turn what the system refuses into a `UsageError`."""
        try:
            yield
        except OSError as error:
            parent = self._destination.parent
            reason = error.strerror or str(error) if parent.is_dir() else f"there is no folder {parent}"
            raise UsageError(
                f"{self._destination} cannot be written: {reason}", advice="name another place to write it to"
            ) from error


def _sync(stream: IO[bytes]) -> None:
    stream.flush()
    os.fsync(stream.fileno())

"""What an export leaves behind: the table, made beside its destination, and the manifest that vouches for it."""

import hashlib
import importlib.metadata
import json
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from bulk.contracts import Format
from bulk.jobs.bookmark import Bookmark
from bulk.jobs.fitting import Remarks
from bulk.jobs.flattening import Flattening, Leaves
from bulk.jobs.spool import Spool, sync_folder

BATCH = 2_000
"""Rows made into a frame at once, or a few more."""

_TEXT_ONLY = frozenset({"csv", "tsv", "xlsx"})
"""Formats in which a column of text and numbers is text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a file of an export is. Times are ISO 8601 in UTC."""

    file: str
    """Its name."""
    format: str
    """Name of its format."""
    resource: str
    """What it holds."""
    target: str
    """Where that came from."""
    run: str
    """The run that wrote it."""
    rows: int
    """Rows below the header."""
    records: int
    """Records of the API; some take several rows."""
    since: str | None
    """Records that changed before are left out."""
    until: str | None
    """The latest change of a record that was read."""
    columns: tuple[str, ...]
    """Names of the columns, in order."""
    where: tuple[str, ...]
    """Filters."""
    fast: bool
    """Whether it was read by the quickest way."""
    complete: bool
    """Whether every record came that the API spoke of, but for those that were deleted meanwhile."""
    started_at: str
    """When the reading began."""
    finished_at: str
    """When the file was written."""


class Table:
    """The file of an export being made."""

    def __init__(self, format: Format, path: str, flattening: Flattening, *, neutralise: bool) -> None:
        self._format = format
        self._path = path
        self._flattening = flattening
        self._neutralise = neutralise
        self.remarks = Remarks()
        self.rows = 0
        """Rows written."""
        self.records = 0
        """Records they are made of."""
        self.columns: tuple[str, ...] = ()
        """Names of the columns."""

    def written(self, spool: Spool, before: Bookmark | None) -> Generator[int, None, None]:
        """Write all rows, but for records that `before` knows; yields now and then how many are written."""
        for batch in _batches(self._all(spool, before)):
            self._flattening.survey(batch)
            yield 0
        schema = self._flattening.schema(typed=self._format.name not in _TEXT_ONLY)
        self.columns = tuple(schema)
        with self._format.writer(self._path, self.columns, neutralise=self._neutralise) as file:
            self.records = 0
            for batch in _batches(self._all(spool, before)):
                file.write(self._flattening.frame(batch, schema, self.remarks))
                self.rows += len(batch)
                yield self.rows

    def _all(self, spool: Spool, before: Bookmark | None) -> Iterator[Leaves]:
        for record in spool.read():
            if before is None or not before.knows(record):
                self.records += 1
                yield from self._flattening.rows(record.document)


def _batches(rows: Iterator[Leaves]) -> Iterator[list[Leaves]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


def appear(spool: Spool, destination: Path, manifest: Manifest) -> str:
    """Put the file and its manifest in their places; gives the file's SHA-256.

    Killed in between, there is a file without a manifest, but never one beside the manifest of another.
    """
    with spool.made.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    facts = {**asdict(manifest), "sha256": sha256, "bulk": importlib.metadata.version("bulk")}
    note = spool.room("manifest.json")
    spool.write(note, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
    place = destination.with_name(f"{destination.name}.manifest.json")
    with spool.writable():
        note.chmod(spool.made.stat().st_mode)  # whoever may read the one may read the other
        place.unlink(missing_ok=True)
        sync_folder(destination.parent)
        spool.made.replace(destination)
        note.replace(place)
        sync_folder(destination.parent)
    return sha256

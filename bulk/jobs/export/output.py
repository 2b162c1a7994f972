"""What an export leaves behind: the table, made beside its destination, and the manifest that vouches for it."""

import hashlib
import importlib.metadata
import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from bulk.contracts import Format
from bulk.formats.files import sync_folder
from bulk.formats.frames import regrouped
from bulk.jobs.export.fitting import Remarks
from bulk.jobs.export.flattening import Flattening
from bulk.jobs.export.spool import Spool

BATCH = 2_000
"""Rows written at once: how many were read at once is not to be seen in the file."""

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

    def written(self, spool: Spool) -> Generator[int, None, None]:
        """Write all rows; yields now and then how many are written."""
        for piece in spool.read():
            self._flattening.survey(piece.table)
            yield 0
        schema = self._flattening.schema(typed=self._format.name not in _TEXT_ONLY)
        self.columns = tuple(schema)
        with self._format.writer(self._path, self.columns, neutralise=self._neutralise) as file:
            for frame in regrouped(self._frames(spool, schema), BATCH):
                file.write(frame)
                self.rows += frame.height
                yield self.rows

    def _frames(self, spool: Spool, schema: Mapping[str, pl.DataType]) -> Iterator[pl.DataFrame]:
        for piece in spool.read():
            self.records += piece.shown
            yield self._flattening.frame(piece.table, piece.height, schema, self.remarks)


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

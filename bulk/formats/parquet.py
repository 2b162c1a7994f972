"""Parquet: typed columns keep their types, nested fields become dotted columns, lists stay lists.

Streamed by slices: the memory is that of one row group. The first row of data is row 2, as where a header line is seen.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from bulk.contracts import ReadOptions
from bulk.errors import SourceError
from bulk.formats import files, frames
from bulk.formats.header import named

_FIRST_ROW = 2
_SLICE = 50_000
_ROW_GROUP = 10_000
"""Rows compressed at once: ten times as many take twice the memory."""
_AS_TEXT = (pl.Categorical, pl.Enum, pl.Null)
_UNUSABLE = (pl.Binary, pl.Object, pl.Duration)
_DAMAGE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""What polars raises for a damaged file. It panics on some: its fault, but to us the file's."""


class ParquetScan:
    """One opened Parquet file."""

    def __init__(self, path: str, *, called: str, file: int) -> None:
        self.path = called
        self.facts = {"format": "parquet"}
        self._local_path = path
        self._file = file
        self._watch = files.Watch(path, called=called)
        if not Path(path).stat().st_size:
            raise SourceError("the file is empty", path=called)
        try:
            leaves = list(_leaves(pl.read_parquet_schema(path).items()))
        except _DAMAGE as error:
            raise self._damaged(error) from error
        self.header = named([name for name, _ in leaves], called=called, place=lambda index: str(index + 1))
        for name, kind in zip(self.header, (kind for _, kind in leaves), strict=True):
            if kind in _UNUSABLE:
                raise SourceError(
                    f"values of type {kind} mean nothing in a catalog",
                    path=called,
                    column=name,
                    advice="write the column as text or numbers, or leave it out",
                )

    def chunks(self, rows: int = 50_000) -> Iterator[pl.DataFrame]:
        with self._watch.steady():
            yield from frames.regrouped(self._slices(max(rows, _SLICE)), rows)

    def _slices(self, size: int) -> Iterator[pl.DataFrame]:
        # Slices, because `collect_batches` prefetches row groups by the gigabyte.
        table = pl.scan_parquet(self._local_path, glob=False)
        start = 0
        while True:
            try:
                part = table.slice(start, size).collect()
            except _DAMAGE as error:
                raise self._damaged(error) from error
            if not part.height:
                return
            columns = [series.alias(name) for name, series in zip(self.header, _series(part), strict=True)]
            yield frames.numbered(
                frames.blank_as_null(pl.DataFrame(columns)), frames.position(self._file, _FIRST_ROW + start)
            )
            start += part.height

    def _damaged(self, error: BaseException) -> SourceError:
        reason = str(error).partition("\n")[0]
        return SourceError(f"not a whole Parquet file: {reason}", path=self.path, advice="copy or write it again")


def _leaves(fields: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Names, dotted where they are nested, and types of what is not a struct."""
    for name, kind in fields:
        if isinstance(kind, pl.Struct):
            for inner, leaf in _leaves((field.name, field.dtype) for field in kind.fields):
                yield f"{name.strip()}.{inner}", leaf
        else:
            yield name.strip(), kind


def _series(frame: pl.DataFrame) -> Iterator[pl.Series]:
    """The columns of `_leaves`, in their order."""
    for series in frame.get_columns():
        if isinstance(series.dtype, pl.Struct):
            yield from _series(series.struct.unnest())
        else:
            yield series.cast(pl.String) if series.dtype in _AS_TEXT else series


class ParquetWriter:
    """A Parquet file being written: polars writes one only from a whole table, so the frames are laid aside on disk."""

    def __init__(self, folder: str, columns: Sequence[str]) -> None:
        self._folder = Path(folder)
        self._columns = columns
        self._kinds: list[pl.DataType] | None = None
        self._parts: list[Path] = []

    def write(self, frame: pl.DataFrame) -> None:
        part = frames.picked(frame, self._columns)
        if self._kinds is None:
            self._kinds = part.dtypes
        alike = [column.cast(kind) for column, kind in zip(part.get_columns(), self._kinds, strict=True)]
        self._parts.append(self._folder / str(len(self._parts)))
        pl.DataFrame(alike).write_ipc(self._parts[-1], compression="lz4")

    def finish(self, path: str) -> None:
        """Put the frames together."""
        if self._parts:
            pl.scan_ipc(self._parts, glob=False).sink_parquet(path, row_group_size=_ROW_GROUP)
        else:
            pl.DataFrame(schema=dict.fromkeys(self._columns, pl.String)).write_parquet(path)


@dataclass(frozen=True, kw_only=True, slots=True)
class ParquetFormat:
    """Apache Parquet."""

    name: str = "parquet"
    suffixes: tuple[str, ...] = (".parquet",)
    ceiling: str | None = None

    def scan(self, path: str, *, called: str, file: int, options: ReadOptions) -> ParquetScan:  # noqa: ARG002  # nothing to choose
        return ParquetScan(path, called=called, file=file)

    @contextmanager
    def writer(self, path: str, columns: Sequence[str], *, neutralise: bool = False) -> Iterator[ParquetWriter]:  # noqa: ARG002  # nothing runs here
        with files.replacing(path) as part, TemporaryDirectory(prefix="bulk-") as folder:
            writer = ParquetWriter(folder, columns)
            yield writer
            writer.finish(part)


PARQUET = ParquetFormat()

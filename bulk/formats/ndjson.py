"""NDJSON, plain or gzip: one object a line, whose number is the row number.

Streamed. The columns are the union over all records, and a column keeps its type where all of them agree, so opening
reads the file once through.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import polars as pl

from bulk.contracts import ReadOptions
from bulk.errors import SourceError
from bulk.formats import files, frames, json_records
from bulk.formats.json_scan import RecordScan
from bulk.formats.text import open_text

RECORD_LIMIT = 16 << 20
"""Bytes that one record may take."""


class NdjsonScan(RecordScan):
    """One opened NDJSON file."""

    format = "ndjson"
    unit = "line"

    def _records(self) -> Iterator[tuple[int, Mapping[str, json_records.Cell]]]:
        for number, line in enumerate(self._lines(), 1):
            if not line.strip():
                continue
            try:
                yield number, json_records.cells(json_records.DECODER.decode(line.decode()))
            except json.JSONDecodeError as error:
                raise self._refused(f"{error.msg} at character {error.colno}", number) from error
            except json_records.DocumentError as error:
                raise self._refused(str(error), number) from error
            except RecursionError as error:
                raise self._refused("the record is nested too deeply", number) from error

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        number = 1
        for piece in self._text.pieces():
            lines = (rest + piece).splitlines(keepends=True)
            rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
            number += len(lines)
            yield from lines
            if len(rest) > RECORD_LIMIT:
                raise self._refused(f"a record of more than {RECORD_LIMIT >> 20} MB", number)
        yield from rest.splitlines()

    def _refused(self, what: str, line: int) -> SourceError:
        return SourceError(
            what, path=self._text.called, line=line, advice="each line must hold one JSON object, and nothing else"
        )


class NdjsonWriter:
    """NDJSON being written; blank cells are left out."""

    def __init__(self, stream: IO[bytes], columns: Sequence[str]) -> None:
        self._stream = stream
        self._columns = columns

    def write(self, frame: pl.DataFrame) -> None:
        table = frames.picked(frame, self._columns)
        self._stream.writelines(json_records.written(row) + b"\n" for row in table.iter_rows(named=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class NdjsonFormat:
    """Newline-delimited JSON."""

    name: str = "ndjson"
    suffixes: tuple[str, ...] = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
    ceiling: str | None = None

    def scan(self, path: str, *, called: str, file: int, options: ReadOptions) -> NdjsonScan:
        return NdjsonScan(open_text(path, called=called, options=options), file=file)

    @contextmanager
    def writer(self, path: str, columns: Sequence[str], *, neutralise: bool = False) -> Iterator[NdjsonWriter]:  # noqa: ARG002  # nothing runs here
        with files.replacing(path) as part, files.create_bytes(part, compressed=path.endswith(".gz")) as stream:
            yield NdjsonWriter(stream, columns)


NDJSON = NdjsonFormat()

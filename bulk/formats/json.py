"""JSON: an array of objects, or an object that holds one array of them, such as `{"results": [...]}`.

A column keeps its type where all its values agree. The row number is the place in the array, from 1. The file is held
in memory whole, as text, but its records are decoded one at a time.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import polars as pl

from bulk.contracts import ReadOptions
from bulk.errors import SourceError
from bulk.formats import files, frames, json_records
from bulk.formats.json_scan import RecordScan
from bulk.formats.text import open_text

SIZE_LIMIT = 512 << 20
"""Bytes of text that a file may hold."""

_SPACE = re.compile(r"[ \t\r\n]*")


class JsonScan(RecordScan):
    """One opened JSON file."""

    format = "json"
    unit = "record"

    def _records(self) -> Iterator[tuple[int, dict[str, json_records.Cell]]]:
        document = _Document(self._read(), called=self._text.called)
        for row, (place, value) in enumerate(document.records(), 1):
            with document.explained(place):
                record = json_records.cells(value)
            yield row, record

    def _read(self) -> str:
        pieces: list[bytes] = []
        size = 0
        for piece in self._text.pieces():
            pieces.append(piece)
            size += len(piece)
            if size > SIZE_LIMIT:
                raise SourceError(
                    f"more than {SIZE_LIMIT >> 20} MB of JSON, which has to be held in memory whole",
                    path=self._text.called,
                    advice="save it as NDJSON, one record a line",
                )
        return b"".join(pieces).decode()


class _Document:
    """A walk through the text of one file, value by value, so that every fault has its place."""

    def __init__(self, text: str, *, called: str) -> None:
        self._text = text
        self._called = called
        self._end = 0
        """Where the last value ended."""

    def records(self) -> Iterator[tuple[int, json_records.Json]]:
        """The elements of the one array, each with the place where it begins."""
        begin = self._skip_space(0)
        if self._at(begin) == "{":
            arrays = self._arrays(begin)
            if len(arrays) != 1:
                found = f"{len(arrays)} arrays" if arrays else "no array"
                raise self._refused(f"the object holds {found} where there should be one, of records", begin)
            yield from self._elements(arrays[0])
        elif self._at(begin) == "[":
            yield from self._elements(begin)
            self._expect_end()
        else:
            raise self._refused("this is neither an array nor an object", begin)

    @contextmanager
    def explained(self, place: int) -> Iterator[None]:
        """Turn what is wrong with the value at a place into a `SourceError` that says where it stands."""
        try:
            yield
        except json.JSONDecodeError as error:
            raise self._refused(error.msg, error.pos) from error
        except json_records.DocumentError as error:
            raise self._refused(str(error), place) from error
        except RecursionError as error:
            raise self._refused("the record is nested too deeply", place) from error

    def _elements(self, begin: int) -> Iterator[tuple[int, json_records.Json]]:
        place = self._skip_space(begin + 1)
        if self._at(place) == "]":
            self._end = place + 1
            return
        while True:
            value = self._value(place)
            yield place, value
            if self._separator("]") == "]":
                return
            place = self._skip_space(self._end)

    def _arrays(self, begin: int) -> list[int]:
        """Where the arrays begin that an object holds directly."""
        arrays: list[int] = []
        self._end = self._skip_space(begin + 1)
        mark = self._at(self._end)
        while mark != "}":
            place = self._skip_space(self._end)
            key = self._value(place)
            if not isinstance(key, str) or isinstance(key, json_records.Literal):
                raise self._refused("a key must be text in double quotes", place)
            self._end = self._skip_space(self._end)
            if self._at(self._end) != ":":
                raise self._refused("a ':' is missing", self._end)
            place = self._skip_space(self._end + 1)
            if self._at(place) == "[":
                arrays.append(place)
                for _ in self._elements(place):
                    pass
            else:
                self._value(place)
            mark = self._separator("}")
        if not arrays:
            return []
        self._expect_end()
        return arrays

    def _value(self, place: int) -> json_records.Json:
        with self.explained(place):
            value: json_records.Json
            value, self._end = json_records.DECODER.raw_decode(self._text, place)
        return value

    def _separator(self, closing: str) -> str:
        """Step over what follows a value: a comma, or the closing mark."""
        place = self._skip_space(self._end)
        mark = self._at(place)
        if mark not in {",", closing}:
            raise self._refused(f"a ',' or '{closing}' is missing", place)
        self._end = place + 1
        return mark

    def _expect_end(self) -> None:
        place = self._skip_space(self._end)
        if self._at(place):
            raise self._refused("text follows the end of the document", place)

    def _at(self, place: int) -> str:
        return self._text[place : place + 1]

    def _skip_space(self, place: int) -> int:
        found = _SPACE.match(self._text, place)
        assert found is not None
        return found.end()

    def _refused(self, what: str, place: int) -> SourceError:
        line = self._text.count("\n", 0, place) + 1
        character = place - self._text.rfind("\n", 0, place)
        return SourceError(
            f"{what} (character {character})",
            path=self._called,
            line=line,
            advice="the file must hold an array of objects, or one object that holds such an array",
        )


class JsonWriter:
    """A JSON array being written, one record a line; blank cells are left out."""

    def __init__(self, stream: IO[bytes], columns: Sequence[str]) -> None:
        self._stream = stream
        self._columns = columns
        self._between = b"[\n"

    def write(self, frame: pl.DataFrame) -> None:
        for row in frames.picked(frame, self._columns).iter_rows(named=True):
            self._stream.write(self._between + json_records.written(row))
            self._between = b",\n"

    def finish(self) -> None:
        """Close the array."""
        self._stream.write(b"\n]\n" if self._between == b",\n" else b"[]\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonFormat:
    """One JSON document."""

    name: str = "json"
    suffixes: tuple[str, ...] = (".json",)
    ceiling: str | None = f"{SIZE_LIMIT >> 20} MB of text"

    def scan(self, path: str, *, called: str, file: int, options: ReadOptions) -> JsonScan:
        return JsonScan(open_text(path, called=called, options=options), file=file)

    @contextmanager
    def writer(self, path: str, columns: Sequence[str], *, neutralise: bool = False) -> Iterator[JsonWriter]:  # noqa: ARG002  # nothing runs here
        with files.replacing(path) as part, files.create_bytes(part, compressed=False) as stream:
            writer = JsonWriter(stream, columns)
            yield writer
            writer.finish()


JSON = JsonFormat()

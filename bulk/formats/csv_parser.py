"""Delimited text into rows: polars where its reading is certain, Python's csv module wherever it is not.

polars reads a block some five times faster, but takes short lines, stray quotes and lone carriage returns in silence.
So a block goes to polars only if it is well formed by the grammar of RFC 4180 and ends where a row ends, and what comes
back is believed only if no line can have been short. Every other block goes through the csv module, which either reads
it (blank lines, a quote inside an unquoted cell) or gives the line at fault.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from itertools import islice

import polars as pl

from bulk.errors import SourceError
from bulk.formats import formulas, frames
from bulk.formats.text import LineCounter
from bulk.model import ROW

BLOCK = 8 << 20
"""Bytes handed to a parser at a time."""

CELL_LIMIT = 16 << 20
"""Characters that one cell may hold; a quote that is never closed would otherwise swallow the file."""

csv.field_size_limit(CELL_LIMIT)

_LINE_LIMIT = 64 << 20
_CAREFUL_ROWS = 20_000
_MARK = "\ufeff".encode()


class CsvParser:
    """One pass over delimited text: first the header, then the rows in frames of text cells."""

    def __init__(self, pieces: Iterator[bytes], *, delimiter: str, called: str, block: int = BLOCK) -> None:
        self._pieces = pieces
        self._delimiter = delimiter
        self._called = called
        self._block = block
        self._well_formed = _grammar(delimiter)
        self._well_quoted = _quoting(delimiter)
        self._pending = b""
        self._ended = False
        self._line = 1
        self._row = 1

    def header(self) -> list[str]:
        """The cells of the first record; must be called first."""
        first = list(self._careful(records=1))
        return first[0][-1] if first else []

    def frames(self, names: tuple[str, ...], *, width: int, file: int) -> Iterator[pl.DataFrame]:
        """The rows below the header, numbered, without blank ones.

        `width` is how many cells a line has; those beyond `names` must be blank. Raises `SourceError` with the line.
        """
        self._fill(self._block)
        while self._pending:
            block, quotes = self._cut()
            frame = self._parsed(block, quotes, names, width) if block else None
            if frame is None:
                yield from map(formulas.restored, self._careful_frames(names, width, file))
            else:
                if b"'" in block:
                    frame = formulas.restored(frame)
                self._pending = self._pending[len(block) :]
                self._line += _lines(block) if quotes else frame.height
                first = frames.position(file, self._row)
                self._row += frame.height
                yield frames.without_blank_rows(frames.numbered(frame, first))
            self._fill(self._block)

    def _fill(self, size: int) -> None:
        pieces, length = [self._pending], len(self._pending)
        while length < size and not self._ended:
            pieces.append(next(self._pieces, b""))
            length += len(pieces[-1])
            self._ended = not pieces[-1]
        self._pending = b"".join(pieces) if len(pieces) > 1 else pieces[0]

    def _cut(self) -> tuple[bytes, int]:
        """What is pending up to the last line end outside quotes, empty if there is none; and its quotes."""
        end = len(self._pending) if self._ended else self._pending.rfind(b"\n") + 1
        quotes = self._pending.count(b'"', 0, end) if b'"' in self._pending else 0
        while end and quotes % 2 and not self._ended:
            before = self._pending.rfind(b"\n", 0, end - 1) + 1
            quotes -= self._pending.count(b'"', before, end)
            end = before
        return self._pending[:end], quotes

    def _parsed(self, block: bytes, quotes: int, names: tuple[str, ...], width: int) -> pl.DataFrame | None:
        """The block as polars reads it, or None where that is not certain to be right."""
        if block.startswith(_MARK):  # polars would drop it, though here it belongs to a cell
            return None
        if _has_lone_return(block):
            if not pl.Series([block.decode()]).str.contains(self._well_formed).item():
                return None
        elif quotes and not self._well_quoted.fullmatch(block):
            return None
        columns = [str(index) for index in range(width)]
        try:
            frame = pl.read_csv(
                block if block.endswith(b"\n") else block + b"\n",  # else it forgives a last line that is too long
                has_header=False,
                schema=dict.fromkeys(columns, pl.String),
                separator=self._delimiter,
                null_values="",  # a blank cell, quoted or not
            )
        except pl.exceptions.PolarsError:
            return None
        beyond = frame.select(pl.col(columns[len(names) :]).is_not_null().any())
        if any(sum(beyond.rows(), ())) or not self._complete(block, quotes, frame):
            return None
        frame = frame.select(columns[: len(names)])
        frame.columns = list(names)
        return frame

    def _complete(self, block: bytes, quotes: int, frame: pl.DataFrame) -> bool:
        """Whether no line was short, which polars mends with blanks; what is too long it refuses."""
        if not frame.get_columns()[-1].null_count():
            return True
        # Delimiters and line ends, as long as no line is short, quotes, and what is in cells.
        returns = block.count(b"\r") if b"\r" in block else 0
        marks = frame.height * frame.width - (not block.endswith(b"\n")) + quotes + returns
        if len(block) == marks + sum(frame.select(pl.all().str.len_bytes().sum()).row(0)):
            return True  # every byte is accounted for
        delimiters = block.count(self._delimiter.encode())
        if quotes:
            inside = frame.select(pl.all().str.count_matches(self._delimiter, literal=True).sum())
            delimiters -= sum(inside.row(0))
        return delimiters == frame.height * (frame.width - 1)

    def _careful_frames(self, names: tuple[str, ...], width: int, file: int) -> Iterator[pl.DataFrame]:
        rows = self._checked(names, width)
        while batch := list(islice(rows, _CAREFUL_ROWS)):
            positions = [frames.position(file, row) for row, _ in batch]
            columns = zip(*(cells for _, cells in batch), strict=True)
            data = {name: [cell or None for cell in column] for name, column in zip(names, columns, strict=False)}
            yield pl.DataFrame(data, schema=dict.fromkeys(names, pl.String)).insert_column(
                0, pl.Series(ROW, positions, dtype=pl.Int64)
            )

    def _checked(self, names: tuple[str, ...], width: int) -> Iterator[tuple[int, list[str]]]:
        for line, row, cells in self._careful():
            if not any(cells) or (len(cells) == 1 and width > 1 and cells[0].isspace()):
                continue
            if len(cells) != width:
                raise SourceError(
                    f"{_counted(len(cells))} where the header has {width}",
                    path=self._called,
                    line=line,
                    advice=_RAGGED.format(self._delimiter),
                )
            if any(cells[len(names) :]):
                raise SourceError(
                    f"a filled cell beyond the {len(names)} named columns",
                    path=self._called,
                    line=line,
                    advice="name its column in the header, or empty the cell",
                )
            yield row, cells

    def _careful(self, records: int | None = None) -> Iterator[tuple[int, int, list[str]]]:
        """Line, row and cells of the next so many records, or of those that begin in what is pending.

        Pulls more text when a record goes on beyond what is pending, and leaves what it did not use.
        """
        queue: deque[bytes] = deque()
        self._queue_lines(queue)
        last = len(queue)
        first_line = self._line

        def lines() -> Iterator[str]:
            while queue or self._queue_lines(queue):
                self._line += 1
                yield queue.popleft().decode()

        reader = csv.reader(lines(), delimiter=self._delimiter, strict=True)
        try:
            while reader.line_num < last and records != 0:
                line = first_line + reader.line_num
                try:
                    cells = next(reader)
                except csv.Error as error:
                    raise self._broken(error, line) from error
                self._row += 1
                records = None if records is None else records - 1
                yield line, self._row - 1, cells
        finally:
            self._pending = b"".join(queue) + self._pending

    def _queue_lines(self, queue: deque[bytes]) -> bool:
        """Move whole lines from what is pending to the queue; false when there are no more."""
        while self._pending or not self._ended:
            lines = self._pending.splitlines(keepends=True)
            goes_on = lines and not self._ended and not lines[-1].endswith(b"\n")
            self._pending = lines.pop() if goes_on else b""
            if lines:
                queue.extend(lines)
                return True
            if len(self._pending) > _LINE_LIMIT:
                raise SourceError(
                    f"a line of more than {_LINE_LIMIT >> 20} MB",
                    path=self._called,
                    line=self._line,
                    advice="check that this is the file you mean, and its format",
                )
            self._fill(len(self._pending) + 1)
        return False

    def _broken(self, error: csv.Error, line: int) -> SourceError:
        for symptom, what, advice in _BROKEN:
            if symptom in str(error):
                return SourceError(what, path=self._called, line=line, advice=advice)
        return SourceError(f"cannot be read as a row: {error}", path=self._called, line=line)


def _lines(block: bytes) -> int:
    counter = LineCounter()
    counter.feed(block)
    return counter.ends


def _has_lone_return(block: bytes) -> bool:
    return b"\r" in block and block.count(b"\r") != block.count(b"\r\n")


def _grammar(delimiter: str) -> str:
    """A regular expression for whole blocks of RFC 4180: no stray quote, no lone carriage return outside quotes."""
    mark = f"\\x{ord(delimiter):02X}"
    cell = f'(?:"(?:[^"]|"")*"|[^"{mark}\\r\\n]*)'
    return f"\\A(?:{cell}(?:{mark}|\\r?\\n))*{cell}\\z"


def _quoting(delimiter: str) -> re.Pattern[bytes]:
    """The same for blocks without a lone carriage return, several times as fast."""
    mark = re.escape(delimiter.encode())
    cell = rb'(?<![^%b\n])(?:"[^"]*+")++(?![^%b\r\n])' % (mark, mark)
    return re.compile(rb'(?:[^"]*+%b)*+[^"]*+' % cell)


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


_RAGGED = "if a cell of this row has a {!r} in its text, put the whole cell in double quotes"
_QUOTE = 'close the quote; a double quote within a quoted cell is written twice ("")'
_BROKEN = (
    ("unexpected end of data", "a quote that begins in this row is never closed", _QUOTE),
    ("field larger", f"a cell of more than {CELL_LIMIT:,} characters, or a quote that is never closed", _QUOTE),
    ("expected after", "text follows a closing quote", _QUOTE),
)

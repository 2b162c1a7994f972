"""CSV and TSV, plain or gzip: every cell is text, and null is a blank cell, quoted or not.

Streamed. Row numbers are those of a spreadsheet program: the header is row 1, a record with line breaks inside quotes
is one row, blank rows count but are left out. Lines named in errors are the physical ones.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import polars as pl

from bulk.contracts import ReadOptions
from bulk.errors import SourceError
from bulk.formats import cells, files, formulas, frames, sniffing
from bulk.formats.csv_parser import BLOCK, CsvParser
from bulk.formats.header import named
from bulk.formats.text import TextFile, open_text


class DelimitedScan:
    """One opened file of delimited text."""

    def __init__(self, text: TextFile, *, delimiter: str, format: str, file: int, block: int = BLOCK) -> None:
        self._text = text
        self._delimiter = delimiter
        self._format = format
        self._file = file
        self._block = block
        self._watch = files.Watch(text.path, called=text.called)
        names = [formulas.restored_name(name) for name in self._parser().header()]
        self._width = len(names)
        while names and not names[-1].strip():
            names.pop()  # trailing delimiters: tolerated as long as nothing stands below them
        if len(names) == 1 and names[0].strip().casefold().startswith("sep="):
            raise SourceError(
                "an instruction to Excel stands where the header must be",
                path=text.called,
                line=1,
                advice=f"delete this line; where the delimiter is not recognised, say --delimiter {delimiter!r}",
            )
        self.path = text.called
        self.header = named(names, called=text.called, line=1)

    @property
    def facts(self) -> dict[str, str]:
        delimiter = sniffing.shown_delimiter(self._delimiter)
        return {"format": self._format, "delimiter": delimiter} | self._text.facts

    def chunks(self, rows: int = 50_000) -> Iterator[pl.DataFrame]:
        with self._watch.steady():
            parser = self._parser()
            parser.header()
            yield from frames.regrouped(parser.frames(self.header, width=self._width, file=self._file), rows)

    def _parser(self) -> CsvParser:
        return CsvParser(self._text.pieces(), delimiter=self._delimiter, called=self._text.called, block=self._block)


class DelimitedWriter:
    """Delimited text being written, in UTF-8."""

    def __init__(self, stream: IO[bytes], columns: Sequence[str], delimiter: str, *, neutralise: bool) -> None:
        self._stream = stream
        self._columns = columns
        self._delimiter = delimiter
        self._neutralise = neutralise
        names = [formulas.written_name(name, neutralise=neutralise) for name in columns]
        # Where a name holds a semicolon or the like, all are quoted, lest it be taken for the delimiter.
        misleading = any(mark in name for name in names for mark in sniffing.DELIMITERS)
        header = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
        header.write_csv(stream, separator=delimiter, quote_style="always" if misleading else "necessary")

    def write(self, frame: pl.DataFrame) -> None:
        table = cells.with_text_for_lists(frames.picked(frame, self._columns))
        table = formulas.written(table, neutralise=self._neutralise)
        table.write_csv(self._stream, include_header=False, separator=self._delimiter, float_scientific=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class DelimitedFormat:
    """Delimited text under one name."""

    name: str
    delimiter: str | None
    """The delimiter when reading; None lets the file say."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        return f".{self.name}", f".{self.name}.gz"

    @property
    def ceiling(self) -> str | None:
        return None

    def scan(self, path: str, *, called: str, file: int, options: ReadOptions) -> DelimitedScan:
        text = open_text(path, called=called, options=options)
        if options.delimiter is not None:
            delimiter = sniffing.chosen_delimiter(options.delimiter)
        else:
            delimiter = self.delimiter or sniffing.detect_delimiter(text.sample)
        return DelimitedScan(text, delimiter=delimiter, format=self.name, file=file)

    @contextmanager
    def writer(self, path: str, columns: Sequence[str], *, neutralise: bool = False) -> Iterator[DelimitedWriter]:
        with files.replacing(path) as part, files.create_bytes(part, compressed=path.endswith(".gz")) as stream:
            yield DelimitedWriter(stream, columns, self.delimiter or ",", neutralise=neutralise)


CSV = DelimitedFormat(name="csv", delimiter=None)
TSV = DelimitedFormat(name="tsv", delimiter="\t")

"""A sheet being written, row by row: text stays text, so that no SKU becomes a number and no name a formula."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from math import isfinite
from typing import Any

import polars as pl

from bulk.errors import SourceError
from bulk.formats import cells, formulas, frames
from bulk.formats.header import letters

ROW_LIMIT = 1_048_575
"""Rows that a sheet can hold below its header."""

_COLUMN_LIMIT = 16_384
_TEXT_LIMIT = 32_767
_UNHOLDABLE = re.compile("[\ufffe\uffff]|_x[0-9A-Fa-f]{4}_x[0-9A-Fa-f]{4}_")
"""Characters that XML has no place for, and text that looks like two escapes of such characters in one."""

_EXACT = 2**53
"""Excel keeps numbers as floats; whole numbers beyond it are written as text."""

_DIGITS = 15
"""Significant digits of a number that Excel shows; what needs more is written as text."""


class ExcelWriter:
    """The one sheet of a new workbook."""

    def __init__(self, book: Any, columns: Sequence[str], *, called: str, neutralise: bool) -> None:  # noqa: ANN401  # xlsxwriter has no types
        if len(columns) > _COLUMN_LIMIT:
            raise SourceError(f"a sheet holds {_COLUMN_LIMIT:,} columns at most", path=called, advice=_ELSEWHERE)
        self._sheet = book.add_worksheet()
        self._columns = columns
        self._called = called
        self._neutralise = neutralise
        self._text = book.add_format({"num_format": "@"})  # so that Excel leaves alone what is typed there, too
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._row = 0
        self._line([formulas.written_name(name, neutralise=neutralise) for name in columns])
        self._sheet.freeze_panes(1, 0)

    def write(self, frame: pl.DataFrame) -> None:
        frame = cells.with_text_for_lists(frames.picked(frame, self._columns))
        frame = formulas.written(frame, neutralise=self._neutralise)
        if self._row + frame.height > ROW_LIMIT + 1:
            raise SourceError(f"a sheet holds {ROW_LIMIT:,} rows at most", path=self._called, advice=_ELSEWHERE)
        if self._row == 1:
            for index, kind in enumerate(frame.dtypes):
                if kind == pl.String:
                    self._sheet.set_column(index, index, None, self._text)
        for row in frame.iter_rows():
            self._line(row)

    def _line(self, line: Sequence[Any]) -> None:
        for index, cell in enumerate(line):
            self._cell(index, cell)
        self._row += 1

    def _cell(self, index: int, cell: Any) -> None:  # noqa: ANN401  # whatever polars holds
        sheet, row = self._sheet, self._row
        match cell:
            case None | "":
                return
            case bool():
                sheet.write_boolean(row, index, cell)
            case int() if abs(cell) <= _EXACT:
                sheet.write_number(row, index, cell)
            case float() if isfinite(cell) and float(f"{cell:.{_DIGITS}g}") == cell:
                sheet.write_number(row, index, cell)
            case datetime() if cell.tzinfo is None:
                sheet.write_datetime(row, index, cell, self._moment)
            case date() if not isinstance(cell, datetime):
                sheet.write_datetime(row, index, cell, self._day)
            case _:
                text = cells.plain(cell) if isinstance(cell, float) and isfinite(cell) else str(cell)
                if len(text) > _TEXT_LIMIT:
                    raise self._refused(index, f"has {len(text):,} characters; Excel holds {_TEXT_LIMIT:,}")
                if found := _UNHOLDABLE.search(text):
                    raise self._refused(index, f"holds {found[0]!a}, which a workbook cannot keep")
                sheet.write_string(row, index, text, self._text)

    def _refused(self, index: int, what: str) -> SourceError:
        return SourceError(
            f"cell {letters(index)}{self._row + 1} {what}",
            path=self._called,
            column=self._columns[index],
            advice=_ELSEWHERE,
        )


@contextmanager
def open_workbook(path: str, columns: Sequence[str], *, called: str, neutralise: bool) -> Iterator[ExcelWriter]:
    """A workbook of one sheet, kept on disk but for one row.

    Raises `SourceError` for what no sheet can hold, and OSError.
    """
    import xlsxwriter  # noqa: PLC0415  # a tenth of a start: loaded only when a workbook is written
    from xlsxwriter.exceptions import FileCreateError  # noqa: PLC0415

    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    try:
        yield ExcelWriter(book, columns, called=called, neutralise=neutralise)
    finally:
        try:
            book.close()
        except FileCreateError as error:
            raise OSError(str(error)) from error


_ELSEWHERE = "write .csv or .parquet instead"

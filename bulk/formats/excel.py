"""Excel workbooks: a column keeps its type where all its cells agree, else it is text.

The sheet is loaded whole. The header is its first row, and row numbers are those of the sheet; blank rows are left out.
A column with an error cell, such as `#N/A`, is text, too, for validation to name the row.
The reader makes blanks of error cells, rounds numbers in columns of text, takes TRUE among numbers for 1 and the text
`nan` for a number, all in silence. So a sheet is read both as text and as typed, and a type is believed only where the
two agree. Numbers that are shown with zeros in front are text with these.
"""

import logging
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time
from decimal import Decimal

import fastexcel
import polars as pl

from bulk.contracts import ReadOptions
from bulk.errors import SourceError
from bulk.formats import excel_archive, excel_padding, excel_writer, files, formulas, frames
from bulk.formats.header import letters, named
from bulk.model import listed

_FIRST_ROW = 2
_WHOLE = 2.0**53
"""Beyond it a float does not tell neighbouring whole numbers apart."""
_UNCALCULATED = "a formula that was never calculated"
_SHOWN = 5
_DIGITS = 15
"""Significant digits of a number that Excel shows; those behind are noise of its arithmetic."""
_DAMAGE = (fastexcel.FastExcelError, pl.exceptions.PolarsError, zipfile.BadZipFile, zlib.error, OSError)
_PLAIN_FROM, _PLAIN_TO = 1e-6, 1e15
"""Between these, rounding to so many digits is exact."""

logging.getLogger("fastexcel").setLevel(logging.ERROR)  # it warns of every blank column


class ExcelScan:
    """One sheet of an opened workbook."""

    def __init__(self, path: str, *, called: str, file: int, sheet: str | None) -> None:
        self._local_path = path
        self.path = called
        self._file = file
        self._watch = files.Watch(path, called=called)
        excel_archive.check_archive(path, called=called)
        with self._watch.steady(), self._explained():
            book = fastexcel.read_excel(path)
            self._sheet = self._chosen(book.sheet_names, sheet)
            excel_archive.require_dense(path, self._sheet, called=called)
            top = book.load_sheet(self._sheet, header_row=None, skip_rows=0, n_rows=1, dtypes="string")
            self._places = [letters(column.absolute_index) for column in top.available_columns()]
            cells = [cell for row in top.to_polars().rows() for cell in row]
            named_cells = len(cells)
            while named_cells and not (cells[named_cells - 1] or "").strip():
                named_cells -= 1
            below = self._load(book, "string", range(named_cells, len(cells))) if top.total_height > 1 else ()
            if all(column.null_count() == len(column) for column in below):
                cells = cells[:named_cells]  # formatting, left behind where nothing stands
        names = [formulas.restored_name(cell or "") for cell in cells]
        self.facts = {"format": "xlsx", "sheet": self._sheet}
        self.header = named(names, called=called, sheet=self._sheet, line=1, place=self._places.__getitem__)

    def chunks(self, rows: int = 50_000) -> Iterator[pl.DataFrame]:
        with self._watch.steady():
            with self._explained():
                frame = self._table(self._errors())
            first = frames.position(self._file, _FIRST_ROW)
            table = frames.without_blank_rows(frames.numbered(formulas.restored(frames.blank_as_null(frame)), first))
            yield from frames.regrouped([table], rows)

    def _table(self, errors: Mapping[int, Mapping[int, str]]) -> pl.DataFrame:
        book = fastexcel.read_excel(self._local_path)
        every = range(len(self.header))
        columns = self._load(book, "string", every)
        padded = self._padded()
        sound = [index for index in every if index not in errors and index not in padded]
        for index, typed in zip(sound, self._load(book, None, sound), strict=True):
            columns[index] = self._agreed(self.header[index], columns[index], typed)
        mixed = [index for index, column in enumerate(columns) if _holds_number(column)]
        for index, numbers in zip(mixed, self._load(book, "float", mixed), strict=True):
            columns[index] = _unrounded(columns[index], numbers)
        for index, widths in padded.items():
            columns[index] = _with_zeros(columns[index], widths)
        for index, cells in errors.items():
            columns[index] = columns[index].scatter([*cells], [*cells.values()])
        return pl.DataFrame([column.alias(name) for name, column in zip(self.header, columns, strict=True)])

    def _load(
        self, book: fastexcel.ExcelReader, kind: fastexcel.DType | None, columns: Collection[int]
    ) -> list[pl.Series]:
        """Columns of the rows below the header."""
        if not columns:
            return []
        sheet = book.load_sheet(
            self._sheet,
            header_row=None,
            skip_rows=1,
            use_columns=lambda column: column.index in columns,
            dtypes=kind,
            schema_sample_rows=None,
        )
        return sheet.to_polars().get_columns()

    def _agreed(self, name: str, text: pl.Series, typed: pl.Series) -> pl.Series:
        """The typed column if it says the same as the text, else the text."""
        if typed.dtype == pl.Duration:
            raise self._durations(name)
        if typed.dtype == pl.String or typed.null_count() != text.null_count():
            return text
        if typed.dtype == pl.Float64:
            faithful = typed.is_finite().all() and not text.is_in(["true", "false"]).any()
            return _number(typed) if faithful else text
        if isinstance(typed.dtype, pl.Datetime) and (typed.dt.time() == time()).all():
            return typed.dt.date()
        return typed

    def _chosen(self, sheets: Sequence[str], wanted: str | None) -> str:
        if not sheets:
            raise SourceError("the workbook holds no sheet", path=self.path)
        if wanted is not None and wanted not in sheets:
            raise SourceError(
                f"there is no sheet {wanted!r}",
                path=self.path,
                advice=f"it has {listed([repr(sheet) for sheet in sheets])}",
            )
        if wanted is not None:
            return wanted
        hidden = excel_archive.hidden_sheets(self._local_path) if len(sheets) > 1 else ()
        return next((sheet for sheet in sheets if sheet not in hidden), sheets[0])

    def _errors(self) -> dict[int, dict[int, str]]:
        """Texts of the error cells by column and by row below the header.

        Raises `SourceError` for error cells without a place, and for formulas, which nothing can be said for.
        """
        columns = {place: index for index, place in enumerate(self._places[: len(self.header)])}
        errors: dict[int, dict[int, str]] = {}
        uncalculated: list[tuple[str, int]] = []
        for fault in excel_archive.faults(self._local_path, self._sheet):
            if fault.place is None:
                what = f"the Excel error {fault.error}" if fault.error else _UNCALCULATED
                raise self._lost(f"a cell, of which the file does not say where it is, holds {what}")
            column, row = fault.place
            if column not in columns:
                continue
            if fault.error is None:
                uncalculated.append(fault.place)
            else:
                errors.setdefault(columns[column], {})[row - _FIRST_ROW] = fault.error
        if uncalculated:
            (column, row), *rest = uncalculated
            others = ", ".join(f"{place}{line}" for place, line in rest[:_SHOWN])
            more = f" (so do {others}{' and more' if len(rest) > _SHOWN else ''})" if others else ""
            name = self.header[columns[column]]
            raise self._lost(f"cell {column}{row} holds {_UNCALCULATED}{more}", line=row, column=name)
        return errors

    def _padded(self) -> dict[int, dict[int, int]]:
        """Digits of numbers that are shown with zeros in front, by column and by row below the header."""
        columns = {place: index for index, place in enumerate(self._places[: len(self.header)])}
        padded: dict[int, dict[int, int]] = {}
        for cell in excel_padding.paddings(self._local_path, self._sheet):
            if cell.column in columns and cell.row >= _FIRST_ROW:
                padded.setdefault(columns[cell.column], {})[cell.row - _FIRST_ROW] = cell.digits
        return padded

    def _lost(self, what: str, *, line: int | None = None, column: str | None = None) -> SourceError:
        return SourceError(
            what,
            path=self.path,
            sheet=self._sheet,
            line=line,
            column=column,
            advice="mend the formula, or put plain values in its place, and save the workbook in Excel",
        )

    def _durations(self, name: str | None) -> SourceError:
        return SourceError(
            "spans of time, which a catalog has no use for",
            path=self.path,
            sheet=self._sheet,
            column=name,
            advice="format the cells as text or as numbers",
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what the reader raises into a `SourceError`."""
        try:
            yield
        except fastexcel.UnsupportedColumnTypeCombinationError as error:
            raise self._durations(None) from error
        except _DAMAGE as error:
            reason = str(error).partition("\n")[0]
            raise SourceError(
                f"cannot be read as an Excel workbook: {reason}",
                path=self.path,
                advice="save it again as .xlsx, or as .csv",
            ) from error


def _number(column: pl.Series) -> pl.Series:
    """Whole numbers as integers; others without the noise behind the digits that Excel shows."""
    size = column.abs()
    if ((column.round() == column) & (size < _WHOLE)).all():
        return column.cast(pl.Int64)
    rounded = column.to_frame("x").select(pl.col("x").round_sig_figs(_DIGITS)).to_series()
    return column.zip_with(~size.is_between(_PLAIN_FROM, _PLAIN_TO), rounded)


def _holds_number(column: pl.Series) -> bool:
    return column.dtype == pl.String and bool(column.cast(pl.Float64, strict=False).is_not_null().any())


def _unrounded(text: pl.Series, numbers: pl.Series) -> pl.Series:
    """Text of cells that hold numbers as Excel shows them: the reader cuts them to nine decimals.

    A cell that holds text reads the same both ways, so where the two differ it is a number that was cut.
    """
    cut = (text.cast(pl.Float64, strict=False) != numbers).fill_null(value=False)
    if not cut.any():
        return text
    plain = [f"{Decimal(f'{number:.{_DIGITS}g}'):f}" for number in numbers.filter(cut)]
    cells = text.to_list()
    for index, cell in zip(cut.arg_true(), plain, strict=True):
        cells[index] = cell
    return pl.Series(text.name, cells, dtype=pl.String)


def _with_zeros(text: pl.Series, widths: Mapping[int, int]) -> pl.Series:
    """Whole numbers of so many digits at least, as they are shown; formatted cells may go on below the last row."""
    cells = text.to_list()
    for row, digits in widths.items():
        if row < len(cells) and (cell := cells[row]) and cell.isdigit():
            cells[row] = cell.zfill(digits)
    return pl.Series(text.name, cells, dtype=pl.String)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExcelFormat:
    """Excel workbooks since 2007."""

    name: str = "xlsx"
    suffixes: tuple[str, ...] = (".xlsx",)
    ceiling: str | None = f"{excel_writer.ROW_LIMIT:,} rows and {excel_archive.SIZE_LIMIT >> 30} GB unpacked"

    def scan(self, path: str, *, called: str, file: int, options: ReadOptions) -> ExcelScan:
        return ExcelScan(path, called=called, file=file, sheet=options.sheet)

    @contextmanager
    def writer(
        self, path: str, columns: Sequence[str], *, neutralise: bool = False
    ) -> Iterator[excel_writer.ExcelWriter]:
        with (
            files.replacing(path) as part,
            excel_writer.open_workbook(part, columns, called=path, neutralise=neutralise) as writer,
        ):
            yield writer


EXCEL = ExcelFormat()

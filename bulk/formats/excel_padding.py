"""Numbers that a workbook shows with zeros in front: a number format such as 00000 puts them there, for a barcode.

The reader gives the bare number, which names another record.
"""

import re
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

from bulk.formats import excel_archive

_STYLES = "xl/styles.xml"
_ZEROS = re.compile(r"0{2,}(?:;.*)?")
"""A number format for positive numbers of so many digits at least, and for others behind it."""
_STYLED = re.compile(
    rb"""<(?:\w+:)?c\b(?=[^>]*\ss=["'](?P<style>\d{1,9})["'])(?=[^>]*\sr=["'](?P<column>[A-Z]+)(?P<row>\d{1,9})["'])"""
    rb"""(?P<attributes>[^>]*)>"""
)
_TYPED = re.compile(rb"""\st=["'](?!n["'])""")
"""Cells that hold something else than a number say so."""


class Padding(NamedTuple):
    """A cell whose number is shown with zeros in front."""

    column: str
    """Letters of the column."""
    row: int
    """Row of the sheet, counted from 1."""
    digits: int
    """Digits that are shown at least."""


def paddings(path: str, sheet: str) -> Iterator[Padding]:
    """The cells with such a number format; next to no work where the workbook has none."""
    with zipfile.ZipFile(path) as archive:
        widths = _widths(archive)
        if not widths:
            return
        for text in excel_archive.rows_of(archive, sheet):
            for cell in _STYLED.finditer(text):
                digits = widths.get(int(cell["style"]))
                if digits is not None and not _TYPED.search(cell["attributes"]):
                    yield Padding(cell["column"].decode(), int(cell["row"]), digits)


def _widths(archive: zipfile.ZipFile) -> dict[int, int]:
    """Digits that are shown at least, by the number of the cell style."""
    if _STYLES not in archive.namelist():
        return {}
    codes = {
        one.get("numFmtId"): code.partition(";")[0]
        for one in excel_archive.elements(archive, _STYLES, "numFmt")
        if _ZEROS.fullmatch(code := one.get("formatCode", ""))
    }
    if not codes:
        return {}
    formats = next(excel_archive.elements(archive, _STYLES, "cellXfs"), ())
    return {style: len(codes[id]) for style, one in enumerate(formats) if (id := one.get("numFmtId")) in codes}

"""What the archive of an Excel workbook says and its reader does not: its size, and cells without a value."""

import re
import zipfile
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

from bulk.errors import SourceError

SIZE_LIMIT = 2 << 30
"""Bytes that a workbook may take when unpacked."""

_SUSPICIOUS_SIZE = 256 << 20
_SUSPICIOUS_RATIO = 250
_PIECE = 4 << 20
_OLE = b"\xd0\xcf\x11\xe0"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL = re.compile(
    rb"""<(?:\w+:)?c\b(?P<attributes>[^>]*(?<!/))>(?P<content>.*?)</(?:\w+:)?c>""",
    re.DOTALL,
)
_ADDRESS = re.compile(rb"""\br=["']([A-Z]+)(\d+)["']""")
_ERROR = re.compile(rb"""\bt=["']e["']""")
_TEXT_RESULT = re.compile(rb"""\bt=["']str["']""")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)</")
_UNNAMED = "#VALUE!"
"""For an error cell that does not say which error: the most general one."""
_SUSPECT = re.compile(rb"""\bt=["']e["']|</(?:\w+:)?f></(?:\w+:)?c>|<(?:\w+:)?f[^>]*/></(?:\w+:)?c>""")


class Fault(NamedTuple):
    """A cell that would be read as blank though it is not."""

    place: tuple[str, int] | None
    """Letters of the column, and row; None where the file does not say."""
    error: str | None
    """The Excel error, such as `#N/A`; None for a formula that was never calculated."""


def check_archive(path: str, *, called: str) -> None:
    """Raise `SourceError` for a file that is no .xlsx workbook, or one too large to load."""
    with open(path, "rb") as stream:  # noqa: PTH123  # paths are plain text throughout this folder
        head = stream.read(len(_OLE))
    if not head:
        raise SourceError("the file is empty", path=called)
    if head == _OLE:
        raise SourceError(
            "an encrypted or an old Excel workbook (.xls)",
            path=called,
            advice="save it as .xlsx without a password",
        )
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
            packed = sum(member.compress_size for member in archive.infolist())
            known = "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(
            f"not a whole Excel workbook: {error}", path=called, advice="copy or save it again as .xlsx"
        ) from error
    if not known:
        raise SourceError("a zip archive, but no Excel workbook", path=called, advice="save it as .xlsx")
    if size > SIZE_LIMIT or (size > _SUSPICIOUS_SIZE and size > packed * _SUSPICIOUS_RATIO):
        raise SourceError(
            f"the workbook would take {size >> 20} MB unpacked, too much to load whole",
            path=called,
            advice="save the sheet as .csv",
        )


def faults(path: str, sheet: str) -> Iterator[Fault]:
    """Cells that hold an Excel error, and formulas that were never calculated."""
    with zipfile.ZipFile(path) as archive:
        member = _member(archive, sheet)
        if member is None:
            return
        with archive.open(member) as stream:
            rest = b""
            while piece := stream.read(_PIECE):
                text = rest + piece
                end = max(text.rfind(b"</row>"), text.rfind(b":row>")) + len(b":row>")
                if _SUSPECT.search(text, 0, end):
                    yield from _faults(text[:end])
                rest = text[end:]


def _faults(text: bytes) -> Iterator[Fault]:
    for cell in _CELL.finditer(text):
        attributes, content = cell["attributes"], cell["content"]
        value = _VALUE.search(content)
        if _ERROR.search(attributes):
            error = (value[1].decode() if value else "") or _UNNAMED
        elif value is None and not _TEXT_RESULT.search(attributes) and _FORMULA.search(content):
            error = None
        else:
            continue
        address = _ADDRESS.search(attributes)
        yield Fault((address[1].decode(), int(address[2])) if address else None, error)


def _member(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Path of a sheet within the archive; None for a sheet that is no table of cells."""
    try:
        relation = next(
            entry.get(_RELATION)
            for entry in _elements(archive, "xl/workbook.xml", "sheet")
            if entry.get("name") == sheet
        )
        target = next(
            entry.get("Target", "")
            for entry in _elements(archive, "xl/_rels/workbook.xml.rels", "Relationship")
            if entry.get("Id") == relation
        )
    except (StopIteration, KeyError, ET.ParseError):
        return None
    member = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return member if member in archive.namelist() else None


def _elements(archive: zipfile.ZipFile, member: str, tag: str) -> Iterator[ET.Element]:
    root = ET.fromstring(archive.read(member))  # noqa: S314  # expat itself bounds the expansion of entities
    return (element for element in root.iter() if element.tag.rpartition("}")[2] == tag)

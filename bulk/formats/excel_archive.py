"""What the archive of an Excel workbook says and its reader does not: its size, and cells without a value."""

import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

from bulk.errors import SourceError

SIZE_LIMIT = 2 << 30
"""Bytes that a workbook may take when unpacked."""

MOST_CELLS = 64 << 20
"""Cells that a sheet may span unless half of them are filled: a blank one, too, takes the reader 32 bytes."""

_SUSPICIOUS_SIZE = 256 << 20
_SUSPICIOUS_RATIO = 250
_DEFLATE_AT_MOST = 1032
"""What the method of zip files packs by at most."""
_PIECE = 4 << 20
_OLE = b"\xd0\xcf\x11\xe0"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL = re.compile(
    rb"""<(?:\w+:)?c\b(?P<attributes>[^>]*(?<!/))>(?P<content>.*?)</(?:\w+:)?c>""",
    re.DOTALL,
)
_ADDRESS = re.compile(rb"""\br=["']([A-Z]+)(\d+)["']""")
_COLUMN_OF = re.compile(rb"""\br=["']([A-Z]{1,9})\d""")
_ROW_OF = re.compile(rb"""\br=["'][A-Z]{0,9}(\d{1,18})["']""")
_LONGEST_ADDRESS = 32
_LOCAL_HEADER = 30
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
            members = archive.infolist()
            known = "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceError(
            f"not a whole Excel workbook: {error}", path=called, advice="copy or save it again as .xlsx"
        ) from error
    if not known:
        raise SourceError("a zip archive, but no Excel workbook", path=called, advice="save it as .xlsx")
    size, packed = (sum(sizes) for sizes in zip(*((one.file_size, one.compress_size) for one in members), strict=True))
    if size > SIZE_LIMIT or (size > _SUSPICIOUS_SIZE and size > packed * _SUSPICIOUS_RATIO):
        raise SourceError(
            f"the workbook would take {size >> 20} MB unpacked, too much to load whole",
            path=called,
            advice="save the sheet as .csv",
        )
    for member in members:
        # A reader finds out only when all of it is in memory.
        if member.compress_size * _DEFLATE_AT_MOST > _SUSPICIOUS_SIZE and _is_larger(path, member):
            raise SourceError(
                f"{member.filename} in the workbook unpacks to more than the workbook says",
                path=called,
                advice="save it again in Excel, or the sheet as .csv",
            )


def _is_larger(path: str, member: zipfile.ZipInfo) -> bool:
    """Whether a part of an archive is larger than the archive says."""
    unpacking, unpacked, left, piece = zlib.decompressobj(-zlib.MAX_WBITS), 0, member.compress_size, b""
    if member.compress_type != zipfile.ZIP_DEFLATED:
        return member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size
    with open(path, "rb") as stream:  # noqa: PTH123  # paths are plain text throughout this folder
        stream.seek(member.header_offset + _LOCAL_HEADER - 4)
        stream.seek(sum(struct.unpack("<HH", stream.read(4))), os.SEEK_CUR)
        while unpacked <= member.file_size and not unpacking.eof:
            if not piece:
                piece = stream.read(min(left, _PIECE))
                left -= len(piece)
            if not piece:
                break
            unpacked += len(unpacking.decompress(piece, _PIECE))
            piece = unpacking.unconsumed_tail
    return unpacked > member.file_size


def require_dense(path: str, sheet: str, *, called: str) -> None:
    """Raise `SourceError` for a sheet that spans far more than it holds: blank cells take memory, too."""
    rows, columns, cells = {1}, {b"A"}, 0
    with zipfile.ZipFile(path) as archive:
        member = _member(archive, sheet)
        if member is None:
            return
        with archive.open(member) as stream:
            rest = b""
            while piece := stream.read(_PIECE):
                text = rest + piece
                cells += text.count(b"<c ") + text.count(b":c ")
                columns.update(_COLUMN_OF.findall(text))
                rows = {max(rows), *map(int, {*_ROW_OF.findall(text)})}
                rest = text[-_LONGEST_ADDRESS:]
    last, width = max(rows), max(map(_index, columns))
    if last * width > MOST_CELLS and last * width > 2 * cells:
        raise SourceError(
            f"the sheet spans {width:,} columns and {last:,} rows, and holds next to nothing",
            path=called,
            sheet=sheet,
            advice="delete what stands far below or far to the right of the table, or save the sheet as .csv",
        )


def _index(column: bytes) -> int:
    """Number of a column, counted from 1, by its letters."""
    number = 0
    for letter in column:
        number = 26 * number + letter - ord("A") + 1
    return number


def faults(path: str, sheet: str) -> Iterator[Fault]:
    """Cells that hold an Excel error, and formulas that were never calculated."""
    with zipfile.ZipFile(path) as archive:
        for text in rows_of(archive, sheet):
            if _SUSPECT.search(text):
                yield from _faults(text)


def rows_of(archive: zipfile.ZipFile, sheet: str) -> Iterator[bytes]:
    """What a sheet consists of, in pieces of whole rows; nothing for a sheet that is no table of cells."""
    member = _member(archive, sheet)
    if member is None:
        return
    with archive.open(member) as stream:
        rest = b""
        while piece := stream.read(_PIECE):
            text = rest + piece
            end = max(text.rfind(b"</row>"), text.rfind(b":row>")) + len(b":row>")
            yield text[:end]
            rest = text[end:]


def hidden_sheets(path: str) -> set[str]:
    """Names of the sheets that a person does not see."""
    with zipfile.ZipFile(path) as archive:
        entries = elements(archive, "xl/workbook.xml", "sheet")
        return {entry.get("name", "") for entry in entries if entry.get("state", "visible") != "visible"}


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
            for entry in elements(archive, "xl/workbook.xml", "sheet")
            if entry.get("name") == sheet
        )
        target = next(
            entry.get("Target", "")
            for entry in elements(archive, "xl/_rels/workbook.xml.rels", "Relationship")
            if entry.get("Id") == relation
        )
    except (StopIteration, KeyError, ET.ParseError):
        return None
    member = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return member if member in archive.namelist() else None


def elements(archive: zipfile.ZipFile, member: str, tag: str) -> Iterator[ET.Element]:
    """The elements of a small part of the workbook that have a name, whatever stands before it."""
    root = ET.fromstring(archive.read(member))  # noqa: S314  # expat itself bounds the expansion of entities
    return (element for element in root.iter() if element.tag.rpartition("}")[2] == tag)

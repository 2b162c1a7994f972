"""What a text file is: its encoding and the character between its cells, told from how it begins."""

import codecs
import csv
import io
from itertools import islice
from typing import NamedTuple

from bulk.errors import SourceError, UsageError

DELIMITERS = ",;\t|"
"""Characters that are tried as the delimiter, likeliest first."""

_BOMS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY = (
    (b"PK\x03\x04", "is an Excel workbook or another zip archive, not text", "say --format xlsx if it is a workbook"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook, not text", "save it as .xlsx or .csv"),
    (b"%PDF-", "is a PDF document, not text", "save the table as .xlsx or .csv"),
)
_SHOWN = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SPELT = {"tab": "\t", "\\t": "\t"}
_SAMPLE_RECORDS = 20
_NUL_SHARE = 0.4
"""The part of the characters that must be plain Latin for UTF-16 to be told without a mark."""


class Encoding(NamedTuple):
    """How the bytes of a text file become characters."""

    name: str
    bom: bool


def detect_encoding(head: bytes) -> Encoding:
    """UTF-8, UTF-16 or UTF-32 by byte order mark, UTF-16 also by its NUL bytes; anything else is taken for UTF-8."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return Encoding(name, bom=True)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    enough = len(head) / 2 * _NUL_SHARE
    if odd > enough and not even:
        return Encoding("utf-16-le", bom=False)
    if even > enough and not odd:
        return Encoding("utf-16-be", bom=False)
    return Encoding("utf-8", bom=False)


def chosen_encoding(head: bytes, wanted: str | None) -> Encoding:
    """The encoding asked for, else the one detected; raises `UsageError` for a name that means none."""
    found = detect_encoding(head)
    if wanted is None:
        return found
    try:
        "a".encode(wanted)  # refuses unknown names, and codecs such as base64 that are not about text
        name = codecs.lookup(wanted).name
    except (LookupError, UnicodeError) as error:
        raise UsageError(f"unknown encoding {wanted!r}", advice="such as utf-8, cp1252, latin-1 or utf-16") from error
    return Encoding("utf-8" if name == "utf-8-sig" else name, bom=found.bom)


def refuse_binary(head: bytes, *, called: str) -> None:
    """Raise `SourceError` for well-known files that are no text at all."""
    for magic, what, advice in _BINARY:
        if head.startswith(magic):
            raise SourceError(f"the file {what}", path=called, advice=advice)


def chosen_delimiter(wanted: str) -> str:
    """The delimiter asked for; raises `UsageError` for one that cannot separate cells."""
    delimiter = _SPELT.get(wanted, wanted)
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        raise UsageError(
            f"{wanted!r} cannot be a delimiter", advice="give one plain character, such as ';', or the word tab"
        )
    return delimiter


def detect_delimiter(sample: str) -> str:
    """The candidate that cuts the sample into equally long lines of the most cells; a comma if none cuts its header."""

    def fitness(delimiter: str) -> tuple[bool, int]:
        lines = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        widths = [len(cells) for cells in islice(lines, _SAMPLE_RECORDS) if cells]
        header = widths[0] if widths else 1
        return header > 1 and all(width == header for width in widths), header

    return max(DELIMITERS, key=fitness)


def shown_delimiter(delimiter: str) -> str:
    """A delimiter as people call it."""
    return _SHOWN.get(delimiter, delimiter)

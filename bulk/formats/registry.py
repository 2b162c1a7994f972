"""Which formats there are, and which one a file is in."""

from collections.abc import Mapping
from typing import Final

from bulk.contracts import Format
from bulk.errors import SourceError, UsageError
from bulk.formats.csv import CSV, TSV
from bulk.formats.excel import EXCEL
from bulk.formats.json import JSON
from bulk.formats.ndjson import NDJSON
from bulk.formats.parquet import PARQUET
from bulk.model import listed

_KNOWN: Final[tuple[Format, ...]] = (CSV, TSV, PARQUET, EXCEL, NDJSON, JSON)

FORMATS: Final[Mapping[str, Format]] = {suffix: format for format in _KNOWN for suffix in format.suffixes}
"""Every format by every suffix it is known by."""

_NAMES: Final[Mapping[str, Format]] = {format.name: format for format in _KNOWN}


def format_to_write(path: str) -> Format:
    """The format that the path's ending says; raises `UsageError` for an unknown one."""
    try:
        return format_for(path)
    except SourceError:
        advice = f"Known endings are {listed([*FORMATS])}."
        raise UsageError(f"{path!r} does not say what format to write", advice=advice) from None


def format_for(path: str, name: str | None = None) -> Format:
    """The format called `name`, else the one that the path's ending says.

    Raises `UsageError` for an unknown name, `SourceError` for an unknown ending.
    """
    if name is not None:
        if name.lower() not in _NAMES:
            raise UsageError(f"unknown format {name!r}", advice=f"one of {listed([*_NAMES])}")
        return _NAMES[name.lower()]
    endings = (suffix for suffix in FORMATS if path.lower().endswith(suffix))
    longest = max(endings, key=len, default=None)
    if longest is None:
        raise SourceError(
            "its name does not say what format it is in",
            path=path,
            advice=f"known endings are {listed([*FORMATS])}; for others say --format {'|'.join(_NAMES)}",
        )
    return FORMATS[longest]

"""Where rows stand: positions that tell files apart, and how to say them to a person."""

import re
from collections.abc import Sequence
from typing import Final

from bulk.errors import UsageError
from bulk.model.wording import listed

REMOTE_ID: Final = "id"
"""Column that holds an API's own id of a record, wherever one is loaded by it."""

ROW: Final = "#row"
"""Name of the column that carries the row's position through every frame; no file may use it as a header."""

FILE_STRIDE: Final = 1 << 40
"""A position is `file * FILE_STRIDE + row`, so that the rows of several files stay apart in one run."""


def file_of(position: int) -> int:
    """Index of the file that a position lies in; 0 where there is only one."""
    return position // FILE_STRIDE


def row_of(position: int) -> int:
    """The row number that a person sees in that file; the header is row 1."""
    return position % FILE_STRIDE


def place(position: int, files: Sequence[str]) -> str:
    """Where a row stands, as a person would say it: its number, and its file where there are several."""
    return str(row_of(position)) if len(files) == 1 else f"{files[file_of(position)]}:{row_of(position)}"


def spans(text: str, files: Sequence[str]) -> list[tuple[int, int]]:
    """First and last positions from `7`, `10-20` or `a.csv:7`, several with commas; raises `UsageError`."""
    found: list[tuple[int, int]] = []
    for word in filter(None, (word.strip() for word in text.split(","))):
        name, _, numbers = word.rpartition(":")
        match = re.fullmatch(r"(\d{1,11})(?:-(\d{1,11}))?", numbers)
        if match is None:
            raise UsageError(f"{word!r} names no rows", advice="Say --rows 7, --rows 10-20 or --rows 7,10-20.")
        indices = [index for index, file in enumerate(files) if name in {file, ""}]
        if len(indices) != 1:
            raise UsageError(
                f"{word!r} does not say in which file the rows are",
                advice=f"Say --rows {files[0]}:7; the files are {listed(files)}.",
            )
        first = indices[0] * FILE_STRIDE
        found.append((first + int(match[1]), first + int(match[2] or match[1])))
    if not found:
        raise UsageError("--rows names no row", advice="Say --rows 7, --rows 10-20 or --rows 7,10-20.")
    return found

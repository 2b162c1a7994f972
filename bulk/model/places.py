"""Where rows stand: positions that tell files apart, and how to say them to a person."""

from collections.abc import Sequence
from typing import Final

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

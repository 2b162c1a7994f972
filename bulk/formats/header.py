"""Column names as a file gives them: every one filled, none twice."""

from collections.abc import Callable, Sequence
from string import ascii_uppercase
from typing import Final

from bulk.errors import SourceError
from bulk.model import ROW

MOST_COLUMNS: Final = 10_000
"""Columns that a table may have."""


def letters(index: int) -> str:
    """What a spreadsheet program calls a column, such as `AB`; the first has index 0."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, len(ascii_uppercase))
        name = ascii_uppercase[rest] + name
    return name


def named(
    cells: Sequence[str | None],
    *,
    called: str,
    sheet: str | None = None,
    line: int | None = None,
    place: Callable[[int], str] = letters,
) -> tuple[str, ...]:
    """The names in a header, stripped. `place` says for people where the cell with an index stands.

    Raises `SourceError` for a name given twice, a cell without a name, and the name kept for row numbers.
    """
    if len(cells) > MOST_COLUMNS:
        raise SourceError(
            f"{len(cells):,} columns, more than the {MOST_COLUMNS:,} that a table may have",
            path=called,
            sheet=sheet,
            line=line,
        )
    names = tuple((cell or "").strip() for cell in cells)
    if not any(names):
        raise SourceError("there is no header", path=called, sheet=sheet, line=line, advice=_HEADER)
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        if not name:
            raise SourceError(
                f"column {place(index)} has no name", path=called, sheet=sheet, line=line, advice=_UNNAMED
            )
        if name == ROW:
            raise SourceError(
                f"column {place(index)} is called {ROW!r}, a name kept for row numbers",
                path=called,
                sheet=sheet,
                line=line,
                advice="give it another name",
            )
        if name in seen:
            raise SourceError(
                f"the header {name!r} is given twice, in columns {place(seen[name])} and {place(index)}",
                path=called,
                sheet=sheet,
                line=line,
                advice="rename or delete one of them",
            )
        seen[name] = index
    return names


_HEADER = "the first row must hold the column names"
_UNNAMED = "name it in the first row, or delete it"

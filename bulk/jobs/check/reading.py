"""How a source is to be read."""

from dataclasses import dataclass

from bulk.validation import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How the cells of a source become documents."""

    match_by: str | None = None
    """Column that names the records; by default the first of the resource's keys that the file has."""
    mapping: Mapping | None = None
    """How a foreign spreadsheet's columns become ours."""
    clear: str = "<clear>"
    """Cell that stands for null."""
    empty: str = "<empty>"
    """Cell that stands for an empty list."""
    limit: int | None = None
    """Read no more than so many rows."""
    keys_only: bool = False
    """Look at nothing but what names the records: all other columns are left alone."""
    only_filled: bool = False
    """Leave out rows of which no data cell is filled: lines of a result file that only tell what became of a row."""

"""A plan as a table, a line for each field."""

import json
from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from bulk.fingerprint import canonical
from bulk.formats import format_to_write
from bulk.jobs.planner import Change, Difference
from bulk.model import place

HEADER: Final = ("row", "key", "action", "field", "old", "new", "message")


def lines_of(change: Change, files: Sequence[str]) -> list[tuple[str | None, ...]]:
    """What would become of a row, as cells below `HEADER`."""
    shared = (place(change.row, files), change.key, change.action.value)
    return [
        (*shared, one.field or None, _text(one.old), _text(one.new), one.message)
        for one in change.differences or (Difference(field=""),)
    ]


def write_plan(path: str, changes: Sequence[Change], files: Sequence[str]) -> None:
    """Write a plan to a file whose format follows its suffix."""
    lines = [line for change in changes for line in lines_of(change, files)]
    columns = zip(*lines, strict=True) if lines else ([] for _ in HEADER)
    frame = pl.DataFrame(
        [pl.Series(name, list(cells), dtype=pl.String) for name, cells in zip(HEADER, columns, strict=True)]
    )
    with format_to_write(path).writer(path, HEADER, neutralise=True) as table:
        table.write(frame)


def _text(value: Any) -> str | None:  # noqa: ANN401  # JSON is any shape
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else canonical(value)

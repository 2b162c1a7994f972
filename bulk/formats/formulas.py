"""Text that a spreadsheet program would run as a formula: defused by an apostrophe when written, restored when read.

Such text begins with `=`, `+`, `-`, `@`, a tab or a carriage return, and is no plain number. What begins so behind
apostrophes gets one, too, even where formulas are to be kept: so whatever was written comes back, also what held
apostrophes of its own.
Source: https://owasp.org/www-community/attacks/CSV_Injection.
"""

import re
from collections.abc import Callable
from typing import Final

import polars as pl

_STARTS: Final = r"[=+\-@\t\r]"
_RUNS: Final = f"^'*{_STARTS}"
_NUMBER: Final = r"^[+-](?:[0-9]+\.?[0-9]*|\.[0-9]+)$"
_DEFUSED: Final = f"^'+{_STARTS}"


def written(frame: pl.DataFrame, *, neutralise: bool) -> pl.DataFrame:
    """The frame with an apostrophe in front of every text that needs one; columns of other types are left alone.

    Without `neutralise` formulas are kept, and only what `restored` would take for a defused one gets an apostrophe.
    """
    return _each_text(frame, _neutralised if neutralise else _protected)


def restored(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without the apostrophes that `written` put there."""
    return _each_text(frame, _restored)


def written_name(name: str, *, neutralise: bool) -> str:
    """A column's name as it is written."""
    runs = re.match(_RUNS, name) and not re.match(_NUMBER, name) if neutralise else re.match(_DEFUSED, name)
    return f"'{name}" if runs else name


def restored_name(name: str) -> str:
    """A column's name as it was meant."""
    return name[1:] if re.match(_DEFUSED, name) else name


def _each_text(frame: pl.DataFrame, change: Callable[[pl.Series], pl.Series]) -> pl.DataFrame:
    # Under a plain name meanwhile: polars takes one such as `*` for a pattern.
    return pl.DataFrame(
        [
            change(cells.alias("text")).alias(cells.name) if cells.dtype == pl.String else cells
            for cells in frame.get_columns()
        ]
    )


def _neutralised(cells: pl.Series) -> pl.Series:
    return cells.zip_with(~cells.str.contains(_RUNS) | cells.str.contains(_NUMBER), "'" + cells)


def _protected(cells: pl.Series) -> pl.Series:
    if not cells.str.starts_with("'").any():  # far quicker than an expression that matches nothing
        return cells
    return cells.zip_with(~cells.str.contains(_DEFUSED), "'" + cells)


def _restored(cells: pl.Series) -> pl.Series:
    if not cells.str.starts_with("'").any():  # far quicker than an expression that matches nothing
        return cells
    return cells.zip_with(~cells.str.contains(_DEFUSED), cells.str.slice(1))

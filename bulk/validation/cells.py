"""The cells of a row as they were read: kept with rows that need mending, and read again from what was kept.

Kept are text, whole numbers, floats, booleans and lists of text, which JSON gives back as they were. What else a typed
file holds is kept as the text that the table in `coerce` makes of it, since validation sees nothing but this text. So a
row that is tried again becomes the same document.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from bulk.errors import SourceError
from bulk.model import ROW
from bulk.validation.coerce import Family, family_of, number_of, parts_of, text_of

_TYPES: Mapping[type, pl.DataType] = {
    str: pl.String(),
    bool: pl.Boolean(),
    int: pl.Int128(),  # negative ones, and those that need all of 64 bits
    float: pl.Float64(),
    list: pl.List(pl.String),
}


def original_cells(frame: pl.DataFrame, rows: Sequence[int]) -> list[Mapping[str, Any]]:
    """The cells of these positions by the file's headers, in the order asked for."""
    by_row = dict(cells_of(frame.filter(frame.get_column(ROW).is_in(rows))))
    return [by_row[row] for row in rows]


def cells_of(frame: pl.DataFrame) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The position of each row, and its cells by the file's headers."""
    header = [name for name in frame.columns if name != ROW]
    columns = [_kept(frame.get_column(name)) for name in header]
    for row, *cells in zip(frame.get_column(ROW).to_list(), *columns, strict=True):
        yield row, dict(zip(header, cells, strict=True))


def restored(rows: Sequence[int], cells: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Kept cells of one file as a frame that is read as the file was.

    A column without a filled cell has the type Null; one whose cells were not all kept as the same is text.
    """
    header = dict.fromkeys(name for row in cells for name in row)
    columns = [_typed(name, [row.get(name) for row in cells]) for name in header]
    return pl.DataFrame([pl.Series(ROW, rows, dtype=pl.Int64), *columns])


def as_text(cells: pl.Series) -> pl.Series:
    """A column of a restored frame as a text file shows it; lists as JSON."""
    if cells.dtype == pl.String:
        return cells
    if isinstance(cells.dtype, pl.List):
        arrays = [None if cell is None else json.dumps(cell, ensure_ascii=False) for cell in cells.to_list()]
        return pl.Series(cells.name, arrays, dtype=pl.String)
    return _evaluated(cells, text_of(pl.col("cell"), cells.dtype, family_of(cells.dtype, cells.name)))


def _kept(cells: pl.Series) -> list[Any]:
    dtype, cell = cells.dtype, pl.col("cell")
    try:
        family = family_of(dtype, cells.name)
    except SourceError:  # no column that is loaded has such a type, but a mapping may speak of one
        return [None if one is None else str(one) for one in cells.to_list()]
    if dtype == pl.String or family in {Family.INTEGER, Family.BOOLEAN}:
        return cells.to_list()
    if family is Family.FLOAT:
        return _evaluated(cells, number_of(cell, dtype)).to_list()
    if family is Family.LIST:
        return _evaluated(cells, parts_of(cell, dtype)).to_list()
    return _evaluated(cells, text_of(cell, dtype, family)).to_list()


def _evaluated(cells: pl.Series, expression: pl.Expr) -> pl.Series:
    """An expression over `cell`: a header may look like a pattern to polars."""
    return cells.to_frame("cell").select(expression.alias("cell")).to_series().alias(cells.name)


def _typed(name: str, cells: Sequence[Any]) -> pl.Series:
    types = {type(cell) for cell in cells if cell is not None}
    if len(types) > 1:
        return pl.Series(name, cells, dtype=pl.String, strict=False)
    return pl.Series(name, cells, dtype=_TYPES[types.pop()] if types else pl.Null())

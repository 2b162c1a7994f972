"""What the frames of every format have in common: a numbered row, null for blank, about the size asked for."""

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from bulk.model import FILE_STRIDE, ROW


def position(file: int, row: int) -> int:
    """Where a row lies in the run."""
    return file * FILE_STRIDE + row


def numbered(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    """The frame with its positions in front, counted from `first`."""
    numbers = pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True)
    return frame.insert_column(0, numbers.alias(ROW))


def picked(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """These columns by their plain names: `select` takes `*` and `^...$` for patterns."""
    return pl.DataFrame([frame.get_column(name) for name in columns])


def blank_as_null(frame: pl.DataFrame) -> pl.DataFrame:
    """Empty text is a blank cell."""
    text = pl.col(pl.String)
    return frame.with_columns(pl.when(text != "").then(text))


def without_blank_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows that hold anything at all, apart from their number."""
    if any(not one.null_count() for one in frame.drop(ROW).iter_columns()):
        return frame  # as nearly all are, and to filter costs a copy
    return frame.filter(pl.any_horizontal(pl.all().exclude(ROW).is_not_null()))


def regrouped(frames: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """The same rows in frames of exactly `rows`, but for the last; never an empty one."""
    waiting: list[pl.DataFrame] = []
    held = 0
    for frame in frames:
        waiting.append(frame)
        held += frame.height
        if held < rows:
            continue
        joined = pl.concat(waiting)
        whole = held - held % rows
        for start in range(0, whole, rows):
            yield joined.slice(start, rows)
        waiting = [joined.slice(whole)]
        held -= whole
    if held:
        yield pl.concat(waiting)

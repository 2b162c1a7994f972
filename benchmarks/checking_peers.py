"""The rules of `checking.py` written for pandera and for dataframely; each is imported only when it is asked for.

They judge values, not cells: what is no number, say, is found by `cast` beforehand. Asked for are all faults, by row.
"""

from collections.abc import Callable, Sequence
from typing import Final

import polars as pl

from bulk.model import ROW
from bulk.validation.coerce import BOOLEANS
from bulk.validation.damage import DATE, ERROR_VALUES, SCIENTIFIC

LONGEST: Final = {"sku": 100, "name": 200, "description": None, "image_url": 255, "upc": None, "tags": None}
CODES: Final = ("sku", "upc")
FLAGS: Final = ("sellable", "lot_tracking")
WHOLE: Final = ("qty_low_alert", "qty_reorder_threshold", "qty_minimum")
AMOUNTS: Final = (
    "retail_price", "wholesale_price", "unit_cost", "box_height", "product_length", "product_width", "product_height",
    "box_length", "box_width",
)  # fmt: skip


def sound(code: pl.Expr) -> pl.Expr:
    """Whether a spreadsheet has not damaged a code."""
    return ~(code.str.contains(SCIENTIFIC) | code.str.contains(DATE) | code.is_in(ERROR_VALUES))


def cast(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
    """The frame with values, and the row and column of each cell that cannot be read."""
    words = pl.col(FLAGS).str.to_lowercase().replace_strict(BOOLEANS, default=None, return_dtype=pl.Boolean)
    whole, amounts = pl.col(WHOLE).cast(pl.Int64, strict=False), pl.col(AMOUNTS).cast(pl.Float64, strict=False)
    typed = frame.with_columns(words, whole, amounts)
    faults = []
    for name in (*FLAGS, *WHOLE, *AMOUNTS):
        unread = frame[name].is_not_null() & typed[name].is_null()
        faults += [(row, name) for row in frame[ROW].filter(unread)]
    return typed, faults


def pandera_judge() -> Callable[[Sequence[pl.DataFrame]], int]:
    """What counts the faults that pandera finds."""
    import pandera.polars as pa  # noqa: PLC0415  # only with the extra

    def column(kind, *checks, nullable=True):
        return pa.Column(kind, list(checks), nullable=nullable)

    columns = {ROW: column(pl.Int64)}
    for name, longest in LONGEST.items():
        checks = [] if longest is None else [pa.Check.str_length(max_value=longest)]
        if name in CODES:
            checks.append(pa.Check(lambda data: data.lazyframe.select(sound(pl.col(data.key)))))
        columns[name] = column(pl.String, *checks, nullable=name != "sku")
    columns |= {name: column(pl.Boolean) for name in FLAGS}
    columns |= {name: column(pl.Int64) for name in WHOLE}
    columns |= {name: column(pl.Float64, pa.Check.ge(0)) for name in AMOUNTS}
    schema = pa.DataFrameSchema(columns)

    def judge(frames: Sequence[pl.DataFrame]) -> int:
        count = 0
        for frame in frames:
            typed, faults = cast(frame)
            count += len(faults)
            try:
                schema.validate(typed, lazy=True)
            except pa.errors.SchemaErrors as error:
                count += error.failure_cases.height
        return count

    return judge


def dataframely_judge() -> Callable[[Sequence[pl.DataFrame]], int]:
    """What counts the faults that dataframely finds."""
    import dataframely as dy  # noqa: PLC0415  # as above

    columns = {ROW: dy.Int64()}
    for name, longest in LONGEST.items():
        check = sound if name in CODES else None
        columns[name] = dy.String(nullable=name != "sku", max_length=longest, check=check)
    columns |= {name: dy.Bool(nullable=True) for name in FLAGS}
    columns |= {name: dy.Int64(nullable=True) for name in WHOLE}
    columns |= {name: dy.Float64(nullable=True, min=0) for name in AMOUNTS}
    schema = type("Catalog", (dy.Schema,), columns)

    def judge(frames: Sequence[pl.DataFrame]) -> int:
        count = 0
        for frame in frames:
            typed, faults = cast(frame)
            _, failure = schema.filter(typed)
            count += len(faults) + sum(failure.counts().values())
        return count

    return judge


PEERS: Final = {"pandera": pandera_judge, "dataframely": dataframely_judge}

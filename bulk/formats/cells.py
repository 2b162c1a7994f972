"""Typed values as the text of a cell, where a format has no such type; validation reads the same again."""

import json
from collections.abc import Sequence
from decimal import Decimal

import polars as pl


def with_text_for_lists(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every column of lists as text, empty lists as blanks."""
    return pl.DataFrame([_text(cells) if cells.dtype == pl.List else cells for cells in frame.get_columns()])


def list_text(elements: Sequence[object]) -> str | None:
    """Elements as `A; B`, or as a JSON array where that would be read otherwise."""
    filled = [element for element in elements if element is not None]
    if not filled:
        return None
    if any(isinstance(element, str) and _is_misleading(element) for element in filled):
        return json.dumps(filled, ensure_ascii=False)
    return "; ".join(map(str, filled))


def plain(number: float) -> str:
    """A finite float in digits, without an exponent; it reads back as the same float."""
    return f"{Decimal(repr(number)):f}"


def _is_misleading(element: str) -> bool:
    return ";" in element or element.startswith("[") or not element or element != element.strip()


def _text(cells: pl.Series) -> pl.Series:
    text = [None if cell is None else list_text(cell) for cell in cells.to_list()]
    return pl.Series(cells.name, text, dtype=pl.String)

"""Numbers such as 1.234 in a file that has decimal commas elsewhere: there the point probably groups digits."""

import re
from collections.abc import Iterable
from typing import Final

import polars as pl

from bulk.model import Rejection
from bulk.validation.damage import Finding

AMBIGUOUS: Final = "ambiguous_number"
"""The rule that such a cell breaks."""
_COMMA_RULES: Final = frozenset({"decimal_comma", "thousands_separator"})
_COMMA: Final = re.compile(r"^[+-]?\d*,\d+$|\.\d{3}(?:,\d*)?$")
_GROUPED: Final = re.compile(r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$")
"""Commas that group digits, or may."""


def have_decimal_commas(rejections: Iterable[Rejection]) -> bool:
    """Whether any cell of these rows can only be a number with a decimal comma, or with points between its digits."""
    return any(
        fault.rule in _COMMA_RULES and fault.value and _COMMA.search(fault.value) and not _GROUPED.search(fault.value)
        for one in rejections
        for fault in one.violations
    )


def may_be_grouped(text: pl.Expr) -> pl.Expr:
    """Whether a number would be another one if its point grouped digits."""
    return text.str.strip_chars().str.contains(r"^[+-]?[1-9]\d{0,2}\.\d{3}$")


def explain_grouped(text: str) -> Finding:
    """Which number was probably meant."""
    return Finding(
        AMBIGUOUS,
        f"elsewhere the file has decimal commas, so this may be {text.strip().replace('.', '')}",
        f"Write {text.strip().replace('.', '')} if that is meant, else {text.strip()}0.",
    )

"""Codes that have lost their leading zeros, which only the whole column can tell."""

from typing import Final

import polars as pl

from bulk.validation.damage import Finding

GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
_FEWEST = 5
_MOST_PART = 0.8


class WidthProfile:
    """How wide the all-digit codes of a column are, over a whole file: shorter ones may have lost leading zeros."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._zero_led: set[int] = set()

    def add(self, text: pl.Series) -> None:
        """Take in the codes of one chunk."""
        digits = pl.DataFrame({"text": text}).filter(pl.col("text").str.contains("^[0-9]+$"))
        widths = digits.group_by(pl.col("text").str.len_bytes().alias("width")).agg(
            pl.len().alias("count"), pl.col("text").str.starts_with("0").any().alias("zero_led")
        )
        for width, count, zero_led in widths.iter_rows():
            self._counts[width] = self._counts.get(width, 0) + count
            if zero_led:
                self._zero_led.add(width)

    @property
    def width(self) -> int | None:
        """The width that codes of this column have, if they clearly have one."""
        if not self._counts:
            return None
        width, count = max(self._counts.items(), key=lambda one: one[1])
        fixed = count >= _FEWEST and count >= _MOST_PART * sum(self._counts.values())
        return width if fixed and (width in self._zero_led or width in GTIN_LENGTHS) else None

    @property
    def has_shorter(self) -> bool:
        """Whether any code is shorter than the column's width."""
        return self.width is not None and any(width < self.width for width in self._counts)


def lost_zeros(text: pl.Expr, width: int) -> pl.Expr:
    """Whether an all-digit code is shorter than its column's width, and no barcode of a shorter kind either.

    A code that begins with a zero has lost none: they go all at once.
    """
    short = text.str.contains("^[1-9][0-9]*$") & (text.str.len_bytes() < width)
    if width not in GTIN_LENGTHS:
        return short
    return short & ~(text.str.len_bytes().is_in(sorted(GTIN_LENGTHS)) & _has_check_digit(text))


def _has_check_digit(text: pl.Expr) -> pl.Expr:
    """Whether the last digit is the one that GS1 demands: a short barcode that is whole by itself."""
    digits = text.str.zfill(max(GTIN_LENGTHS))
    weighted = [
        digits.str.slice(place, 1).cast(pl.Int64, strict=False) * (1 if place % 2 else 3) for place in range(14)
    ]
    return pl.sum_horizontal(weighted) % 10 == 0


def explain_lost_zeros(text: str, width: int) -> Finding:
    """Which code was probably meant."""
    return Finding(
        "lost_zeros",
        f"the codes of this column have {width} digits, this one has {len(text)}: "
        "a spreadsheet has probably dropped its leading zeros",
        f"If so, format the column as text and write {text.zfill(width)}.",
    )

"""Quick checks of the cells of a column as they stand: true where a filled cell is surely good.

The checks of a column follow each other, from the cheapest to the surest, and each is asked only of what the ones
before left open. A check may take a good cell for a doubtful one, never the other way round.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from bulk.validation import coerce, damage
from bulk.validation.cell_rules import bound_on
from bulk.validation.coerce import Family, PolarsType
from bulk.validation.columns import Column, Constraints, Kind

_NUMBER: Final = r"[0-9]{1,9}(?:\.[0-9]{1,5})?"
"""As nearly all numbers are, with no more digits than a spreadsheet keeps."""
_TOO_MANY_DIGITS: Final = 10.0**damage.EXACT_DIGITS
_CODE: Final = r"^[!-~](?:[ -~]*[!-~])?$"
"""Text without outer spaces and without anything that cannot be seen."""
_PLAIN: Final = ("A", "~")
"""The first and the last of the characters with which nothing odd begins; there is nothing behind them but DEL."""
_TRAILING_SPACE: Final = r"\s$"
_STRAIGHT: Final = frozenset(
    {
        (Family.INTEGER, Kind.INTEGER),
        (Family.INTEGER, Kind.NUMBER),
        (Family.FLOAT, Kind.NUMBER),
        (Family.BOOLEAN, Kind.BOOLEAN),
    }
)
"""Typed cells of which the value alone decides."""


def at_text(cell: pl.Expr, column: Column, forms: Sequence[str], *, is_code: bool) -> Sequence[pl.Expr]:
    """Checks of cells of text; none where only reading can tell. `forms` are the spellings of markers."""
    stated = column.constraints.stated()
    bounded = column.expected is None and stated.keys() <= {"max_length"}
    match column.kind:
        case Kind.INTEGER:
            return (_is_whole_number(cell) & _is_within(cell.cast(pl.Int64, strict=False), column),)
        case Kind.NUMBER if stated.keys() <= {"ge"} and stated.get("ge", 0) <= 0:
            return (cell.str.contains(f"^{_NUMBER}$"),)
        case Kind.NUMBER:
            within = _is_within(cell.cast(pl.Float64, strict=False), column)
            return (cell.str.contains(f"^-?{_NUMBER}$") & within,)
        case Kind.BOOLEAN:
            return (cell.is_in(coerce.TRUE + coerce.FALSE),)
        case Kind.TEXT if column.constraints.choices:
            return () if is_code else (cell.is_in([one for one in column.constraints.choices if one not in forms]),)
        case Kind.TEXT if is_code:
            odd = cell.is_in(forms) | damage.is_damaged_identifier(cell)
            plain = [_is_whole_number(cell), *_looks_like_a_code(cell, forms)] if bounded else []
            sure = cell.str.contains(_CODE) & ~odd & _is_usual(cell, column)
            return (*(one & _is_within(cell, column) for one in plain), sure)
        case Kind.TEXT:
            letters = _begins_plainly(cell, forms) if bounded else []
            sure = ~_begins_oddly(cell, forms) & _is_usual(cell, column)
            return (*(one & _is_within(cell, column) for one in letters), sure)
        case Kind.SCALAR | Kind.VALUE if not is_code and column.expected is None:
            return (*_begins_plainly(cell, forms), ~_begins_oddly(cell, forms))
        case Kind.TEXTS if not is_code and not stated and column.each.stated().keys() <= {"max_length"}:
            return (~_begins_oddly(cell, (*forms, ";", "[")) & ~_may_break(cell, column.each, column.kind),)
        case _:
            return ()


def at_value(cell: pl.Expr, column: Column, dtype: PolarsType, family: Family) -> Sequence[pl.Expr]:
    """Checks of typed cells; none where only reading can tell."""
    value = coerce.direct(cell, dtype, family, column) if (family, column.kind) in _STRAIGHT else None
    if value is None:
        return ()
    good = value.is_not_null() & _is_within(value, column)
    return (good & (value.abs() < _TOO_MANY_DIGITS) if column.kind is Kind.NUMBER else good,)


def _is_whole_number(cell: pl.Expr) -> pl.Expr:
    return cell.cast(pl.Int64, strict=False).is_not_null()


def _begins_plainly(cell: pl.Expr, forms: Sequence[str]) -> Sequence[pl.Expr]:
    """Whether a text begins with a letter of the Latin alphabet or a sign near them; none where a marker does as well.

    To compare texts takes a tenth of what a pattern takes.
    """
    first, last = _PLAIN
    return [] if any(first <= form[0] <= last for form in forms) else [(cell >= first) & (cell < chr(ord(last) + 1))]


def _looks_like_a_code(cell: pl.Expr, forms: Sequence[str]) -> Sequence[pl.Expr]:
    """Whether a text that begins with a letter is sound, where all characters of all texts can be seen."""
    characters = cell.cast(pl.Binary).cast(pl.List(pl.UInt8)).explode()
    seen = (characters.min() >= ord(" ")) & (characters.max() <= ord("~"))
    shortest, longest = damage.MONTH_FIRST
    length = cell.str.len_bytes()
    rest = seen & ~cell.str.ends_with(" ") & ((length < shortest) | (length > longest))
    return [plain & rest for plain in _begins_plainly(cell, forms)]


def _begins_oddly(cell: pl.Expr, forms: Sequence[str]) -> pl.Expr:
    """Whether a text begins like a marker, an error of a spreadsheet, or with a space."""
    odd = "|".join(pl.escape_regex(form) for form in (*forms, "#"))
    return cell.str.contains(rf"^(?:\s|{odd})")


def _is_usual(cell: pl.Expr, column: Column) -> pl.Expr:
    """Whether a text breaks no bound, and is as text of its column usually is."""
    odd = _may_break(cell, column.constraints, column.kind)
    if column.expected is None and column.constraints.stated().keys() <= {"max_length"}:
        return ~odd  # whatever spaces are behind the text, without them it is only shorter
    if column.expected is not None:
        odd |= ~cell.str.contains(column.expected.pattern)
    return ~(odd | cell.str.contains(_TRAILING_SPACE))


def _is_within(value: pl.Expr, column: Column) -> pl.Expr:
    return ~_may_break(value, column.constraints, column.kind)


def _may_break(value: pl.Expr, constraints: Constraints, kind: Kind) -> pl.Expr:
    bounds = (bound_on(value, name, bound, kind) for name, bound in constraints.stated().items())
    return pl.any_horizontal(pl.lit(value=False), *(broken if hint is None else hint for broken, hint in bounds))

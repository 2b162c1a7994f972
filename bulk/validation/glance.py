"""Rows that are good at a glance, told from their cells as they stand, so that only the others need be read.

To bring all cells to text and value and to ask every rule of them takes several times as long. A glance may take a good
row for a doubtful one, never the other way round: what it knows no quick look for is doubtful wherever it is filled.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from bulk.model import ROW
from bulk.validation import coerce, damage
from bulk.validation.binding import Binding, Bound
from bulk.validation.coerce import Family, PolarsType
from bulk.validation.columns import Column, Constraints, Kind
from bulk.validation.joint_rules import JointCheck
from bulk.validation.reader import Reader
from bulk.validation.rules import Markers, bound_on, spellings

_NUMBER: Final = r"[0-9]{1,9}(?:\.[0-9]{1,5})?"
"""As nearly all numbers are, with no more digits than a spreadsheet keeps."""
_TOO_MANY_DIGITS: Final = 10.0**damage.EXACT_DIGITS
_CODE: Final = r"^[!-~](?:[ -~]*[!-~])?$"
"""Text without outer spaces and without anything that cannot be seen."""
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


class Glance:
    """Tells which rows of a table are doubtful."""

    def __init__(self, binding: Binding, joint: Sequence[JointCheck], reader: Reader, markers: Markers) -> None:
        self._binding = binding
        self._reader = reader
        self._forms = spellings([markers.clear, markers.empty])
        # What is filled in is in no cell, and a marker that could be a value takes more than a look.
        self._blind = any(one.fill is not None for one in binding.columns) or any(
            coerce.is_decimal(form) or form.lower() in coerce.BOOLEANS for form in self._forms
        )
        self._joint = [check.broken for check in joint]
        self._joined = sorted({int(name[1:]) for broken in self._joint for name in broken.meta.root_names()})
        self._plans: dict[tuple[PolarsType, ...], pl.Expr] = {}
        """By types, since to build expressions takes longer than to look at a small frame."""

    def doubtful(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows that must be read. Raises `SourceError` for a column whose type cannot be in a cell."""
        if self._blind:
            return frame
        own, foreign = self._binding.columns, self._binding.foreign
        cells = [frame.get_column(str(one.header)).alias(f"c{at}") for at, one in enumerate((*own, *foreign))]
        types = tuple(one.dtype for one in cells)
        if types not in self._plans:
            doubts = [self._doubt(pl.col(f"c{at}"), one, types[at]) for at, one in enumerate(own)]
            misplaced = [pl.col(f"c{at}").is_not_null() for at in range(len(own), len(types))]
            self._plans[types] = pl.any_horizontal(*doubts, *misplaced)
        doubtful = pl.DataFrame(cells).select(self._plans[types]).to_series()
        if self._joint:
            broken = pl.any_horizontal(self._joint).fill_null(value=False).alias("broken")
            doubtful |= self._reader.read(frame, self._joined).select(ROW, broken).get_column("broken")
        return frame.filter(doubtful)

    def _doubt(self, cell: pl.Expr, one: Bound, dtype: PolarsType) -> pl.Expr:
        """Whether a cell may break a rule, or may have to be remarked upon."""
        family = coerce.family_of(dtype, one.label)
        is_key = one is self._binding.key
        good = None
        if one.split is None and dtype == pl.String:
            good = self._is_good_text(cell, one.column, is_code=is_key or one.column.identifier)
        elif one.split is None and not is_key and not one.column.identifier:
            good = _is_good_value(cell, one.column, dtype, family)
        doubt = cell.is_not_null() if good is None else cell.is_not_null() & ~good
        return cell.is_null() | doubt if is_key else doubt

    def _is_good_text(self, cell: pl.Expr, column: Column, *, is_code: bool) -> pl.Expr | None:
        """Whether a filled cell of text is surely good; None where only reading can tell."""
        stated = column.constraints.stated()
        match column.kind:
            case Kind.INTEGER:
                value = cell.cast(pl.Int64, strict=False)
                return value.is_not_null() & _is_within(value, column)
            case Kind.NUMBER if stated.keys() <= {"ge"} and stated.get("ge", 0) <= 0:
                return cell.str.contains(f"^{_NUMBER}$")
            case Kind.NUMBER:
                return cell.str.contains(f"^-?{_NUMBER}$") & _is_within(cell.cast(pl.Float64, strict=False), column)
            case Kind.BOOLEAN:
                return cell.is_in(coerce.TRUE + coerce.FALSE)
            case Kind.TEXT if column.constraints.choices:
                choices = [one for one in column.constraints.choices if one not in self._forms]
                return None if is_code else cell.is_in(choices)
            case Kind.TEXT if is_code:
                odd = cell.is_in(self._forms) | damage.is_damaged_identifier(cell)
                return cell.str.contains(_CODE) & ~odd & _is_usual(cell, column)
            case Kind.TEXT:
                return ~self._begins_oddly(cell) & _is_usual(cell, column)
            case Kind.SCALAR | Kind.VALUE if not is_code and column.expected is None:
                return ~self._begins_oddly(cell)
            case Kind.TEXTS if not is_code and not stated and column.each.stated().keys() <= {"max_length"}:
                return ~self._begins_oddly(cell, ";", "[") & ~_may_break(cell, column.each, column.kind)
            case _:
                return None

    def _begins_oddly(self, cell: pl.Expr, *more: str) -> pl.Expr:
        """Whether a text begins like a marker, an error of a spreadsheet, or with a space."""
        odd = "|".join(pl.escape_regex(form) for form in (*self._forms, "#", *more))
        return cell.str.contains(rf"^(?:\s|{odd})")


def _is_usual(cell: pl.Expr, column: Column) -> pl.Expr:
    """Whether a text breaks no bound, and is as text of its column usually is."""
    odd = _may_break(cell, column.constraints, column.kind)
    if column.expected is None and column.constraints.stated().keys() <= {"max_length"}:
        return ~odd  # whatever spaces are behind the text, without them it is only shorter
    if column.expected is not None:
        odd |= ~cell.str.contains(column.expected.pattern)
    return ~(odd | cell.str.contains(_TRAILING_SPACE))


def _is_good_value(cell: pl.Expr, column: Column, dtype: PolarsType, family: Family) -> pl.Expr | None:
    """Whether a filled typed cell is surely good; None where only reading can tell."""
    value = coerce.direct(cell, dtype, family, column) if (family, column.kind) in _STRAIGHT else None
    if value is None:
        return None
    good = value.is_not_null() & _is_within(value, column)
    return good & (value.abs() < _TOO_MANY_DIGITS) if column.kind is Kind.NUMBER else good


def _is_within(value: pl.Expr, column: Column) -> pl.Expr:
    return ~_may_break(value, column.constraints, column.kind)


def _may_break(value: pl.Expr, constraints: Constraints, kind: Kind) -> pl.Expr:
    bounds = (bound_on(value, name, bound, kind) for name, bound in constraints.stated().items())
    return pl.any_horizontal(pl.lit(value=False), *(broken if hint is None else hint for broken, hint in bounds))

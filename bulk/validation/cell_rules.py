"""Constraints as polars expressions: which cells break which rule, and how to say so.

A rule looks at the working frame of the validator, where column number n of the binding has its text in `text(n)` and
its value in `value(n)`; null is blank. Null passes every rule but `required`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import polars as pl

from bulk.validation import coerce, damage, messages
from bulk.validation.binding import Bound
from bulk.validation.coerce import Family
from bulk.validation.columns import Column, Kind
from bulk.validation.damage import Finding


def text(number: int) -> pl.Expr:
    """Text of a column's cells."""
    return pl.col(f"t{number}")


def value(number: int) -> pl.Expr:
    """Values of a column's cells."""
    return pl.col(f"v{number}")


def is_wrongly_split(number: int) -> pl.Expr:
    """Whether a cell that holds several values holds another number of them; such a cell has no text."""
    return pl.col(f"s{number}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Something a cell can break."""

    number: int
    """Which of the binding's columns."""
    broken: pl.Expr
    """Whether a row breaks it."""
    explain: Callable[[str], Finding]
    """What to say about a cell with this text."""
    hint: pl.Expr | None = None
    """Cheaper than `broken`, and true wherever that is."""

    @property
    def suspicious(self) -> pl.Expr:
        """What to ask of every row; rows where it is not true need not be looked at again."""
        return self.broken if self.hint is None else self.hint


@dataclass(frozen=True, kw_only=True, slots=True)
class Markers:
    """Cells that stand for something that cannot be written."""

    clear: str
    """Null."""
    empty: str
    """The empty list."""

    def is_clear(self, number: int) -> pl.Expr:
        """Whether a cell stands for null."""
        return _is_spelling(number, (self.clear,))

    def is_empty(self, number: int) -> pl.Expr:
        """Whether a cell stands for the empty list."""
        return _is_spelling(number, (self.empty,))

    def is_marker(self, number: int) -> pl.Expr:
        """Whether a cell stands for either."""
        return _is_spelling(number, (self.clear, self.empty))


def spellings(markers: Iterable[str]) -> list[str]:
    """Markers in the cases that people type them in."""
    return sorted({form for one in markers for form in (one, one.lower(), one.upper(), one.title())})


@lru_cache(maxsize=1024)  # asked a dozen times for each column of each chunk, and slow to build
def _is_spelling(number: int, markers: tuple[str, ...]) -> pl.Expr:
    """Whether a cell is a marker in a case that people type it in: what only looks like one must not be written."""
    return text(number).is_in(spellings(markers))


def cell_rules(number: int, columns: Sequence[Bound], key: Bound, family: Family, markers: Markers) -> Iterator[Rule]:
    """All rules of one column, in the order in which they are reported."""
    bound = columns[number]
    column = bound.column
    # What is read by its text has no value where it is a marker.
    marked = _is_without_value(number) if family is Family.TEXT else None
    if bound.split is not None and all(one.header != bound.header for one in columns[:number]):
        finding = messages.wrong_parts(bound.split.by, len(bound.split.into))
        yield _always(number, is_wrongly_split(number), finding)
    if bound is key:
        yield _always(number, text(number).is_null(), messages.missing_key(column))
        invisible = text(number).str.contains(damage.INVISIBLE)
        yield Rule(number=number, broken=invisible, explain=damage.explain_invisible)
    if not column.nullable:
        yield _always(number, markers.is_clear(number), messages.not_nullable(column, markers.clear), marked)
    if not column.is_list:
        finding = messages.not_a_list(column, markers.empty, markers.clear)
        yield _always(number, markers.is_empty(number), finding, marked)
    elif column.constraints.min_length:
        yield _always(number, markers.is_empty(number), messages.too_few(column.constraints.min_length), marked)
    yield from _readable(number, column, family, markers)
    yield from _bounds(number, column)


def _readable(number: int, column: Column, family: Family, markers: Markers) -> Iterator[Rule]:
    """Rules on whether a cell can be what the column holds at all; a cell that cannot breaks no other rule."""
    if column.identifier:
        damaged = damage.is_damaged_identifier(text(number))
        yield Rule(number=number, broken=damaged, explain=damage.explain_identifier)
        if family is Family.BOOLEAN:
            yield _always(number, text(number).is_not_null(), messages.TRUTH_VALUE)
        if family is Family.FLOAT:
            long = text(number).str.contains(rf"^-?[0-9]{{{damage.EXACT_DIGITS + 1},}}$")
            yield Rule(number=number, broken=long, explain=damage.explain_rounded)
    elif column.kind in {Kind.TEXT, Kind.TEXTS, Kind.SCALAR, Kind.VALUE} and family is Family.TEXT:
        error = damage.is_error_value(text(number)) & value(number).is_not_null()
        hint = text(number).str.starts_with("#")
        yield Rule(number=number, broken=error, hint=hint, explain=damage.explain_error_value)
    none = _is_without_value(number)
    unread = none & ~markers.is_marker(number)
    yield Rule(number=number, broken=unread, hint=none, explain=messages.unreadable(column))
    if column.kind is Kind.NUMBER:
        long = text(number).str.len_bytes() > damage.EXACT_DIGITS
        inexact = coerce.each(text(number), _is_inexact, pl.Boolean())
        yield Rule(number=number, broken=value(number).is_not_null() & inexact, hint=long, explain=messages.too_precise)


def _bounds(number: int, column: Column) -> Iterator[Rule]:
    """Rules that the model states, on values that could be read."""
    if column.kind in {Kind.JSON, Kind.SCALAR, Kind.VALUE} or column.constraints.choices:
        return
    if column.is_list:
        length = value(number).list.len()
        for name, bound in column.constraints.stated().items():
            finding = messages.too_few(bound) if name == "min_length" else messages.too_many(bound)
            yield _always(number, length < bound if name == "min_length" else length > bound, finding)
        for name, bound in column.each.stated().items():
            if name != "choices":
                broken, _ = bound_on(pl.element(), name, bound, column.kind)
                finding = messages.element_out_of_bounds(name, bound)
                yield _always(number, value(number).list.eval(broken).list.any(), finding)
        return
    for name, bound in column.constraints.stated().items():
        broken, hint = bound_on(value(number), name, bound, column.kind)
        yield Rule(number=number, broken=broken, hint=hint, explain=messages.out_of_bounds(name, bound))


def bound_on(cell: pl.Expr, name: str, bound: Any, kind: Kind) -> tuple[pl.Expr, pl.Expr | None]:  # noqa: ANN401  # a number, or a pattern
    """Whether a value breaks one bound, and a cheaper hint at it."""
    match name:
        case "max_length":
            # No text has more characters than bytes, and counting bytes costs nothing.
            return cell.str.len_chars() > bound, cell.str.len_bytes() > bound
        case "min_length":
            return cell.str.len_chars() < bound, None
        case "pattern":
            return ~cell.str.contains(str(bound)), None
        case "ge":
            return cell < bound, None
        case "gt":
            return cell <= bound, None
        case "le":
            return cell > bound, None
        case "lt":
            return cell >= bound, None
        case "multiple_of":
            if kind is not Kind.NUMBER:
                return cell % bound != 0, None
            # As pydantic has it: decimals are rarely exact multiples in binary.
            rest, tolerance = cell.abs() % bound, cell.abs() / 1e9
            return (rest > tolerance) & ((rest - bound).abs() > tolerance), None
        case _:
            raise AssertionError(name)


def _always(number: int, broken: pl.Expr, finding: Finding, hint: pl.Expr | None = None) -> Rule:
    return Rule(number=number, broken=broken, hint=hint, explain=lambda _: finding)


@lru_cache(maxsize=1024)  # the hint of several rules, of which one is enough
def _is_without_value(number: int) -> pl.Expr:
    return text(number).is_not_null() & value(number).is_null()


def _is_inexact(cell: str) -> bool:
    """Whether a plain decimal would arrive as another number."""
    return coerce.is_decimal(cell) and Decimal(cell) != Decimal(repr(float(cell)))

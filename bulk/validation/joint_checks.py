"""Rules that join columns, as polars expressions; see `cell_rules` for those on single cells.

What cannot be read is reported as such and breaks nothing else: an expression is null where a rule cannot tell.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from bulk.model import listed
from bulk.validation.binding import Bound
from bulk.validation.cell_rules import Markers, text, value
from bulk.validation.columns import Column
from bulk.validation.damage import Finding
from bulk.validation.joint_rules import (
    ExactlyOne,
    JointRule,
    Literals,
    NotBoth,
    NotSwapped,
    OnlyWith,
    RequiredUnless,
    RequiredWhen,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class JointCheck:
    """Something the cells of a row can break together."""

    label: str | None
    """The column to name."""
    broken: pl.Expr
    """Whether a row breaks it."""
    finding: Finding
    """What to say."""


def joint_checks(
    rules: Sequence[JointRule], columns: Sequence[Bound], key: Bound, markers: Markers
) -> Iterator[JointCheck]:
    """The rules of a model, as far as they can be broken by a table with these columns."""
    row = _Row(columns, markers)
    for rule in rules:
        match rule:
            case NotBoth(first, second):
                if row.has(first) and row.has(second):
                    names = row.label(first), row.label(second)
                    message = f"{listed(names)} are both filled, and {rule.why}"
                    finding = Finding(rule.name, message, "Make one of the two cells blank.")
                    broken = row.filled(first) & row.filled(second)
                    yield JointCheck(label=names[-1], broken=broken, finding=finding)
            case ExactlyOne(paths):
                if key.column.name not in paths:  # the binding sends the key and none of the others
                    count = pl.sum_horizontal(row.filled(path).cast(pl.Int32) for path in paths)
                    finding = Finding(rule.name, rule.describe(row.label))
                    yield JointCheck(label=None, broken=count != 1, finding=finding)
            case NotSwapped(first, second, most, more):
                if row.has(first) and row.has(second):
                    one, other = row.number(first).abs(), row.number(second).abs()
                    finding = Finding(rule.name, rule.describe(), f"Exchange {listed([first, second])}.")
                    broken = (other > most) & (other <= more) & (one <= most)
                    yield JointCheck(label=row.label(second), broken=broken, finding=finding)
            case RequiredWhen(field, when, equals):
                if row.has(when):
                    yield row.requirement(rule, field, row.is_one_of(when, (equals,)))
            case RequiredUnless(field, unless, where):
                excuses = pl.all_horizontal(row.is_one_of(path, (equals,)) for path, equals in unless)
                applies = row.is_one_of(*where) if where else pl.lit(value=True)
                if where is None or row.has(where[0]):
                    yield row.requirement(rule, field, applies & ~excuses)
            case OnlyWith(field, equals, other, choices):
                if row.has(field) and row.has(other):
                    elsewhere = row.filled(other) & ~row.is_one_of(other, choices)
                    advice = f"Change it, or make the cell blank; {row.label(other)} decides."
                    finding = Finding(rule.name, rule.describe(row.label), advice)
                    broken = row.is_one_of(field, (equals,)) & elsewhere
                    yield JointCheck(label=row.label(field), broken=broken, finding=finding)
            case _:
                raise AssertionError(rule)


def missing_parts(
    needed: Sequence[Column], columns: Sequence[Bound], key: Bound, markers: Markers
) -> Iterator[JointCheck]:
    """Fields without which their object must not be sent, and those that every row must have."""
    row = _Row(columns, markers)
    for column in needed:
        around = ".".join(column.within or ())
        if column.name == key.column.name or (around and not row.has(f"{around}.")):
            continue
        trigger = row.filled(f"{around}.") if around else pl.lit(value=True)
        present = pl.any_horizontal(
            row.filled(f"{column.name}."),
            *(row.filled(".".join(column.path[:depth])) for depth in range(1, len(column.path) + 1)),
        )
        label = row.label(column.name)
        message = f"{column.name} is missing" + (f", and {around} is only taken whole" if around else "")
        fill = f"Fill in {label}" if row.has(column.name) else f"Add a column {label} and fill it in"
        advice = fill + (f", or make the rest of {around} blank." if around else ".")
        yield JointCheck(label=label, broken=trigger & ~present, finding=Finding("required", message, advice))


class _Row:
    """What the cells of a row say about fields, which go by their dotted paths; `x.` and `x.*` are all below x."""

    def __init__(self, columns: Sequence[Bound], markers: Markers) -> None:
        self._columns = columns
        self._markers = markers

    def has(self, path: str) -> bool:
        """Whether there is a column for it."""
        return bool(self._numbers(path))

    def label(self, path: str) -> str:
        """What the file calls it."""
        return next((self._columns[number].label for number in self._numbers(path)), path)

    def filled(self, path: str) -> pl.Expr:
        """Whether a cell of it is filled."""
        return pl.any_horizontal(pl.lit(value=False), *(text(number).is_not_null() for number in self._numbers(path)))

    def number(self, path: str) -> pl.Expr:
        """Its number; null where its cell cannot be read."""
        return value(self._numbers(path)[0])

    def is_one_of(self, path: str, values: Literals) -> pl.Expr:
        """Whether it has one of these values; null where its cell cannot be read."""
        if not self.has(path):
            return pl.lit(value=False)
        number = self._numbers(path)[0]
        return pl.when(self._is_unset(number)).then(pl.lit(value=False)).otherwise(value(number).is_in(values))

    def requirement(self, rule: JointRule, path: str, applies: pl.Expr) -> JointCheck:
        """That it must have a value where something applies."""
        unset = pl.all_horizontal(pl.lit(value=True), *(self._is_unset(number) for number in self._numbers(path)))
        label = self.label(path)
        advice = f"Fill in {label}." if self.has(path) else f"Add a column {label} and fill it in."
        finding = Finding(rule.name, rule.describe(self.label), advice)
        return JointCheck(label=label, broken=applies & unset, finding=finding)

    def _is_unset(self, number: int) -> pl.Expr:
        blank = text(number).is_null()
        return blank | self._markers.is_clear(number) if self._columns[number].column.nullable else blank

    def _numbers(self, path: str) -> list[int]:
        return [number for number, one in enumerate(self._columns) if _is_at(one.column, path)]


def _is_at(column: Column, path: str) -> bool:
    return column.name.startswith(path.rstrip("*")) if path.endswith((".", "*")) else column.name == path

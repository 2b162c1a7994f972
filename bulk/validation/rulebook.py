"""All rules for the rows of one table: which of them each row breaks, and what to say about it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import compress
from operator import or_
from typing import TypeAlias

import polars as pl

from bulk.model import Rejection, Violation, shorten
from bulk.validation import messages
from bulk.validation.binding import Binding, Bound
from bulk.validation.cell_rules import Markers, Rule, cell_rules
from bulk.validation.cells import cells_of
from bulk.validation.coerce import Family
from bulk.validation.columns import Column, Constraints, Kind, Schema
from bulk.validation.damage import Finding
from bulk.validation.joint_checks import JointCheck, joint_checks, missing_parts
from bulk.validation.joint_rules import NotBoth, RequiredUnless, RequiredWhen
from bulk.validation.reader import Reader

Said: TypeAlias = tuple[str | None, Finding]
"""The column to name, and what is wrong there."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Chapter:
    """Rules that are asked together."""

    rules: Sequence[Rule | JointCheck]
    """In the order in which they are reported."""
    doubt: pl.Expr
    """Whether a row may break one of them."""


class Rulebook:
    """Finds the faults of rows. Keeps nothing but what it worked out for the types of the table's columns."""

    def __init__(self, schema: Schema, binding: Binding, reader: Reader, markers: Markers, *, title: str) -> None:
        """`title` is what a row is, with its article."""
        self._binding = binding
        self._reader = reader
        self._markers = markers
        self._title = title
        self._key = binding.columns.index(binding.key)
        self._as_text = Reader([replace(one, column=_as_text(one.column)) for one in binding.foreign], markers)
        needed = [column for column in schema.columns if column.within is not None]
        self._needed = {
            binding.key.column.name,
            *(column.name for column in needed),
            *(rule.field for rule in schema.rules if isinstance(rule, RequiredWhen | RequiredUnless)),
        }
        self.joint: Sequence[JointCheck] = (
            *joint_checks((*schema.rules, *_overlaps(binding.columns)), binding.columns, binding.key, markers),
            *missing_parts(needed, binding.columns, binding.key, markers),
        )
        """Rules that join columns."""
        self._chapters: dict[tuple[int, Family], _Chapter] = {}

    def rejections(
        self, frame: pl.DataFrame, work: pl.DataFrame, numbers: Sequence[int] | None = None
    ) -> tuple[Rejection, ...]:
        """The rows that break a rule, each with every rule that it breaks.

        `work` is what was read of the frame: these columns, by default all, and those that rules join.
        """
        found = self._findings(frame, work, range(len(self._binding.columns)) if numbers is None else numbers)
        if not found:
            return ()
        places = sorted(found)
        bad, read = frame[places], work[places]
        keys = read.get_column(f"t{self._key}").to_list()
        return tuple(
            Rejection(
                row=row,
                key=key,
                cells=cells,
                violations=tuple(violation(row, cells, label, finding) for label, finding in found[place]),
            )
            for place, (row, cells), key in zip(places, cells_of(bad), keys, strict=True)
        )

    def _findings(self, frame: pl.DataFrame, work: pl.DataFrame, numbers: Sequence[int]) -> Mapping[int, list[Said]]:
        """What is wrong with each row, by its place in the frame."""
        found: dict[int, list[Said]] = defaultdict(list)
        families = self._reader.families(frame)
        chapters = [self._chapter(number, families[number]) for number in numbers]
        if self.joint:
            chapters.append(_Chapter(rules=self.joint, doubt=_any([check.broken for check in self.joint])))
        doubted = work.select(one.doubt.alias(str(place)) for place, one in enumerate(chapters))
        suspects = [rule for one, doubt in zip(chapters, doubted, strict=True) if doubt.any() for rule in one.rules]
        if suspects:
            doubtful = list(compress(range(len(work)), reduce(or_, doubted)))
            for place, said in self._broken(work[doubtful], suspects):
                found[doubtful[place]].append(said)
        for place, said in self._misplaced(frame):
            found[place].append(said)
        return found

    def _chapter(self, number: int, family: Family) -> _Chapter:
        """The rules of one column. The same for every frame with this type in it."""
        if (number, family) not in self._chapters:
            rules = list(cell_rules(number, self._binding.columns, self._binding.key, family, self._markers))
            # One hint may be that of several rules.
            doubt = _any({id(rule.suspicious): rule.suspicious for rule in rules}.values())
            self._chapters[number, family] = _Chapter(rules=rules, doubt=doubt)
        return self._chapters[number, family]

    def _broken(self, doubtful: pl.DataFrame, rules: Sequence[Rule | JointCheck]) -> Iterator[tuple[int, Said]]:
        """Which of these rules are broken where."""
        flags = doubtful.select(one.broken.fill_null(value=False).alias(str(n)) for n, one in enumerate(rules))
        for flag, one in zip(flags, rules, strict=True):
            if not flag.any():
                continue
            places = compress(range(len(flag)), flag)
            if isinstance(one, JointCheck):
                yield from ((place, (one.label, one.finding)) for place in places)
                continue
            cells = doubtful.get_column(f"t{one.number}").to_list()
            said: dict[str | None, Said] = {}  # to find the words takes longer than all the rest
            for place in places:
                cell = cells[place]
                if cell not in said:
                    said[cell] = self._said(one, cell or "")
                yield place, said[cell]

    def _said(self, rule: Rule, cell: str) -> Said:
        """What a rule says about a cell that breaks it."""
        bound = self._binding.columns[rule.number]
        finding = rule.explain(cell)
        if bound.column.name in self._needed:
            finding = finding.of_what_must_be_sent()
        if bound.split is not None and finding.rule != "split":  # the file's column holds several of ours
            finding = replace(finding, message=f"{bound.column.name}: {finding.message}")
        return bound.label, finding

    def _misplaced(self, frame: pl.DataFrame) -> Iterator[tuple[int, Said]]:
        """Filled cells of columns that only rows of another kind have."""
        if not self._binding.foreign:
            return
        work = self._as_text.read(frame)
        for number, one in enumerate(self._binding.foreign):
            for place in work.get_column(f"t{number}").is_not_null().arg_true():
                yield place, (one.label, messages.not_here(self._title, one.label))


def violation(row: int, cells: Mapping[str, object], label: str | None, finding: Finding) -> Violation:
    """A finding about one row, with the cell as it was read."""
    cell = cells.get(label) if label is not None else None
    return Violation(
        row=row,
        column=label,
        rule=finding.rule,
        value=None if cell is None else shorten(cell),
        message=finding.message,
        advice=finding.advice,
    )


def _any(doubts: Iterable[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(doubts).fill_null(value=False)


def _overlaps(columns: Sequence[Bound]) -> Iterator[NotBoth]:
    """Entries of an open object of which one holds the other."""
    paths = [one.column.path for one in columns]
    for one in columns:
        size = len(one.column.path)
        if one.column.deep and any(path[:size] == one.column.path and len(path) > size for path in paths):
            yield NotBoth(one.column.name, f"{one.column.name}.*", "the one holds the other")


def _as_text(column: Column) -> Column:
    return replace(column, kind=Kind.TEXT, constraints=Constraints())

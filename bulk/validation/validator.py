"""A frame into good rows and rejections: cells are coerced once, rules are evaluated once, rows are split once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import polars as pl

from bulk.errors import UsageError
from bulk.model import ROW, Rejection, Violation, shorten
from bulk.validation import coerce, damage, messages
from bulk.validation.binding import Binding, Bound
from bulk.validation.cells import original_cells
from bulk.validation.coerce import Family
from bulk.validation.columns import Column, Constraints, Kind, Schema
from bulk.validation.glance import Glance
from bulk.validation.joint import NotBoth, RequiredUnless, RequiredWhen
from bulk.validation.joint_rules import JointCheck, joint_checks, missing_parts
from bulk.validation.payload import payload
from bulk.validation.reader import Reader
from bulk.validation.rules import Markers, Rule, cell_rules, text, value
from bulk.validation.shown import shown
from bulk.validation.verdicts import Checked, Faults, Unusual


class Validator:
    """Judges the frames of one table. Keeps nothing but what it worked out for the types of the table's columns."""

    def __init__(
        self,
        schema: Schema,
        binding: Binding,
        *,
        clear: str = "<clear>",
        empty: str = "<empty>",
        title: str = "this row",
    ) -> None:
        """`title` is what a row is, with its article."""
        if not clear.strip() or not empty.strip() or clear.strip() == empty.strip():
            raise UsageError("the markers for null and for the empty list must be two different texts")
        self.schema = schema
        self.binding = binding
        self._columns = binding.columns
        self._key = binding.columns.index(binding.key)
        self._markers = Markers(clear=clear.strip(), empty=empty.strip())
        self._title = title
        self._reader = Reader(self._columns, self._markers)
        self._payload = payload(binding, self._markers)
        self._known_judges: dict[
            tuple[Family, ...], tuple[Sequence[Sequence[Rule | JointCheck]], Sequence[pl.Expr]]
        ] = {}
        self._consequences = [
            (number, one.column.consequence)
            for number, one in enumerate(self._columns)
            if one.column.consequence is not None
        ]
        needed = [column for column in schema.columns if column.within is not None]
        self._needed = {
            binding.key.column.name,
            *(column.name for column in needed),
            *(rule.field for rule in schema.rules if isinstance(rule, RequiredWhen | RequiredUnless)),
        }
        self._joint: Sequence[JointCheck] = (
            *joint_checks((*schema.rules, *_overlaps(self._columns)), self._columns, binding.key, self._markers),
            *missing_parts(needed, self._columns, binding.key, self._markers),
        )
        self._glance = Glance(binding, self._joint, self._reader, self._markers)

    def check(self, frame: pl.DataFrame) -> Checked:
        """Judge every row. Raises `SourceError` for a column whose type cannot be in a document."""
        work = self._reader.read(frame)
        bad = self._rejections(frame, work)
        judged = work.select(
            ROW,
            self._key_text().alias("key"),
            self._payload(work).alias("payload"),
            self._shown(frame).alias("shown"),
            *(self._markers.is_marker(number).alias(consequence) for number, consequence in self._consequences),
        )
        good = judged.filter(~pl.col(ROW).is_in([one.row for one in bad])) if bad else judged
        losses = [consequence for _, consequence in self._consequences]
        losing = good.filter(pl.any_horizontal(losses)) if losses else good.clear()
        return Checked(
            good=good.select(ROW, "key", "payload", "shown"),
            bad=bad,
            losing=losing.select(ROW, *losses),
            named_by=self.binding.key.column.name,
            unusual=tuple(self._unusual(work, bad)),
        )

    def faults(self, frame: pl.DataFrame) -> Faults:
        """As `check`, several times as fast: for who does not want what can be sent."""
        doubtful = self._glance.doubtful(frame)
        if doubtful.is_empty():
            return Faults()
        work = self._reader.read(doubtful)
        bad = self._rejections(doubtful, work)
        return Faults(bad=bad, unusual=tuple(self._unusual(work, bad)))

    def _unusual(self, work: pl.DataFrame, bad: Sequence[Rejection]) -> Iterator[Unusual]:
        """Text of rows that are not bad, and not as it usually is."""
        rows = [one.row for one in bad]
        for number, one in enumerate(self._columns):
            expected = one.column.expected
            if expected is None:
                continue
            strange = work.filter(~value(number).str.contains(expected.pattern) & ~pl.col(ROW).is_in(rows))
            if strange.height:
                row, found = strange.select(ROW, value(number)).row(0)
                yield Unusual(label=one.label, expected=expected, row=row, text=found, count=strange.height)

    def _judges(self, families: tuple[Family, ...]) -> tuple[Sequence[Sequence[Rule | JointCheck]], Sequence[pl.Expr]]:
        """The rules of each column, and those that join columns, with what makes a row doubtful in view of them.

        The same for every frame of these types.
        """
        if families not in self._known_judges:
            judges: list[Sequence[Rule | JointCheck]] = []
            doubts: list[pl.Expr] = []
            for number, family in enumerate(families):
                rules = list(cell_rules(number, self._columns, self.binding.key, family, self._markers))
                judges.append(rules)
                doubts.append(pl.any_horizontal({id(rule.suspicious): rule.suspicious for rule in rules}.values()))
            if self._joint:
                judges.append(self._joint)
                doubts.append(pl.any_horizontal(check.broken for check in self._joint))
            named = [doubt.fill_null(value=False).alias(str(number)) for number, doubt in enumerate(doubts)]
            self._known_judges[families] = judges, named
        return self._known_judges[families]

    def identify(self, frame: pl.DataFrame) -> pl.DataFrame:
        """What rules over the whole file look at.

        Position, `key` where readable; by dotted name, text of identifiers behind `=` and of unique columns behind `~`.
        """
        identifiers = [number for number, one in enumerate(self._columns) if one.column.identifier]
        unique = [number for number, one in enumerate(self._columns) if one.column.unique]
        work = self._reader.read(frame, sorted({self._key, *identifiers, *unique}))
        readable = pl.lit(value=True)
        if self.binding.key.column.identifier:
            readable = ~damage.is_damaged_identifier(text(self._key))
        return work.select(
            ROW,
            pl.when(readable).then(self._key_text()).alias("key"),
            *(
                pl.when(~self._markers.is_marker(number))
                .then(text(number))
                .alias(f"={self._columns[number].column.name}")
                for number in identifiers
            ),
            *(
                coerce.each(
                    pl.when(~self._markers.is_marker(number) & ~damage.is_error_value(text(number))).then(text(number)),
                    str.casefold,
                    pl.String(),
                ).alias(f"~{self._columns[number].column.name}")
                for number in unique
            ),
        )

    def _key_text(self) -> pl.Expr:
        return value(self._key).cast(pl.String)

    def _shown(self, frame: pl.DataFrame) -> pl.Series:
        if not self.binding.read_only:
            return pl.repeat(None, frame.height, dtype=pl.String, eager=True)
        return shown(frame, self.binding.read_only, self._markers)

    def _misplaced(self, frame: pl.DataFrame) -> Iterator[tuple[int, tuple[str, damage.Finding]]]:
        """Filled cells of columns that only rows of another kind have, by position."""
        columns = self.binding.foreign
        if not columns:
            return
        work = Reader([replace(one, column=_as_text(one.column)) for one in columns], self._markers).read(frame)
        for number, one in enumerate(columns):
            for row in work.filter(text(number).is_not_null()).get_column(ROW):
                yield row, (one.label, messages.not_here(self._title, one.label))

    def _findings(self, frame: pl.DataFrame, work: pl.DataFrame) -> dict[int, list[tuple[str | None, damage.Finding]]]:
        """Which rules each row really breaks, with the column to name."""
        found: dict[int, list[tuple[str | None, damage.Finding]]] = defaultdict(list)
        judges, doubts = self._judges(tuple(self._reader.families(frame)))
        doubted = work.select(doubts)
        suspects = [rule for rules, doubt in zip(judges, doubted, strict=True) if doubt.any() for rule in rules]
        if suspects:
            doubtful = work.filter(doubted.select(pl.any_horizontal(pl.all())).to_series())
            for row, finding in self._broken(doubtful, suspects):
                found[row].append(finding)
        for row, finding in self._misplaced(frame):
            found[row].append(finding)
        return found

    def _broken(
        self, doubtful: pl.DataFrame, judges: Sequence[Rule | JointCheck]
    ) -> Iterator[tuple[int, tuple[str | None, damage.Finding]]]:
        """Which of these rules are broken where, with the column to name."""
        rows = doubtful.get_column(ROW)
        flags = doubtful.select(one.broken.fill_null(value=False).alias(str(n)) for n, one in enumerate(judges))
        for flag, one in zip(flags, judges, strict=True):
            if not flag.any():
                continue
            if isinstance(one, JointCheck):
                yield from ((row, (one.label, one.finding)) for row in rows.filter(flag))
                continue
            bound = self._columns[one.number]
            for row, cell in zip(rows.filter(flag), doubtful.get_column(f"t{one.number}").filter(flag), strict=True):
                finding = one.explain(cell or "")
                if bound.column.name in self._needed:
                    finding = finding.of_what_must_be_sent()
                yield row, (bound.label, _named(finding, bound))

    def _rejections(self, frame: pl.DataFrame, work: pl.DataFrame) -> tuple[Rejection, ...]:
        """The rows that break a rule, each with every rule that it breaks."""
        found = self._findings(frame, work)
        if not found:
            return ()
        rows = sorted(found)
        keys = dict(work.select(ROW, text(self._key)).filter(pl.col(ROW).is_in(rows)).iter_rows())
        return tuple(
            Rejection(
                row=row,
                key=keys[row],
                cells=cells,
                violations=tuple(violation(row, cells, label, finding) for label, finding in found[row]),
            )
            for row, cells in zip(rows, original_cells(frame, rows), strict=True)
        )


def _overlaps(columns: Sequence[Bound]) -> Iterator[NotBoth]:
    """Entries of an open object of which one holds the other."""
    paths = [one.column.path for one in columns]
    for one in columns:
        size = len(one.column.path)
        if one.column.deep and any(path[:size] == one.column.path and len(path) > size for path in paths):
            yield NotBoth(one.column.name, f"{one.column.name}.*", "the one holds the other")


def _as_text(column: Column) -> Column:
    return replace(column, kind=Kind.TEXT, constraints=Constraints())


def _named(finding: damage.Finding, bound: Bound) -> damage.Finding:
    """The finding, with our column where the file's column holds several."""
    if bound.split is None or finding.rule == "split":
        return finding
    return replace(finding, message=f"{bound.column.name}: {finding.message}")


def violation(row: int, cells: Mapping[str, object], label: str | None, finding: damage.Finding) -> Violation:
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

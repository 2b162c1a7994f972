"""A frame into good rows and rejections: cells are coerced once, rules are evaluated once, rows are split once."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import polars as pl

from bulk.errors import UsageError
from bulk.model import ROW, Rejection
from bulk.validation import coerce, damage
from bulk.validation.binding import Binding
from bulk.validation.cell_rules import Markers, text, value
from bulk.validation.columns import Schema
from bulk.validation.payload import payload
from bulk.validation.prefilter import Prefilter
from bulk.validation.read_only import shown
from bulk.validation.reader import Reader
from bulk.validation.rulebook import Rulebook
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
        self._reader = Reader(self._columns, self._markers)
        self._consequences = [
            (number, one.column.consequence)
            for number, one in enumerate(self._columns)
            if one.column.consequence is not None
        ]
        self._rulebook = Rulebook(schema, binding, self._reader, self._markers, title=title)
        self._prefilter = Prefilter(binding, self._rulebook.joint, self._reader, self._markers)

    def check(self, frame: pl.DataFrame) -> Checked:
        """Judge every row. Raises `SourceError` for a column whose type cannot be in a document."""
        work = self._reader.read(frame)
        bad = self._rulebook.rejections(frame, work)
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
        doubts = self._prefilter.doubtful(frame)
        if doubts.frame.is_empty():
            return Faults()
        work = self._reader.read(doubts.frame, doubts.numbers)
        bad = self._rulebook.rejections(doubts.frame, work, doubts.numbers)
        return Faults(bad=bad, unusual=tuple(self._unusual(work, bad, doubts.numbers)))

    def _unusual(
        self, work: pl.DataFrame, bad: Sequence[Rejection], numbers: Sequence[int] | None = None
    ) -> Iterator[Unusual]:
        """Text of rows that are not bad, and not as it usually is, in these columns, by default in all."""
        rows = [one.row for one in bad]
        for number, one in enumerate(self._columns):
            expected = one.column.expected
            if expected is None or (numbers is not None and number not in numbers):
                continue
            strange = work.filter(~value(number).str.contains(expected.pattern) & ~pl.col(ROW).is_in(rows))
            if strange.height:
                row, found = strange.select(ROW, value(number)).row(0)
                yield Unusual(label=one.label, expected=expected, row=row, text=found, count=strange.height)

    @cached_property
    def _payload(self) -> Callable[[pl.DataFrame], pl.Series]:
        """See `payload`. Not made for who wants to know only what is wrong: it takes longer than all else here."""
        return payload(self.binding, self._markers)

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

"""A quick test of cells as they stand, which most good rows pass, so that only the others need be read.

To bring all cells to text and value and to ask every rule of them takes several times as long. The test may
take a good row for a doubtful one, never the other way round: a column without a quick check is doubtful where filled.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from bulk.validation import coerce
from bulk.validation.binding import Binding
from bulk.validation.cell_rules import Markers, spellings, text
from bulk.validation.coerce import PolarsType
from bulk.validation.columns import Kind
from bulk.validation.joint_checks import JointCheck
from bulk.validation.prefilter_checks import at_text, at_value
from bulk.validation.reader import Reader

_FEW: Final = 0.25
"""Different texts for each cell of a column, at most, to look at each of them instead of at each cell."""

_MOST: Final = 0.5
"""Cells that a look may leave in doubt and still be worth having, where there is another one."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Doubts:
    """What did not pass."""

    frame: pl.DataFrame
    """The rows that must be read."""
    numbers: Sequence[int]
    """The columns that must be read in these rows; in others, no cell of theirs breaks a rule of its own."""


@dataclass(kw_only=True, slots=True, eq=False)
class _Plan:
    """What makes cells doubtful, by number of their column, in a table with columns of certain types.

    What proves not to pay is taken out.
    """

    looks: dict[int, list[pl.Expr]]
    """To be asked of cells, one after the other of those that the ones before left in doubt."""
    of_texts: dict[int, pl.Expr]
    """To be asked of lists of different texts, which leaves those in doubt; for columns with a single, dear look."""


class Prefilter:
    """Tells which rows of a table are doubtful."""

    def __init__(self, binding: Binding, joint: Sequence[JointCheck], reader: Reader, markers: Markers) -> None:
        self._columns = binding.columns
        self._foreign = binding.foreign
        self._key = binding.columns.index(binding.key)
        self._reader = reader
        self._forms = spellings([markers.clear, markers.empty])
        # What is filled in is in no cell, and a marker that could be a value takes more than a look.
        self._blind = any(one.fill is not None for one in binding.columns) or any(
            coerce.is_decimal(form) or form.lower() in coerce.BOOLEANS for form in self._forms
        )
        self._joint = [check.broken for check in joint]
        joined = {name for broken in self._joint for name in broken.meta.root_names()}
        self._joined = sorted({int(name[1:]) for name in joined})
        self._joined_values = [
            coerce.first_value(text(number), binding.columns[number].column).alias(f"v{number}")
            for number in self._joined
            if f"v{number}" in joined
        ]
        self._plans: dict[tuple[PolarsType, ...], _Plan] = {}
        """By types, since to build expressions takes longer than to look at a small frame."""

    def doubtful(self, frame: pl.DataFrame) -> Doubts:
        """What must be read. Raises `SourceError` for a column whose type cannot be in a cell."""
        if self._blind:
            return Doubts(frame=frame, numbers=range(len(self._columns)))
        doubts = {number: places for number, places in self._doubts(frame) if places.len()}
        misplaced = (frame.get_column(str(one.header)).is_not_null().arg_true() for one in self._foreign)
        places = pl.concat([*doubts.values(), *misplaced, self._broken(frame)]).unique().sort()
        return Doubts(frame=frame[places], numbers=sorted({self._key, *doubts, *self._joined}))

    def _doubts(self, frame: pl.DataFrame) -> Iterator[tuple[int, pl.Series]]:
        """Where cells may break a rule, or may have to be remarked upon, by number of the column."""
        cells = [frame.get_column(str(one.header)).alias(_name(at)) for at, one in enumerate(self._columns)]
        plan = self._plan(tuple(one.dtype for one in cells))
        filled = {at: one for at, one in enumerate(cells) if at == self._key or one.null_count() < len(one)}
        few = {number: one for number, one in filled.items() if number in plan.of_texts}
        rest = {number: one for number, one in filled.items() if number not in few}
        yield from _of_texts(plan, few)
        yield from _of_cells(plan, rest)

    def _broken(self, frame: pl.DataFrame) -> pl.Series:
        """Where a rule that joins columns is broken, as far as no cell is in doubt."""
        if not self._joint:
            return pl.Series(dtype=pl.UInt32)
        columns = {number: self._columns[number] for number in self._joined}
        if all(one.split is None and frame.get_column(one.label).dtype == pl.String for one in columns.values()):
            # A cell that is in no doubt is its own text, and the first value of that is the right one.
            cells = [frame.get_column(one.label).alias(f"t{number}") for number, one in columns.items()]
            work = pl.DataFrame(cells).with_columns(pl.when(pl.all() != "").then(pl.all()))
            work = work.with_columns(self._joined_values)
        else:
            work = self._reader.read(frame, self._joined)
        broken = pl.any_horizontal(self._joint).fill_null(value=False)
        return work.select(broken.alias("broken")).to_series().arg_true()

    def _plan(self, types: tuple[PolarsType, ...]) -> _Plan:
        if types not in self._plans:
            plan = self._plans[types] = _Plan(looks={}, of_texts={})
            for number, dtype in enumerate(types):
                cell, kind, is_key = pl.col(_name(number)), self._columns[number].column.kind, number == self._key
                good = self._looks(number, dtype, cell)
                plan.looks[number] = [_in_doubt(cell, look, is_key=is_key) for look in good or [pl.lit(value=False)]]
                if len(good) == 1 and dtype == pl.String and not is_key and kind is not Kind.INTEGER:
                    (look,) = self._looks(number, dtype, pl.element())
                    odd = pl.element().filter(_in_doubt(pl.element(), look, is_key=False))
                    plan.of_texts[number] = cell.list.eval(odd)
        return self._plans[types]

    def _looks(self, number: int, dtype: PolarsType, cell: pl.Expr) -> Sequence[pl.Expr]:
        """What tells good cells of a column; nothing where they must be read."""
        one = self._columns[number]
        family = coerce.family_of(dtype, one.label)
        is_code = number == self._key or one.column.identifier
        if one.split is not None:
            return ()
        if dtype == pl.String:
            return at_text(cell, one.column, self._forms, is_code=is_code)
        return () if is_code else at_value(cell, one.column, dtype, family)


def _of_texts(plan: _Plan, cells: Mapping[int, pl.Series]) -> Iterator[tuple[int, pl.Series]]:
    """Where columns are in doubt, by a look at each of their different texts."""
    texts = pl.DataFrame(list(cells.values())).select(pl.all().unique().implode())
    odd = texts.select(plan.of_texts[number] for number in cells)
    for number, found, doubted in zip(cells, texts, odd, strict=True):
        if len(found[0]) > _FEW * len(cells[number]):
            del plan.of_texts[number]
        if len(doubted[0]):
            yield number, cells[number].is_in(doubted).arg_true()


def _of_cells(plan: _Plan, cells: Mapping[int, pl.Series]) -> Iterator[tuple[int, pl.Series]]:
    """The same by a look at each of their cells, and another look at those that the first one leaves in doubt."""
    first = pl.DataFrame(list(cells.values())).select(plan.looks[number][0] for number in cells)
    for number, doubted in zip(cells, first, strict=True):
        if not doubted.any():
            continue
        places, more = doubted.arg_true(), plan.looks[number][1:]
        if more and len(places) > _MOST * len(doubted):
            del plan.looks[number][0]
        for look in more:
            places = places.filter(cells[number].gather(places).to_frame().select(look).to_series())
        yield number, places


def _in_doubt(cell: pl.Expr, look: pl.Expr, *, is_key: bool) -> pl.Expr:
    doubt = cell.is_not_null() & ~look
    return cell.is_null() | doubt if is_key else doubt


def _name(number: int) -> str:
    """What a column is called here: a header may look like a pattern to polars."""
    return f"c{number}"

"""Faults as a person wants to see them: the same rule broken in the same column is one line, however many rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bulk.model import Rejection, Violation

_NAMED = 5


@dataclass(kw_only=True, slots=True)
class Group:
    """Rows that break the same rule in the same column."""

    column: str | None
    """The column as it is called in the file."""
    rule: str
    """Name of the rule."""
    example: Violation
    """The first of them."""
    count: int = 0
    """How many rows."""
    rows: list[int] = field(default_factory=list)
    """Positions of the first few."""


class Groups:
    """Counts violations as they come; memory depends on columns and rules, not on rows."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str | None, str], Group] = {}

    def add(self, rejections: Iterable[Rejection]) -> None:
        """Count the violations of these rows."""
        for one in (one for rejection in rejections for one in rejection.violations):
            group = self._groups.get((one.column, one.rule))
            if group is None:
                group = Group(column=one.column, rule=one.rule, example=one)
                self._groups[one.column, one.rule] = group
            if group.rows[-1:] != [one.row]:
                group.count += 1
                if len(group.rows) < _NAMED:
                    group.rows.append(one.row)

    def all(self) -> Sequence[Group]:
        """All groups, the largest first."""
        return sorted(self._groups.values(), key=lambda group: -group.count)

"""What a twin remembers: tables in memory, ids, and time that never goes back."""

import copy
import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]


class Table:
    """Rows by id, with a look-up for each unique field, and in the order of ids and of each `ordered` field.

    Values of ordered fields are numbers; rows that tie come by id.
    """

    def __init__(self, unique: Sequence[str] = (), ordered: Sequence[str] = ()) -> None:
        self._rows: dict[int, Row] = {}
        self._unique: dict[str, dict[Any, Row]] = {name: {} for name in unique}
        self._ids: list[int] = []
        self._ordered: dict[str, list[tuple[float, int]]] = {name: [] for name in ordered}
        self._next = 1

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        """In the order in which they were added."""
        return iter(self._rows.values())

    def add(self, row: Mapping[str, Any]) -> Row:
        """Keep a row under its `id`, or under the next free one; raises ValueError where a unique field is taken."""
        kept: Row = {"id": row.get("id", self._next), **row}
        taken = [name for name, rows in self._unique.items() if kept.get(name) in rows]
        if kept["id"] in self._rows or taken:
            raise ValueError(f"taken: {', '.join(taken) or 'id'}")
        self._rows[kept["id"]] = kept
        self._next = max(self._next, kept["id"] + 1)
        insort(self._ids, kept["id"])
        self._index(kept)
        for name, places in self._ordered.items():
            insort(places, (kept[name], kept["id"]))
        return kept

    def get(self, id: int) -> Row | None:
        """The row of an id."""
        return self._rows.get(id)

    def find(self, name: str, value: object) -> Row | None:
        """The row with this value in a unique field."""
        return self._unique[name].get(value)

    def slice(self, start: int, stop: int | None) -> list[Row]:
        """Rows in the order of their ids, by their numbers in it."""
        return [self._rows[id] for id in self._ids[start:stop]]

    def after(self, name: str, place: tuple[float, int]) -> Iterator[Row]:
        """Rows in the order of a field, behind the place of a value and an id."""
        places = self._ordered[name]
        return (self._rows[id] for _, id in islice(places, bisect_right(places, place), None))

    def update(self, row: Row, changes: Mapping[str, Any]) -> None:
        """Change a row of this table in place; raises ValueError where a unique field is taken by another."""
        for name, rows in self._unique.items():
            if rows.get(changes.get(name), row) is not row:
                raise ValueError(f"taken: {name}")
        self._forget(row, changes)
        row.update(changes)
        self._index(row)
        for name in self._ordered.keys() & changes.keys():
            insort(self._ordered[name], (row[name], row["id"]))

    def remove(self, row: Row) -> None:
        """Forget a row of this table; its id is not given again."""
        self._forget(row, row)
        self._ids.remove(row["id"])
        del self._rows[row["id"]]

    def _index(self, row: Row) -> None:
        for name, rows in self._unique.items():
            if row.get(name) is not None:
                rows[row[name]] = row

    def _forget(self, row: Row, names: Container[str]) -> None:
        """Take a row out of the look-ups and orders by these fields."""
        for name, rows in self._unique.items():
            if name in names and row.get(name) is not None:
                del rows[row[name]]
        for name, places in self._ordered.items():
            if name in names:
                del places[bisect_left(places, (row[name], row["id"]))]


class Store:
    """The state of one API in one sandbox. `now` gives seconds since the epoch."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._latest = 0.0
        self._tables: dict[str, Table] = {}

    def table(self, name: str, *, unique: Sequence[str] = (), ordered: Sequence[str] = ()) -> Table:
        """The table of that name, made at the first call."""
        if name not in self._tables:
            self._tables[name] = Table(unique, ordered)
        return self._tables[name]

    def moment(self) -> float:
        """Seconds since the epoch, never less than before."""
        self._latest = max(self._latest, self._now())
        return self._latest

    def timestamp(self) -> int:
        """Whole seconds since the epoch, never less than before; so rows written in the same second are tied."""
        return int(self.moment())

    def state(self) -> dict[str, Any]:
        """A copy of every table, ids as text, fit for JSON."""
        return {name: {str(row["id"]): copy.deepcopy(row) for row in table} for name, table in self._tables.items()}

"""Documents side by side, as columns: what many have in common is looked at once instead of in each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, compress
from typing import Any, Final, Self, TypeVar, overload

from msgspec import UNSET, Struct
from msgspec.structs import astuple

ABSENT: Final = UNSET
"""Stands in a column for documents that lack the name: no value of JSON is of its type, and it is as good as blank."""


T = TypeVar("T")


def each(read: Callable[[Any], T], values: Sequence[Any]) -> list[T]:
    """What is read of each value; one that stands in many places, as what is the same in many documents, is read once.

    These are told by being one and the same object, so that what is read of them is one and the same as well.
    """
    once, places = distinct(values)
    return list(map(list(map(read, once)).__getitem__, places))


def distinct(values: Sequence[Any]) -> tuple[Sequence[Any], list[int]]:
    """The different objects among values, and which of them stands in each place."""
    ids = list(map(id, values))
    once = dict(zip(ids, values, strict=True))
    if len(once) == 1:
        return values[:1], [0] * len(ids)
    numbers = dict(zip(once, range(len(once)), strict=True))
    return list(once.values()), list(map(numbers.__getitem__, ids))


class Documents(Sequence[Mapping[str, Any]]):
    """Documents as one list of values for each name; `ABSENT` where one lacks it. Nothing of it is to be changed."""

    def __init__(self, columns: Mapping[str, Sequence[Any]], count: int) -> None:
        self.columns = columns
        self._count = count

    @classmethod
    def of(cls, documents: Sequence[Mapping[str, Any]]) -> "Documents":
        """The same documents side by side."""
        if isinstance(documents, Documents):
            return documents
        names = dict.fromkeys(chain.from_iterable(documents))
        return cls({name: [one.get(name, ABSENT) for one in documents] for name in names}, len(documents))

    @classmethod
    def of_structs(cls, structs: Sequence[Struct]) -> "Documents":
        """Values of one type side by side, as documents."""
        if not structs:
            return cls({}, 0)
        columns = zip(structs[0].__struct_fields__, zip(*map(astuple, structs), strict=True), strict=True)
        count = len(structs)
        # What the first one has need not be looked for in the others.
        there = {name: values for name, values in columns if values[0] is not ABSENT or values.count(ABSENT) < count}
        return cls(there, count)

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> "Documents":
        """The documents of all parts, in order."""
        columns: dict[str, list[Any]] = {}
        count = 0
        for part in parts:
            for name, values in part.columns.items():
                column = columns.setdefault(name, [])
                column += [ABSENT] * (count - len(column))
                column += values
            count += len(part)
        for column in columns.values():
            column.extend([ABSENT] * (count - len(column)))
        return cls(columns, count)

    def only(self, chosen: Sequence[bool]) -> "Documents":
        """Some of them."""
        columns = {name: list(compress(values, chosen)) for name, values in self.columns.items()}
        return Documents(columns, sum(chosen))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, place: slice) -> "Documents": ...

    def __getitem__(self, place: int | slice) -> "dict[str, Any] | Documents":
        if isinstance(place, slice):
            count = len(range(*place.indices(self._count)))
            return Documents({name: values[place] for name, values in self.columns.items()}, count)
        return {name: values[place] for name, values in self.columns.items() if values[place] is not ABSENT}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Documents) and (len(self), self.columns) == (len(other), other.columns)

    __hash__ = None  # type: ignore[assignment]  # what holds lists has none

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return map(self.__getitem__, range(self._count))

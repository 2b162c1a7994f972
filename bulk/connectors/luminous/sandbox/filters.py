"""Filters and order of lists: `field[operator]=value`, `sort=field:asc`.

Source: https://docs.joinluminous.com/filters. The rules for numbers and booleans lie in a part of the page that nobody
has seen; ordering of numbers is taken for granted.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypeAlias

from bulk.sandbox import Row

_EQUALITY: Final = frozenset({"eq", "neq", "in", "notin", "set", "notset"})
_ORDER: Final = frozenset({"gt", "gte", "lt", "lte"})
OPERATORS: Final[Mapping[str, frozenset[str]]] = {
    "text": _EQUALITY | {"contains", "notcontains"},
    "number": _EQUALITY | _ORDER,
    "flag": frozenset({"eq", "neq", "set", "notset"}),
    "date": frozenset({"eq", "neq", "set", "notset"}) | _ORDER,
}
"""What can be asked of each kind of field."""

Values: TypeAlias = Callable[[Row], Sequence[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """Something to filter by. A record has any number of values for it, and one that fits is enough."""

    kind: Literal["text", "number", "flag", "date"]
    values: Values


def own(name: str) -> Values:
    """The record's own value."""
    return lambda row: (row[name],)


class BadQueryError(ValueError):
    """A parameter that is not taken; `name` is the parameter, `documented` whether the documentation rules it out."""

    def __init__(self, name: str, complaint: str, *, documented: bool = True) -> None:
        super().__init__(complaint)
        self.name = name
        self.documented = documented


def matching(fields: Mapping[str, Field], name: str, value: str) -> Callable[[Row], bool]:
    """The test that a query parameter stands for; raises `BadQueryError`."""
    match = re.fullmatch(r"([A-Za-z_.]+)(?:\[([a-z]+)\])?", name)
    field = fields.get(match[1]) if match else None
    if match is None or field is None:
        raise BadQueryError(name, "is not a documented filter")
    operator = match[2] or "eq"
    if operator not in OPERATORS[field.kind]:
        raise BadQueryError(name, f"has no operator {operator}")
    wanted = [] if operator in {"set", "notset"} else _wanted(field.kind, name, operator, value)
    compare = _COMPARISONS[operator]
    return lambda row: compare(field.values(row), wanted)


def _wanted(kind: str, name: str, operator: str, value: str) -> list[Any]:
    words = value.split(",") if operator in {"in", "notin"} else [value]
    try:
        match kind:
            case "number":
                return [float(word) for word in words]
            case "flag":
                return [{"true": True, "1": True, "false": False, "0": False}[word] for word in words]
            case "date":
                return [date.fromisoformat(word).isoformat() for word in words]
            case _:
                return words
    except (ValueError, KeyError):
        raise BadQueryError(name, f"is not a {kind}") from None


def _known(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if value is not None and value != ""]


def _any(compare: Callable[[Any, Any], bool]) -> Callable[[Sequence[Any], list[Any]], bool]:
    return lambda values, wanted: any(compare(value, wanted[0]) for value in _known(values))


_COMPARISONS: Final[Mapping[str, Callable[[Sequence[Any], list[Any]], bool]]] = {
    "eq": _any(lambda value, wanted: value == wanted),
    "neq": lambda values, wanted: wanted[0] not in values,
    "gt": _any(lambda value, wanted: value > wanted),
    "gte": _any(lambda value, wanted: value >= wanted),
    "lt": _any(lambda value, wanted: value < wanted),
    "lte": _any(lambda value, wanted: value <= wanted),
    "contains": _any(lambda value, wanted: wanted in value),
    "notcontains": lambda values, wanted: not any(wanted[0] in value for value in _known(values)),
    "in": lambda values, wanted: any(value in wanted for value in values),
    "notin": lambda values, wanted: not any(value in wanted for value in values),
    "set": lambda values, _: bool(_known(values)),
    "notset": lambda values, _: not _known(values),
}

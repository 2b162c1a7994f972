"""Lists: predicates, order, pages.

Source: https://docs.commercetools.com/api/general-concepts#query-features
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Final, TypeAlias

from bulk.connectors.commercetools.sandbox.errors import Complaint, invalid_parameter, refuse
from bulk.connectors.commercetools.sandbox.ids import place
from bulk.connectors.commercetools.sandbox.predicates import (
    BadPredicateError,
    Field,
    Predicate,
    TooComplexError,
    predicate,
)
from bulk.connectors.commercetools.sandbox.switches import Switches
from bulk.sandbox import Answer, Call, Row, Table

LIMIT: Final = 20
LIMIT_MOST: Final = 500
OFFSET_MOST: Final = 10_000

_VARIABLE: Final = re.compile(r"var[.]([a-zA-Z0-9]+)")
_SORT: Final = re.compile(r"([A-Za-z0-9_.-]+)(?:\s+(asc|desc))?")
_EXPAND: Final = re.compile(r"[A-Za-z0-9_-]+(\[\*\])?(\.[A-Za-z0-9_-]+(\[\*\])?)*")
_PARAMETERS: Final = frozenset({"limit", "offset", "withTotal", "sort", "expand"})
"""Beside `where` and its variables."""
_SORTABLE: Final = frozenset({"text", "id", "number", "time", "open"})

Show: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""From a record as it is kept to the record as it is answered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What can be asked of the list of one kind of record."""

    table: Table
    """Where they lie: under `document` as they are shown, `key` unique, in the order of ids."""
    fields: Field
    """What can be asked for and sorted by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """What a query asks for."""

    limit: int
    """Records of the page at most."""
    offset: int
    """Records before it."""
    total: bool
    """Whether to count all."""
    where: tuple[Predicate, ...] = ()
    """What they must fit, all of it."""
    order: tuple[tuple[str, bool], ...] = ()
    """Paths to sort by, and whether backwards."""


def page(listing: Listing, switches: Switches, call: Call, show: Show) -> Answer:
    """One page of the records that fit every predicate."""
    wanted = _read(listing, switches, call)
    found: Iterable[Row] = (row for row in _candidates(listing, wanted) if _fits(row, wanted))
    if wanted.order not in {(), (("id", False),)}:
        found = list(found)
        for path, backwards in reversed(wanted.order):
            found.sort(key=partial(_sort_key, path), reverse=backwards)
    if wanted.total:
        found = list(found)
    shown = list(islice(found, wanted.offset, wanted.offset + wanted.limit))
    document: dict[str, Any] = {"limit": wanted.limit, "offset": wanted.offset, "count": len(shown)}
    if isinstance(found, list) and wanted.total:
        document["total"] = min(len(found), switches.total_most) if wanted.where else len(found)
    return Answer.json(200, {**document, "results": [show(row["document"]) for row in shown]})


def exists(listing: Listing, switches: Switches, call: Call) -> bool:
    """Whether any record fits every predicate."""
    wanted = _read(listing, switches, call, simple=True)
    return any(_fits(row, wanted) for row in _candidates(listing, wanted))


def expansions(call: Call) -> frozenset[str]:
    """The paths to expand; raises `RefusedCallError`."""
    paths = [value for name, value in call.query if name == "expand"]
    for path in paths:
        if not _EXPAND.fullmatch(path):
            raise invalid_parameter("expand", f"'{path}' is not a path.")
    return frozenset(paths)


def only(call: Call, switches: Switches, *names: str) -> None:
    """Refuse other parameters."""
    for name, _ in call.query:
        if name not in names and switches.unknown_fields == "refuse":
            raise invalid_parameter(name, "Unknown parameter.")


def whole(name: str, value: str, least: int, most: int) -> int:
    """A whole number within bounds; raises `RefusedCallError`."""
    if not re.fullmatch(r"-?[0-9]{1,18}", value) or not least <= int(value) <= most:
        raise invalid_parameter(name, f"Invalid value '{value}'. A number in the range [{least}..{most}] expected.")
    return int(value)


def _read(listing: Listing, switches: Switches, call: Call, *, simple: bool = False) -> _Wanted:
    limit, offset, total = LIMIT, 0, True
    where: list[str] = []
    order: list[tuple[str, bool]] = []
    variables: dict[str, list[str]] = {}
    for name, value in call.query:
        if name == "where":
            where.append(value)
        elif name.startswith("var."):
            if not (match := _VARIABLE.fullmatch(name)):
                raise invalid_parameter(name, "The name of an input variable has letters and digits only.")
            variables.setdefault(match[1], []).append(value)
        elif simple or name not in _PARAMETERS:
            if switches.unknown_fields == "refuse":
                raise invalid_parameter(name, "Unknown parameter.")
        elif name == "limit":
            limit = whole(name, value, switches.limit_least, LIMIT_MOST)
        elif name == "offset":
            offset = whole(name, value, 0, OFFSET_MOST)
        elif name == "withTotal":
            if value not in {"true", "false"}:
                raise invalid_parameter(name, f"'true' or 'false' expected, not '{value}'.")
            total = value == "true"
        elif name == "sort":
            order.append(_order(listing, value))
    tests = tuple(_understood(text, listing, variables, switches, simple=simple) for text in where)
    return _Wanted(limit=limit, offset=offset, total=total, where=tests, order=tuple(order))


def _understood(
    text: str, listing: Listing, variables: Mapping[str, Sequence[str]], switches: Switches, *, simple: bool
) -> Predicate:
    try:
        return predicate(text, listing.fields, variables, most=switches.predicate_values, simple=simple)
    except BadPredicateError as fault:
        raise invalid_parameter("where", str(fault)) from None
    except TooComplexError:
        message = "The query is too complex: use fewer values and levels."
        raise refuse(Complaint(code="QueryComplexityLimitExceeded", message=message)) from None


def _order(listing: Listing, value: str) -> tuple[str, bool]:
    match = _SORT.fullmatch(value)
    if match is None:
        raise invalid_parameter("sort", f"'{value}' is not of the form 'field asc' or 'field desc'.")
    field: Field | None = listing.fields
    for name in match[1].split("."):
        field = field.member(name) if field is not None else None
    if field is None or field.kind not in _SORTABLE:
        raise invalid_parameter("sort", f"The field '{match[1]}' does not exist or cannot be sorted by.")
    return match[1], match[2] == "desc"


def _candidates(listing: Listing, wanted: _Wanted) -> Iterable[Row]:
    """Records in the order wanted, if that is by id, without most of those that cannot fit."""
    by_id = wanted.order == (("id", False),)
    keys = next((one.keys for one in wanted.where if one.keys is not None), None)
    if keys is not None:
        rows = [row for key in sorted(keys) if (row := listing.table.find("key", key)) is not None]
        return sorted(rows, key=lambda row: row["id"]) if by_id else rows
    if not by_id:
        return listing.table
    after = next((one.after for one in wanted.where if one.after is not None), -1)
    return listing.table.after("id", (after, after))


def _fits(row: Row, wanted: _Wanted) -> bool:
    return all(one.test(row["document"]) for one in wanted.where)


def _sort_key(path: str, row: Row) -> tuple[bool, str, Any]:
    """Records without a value come first; values of different kinds lie apart."""
    value: Any = row["document"]
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if path.rpartition(".")[2] == "id" and isinstance(value, str):
        value = place(value)
    elif path in {"createdAt", "lastModifiedAt"}:
        value = datetime.fromisoformat(value)
    comparable = isinstance(value, str | int | float | datetime)
    return comparable, "number" if isinstance(value, int | float) else type(value).__name__, value if comparable else 0

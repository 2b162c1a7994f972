"""Lists, page by page.

Source: https://docs.joinluminous.com/api-reference/products/all-products-pricing for `page` and `per_page`; all lists
are taken to page alike. Nothing says what order they are in; here it is by id.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bulk.connectors.luminous.sandbox.errors import invalid
from bulk.connectors.luminous.sandbox.filters import BadQueryError, Field, matching
from bulk.connectors.luminous.sandbox.switches import Switches
from bulk.sandbox import Answer, Call, Row, Table

PER_PAGE: Final = 10
PER_PAGE_MOST: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What can be asked of the list of one kind of record."""

    table: Table
    """Where they lie."""
    show: Callable[[Row], Row]
    """A record as it is answered."""
    fields: Mapping[str, Field]
    """What can be filtered by, apart from `id`."""
    search: tuple[str, ...]
    """Names of the text that `q` looks into; without any there is no `q`."""
    sortable: frozenset[str]
    """What can be sorted by."""
    filters: str = "take"
    """See `Switches.channel_filters`."""
    candidates: Callable[[str, str], Sequence[Row] | None] = lambda _name, _value: None
    """Where an index knows better than the filter which records can fit a parameter: those records."""


def page(listing: Listing, switches: Switches, call: Call) -> Answer:
    """One page of the records that fit every filter."""
    try:
        number, per_page, found = _read(listing, switches, call)
    except BadQueryError as fault:
        return bad_query(call, fault, switches)
    start = (number - 1) * per_page
    total = len(listing.table) if found is None else len(found)
    shown = listing.table.slice(start, start + per_page) if found is None else found[start : start + per_page]
    document: dict[str, Any] = {"data": [listing.show(row) for row in shown]}
    if switches.meta:
        document["meta"] = {"current_page": number, "per_page": per_page, "total": total}
        if switches.last_page:
            document["meta"]["last_page"] = max(1, -(-total // per_page))
            document["meta"]["from"] = start + 1 if shown else None
            document["meta"]["to"] = start + len(shown) if shown else None
    return Answer.json(200, document)


def bad_query(call: Call, fault: BadQueryError, switches: Switches) -> Answer:
    """422 about one parameter."""
    complaint = f"The {fault.name} parameter {fault}."
    malformed = complaint if fault.documented else None
    return invalid(call, {fault.name: [complaint]}, shape=switches.error_shape, malformed=malformed)


def whole(name: str, value: str, least: int, most: int | None) -> int:
    """A whole number within bounds; raises `BadQueryError`."""
    if not (value.isascii() and value.isdigit() and len(value) < 10):  # noqa: PLR2004  # more digits are no page
        raise BadQueryError(name, "must be an integer")
    number = int(value)
    if number < least or (most is not None and number > most):
        raise BadQueryError(name, f"must be at least {least}" if number < least else f"must not exceed {most}")
    return number


def _read(listing: Listing, switches: Switches, call: Call) -> tuple[int, int, list[Row] | None]:
    """Page, records a page, and the records to page through; None for all of them by id."""
    number, per_page, order = 1, PER_PAGE, None
    tests: list[Callable[[Row], bool]] = []
    candidates: Sequence[Row] | None = None
    fields = {**listing.fields, "id": _ID} if switches.id_filter else listing.fields
    for name, value in call.query:
        if name == "page":
            number = whole(name, value, 1, None)
        elif name == "per_page" and switches.per_page_excess == "clamp":
            per_page = min(whole(name, value, 1, None), PER_PAGE_MOST)
        elif name == "per_page":
            per_page = whole(name, value, 1, PER_PAGE_MOST)
        elif name == "sort":
            order = _order(listing, switches, value)
        elif listing.filters == "refuse":
            raise BadQueryError(name, "is not supported", documented=False)
        elif listing.filters == "take":
            tests.append(_search(listing, value) if name == "q" else matching(fields, name, value))
            if candidates is None:
                candidates = listing.candidates(name, value)
    if not tests and order in {None, ("id", False)}:
        return number, per_page, None
    rows = listing.table.slice(0, None) if candidates is None else sorted(candidates, key=lambda row: row["id"])
    found = [row for row in rows if all(test(row) for test in tests)]
    if order is not None:
        by, backwards = order
        found.sort(key=lambda row: (row[by] is not None, row[by] if row[by] is not None else 0), reverse=backwards)
    return number, per_page, found


def _search(listing: Listing, value: str) -> Callable[[Row], bool]:
    if not listing.search:
        raise BadQueryError("q", "is not a documented filter")
    return lambda row: any(value in (row[of] or "") for of in listing.search)


def _order(listing: Listing, switches: Switches, value: str) -> tuple[str, bool]:
    """The field to sort by and whether to reverse, from `field:asc` or `field:desc`."""
    if switches.sort == "refuse":
        raise BadQueryError("sort", "is not supported", documented=False)
    name, _, direction = value.partition(":")
    if name not in listing.sortable or direction not in {"asc", "desc"}:
        raise BadQueryError("sort", "is not of the form field:asc or field:desc")
    return name, direction == "desc"


_ID: Final = Field(kind="number", values=lambda row: (row["id"],))

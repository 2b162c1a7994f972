"""Walking over all products or channels."""

from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from bulk.connectors.luminous.flows.answers import MOST_BARREN, Sheet, broken, endless, is_same, list_of
from bulk.connectors.luminous.flows.lookups import PER_PAGE, find_products, one_page
from bulk.connectors.luminous.flows.pages import read_page
from bulk.connectors.luminous.reading import changed_at
from bulk.connectors.luminous.reading.values import text
from bulk.contracts import Enquiry, Page, Query, Walk
from bulk.errors import RefusedError, UsageError
from bulk.model import Request, Response, parsed

EXPORT_LIMIT: Final = 1000
"""Rows of a page of the export, as many as there can be."""

SORTED: Final = ("sort", "id:asc")
"""Keeps pages from overlapping while products change. No page documents it, so a refusal is taken well."""

END: Final = "end"
"""`Page.resume` of the last page."""

_EXPORT: Final = "product export"
_BY_PAGE: Final = "Export without --fast and --since: that goes page by page."

_ONCE: Final = "once"
"""In place of the newest change: nothing is read once more after this."""


def walk_products(query: Query, resume: str | None) -> Walk:
    """Products: all of them in full, page by page; the changed ones in full, by the export; or, fast, the bare export.

    The export leaves out inactive products. Raises `UsageError` for filters on it, since it takes none.
    """
    if query.since is None and not query.fast:
        return _pages("/products", query.where, resume, reader=read_page)
    if query.where:
        raise UsageError(
            "the quick and the incremental export of Luminous take no filters",
            advice="Leave out --where, or leave out --fast and --since.",
        )
    return _export(query, resume)


def walk_channels(query: Query, resume: str | None) -> Walk:
    """Channels page by page; those that changed are picked here, since no filter of channels is documented."""
    if query.where:
        raise UsageError("Luminous documents no filters for channels", advice="Leave out --where.")
    return _pages("/channels", (), resume, since=query.since)


def _pages(
    path: str,
    where: tuple[tuple[str, str], ...],
    resume: str | None,
    *,
    since: datetime | None = None,
    reader: Callable[[bytes], Any] = parsed,
) -> Generator[Request | Page, Response | None, None]:
    """By number. `resume` is the number of the page to begin with."""
    if resume == END:
        return
    filters: tuple[tuple[str, str], ...] = (*where, SORTED)
    listed: Sheet | None = None
    for page in count(int(resume.removeprefix("page:")) if resume else 1):
        try:
            listed = yield from one_page(path, page, filters, before=listed, reader=reader)
        except RefusedError as refusal:
            if SORTED not in filters or not _is_about_sorting(refusal):
                raise
            filters = where
            listed = yield from one_page(path, page, filters, before=listed, reader=reader)
        yield Page(
            records=listed.records if since is None else [one for one in listed.records if _is_changed(one, since)],
            total=listed.total if since is None else None,
            resume=END if listed.last else f"page:{page + 1}",
        )
        if listed.last:
            return


def _is_about_sorting(refusal: RefusedError) -> bool:
    said = (refusal.message, *(path for path, _ in refusal.faults))
    return refusal.status in {400, 422} and any("sort" in text.casefold() for text in said)


def _is_changed(record: Mapping[str, Any], since: datetime) -> bool:
    """Whether a record may have changed since; one that does not say when it changed may have."""
    changed = changed_at(record)
    return changed is None or changed >= since


def _export(query: Query, resume: str | None) -> Generator[Request | Page, Response | None, None]:
    """By cursor: every page says where the next one is.

    A product that changes under way is past the cutoff of the first request and drops out of the pages to come. So a
    full export reads once more what has changed since the newest change that it saw. Where it stands is written as
    `since` or `cursor`, that newest change in seconds, and the value to ask with.
    """
    since = query.since or datetime.fromtimestamp(0, UTC)
    position = resume or f"since:{'' if query.since is None else _ONCE}:{_stamp(since)}"
    cursors: set[str] = set()
    barren = 0
    while position != END:
        name, newest, value = position.split(":", 2)
        cursors = cursors | {value} if name == "cursor" else set()
        response = yield Request(
            method="GET", path="/products/export", query=((name, value), ("limit", str(EXPORT_LIMIT)))
        )
        assert response is not None, "a request is answered"
        records, around = list_of(response)
        if newest != _ONCE:
            newest = _newest(newest, records)
        cursor = _cursor(around, records)
        if cursor in cursors:
            raise broken(_EXPORT, "gave the same cursor twice", advice=_BY_PAGE)
        barren = 0 if records else barren + 1
        if barren == MOST_BARREN:
            raise endless(_EXPORT, advice=_BY_PAGE)
        if cursor is not None:
            position = f"cursor:{newest}:{cursor}"
        elif newest in {"", _ONCE}:
            position = END
        else:
            position = f"since:{_ONCE}:{_stamp(datetime.fromtimestamp(int(newest), UTC))}"
        if not query.fast:
            records = yield from _completed(records)
        yield Page(records=records, resume=position)


def _stamp(moment: datetime) -> str:
    """A time as the export takes it, cut to whole seconds: the bound is inclusive, so nothing is lost."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _newest(before: str, records: Sequence[Mapping[str, Any]]) -> str:
    """The newest change so far, in seconds since 1970; empty where there is none."""
    changes = [int(moment.timestamp()) for record in records if (moment := changed_at(record)) is not None]
    return str(max([*changes, int(before or 0)])) if before or changes else ""


def _cursor(around: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> str | None:
    """Where the next page is, if there is one.

    `has_more` is true exactly when a page is full, so an empty page may follow. A cursor is followed even where
    `has_more` is not true, unless there was nothing: one call too many rather than products too few.
    """
    cursor, more = around.get("next_cursor"), around.get("has_more")
    if isinstance(cursor, str) and cursor and (records or more is True):
        return cursor
    if more is True:
        raise broken(_EXPORT, "says that there is more, but not where", advice=_BY_PAGE)
    return None


def _completed(records: Sequence[Mapping[str, Any]]) -> Enquiry[Sequence[Mapping[str, Any]]]:
    """The same records with what the export leaves out; one that cannot be found again stays as it is."""
    skus = [sku for record in records if (sku := text(record.get("sku")))]
    full: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(skus), PER_PAGE):
        full |= yield from find_products("sku", skus[start : start + PER_PAGE])
    return [_complete(record, full.get(text(record.get("sku")) or "", {})) for record in records]


def _complete(light: Mapping[str, Any], full: Mapping[str, Any]) -> Mapping[str, Any]:
    # Only the export shows the landed cost.
    return {**light, **full} if full and is_same(full.get("id"), light.get("id")) else light

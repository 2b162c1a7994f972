"""All channels, page by page: https://docs.commercetools.com/api/general-concepts#iterating-over-all-elements

Pages follow each other by id: the next one begins after the last id that was received. Ids do not come in the order of
their text, so nothing is taken for granted of it but that it goes on.
"""

import json
from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from bulk.connectors.commercetools.flows.answers import results
from bulk.connectors.commercetools.flows.operations import CHANNELS, Question
from bulk.connectors.commercetools.flows.types import Types
from bulk.contracts import Page, Query, Walk
from bulk.errors import UnclearError, UsageError
from bulk.model import Request, Response

PER_PAGE: Final = 500
"""Records of a page, as many as there can be."""


_SECOND: Final = timedelta(milliseconds=999)
"""What a clock that shows whole seconds may leave out."""


def channel_filter(text: str) -> tuple[str, str]:
    """A predicate, sent as it is; raises `UsageError` where there is none."""
    predicate = text.strip()
    if not predicate:
        raise UsageError(
            "the predicate is empty",
            advice="Write one as commercetools has it, such as 'address(country=\"DE\")' or "
            "'roles contains any (\"Primary\")'.",
        )
    return "where", predicate


def walk_channels(types: Types, query: Query, resume: str | None) -> Walk:
    """All channels that fit a query.

    Changes since a time are asked for up to the time of the first answer, by the clock of the server: what changes
    while it is read is for the next time.
    """
    stand = json.loads(resume) if resume is not None else {}
    last, until = stand.get("last"), stand.get("until")
    if query.since is not None and until is None:
        until = yield from _server_time()
    seen: set[str] = set()
    more = stand.get("more", True)
    while more:
        question = _question(query, last, until)
        response = yield Request(method="GET", path=CHANNELS, query=question.query)
        assert response is not None, "a request is answered"
        records, around = results(response)
        ids = [_id_of(record, last) for record in records]
        if len(set(ids)) < len(ids) or seen.intersection(ids) or last in ids:
            raise _broken("gave the same channel twice")
        seen.update(ids)
        more = len(records) >= _limit_of(around)
        last = ids[-1] if ids else last
        named = yield from types.named(records)
        yield Page(records=named, resume=json.dumps({"last": last, "until": until, "more": more}))


def _question(query: Query, last: str | None, until: str | None) -> Question:
    where, variables = [text for _, text in query.where], []
    if query.since is not None:
        where.append("lastModifiedAt >= :from")
        variables.append(("from", _stamp(query.since)))
    if until is not None:
        where.append("lastModifiedAt <= :to")
        variables.append(("to", until))
    if last is not None:
        where.append("id > :last")
        variables.append(("last", last))
    return Question(where=where, variables=variables, sort=["id asc"], limit=PER_PAGE, with_total=False)


def _server_time() -> Generator[Request | Page, Response | None, str | None]:
    """The end of the present second by the clock of the server; None where it does not show it."""
    response = yield Request(method="GET", path=CHANNELS, query=Question(limit=1, with_total=False).query)
    assert response is not None, "a request is answered"
    try:
        return _stamp(parsedate_to_datetime(response.headers["Date"]) + _SECOND)
    except (KeyError, TypeError, ValueError):
        return None


def _stamp(moment: datetime) -> str:
    """A time as predicates take it."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _id_of(record: Mapping[str, Any], last: str | None) -> str:
    id = record.get("id")
    if not isinstance(id, str) or not id:
        raise _broken(f"gave a channel without an id{'' if last is None else f' after {last}'}")
    return id


def _limit_of(around: Mapping[str, Any]) -> int:
    """Records of a full page: fewer than were asked for, if the API says so."""
    limit = around.get("limit")
    return min(limit, PER_PAGE) if isinstance(limit, int) and limit > 0 else PER_PAGE


def _broken(complaint: str) -> UnclearError:
    return UnclearError(
        f"the list of channels {complaint}, so it cannot be known to be complete",
        code="broken_listing",
        advice="Export again.",
    )

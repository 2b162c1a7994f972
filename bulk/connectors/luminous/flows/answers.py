"""What answers of Luminous say, whatever their envelope."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from bulk.connectors.luminous.reading import redacted
from bulk.connectors.luminous.reading.values import integer, timestamp
from bulk.contracts import Explanation
from bulk.errors import FatalError, RefusedError, UnclearError
from bulk.model import Documents, Request, Response, shorten

NEWBORN: Final = timedelta(seconds=60)
"""A record that was created this close to the server's clock was made by this very conversation."""

MOST_BARREN: Final = 100
"""Pages in a row that may bring nothing: a list that goes on so has no end."""

MOST_KEPT: Final = 16_000
"""Bytes of an answer that is no JSON that are looked at to keep something of it."""

_LOCK: Final = re.compile(r"channel.*\block(?:ed)?\b|\block(?:ed)?\b.*channel|api.?locked", re.IGNORECASE | re.DOTALL)


def json_object(response: Response) -> Mapping[str, Any]:
    """The body as an object; raises `UnclearError` where it is none."""
    body = response.json_or_none()
    if not isinstance(body, dict):
        raise _unreadable(response, "a JSON object, so nobody can tell what came of the request")
    return body


def legible(request: Request, response: Response) -> bool:
    """Whether a good answer is one of Luminous's: an object, bare records, or nothing where nothing was asked."""
    if response.status == HTTPStatus.NO_CONTENT:
        return request.method not in {"GET", "HEAD"}
    body = response.json_or_none()
    return isinstance(body, dict) or (isinstance(body, list) and all(isinstance(one, dict) for one in body))


def data(response: Response) -> Mapping[str, Any]:
    """The record in an answer; Luminous sometimes leaves out the envelope."""
    body = {} if response.status == HTTPStatus.NO_CONTENT else json_object(response)
    found = body.get("data", body)
    return found if isinstance(found, dict) else {}


def list_of(response: Response) -> tuple[Sequence[Mapping[str, Any]], Mapping[str, Any]]:
    """The records of a list, and what stands around them; raises `UnclearError` where the answer is no list."""
    body = response.json_or_none()
    around = body if isinstance(body, dict) else {"data": body}
    records = around.get("data")
    if isinstance(records, Documents):
        return records, around
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise _unreadable(response, "a list of records")
    return records, around


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One page of a list."""

    records: Sequence[Mapping[str, Any]]
    """What is on it."""
    total: int | None
    """Records of the whole list, where it says."""
    last: bool
    """Whether no page follows."""
    barren: int
    """Pages in a row, up to this one, with nothing on them or only what was on the page before."""


def sheet(response: Response, page: int, before: Sheet | None) -> Sheet:
    """The given page of a list; raises `UnclearError` where the answer is none.

    It is the last by `last_page`, else by `total` and `per_page`, else if it is empty or the page `before` once more:
    without `meta` nobody knows whether a page was made shorter than it was asked for, or there are pages at all. A
    `meta` that says fewer than have come says nothing. Raises `UnclearError` for a list without an end, too.
    """
    records, around = list_of(response)
    shown = around.get("meta") or around.get("pagination")
    meta = shown if isinstance(shown, dict) else {}
    total, last_page, per_page = (integer(meta.get(name)) for name in ("total", "last_page", "per_page"))
    again = before is not None and len(records) > 0 and records == before.records
    if total is not None and (page - 1) * (per_page or 0) + len(records) > max(total, 0):
        last = not records
    elif last_page is not None:
        last = page >= last_page
    elif total is not None and per_page:
        last = page * per_page >= total
    else:
        records, last = ([], True) if again else (records, not records)
    barren = 0 if records and not again else 1 if before is None else before.barren + 1
    if barren == MOST_BARREN and not last:
        raise endless("list")
    return Sheet(records=records, total=total, last=last, barren=barren)


def broken(what: str, complaint: str, *, advice: str | None = None) -> UnclearError:
    """The error for a listing that contradicts itself."""
    return UnclearError(
        f"Luminous's {what} {complaint}, so it cannot be known to be complete", code="broken_listing", advice=advice
    )


def nowhere(refusal: RefusedError) -> FatalError:
    """The error where records can be neither read nor written: no row is to blame for that."""
    return FatalError(
        f"Luminous seems not to be at this address: all that is asked is answered {refusal.status} ({refusal.message})",
        code="no_such_address",
        status=refusal.status,
        body=refusal.body,
        advice="Correct the base address; it ends with /external/api/v1.",
    )


def endless(what: str, *, advice: str | None = None) -> UnclearError:
    """The error for a listing that goes on with nothing."""
    return broken(what, f"gave {MOST_BARREN} pages in a row with nothing new", advice=advice)


def _unreadable(response: Response, expected: str) -> UnclearError:
    return UnclearError(
        f"the answer {response.status} was not {expected}",
        code="unreadable_answer",
        status=response.status,
        body=shorten(_text(response), 500) or None,
    )


def is_same(answered: object, sent: object) -> bool:
    """Whether two SKUs, labels or ids are the same; that case matters is documented nowhere."""
    return str(answered).strip().casefold() == str(sent).strip().casefold()


def outcome(response: Response, record: Mapping[str, Any]) -> str:
    """`created`, `updated`, or `saved` where the answer does not tell; no flag for it is documented."""
    if response.status == HTTPStatus.CREATED:
        return "created"
    created, updated = record.get("created_at"), record.get("updated_at")
    if not isinstance(created, str) or not isinstance(updated, str):
        return "saved"
    if created != updated:
        return "updated"
    newborn = is_newborn(response, record)
    return "saved" if newborn is None else "created" if newborn else "updated"


def is_newborn(response: Response, record: Mapping[str, Any]) -> bool | None:
    """Whether a record was created a moment ago, by the server's own clock; None where that cannot be told."""
    created = timestamp(record.get("created_at"))
    try:
        now = parsedate_to_datetime(response.headers["Date"])
        return None if created is None else abs(now - created) <= NEWBORN
    except (KeyError, TypeError, ValueError):
        return None


def explain(response: Response) -> Explanation:
    """Read an error body: `message`, and for 422 `errors` of dotted paths to lists of texts.

    A body may be a text alone. A 403 that speaks of a locked channel has the code `locked`, since it concerns that
    channel alone.
    """
    body = response.json_or_none()
    if isinstance(body, str) and (words := _keepable(body).strip(" .")):
        return Explanation(message=shorten(words, 500), body=body)
    if not isinstance(body, dict):
        return Explanation(message=f"Luminous answered {response.status} without saying why", body=_text(response))
    errors = body.get("errors")
    faults = tuple(
        (str(path), str(text))
        for path, texts in (errors.items() if isinstance(errors, dict) else ())
        for text in (texts if isinstance(texts, list) else [texts])
    )
    said = [body.get("message"), *(errors if isinstance(errors, list) else [errors])]
    message = ". ".join(text.strip(" .") for text in said if isinstance(text, str) and text.strip(" ."))
    locked = response.status == HTTPStatus.FORBIDDEN and _LOCK.search(message)
    if not message:
        message = faults[0][1] if faults else f"Luminous answered {response.status} without saying why"
    kept = json.dumps(redacted(body), ensure_ascii=False)
    return Explanation(message=message, code="locked" if locked else None, faults=faults, body=kept)


def _text(response: Response) -> str:
    """A body as it may be kept."""
    return _keepable(response.body[:MOST_KEPT].decode(errors="replace"))


def _keepable(text: str) -> str:
    """A text, unless it looks like JSON and is none, which may hold a secret that nobody can find."""
    return "" if text.lstrip().startswith(("{", "[", '"')) else text

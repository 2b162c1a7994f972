"""The conversation about one channel."""

import json
from collections.abc import Mapping
from typing import Any, Final

from bulk.connectors.luminous.flows.answers import data, nowhere
from bulk.connectors.luminous.flows.lookups import get_channel
from bulk.connectors.luminous.reading import read_channel
from bulk.contracts import UNREADABLE, Enquiry, Flow
from bulk.errors import RefusedError, RetryableError, UnauthorizedError, UnclearError
from bulk.fingerprint import canonical
from bulk.model import Outcome, Record, Request, Response, parsed

FOUND_AGAIN: Final = "the answer was lost; the channel was found by its label"


ATTEMPTS: Final = 4
"""How often a creation is sent while its answers are lost and nothing is found of it."""


def upsert_channel(record: Record) -> Flow:
    """Update the channel that the row's id names; a row without one creates a channel under its label."""
    document = parsed(record.payload)
    if "id" in document:
        return (yield from _update(record, document))
    return (yield from _create(record, document))


def _update(record: Record, document: Mapping[str, Any]) -> Flow:
    """`PUT /channels/{id}`: what is left out keeps its value."""
    id = str(document["id"])
    if record.current == {}:
        raise _missing(id)
    if (record.current or {}).get("apiLocked") is True:
        raise _locked(id)
    body = {name: value for name, value in document.items() if name != "id"}
    try:
        response = yield Request(method="PUT", path=f"/channels/{id}", body=_json(body))
    except RefusedError as refusal:
        if refusal.code == "locked":
            raise _locked(id, refusal) from refusal
        if refusal.status == 404:  # noqa: PLR2004  # HTTP's own word for "there is none"
            raise _missing(id, refusal) from refusal
        raise
    except UnauthorizedError as forbidden:
        if forbidden.status != 403 or not (yield from _is_locked(id)):  # noqa: PLR2004  # 401 is not about the channel
            raise
        raise _locked(id, forbidden) from forbidden
    return _done("updated", data(response), response, id=id)


def _is_locked(id: str) -> Enquiry[bool]:
    """Whether the channel says that it is locked; no where it cannot be read."""
    try:
        channel = yield from get_channel("id", id)
    except (RefusedError, UnauthorizedError):
        return False
    return (channel or {}).get("apiLocked") is True


def _missing(id: str, cause: RefusedError | None = None) -> RefusedError:
    return RefusedError(
        f"there is no channel with the id {id}; correct it, or leave it blank to create a channel",
        code="not_found",
        status=None if cause is None else cause.status,
        body=None if cause is None else cause.body,
    )


def _locked(id: str, cause: RefusedError | UnauthorizedError | None = None) -> RefusedError:
    return RefusedError(
        f"channel {id} is locked against changes through the API; unlock it in the Luminous web app, and retry",
        code="locked",
        status=None if cause is None else cause.status,
        body=None if cause is None else cause.body,
    )


def _create(record: Record, document: Mapping[str, Any]) -> Flow:
    """`POST /channels`, never repeated blindly: when its answer is lost, the label tells whether it was done."""
    label = document["label"]
    known = record.current
    if known is None:
        known = yield from _labelled(label)
    if known is None and record.repeated:
        raise UnclearError(
            "an earlier attempt may have created this channel, and channels cannot be read to find out; look for the "
            "label in Luminous, and if it is there, load the row with the channel's id",
            code="unread",
        )
    if known:
        if record.repeated and _is_like(known, document):
            return _done("created", known, None, remark="an earlier attempt had created it")
        raise RefusedError(
            f"channel {known.get('id')} has this label already, and no two may have the same; fill the id with "
            f"{known.get('id')} to update that channel, or choose another label",
            code="label_taken",
        )
    request = Request(method="POST", path="/channels", body=_json(document), repeatable=False)
    attempt = 0
    while True:
        attempt += 1
        try:
            response = yield request
            return _done("created", data(response), response)
        except (RetryableError, UnclearError, RefusedError) as lost:
            # An earlier attempt may have been carried out only now: then this one is refused because of its label.
            in_vain = attempt == 1 and isinstance(lost, RefusedError)
            if isinstance(lost, RefusedError) and in_vain and known is None and lost.status in UNREADABLE:
                raise nowhere(lost) from lost
            if in_vain or (isinstance(lost, RetryableError) and not lost.maybe_applied):
                raise
            if found := (yield from _labelled(label)):
                return _done("created", found, None, remark=FOUND_AGAIN)
            if found is None or attempt == ATTEMPTS or isinstance(lost, RefusedError):
                raise


def _is_like(channel: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether a channel is what the document would make, as far as it shows."""
    shown = read_channel(channel)
    return all(canonical(value) == canonical(shown[name]) for name, value in document.items() if name in shown)


def _labelled(label: str) -> Enquiry[Mapping[str, Any] | None]:
    """The channel with a label, empty if there is none; None where channels cannot be read."""
    try:
        return (yield from get_channel("label", label)) or {}
    except RefusedError:
        return None


def _done(
    outcome: str,
    channel: Mapping[str, Any],
    response: Response | None,
    *,
    id: str | None = None,
    remark: str | None = None,
) -> Outcome:
    shown = channel.get("id", id)
    return Outcome(
        outcome=outcome,
        remote_id=None if shown is None else str(shown),
        http_status=response.status if response else None,
        message=remark,
    )


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

"""What answers of commercetools say, whatever stands in their body.

Errors come in an envelope: https://docs.commercetools.com/api/errors
"""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from bulk.connectors.commercetools.models import Channel
from bulk.contracts import Explanation
from bulk.errors import RefusedError, UnclearError
from bulk.model import Response, shorten

MOST_KEPT: Final = 1_000
"""Characters of an answer that is no JSON that are kept."""

DUPLICATE: Final = "DuplicateField"
INVALID_OPERATION: Final = "InvalidOperation"
TOO_COMPLEX: Final = "QueryComplexityLimitExceeded"

_OURS: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT})
"""Statuses that say it all; the API's own word for them would hide it."""


def channel(response: Response) -> Mapping[str, Any]:
    """The channel in an answer; raises `UnclearError` where there is none."""
    found = response.json_or_none()
    if not isinstance(found, dict) or not isinstance(found.get("id"), str) or not isinstance(found.get("version"), int):
        raise _unreadable(response, "a channel, so nobody can tell what came of the request")
    return found


def results(response: Response) -> tuple[Sequence[Mapping[str, Any]], Mapping[str, Any]]:
    """The records of a page, and what stands around them; raises `UnclearError` where the answer is no page."""
    around = response.json_or_none()
    records = around.get("results") if isinstance(around, dict) else None
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise _unreadable(response, "a page of results")
    return records, around


def is_about_length(refusal: RefusedError) -> bool:
    """Whether a question was too long, or asked for too much at once."""
    too_long = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_URI_TOO_LONG}
    return refusal.status in too_long or refusal.code == TOO_COMPLEX


def explain(response: Response) -> Explanation:
    """Read an error body. The number by which commercetools can trace a request is kept with it."""
    trace = response.headers.get("X-Correlation-ID")
    body = response.json_or_none()
    if not isinstance(body, dict):
        text = shorten(response.body[: 4 * MOST_KEPT].decode(errors="replace"), MOST_KEPT)
        kept = json.dumps({"correlationId": trace, "body": text}, ensure_ascii=False)
        return Explanation(message=_silent(response), body=kept)
    shown = body.get("errors")
    errors = [one for one in shown if isinstance(one, dict)] if isinstance(shown, list) else []
    first: Mapping[str, Any] = errors[0] if errors else {}
    code = first.get("code")
    said = [text for text in (body.get("message"), first.get("message")) if isinstance(text, str)]
    message = next(filter(None, said), "")
    detail = first.get("detailedErrorMessage")
    if isinstance(detail, str) and detail and detail not in message:
        message = f"{message.rstrip(' .')}: {detail}" if message else detail
    named = isinstance(code, str) and response.status not in _OURS
    return Explanation(
        message=message or _silent(response),
        code=code if named else None,
        faults=tuple(_fault(one, message) for one in errors if isinstance(one.get("field"), str)),
        body=json.dumps({"correlationId": trace, **body}, ensure_ascii=False),
    )


def _fault(error: Mapping[str, Any], message: str) -> tuple[str, str]:
    """What an error says of a field; one that channels do not have is a custom field."""
    path, said = error["field"], error.get("message")
    if path.partition(".")[0] not in Channel.model_fields:
        path = f"custom.fields.{path.removeprefix('fields.')}"
    return path, said if isinstance(said, str) and said else message


def _silent(response: Response) -> str:
    return f"commercetools answered {response.status} without saying why"


def _unreadable(response: Response, expected: str) -> UnclearError:
    text = response.body[: 4 * MOST_KEPT].decode(errors="replace")
    return UnclearError(
        f"the answer {response.status} was not {expected}",
        code="unreadable_answer",
        status=response.status,
        body=shorten(text, MOST_KEPT) or None,
    )

"""What answers say in the words of OAuth 2.0 (RFC 6749 and 6750)."""

import re
from http import HTTPStatus
from typing import Any, Final

from bulk.contracts import Explanation
from bulk.model import Request, Response, parsed

STALE: Final = "invalid_token"
"""The token is expired or was revoked: another one may do."""
NARROW: Final = "insufficient_scope"
"""The token is good, but does not go far enough."""
UNKNOWN: Final = "invalid_client"
"""There is no such client, or its secret is another."""


def oauth_error(response: Response) -> str | None:
    """What an API says about the credentials it was sent, in the words of the standard: in a header or in the body."""
    said = {_challenge(response, "error"), _text(_body(response).get("error"))}
    return next((word for word in (STALE, NARROW, UNKNOWN) if word in said), None)


def scope_of(response: Response) -> str | None:
    """The scopes that the challenge of an API asks for."""
    return _challenge(response, "scope")


def is_document(request: Request, response: Response) -> bool:
    """Whether an answer of a token address is its own, and whole."""
    del request
    return bool(_body(response))


def explain_login(response: Response) -> Explanation:
    """What a token address says when it gives no token."""
    body = _body(response)
    message = _text(body.get("error_description")) or _text(body.get("message")) or ""
    # A good answer of which only half came may hold a token that nobody knows yet.
    kept = "" if response.status < HTTPStatus.MULTIPLE_CHOICES else None
    return Explanation(message=message, code=_text(body.get("error")), body=kept)


def _challenge(response: Response, name: str) -> str | None:
    found = re.search(rf'\b{name}="?([^",]+)"?', response.headers.get("WWW-Authenticate", ""))
    return found[1] if found else None


def _body(response: Response) -> dict[str, Any]:
    try:
        body = parsed(response.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None

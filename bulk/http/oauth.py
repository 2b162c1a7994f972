"""What answers say in the words of OAuth 2.0 (RFC 6749 and 6750)."""

import json
import re
from typing import Any, Final

from bulk.contracts import Explanation
from bulk.model import Response

STALE: Final = "invalid_token"
"""The token is expired or was revoked: another one may do."""
NARROW: Final = "insufficient_scope"
"""The token is good, but does not go far enough."""


def oauth_error(response: Response) -> str | None:
    """What an API says about the token it was sent, in the words of the standard: in a header or in the body."""
    said = {_challenge(response, "error"), _text(_body(response).get("error"))}
    return next((word for word in (STALE, NARROW) if word in said), None)


def scope_of(response: Response) -> str | None:
    """The scopes that the challenge of an API asks for."""
    return _challenge(response, "scope")


def explain_login(response: Response) -> Explanation:
    """What a token address says when it gives no token."""
    body = _body(response)
    message = _text(body.get("error_description")) or _text(body.get("message")) or ""
    return Explanation(message=message, code=_text(body.get("error")))


def _challenge(response: Response, name: str) -> str | None:
    found = re.search(rf'\b{name}="?([^",]+)"?', response.headers.get("WWW-Authenticate", ""))
    return found[1] if found else None


def _body(response: Response) -> dict[str, Any]:
    try:
        body = json.loads(response.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None

"""How a request proves who it comes from."""

import base64
import math
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Self
from urllib.parse import urlencode

from bulk.errors import ConfigurationError, UnauthorizedError
from bulk.http.address import checked_address
from bulk.model import Request, Response

EARLY: Final = 300.0
"""Seconds before its end that a token is renewed."""
SHARE: Final = 0.25
"""Part of its life that a token is renewed before its end at most, so that a short-lived one is of use at all."""
REMEMBERED: Final = 8
"""Tokens that may still turn up in an answer: the present one and those before it."""


class Bearer:
    """A fixed token in the Authorization header; raises `ConfigurationError` when no header can carry it."""

    login: Final = None
    """It is at hand."""

    def __init__(self, token: str) -> None:
        if not _fits_a_header(token):
            raise ConfigurationError(
                "the API key is empty, or holds characters that no key has",
                advice="Copy it again: letters, digits and signs only, no space and no line break.",
            )
        self._headers = {"Authorization": f"Bearer {token}"}

    def headers(self, now: float) -> Mapping[str, str]:
        """Header fields to send, the same at all times; never logged."""
        del now
        return self._headers

    @property
    def secrets(self) -> Iterable[str]:
        """The header's value."""
        return self._headers.values()

    def __repr__(self) -> str:
        return "Bearer(***)"


class ClientCredentials:
    """A token that is fetched with the id and the secret of a client (OAuth 2.0, RFC 6749, 4.4).

    `scopes` are the rights to ask for; without any, the token has all that the client has. Raises `ConfigurationError`
    for an address that is not safe, and for an id or a secret that no header can carry.
    """

    def __init__(self, token_url: str, client_id: str, client_secret: str, scopes: Sequence[str] = ()) -> None:
        self.url = checked_address(token_url, called="token address")
        self.auth = _Basic(client_id, client_secret)
        form = {"grant_type": "client_credentials"} | ({"scope": " ".join(scopes)} if scopes else {})
        self.request = Request(
            method="POST",
            path="",
            body=urlencode(form).encode(),
            content_type="application/x-www-form-urlencoded",
        )
        self._headers: Mapping[str, str] = {}
        self._renew_at = -math.inf
        self._tokens: deque[str] = deque(maxlen=REMEMBERED)

    def headers(self, now: float) -> Mapping[str, str] | None:
        """The token's header field, until shortly before it expires; never logged."""
        return self._headers if now < self._renew_at else None

    @property
    def secrets(self) -> Iterable[str]:
        """The client's secret, and the latest tokens."""
        return (*self.auth.secrets, *self._tokens)

    @property
    def login(self) -> Self:
        """Itself: it says how tokens are fetched."""
        return self

    def accept(self, response: Response, now: float) -> None:
        """Send the token of this answer, a JSON object, from now on; raises `UnauthorizedError` where it holds none."""
        answer = response.json()
        token, kind, life = answer.get("access_token"), answer.get("token_type", "Bearer"), answer.get("expires_in")
        if not (isinstance(token, str) and _fits_a_header(token) and str(kind).lower() == "bearer"):
            raise UnauthorizedError(
                f"the answer {response.status} holds no bearer token",
                code="no_token",
                status=response.status,
                advice="Check the token address.",
            )
        self._tokens.append(token)
        self._headers = {"Authorization": f"Bearer {token}"}
        # One that does not say how long it lasts is sent until it is refused.
        seconds = float(life) if isinstance(life, (int, float)) and life > 0 else math.inf
        self._renew_at = now + seconds - min(EARLY, SHARE * seconds)

    def discard(self, headers: Mapping[str, str]) -> None:
        """Send this token no more, unless another has taken its place already."""
        if headers is self._headers:
            self._renew_at = -math.inf

    def __repr__(self) -> str:
        return "ClientCredentials(***)"


class _Basic:
    """The id and the secret of a client (RFC 7617)."""

    login: Final = None

    def __init__(self, name: str, secret: str) -> None:
        if not _fits_a_header(name) or ":" in name:
            raise ConfigurationError(
                "the client id is empty, or holds characters that no id has", advice="Copy it again, without any space."
            )
        if not _fits_a_header(secret):
            raise ConfigurationError(
                "the client secret is empty, or holds characters that no secret has",
                advice="Copy it again, without any space.",
            )
        encoded = base64.b64encode(f"{name}:{secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {encoded}"}
        self._secret = secret

    def headers(self, now: float) -> Mapping[str, str]:
        del now
        return self._headers

    @property
    def secrets(self) -> Iterable[str]:
        return (self._secret, *self._headers.values())

    def __repr__(self) -> str:
        return "Basic(***)"


def _fits_a_header(text: str) -> bool:
    return re.fullmatch(r"[!-~]+", text) is not None

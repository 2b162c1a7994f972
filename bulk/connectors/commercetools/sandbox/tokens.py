"""Who may do what: tokens for client credentials, their end, and the scopes that each operation needs."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from bulk.connectors.commercetools.sandbox.errors import oauth
from bulk.connectors.commercetools.sandbox.switches import Switches
from bulk.sandbox import Answer, Call, Row, Store

TOKEN_MARK: Final = "hushed-token-"  # noqa: S105  # opens nothing but a twin on this machine
"""How every token begins, so that a leak can be searched for."""

READ: Final = ("view_channels", "view_products")
WRITE: Final = ("manage_channels", "manage_products")
READ_TYPES: Final = ("view_types",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """An API client of one project."""

    project: str
    """The project's key."""
    id: str
    """The client's id."""
    secret: str
    """The client's secret."""


class Gate:
    """Issues tokens and looks at them."""

    def __init__(self, store: Store, client: Client, switches: Switches) -> None:
        self._store = store
        self._client = client
        self._switches = switches
        self._tokens = store.table("tokens", unique=("token",))

    def issue(self, call: Call) -> Answer:
        """A token for the client's id and secret."""
        if _credentials(call) != (self._client.id, self._client.secret):
            message = "Please provide valid client credentials using HTTP Basic Authentication."
            raise oauth(HTTPStatus.UNAUTHORIZED, "invalid_client", message)
        form = _form(call)
        if "grant_type" not in form:
            raise oauth(
                HTTPStatus.BAD_REQUEST, "invalid_request", "Missing required parameter: grant_type.", broken=True
            )
        if form["grant_type"] != "client_credentials":
            message = f"Invalid parameter: grant_type: Invalid grant type: {form['grant_type']!r}."
            raise oauth(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", message, broken=True)
        scopes = self._granted(form.get("scope", "").split())
        token = TOKEN_MARK + secrets.token_hex(12)
        expiry = self._store.moment() + self._switches.expires_in
        self._tokens.add({"token": token, "expiry": expiry, "scopes": scopes, "left": self._switches.token_requests})
        document = {
            "access_token": token,
            "expires_in": self._switches.expires_in,
            "scope": " ".join(f"{scope}:{self._client.project}" for scope in scopes),
            "token_type": "Bearer",
        }
        return Answer(status=200, body=Answer.json(200, document).body, changes=False)

    def admit(self, call: Call, needed: tuple[str, ...]) -> None:
        """Let a call pass whose token is good and has one of the needed scopes; raises `RefusedCallError`."""
        scheme, _, token = call.headers.get("Authorization", "").partition(" ")
        row = self._tokens.find("token", token) if scheme.lower() == "bearer" else None
        if row is None or row["expiry"] <= self._store.moment() or row["left"] == 0:
            raise oauth(HTTPStatus.UNAUTHORIZED, "invalid_token", "invalid_token", described=False)
        if row["left"] is not None:
            row["left"] -= 1
        if not self._has(row, needed):
            raise self.insufficient(needed)

    def has(self, call: Call, needed: tuple[str, ...]) -> bool:
        """Whether the token of an admitted call has one more scope."""
        row = self._tokens.find("token", call.headers["Authorization"].partition(" ")[2])
        return row is not None and self._has(row, needed)

    def insufficient(self, needed: tuple[str, ...]) -> Exception:
        """To be raised where a scope is missing."""
        missing = ", ".join(f"{scope}:{self._client.project}" for scope in needed)
        message = f"Insufficient scope. One of the following scopes is missing: {missing}."
        return oauth(HTTPStatus.FORBIDDEN, "insufficient_scope", message)

    def _has(self, row: Row, needed: tuple[str, ...]) -> bool:
        held = set(row["scopes"])
        if self._switches.manage_includes_view:
            held |= {scope.replace("manage_", "view_", 1) for scope in held}
        return "manage_project" in held or not held.isdisjoint(needed)

    def _granted(self, asked: list[str]) -> tuple[str, ...]:
        """What a token may do; without asking, all that the client may."""
        if not asked:
            return self._switches.scopes
        named = [scope.partition(":") for scope in asked]
        held = self._switches.scopes
        if any(project != self._client.project or name not in held for name, _, project in named):
            message = "Permissions exceeded. The API client has not all of the scopes that were asked for."
            raise oauth(HTTPStatus.BAD_REQUEST, "invalid_scope", message)
        return tuple(name for name, _, _ in named)


def revoke_tokens(store: Store) -> None:
    """End every token that was issued so far."""
    for row in store.table("tokens", unique=("token",)):
        row["left"] = 0


def _credentials(call: Call) -> tuple[str, str] | None:
    """Id and secret by HTTP Basic."""
    scheme, _, encoded = call.headers.get("Authorization", "").partition(" ")
    try:
        id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    # The standard wants both to be form-encoded first; of plain ids and secrets that changes nothing.
    return (unquote_plus(id), unquote_plus(secret)) if scheme.lower() == "basic" and colon else None


def _form(call: Call) -> Mapping[str, str]:
    """Parameters of the body or the query."""
    form = dict(call.query)
    if call.headers.get("Content-Type", "").partition(";")[0].strip() == "application/x-www-form-urlencoded":
        form |= parse_qsl(call.body.decode(errors="replace"))
    return form

"""What the transport and the API say, translated into our errors: once, from two tables."""

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import aiohttp
from aiohttp import client_exceptions, http_exceptions

from bulk.contracts import Explanation
from bulk.errors import (
    ApiError,
    FatalError,
    OutageError,
    RefusedError,
    RetryableError,
    ThrottledError,
    UnauthorizedError,
    UnreachableError,
)
from bulk.http.oauth import NARROW, oauth_error, scope_of
from bulk.model import Response, shorten

BODY_KEPT: Final = 2000
"""Characters of an error answer that are kept."""

MESSAGE_KEPT: Final = 1000
"""Characters of a message that are kept: every row may get the same one."""

_STEERING: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What would steer the terminal that shows it, or turn the text around; ends of lines and tabs are not among it."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """What a failure of the transport means."""

    code: str
    """Short stable word."""
    text: str
    """What happened, to be read after the name of the host."""
    maybe_applied: bool
    """Whether the request may have been carried out all the same."""
    advice: str | None = None
    """Set where trying again is of no use, and says what is."""


_CERTIFICATE: Final = Mishap(
    "tls_certificate",
    "shows a TLS certificate that cannot be trusted",
    maybe_applied=False,
    advice="Check the base address, and whether a proxy between you and the API replaces certificates.",
)
_ADDRESS: Final = Mishap(
    "invalid_address", "is no usable address", maybe_applied=False, advice="Correct the base address."
)
_GARBLED: Final = Mishap("garbled", "sent an answer that is not HTTP", maybe_applied=True)
_DISCONNECTED: Final = Mishap("disconnected", "closed the connection without an answer", maybe_applied=True)
_TIMED_OUT: Final = Mishap("read_timeout", "did not answer in time", maybe_applied=True)
_NO_CONNECTION: Final = Mishap("connect", "does not accept the connection", maybe_applied=False)
_NO_TLS: Final = Mishap("tls", "does not agree on TLS", maybe_applied=False)
_NO_PROXY: Final = Mishap("proxy", "cannot be reached through the proxy", maybe_applied=False)

MISHAPS: Final[dict[type[BaseException], Mishap]] = {
    aiohttp.ClientError: _DISCONNECTED,
    # before anything was sent
    aiohttp.ClientConnectorError: _NO_CONNECTION,
    client_exceptions.UnixClientConnectorError: _NO_CONNECTION,
    aiohttp.ClientConnectorDNSError: Mishap("dns", "is a name that cannot be resolved", maybe_applied=False),
    aiohttp.ClientProxyConnectionError: _NO_PROXY,
    aiohttp.ClientHttpProxyError: _NO_PROXY,
    aiohttp.ConnectionTimeoutError: Mishap(
        "connect_timeout", "does not open a connection in time", maybe_applied=False
    ),
    aiohttp.ClientSSLError: _NO_TLS,
    aiohttp.ClientConnectorSSLError: _NO_TLS,
    ssl.SSLError: _NO_TLS,
    aiohttp.ClientConnectorCertificateError: _CERTIFICATE,
    aiohttp.ServerFingerprintMismatch: _CERTIFICATE,
    ssl.CertificateError: _CERTIFICATE,
    aiohttp.InvalidURL: _ADDRESS,
    aiohttp.InvalidUrlClientError: _ADDRESS,
    aiohttp.NonHttpUrlClientError: _ADDRESS,
    # the request may have arrived
    aiohttp.ClientConnectionError: _DISCONNECTED,
    aiohttp.ClientConnectionResetError: _DISCONNECTED,
    aiohttp.ClientOSError: _DISCONNECTED,
    aiohttp.ServerConnectionError: _DISCONNECTED,
    aiohttp.ServerDisconnectedError: _DISCONNECTED,
    client_exceptions.UploadAbortedError: _DISCONNECTED,
    OSError: _DISCONNECTED,
    aiohttp.ServerTimeoutError: _TIMED_OUT,
    aiohttp.SocketTimeoutError: _TIMED_OUT,
    TimeoutError: _TIMED_OUT,
    # an answer came, or half of one
    aiohttp.ClientPayloadError: Mishap("truncated", "broke off in the middle of its answer", maybe_applied=True),
    aiohttp.ClientResponseError: _GARBLED,
    http_exceptions.HttpProcessingError: _GARBLED,
    # these cannot happen as the client is set up: no redirects, no web sockets, no decoding by content type
    aiohttp.TooManyRedirects: _GARBLED,
    aiohttp.RedirectClientError: _GARBLED,
    aiohttp.InvalidUrlRedirectClientError: _ADDRESS,
    aiohttp.NonHttpUrlRedirectClientError: _ADDRESS,
    aiohttp.ContentTypeError: _GARBLED,
    aiohttp.WSServerHandshakeError: _GARBLED,
}
"""Every failure that the transport can raise. A class not named here means what its nearest base means."""

FOREIGN: Final = (aiohttp.ClientError, http_exceptions.HttpProcessingError, OSError)
"""What the client catches to have it translated; OSError covers time-outs and TLS."""


def translate(error: BaseException, host: str, *, reached: bool) -> ApiError:
    """The meaning of a failure of the transport to `host`; `reached` tells whether it has ever answered."""
    mishap = next(MISHAPS[base] for base in type(error).__mro__ if base in MISHAPS)
    detail = shorten(getattr(error, "strerror", None) or "", 200)
    message = f"{host} {mishap.text}{f' ({detail})' if detail else ''}"
    if mishap.advice is not None:
        return OutageError(message, code=mishap.code, advice=mishap.advice, reached=reached)
    return UnreachableError(message, code=mishap.code, maybe_applied=mishap.maybe_applied)


REFUSALS: Final = {400: "invalid", 404: "not_found", 409: "conflict", 410: "gone", 413: "too_large", 422: "invalid"}
"""Codes of answers that concern one row, where the API has no word of its own."""

UNPROCESSED: Final = {408: "request_timeout", 425: "too_early"}
"""Answers below 500 that say the request was not looked at, so that it may be repeated."""


def judge(
    response: Response,
    *,
    explain: Callable[[Response], Explanation],
    retry_after: float | None,
    redact: Callable[[str], str],
) -> ApiError:
    """The meaning of an answer of 300 or above.

    A 429 or a 503 with Retry-After was turned away at the door, so nothing was written; after any other answer from
    500 on nobody knows. `redact` takes the credentials out of what the answer repeats: these texts are shown too.
    """
    status = response.status
    body = redact(response.body[: 8 * BODY_KEPT].decode("utf-8", "replace"))[:BODY_KEPT] or None
    if 300 <= status < 400:  # noqa: PLR2004  # the redirections, as in RFC 9110
        there = redact(shorten(response.headers.get("Location", ""), 200))
        return FatalError(
            f"the API answers {status} and points to {there or 'nowhere'}; a redirect is never followed, because the "
            "credentials would travel with it",
            code="redirected",
            status=status,
            body=body,
            advice="Correct the base address, if that is where the API is now.",
        )
    explanation = _ask(explain, response)
    message, code = _plain(redact(explanation.message)), explanation.code
    if explanation.body is not None:
        body = redact(explanation.body)[:BODY_KEPT] or None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(
            message, code="throttled", status=status, body=body, retry_after=retry_after, maybe_applied=False
        )
    if status in UNPROCESSED or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        turned_away = status in UNPROCESSED or (status == HTTPStatus.SERVICE_UNAVAILABLE and retry_after is not None)
        return RetryableError(
            message,
            code=UNPROCESSED.get(status, f"http_{status}"),
            status=status,
            body=body,
            retry_after=retry_after,
            maybe_applied=not turned_away,
        )
    said = oauth_error(response)
    # A 403 that the API has a word for is about this record, not about the credentials, unless the word says so.
    if status == HTTPStatus.UNAUTHORIZED or (status == HTTPStatus.FORBIDDEN and (code is None or said == NARROW)):
        scope = scope_of(response)
        if said == NARROW and scope is not None and scope not in message:
            message = f"{message} (scope {redact(scope)})"
        return UnauthorizedError(
            message,
            code=said or ("unauthorized" if status == HTTPStatus.UNAUTHORIZED else "forbidden"),
            status=status,
            body=body,
            advice="Give the credentials the right that is missing, or use others that have it."
            if said == NARROW
            else "Check the credentials, and what they are allowed to do.",
        )
    faults = tuple((_plain(redact(path)), _plain(redact(text))) for path, text in explanation.faults)
    return RefusedError(
        message, code=code or REFUSALS.get(status, f"http_{status}"), status=status, faults=faults, body=body
    )


def _plain(text: str) -> str:
    """What an API says, as people may be shown it."""
    return _STEERING.sub(" ", text if len(text) <= MESSAGE_KEPT else f"{text[: MESSAGE_KEPT - 1]}…")


def illegible(
    response: Response, host: str, *, explain: Callable[[Response], Explanation], redact: Callable[[str], str]
) -> RetryableError:
    """The meaning of a good status with a body that no such request gets: somebody else has answered, or only half."""
    kept = _ask(explain, response).body
    body = (
        redact(response.body[: 8 * BODY_KEPT].decode("utf-8", "replace") if kept is None else kept)[:BODY_KEPT] or None
    )
    message = f"{host} answers {response.status} with something that is no answer to what was asked"
    return RetryableError(message, code="unreadable_answer", status=response.status, body=body)


def _ask(explain: Callable[[Response], Explanation], response: Response) -> Explanation:
    try:
        explanation = explain(response)
    except Exception:  # noqa: BLE001  # whatever a body does to its reader, the status of the answer still counts
        explanation = Explanation(message="")
    if explanation.message:
        return explanation
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "with a status that is not in the standard"
    return Explanation(
        message=f"the API answers {response.status} {phrase}",
        code=explanation.code,
        faults=explanation.faults,
        body=explanation.body,
    )

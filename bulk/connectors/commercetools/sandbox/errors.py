"""How commercetools words its errors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from bulk.connectors.commercetools.sandbox.switches import Switches
from bulk.sandbox import Answer, Call, RefusedCallError

_CODES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("InvalidInput", "Malformed request."),
    401: ("invalid_token", "invalid_token"),
    404: ("ResourceNotFound", "The resource was not found."),
    405: ("InvalidOperation", "The method is not allowed here."),
    409: ("ConcurrentModification", "Version mismatch. Concurrent modification."),
    413: ("RequestEntityTooLarge", "The request body is too large."),
    429: ("TooManyRequests", "Too many requests."),
    500: ("General", "Internal server error."),
    502: ("BadGateway", "Bad gateway."),
    503: ("OverCapacity", "The service is having trouble handling the load."),
}
"""Code and message of an error that only has a status."""

_GATEWAY: Final = frozenset({413, 429, 500, 502, 503})
"""Statuses that machines in front of the API answer with as well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Complaint:
    """One element of `errors`."""

    code: str
    """Such as `InvalidInput`."""
    message: str
    """For people."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Fields of this code."""
    broken: bool = True
    """Whether the request breaks a documented rule, whatever the state of the project."""


def envelope(status: int, *complaints: Complaint, more: Mapping[str, str] | None = None) -> Answer:
    """The answer with these complaints, of which the first speaks for all; `more` stands beside the usual three."""
    document: dict[str, Any] = {
        "statusCode": int(status),
        "message": complaints[0].message,
        "errors": [{"code": each.code, "message": each.message, **each.more} for each in complaints],
        **(more or {}),
    }
    broken = next((f"{each.code}: {_detailed(each)}" for each in complaints if each.broken), None)
    return Answer.json(status, document, malformed=broken)


def refuse(complaint: Complaint, *, status: int = 400, more: Mapping[str, str] | None = None) -> RefusedCallError:
    """To be raised."""
    return RefusedCallError(envelope(status, complaint, more=more))


def oauth(status: int, code: str, message: str, *, broken: bool = False, described: bool = True) -> RefusedCallError:
    """To be raised: the envelope with the fields of OAuth."""
    more = {"error": code, **({"error_description": message} if described else {})}
    return refuse(Complaint(code=code, message=message, broken=broken), status=status, more=more)


def invalid_parameter(name: str, complaint: str) -> RefusedCallError:
    """To be raised: a parameter of the address that is not taken."""
    return refuse(Complaint(code="InvalidInput", message=f"Malformed parameter: {name}: {complaint}"))


def not_found(what: str) -> RefusedCallError:
    """To be raised: nothing has this id or key."""
    message = f"The Resource with {what} was not found."
    return refuse(Complaint(code="ResourceNotFound", message=message, broken=False), status=HTTPStatus.NOT_FOUND)


def error(switches: Switches, call: Call, status: int, reason: str) -> Answer:
    """An error of which no more is known than the status, and maybe the reason."""
    if status in _GATEWAY and switches.error_bodies != "envelope":
        return _gateway(status, switches.error_bodies)
    code, message = _CODES.get(status, ("General", "Error."))
    if status == HTTPStatus.UNAUTHORIZED and call.path == "/oauth/token":
        code, message = "invalid_client", "Please provide valid client credentials using HTTP Basic Authentication."
    more = {"error": code} if status == HTTPStatus.UNAUTHORIZED else None
    return envelope(status, Complaint(code=code, message=reason or message, broken=False), more=more)


def too_long(call: Call) -> Answer:
    """414, in the words of the machine in front of the API."""
    page = "<html><head><title>414 Request-URI Too Large</title></head><body><h1>414 Request-URI Too Large</h1></body>"
    why = f"the address has {len(call.target)} bytes"
    return Answer(status=414, body=page.encode(), content_type="text/html", malformed=why)


def _gateway(status: int, shape: str) -> Answer:
    title = f"{status} {HTTPStatus(status).phrase}"
    match shape:
        case "html":
            page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
            return Answer(status=status, body=page.encode(), content_type="text/html")
        case "empty":
            return Answer(status=status, content_type="")
        case _:
            return Answer(status=status, body=f'{{"error": "{title}"}}'.encode(), content_type="text/html")


def _detailed(complaint: Complaint) -> str:
    return str(complaint.more.get("detailedErrorMessage", complaint.message))

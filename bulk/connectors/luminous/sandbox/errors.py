"""How Luminous words its errors, as far as its documentation and its own client show."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from bulk.sandbox import Answer, Call

_MESSAGES: Final = {
    401: "Unauthenticated.",
    404: "Not Found.",
    405: "The method is not supported for this route.",
    409: "Conflict.",
    422: "The given data was invalid.",
    429: "Too Many Attempts.",
    500: "Server Error",
    503: "Service Unavailable",
}


def error(call: Call, status: int, reason: str) -> Answer:
    """`{"message": ...}` in JSON; a page in HTML for a client that does not say that it wants JSON."""
    message = reason or _MESSAGES.get(status, "Error")
    if "json" not in call.headers.get("Accept", ""):
        page = f"<!DOCTYPE html><html><head><title>{escape(message)}</title></head><body>{status}</body></html>"
        return Answer(status=status, body=page.encode(), content_type="text/html; charset=UTF-8")
    return Answer.json(status, {"message": message})


def invalid(
    call: Call, errors: Mapping[str, Sequence[str]], *, shape: str = "lists", malformed: str | None = None
) -> Answer:
    """422 with every fault under its dotted path; `malformed` is set where the request breaks the documentation.

    `shape` is `Switches.error_shape`.
    """
    messages = [message for each in errors.values() for message in each]
    more = len(messages) - 1
    summary = messages[0] + (f" (and {more} more error{'s' if more > 1 else ''})" if more else "")
    if "json" not in call.headers.get("Accept", ""):
        return Answer(status=302, content_type="", headers={"Location": "/"}, malformed=malformed)
    match shape:
        case "lists":
            document: object = {"message": summary, "errors": errors}
        case "texts":
            document = {"message": summary, "errors": {path: " ".join(each) for path, each in errors.items()}}
        case "text":
            document = {"message": "The given data was invalid.", "errors": " ".join(messages)}
        case _:
            document = {"message": summary}
    return Answer.json(422, document, malformed=malformed)

"""What a request says: its body, and the record that it is about."""

import re
from typing import Any

from bulk.connectors.luminous.sandbox.errors import error
from bulk.connectors.luminous.sandbox.switches import Switches
from bulk.sandbox import Answer, Call, RefusedCallError, Row, Table


def key(call: Call) -> str | None:
    """The id of a channel in the path, else the SKU, id or label that a body names; None where nobody can read it."""
    if call.method != "GET" and (match := re.match(r"/channels/([^/]+)", call.path)):
        return match[1]
    body = call.members
    named = body.get("sku", body.get("id", body.get("label")))
    return None if named is None else str(named)


def document(call: Call, switches: Switches) -> Row:
    """The JSON object in the body; raises `RefusedCallError`."""
    if call.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        why = "the body is documented as application/json"
        raise RefusedCallError(Answer.json(415, {"message": "Unsupported Media Type"}, malformed=why))
    try:
        body = call.document
    except ValueError as fault:
        why = f"the body is not JSON: {fault}"
        raise RefusedCallError(Answer.json(400, {"message": "The body is not JSON."}, malformed=why)) from None
    if not isinstance(body, dict):
        message = "The body is not an object."
        raise RefusedCallError(Answer.json(400, {"message": message}, malformed="the body is not an object"))
    trimmed: Row = _trimmed(body) if switches.blank_is_null else body
    return trimmed


def row_of_path(call: Call, table: Table, title: str) -> Row:
    """The row whose id is in the path; raises `RefusedCallError` with 404."""
    id = call.params["id"]
    row = table.get(int(id)) if re.fullmatch(r"[0-9]{1,18}", id) else None
    if row is None:
        raise RefusedCallError(error(call, 404, f"{title} {id} not found."))
    return row


def _trimmed(value: Any) -> Any:  # noqa: ANN401  # JSON is any shape
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list):
        return [_trimmed(each) for each in value]
    if isinstance(value, dict):
        return {name: _trimmed(each) for name, each in value.items()}
    return value

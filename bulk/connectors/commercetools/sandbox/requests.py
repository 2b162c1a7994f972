"""What a request says: its body, and the record that it is about."""

import re
from typing import Any
from urllib.parse import unquote

from bulk.connectors.commercetools.sandbox.checks import Findings, without_nulls
from bulk.connectors.commercetools.sandbox.switches import Switches
from bulk.sandbox import Call, Row, Table

_ONE = re.compile(r"/[^/]+/channels/([^/]+)")


def key(call: Call) -> str | None:
    """The key or id of the channel that a write is about; None where nobody can read it, and of questions."""
    if call.method in {"GET", "HEAD"}:
        return None
    if match := _ONE.fullmatch(call.path):
        return unquote(match[1]).removeprefix("key=")
    named = call.members.get("key")
    return named if isinstance(named, str) else None


def fields(call: Call) -> tuple[str, ...]:
    """What a write changes: the names of the actions of an update, else the members of the body."""
    actions = call.members.get("actions")
    if not isinstance(actions, list):
        return tuple(call.members)
    names = (each.get("action") for each in actions if isinstance(each, dict))
    return tuple(name for name in names if isinstance(name, str))


def document(call: Call, switches: Switches) -> Any:  # noqa: ANN401  # JSON is any shape; its rules say which
    """The JSON in the body; raises `RefusedCallError`."""
    findings = Findings(switches)
    body: Any = None
    if call.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        findings.malformed((), "The body is documented as application/json.")
    else:
        try:
            body = call.document
        except ValueError as fault:
            findings.malformed((), str(fault))
    findings.settle()
    return without_nulls(body) if switches.nulls == "absent" else body


def row_of_path(call: Call, table: Table) -> tuple[Row | None, str]:
    """The row whose id, or key behind `key=`, is in the path, and what to call it."""
    named = call.params["id"]
    if named.startswith("key="):
        key = named.removeprefix("key=")
        return table.find("key", key), f"key '{key}'"
    return table.find("uuid", named.lower()), f"ID '{named}'"

"""GET /products/export: active products by cursor.

Source: https://docs.joinluminous.com/api-reference/products/export-products-cursor-pagination. The first page needs
`since`, every later one the `cursor` of the page before; the time of the first request is the cutoff of all.
"""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import Final

from bulk.connectors.luminous.sandbox.filters import BadQueryError
from bulk.connectors.luminous.sandbox.listing import bad_query, whole
from bulk.connectors.luminous.sandbox.products import answers
from bulk.connectors.luminous.sandbox.products.catalog import Catalog
from bulk.sandbox import Answer, Call

LIMIT: Final = 100
LIMIT_MOST: Final = 1000

_SECRET: Final = b"the server's own"
_IGNORED: Final = "q"
"""Passed on by the web server's rewriting, and left out of the checking."""


def export(catalog: Catalog, call: Call) -> Answer:
    """One page, oldest change first."""
    try:
        query = _query(call)
        limit = whole("limit", query["limit"], 1, LIMIT_MOST) if "limit" in query else LIMIT
        now = catalog.store.timestamp()
        if "cursor" in query:
            cutoff, *place = _read(query["cursor"], now, catalog.switches.cursor_seconds)
        else:
            cutoff, place = now, [_since(query["since"]), -1]
    except BadQueryError as fault:
        return bad_query(call, fault, catalog.switches)
    changed = catalog.products.after("updated_at", (place[0], place[1]))
    before_cutoff = takewhile(lambda row: row["updated_at"] <= cutoff, changed)
    rows = list(islice((row for row in before_cutoff if row["active"]), limit))
    more = len(rows) == limit
    return Answer.json(
        200,
        {
            "data": [answers.export_row(catalog, row) for row in rows],
            "next_cursor": _cursor(now, cutoff, rows[-1]["updated_at"], rows[-1]["id"]) if more else None,
            "has_more": more,
        },
    )


def _query(call: Call) -> dict[str, str]:
    query: dict[str, str] = {}
    for name, value in call.query:
        if name not in {"since", "cursor", "limit", _IGNORED}:
            raise BadQueryError(name, "is not documented")
        if name in query:
            raise BadQueryError(name, "is given twice")
        query[name] = value
    if "since" in query and "cursor" in query:
        raise BadQueryError("since", "must not be combined with cursor")
    if "since" not in query and "cursor" not in query:
        raise BadQueryError("since", "is required on the first page")
    return query


def _since(value: str) -> int:
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        # Inclusive, and products are stamped with whole seconds.
        return -int(-moment.timestamp() // 1)
    except (ValueError, OverflowError):
        raise BadQueryError("since", "is not a date or datetime in ISO 8601") from None


def _cursor(*position: int) -> str:
    payload = json.dumps(position).encode()
    return base64.urlsafe_b64encode(_signature(payload) + payload).decode()


def _read(cursor: str, now: int, lifetime: int | None) -> tuple[int, int, int]:
    """Cutoff, and time and id of the last row."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii"))
    except ValueError:
        raw = b""
    size = hashlib.sha256().digest_size
    if not hmac.compare_digest(raw[:size], _signature(raw[size:])):
        raise BadQueryError("cursor", "is not one that was handed out")
    handed_out, cutoff, changed, id = json.loads(raw[size:])
    if lifetime is not None and now - handed_out > lifetime:
        raise BadQueryError("cursor", "has expired", documented=False)
    return cutoff, changed, id


def _signature(payload: bytes) -> bytes:
    return hmac.digest(_SECRET, payload, "sha256")

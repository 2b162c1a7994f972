"""Single values, tolerantly: numbers may come as text, flags as 0 and 1.

Each reader gives None for null, and for whatever it cannot read.
"""

import math
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

EXACT: Final = 2**53
"""Whole numbers beyond it are not exact in JSON."""

_LARGEST: Final = sys.float_info.max
"""No number beyond it is read: JSON may write whole ones of any length."""

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
"""How no number begins."""

_MILLISECONDS: Final = 1e11
"""Epoch times above this are not seconds: that would be the year 5138."""


def text(value: object) -> str | None:
    """Text; a number becomes its digits."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def number(value: object) -> float | None:
    """A finite number; a text only if no digit of it is lost."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value if abs(value) <= _LARGEST else None
    if not isinstance(value, str):
        return None
    try:
        exact = Decimal(value.strip())
    except InvalidOperation:
        return None
    if not exact.is_finite() or not math.isfinite(float(exact)):
        return None
    if exact == exact.to_integral_value() and abs(exact) <= EXACT:
        return int(exact)
    return float(exact) if Decimal(repr(float(exact))) == exact else None


def integer(value: object) -> int | None:
    """A whole number."""
    found = number(value)
    return int(found) if found is not None and float(found).is_integer() else None


def flag(value: object) -> bool | None:
    """Yes or no."""
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().casefold())
    return bool(value) if value in (0, 1) else None


def texts(value: object) -> list[str] | None:
    """Names: of objects with a name or an SKU, or texts themselves; None if a single one has none."""
    if not isinstance(value, list):
        return None
    names = [text(one.get("name", one.get("sku"))) if isinstance(one, Mapping) else text(one) for one in value]
    return [name for name in names if name is not None] if None not in names else None


def integers(value: object) -> list[int] | None:
    """IDs: of objects, or whole numbers themselves; None if a single one has none."""
    if not isinstance(value, list):
        return None
    ids = [integer(one.get("id")) if isinstance(one, Mapping) else integer(one) for one in value]
    return [id for id in ids if id is not None] if None not in ids else None


def labelled(value: object) -> dict[str, Any] | None:
    """Custom fields by label: an object, or a list of objects with a label and a value, or of one member each.

    None where their shape is another. PHP writes an object without members as an empty list.
    """
    if isinstance(value, Mapping):
        return dict(value)
    if not isinstance(value, list):
        return None
    fields: dict[str, Any] = {}
    for one in value:
        if not isinstance(one, Mapping):
            return None
        label = next((one[name] for name in ("label", "name") if isinstance(one.get(name), str)), None)
        if label is not None and "value" in one:
            fields[label] = one["value"]
        elif len(one) == 1:
            fields.update(one)
        elif one:
            return None
    return fields


def timestamp(value: object) -> datetime | None:
    """A time in UTC: ISO 8601, or seconds or milliseconds since 1970."""
    try:
        seconds = None if isinstance(value, str) and _DATE.match(value) else number(value)
        if seconds is not None:
            return datetime.fromtimestamp(seconds / 1000 if abs(seconds) > _MILLISECONDS else seconds, UTC)
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None

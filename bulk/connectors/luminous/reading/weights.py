"""Weights, in every shape in which Luminous shows them, as the one shape that it takes: pounds.

A weight is a number, a text, one `{unit, value}`, or a list of such parts that add up; beside it may stand its totals
in pounds and ounces. A number without a unit is what the totals say, and else taken for pounds, the only unit that the
documentation writes.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bulk.connectors.luminous.reading.values import number
from bulk.model import ABSENT, each

UNITS: Final[Mapping[str, float]] = {
    "": 1.0,
    "lb": 1.0,
    "lbs": 1.0,
    "oz": 1 / 16,
    "kg": 2.2046226218,
    "g": 0.0022046226218,
}
"""Pounds in one of each unit, and of none."""

DECIMALS: Final = 6
BLANK: Final[Mapping[str, Any]] = {"unit": None, "value": None}


def read_weights(shown: Sequence[object], pounds: Sequence[object], ounces: Sequence[object]) -> list[Any]:
    """Weights beside their totals in pounds and ounces, as pounds; `BLANK` for one that says that there is none.

    A single part that says that it is in pounds is kept as it is; anything else is the total, to six decimals. `ABSENT`
    where nobody can tell, or nothing is said.
    """
    alone = each(_read_alone, shown)
    return [
        weight if isinstance(weight, dict) else _in_pounds(_total(lb, oz, weight))
        for weight, lb, oz in zip(alone, pounds, ounces, strict=True)
    ]


def _read_alone(shown: object) -> Any:  # noqa: ANN401  # an object, or parts
    """The weight where totals beside it would say nothing more, else its parts."""
    if shown == []:  # most weights of a catalog
        return BLANK
    parts = None if shown is ABSENT else _parts(shown)
    if parts == []:
        return BLANK
    if parts is not None and len(parts) == 1 and parts[0][0] in {"lb", "lbs"}:
        return _in_pounds(parts[0][1])
    return parts


def _in_pounds(value: float | None) -> Any:  # noqa: ANN401  # an object, or absent
    return ABSENT if value is None else {"unit": "lb", "value": value}


def _total(shown_pounds: object, shown_ounces: object, parts: list[tuple[str, float]] | None) -> float | None:
    """Pounds by the totals beside the weight, else by its parts."""
    if (pounds := number(shown_pounds)) is not None:
        return round(pounds, DECIMALS)
    if (ounces := number(shown_ounces)) is not None:
        return round(ounces / 16, DECIMALS)
    if not parts or any(unit not in UNITS for unit, _ in parts):
        return None
    if len(parts) == 1 and not parts[0][0]:
        return parts[0][1]
    total = sum(value * UNITS[unit] for unit, value in parts)
    return round(total, DECIMALS) if math.isfinite(total) else None


def _parts(shown: object) -> list[tuple[str, float]] | None:
    """Units and values; empty where there is no weight, None where one cannot be read."""
    parts = []
    for one in shown if isinstance(shown, list) else [shown]:
        part = _part(one)
        if part is None:
            return None
        parts += part
    return parts


def _part(shown: object) -> list[tuple[str, float]] | None:
    """One part, or none of it."""
    unit: object = ""
    if isinstance(shown, Mapping):
        unit, shown = shown.get("unit"), shown.get("value")
    elif isinstance(shown, str) and (match := re.fullmatch(r"\s*(\S*\d\.?)\s*([A-Za-z]+)\s*", shown)):
        shown, unit = match[1], match[2]
    if shown is None or (isinstance(shown, str) and not shown.strip()):
        return []
    value = number(shown)
    return None if value is None or not isinstance(unit, str) else [(unit.strip().casefold(), value)]

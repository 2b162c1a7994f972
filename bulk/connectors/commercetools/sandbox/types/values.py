"""Values of custom fields, by kind.

Source: https://docs.commercetools.com/api/projects/types
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from bulk.connectors.commercetools.sandbox.checks import Findings, is_whole, localized
from bulk.connectors.commercetools.sandbox.ids import is_id
from bulk.connectors.commercetools.sandbox.switches import Switches
from bulk.sandbox import is_number

_WITHOUT_CENTS: Final = frozenset({"CLP", "ISK", "JPY", "KRW", "VND", "XAF", "XOF", "XPF"})
_MONEY: Final = frozenset({"type", "currencyCode", "centAmount", "fractionDigits"})


def check_value(kind: Mapping[str, Any], value: object) -> str | None:
    """Why a value does not fit the type of its field; None if it fits."""
    return _CHECKS[kind["name"]](kind, value)


def stored(kind: Mapping[str, Any], value: Any) -> Any:  # noqa: ANN401  # any JSON
    """A value that fits, as the API keeps it."""
    match kind["name"]:
        case "Money":
            digits = 0 if value["currencyCode"] in _WITHOUT_CENTS else 2
            return {"type": "centPrecision", "fractionDigits": digits, **value}
        case "Set":
            # The order of a set is not kept: here it comes back in one that hardly anybody sends.
            elements = (stored(kind["elementType"], each) for each in value)
            return sorted(elements, key=json.dumps, reverse=True)
        case _:
            return value


def _boolean(_: Mapping[str, Any], value: object) -> str | None:
    return None if isinstance(value, bool) else "true or false expected"


def _number(_: Mapping[str, Any], value: object) -> str | None:
    return None if is_number(value) else "a number expected"


def _text(_: Mapping[str, Any], value: object) -> str | None:
    return None if isinstance(value, str) else "a text expected"


def _localized(_: Mapping[str, Any], value: object) -> str | None:
    findings = Findings(Switches())
    localized(value, (), findings)
    return "an object of texts by locale expected" if findings.complaints else None


def _enum(kind: Mapping[str, Any], value: object) -> str | None:
    keys = [each["key"] for each in kind["values"]]
    return None if value in keys else f"one of {', '.join(keys)} expected"


def _money(_: Mapping[str, Any], value: object) -> str | None:
    if not isinstance(value, dict) or not value.keys() <= _MONEY:
        return "an object of currencyCode and centAmount expected"
    if not re.fullmatch(r"[A-Z]{3}", str(value.get("currencyCode"))):
        return "a currencyCode of three capital letters expected"
    if not is_whole(value.get("centAmount")):
        return "a whole centAmount expected"
    return None if value.get("type", "centPrecision") == "centPrecision" else "the type centPrecision expected"


def _parsed(
    form: str, parse: Callable[[str], object], expected: str
) -> Callable[[Mapping[str, Any], object], str | None]:
    def check(_: Mapping[str, Any], value: object) -> str | None:
        try:
            if isinstance(value, str) and re.fullmatch(form, value):
                parse(value)
                return None
        except ValueError:
            pass
        return f"{expected} expected"

    return check


def _reference(kind: Mapping[str, Any], value: object) -> str | None:
    if not isinstance(value, dict) or value.keys() != {"typeId", "id"}:
        return "an object of typeId and id expected"
    if value["typeId"] != kind["referenceTypeId"]:
        return f"the typeId {kind['referenceTypeId']} expected"
    return None if is_id(value["id"]) else "an id expected"


def _set(kind: Mapping[str, Any], value: object) -> str | None:
    if not isinstance(value, list):
        return "an array expected"
    if any(each in value[:index] for index, each in enumerate(value)):
        return "no value twice expected"
    return next(filter(None, (check_value(kind["elementType"], each) for each in value)), None)


_CHECKS: Final[Mapping[str, Callable[[Mapping[str, Any], object], str | None]]] = {
    "Boolean": _boolean,
    "Number": _number,
    "String": _text,
    "LocalizedString": _localized,
    "Enum": _enum,
    "LocalizedEnum": _enum,
    "Money": _money,
    "Date": _parsed(r"\d{4}-\d\d-\d\d", date.fromisoformat, "YYYY-MM-DD"),
    "Time": _parsed(r"\d\d:\d\d:\d\d\.\d{3}", time.fromisoformat, "hh:mm:ss.mmm"),
    "DateTime": _parsed(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", datetime.fromisoformat, "YYYY-MM-DDThh:mm:ss.mmmZ"),
    "Reference": _reference,
    "Set": _set,
}

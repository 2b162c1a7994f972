"""Values of custom fields as their type takes them: a table knows text, numbers and yes or no, and not always which.

What cannot be made fit stays as it is, and is for commercetools to refuse.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from bulk.fingerprint import canonical

_TRUTH: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "yes", "y", "1", "t", "on"), True),
    **dict.fromkeys(("false", "no", "n", "0", "f", "off"), False),
}
_TEXT: Final = frozenset({"String", "Enum", "LocalizedEnum", "Date"})
_DIGITS: Final = 300


def fitting(value: Any, kind: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON is any shape
    """A value as a field of this kind takes it."""
    if value is None:
        return None
    match kind.get("name"):
        case name if name in _TEXT:
            return value if isinstance(value, dict | list) else _text(value)
        case "Number":
            return _number(value)
        case "Boolean":
            return _TRUTH.get(canonical(value).casefold(), value) if not isinstance(value, dict | list) else value
        case "Time":
            return _moment(value, lambda text: time.fromisoformat(text).isoformat("milliseconds"))
        case "DateTime":
            return _moment(value, _utc)
        case "LocalizedString" if isinstance(value, dict):
            return {language: None if text is None else _text(text) for language, text in value.items()}
        case "Set":
            inner = kind.get("elementType")
            elements = value if isinstance(value, list) else _parts(value)
            return [fitting(one, inner if isinstance(inner, Mapping) else {}) for one in elements]
        case _:
            return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else canonical(value)


def _number(value: Any) -> Any:  # noqa: ANN401  # JSON is any shape
    if not isinstance(value, str) or len(value) > _DIGITS:
        return value
    try:
        exact = Decimal(value)
    except InvalidOperation:
        return value
    if not exact.is_finite():
        return value
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _moment(value: Any, read: Any) -> Any:  # noqa: ANN401  # JSON is any shape
    try:
        return read(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _utc(text: str) -> str:
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _parts(value: object) -> list[Any]:
    """Elements of a set in one cell: between semicolons."""
    if not isinstance(value, str):
        return [value]
    return [part for one in value.split(";") if (part := one.strip())]


def same(desired: object, present: object) -> bool:
    """Whether a value is there already: of an object what is desired of it, of a set every element, in any order."""
    if isinstance(desired, dict) and isinstance(present, dict):
        return all(name in present and same(value, present[name]) for name, value in desired.items())
    if isinstance(desired, list) and isinstance(present, list):
        every = all(any(same(one, other) for other in present) for one in desired)
        return every and all(any(same(one, other) for one in desired) for other in present)
    return canonical(desired) == canonical(present)


def blended(desired: Any, present: object) -> Any:  # noqa: ANN401  # JSON is any shape
    """What a field is to hold: of text by language, the languages that are not given stay as they are."""
    if not isinstance(desired, dict):
        return desired
    before = present if isinstance(present, dict) and is_localized(desired) and is_localized(present) else {}
    return {name: value for name, value in {**before, **desired}.items() if value is not None}


def is_localized(value: Mapping[str, Any]) -> bool:
    """Whether it looks like text by language."""
    return all(text is None or isinstance(text, str) for text in value.values()) and "typeId" not in value

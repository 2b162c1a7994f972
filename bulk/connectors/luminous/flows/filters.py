"""Filters of `GET /products`: `field[operator]=value`, checked before anything is sent.

Fields and operators: https://docs.joinluminous.com/filters and https://docs.joinluminous.com/api-reference. The rules
for numbers and yes/no fields lie in a part of the page that nobody has seen; the usual ones are taken.
"""

import difflib
import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from bulk.connectors.luminous.reading.values import number
from bulk.errors import UsageError
from bulk.model import listed

_PRESENCE: Final = ("set", "notset")
_MEMBERSHIP: Final = ("in", "notin")
_ORDER: Final = ("gt", "gte", "lt", "lte")
OPERATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "search": ("eq",),
    "text": ("eq", "neq", "contains", "notcontains", *_MEMBERSHIP, *_PRESENCE),
    "number": ("eq", "neq", *_ORDER, *_MEMBERSHIP, *_PRESENCE),
    "yes/no": ("eq", "neq", *_PRESENCE),
    "date": ("eq", "neq", *_ORDER, *_PRESENCE),
}
"""What can be asked of each kind of field."""

_TEXTS: Final = (
    "name", "description", "sku", "upc", "tag", "category.name", "sub_category.name", "supplier.name", "type",
)  # fmt: skip
_IDS: Final = ("category.id", "sub_category.id", "supplier.id", "bom.id", "kit_items.product_id")
FIELDS: Final[Mapping[str, str]] = {
    "q": "search",
    **dict.fromkeys(_TEXTS, "text"),
    **dict.fromkeys((*_IDS, "retail_price", "wholesale_price"), "number"),
    **{
        f"{part}_{side}": "number"
        for part in ("product", "box", "carton", "shipping", "pallet")
        for side in ("length", "width", "height")
    },
    **{
        f"{part}_weight_{unit}": "number"
        for part in ("product", "dimensional", "box", "carton", "shipping", "pallet")
        for unit in ("lb", "oz")
    },
    **dict.fromkeys(("sellable", "discontinued"), "yes/no"),
    **dict.fromkeys(("created_at", "updated_at"), "date"),
}
"""Kind of each field. The last four are documented for the list of prices only."""

_OTHER_NAMES: Final[Mapping[str, str]] = {
    "category": "category.name",
    "category_id": "category.id",
    "subcategory": "sub_category.name",
    "subcategory.name": "sub_category.name",
    "sub_category_id": "sub_category.id",
    "supplier": "supplier.name",
    "supplier_id": "supplier.id",
    "tags": "tag",
    "boms": "bom.id",
}
"""Names of columns that the filters call otherwise."""

_FLAGS: Final[Mapping[str, str]] = {
    "true": "true",
    "yes": "true",
    "1": "true",
    "false": "false",
    "no": "false",
    "0": "false",
}


def product_filter(text: str) -> tuple[str, str]:
    """A filter as the API takes it; raises `UsageError` for what is not documented."""
    name, value = _parts(text)
    match = re.fullmatch(r"\s*([^\[\]]+?)\s*(?:\[\s*([A-Za-z]*)\s*\])?\s*", name)
    if match is None:
        raise UsageError(f"{name!r} is no filter", advice="Write field=value or field[operator]=value.")
    field = match[1].casefold()
    field = _OTHER_NAMES.get(field, field)
    if field not in FIELDS:
        near = difflib.get_close_matches(field, FIELDS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {listed(list(FIELDS))}."
        raise UsageError(f"Luminous documents no filter by {match[1]!r}", advice=hint)
    kind, operator = FIELDS[field], (match[2] or "eq").casefold()
    if operator not in OPERATORS[kind]:
        raise UsageError(
            f"{field} is a {kind} field, which has no operator {operator!r}",
            advice=f"It has {listed(OPERATORS[kind])}.",
        )
    checked = _value(field, kind, operator, value)
    return (field if operator == "eq" else f"{field}[{operator}]"), checked


def channel_filter(text: str) -> tuple[str, str]:
    """No filter of channels is documented, so raises `UsageError`."""
    raise UsageError(f"Luminous documents no filters for channels, so {text} cannot be asked for")


def _parts(text: str) -> tuple[str, str]:
    """A filter taken apart at its equals sign; raises `UsageError`."""
    name, equals, value = text.partition("=")
    if not equals and not name.rstrip("]").endswith("set"):
        raise UsageError(f"{text!r} is no filter", advice="Write field=value, or field[operator]=value.")
    return name.strip(), value


def _value(field: str, kind: str, operator: str, value: str) -> str:
    if operator in _PRESENCE:
        if value.strip():
            raise UsageError(f"{field}[{operator}] takes no value", advice=f"Write {field}[{operator}]= alone.")
        return ""
    if operator in _MEMBERSHIP:
        return ",".join(_single(field, kind, one) for one in value.split(","))
    return _single(field, kind, value)


def _single(field: str, kind: str, value: str) -> str:
    """One value, as its kind is written; a text with its surrounding space, which may matter."""
    word = value.strip()
    if not word:
        raise UsageError(
            f"the filter by {field} has no value", advice=f"Write {field}[notset]= for products without one."
        )
    match kind:
        case "number" if number(word) is None:
            raise UsageError(f"{field} is a number, which {value!r} is not", advice="Write it like 12.5.")
        case "yes/no" if word.casefold() not in _FLAGS:
            raise UsageError(f"{field} is yes or no, which {value!r} is not", advice="Write true or false.")
        case "date" if not _is_date(word):
            raise UsageError(f"{field} is a date, which {value!r} is not", advice="Write it like 2026-01-31.")
        case "yes/no":
            return _FLAGS[word.casefold()]
        case "number" | "date":
            return word
        case _:
            return value


def _is_date(word: str) -> bool:
    try:
        return date.fromisoformat(word).isoformat() == word
    except ValueError:
        return False

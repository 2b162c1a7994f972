"""Products, variants and channels as documents: only what the record holds, null where it is null.

Those of a whole page are read side by side, field by field: most of a catalog is blank, or as it is to be.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from math import isfinite
from types import NoneType
from typing import Any, Final, TypeAlias, get_args

from pydantic import BaseModel

from bulk.connectors.luminous.models import Channel, ChannelFacts, Product, ProductFacts, Variant, VariantFacts
from bulk.connectors.luminous.models.parts import Weight
from bulk.connectors.luminous.reading.values import flag, integer, integers, labelled, number, text, texts, timestamp
from bulk.connectors.luminous.reading.weights import read_weights
from bulk.contracts import Listed
from bulk.model import ABSENT, Documents, each

_Columns: TypeAlias = dict[str, Sequence[Any]]

_READERS: Final[Mapping[Any, Callable[[object], Any]]] = {
    str: text,
    int: integer,
    float: number,
    bool: flag,
    list[str]: texts,
    list[int]: integers,
}
"""How a field is read, by its type in the model."""

_BY_NAME: Final = {"category": "category_id", "subcategory": "sub_category_id", "supplier": "supplier_id"}
"""Objects that are written by name, and the field for their id where they have none."""

_NO_VALUE: Final = {NoneType, type(ABSENT)}
_NAMELESS: Final[Mapping[str, Any]] = {"name": None}


def read_product(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A product with its variants and its read-only fields."""
    return read_products([record])[0]


def read_products(records: Sequence[Mapping[str, Any]]) -> Documents:
    """Products with their variants and their read-only fields."""
    shown = Documents.of(records)
    columns = _goods(shown, Product)
    if "variants" in shown.columns:
        columns["variants"] = each(_variants, shown.columns["variants"])
    return Documents(columns | _plain(shown, ProductFacts), len(shown))


def read_listed(records: Sequence[Mapping[str, Any]]) -> Listed:
    """The products of a page, with what else an export asks of each."""
    shown = Documents.of(records)
    nothing = [ABSENT] * len(shown)
    ids, new, old = (shown.columns.get(name, nothing) for name in ("id", "updated_at", "updatedAt"))
    changes = (timestamp(older if newer is ABSENT else newer) for newer, older in zip(new, old, strict=True))
    return Listed.of(read_products(shown), ids, changes)


def read_variant(record: Mapping[str, Any]) -> dict[str, Any]:
    """A variant without its read-only fields."""
    return Documents(_goods(Documents.of([record]), Variant), 1)[0]


def read_channel(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A channel with its read-only fields; nothing of what its credentials, mappings and filters hold."""
    shown = Documents.of([record])
    document = Documents(_plain(shown, Channel), 1)[0]
    if "tags" in record:
        ids = integers(record["tags"])
        if ids is not None or record["tags"] is None:
            document["tagIds"] = ids
    return document | Documents(_plain(shown, ChannelFacts), 1)[0]


def changed_at(record: Mapping[str, Any]) -> datetime | None:
    """When a product or a channel last changed, in UTC."""
    return timestamp(record.get("updated_at", record.get("updatedAt")))


def _goods(shown: Documents, model: type[BaseModel]) -> _Columns:
    """What products and variants have in common."""
    columns = _plain(shown, model)
    for name, id_field in _references(model):
        if name in shown.columns:
            ids = columns.get(id_field, [ABSENT] * len(shown))
            columns |= _reference(shown.columns[name], name, ids, id_field)
    nothing = [ABSENT] * len(shown)
    for name in _weights(model):
        said = [shown.columns.get(one, nothing) for one in (name, f"{name}_lb", f"{name}_oz")]
        if any(one is not nothing for one in said):
            columns[name] = read_weights(*said)
    if "custom_fields" in shown.columns:
        columns["custom_fields"] = each(_fields, shown.columns["custom_fields"])
    return columns


def _plain(shown: Documents, model: type[BaseModel]) -> _Columns:
    """The fields of single values and of lists of them."""
    given = shown.columns
    return {name: _read(given[name], kind) for name, kind in _kinds(model) if name in given}


def _read(values: Sequence[Any], kind: Any) -> Sequence[Any]:  # noqa: ANN401  # an annotation
    """Values of a field, by its type in the model; what cannot be read is absent."""
    types = set(map(type, values)) - _NO_VALUE
    if not types or (types == {kind} and (kind is not float or _are_finite(values))):
        return values
    reader = _READERS[kind]
    return each(lambda value: value if value is None or value is ABSENT else _or_absent(reader(value)), values)


def _are_finite(values: Sequence[Any]) -> bool:
    return all(map(isfinite, [value for value in values if type(value) is float]))


def _or_absent(read: object) -> object:
    return ABSENT if read is None else read


def _reference(values: Sequence[Any], name: str, ids: Sequence[Any], id_field: str) -> _Columns:
    """Categories or suppliers by their names, else by their ids; what is not shown keeps its id."""
    referred = each(_referred, values)
    numbered = [id if shown is ABSENT else own for shown, (_, own), id in zip(values, referred, ids, strict=True)]
    return {name: [named for named, _ in referred], id_field: numbered}


def _referred(shown: object) -> tuple[Any, Any]:
    """A category or a supplier by its name, or else its id."""
    if shown is ABSENT or shown is None:
        return (ABSENT if shown is ABSENT else _NAMELESS), ABSENT
    of = shown if isinstance(shown, dict) else {"name": shown}
    called = text(of.get("name"))
    if called and called.strip():
        return {"name": called}, ABSENT
    found = integer(of.get("id"))
    return ABSENT, ABSENT if found is None else found


def _fields(shown: object) -> Any:  # noqa: ANN401  # an object, or absent
    """Custom fields by their labels, of which only single values can be written."""
    fields = labelled(shown)
    if fields is None:
        return ABSENT
    return {
        label: value
        for label, value in fields.items()
        if label.strip() and (value is None or isinstance(value, str | bool) or number(value) is not None)
    }


def _variants(shown: object) -> Any:  # noqa: ANN401  # a list, or absent
    """Variants of a product with their read-only fields; those without an SKU cannot be written."""
    if not shown or not isinstance(shown, list):
        return shown if shown is None or shown == [] else ABSENT
    named = Documents.of([one for one in shown if isinstance(one, Mapping) and text(one.get("sku"))])
    return list(Documents(_goods(named, Variant) | _plain(named, VariantFacts), len(named)))


@cache
def _kinds(model: type[BaseModel]) -> tuple[tuple[str, Any], ...]:
    """Fields that have a reader, and their types."""
    kinds = {name: _without_null(info.annotation) for name, info in model.model_fields.items()}
    return tuple((name, kind) for name, kind in kinds.items() if kind in _READERS)


@cache
def _references(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    return tuple((name, id_field) for name, id_field in _BY_NAME.items() if name in model.model_fields)


@cache
def _weights(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(name for name, info in model.model_fields.items() if info.annotation is Weight)


def _without_null(annotation: Any) -> Any:  # noqa: ANN401  # an annotation
    kinds = [one for one in get_args(annotation) if one is not NoneType]
    return kinds[0] if NoneType in get_args(annotation) and len(kinds) == 1 else annotation


PRODUCT_FIELDS: Final = tuple(
    dict.fromkeys(
        [
            shown
            for model in (Product, ProductFacts)
            for name in model.model_fields
            for shown in ((name, f"{name}_oz", f"{name}_lb") if name in _weights(model) else (name,))
        ]
        + ["updated_at", "updatedAt"]
    )
)
"""What is looked at of a product. Fields that Luminous shows side by side are found quickest side by side."""

NESTED_FIELDS: Final = frozenset(
    name
    for model in (Product, ProductFacts)
    for name, info in model.model_fields.items()
    if _without_null(info.annotation) not in (str, int, float, bool)
)
"""Those of which lists or objects are read."""

"""Products, variants and channels as documents: only what the record holds, null where it is null."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from types import NoneType
from typing import Any, Final, get_args

from pydantic import BaseModel

from bulk.connectors.luminous.models import Channel, ChannelFacts, Product, ProductFacts, Variant, VariantFacts
from bulk.connectors.luminous.models.parts import Weight
from bulk.connectors.luminous.reading.values import flag, integer, integers, labelled, number, text, texts, timestamp
from bulk.connectors.luminous.reading.weights import read_weight

_READERS: Final[Mapping[Any, Callable[[object], Any]]] = {
    str: text,
    int: integer,
    float: number,
    bool: flag,
    list[str]: texts,
    list[int]: integers,
}
"""How a field is read, by its type in the model."""

_AS_THEY_ARE: Final = frozenset({str, bool})
"""Types whose values every reader of them gives back as they are."""

_BY_NAME: Final = {"category": "category_id", "subcategory": "sub_category_id", "supplier": "supplier_id"}
"""Objects that are written by name, and the field for their id where they have none."""

_ABSENT: Final = object()


def read_product(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A product with its variants and its read-only fields."""
    document = _goods(record, Product)
    if "variants" in record:
        shown = record["variants"]
        if shown is None:
            document["variants"] = None
        elif isinstance(shown, list):
            named = [one for one in shown if isinstance(one, Mapping) and text(one.get("sku"))]
            document["variants"] = [{**read_variant(one), **_plain(one, VariantFacts)} for one in named]
    return _plain(record, ProductFacts, document)


def read_variant(record: Mapping[str, Any]) -> dict[str, Any]:
    """A variant without its read-only fields."""
    return _goods(record, Variant)


def read_channel(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A channel with its read-only fields; nothing of what its credentials, mappings and filters hold."""
    document = _plain(record, Channel)
    if "tags" in record:
        ids = integers(record["tags"])
        if ids is not None or record["tags"] is None:
            document["tagIds"] = ids
    return _plain(record, ChannelFacts, document)


def changed_at(record: Mapping[str, Any]) -> datetime | None:
    """When a product or a channel last changed, in UTC."""
    return timestamp(record.get("updated_at", record.get("updatedAt")))


def _goods(record: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """What products and variants have in common."""
    document = _plain(record, model)
    for name, id_field in _references(model):
        if name in record:
            document.pop(id_field, None)
            document |= _reference(record[name], name, id_field)
    for name in _weights(model):
        if (weight := read_weight(record, name)) is not None:
            document[name] = dict(weight)
    fields = labelled(record.get("custom_fields"))
    if fields is not None:
        document["custom_fields"] = {
            label: value
            for label, value in fields.items()
            if label.strip() and (value is None or isinstance(value, str | bool) or number(value) is not None)
        }
    return document


def _plain(record: Mapping[str, Any], model: type[BaseModel], document: dict[str, Any] | None = None) -> dict[str, Any]:
    """The fields of single values and of lists of them, added to a document."""
    document = {} if document is None else document
    shown_as = record.get
    for name, kind, reader in _readers(model):
        shown = shown_as(name, _ABSENT)
        if shown is None or type(shown) is kind:
            document[name] = shown
        elif shown is not _ABSENT and (value := reader(shown)) is not None:
            document[name] = value
    return document


@cache
def _readers(model: type[BaseModel]) -> tuple[tuple[str, type | None, Callable[[object], Any]], ...]:
    """Fields, the type whose values need no reader, and their readers."""
    kinds = {name: _without_null(info.annotation) for name, info in model.model_fields.items()}
    return tuple(
        (name, kind if kind in _AS_THEY_ARE else None, _READERS[kind])
        for name, kind in kinds.items()
        if kind in _READERS
    )


@cache
def _references(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    return tuple((name, id_field) for name, id_field in _BY_NAME.items() if name in model.model_fields)


@cache
def _weights(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(name for name, info in model.model_fields.items() if info.annotation is Weight)


def _reference(shown: object, name: str, id_field: str) -> dict[str, Any]:
    """A category or supplier by its name, else by its id."""
    if shown is None:
        return {name: {"name": None}}
    called = text(shown.get("name")) if isinstance(shown, Mapping) else text(shown)
    if called and called.strip():
        return {name: {"name": called}}
    id = integer(shown.get("id")) if isinstance(shown, Mapping) else None
    return {} if id is None else {id_field: id}


def _without_null(annotation: Any) -> Any:  # noqa: ANN401  # an annotation
    kinds = [one for one in get_args(annotation) if one is not NoneType]
    return kinds[0] if NoneType in get_args(annotation) and len(kinds) == 1 else annotation

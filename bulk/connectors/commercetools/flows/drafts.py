"""Documents of the model as commercetools takes them: drafts, and the parts that update actions have in common."""

from collections.abc import Mapping
from typing import Any

from bulk.connectors.commercetools.flows.types import Types
from bulk.connectors.commercetools.flows.values import fitting
from bulk.connectors.commercetools.reading import type_of
from bulk.contracts import Enquiry
from bulk.errors import RefusedError

Document = Mapping[str, Any]


def draft_of(document: Document) -> dict[str, Any]:
    """The draft of a new channel; what a document sets to null is not in it."""
    draft: dict[str, Any] = {"key": document["key"]}
    if document.get("roles"):
        draft["roles"] = document["roles"]
    for name in ("name", "description"):
        if texts := filled(document.get(name)):
            draft[name] = texts
    if address := document.get("address"):
        draft["address"] = address_of(address, custom_of(address.get("custom")))
    if place := document.get("geoLocation"):
        draft["geoLocation"] = point_of(place)
    if custom := custom_of(document.get("custom")):
        draft["custom"] = custom
    return draft


def filled(texts: Mapping[str, Any] | None) -> dict[str, Any]:
    """Entries that are not null."""
    return {name: value for name, value in (texts or {}).items() if value is not None}


def address_of(address: Mapping[str, Any], custom: Mapping[str, Any] | None) -> dict[str, Any]:
    """An address with these custom fields."""
    plain = {name: value for name, value in filled(address).items() if name not in {"id", "custom"}}
    return plain | ({"custom": custom} if custom else {})


def point_of(place: Mapping[str, Any]) -> dict[str, Any]:
    """A place as GeoJSON, which puts the longitude first."""
    return {"type": "Point", "coordinates": [place["longitude"], place["latitude"]]}


def reference_to(identifier: Mapping[str, Any]) -> dict[str, str]:
    """A type by its id where that is known, else by its key: never by both."""
    name = "id" if "id" in identifier else "key"
    return {"typeId": "type", name: identifier[name]}


def custom_of(custom: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Custom fields of something new; raises `RefusedError` where they have no type."""
    fields = filled((custom or {}).get("fields"))
    identifier = type_of(custom)
    if identifier:
        return {"type": reference_to(identifier), "fields": fields}
    if fields:
        raise RefusedError(
            "custom fields need a type, and neither the row nor the channel has one",
            code="no_type",
            faults=[("custom.type.key", "it is missing")],
            advice="Fill in custom.type.key, or make the custom fields blank.",
        )
    return None


def fitted(document: Document, current: Document, types: Types) -> Enquiry[Document]:
    """A document whose custom fields are of the kinds that their types take."""
    yield from types.learn_all(types_of(document, current))
    result = dict(document)
    if custom := document.get("custom"):
        result["custom"] = _fitted(custom, current.get("custom"), types)
    address = document.get("address")
    if address and (inner := address.get("custom")):
        there = (current.get("address") or {}).get("custom")
        result["address"] = {**address, "custom": _fitted(inner, there, types)}
    return result


def types_of(document: Document, current: Document | None) -> list[Mapping[str, Any]]:
    """The types, by `id` or `key`, that have to be known for a document to be fitted."""
    address, present = document.get("address") or {}, current or {}
    there = present.get("address") or {}
    parts = ((document.get("custom"), present.get("custom")), (address.get("custom"), there.get("custom")))
    return [_type_for(custom, there) for custom, there in parts if custom and custom.get("fields")]


def _type_for(custom: Document, present: object) -> Mapping[str, Any]:
    return type_of(custom) or type_of(present)


def _fitted(custom: Document, present: object, types: Types) -> Document:
    found = types.of(_type_for(custom, present))
    if found is None or not custom.get("fields"):
        return custom
    fields = {name: fitting(value, found.fields.get(name, {})) for name, value in custom["fields"].items()}
    return {**custom, "fields": fields}

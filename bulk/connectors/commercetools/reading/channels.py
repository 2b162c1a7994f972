"""Channels as documents: only what the record holds, null where it is null."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bulk.connectors.commercetools.models import ROLES, Address, ChannelFacts

_ADDRESS: Final = tuple(name for name in Address.model_fields if name != "custom")
_FACTS: Final = tuple(name for name in ChannelFacts.model_fields if name != "address")


def read_channel(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A channel with its read-only fields."""
    document = {name: record[name] for name in ("key", "id") if name in record}
    if isinstance(record.get("roles"), list):
        document["roles"] = in_order(record["roles"])
    for name in ("name", "description"):
        if name in record:
            document[name] = _localized(record[name])
    if "address" in record:
        document["address"] = _address(record["address"])
    if "geoLocation" in record:
        longitude, latitude = position(record["geoLocation"]) or (None, None)
        document["geoLocation"] = {"longitude": longitude, "latitude": latitude}
    if "custom" in record:
        document["custom"] = _custom(record["custom"])
    return document | {name: record[name] for name in _FACTS if name in record}


def in_order(roles: Iterable[str]) -> list[str]:
    """Roles in the order in which they are always read; those that are new to us come last."""
    rank = {role: place for place, role in enumerate(ROLES)}
    return sorted(set(roles), key=lambda role: (rank.get(role, len(rank)), role))


def position(place: object) -> tuple[float, float] | None:
    """Longitude and latitude of a point; None for any other place."""
    coordinates = place.get("coordinates") if isinstance(place, Mapping) else None
    if not isinstance(coordinates, list) or len(coordinates) != 2:  # noqa: PLR2004  # a point has two
        return None
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in coordinates):
        return None
    return coordinates[0], coordinates[1]


def type_of(custom: object) -> Mapping[str, Any]:
    """What is known of the type of custom fields: `id`, `key`, or neither."""
    shown = custom.get("type") if isinstance(custom, Mapping) else None
    if not isinstance(shown, Mapping):
        return {}
    whole = shown.get("obj")
    known = {**whole, **shown} if isinstance(whole, Mapping) else shown
    return {name: known[name] for name in ("id", "key") if isinstance(known.get(name), str)}


def changed_at(record: Mapping[str, Any]) -> datetime | None:
    """When a channel last changed, in UTC."""
    try:
        return datetime.fromisoformat(record["lastModifiedAt"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return None


def _localized(shown: object) -> Mapping[str, Any] | None:
    return dict(shown) if isinstance(shown, Mapping) else None


def _address(shown: object) -> Mapping[str, Any] | None:
    if not isinstance(shown, Mapping):
        return None
    address = {name: shown[name] for name in ("id", *_ADDRESS) if name in shown}
    return address | ({"custom": _custom(shown["custom"])} if "custom" in shown else {})


def _custom(shown: object) -> Mapping[str, Any] | None:
    """Custom fields; their type by key where that is known, since ids mean nothing in another project."""
    if not isinstance(shown, Mapping):
        return None
    known = type_of(shown)
    named = {name: known[name] for name in ("key", "id") if name in known}
    fields = shown.get("fields")
    return {"type": dict(list(named.items())[:1]), "fields": dict(fields) if isinstance(fields, Mapping) else {}}

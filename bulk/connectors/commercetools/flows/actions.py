"""The twelve update actions: https://docs.commercetools.com/api/projects/channels#update-actions

What may be left out is left out where it is None, which removes what is there.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Action: TypeAlias = Mapping[str, Any]
"""An update action as it is sent."""


def change_key(key: str) -> Action:
    """Give a channel another key."""
    return {"action": "changeKey", "key": key}


def change_name(name: Mapping[str, str]) -> Action:
    """Replace the name in all languages; it cannot be removed."""
    return {"action": "changeName", "name": name}


def change_description(description: Mapping[str, str]) -> Action:
    """Replace the description in all languages; it cannot be removed."""
    return {"action": "changeDescription", "description": description}


def set_roles(roles: Sequence[str]) -> Action:
    """Replace all roles; there must be one."""
    return {"action": "setRoles", "roles": list(roles)}


def add_roles(roles: Sequence[str]) -> Action:
    """Add roles that are not there yet."""
    return {"action": "addRoles", "roles": list(roles)}


def remove_roles(roles: Sequence[str]) -> Action:
    """Remove roles that are there; one must be left."""
    return {"action": "removeRoles", "roles": list(roles)}


def set_address(address: Mapping[str, Any] | None) -> Action:
    """Replace the address, its custom fields included; without one it is removed."""
    return _with({"action": "setAddress"}, address=address)


def set_custom_type(type: Mapping[str, str] | None, fields: Mapping[str, Any] | None = None) -> Action:
    """Replace the type and all custom fields; without a type both are removed."""
    return _with({"action": "setCustomType"}, type=type, fields=fields)


def set_custom_field(name: str, value: object) -> Action:
    """Set a custom field; without a value it is removed."""
    return _with({"action": "setCustomField", "name": name}, value=value)


def set_address_custom_type(type: Mapping[str, str] | None, fields: Mapping[str, Any] | None = None) -> Action:
    """Replace the type and all custom fields of the address; without a type both are removed."""
    return _with({"action": "setAddressCustomType"}, type=type, fields=fields)


def set_address_custom_field(name: str, value: object) -> Action:
    """Set a custom field of the address; without a value it is removed."""
    return _with({"action": "setAddressCustomField", "name": name}, value=value)


def set_geo_location(place: Mapping[str, Any] | None) -> Action:
    """Replace the place on the map, a GeoJSON point; without one it is removed."""
    return _with({"action": "setGeoLocation"}, geoLocation=place)


def _with(action: Action, **fields: object) -> Action:
    return {**action, **{name: value for name, value in fields.items() if value is not None}}

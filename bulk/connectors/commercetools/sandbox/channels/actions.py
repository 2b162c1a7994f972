"""The twelve update actions.

Sources: https://docs.commercetools.com/api/projects/channels#update-actions, and the API's specification for what is
refused where nothing would change.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

from bulk.connectors.commercetools.sandbox import drafts
from bulk.connectors.commercetools.sandbox.channels.directory import Directory
from bulk.connectors.commercetools.sandbox.checks import Findings, Rule, anything, localized, members, text, whole
from bulk.connectors.commercetools.sandbox.types.registry import definition_of
from bulk.connectors.commercetools.sandbox.types.values import stored
from bulk.sandbox import Row

MOST: Final = 500
"""Actions in one request."""

Document: TypeAlias = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """A channel while actions are applied to it, one after the other."""

    directory: Directory
    """Where the channel lies."""
    document: Document
    """A copy of its own, changed in place."""
    findings: Findings
    """What the present action cannot be carried out for."""

    def refuse(self, message: str, *, broken: bool = False) -> None:
        """The action cannot be carried out; `broken` where it never could."""
        self.findings.add("InvalidOperation", message, broken=broken)

    def same(self, what: str) -> None:
        """The action changes nothing, and it is not stated what becomes of that."""
        if self.directory.switches.same_value == "refuse":
            self.refuse(f"'{what}' has no changes.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """One kind of update action."""

    rules: Mapping[str, Rule]
    """Its fields."""
    required: tuple[str, ...]
    """Those it cannot be without."""
    apply: Callable[[Edit, Mapping[str, Any]], None]
    """Changes the document, or adds to the findings."""


def check_update(body: object, findings: Findings) -> Mapping[str, Any]:
    """The body of an update, once it is of the documented shape; raises `RefusedCallError`."""
    shape = {"version": whole, "actions": _check_actions}
    members(shape, required=("version", "actions"))(body, (), findings)
    findings.settle()
    assert isinstance(body, dict), "anything else is of the wrong shape"
    return body


def apply(directory: Directory, row: Row, actions: list[Mapping[str, Any]]) -> Document:
    """The channel's document after all actions; raises `RefusedCallError` at the first that cannot be carried out."""
    edit = Edit(directory=directory, document=copy.deepcopy(row["document"]), findings=Findings(directory.switches))
    for action in actions:
        ACTIONS[action["action"]].apply(edit, action)
        edit.findings.settle()
    return edit.document


def _check_actions(value: object, path: tuple[str, ...], findings: Findings) -> None:
    if not isinstance(value, list):
        findings.malformed(path, "Array expected.")
        return
    if len(value) > MOST:
        findings.add("InvalidInput", f"At most {MOST} update actions are allowed in one request, not {len(value)}.")
        return
    for index, each in enumerate(value):
        here = (*path, str(index))
        if not isinstance(each, dict) or not isinstance(each.get("action"), str):
            findings.malformed(here, "An object with an 'action' expected.")
        elif each["action"] not in ACTIONS:
            findings.add("InvalidInput", f"Unknown update action '{each['action']}' at {' -> '.join(here)}.")
        else:
            action = ACTIONS[each["action"]]
            required = action.required
            if each["action"] == "setRoles" and findings.switches.set_roles_without_roles == "supply":
                required = ()
            members({"action": anything, **action.rules}, required=required)(each, here, findings)


def _change_key(edit: Edit, action: Mapping[str, Any]) -> None:
    key = action["key"]
    if key == "":
        edit.refuse("'key' must not be empty.", broken=True)
    elif key == edit.document["key"]:
        edit.same("key")
    else:
        edit.directory.claim(key, edit.findings)
    edit.document["key"] = key


def _change_text(name: str, edit: Edit, action: Mapping[str, Any]) -> None:
    if not action[name]:
        edit.refuse(f"'{name}' must not be empty.", broken=True)
    elif action[name] == edit.document.get(name):
        edit.refuse(f"'{name}' has no changes.")
    edit.document[name] = copy.deepcopy(action[name])


def _set_roles(edit: Edit, action: Mapping[str, Any]) -> None:
    wanted = list(dict.fromkeys(action.get("roles", ["InventorySupply"])))
    if not wanted:
        edit.refuse("'roles' must not be empty: a channel must have at least one role.", broken=True)
    elif set(wanted) == set(edit.document["roles"]):
        edit.refuse("'roles' has no changes.")
    edit.document["roles"] = wanted


def _add_roles(edit: Edit, action: Mapping[str, Any]) -> None:
    present = edit.document["roles"]
    if not action["roles"]:
        edit.refuse("'roles' must not be empty.", broken=True)
    elif set(action["roles"]) & set(present):
        edit.refuse("'roles' has a role that is present already.")
    edit.document["roles"] = list(dict.fromkeys([*present, *action["roles"]]))


def _remove_roles(edit: Edit, action: Mapping[str, Any]) -> None:
    present = edit.document["roles"]
    left = [role for role in present if role not in action["roles"]]
    if not action["roles"]:
        edit.refuse("'roles' must not be empty.", broken=True)
    elif left == present:
        edit.refuse("'roles' has no role that is present.")
    elif not left:
        edit.refuse("The last role cannot be removed: a channel must have at least one role.")
    edit.document["roles"] = left


def _set_address(edit: Edit, action: Mapping[str, Any]) -> None:
    present = edit.document.get("address")
    if "address" not in action:
        if edit.document.pop("address", None) is None:
            edit.same("address")
        return
    custom = edit.directory.customized({"address": action["address"]}, edit.findings).get("address")
    made = edit.directory.address(action["address"], custom)
    if present is not None and _without_id(made) == _without_id(present):
        edit.same("address")
    edit.document["address"] = made


def _set_geo_location(edit: Edit, action: Mapping[str, Any]) -> None:
    _put(edit, edit.document, "geoLocation", copy.deepcopy(action.get("geoLocation")))


def _owner(edit: Edit, resource: str) -> Document | None:
    """What the custom fields belong to; None where there is no address."""
    if resource == "channel":
        return edit.document
    if "address" not in edit.document:
        edit.findings.add("InvalidInput", "The channel has no address.", broken=False)
        return None
    address: Document = edit.document["address"]
    return address


def _set_custom_type(resource: str, edit: Edit, action: Mapping[str, Any]) -> None:
    owner = _owner(edit, resource)
    if owner is None:
        return
    custom = None
    if "type" in action:
        custom = edit.directory.registry.customized(action, resource, (), edit.findings)
        if custom is None:
            return
    elif "fields" in action:
        edit.findings.add("InvalidInput", "'fields' need a 'type'.")
        return
    _put(edit, owner, "custom", custom)


def _set_custom_field(resource: str, edit: Edit, action: Mapping[str, Any]) -> None:
    owner = _owner(edit, resource)
    if owner is None:
        return
    name, value = action["name"], action.get("value")
    if "custom" not in owner:
        edit.refuse(f"The field '{name}' cannot be set: there is no custom type.")
        return
    registry, fields = edit.directory.registry, owner["custom"]["fields"]
    type = registry.of_id(owner["custom"]["type"]["id"])
    assert type is not None, "types are not deleted"
    if value is not None:
        registry.check_field(type, name, value, ("value",), edit.findings)
        if not edit.findings.complaints:
            _put(edit, fields, name, stored(definition_of(type, name)["type"], copy.deepcopy(value)))
    elif name not in fields:
        edit.refuse(f"The field '{name}' cannot be removed: it has no value.")
    elif definition_of(type, name)["required"]:
        registry.missing(name, edit.findings)
    else:
        del fields[name]


def _put(edit: Edit, owner: Document, name: str, value: Any) -> None:  # noqa: ANN401  # any JSON
    """Set a member, or take it away if the value is None."""
    if owner.get(name) == value:
        edit.same(name)
    elif value is None:
        del owner[name]
    else:
        owner[name] = value


def _without_id(address: Mapping[str, Any]) -> Document:
    return {name: value for name, value in address.items() if name != "id"}


def _action(apply: Callable[[Edit, Mapping[str, Any]], None], *required: str, **rules: Rule) -> Action:
    return Action(rules=rules, required=required, apply=apply)


ACTIONS: Final[Mapping[str, Action]] = {
    "changeKey": _action(_change_key, "key", key=drafts.key),
    "changeName": _action(partial(_change_text, "name"), "name", name=localized),
    "changeDescription": _action(partial(_change_text, "description"), "description", description=localized),
    "setRoles": _action(_set_roles, "roles", roles=drafts.roles),
    "addRoles": _action(_add_roles, "roles", roles=drafts.roles),
    "removeRoles": _action(_remove_roles, "roles", roles=drafts.roles),
    "setAddress": _action(_set_address, address=drafts.ADDRESS),
    "setCustomType": _action(partial(_set_custom_type, "channel"), type=drafts.type_identifier, fields=drafts.fields),
    "setCustomField": _action(partial(_set_custom_field, "channel"), "name", name=text, value=anything),
    "setAddressCustomType": _action(
        partial(_set_custom_type, "address"), type=drafts.type_identifier, fields=drafts.fields
    ),
    "setAddressCustomField": _action(partial(_set_custom_field, "address"), "name", name=text, value=anything),
    "setGeoLocation": _action(_set_geo_location, geoLocation=drafts.point),
}

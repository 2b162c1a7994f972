"""From what a channel is to be and what it is, to the fewest update actions: several that change nothing are errors.

What a document does not hold is left alone; what it sets to null is removed, where that can be.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bulk.connectors.commercetools.flows import actions as act
from bulk.connectors.commercetools.flows.actions import Action
from bulk.connectors.commercetools.flows.drafts import address_of, custom_of, filled, point_of, reference_to
from bulk.connectors.commercetools.flows.values import blended, same
from bulk.connectors.commercetools.reading import position, type_of
from bulk.errors import RefusedError
from bulk.model import listed

MOST_FIELDS: Final = 100
"""Custom fields that are set one by one; where more change, one action sets them all."""

RELIED_ON: Final = ("InventorySupply", "ProductDistribution")
"""Roles that stores and prices demand of their channels; that they are relied on stops nobody from removing them."""

Document = Mapping[str, Any]


@dataclass(kw_only=True, slots=True)
class Difference:
    """What has to be done to a channel."""

    actions: list[Action] = field(default_factory=list)
    """In the order in which they are to be applied."""
    remarks: list[str] = field(default_factory=list)
    """What should be known about it, a sentence each."""


def diff(document: Document, current: Document, *, roles: str = "set") -> Difference:
    """What makes the current channel what the document says; `roles` are to be set, added or removed.

    Raises `RefusedError` for what cannot be.
    """
    found = Difference()
    new_key = document.get("new_key")
    if new_key is not None and new_key != current.get("key"):
        found.actions.append(act.change_key(new_key))
    for name, change in (("name", act.change_name), ("description", act.change_description)):
        _diff_texts(name, change, document, current, found)
    if document.get("roles"):
        _diff_roles(document["roles"], current.get("roles") or (), roles, found)
    if "address" in document:
        _diff_address(document["address"], current.get("address"), found)
    if "geoLocation" in document:
        _diff_place(document["geoLocation"], current.get("geoLocation"), found)
    if "custom" in document:
        custom = _Custom(document["custom"], current.get("custom"), found)
        found.actions += custom.actions(act.set_custom_type, act.set_custom_field)
    return found


def is_done(how: str, given: Sequence[str], present: Sequence[str] | None) -> bool:
    """Whether roles that are to be added are all there, or of those that are to be removed, none."""
    there = set(present or ())
    return there.isdisjoint(given) if how == "remove" else there.issuperset(given)


def _diff_texts(
    name: str, change: Callable[[Mapping[str, str]], Action], document: Document, current: Document, found: Difference
) -> None:
    if name not in document:
        return
    present = current.get(name) or {}
    wanted = filled({**present, **(document[name] or {})})
    if not wanted and present:
        found.remarks.append(f"a {name} cannot be removed, so it stays in its last language")
    elif wanted and not (same(wanted, present) and len(wanted) == len(present)):
        found.actions.append(change(wanted))


def _diff_roles(given: Sequence[str], present: Sequence[str], how: str, found: Difference) -> None:
    missing = [role for role in dict.fromkeys(given) if role not in present]
    departing = [role for role in present if (role in given if how == "remove" else role not in given)]
    if how == "add":
        found.actions += [act.add_roles(missing)] if missing else []
        return
    if how == "remove":
        if departing and len(departing) == len(present):
            raise RefusedError(
                f"the channel would be left without a role: it has {listed(present)} only",
                code="last_role",
                faults=[("roles", "the last role cannot be removed")],
            )
        found.actions += [act.remove_roles(departing)] if departing else []
    elif missing or departing:
        found.actions.append(act.set_roles(list(dict.fromkeys(given))))
    if relied := [role for role in departing if role in RELIED_ON]:
        found.remarks.append(f"{listed(relied)} was removed, on which stores and prices may rely")


def _diff_address(wanted: Document | None, present: Document | None, found: Difference) -> None:
    """Setting an address replaces all of it, its custom fields included: these travel along."""
    if wanted is None:
        found.actions += [act.set_address(None)] if present else []
        return
    before = address_of(present or {}, None)
    merged = address_of({**before, **wanted}, None)
    there = (present or {}).get("custom")
    custom = _Custom(wanted.get("custom", {}), there, found)
    if present is None or not same(merged, before) or len(merged) != len(before):
        found.actions.append(act.set_address({**merged, **custom.whole()}))
    else:
        found.actions += custom.actions(act.set_address_custom_type, act.set_address_custom_field)


def _diff_place(wanted: Document | None, present: object, found: Difference) -> None:
    if wanted is None:
        found.actions += [act.set_geo_location(None)] if present else []
    elif position(present) != (wanted["longitude"], wanted["latitude"]):
        found.actions.append(act.set_geo_location(point_of(wanted)))


class _Custom:
    """Custom fields as they are to be, and as they are."""

    def __init__(self, wanted: Document | None, present: Document | None, found: Difference) -> None:
        self._wanted = wanted
        self._present = present
        self._found = found
        self._given = type_of(wanted)
        self._known = type_of(present)
        self._fields: Document = (wanted or {}).get("fields") or {}
        self._before: Document = (present or {}).get("fields") or {}

    def actions(
        self,
        set_type: Callable[[Mapping[str, str] | None, Mapping[str, Any] | None], Action],
        set_field: Callable[[str, object], Action],
    ) -> Iterable[Action]:
        """What has to be done to them."""
        if self._wanted is None:
            return [set_type(None, None)] if self._present else []
        if self._changes_type:
            made = custom_of(self._wanted)
            return [] if made is None else [set_type(made["type"], made["fields"])]
        changes = self._changes()
        if changes and self._is_doubtful:
            return [set_type(reference_to(self._given), self._merged())]
        if len(changes) > MOST_FIELDS:
            return [set_type(reference_to(self._known), self._merged())]
        return [set_field(name, value) for name, value in changes.items()]

    def whole(self) -> Document:
        """The same for an address that is sent as a whole: its member `custom`, if it has any."""
        if self._wanted is None:
            return {}
        if self._changes_type:
            made = custom_of(self._wanted)
            return {} if made is None else {"custom": made}
        identifier = self._given if self._is_doubtful else self._known
        return {"custom": {"type": reference_to(identifier), "fields": self._merged()}}

    @property
    def _changes_type(self) -> bool:
        if not self._known:
            return True
        return any(name in self._known and self._known[name] != given for name, given in self._given.items())

    @property
    def _is_doubtful(self) -> bool:
        """Whether nobody can tell if the type is another: the one goes by its key, the other by its id."""
        return bool(self._given) and not self._given.keys() & self._known.keys()

    def _changes(self) -> Document:
        """Fields that are to be another, and what; None where they are to go."""
        if self._is_doubtful:
            self._found.remarks.append(
                "whether the channel has this type of custom fields could not be found out: view_types is missing"
            )
        changes: dict[str, Any] = {}
        for name, value in self._fields.items():
            wanted = blended(value, self._before.get(name))
            if wanted is None or wanted == {}:
                if name in self._before:
                    changes[name] = None
            elif name not in self._before or not _is_there(wanted, self._before[name]):
                changes[name] = wanted
        return changes

    def _merged(self) -> Document:
        return filled({**self._before, **self._changes()})


def _is_there(wanted: object, present: object) -> bool:
    """Whether a field has this value; a language less makes another one."""
    if isinstance(wanted, dict) and isinstance(present, dict) and all(isinstance(one, str) for one in present.values()):
        return same(wanted, present) and len(wanted) == len(present)
    return same(wanted, present)

"""The channels of one project."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from bulk.connectors.commercetools.sandbox.checks import Findings
from bulk.connectors.commercetools.sandbox.ids import new_id, place
from bulk.connectors.commercetools.sandbox.switches import Switches
from bulk.connectors.commercetools.sandbox.timestamps import stamp
from bulk.connectors.commercetools.sandbox.types.registry import Registry
from bulk.sandbox import Row, Store

_TEMPORARY: Final = frozenset({"id", "version", "createdAt", "lastModifiedAt", "createdBy", "lastModifiedBy"})


class Directory:
    """Channels in a store, behaving as the switches say."""

    def __init__(self, store: Store, registry: Registry, switches: Switches) -> None:
        self.registry = registry
        self.switches = switches
        self.channels = store.table("channels", unique=("uuid", "key"), ordered=("id",))
        self._store = store
        self._numbers = store.table("numbers")

    def create(self, draft: Mapping[str, Any], custom: Mapping[str, Any], by: Mapping[str, Any]) -> Row:
        """A new channel. `custom` holds what the draft's custom fields, and those of its address, become."""
        now = stamp(self._store.moment())
        id = draft.get("id", self._new_id("channels"))
        document: dict[str, Any] = {
            "id": id,
            "version": draft.get("version", 1),
            "createdAt": now,
            "lastModifiedAt": now,
            "createdBy": dict(by),
            "lastModifiedBy": dict(by),
            "key": draft["key"],
            "roles": list(dict.fromkeys(draft.get("roles", ["InventorySupply"]))),
        }
        for name in ("name", "description", "geoLocation"):
            if name in draft:
                document[name] = copy.deepcopy(draft[name])
        if "address" in draft:
            document["address"] = self.address(draft["address"], custom.get("address"))
        if "custom" in draft:
            document["custom"] = custom["channel"]
        return self.channels.add({"id": place(id), "uuid": id, "key": draft["key"], "document": document})

    def customized(self, draft: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
        """What the custom fields of a draft become, by the kind of thing that they belong to."""
        address = draft.get("address", {})
        parts = (("channel", draft, ("custom",)), ("address", address, ("address", "custom")))
        return {
            resource: self.registry.customized(part["custom"], resource, path, findings)
            for resource, part, path in parts
            if "custom" in part
        }

    def address(self, draft: Mapping[str, Any], custom: Mapping[str, Any] | None) -> dict[str, Any]:
        """An address as it is kept."""
        made: dict[str, Any] = {name: value for name, value in draft.items() if name != "custom"}
        if self.switches.address_ids and "id" not in made:
            made = {"id": self._new_id("addresses")[:8], **made}
        if custom is not None:
            made["custom"] = custom
        return made

    def write(self, row: Row, document: Mapping[str, Any], by: Mapping[str, Any]) -> None:
        """Make a channel's document another; its version goes up."""
        changes = {
            "version": row["document"]["version"] + self.switches.version_step,
            "lastModifiedAt": stamp(self._store.moment()),
            "lastModifiedBy": dict(by),
        }
        self.channels.update(row, {"key": document["key"], "document": {**document, **changes}})

    def claim(self, key: str, findings: Findings) -> None:
        """Complain if a key is taken."""
        if self.channels.find("key", key) is not None:
            message = f"A duplicate value '\"{key}\"' exists for field 'key'."
            findings.add("DuplicateField", message, broken=False, field="key", duplicateValue=key)

    def _new_id(self, kind: str) -> str:
        return new_id(kind, self._numbers.add({})["id"])

    def state(self) -> dict[str, Any]:
        """The channels by key, without ids, versions and times: equal wherever the same was written in any order."""
        return {"channels": {row["key"]: _lasting(row["document"]) for row in sorted(self.channels, key=_key)}}


def _key(row: Row) -> str:
    return str(row["key"])


def _lasting(document: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: copy.deepcopy(value) for name, value in document.items() if name not in _TEMPORARY}
    kept["roles"].sort()
    if "address" in kept:
        kept["address"].pop("id", None)
    return kept

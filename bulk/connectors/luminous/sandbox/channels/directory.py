"""The channels of one tenant: creating them, changing them, locking them."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from bulk.connectors.luminous.sandbox.channels.rules import UPDATE
from bulk.connectors.luminous.sandbox.switches import Switches
from bulk.sandbox import Row, Store, Table

_REFERENCES: Final = {"warehouseGroupId": "warehouse_groups", "dropshipSupplierId": "suppliers"}
"""Fields that hold the id of something else, and the table it lies in."""

_NAMED: Final = "label_key"
"""The row's own field for the text by which labels are compared."""


class Directory:
    """Channels in a store, behaving as the switches say."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self.switches = switches
        self.store = store
        self.channels = store.table("channels", unique=(_NAMED,))
        self.tags = store.table("tags", unique=("name",))

    def labelled(self, label: str) -> Row | None:
        """The channel of that label, active or not."""
        return self.channels.find(_NAMED, self._comparable(label))

    def unknown(self, body: Mapping[str, Any]) -> list[str]:
        """Paths of a sound body at which it refers to something that does not exist."""
        paths = [
            name
            for name, table in _REFERENCES.items()
            if body.get(name) is not None and self._names(table).get(body[name]) is None
        ]
        return paths + [f"tagIds.{index}" for index, id in enumerate(body.get("tagIds", ())) if not self.tags.get(id)]

    def create(self, body: Mapping[str, Any]) -> Row:
        """A new channel, not locked; what the body leaves out is empty."""
        now = self.store.timestamp()
        id: Row = {"id": body["id"]} if "id" in body else {}
        row = self.channels.add(
            {
                **id,
                **dict.fromkeys(UPDATE),
                "tagIds": [],
                "channelType": None,
                "integrationProducts": [],
                "apiLocked": False,
                "enabled": True,
                "createdAt": now,
                "updatedAt": now,
            }
        )
        self._write(row, body, {"uuid": str(uuid5(NAMESPACE_URL, f"luminous/channels/{row['id']}"))})
        return row

    def change(self, row: Row, body: Mapping[str, Any]) -> None:
        """Write what the body holds; what it leaves out stays, although the method is PUT."""
        self._write(row, body, {"updatedAt": self.store.timestamp()})

    def _write(self, row: Row, body: Mapping[str, Any], more: Mapping[str, Any]) -> None:
        changes = {**body, **more}
        if "label" in body:
            changes[_NAMED] = self._comparable(body["label"])
        if "tagIds" in body:
            before = row["tagIds"] if self.switches.tags == "add" else ()
            changes["tagIds"] = list(dict.fromkeys([*before, *body["tagIds"]]))
            for id in changes["tagIds"]:
                self._ensure("tags", id)
        for name, table in _REFERENCES.items():
            if body.get(name) is not None:
                self._ensure(table, body[name])
        self.channels.update(row, changes)

    def _ensure(self, table: str, id: int) -> None:
        if self._names(table).get(id) is None:
            self._names(table).add({"id": id, "name": f"{table} {id}"})

    def _names(self, table: str) -> Table:
        return self.store.table(table, unique=("name",))

    def _comparable(self, label: str) -> str:
        return label.casefold() if self.switches.label_ignores_case else label

    def state(self) -> dict[str, Any]:
        """The channels by label, without ids and times: equal wherever the same was written in any order."""
        hidden = {"id", "uuid", "createdAt", "updatedAt", _NAMED}
        channels = {
            row["label"]: {name: value for name, value in row.items() if name not in hidden} for row in self.channels
        }
        return {"channels": dict(sorted(channels.items()))}

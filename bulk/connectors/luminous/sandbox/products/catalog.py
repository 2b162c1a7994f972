"""The catalog of one tenant: finding a product, creating it, changing it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bulk.connectors.luminous.sandbox.products.rules import DIMENSIONS, PRICES, WEIGHTS
from bulk.connectors.luminous.sandbox.switches import Switches
from bulk.sandbox import Row, Store, Table

REFERENCES: Final = {
    "category": ("category_id", "categories"),
    "subcategory": ("sub_category_id", "subcategories"),
    "supplier": ("supplier_id", "suppliers"),
}
"""Objects given by name: the field with their id, and the table they lie in."""

_EMPTY: Final[Mapping[str, Any]] = {
    **dict.fromkeys(
        (
            "sku", "name", "description", "category_id", "sub_category_id", "supplier_id", "qty_low_alert",
            "qty_reorder_threshold", "qty_minimum", "default_receiving_location_id", "image_url", "upc",
            "priority_list_id",
        )
    ),
    **dict.fromkeys((*PRICES, *WEIGHTS, *DIMENSIONS)),
    "sellable": True,
    "lot_tracking": False,
    "discontinued": False,
    "type": "PRODUCT",
    "landed_cost": None,
}  # fmt: skip


def _blank() -> Row:
    """What products and variants are before anything is written; the last two members nobody can write."""
    return {**_EMPTY, "custom_fields": {}, "tags": [], "attachments": [], "variant_attributes": {}}


class Catalog:
    """Products and what they refer to, in a store, behaving as the switches say."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self.switches = switches
        self.store = store
        self.products = store.table("products", unique=("sku",), ordered=("updated_at",))
        self.alternates = store.table("alternate_skus", unique=("sku",))
        self.tags = store.table("tags", unique=("name",))

    def find(self, body: Mapping[str, Any]) -> Row | None:
        """The product that a body means, by `id` if it is there, else by `sku`."""
        if "id" in body:
            return self.products.get(body["id"])
        if (product := self.products.find("sku", body["sku"])) is not None:
            return product
        if self.switches.match_alternate_skus and (alternate := self.alternates.find("sku", body["sku"])) is not None:
            return self.products.get(alternate["product_id"])
        return None

    def table(self, name: str) -> Table:
        """A table of names by id."""
        return self.store.table(name, unique=("name",))

    def unknown(self, body: Mapping[str, Any]) -> list[str]:
        """Paths of a sound body at which it refers to something that does not exist."""
        paths = []
        for name, (id_field, table) in REFERENCES.items():
            if body.get(id_field) is not None and self.table(table).get(body[id_field]) is None:
                paths.append(id_field)
            if name in body and self.table(table).find("name", body[name]["name"]) is None:
                paths.append(f"{name}.name")
        boms = self.table("boms")
        paths += [f"boms.{index}" for index, id in enumerate(body.get("boms") or ()) if boms.get(id) is None]
        for index, item in enumerate(body.get("variants") or ()):
            paths += [f"variants.{index}.{path}" for path in self.unknown(item)]
        return paths

    def create(self, body: Mapping[str, Any], *, active: bool = True) -> Row:
        """A new product; what the body leaves out is empty."""
        now = self.store.timestamp()
        id: Row = {"id": body["id"]} if "id" in body else {}
        lists: Row = {"variants": [], "boms": [], "alternate_skus": [], "substitutions": [], "kit_items": []}
        row = self.products.add({**id, **_blank(), **lists, "active": active, "created_at": now, "updated_at": now})
        self._write(row, body, {})
        return row

    def change(self, row: Row, body: Mapping[str, Any]) -> None:
        """Write what the body holds; what it leaves out stays."""
        self._write(row, body, {"updated_at": self.store.timestamp()})

    def add_alternate_sku(self, row: Row, sku: str) -> None:
        """Another SKU that the product goes by."""
        alternate = self.alternates.add({"sku": sku, "product_id": row["id"]})
        row["alternate_skus"].append({"id": alternate["id"], "sku": sku})

    def _write(self, row: Row, body: Mapping[str, Any], stamp: Mapping[str, int]) -> None:
        changes = {**self._changes(row, body), **stamp}
        if "boms" in body:
            changes["boms"] = list(dict.fromkeys(body["boms"] or ()))
            for id in changes["boms"]:
                self._ensure("boms", id)
        if "variants" in body:
            changes["variants"] = self._variants(row["variants"], body["variants"] or ())
        if self.switches.match_alternate_skus and "id" not in body:
            # The SKU sent may be an alternate one: it found the product, it does not rename it.
            changes["sku"] = row["sku"] or body["sku"]
        self.products.update(row, changes)

    def _changes(self, row: Mapping[str, Any], body: Mapping[str, Any]) -> Row:
        """What products and variants have in common."""
        changes = {name: value for name, value in body.items() if name not in {"id", "boms", "variants", *REFERENCES}}
        for name, (id_field, table) in REFERENCES.items():
            if body.get(id_field) is not None:
                self._ensure(table, body[id_field])
            elif name in body:
                names = self.table(table)
                changes[id_field] = (names.find("name", body[name]["name"]) or names.add(body[name]))["id"]
        if "tags" in body:
            before = row["tags"] if self.switches.tags == "add" else ()
            changes["tags"] = list(dict.fromkeys([*before, *(body["tags"] or ())]))
            for tag in changes["tags"]:
                if self.tags.find("name", tag) is None:
                    self.tags.add({"name": tag})
        if "custom_fields" in body and self.switches.custom_fields == "merge":
            changes["custom_fields"] = {**row["custom_fields"], **body["custom_fields"]}
        return changes

    def _ensure(self, table: str, id: int) -> None:
        rows = self.table(table)
        if rows.get(id) is None:
            rows.add({"id": id, "name": f"{table} {id}"})

    def _variants(self, before: Sequence[Row], items: Sequence[Mapping[str, Any]]) -> list[Row]:
        """An item keeps the id of the variant of its SKU under either switch; replacing drops what is not sent."""
        known = {variant["sku"]: variant for variant in before}
        sent: dict[str, Row] = {}
        now = self.store.timestamp()
        for item in items:
            old = known.get(item["sku"])
            origin = {"id": old["id"], "created_at": old["created_at"]} if old else self._newborn_variant(now)
            # Replacing takes the item for the whole variant: what it leaves out is gone.
            merged = old if old and self.switches.variants == "merge" else None
            base = merged or _blank()
            sent[item["sku"]] = {**base, **self._changes(base, item), **origin, "updated_at": now}
        return list(({**known, **sent} if self.switches.variants == "merge" else sent).values())

    def _newborn_variant(self, now: int) -> Row:
        return {"id": self.store.table("variants").add({})["id"], "created_at": now}

    def state(self) -> dict[str, Any]:
        """The catalog by SKU and by name, without ids and times: equal wherever the same was written in any order."""
        products = {}
        for row in self.products:
            shown = {name: value for name, value in row.items() if name not in {"id", "created_at", "updated_at"}}
            shown["variants"] = [
                {name: value for name, value in variant.items() if name not in {"id", "created_at", "updated_at"}}
                for variant in row["variants"]
            ]
            shown["alternate_skus"] = sorted(alternate["sku"] for alternate in row["alternate_skus"])
            for each in (shown, *shown["variants"]):
                for name, (id_field, table) in REFERENCES.items():
                    reference = self.table(table).get(each.pop(id_field) or 0)
                    each[name] = reference["name"] if reference else None
            products[row["sku"] or f"without SKU {row['id']}"] = shown
        names = {table: sorted(row["name"] for row in self.table(table)) for _, table in REFERENCES.values()}
        return {"products": dict(sorted(products.items())), **names, "tags": sorted(row["name"] for row in self.tags)}


def iso(seconds: int) -> str:
    """A timestamp as the API writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""How the API shows a product: in full, as a variant, and as a row of the export."""

import math
from collections.abc import Mapping
from typing import Any, Final

from bulk.connectors.luminous.sandbox.envelope import members
from bulk.connectors.luminous.sandbox.products.catalog import Catalog, iso
from bulk.connectors.luminous.sandbox.products.rules import DIMENSIONS, PRICES, WEIGHTS
from bulk.connectors.luminous.sandbox.secrets import SUPPLIER
from bulk.connectors.luminous.sandbox.switches import Switches
from bulk.sandbox import Row

POUNDS: Final[Mapping[str, float]] = {"lb": 1.0, "oz": 1 / 16, "kg": 1 / 0.45359237, "g": 1 / 453.59237}
"""Pounds in one of each unit."""

_SHAPES: Final = ("array", "object", "number", "string", "compound")
_COMPONENT: Final = {"id": 9001, "name": "Packing box", "sku": "PACK-BOX", "description": "A plain box."}
_EACH: Final = {"id": 1, "name": "Each"}


def pounds(weight: Mapping[str, Any] | None) -> float | None:
    """A weight in pounds; None where there is none, its unit has no fixed size, or its ounces are beyond a float."""
    if weight is None or weight["unit"] not in POUNDS:
        return None
    total = round(float(weight["value"]) * POUNDS[weight["unit"]], 6)
    return total if math.isfinite(total * 16) else None


def weights(row: Mapping[str, Any], shape: str, switches: Switches) -> Row:
    """All six weights, with their totals if there are any."""
    shown: Row = {}
    for name in WEIGHTS:
        weight = row[name]
        shown[name] = _shaped(weight, shape)
        if switches.weight_totals:
            total = pounds(weight)
            shown[f"{name}_oz"] = None if total is None else round(total * 16, 6)
            shown[f"{name}_lb"] = total
    return shown


def _shaped(weight: Mapping[str, Any] | None, shape: str) -> object:
    if weight is None:
        return [] if shape in {"array", "compound"} else None
    match shape:
        case "object":
            return dict(weight)
        case "number":
            return weight["value"]
        case "string":
            return str(weight["value"])
        case "compound" if (total := pounds(weight)) is not None:
            whole = int(total)
            return [{"unit": "lb", "value": whole}, {"unit": "oz", "value": round((total - whole) * 16, 6)}]
        case _:
            return [dict(weight)]


def product(catalog: Catalog, row: Row) -> Row:
    """The 59 keys of a product answer."""
    switches = catalog.switches
    shape = _SHAPES[row["id"] % len(_SHAPES)] if switches.weight_shape == "mixed" else switches.weight_shape
    return {
        **_brief(row, shape, switches),
        "category": _reference(catalog, "categories", row["category_id"]),
        "subcategory": _reference(catalog, "subcategories", row["sub_category_id"]),
        "custom_fields": members(row["custom_fields"], switches),
        "attachments": _attachments(row),
        "variants": [_variant(each, shape, switches) for each in row["variants"]],
        "variant_attributes": members(row["variant_attributes"], switches),
        "alternate_skus": row["alternate_skus"],
        "tags": _tags(catalog, row),
        "substitutions": _substitutions(catalog, row, shape),
        "supplier": _supplier(catalog, row["supplier_id"]),
        "type": row["type"],
        "kit_items": _kit_items(catalog, row, nested=True),
        "boms": [_bom(catalog, id) for id in row["boms"]],
    }


def export_row(catalog: Catalog, row: Row) -> Row:
    """The lighter form: weights as objects, ids of bills of materials, and nothing of categories and suppliers."""
    return {
        **{name: row[name] for name in ("id", "name", "description", *PRICES, "sellable", "discontinued")},
        "custom_fields": members(row["custom_fields"], catalog.switches),
        "sku": row["sku"],
        "alternate_skus": [{**alternate, "unit_conversion_rule_id": None} for alternate in row["alternate_skus"]],
        "upc": row["upc"],
        "tags": _tags(catalog, row),
        "substitutions": _substitutions(catalog, row, "object"),
        "boms": [{"id": id} for id in row["boms"]],
        "type": row["type"],
        "kit_items": _kit_items(catalog, row, nested=False),
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
        "landed_cost": row["landed_cost"],
        **{name: row[name] for name in DIMENSIONS},
        **weights(row, "object", catalog.switches),
    }


def _brief(row: Row, shape: str, switches: Switches) -> Row:
    """What a product has wherever it is shown, also as the substitute of another."""
    return {
        **{name: row[name] for name in ("id", "name", "description", *PRICES)},
        **weights(row, shape, switches),
        **{name: row[name] for name in (*DIMENSIONS, "sellable", "discontinued", "image_url", "sku", "upc")},
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
    }


def _variant(row: Row, shape: str, switches: Switches) -> Row:
    return {
        **{name: row[name] for name in ("id", "name", "description")},
        **weights(row, shape, switches),
        "attachments": _attachments(row),
        "retail_price": row["retail_price"],
        "wholesale_price": row["wholesale_price"],
        "custom_fields": _custom_fields_of_variant(row["custom_fields"], switches),
        "variant_attributes": members(row["variant_attributes"], switches),
        "sku": row["sku"],
        "upc": row["upc"],
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
    }


def _custom_fields_of_variant(fields: Mapping[str, Any], switches: Switches) -> object:
    match switches.variant_custom_fields:
        case "pairs":
            return [{label: value} for label, value in fields.items()]
        case "labelled":
            return [{"label": label, "value": value} for label, value in fields.items()]
        case _:
            return members(fields, switches)


def _reference(catalog: Catalog, table: str, id: int | None) -> Row | None:
    row = None if id is None else catalog.table(table).get(id)
    return None if row is None else {"id": row["id"], "name": row["name"]}


def _supplier(catalog: Catalog, id: int | None) -> Row | None:
    """Everything that is known of it: the page shows an object without saying what is in it."""
    reference = _reference(catalog, "suppliers", id)
    return reference and {**reference, "email": "orders@supplier.example", "currency": "USD", **SUPPLIER}


def _tags(catalog: Catalog, row: Row) -> list[Row]:
    tags = [catalog.tags.find("name", name) for name in row["tags"]]
    return [
        {"id": tag["id"], "name": tag["name"], "description": None, "icon": None, "color": None}
        for tag in tags
        if tag is not None
    ]


def _attachments(row: Row) -> list[Row]:
    address = "https://cdn.luminous.example"
    return [
        {
            "id": row["id"] * 100 + number,
            "name": name,
            "type": "application/pdf",
            "size": 20480,
            "full_url": f"{address}/{name}",
            "thumb_url": f"{address}/thumb/{name}",
        }
        for number, name in enumerate(row["attachments"], start=1)
    ]


def _substitutions(catalog: Catalog, row: Row, shape: str) -> list[Row]:
    substitutes = [catalog.products.find("sku", sku) for sku in row["substitutions"]]
    return [
        {"id": number, "priority": number, "product": _brief(substitute, shape, catalog.switches)}
        for number, substitute in enumerate(substitutes, start=1)
        if substitute is not None
    ]


def _kit_items(catalog: Catalog, row: Row, *, nested: bool) -> list[Row]:
    """The components of a kit; flat, or with the product and the unit in each."""
    shown = []
    for number, (sku, quantity) in enumerate(row["kit_items"], start=1):
        component = catalog.products.find("sku", sku)
        if component is None:
            continue
        price = component["retail_price"] or 0
        item: Row = {
            "id": number,
            "product_id": component["id"],
            "quantity": quantity,
            "uom_id": _EACH["id"],
            "base_uom_quantity": quantity,
            "price": price,
            "original_price": price,
            "total": round(price * quantity, 2),
        }
        if nested:
            names = ("id", "name", "sku", "description", "retail_price", "wholesale_price")
            item["product"] = {name: component[name] for name in names}
            item["unit_of_measure"] = {**_EACH, "description": None, "base_unit": True}
        shown.append(item)
    return shown


def _bom(catalog: Catalog, id: int) -> Row:
    """A bill of materials; all of them hold the same."""
    bom = catalog.table("boms").get(id)
    assert bom is not None, "a product is attached to bills of materials that exist"
    stamps = {"created_at": iso(0), "updated_at": iso(0)}
    item: Row = {
        "id": id * 10,
        "bom_id": id,
        "product_id": _COMPONENT["id"],
        "quantity": 2,
        "product": _COMPONENT,
        "base_quantity": 2,
        "note": "Fold along the line.",
        "uom_id": _EACH["id"],
        "unit_of_measure": _EACH,
        "order": 1,
        **stamps,
    }
    cost: Row = {"id": id * 10, "name": "Assembly", "quantity": 1, "unit_price": 1.5, "line_total": 1.5, **stamps}
    return {"id": id, "name": bom["name"], "items": [item], "extra_costs": [cost], **stamps}

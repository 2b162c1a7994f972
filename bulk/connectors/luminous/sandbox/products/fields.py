"""What products can be filtered and sorted by.

Source: https://docs.joinluminous.com/api-reference, whose list goes on past the part that was seen.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bulk.connectors.luminous.sandbox.filters import Field, Values, own
from bulk.connectors.luminous.sandbox.products.answers import pounds
from bulk.connectors.luminous.sandbox.products.catalog import REFERENCES, Catalog, iso
from bulk.connectors.luminous.sandbox.products.rules import DIMENSIONS, WEIGHTS
from bulk.sandbox import Row

SORTABLE: Final = frozenset({"id", "sku", "name", "created_at", "updated_at"})


def fields(catalog: Catalog) -> Mapping[str, Field]:
    """Every filter, apart from `q`, by name."""
    shown = {
        "sku": Field(kind="text", values=lambda row: (row["sku"], *(each["sku"] for each in row["alternate_skus"]))),
        **{name: Field(kind="text", values=own(name)) for name in ("name", "description", "upc", "type")},
        "tag": Field(kind="text", values=lambda row: row["tags"] or (None,)),
        "bom.id": Field(kind="number", values=lambda row: row["boms"] or (None,)),
        "kit_items.product_id": Field(kind="number", values=lambda row: _components(catalog, row)),
        **{
            f"{name}.{of}": Field(kind="number" if of == "id" else "text", values=_reference(catalog, to, of))
            for name, to in (("category", "category"), ("sub_category", "subcategory"), ("supplier", "supplier"))
            for of in ("id", "name")
        },
        **{name: Field(kind="number", values=own(name)) for name in ("retail_price", "wholesale_price", *DIMENSIONS)},
        **{f"{name}_lb": Field(kind="number", values=_total(name, 1)) for name in WEIGHTS},
        **{f"{name}_oz": Field(kind="number", values=_total(name, 16)) for name in WEIGHTS},
    }
    if catalog.switches.pricing_filters:
        shown |= {name: Field(kind="flag", values=own(name)) for name in ("sellable", "discontinued")}
        shown |= {name: Field(kind="date", values=_day(name)) for name in ("created_at", "updated_at")}
    return shown


def candidates(catalog: Catalog, name: str, value: str) -> Sequence[Row] | None:
    """The products that a look-up by SKU can find: it is asked once a row."""
    if name not in {"sku", "sku[eq]", "sku[in]"}:
        return None
    found: dict[int, Row] = {}
    for sku in value.split(",") if name == "sku[in]" else [value]:
        alternate = catalog.alternates.find("sku", sku)
        for row in (catalog.products.find("sku", sku), alternate and catalog.products.get(alternate["product_id"])):
            if row is not None:
                found[row["id"]] = row
    return list(found.values())


def _reference(catalog: Catalog, name: str, of: str) -> Values:
    id_field, table = REFERENCES[name]

    def values(row: Row) -> Sequence[Any]:
        found = catalog.table(table).get(row[id_field] or 0)
        return (found[of] if found else None,)

    return values


def _components(catalog: Catalog, row: Row) -> Sequence[Any]:
    found = (catalog.products.find("sku", sku) for sku, _ in row["kit_items"])
    return [product["id"] for product in found if product is not None] or (None,)


def _total(name: str, ounces: float) -> Values:
    def values(row: Row) -> Sequence[Any]:
        total = pounds(row[name])
        return (None if total is None else round(total * ounces, 6),)

    return values


def _day(name: str) -> Values:
    return lambda row: (iso(row[name])[:10],)

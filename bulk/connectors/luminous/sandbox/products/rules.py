"""The documented rules of PATCH /products, each written down from its page and from nowhere else.

Source: https://docs.joinluminous.com/api-reference/products/create-or-update-product; `priority_list_id` is in its
newest form only. The limits of variants are not printed; their examples show the same minimum as those of products,
so the same rules are taken.
"""

from collections.abc import Mapping
from typing import Final

from bulk.connectors.luminous.sandbox.checks import (
    Findings,
    Rule,
    amount,
    check_fields,
    custom_fields,
    flag,
    integer,
    listed,
    named,
    nullable,
    text,
    weight,
)
from bulk.connectors.luminous.sandbox.switches import Switches

WEIGHTS: Final = tuple(f"{of}_weight" for of in ("product", "dimensional", "box", "carton", "shipping", "pallet"))
DIMENSIONS: Final = tuple(
    f"{of}_{side}"
    for of in ("product", "box", "carton", "shipping", "pallet")
    for side in ("length", "width", "height")
)
PRICES: Final = ("wholesale_price", "retail_price", "unit_cost")

_SHARED: Final[Mapping[str, Rule]] = {
    "sku": text(100),
    "name": text(200),
    "image_url": nullable(text(255)),
    "qty_low_alert": nullable(integer),
    "qty_reorder_threshold": nullable(integer),
    "qty_minimum": nullable(integer),
    "supplier_id": nullable(integer),
    "supplier": named,
    "sellable": nullable(flag),
    "default_receiving_location_id": nullable(integer),
    "description": nullable(text()),
    **dict.fromkeys(PRICES, nullable(amount)),
    **dict.fromkeys(WEIGHTS, weight),
    **dict.fromkeys(DIMENSIONS, nullable(amount)),
    "upc": nullable(text()),
    "custom_fields": custom_fields,
    "tags": nullable(listed(text())),
}

VARIANT: Final[Mapping[str, Rule]] = {**_SHARED, "discontinued": nullable(flag)}
"""The 39 fields of an item of `variants`."""


def variant(value: object, path: str, findings: Findings) -> None:
    """An item of `variants`; without an id of its own, it can be told from its neighbours by its SKU only."""
    if not isinstance(value, dict):
        findings.breaks(path, "must be an object")
        return
    check_fields(value, VARIANT, f"{path}.", findings)
    if "sku" not in value:
        findings.refuse(f"{path}.sku", "is required")


PRODUCT: Final[Mapping[str, Rule]] = {
    "id": integer,
    **_SHARED,
    "category_id": integer,
    "category": named,
    "sub_category_id": nullable(integer),
    "subcategory": named,
    "lot_tracking": nullable(flag),
    "variants": nullable(listed(variant)),
    "boms": nullable(listed(integer)),
    "priority_list_id": integer,
}
"""The fields of the body."""


def check_product(body: Mapping[str, object], switches: Switches) -> Findings:
    """Every fault of a body of PATCH /products, apart from what depends on the catalog."""
    findings = Findings(switches)
    check_fields(body, PRODUCT, "", findings)
    if "id" not in body and "sku" not in body:
        findings.breaks("id", "is required when sku is not present")
        findings.breaks("sku", "is required when id is not present")
    if "id" in body and "sku" in body and switches.id_and_sku == "refuse":
        findings.refuse("sku", "must not be sent together with id")
    return findings

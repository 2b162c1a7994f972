"""Believable products to begin with."""

import random
from collections.abc import Mapping
from typing import Any, Final

from bulk.connectors.luminous.sandbox.products.rules import WEIGHTS

_RANGES: Final = {
    "Drinkware": ("Mug", "Tumbler", "Carafe", "Espresso Cup"),
    "Lighting": ("Desk Lamp", "Pendant", "Floor Lamp", "Night Light"),
    "Textiles": ("Throw", "Cushion Cover", "Bath Towel", "Table Runner"),
    "Stationery": ("Notebook", "Desk Pad", "Pen Tray", "Letter Opener"),
}
_STYLES: Final = ("Alder", "Basalt", "Cove", "Dune", "Ember", "Fjord", "Grove", "Harbor")
_COLORS: Final = ("Sand", "Slate", "Moss", "Rust", "Ivory", "Ink")
_SUPPLIERS: Final = ("Northwind Goods", "Calder & Sons", "Lagoon Trading")


_SIZES: Final = ("Small", "Medium", "Large", "Family")


def seed_products(count: int, *, seed: int = 0, variants: int = 0) -> list[dict[str, Any]]:
    """Bodies for as many new products, each with its own SKU; the same every time for the same seed.

    `variants` is how many of them have variants, two to four each.
    """
    chance = random.Random(seed)  # noqa: S311  # must be repeatable, guards nothing
    products: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        category = chance.choice(list(_RANGES))
        thing = chance.choice(_RANGES[category])
        style, color = chance.choice(_STYLES), chance.choice(_COLORS)
        cost = round(chance.uniform(1.5, 60), 2)
        products.append(
            {
                "sku": f"{category[:3].upper()}-{number:05d}",
                "name": f"{style} {thing}, {color}",
                "description": f"{thing} of the {style} range in {color.lower()}.",
                "category": {"name": category},
                "supplier": {"name": chance.choice(_SUPPLIERS)},
                "unit_cost": cost,
                "wholesale_price": round(cost * 1.6, 2),
                "retail_price": round(cost * 2.8, 2),
                "product_weight": {"unit": "lb", "value": round(chance.uniform(0.2, 9), 2)},
                "product_length": round(chance.uniform(2, 30), 1),
                "upc": f"0{chance.randrange(10**10, 10**11)}",
                "sellable": True,
                "tags": [color, style],
                "custom_fields": {"Color": color, "Range": style},
            }
        )
    for parent in chance.sample(products, variants):
        sizes = _SIZES[: chance.randint(2, len(_SIZES))]
        parent["variants"] = [_variant(parent, size, chance) for size in sizes]
    return products


def _variant(parent: Mapping[str, Any], size: str, chance: random.Random) -> dict[str, Any]:
    cost = round(chance.uniform(1.5, 60), 2)
    return {
        "sku": f"{parent['sku']}-{size[0]}",
        "name": f"{parent['name']}, {size.lower()}",
        "description": f"{parent['description']} {size}.",
        "unit_cost": cost,
        "wholesale_price": round(cost * 1.6, 2),
        "retail_price": round(cost * 2.8, 2),
        "product_weight": {"unit": "lb", "value": round(chance.uniform(0.2, 9), 2)},
        "product_length": round(chance.uniform(2, 30), 1),
        "upc": f"0{chance.randrange(10**10, 10**11)}",
        "sellable": True,
        "discontinued": False,
        "custom_fields": {"Size": size},
    }


def showcase() -> list[dict[str, Any]]:
    """Products to begin with that show everything an answer can hold, also what no request can write."""
    lamp: dict[str, Any] = {
        "sku": "SHOW-LAMP",
        "name": "Basalt Desk Lamp",
        "description": "Two lines.\nThe second; with a semicolon.",
        "category": {"name": "Lighting"},
        "subcategory": {"name": "Desk"},
        "supplier": {"name": "Calder & Sons"},
        "retail_price": 89.5,
        "landed_cost": 31.25,
        **{name: {"unit": "lb", "value": 4.5} for name in WEIGHTS},
        "box_weight": {"unit": "oz", "value": 88},
        "upc": "00012345678905",
        "image_url": "https://cdn.luminous.example/lamp.jpg",
        "tags": ["Desk", "New; boxed"],
        "custom_fields": {"Color": "Slate", "Cable, m": 1.8},
        "attachments": ["manual.pdf", "energy-label.pdf"],
        "substitutions": ["SHOW-PENDANT"],
        "variant_attributes": {"Color": ["Slate", "Sand"]},
        "boms": [71],
        "variants": [
            {
                "sku": f"SHOW-LAMP-{color.upper()}",
                "name": f"Basalt Desk Lamp, {color.lower()}",
                "retail_price": 92,
                **{name: {"unit": "lb", "value": 4.5} for name in WEIGHTS},
                "custom_fields": {"Color": color, "Finish": "matt"},
                "attachments": [f"{color.lower()}.pdf"],
                "variant_attributes": {"Color": color},
                "discontinued": color == "Sand",
            }
            for color in ("Slate", "Sand")
        ],
    }
    return [
        {
            "sku": "SHOW-PENDANT",
            "name": "Cove Pendant",
            "retail_price": 120,
            **{name: {"unit": "lb", "value": 7} for name in WEIGHTS},
        },
        lamp,
        {
            "sku": "SHOW-KIT",
            "name": "Desk set",
            "type": "KIT",
            "retail_price": 199,
            "kit_items": [["SHOW-LAMP", 1], ["SHOW-PENDANT", 2]],
        },
        {"sku": "SHOW-BARE"},
    ]

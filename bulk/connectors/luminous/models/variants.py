"""Variants: items of a product's `variants`.

The page collapses the constraints of an item. Those here are the parent's, which its placeholders agree with.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from bulk.connectors.luminous.models.parts import (
    CUSTOM_FIELDS,
    PRECEDENCE,
    PRODUCTS,
    Amount,
    Inches,
    Supplier,
    Weight,
)
from bulk.validation.document import UNSET, Aliases, Consequence, Document, Identifier, JointRule, NotBoth, Reference


class Variant(Document):
    """One of a product's variants; only its SKU can name it, since no id is taken."""

    reference = PRODUCTS
    rules: ClassVar[Sequence[JointRule]] = (NotBoth("supplier_id", "supplier.name", PRECEDENCE),)

    sku: Annotated[
        str,
        Field(max_length=100, description="SKU of the variant"),
        Identifier(),
        Aliases("MASTER_SKU"),
    ]
    name: Annotated[str, Field(max_length=200, description="Name of the variant"), Aliases("PRODUCT_NAME")] = UNSET
    description: Annotated[
        str | None, Field(description="Description of the variant"), Aliases("PRODUCT_DESCRIPTION")
    ] = UNSET
    supplier_id: Annotated[int | None, Field(description="ID of the preferred supplier")] = UNSET
    supplier: Annotated[Supplier, Field(description="Name of the preferred supplier")] = UNSET
    image_url: Annotated[str | None, Field(max_length=255, description="URL of the variant's image")] = UNSET
    upc: Annotated[str | None, Field(description="UPC or other barcode"), Identifier()] = UNSET
    sellable: Annotated[bool | None, Field(description="Whether the variant can be sold")] = UNSET
    discontinued: Annotated[bool | None, Field(description="Whether the variant is discontinued")] = UNSET
    qty_low_alert: Annotated[int | None, Field(description="Quantity below which stock counts as low")] = UNSET
    qty_reorder_threshold: Annotated[int | None, Field(description="Quantity below which to reorder")] = UNSET
    qty_minimum: Annotated[int | None, Field(description="Minimum quantity to maintain")] = UNSET
    default_receiving_location_id: Annotated[
        int | None, Field(description="ID of the location where this variant is received")
    ] = UNSET
    wholesale_price: Annotated[Amount, Field(description="Wholesale price")] = UNSET
    retail_price: Annotated[Amount, Field(description="Retail price")] = UNSET
    unit_cost: Annotated[Amount, Field(description="Cost per unit")] = UNSET
    product_weight: Annotated[Weight, Field(description="Weight of the variant")] = UNSET
    dimensional_weight: Annotated[Weight, Field(description="Dimensional weight")] = UNSET
    product_length: Annotated[Inches, Field(description="Length of the variant, in inches")] = UNSET
    product_width: Annotated[Inches, Field(description="Width of the variant, in inches")] = UNSET
    product_height: Annotated[Inches, Field(description="Height of the variant, in inches")] = UNSET
    box_weight: Annotated[Weight, Field(description="Weight of the box")] = UNSET
    box_length: Annotated[Inches, Field(description="Length of the box, in inches")] = UNSET
    box_width: Annotated[Inches, Field(description="Width of the box, in inches")] = UNSET
    box_height: Annotated[Inches, Field(description="Height of the box, in inches")] = UNSET
    carton_weight: Annotated[Weight, Field(description="Weight of the carton")] = UNSET
    carton_length: Annotated[Inches, Field(description="Length of the carton, in inches")] = UNSET
    carton_width: Annotated[Inches, Field(description="Width of the carton, in inches")] = UNSET
    carton_height: Annotated[Inches, Field(description="Height of the carton, in inches")] = UNSET
    shipping_weight: Annotated[Weight, Field(description="Shipping weight")] = UNSET
    shipping_length: Annotated[Inches, Field(description="Shipping length, in inches")] = UNSET
    shipping_width: Annotated[Inches, Field(description="Shipping width, in inches")] = UNSET
    shipping_height: Annotated[Inches, Field(description="Shipping height, in inches")] = UNSET
    pallet_weight: Annotated[Weight, Field(description="Weight of the pallet")] = UNSET
    pallet_length: Annotated[Inches, Field(description="Length of the pallet, in inches")] = UNSET
    pallet_width: Annotated[Inches, Field(description="Width of the pallet, in inches")] = UNSET
    pallet_height: Annotated[Inches, Field(description="Height of the pallet, in inches")] = UNSET
    custom_fields: Annotated[
        dict[str, str | int | float | bool],
        Field(description="Values of custom fields, by the label of the field"),
        Reference(CUSTOM_FIELDS),
    ] = UNSET
    tags: Annotated[
        list[str] | None,
        Field(description="Tags of the variant; whether they replace or join the present ones is not documented"),
        Consequence("may remove every tag"),
    ] = UNSET


class VariantFacts(Document):
    """What Luminous shows of a variant but does not take back."""

    reference = PRODUCTS

    id: Annotated[int, Field(description="ID of the variant")] = UNSET
    created_at: Annotated[str, Field(description="When the variant was created")] = UNSET
    updated_at: Annotated[str, Field(description="When the variant last changed")] = UNSET

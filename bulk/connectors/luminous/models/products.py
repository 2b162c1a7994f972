"""Products: the body of `PATCH /products`, and what answers show besides."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from bulk.connectors.luminous.models.parts import (
    CUSTOM_FIELDS,
    PRECEDENCE,
    PRODUCTS,
    Amount,
    Category,
    Inches,
    Subcategory,
    Supplier,
    Weight,
)
from bulk.connectors.luminous.models.variants import Variant
from bulk.validation.document import (
    UNSET,
    Aliases,
    Consequence,
    Document,
    ExactlyOne,
    Identifier,
    JointRule,
    NotBoth,
    Reference,
)


class Product(Document):
    """The body of `PATCH /products`."""

    reference = PRODUCTS
    rules: ClassVar[Sequence[JointRule]] = (
        ExactlyOne("sku", "id"),
        NotBoth("category_id", "category.name", PRECEDENCE),
        NotBoth("sub_category_id", "subcategory.name", PRECEDENCE),
        NotBoth("supplier_id", "supplier.name", PRECEDENCE),
    )

    id: Annotated[int, Field(description="Product ID, if the SKU does not name the product")] = UNSET
    sku: Annotated[
        str,
        Field(max_length=100, description="Product SKU, if the id does not name the product"),
        Identifier(),
        Aliases("MASTER_SKU"),
    ] = UNSET
    name: Annotated[str, Field(max_length=200, description="Product name"), Aliases("PRODUCT_NAME")] = UNSET
    description: Annotated[str | None, Field(description="Product description"), Aliases("PRODUCT_DESCRIPTION")] = UNSET
    category_id: Annotated[int, Field(description="ID of the product category")] = UNSET
    category: Annotated[Category, Field(description="Name of the product category")] = UNSET
    sub_category_id: Annotated[int | None, Field(description="ID of the product subcategory")] = UNSET
    subcategory: Annotated[Subcategory, Field(description="Name of the product subcategory")] = UNSET
    supplier_id: Annotated[int | None, Field(description="ID of the preferred supplier")] = UNSET
    supplier: Annotated[Supplier, Field(description="Name of the preferred supplier")] = UNSET
    image_url: Annotated[str | None, Field(max_length=255, description="URL of the product image")] = UNSET
    upc: Annotated[str | None, Field(description="UPC or other barcode"), Identifier()] = UNSET
    sellable: Annotated[bool | None, Field(description="Whether the product can be sold")] = UNSET
    lot_tracking: Annotated[bool | None, Field(description="Whether the product is tracked by lots")] = UNSET
    qty_low_alert: Annotated[int | None, Field(description="Quantity below which stock counts as low")] = UNSET
    qty_reorder_threshold: Annotated[int | None, Field(description="Quantity below which to reorder")] = UNSET
    qty_minimum: Annotated[int | None, Field(description="Minimum quantity to maintain")] = UNSET
    default_receiving_location_id: Annotated[
        int | None, Field(description="ID of the location where this product is received")
    ] = UNSET
    priority_list_id: Annotated[int, Field(description="ID of the product's fulfilment priority list")] = UNSET
    wholesale_price: Annotated[Amount, Field(description="Wholesale price")] = UNSET
    retail_price: Annotated[Amount, Field(description="Retail price")] = UNSET
    unit_cost: Annotated[Amount, Field(description="Cost per unit")] = UNSET
    product_weight: Annotated[Weight, Field(description="Weight of the product")] = UNSET
    dimensional_weight: Annotated[Weight, Field(description="Dimensional weight")] = UNSET
    product_length: Annotated[Inches, Field(description="Length of the product, in inches")] = UNSET
    product_width: Annotated[Inches, Field(description="Width of the product, in inches")] = UNSET
    product_height: Annotated[Inches, Field(description="Height of the product, in inches")] = UNSET
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
        Field(description="Tags of the product; whether they replace or join the present ones is not documented"),
        Consequence("may remove every tag"),
    ] = UNSET
    boms: Annotated[
        list[int] | None,
        Field(description="IDs of the product's bills of materials; they replace all present ones"),
        Consequence("detaches every bill of materials"),
    ] = UNSET
    variants: Annotated[
        list[Variant] | None,
        Field(description="Variants of the product; whether they replace or join the present ones is not documented"),
        Consequence("may remove every variant"),
    ] = UNSET


class ProductFacts(Document):
    """What Luminous shows of a product but does not take back."""

    reference = "https://docs.joinluminous.com/api-reference/products/export-products-cursor-pagination"

    type: Annotated[str, Field(description="PRODUCT or KIT")] = UNSET
    discontinued: Annotated[bool, Field(description="Whether the product is discontinued")] = UNSET
    landed_cost: Annotated[float, Field(description="Landed cost; shown by the quick export only")] = UNSET
    alternate_skus: Annotated[list[str], Field(description="Other SKUs that the product goes by")] = UNSET
    created_at: Annotated[str, Field(description="When the product was created")] = UNSET
    updated_at: Annotated[str, Field(description="When the product last changed")] = UNSET

"""Parts that products and variants have in common."""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from bulk.validation.document import Advice, Aliases, Document

PRODUCTS: Final = "https://docs.joinluminous.com/api-reference/products/create-or-update-product"
CUSTOM_FIELDS: Final = "https://docs.joinluminous.com/api-reference/custom-fields/get-custom-field-definitions"
PRECEDENCE: Final = "it is not documented which of them wins"

Amount: TypeAlias = Annotated[float | None, Field(ge=0)]
Inches: TypeAlias = Annotated[float | None, Field(ge=0)]


class Category(Document):
    """A product category, by name. Whether an unknown name is created is not documented."""

    reference = PRODUCTS

    name: Annotated[str, Aliases("category", "PRODUCT_CATEGORY")]


class Subcategory(Document):
    """A product subcategory, by name."""

    reference = PRODUCTS

    name: Annotated[str, Aliases("subcategory", "PRODUCT_SUB_CATEGORY")]


class Supplier(Document):
    """The preferred supplier, by name."""

    reference = PRODUCTS

    name: Annotated[str, Aliases("supplier")]


class Weight(Document):
    """A weight. `lb` is the only unit that the documentation ever shows; the lower bound is that of all measures."""

    reference = PRODUCTS

    unit: Annotated[
        Literal["lb"],
        Field(description="unit"),
        Advice(
            "Convert the weight to pounds and write lb: 1 kg is 2.20462 lb, 1 oz is 0.0625 lb, 1 g is 0.00220462 lb."
        ),
    ]
    value: Annotated[float, Field(ge=0, description="value in that unit")]

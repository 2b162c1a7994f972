"""Pages of products, taken apart as columns: of each record only what is read, and no dictionary for any."""

from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType, defstruct
from msgspec.json import Decoder

from bulk.connectors.luminous.reading import PRODUCT_FIELDS
from bulk.model import Documents, parsed

_Product: Final = defstruct("_Product", [(name, Any, UNSET) for name in PRODUCT_FIELDS], gc=False)
"""What is read of a product. JSON holds nothing that goes round in circles, so nobody need look for that."""


class _Page(Struct):
    data: list[_Product]  # type: ignore[valid-type]  # made above
    meta: Any | UnsetType = UNSET
    pagination: Any | UnsetType = UNSET


_page: Final = Decoder(_Page).decode


def read_page(body: bytes) -> Any:  # noqa: ANN401  # JSON is any shape
    """A page of products with its records side by side; any other JSON as it is, raises `ValueError` for none."""
    try:
        page = _page(body)
    except (ValueError, RecursionError):  # another shape, or more than the quick reader takes
        return parsed(body)
    around = {"meta": page.meta, "pagination": page.pagination}
    return {"data": Documents.of_structs(page.data), **{name: it for name, it in around.items() if it is not UNSET}}

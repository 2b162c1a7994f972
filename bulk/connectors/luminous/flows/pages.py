"""Pages of products, taken apart as columns: of each record only what is read, and no dictionary for any.

Lists and objects are taken apart by themselves, and those that many products share, such as their supplier, only once:
what is the same is one object then, and is looked at once by all who come after.
"""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import UNSET, Raw, Struct, UnsetType, defstruct
from msgspec.json import Decoder

from bulk.connectors.luminous.reading import NESTED_FIELDS, PRODUCT_FIELDS
from bulk.model import Documents, parsed

_Product: Final = defstruct(
    "_Product",
    [(name, Raw | UnsetType if name in NESTED_FIELDS else Any, UNSET) for name in PRODUCT_FIELDS],
    gc=False,
)
"""What is read of a product. JSON holds nothing that goes round in circles, so nobody need look for that."""

_SHORT: Final = 1024
"""Bytes of a list or an object that may be that of many products."""

_MOST: Final = 1024
"""Texts whose values are at hand, at most."""


class _Page(Struct):
    data: list[_Product]  # type: ignore[valid-type]  # made above
    meta: Any | UnsetType = UNSET
    pagination: Any | UnsetType = UNSET


class _Values(dict[bytes, Any]):
    """The values of JSON texts, each taken apart when it is first asked for."""

    def __missing__(self, text: bytes) -> Any:  # noqa: ANN401  # JSON is any shape
        value = parsed(text)
        if len(text) <= _SHORT:
            if len(self) == _MOST:
                self.clear()
            self[text] = value
        return value


_page: Final = Decoder(_Page).decode
_values: Final = _Values()


def read_page(body: bytes) -> Any:  # noqa: ANN401  # JSON is any shape
    """A page of products with its records side by side; any other JSON as it is, raises `ValueError` for none."""
    try:
        page = _page(body)
        records = Documents.of_structs(page.data)
        nested = {name: _nested(records.columns[name]) for name in NESTED_FIELDS & records.columns.keys()}
    except (ValueError, RecursionError):  # another shape, or more than the quick reader takes
        return parsed(body)
    around = {"meta": page.meta, "pagination": page.pagination}
    return {
        "data": Documents({**records.columns, **nested}, len(records)),
        **{name: it for name, it in around.items() if it is not UNSET},
    }


def _nested(texts: Sequence[Any]) -> Sequence[Any]:
    """The values of raw texts, and what is not set as it is."""
    if UNSET in texts:
        return [text if text is UNSET else _values[bytes(text)] for text in texts]
    return list(map(_values.__getitem__, map(bytes, texts)))

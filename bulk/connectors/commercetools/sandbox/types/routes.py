"""Reading types.

Source: https://docs.commercetools.com/api/projects/types
"""

from typing import Final

from bulk.connectors.commercetools.sandbox.errors import not_found
from bulk.connectors.commercetools.sandbox.listing import Listing, only, page
from bulk.connectors.commercetools.sandbox.predicates import EVERYWHERE, Field
from bulk.connectors.commercetools.sandbox.requests import row_of_path
from bulk.connectors.commercetools.sandbox.switches import Switches
from bulk.connectors.commercetools.sandbox.types.registry import Registry
from bulk.sandbox import Answer, Call

_FIELDS: Final = Field(
    kind="object",
    members={
        **EVERYWHERE,
        "name": Field(kind="localized"),
        "description": Field(kind="localized"),
        "resourceTypeIds": Field(kind="set"),
    },
)


def one(registry: Registry, switches: Switches, call: Call) -> Answer:
    """One type by id or key."""
    only(call, switches, "expand")
    row, title = row_of_path(call, registry.types)
    if row is None:
        raise not_found(title)
    return Answer.json(200, row["document"])


def query(registry: Registry, switches: Switches, call: Call) -> Answer:
    """A page of types."""
    return page(Listing(table=registry.types, fields=_FIELDS), switches, call, lambda document: document)

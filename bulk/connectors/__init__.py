"""The APIs that bulk speaks to: each folder here with a `CONNECTOR` is one; the folder is the registry.

Each has `models` (what it takes), `reading` (what it shows, as documents of the models), `flows` (conversations as
generators) and `sandbox` (an embedded twin). There are `luminous` and `commercetools`.
"""

import importlib
import pkgutil
from functools import cache

from bulk.contracts import Connector, Resource
from bulk.errors import UsageError
from bulk.model import listed


@cache
def connectors() -> tuple[Connector, ...]:
    """Every connector, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return tuple(importlib.import_module(f"{__name__}.{name}").CONNECTOR for name in names)


def find(full_name: str) -> tuple[Connector, Resource]:
    """The connector and resource of a name such as `luminous.products`; raises `UsageError` naming what there is."""
    known = {
        f"{connector.name}.{one.name}": (connector, one) for connector in connectors() for one in connector.resources
    }
    if full_name not in known:
        raise UsageError(f"there is no resource {full_name!r}", advice=f"There is {listed(list(known))}.")
    connector, resource = known[full_name]
    return connector, resource.fresh() if resource.fresh is not None else resource

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


def connectors() -> tuple[Connector, ...]:
    """Every connector, by name."""
    return tuple(_connector(name) for name in _names())


def find(full_name: str) -> tuple[Connector, Resource]:
    """The connector and resource of a name such as `luminous.products`; raises `UsageError` naming what there is."""
    # The others are not loaded for it: that takes longer than many a run.
    name, _, rest = full_name.partition(".")
    if name in _names():
        connector = _connector(name)
        for resource in connector.resources:
            if resource.name == rest:
                return connector, resource.fresh() if resource.fresh is not None else resource
    known = [f"{connector.name}.{one.name}" for connector in connectors() for one in connector.resources]
    raise UsageError(f"there is no resource {full_name!r}", advice=f"There is {listed(known)}.")


@cache
def _names() -> tuple[str, ...]:
    """The folders, each named as its connector."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


@cache
def _connector(name: str) -> Connector:
    connector: Connector = importlib.import_module(f"{__name__}.{name}").CONNECTOR
    return connector

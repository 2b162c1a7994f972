"""Rows of a file that the twin takes: what a practice, or a suite over all connectors, begins with."""

from typing import Any

from bulk.connectors.luminous.sandbox.channels.seed import seed_channels
from bulk.connectors.luminous.sandbox.products.seed import seed_products

_NEW_CHANNEL = frozenset({"id", "apiLocked", "enabled"})
"""What a channel has from the start only in a seed."""


def examples(resource: str, count: int) -> list[dict[str, Any]]:
    """Cells by column of `count` new records of a resource, named without its connector."""
    if resource == "channels":
        bodies = seed_channels(count, locked=0, disabled=0)
        return [{name: value for name, value in body.items() if name not in _NEW_CHANNEL} for body in bodies]
    return [_flat(body) for body in seed_products(count)]


def _flat(body: dict[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, value in body.items():
        if isinstance(value, dict):
            cells |= {f"{name}.{inner}": one for inner, one in value.items()}
        else:
            cells[name] = ";".join(value) if isinstance(value, list) else value
    return cells

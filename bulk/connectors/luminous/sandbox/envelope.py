"""How records are wrapped on their way out."""

from collections.abc import Mapping
from typing import Any

from bulk.connectors.luminous.sandbox.switches import Switches
from bulk.sandbox import Answer


def single(status: int, record: Mapping[str, Any], switches: Switches) -> Answer:
    """An answer with one record."""
    return Answer.json(status, {"data": record} if switches.envelope else record)


def members(value: Mapping[str, Any], switches: Switches) -> object:
    """An object with any members; without them it may come as an array."""
    return value or ([] if switches.empty_objects == "array" else {})

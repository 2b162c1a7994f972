"""Believable channels to begin with."""

import random
from typing import Any, Final

from bulk.connectors.luminous.sandbox.channels.rules import END_TO_END, FULFILLMENT, SALES

_SHOPS: Final = ("Webshop", "Marketplace", "Wholesale Portal", "Outlet", "Pop-up")
_HOUSES: Final = ("Warehouse", "Courier", "Drop-off", "Forwarder")
_PLACES: Final = ("Lyon", "Porto", "Gdansk", "Malmo", "Turin", "Ghent", "Bergen", "Cork")


def seed_channels(
    count: int, *, seed: int = 0, locked: int | None = None, disabled: int | None = None
) -> list[dict[str, Any]]:
    """As many channels to begin with, each with its own label and an `id` from 1 up; the same for the same seed.

    `locked` and `disabled` are how many of them are so; a tenth unless told otherwise.
    """
    chance = random.Random(seed)  # noqa: S311  # must be repeatable, guards nothing
    channels: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        kind = chance.choice((SALES, SALES, FULFILLMENT, END_TO_END))
        thing = chance.choice(_HOUSES if kind == FULFILLMENT else _SHOPS)
        place = chance.choice(_PLACES)
        channel: dict[str, Any] = {
            "id": number,
            "channelType": kind,
            "label": f"{thing} {place} {number:03d}",
            "description": f"{thing} in {place}.",
            "warehouseGroupId": chance.randint(1, 6),
            "isCustomerSpecific": chance.random() < 0.2,  # noqa: PLR2004  # a fifth
            "tagIds": sorted(chance.sample(range(1, 9), 2)),
            "isDropship": False,
        }
        if kind != FULFILLMENT:
            channel |= {"pullOrdersFromOms": True, "pullOrderAppIntegrationAccountId": chance.randint(10, 19)}
            channel |= {"pullOrderOmsStoreId": f"store-{number:03d}"}
        if kind != SALES:
            channel |= {"pushOrdersToOms": True, "pushOrderAppIntegrationAccountId": chance.randint(20, 29)}
        channels.append(channel)
    for channel in chance.sample(channels, count // 10 if locked is None else locked):
        channel["apiLocked"] = True
    for channel in chance.sample(channels, count // 10 if disabled is None else disabled):
        channel["enabled"] = False
    return channels

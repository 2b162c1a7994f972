"""The documented rules of creating and updating a channel.

Sources: https://docs.joinluminous.com/api-reference/channels/create-channel and
https://docs.joinluminous.com/api-reference/channels/update-channel. The types are printed on the latter only. The
conditions are printed as prose on the former; which field each is about follows from their order and content.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from bulk.connectors.luminous.sandbox.checks import (
    Findings,
    Rule,
    check_fields,
    choice,
    flag,
    integer,
    listed,
    nullable,
    open_object,
    text,
)
from bulk.connectors.luminous.sandbox.switches import Switches

SALES, FULFILLMENT, END_TO_END = "sales_channel", "fulfillment_channel", "end_to_end_channel"
MOST_PRODUCTS: Final = 500
"""Mappings of SKUs in one call."""

UPDATE: Final[Mapping[str, Rule]] = {
    "label": text(),
    "description": nullable(text()),
    "warehouseGroupId": nullable(integer),
    "isCustomerSpecific": nullable(flag),
    "tagIds": listed(integer),
    "pullOrdersFromOms": nullable(flag),
    "pullOrderAppIntegrationAccountId": integer,
    "pullOrderOmsStoreId": text(),
    "pullOrdersFromOmsOptions": open_object,
    "pushOrdersToOms": nullable(flag),
    "pushOrderAppIntegrationAccountId": integer,
    "pushOrderOmsStoreId": text(),
    "pushStocksToOms": nullable(flag),
    "pushStocksAppIntegrationAccountId": nullable(integer),
    "pushCostsToOms": nullable(flag),
    "isDropship": nullable(flag),
    "dropshipSupplierId": nullable(integer),
    "dropshipInventoryNotTracked": nullable(flag),
}
"""The 18 fields of an update."""

CREATE: Final[Mapping[str, Rule]] = {
    "channelType": choice(SALES, FULFILLMENT, END_TO_END),
    **UPDATE,
    "integrationProducts": listed(open_object, most=MOST_PRODUCTS),
}
"""The 20 fields of a creation."""


def check_new(body: Mapping[str, Any], switches: Switches) -> Findings:
    """Every fault of a body of POST /channels, apart from what depends on other channels."""
    findings = Findings(switches)
    check_fields(body, CREATE, "", findings)
    for name in ("channelType", "label"):
        if name not in body:
            findings.refuse(name, "is required")
    _check_conditions(body, findings)
    return findings


def check_update(body: Mapping[str, Any], channel: Mapping[str, Any], switches: Switches) -> Findings:
    """Every fault of a body of PUT /channels/{id}, apart from what depends on other channels."""
    findings = Findings(switches)
    if "channelType" in body:
        findings.breaks("channelType", "cannot be changed after creation")
    check_fields({name: value for name, value in body.items() if name != "channelType"}, UPDATE, "", findings)
    if switches.conditions_on_update:
        _check_conditions({**channel, **body, "channelType": channel["channelType"]}, findings)
    return findings


def check_products(body: Mapping[str, Any], switches: Switches) -> Findings:
    """Every fault of a body of the mappings' own call. It is undocumented, so nothing here breaks a page."""
    findings = Findings(switches)
    items = body.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        findings.refuse("items", "must be an array of objects")
    elif len(items) > MOST_PRODUCTS:
        findings.refuse("items", f"must not have more than {MOST_PRODUCTS} items")
    return findings


def _check_conditions(channel: Mapping[str, Any], findings: Findings) -> None:
    """What a channel needs in view of its other fields."""
    switches = findings.switches
    kind = channel.get("channelType")
    if kind not in {SALES, FULFILLMENT, END_TO_END}:
        return
    untracked = channel.get("isDropship") is True and channel.get("dropshipInventoryNotTracked") is True
    if kind == SALES or not untracked:
        _require(channel, "warehouseGroupId", findings.breaks)
    if channel.get("pullOrdersFromOms") is True:
        _require(channel, "pullOrderAppIntegrationAccountId", findings.breaks)
        if channel.get("pullOrderAppIntegrationAccountId") in switches.store_id_accounts:
            _require(channel, "pullOrderOmsStoreId", findings.breaks)
        if kind == FULFILLMENT and switches.misdirected == "refuse":
            findings.refuse("pullOrdersFromOms", "is for sales and end-to-end channels")
    if channel.get("pushOrdersToOms") is True:
        _require(channel, "pushOrderAppIntegrationAccountId", findings.breaks)
        if channel.get("pushOrderAppIntegrationAccountId") in switches.store_id_accounts:
            _require(channel, "pushOrderOmsStoreId", findings.refuse)
        if kind == SALES and switches.misdirected == "refuse":
            findings.refuse("pushOrdersToOms", "is for fulfillment and end-to-end channels")
    if channel.get("isDropship") is True and switches.dropship_supplier_required:
        _require(channel, "dropshipSupplierId", findings.refuse)


def _require(channel: Mapping[str, Any], name: str, complain: Callable[[str, str], None]) -> None:
    if channel.get(name) in {None, ""}:
        complain(name, "is required")

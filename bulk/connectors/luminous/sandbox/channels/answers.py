"""How the API shows a channel.

What lies in the integration mappings, in `credentials` and in the other open objects is documented nowhere; here the
first hold what was written under other names, and all hold something that must not be passed on.
"""

from bulk.connectors.luminous.sandbox.channels.directory import Directory
from bulk.connectors.luminous.sandbox.envelope import members
from bulk.connectors.luminous.sandbox.secrets import ACCOUNT, CREDENTIALS
from bulk.sandbox import Row


def channel(directory: Directory, row: Row) -> Row:
    """The 45 keys of a channel answer."""
    switches = directory.switches
    pulls, pushes = bool(row["pullOrdersFromOms"]), bool(row["pushOrdersToOms"])
    pull = _mapping(row, "pullOrder", {"options": row["pullOrdersFromOmsOptions"]}) if pulls else None
    push = _mapping(row, "pushOrder", {}) if pushes else None
    stock = {"accountId": row["pushStocksAppIntegrationAccountId"], "account": ACCOUNT}
    return {
        "id": row["id"],
        "uuid": row["uuid"],
        "label": row["label"],
        "description": row["description"],
        "channelType": row["channelType"],
        "apiLocked": row["apiLocked"],
        "warehouseGroupId": row["warehouseGroupId"],
        "warehouseGroup": _warehouse_group(directory, row["warehouseGroupId"]),
        "storeType": "manual",
        "enabled": row["enabled"],
        "status": 1 if row["enabled"] else 0,
        "isPOSChannel": False,
        "isCustomerSpecific": row["isCustomerSpecific"],
        "pullOrdersFromOms": row["pullOrdersFromOms"],
        "getProductsEnabled": False,
        "pushInventoryEnabled": bool(row["pushStocksToOms"]),
        "includeIncomingStocksEnabled": False,
        "pullStocksEnabled": False,
        "pullShipmentsEnabled": False,
        "pushIncomingStocksFromSupplierPurchaseOrderEnabled": False,
        "pushStocksAppIntegrationAccountId": row["pushStocksAppIntegrationAccountId"],
        "channelIntegrationMapping": [mapping for mapping in (pull, push) if mapping is not None],
        "pullOrderIntegrationMapping": pull,
        "pushOrderIntegrationMapping": push,
        "pushStockIntegrationMapping": stock if row["pushStocksToOms"] else None,
        "pushCostIntegrationMapping": {"account": ACCOUNT} if row["pushCostsToOms"] else None,
        "tags": [{"id": id, "name": (directory.tags.get(id) or {}).get("name")} for id in row["tagIds"]],
        "metafields": [],
        "isDropship": row["isDropship"],
        "dropshipSupplierId": row["dropshipSupplierId"],
        "dropshipPoDeliveryType": None,
        "dropshipPoDeliveryWarehouseId": None,
        "dropshipAutoCreatePo": False,
        "dropshipAutoSendPo": False,
        "dropshipInventoryNotTracked": row["dropshipInventoryNotTracked"],
        "autoPushOrderAfterMinutes": None,
        "autoPushMode": None,
        "filters": members({}, switches),
        "restrictions": members({}, switches),
        "credentials": CREDENTIALS,
        "fees": members({}, switches),
        "createdAt": row["createdAt"],
        "updatedAt": row["updatedAt"],
        "createdBy": 1,
        "updatedBy": 1,
    }


def _mapping(row: Row, direction: str, more: Row) -> Row:
    return {
        "direction": direction,
        "accountId": row[f"{direction}AppIntegrationAccountId"],
        "storeId": row[f"{direction}OmsStoreId"],
        "account": ACCOUNT,
        **more,
    }


def _warehouse_group(directory: Directory, id: int | None) -> Row | None:
    return None if id is None else directory.store.table("warehouse_groups", unique=("name",)).get(id)

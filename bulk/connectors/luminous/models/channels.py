"""Channels: the bodies of `PUT /channels/{channelId}` and `POST /channels`, and what answers show besides."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from bulk.validation.document import (
    UNSET,
    Consequence,
    Document,
    Identifier,
    JointRule,
    OnlyWith,
    RequiredUnless,
    RequiredWhen,
    Unique,
)

UPDATE: Final = "https://docs.joinluminous.com/api-reference/channels/update-channel"
CREATE: Final = "https://docs.joinluminous.com/api-reference/channels/create-channel"
SHOWN: Final = "https://docs.joinluminous.com/api-reference/channels/get-channel"
LABEL: Final = "Label; no second channel may have the same, active or not"


class _Selector(Document):
    """What tells which channel to update."""

    reference = UPDATE

    id: Annotated[int, Field(description="ID of the channel; leave it blank to create one")]
    label: Annotated[str, Field(description=LABEL), Unique()] = UNSET


class _Kind(Document):
    """What a new channel cannot do without."""

    reference = CREATE

    channelType: Annotated[
        Literal["sales_channel", "fulfillment_channel", "end_to_end_channel"],
        Field(description="Type of the channel; it can never be changed"),
    ]
    label: Annotated[str, Field(description=LABEL), Unique()]


class _Settings(Document):
    """What can be set on creation and later. No length is documented."""

    reference = UPDATE

    description: Annotated[str | None, Field(description="Description")] = UNSET
    warehouseGroupId: Annotated[int | None, Field(description="ID of the warehouse group")] = UNSET
    isCustomerSpecific: Annotated[bool | None, Field(description="Whether it is for certain customers only")] = UNSET
    tagIds: Annotated[
        list[int],
        Field(description="IDs of tags; whether they replace or join the present ones is not documented"),
        Consequence("may remove every tag"),
    ] = UNSET
    pullOrdersFromOms: Annotated[bool | None, Field(description="Whether orders are pulled from the shop")] = UNSET
    pullOrderAppIntegrationAccountId: Annotated[
        int, Field(description="ID of the integration account that orders are pulled through")
    ] = UNSET
    pullOrderOmsStoreId: Annotated[
        str, Field(description="ID of the store that orders are pulled from"), Identifier()
    ] = UNSET
    pullOrdersFromOmsOptions: Annotated[
        dict[str, Any], Field(description="Options of pulling orders; their names are not documented")
    ] = UNSET
    pushOrdersToOms: Annotated[bool | None, Field(description="Whether orders are pushed to the shop")] = UNSET
    pushOrderAppIntegrationAccountId: Annotated[
        int, Field(description="ID of the integration account that orders are pushed through")
    ] = UNSET
    pushOrderOmsStoreId: Annotated[
        str, Field(description="ID of the store that orders are pushed to"), Identifier()
    ] = UNSET
    pushStocksToOms: Annotated[bool | None, Field(description="Whether stock is pushed to the shop")] = UNSET
    pushStocksAppIntegrationAccountId: Annotated[
        int | None, Field(description="ID of the integration account that stock is pushed through")
    ] = UNSET
    pushCostsToOms: Annotated[bool | None, Field(description="Whether costs are pushed to the shop")] = UNSET
    isDropship: Annotated[bool | None, Field(description="Whether suppliers ship the orders")] = UNSET
    dropshipSupplierId: Annotated[int | None, Field(description="ID of the supplier that ships")] = UNSET
    dropshipInventoryNotTracked: Annotated[
        bool | None, Field(description="Whether the stock of the supplier that ships is left untracked")
    ] = UNSET


class Channel(_Settings, _Selector):  # fields come in the order of the bases read backwards
    """`PUT /channels/{channelId}`: its body, and the id of its path. What is left out keeps its value.

    No rule joins fields here, since the channel may hold already what a rule asks for.
    """


class NewChannel(_Settings, _Kind):
    """The body of `POST /channels`. Which field a rule is about is told on the page by order and content only."""

    reference = CREATE
    rules: ClassVar[Sequence[JointRule]] = (
        RequiredWhen("warehouseGroupId", "channelType", "sales_channel"),
        RequiredUnless(
            "warehouseGroupId",
            unless=(("isDropship", True), ("dropshipInventoryNotTracked", True)),
            where=("channelType", ("fulfillment_channel", "end_to_end_channel")),
        ),
        OnlyWith("pullOrdersFromOms", True, "channelType", ("sales_channel", "end_to_end_channel")),
        RequiredWhen("pullOrderAppIntegrationAccountId", "pullOrdersFromOms", True),
        OnlyWith("pushOrdersToOms", True, "channelType", ("fulfillment_channel", "end_to_end_channel")),
        RequiredWhen("pushOrderAppIntegrationAccountId", "pushOrdersToOms", True),
    )


class NewChannelFacts(Document):
    """What Luminous shows of a channel but never takes; credentials and mappings are not among it."""

    reference = SHOWN

    uuid: Annotated[str, Field(description="UUID of the channel")] = UNSET
    apiLocked: Annotated[bool, Field(description="Whether the API refuses to change it")] = UNSET
    storeType: Annotated[str, Field(description="Type of the store")] = UNSET
    enabled: Annotated[bool, Field(description="Whether the channel is enabled")] = UNSET
    status: Annotated[int, Field(description="Status; the codes are not documented")] = UNSET
    isPOSChannel: Annotated[bool, Field(description="Whether it is a point of sale")] = UNSET
    getProductsEnabled: Annotated[bool, Field(description="Whether products are fetched from the shop")] = UNSET
    pushInventoryEnabled: Annotated[bool, Field(description="Whether inventory is pushed")] = UNSET
    includeIncomingStocksEnabled: Annotated[bool, Field(description="Whether incoming stock counts")] = UNSET
    pullStocksEnabled: Annotated[bool, Field(description="Whether stock is pulled")] = UNSET
    pullShipmentsEnabled: Annotated[bool, Field(description="Whether shipments are pulled")] = UNSET
    pushIncomingStocksFromSupplierPurchaseOrderEnabled: Annotated[
        bool, Field(description="Whether incoming stock of purchase orders is pushed")
    ] = UNSET
    dropshipPoDeliveryType: Annotated[str, Field(description="How purchase orders reach the supplier")] = UNSET
    dropshipPoDeliveryWarehouseId: Annotated[int, Field(description="ID of the warehouse they deliver to")] = UNSET
    dropshipAutoCreatePo: Annotated[bool, Field(description="Whether purchase orders are made by themselves")] = UNSET
    dropshipAutoSendPo: Annotated[bool, Field(description="Whether purchase orders are sent by themselves")] = UNSET
    autoPushOrderAfterMinutes: Annotated[int, Field(description="Minutes until an order is pushed by itself")] = UNSET
    autoPushMode: Annotated[str, Field(description="How orders are pushed by themselves")] = UNSET
    createdAt: Annotated[int, Field(description="When it was created, probably in seconds since 1970")] = UNSET
    updatedAt: Annotated[int, Field(description="When it last changed, probably in seconds since 1970")] = UNSET
    createdBy: Annotated[int, Field(description="ID of the user who created it")] = UNSET
    updatedBy: Annotated[int, Field(description="ID of the user who last changed it")] = UNSET


class ChannelFacts(NewChannelFacts):
    """The same of a channel that is there: its type cannot be changed any more."""

    channelType: Annotated[str, Field(description="Type of the channel")] = UNSET

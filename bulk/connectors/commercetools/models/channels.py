"""Channels: the draft of `POST /{projectKey}/channels`, and what answers show besides."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal, TypeAlias, get_args

from pydantic import Field, JsonValue

from bulk.connectors.commercetools.models.parts import (
    LOCALES,
    LOCALIZED,
    USUAL_KEY,
    Address,
    CustomFields,
    GeoLocation,
    Localized,
)
from bulk.validation.document import (
    UNSET,
    Advice,
    Document,
    ExactlyOne,
    Expected,
    Identifier,
    JointRule,
    Reference,
)

DRAFT: Final = "https://docs.commercetools.com/api/projects/channels#channeldraft"
SHOWN: Final = "https://docs.commercetools.com/api/projects/channels#channel"
KEY: Final = "https://docs.commercetools.com/api/projects/channels#change-key"

Role: TypeAlias = Literal["InventorySupply", "ProductDistribution", "OrderExport", "OrderImport", "Primary"]
ROLES: Final[tuple[str, ...]] = get_args(Role)
"""In the order in which they are read."""

_USUAL: Final = Expected(
    USUAL_KEY,
    "usually has 2 to 256 letters, digits, _ and -",
    "it is sent as it is, but such a channel cannot be referred to by the Import API of commercetools.",
)


class Channel(Document):
    """A channel as it is to be. What is left out keeps its value; a new channel has none of it.

    Name and description cannot be removed, and of a channel there is always at least one role.
    """

    reference = DRAFT
    rules: ClassVar[Sequence[JointRule]] = (ExactlyOne("key", "id"),)

    key: Annotated[str, Field(description="Key, unique in the project"), Identifier(), _USUAL] = UNSET
    id: Annotated[str, Field(description="ID, if the key does not name the channel"), Identifier()] = UNSET
    new_key: Annotated[
        str, Field(description="Key that the channel is to have from now on"), Identifier(), _USUAL, Reference(KEY)
    ] = UNSET
    roles: Annotated[
        list[Role],
        Field(min_length=1, description="Roles; a new channel without any gets InventorySupply"),
        Advice("Put a semicolon between two of them."),
    ] = UNSET
    name: Annotated[
        Localized,
        Field(description="Name by language; <clear> removes a language, but never the last one", examples=["en"]),
        LOCALES,
        Reference(LOCALIZED),
    ] = UNSET
    description: Annotated[
        Localized,
        Field(
            description="Description by language; <clear> removes a language, but never the last one", examples=["en"]
        ),
        LOCALES,
        Reference(LOCALIZED),
    ] = UNSET
    address: Annotated[Address | None, Field(description="Address")] = UNSET
    geoLocation: Annotated[GeoLocation | None, Field(description="Place on the map")] = UNSET
    custom: Annotated[CustomFields | None, Field(description="Custom fields")] = UNSET


class _AddressFacts(Document):
    """What commercetools shows of an address but never takes."""

    reference = SHOWN

    id: Annotated[str, Field(description="ID")] = UNSET


class _Reviews(Document):
    """Statistics about reviews."""

    reference = SHOWN

    averageRating: Annotated[float, Field(description="average rating")] = UNSET
    highestRating: Annotated[float, Field(description="highest rating")] = UNSET
    lowestRating: Annotated[float, Field(description="lowest rating")] = UNSET
    count: Annotated[int, Field(description="number of ratings")] = UNSET
    ratingsDistribution: Annotated[dict[str, JsonValue], Field(description="how often each rating was given")] = UNSET


class ChannelFacts(Document):
    """What commercetools shows of a channel but never takes."""

    reference = SHOWN

    version: Annotated[int, Field(description="Version; every change raises it")] = UNSET
    createdAt: Annotated[str, Field(description="When it was created, UTC")] = UNSET
    lastModifiedAt: Annotated[str, Field(description="When it last changed, UTC")] = UNSET
    createdBy: Annotated[dict[str, JsonValue], Field(description="Who created it")] = UNSET
    lastModifiedBy: Annotated[dict[str, JsonValue], Field(description="Who last changed it")] = UNSET
    reviewRatingStatistics: Annotated[_Reviews, Field(description="Statistics about reviews of the channel")] = UNSET
    address: Annotated[_AddressFacts, Field(description="Address")] = UNSET

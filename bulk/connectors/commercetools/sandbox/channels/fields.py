"""The fields of a channel that predicates and orders can name."""

from typing import Final

from bulk.connectors.commercetools.sandbox.drafts import ADDRESS_TEXTS, ROLES
from bulk.connectors.commercetools.sandbox.predicates import CUSTOM, EVERYWHERE, TEXT, Field

_NUMBER: Final = Field(kind="number")
_RATINGS: Final = ("averageRating", "highestRating", "lowestRating", "count")

FIELDS: Final = Field(
    kind="object",
    members={
        **EVERYWHERE,
        "roles": Field(kind="set", words=ROLES),
        "name": Field(kind="localized"),
        "description": Field(kind="localized"),
        "address": Field(kind="object", members={**dict.fromkeys(ADDRESS_TEXTS, TEXT), "custom": CUSTOM}),
        "geoLocation": Field(kind="point"),
        "custom": CUSTOM,
        "reviewRatingStatistics": Field(kind="object", members=dict.fromkeys(_RATINGS, _NUMBER)),
    },
)

"""Parts that channels are made of: localized text, addresses, places on the map, custom fields."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, TypeAlias

import iso3166
from pydantic import Field, JsonValue

from bulk.validation.document import (
    UNSET,
    Advice,
    Document,
    Element,
    Identifier,
    JointRule,
    NotBoth,
    NotSwapped,
)

TYPES: Final = "https://docs.commercetools.com/api/types"
ADDRESS: Final = "https://docs.commercetools.com/api/types#baseaddress"
GEO: Final = "https://docs.commercetools.com/api/types#geojson"
LOCALIZED: Final = "https://docs.commercetools.com/api/types#localizedstring"
CUSTOM: Final = "https://docs.commercetools.com/api/projects/custom-fields"

USUAL_KEY: Final = r"^[A-Za-z0-9_-]{2,256}$"
"""What keys look like wherever they are restricted."""

if TYPE_CHECKING:
    Country: TypeAlias = str
else:
    Country = Literal[tuple(sorted(iso3166.countries_by_alpha2))]

Locale: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$"
    ),
]
"""A language tag as of BCP 47, without extensions."""

LOCALES: Final = Advice(
    "Each language has a column of its own, such as name.en. Languages are written like en, en-US or zh-Hans-SG: "
    "with hyphens, never with underscores."
)

FieldName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{2,36}$")]
"""The name of a custom field."""


class TypeIdentifier(Document):
    """The type that custom fields are of, by id or by key."""

    reference = CUSTOM
    rules: ClassVar[Sequence[JointRule]] = (NotBoth("id", "key", "commercetools takes only one of them"),)

    typeId: Annotated[Literal["type"], Field(description="What it refers to; may be left out")] = UNSET
    id: Annotated[str, Field(description="id of the type"), Identifier()] = UNSET
    key: Annotated[str, Field(description="key of the type"), Identifier()] = UNSET


class CustomFields(Document):
    """Custom fields. What is not given keeps its value, unless the type changes."""

    reference = CUSTOM

    type: Annotated[TypeIdentifier, Field(description="Type of the custom fields")] = UNSET
    fields: Annotated[
        dict[FieldName, JsonValue],
        Field(
            description="Values of custom fields by name; <clear> removes one. Text in several languages by language"
        ),
        Advice("Names of custom fields have 2 to 36 letters, digits, _ and -."),
    ] = UNSET


class GeoLocation(Document):
    """A point on the map; sent as GeoJSON, which puts the longitude first. The ranges are those of every map."""

    reference = GEO
    rules: ClassVar[Sequence[JointRule]] = (NotSwapped("longitude", "latitude", 90, 180),)

    type: Annotated[Literal["Point"], Field(description="Kind of place; may be left out")] = UNSET
    longitude: Annotated[
        float, Field(ge=-180, le=180, description="degrees east"), Element("geoLocation.coordinates", 0)
    ]
    latitude: Annotated[float, Field(ge=-90, le=90, description="degrees north"), Element("geoLocation.coordinates", 1)]


_Text: TypeAlias = str | None


class Address(Document):
    """An address. What is not given keeps its value; <clear> removes it."""

    reference = ADDRESS

    key: Annotated[
        str | None, Field(pattern=USUAL_KEY, description="key, unique among the addresses"), Identifier(even=False)
    ] = UNSET
    title: Annotated[_Text, Field(description="title, such as Dr.")] = UNSET
    salutation: Annotated[_Text, Field(description="salutation, such as Ms.")] = UNSET
    firstName: Annotated[_Text, Field(description="given name of the recipient")] = UNSET
    lastName: Annotated[_Text, Field(description="family name of the recipient")] = UNSET
    streetName: Annotated[_Text, Field(description="street")] = UNSET
    streetNumber: Annotated[_Text, Field(description="number in the street")] = UNSET
    additionalStreetInfo: Annotated[_Text, Field(description="more about the street")] = UNSET
    postalCode: Annotated[_Text, Field(description="postal code"), Identifier(even=False)] = UNSET
    city: Annotated[_Text, Field(description="city")] = UNSET
    region: Annotated[_Text, Field(description="region")] = UNSET
    state: Annotated[_Text, Field(description="state")] = UNSET
    country: Annotated[
        Country,
        Field(description="country, as of ISO 3166-1 alpha-2"),
        Advice("Write the two letters of ISO 3166-1 alpha-2, such as DE, FR, GB or US."),
    ]
    company: Annotated[_Text, Field(description="company")] = UNSET
    department: Annotated[_Text, Field(description="department")] = UNSET
    building: Annotated[_Text, Field(description="building")] = UNSET
    apartment: Annotated[_Text, Field(description="apartment")] = UNSET
    pOBox: Annotated[_Text, Field(description="post office box")] = UNSET
    phone: Annotated[_Text, Field(description="phone number"), Identifier(even=False)] = UNSET
    mobile: Annotated[_Text, Field(description="mobile phone number"), Identifier(even=False)] = UNSET
    email: Annotated[_Text, Field(description="email address")] = UNSET
    fax: Annotated[_Text, Field(description="fax number"), Identifier(even=False)] = UNSET
    additionalAddressInfo: Annotated[_Text, Field(description="more about the address")] = UNSET
    externalId: Annotated[_Text, Field(description="id in another system"), Identifier(even=False)] = UNSET
    custom: Annotated[CustomFields | None, Field(description="Custom fields of the address")] = UNSET


Localized: TypeAlias = dict[Locale, str | None]

"""The shapes of what is written to channels.

Source: https://docs.commercetools.com/api/projects/channels
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from bulk.connectors.commercetools.sandbox.checks import (
    Findings,
    Path,
    Rule,
    anything,
    listed,
    localized,
    members,
    text,
    usual_key,
    word,
)
from bulk.sandbox import is_number

ROLES: Final = ("InventorySupply", "ProductDistribution", "OrderExport", "OrderImport", "Primary")

_COUNTRIES: Final = frozenset(
    re.findall(
        "[A-Z]{2}",
        """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """,
    )
)
"""ISO 3166-1 alpha-2."""


def country(value: object, path: Path, findings: Findings) -> None:
    """Two capital letters of ISO 3166-1."""
    if not isinstance(value, str):
        findings.malformed(path, "String expected.")
    elif value not in _COUNTRIES:
        findings.malformed(path, f"'{value}' is not a country code of ISO 3166-1 alpha-2.")


def point(value: object, path: Path, findings: Findings) -> None:
    """A GeoJSON point: longitude, then latitude."""
    before = len(findings.complaints)
    members({"type": text, "coordinates": listed(anything)}, required=("type", "coordinates"))(value, path, findings)
    if not isinstance(value, dict) or len(findings.complaints) > before:
        return
    if value["type"] != "Point":
        findings.choice((*path, "type"), value["type"], ("Point",))
        return
    numbers = value["coordinates"]
    if len(numbers) != 2 or not all(is_number(each) for each in numbers):  # noqa: PLR2004  # a pair
        findings.malformed((*path, "coordinates"), "Two numbers expected: longitude, then latitude.")
    elif findings.switches.geo_ranges == "refuse" and not (abs(numbers[0]) <= 180 and abs(numbers[1]) <= 90):  # noqa: PLR2004  # degrees
        message = "Longitude (first) lies between -180 and 180, latitude (second) between -90 and 90."
        findings.add("InvalidInput", f"Malformed parameter: {'.'.join(path)}: {message}", broken=False)


def type_identifier(value: object, path: Path, findings: Findings) -> None:
    """A type, by its id or its key."""
    before = len(findings.complaints)
    members({"typeId": word("type"), "id": text, "key": text})(value, path, findings)
    if not isinstance(value, dict) or len(findings.complaints) > before:
        return
    if ("id" in value) == ("key" in value):
        findings.malformed(path, "Either 'id' or 'key' is required, and not both.")


def fields(value: object, path: Path, findings: Findings) -> None:
    """Custom fields by name; their values depend on the type."""
    if not isinstance(value, dict):
        findings.malformed(path, "Object expected.")


CUSTOM: Final[Rule] = members({"type": type_identifier, "fields": fields}, required=("type",))

_ADDRESS_TEXTS: Final = (
    "id",
    "title",
    "salutation",
    "firstName",
    "lastName",
    "streetName",
    "streetNumber",
    "additionalStreetInfo",
    "postalCode",
    "city",
    "region",
    "state",
    "company",
    "department",
    "building",
    "apartment",
    "pOBox",
    "phone",
    "mobile",
    "email",
    "fax",
    "additionalAddressInfo",
    "externalId",
)

ADDRESS: Final[Rule] = members(
    {**dict.fromkeys(_ADDRESS_TEXTS, text), "key": usual_key, "country": country, "custom": CUSTOM},
    required=("country",),
)
ADDRESS_TEXTS: Final = ("key", "country", *_ADDRESS_TEXTS)
"""Fields of an address, all of them texts."""


def key(value: object, path: Path, findings: Findings) -> None:
    """The key of a channel."""
    if findings.switches.keys == "usual" and value != "":
        usual_key(value, path, findings)
    else:
        text(value, path, findings)


roles: Final[Rule] = listed(word(*ROLES))

_DRAFT: Final[Rule] = members(
    {
        "key": key,
        "roles": roles,
        "name": localized,
        "description": localized,
        "address": ADDRESS,
        "geoLocation": point,
        "custom": CUSTOM,
    },
    required=("key",),
)


def check_draft(body: object, findings: Findings) -> Mapping[str, Any]:
    """The body of a creation, once it is of the documented shape; raises `RefusedCallError`."""
    _DRAFT(body, (), findings)
    findings.settle()
    assert isinstance(body, dict), "anything else is of the wrong shape"
    if body["key"] == "":
        findings.add("InvalidOperation", "'key' must not be empty.")
    if body.get("roles") == []:
        findings.add("InvalidOperation", "'roles' must not be empty: a channel must have at least one role.")
    return body

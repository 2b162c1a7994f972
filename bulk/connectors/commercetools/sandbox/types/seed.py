"""Types to begin with: custom fields of every kind, for channels and for addresses."""

from typing import Any, Final

_CHOICES: Final = [{"key": "small", "label": "Small"}, {"key": "large", "label": "Large"}]
_NAMED_CHOICES: Final = [
    {"key": "city", "label": {"en": "City", "de": "Stadt"}},
    {"key": "country", "label": {"en": "Country", "de": "Land"}},
]
CHANNEL_TYPE: Final = "channel-details"
"""Key of the type for channels with fields of every kind, none required."""
STRICT_TYPE: Final = "channel-strict"
"""Key of the type for channels with a required field."""
ADDRESS_TYPE: Final = "address-details"
"""Key of the type for addresses."""
OTHER_TYPE: Final = "customer-details"
"""Key of a type that is for neither."""


def seed_types() -> list[dict[str, Any]]:
    """Four types."""
    return [
        {
            "key": CHANNEL_TYPE,
            "name": {"en": "Details of a channel"},
            "resourceTypeIds": ["channel"],
            "fieldDefinitions": [
                _field("open", {"name": "Boolean"}),
                _field("floors", {"name": "Number"}),
                _field("code", {"name": "String"}),
                _field("openingTimes", {"name": "LocalizedString"}),
                _field("size", {"name": "Enum", "values": _CHOICES}),
                _field("setting", {"name": "LocalizedEnum", "values": _NAMED_CHOICES}),
                _field("rent", {"name": "Money"}),
                _field("opened", {"name": "Date"}),
                _field("closes", {"name": "Time"}),
                _field("inspected", {"name": "DateTime"}),
                _field("parent", {"name": "Reference", "referenceTypeId": "channel"}),
                _field("tags", {"name": "Set", "elementType": {"name": "String"}}),
                _field("rents", {"name": "Set", "elementType": {"name": "Money"}}),
                _field("gate-no", {"name": "Number"}),
            ],
        },
        {
            "key": STRICT_TYPE,
            "name": {"en": "Channel with a cost centre"},
            "resourceTypeIds": ["channel"],
            "fieldDefinitions": [
                _field("costCentre", {"name": "String"}, required=True),
                _field("code", {"name": "String"}),
            ],
        },
        {
            "key": ADDRESS_TYPE,
            "name": {"en": "Details of an address"},
            "resourceTypeIds": ["address", "customer"],
            "fieldDefinitions": [
                _field("ramp", {"name": "Boolean"}),
                _field("directions", {"name": "LocalizedString"}),
            ],
        },
        {
            "key": OTHER_TYPE,
            "name": {"en": "Details of a customer"},
            "resourceTypeIds": ["customer"],
            "fieldDefinitions": [_field("code", {"name": "String"})],
        },
    ]


def _field(name: str, type: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    label = {"en": name.capitalize()}
    return {"name": name, "label": label, "required": required, "type": type, "inputHint": "SingleLine"}

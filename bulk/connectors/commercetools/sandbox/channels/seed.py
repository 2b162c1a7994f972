"""Believable channels to begin with."""

import random
from typing import Any, Final

from bulk.connectors.commercetools.sandbox.types.seed import ADDRESS_TYPE, CHANNEL_TYPE

_PLACES: Final = (
    ("Berlin", "DE", "10178", "Alexanderplatz", 13.4125, 52.521),
    ("Lyon", "FR", "69002", "Rue de la République", 4.8357, 45.7606),
    ("Porto", "PT", "4000-322", "Rua de Santa Catarina", -8.6067, 41.1496),
    ("Gdansk", "PL", "80-831", "Dluga", 18.6537, 54.3486),
    ("Boston", "US", "02108", "Tremont Street", -71.0626, 42.3568),
    ("Sydney", "AU", "2000", "George Street", 151.2069, -33.8731),
)
_USES: Final = (
    ("Warehouse", ["InventorySupply"]),
    ("Shop", ["InventorySupply", "ProductDistribution"]),
    ("Flagship store", ["ProductDistribution", "Primary"]),
    ("Order desk", ["OrderImport", "OrderExport"]),
)


def seed_channels(count: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """As many drafts of channels, each with its own key; the same for the same seed. A third have custom fields."""
    chance = random.Random(seed)  # noqa: S311  # must be repeatable, guards nothing
    drafts: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        use, roles = chance.choice(_USES)
        city, country, postal_code, street, longitude, latitude = chance.choice(_PLACES)
        draft: dict[str, Any] = {
            "key": f"{city.lower()}-{number:04d}",
            "roles": roles,
            "name": {"en": f"{use} {city} {number}", "de": f"{city} {number}"},
            "description": {"en": f"{use} in {city}."},
            "address": {
                "streetName": street,
                "streetNumber": str(chance.randint(1, 200)),
                "postalCode": postal_code,
                "city": city,
                "country": country,
            },
            "geoLocation": {
                "type": "Point",
                "coordinates": [round(longitude + chance.random() / 10, 4), round(latitude + chance.random() / 10, 4)],
            },
        }
        if number % 3 == 0:
            draft["custom"] = {
                "type": {"typeId": "type", "key": CHANNEL_TYPE},
                "fields": {
                    "openingTimes": {"en": "Mon-Sat 9 am to 8 pm", "de": "Mo-Sa 9 bis 20 Uhr"},
                    "floors": chance.randint(1, 5),
                    "code": f"{number:05d}",
                },
            }
        if number % 9 == 0:
            draft["address"]["custom"] = {
                "type": {"typeId": "type", "key": ADDRESS_TYPE},
                "fields": {"ramp": chance.random() < 0.5},  # noqa: PLR2004  # one in two
            }
        drafts.append(draft)
    return drafts

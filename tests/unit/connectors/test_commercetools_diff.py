"""What a channel is to be, against what it is: the fewest actions, and none that changes nothing."""

import pytest

from bulk.connectors.commercetools.flows import diffing
from bulk.connectors.commercetools.flows.diffing import diff
from bulk.errors import RefusedError

TYPE = {"typeId": "type", "id": "t-1", "key": "details"}
CURRENT = {
    "id": "c-1",
    "version": 4,
    "key": "berlin",
    "roles": ["Primary", "InventorySupply"],
    "name": {"de": "Berlin", "en": "Berlin"},
    "description": {"en": "A shop."},
    "address": {
        "id": "a1b2",
        "country": "DE",
        "city": "Berlin",
        "phone": "+49 30 1",
        "custom": {"type": {**TYPE, "id": "t-2", "key": "ramps"}, "fields": {"ramp": True, "gates": 2}},
    },
    "geoLocation": {"type": "Point", "coordinates": [13.4, 52]},
    "custom": {
        "type": TYPE,
        "fields": {
            "code": "007",
            "floors": 3,
            "tags": ["b", "a"],
            "hours": {"en": "9 am", "de": "9 Uhr"},
            "rent": {"type": "centPrecision", "currencyCode": "EUR", "centAmount": 500, "fractionDigits": 2},
        },
    },
}
BARE = {"id": "c-1", "version": 1, "key": "berlin", "roles": ["InventorySupply"]}


def did(document, current=CURRENT, **how):
    return diff(document, current, **how).actions


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"key": "berlin", "new_key": "berlin"},
        {"roles": ["InventorySupply", "Primary", "Primary"]},
        {"name": {"en": "Berlin"}},
        {"name": {"fr": None}},
        {"description": {"en": " A shop. "}},
        {"address": {"country": "DE"}},
        {"address": {"country": "DE", "city": "Berlin", "title": None, "custom": {"fields": {"ramp": "true"}}}},
        {"geoLocation": {"longitude": 13.4, "latitude": 52.0}},
        {"custom": {"type": {"key": "details"}, "fields": {"floors": "3", "tags": ["a", "b"], "size": None}}},
        {"custom": {"type": {"id": "t-1"}, "fields": {"hours": {"en": "9 am"}, "code": "007"}}},
        {"custom": {"fields": {"rent": {"currencyCode": "EUR", "centAmount": 500}}}},
        {"custom": {"fields": {}}},
    ],
)
def test_what_is_there_already_takes_no_action(document):
    assert diff(document, CURRENT) == diffing.Difference()


@pytest.mark.parametrize("name", ["address", "geoLocation", "custom"])
def test_what_is_not_there_needs_not_be_removed(name):
    assert did({name: None}, BARE) == []


@pytest.mark.parametrize(
    ("document", "action"),
    [
        ({"new_key": "bonn"}, {"action": "changeKey", "key": "bonn"}),
        ({"name": {"en": "Shop"}}, {"action": "changeName", "name": {"de": "Berlin", "en": "Shop"}}),
        ({"name": {"de": None}}, {"action": "changeName", "name": {"en": "Berlin"}}),
        (
            {"description": {"fr": "Un magasin."}},
            {"action": "changeDescription", "description": {"en": "A shop.", "fr": "Un magasin."}},
        ),
        ({"roles": ["Primary"]}, {"action": "setRoles", "roles": ["Primary"]}),
        ({"address": None}, {"action": "setAddress"}),
        ({"geoLocation": None}, {"action": "setGeoLocation"}),
        (
            {"geoLocation": {"longitude": 13, "latitude": 52}},
            {"action": "setGeoLocation", "geoLocation": {"type": "Point", "coordinates": [13, 52]}},
        ),
        ({"custom": None}, {"action": "setCustomType"}),
        ({"custom": {"fields": {"floors": 4}}}, {"action": "setCustomField", "name": "floors", "value": 4}),
        ({"custom": {"fields": {"floors": None}}}, {"action": "setCustomField", "name": "floors"}),
        ({"custom": {"fields": {"tags": ["a"]}}}, {"action": "setCustomField", "name": "tags", "value": ["a"]}),
        (
            {"custom": {"fields": {"hours": {"de": "10 Uhr"}}}},
            {"action": "setCustomField", "name": "hours", "value": {"en": "9 am", "de": "10 Uhr"}},
        ),
        (
            {"custom": {"fields": {"hours": {"de": None}}}},
            {"action": "setCustomField", "name": "hours", "value": {"en": "9 am"}},
        ),
        (
            {"custom": {"fields": {"hours": {"de": None, "en": None}}}},
            {"action": "setCustomField", "name": "hours"},
        ),
        (
            {"custom": {"fields": {"rent": {"currencyCode": "EUR", "centAmount": 600}}}},
            {"action": "setCustomField", "name": "rent", "value": {"currencyCode": "EUR", "centAmount": 600}},
        ),
        (
            {"custom": {"type": {"key": "other"}, "fields": {"x1": 1, "x2": None}}},
            {"action": "setCustomType", "type": {"typeId": "type", "key": "other"}, "fields": {"x1": 1}},
        ),
        (
            {"address": {"country": "DE", "custom": {"fields": {"ramp": False}}}},
            {"action": "setAddressCustomField", "name": "ramp", "value": False},
        ),
        (
            {"address": {"country": "DE", "custom": {"type": {"id": "t-9"}}}},
            {"action": "setAddressCustomType", "type": {"typeId": "type", "id": "t-9"}, "fields": {}},
        ),
        ({"address": {"country": "DE", "custom": None}}, {"action": "setAddressCustomType"}),
        (
            {"address": {"country": "DE", "city": "Bonn", "phone": None}},
            {
                "action": "setAddress",
                "address": {
                    "country": "DE",
                    "city": "Bonn",
                    "custom": {"type": {"typeId": "type", "id": "t-2"}, "fields": {"ramp": True, "gates": 2}},
                },
            },
        ),
        (
            {"address": {"country": "AT", "custom": {"fields": {"gates": None}}}},
            {
                "action": "setAddress",
                "address": {
                    "country": "AT",
                    "city": "Berlin",
                    "phone": "+49 30 1",
                    "custom": {"type": {"typeId": "type", "id": "t-2"}, "fields": {"ramp": True}},
                },
            },
        ),
        (
            {"address": {"country": "AT", "custom": None}},
            {"action": "setAddress", "address": {"country": "AT", "city": "Berlin", "phone": "+49 30 1"}},
        ),
    ],
)
def test_one_difference_is_one_action(document, action):
    assert did(document) == [action]


def test_a_channel_that_has_nothing_gets_everything_at_once():
    document = {
        "name": {"en": "Shop"},
        "address": {"country": "DE", "custom": {"type": {"key": "ramps"}, "fields": {"ramp": True}}},
        "custom": {"type": {"key": "details"}, "fields": {"code": "1"}},
    }
    assert did(document, BARE) == [
        {"action": "changeName", "name": {"en": "Shop"}},
        {
            "action": "setAddress",
            "address": {
                "country": "DE",
                "custom": {"type": {"typeId": "type", "key": "ramps"}, "fields": {"ramp": True}},
            },
        },
        {"action": "setCustomType", "type": {"typeId": "type", "key": "details"}, "fields": {"code": "1"}},
    ]


def test_several_fields_are_set_one_by_one_and_very_many_at_once():
    fields = {f"f{number}": number for number in range(diffing.MOST_FIELDS + 1)}
    document = {"custom": {"fields": dict(list(fields.items())[:2]) | {"code": None}}}
    assert [action["action"] for action in did(document)] == ["setCustomField"] * 3
    (action,) = did({"custom": {"fields": fields}})
    assert action["type"] == {"typeId": "type", "id": "t-1"}
    assert action["fields"] == {**CURRENT["custom"]["fields"], **fields}


@pytest.mark.parametrize("name", ["name", "description"])
def test_a_name_or_description_that_cannot_be_removed_is_told_and_not_sent(name):
    found = diff({name: dict.fromkeys(CURRENT[name])}, CURRENT)
    assert found.actions == []
    assert "cannot be removed" in found.remarks[0]
    assert diff({name: {"en": None}}, BARE) == diffing.Difference()


@pytest.mark.parametrize(
    ("roles", "how", "expected"),
    [
        (["Primary", "OrderImport"], "add", [{"action": "addRoles", "roles": ["OrderImport"]}]),
        (["Primary"], "add", []),
        (["Primary", "OrderImport"], "remove", [{"action": "removeRoles", "roles": ["Primary"]}]),
        (["OrderImport"], "remove", []),
        (["OrderImport"], "set", [{"action": "setRoles", "roles": ["OrderImport"]}]),
    ],
)
def test_roles_are_set_added_or_removed(roles, how, expected):
    assert did({"roles": roles}, roles=how) == expected


def test_the_last_role_stays():
    with pytest.raises(RefusedError, match="left without a role") as refused:
        did({"roles": ["Primary", "InventorySupply", "OrderExport"]}, roles="remove")
    assert (refused.value.code, refused.value.faults[0][0]) == ("last_role", "roles")


def test_removing_a_role_that_others_rely_on_is_remarked_upon():
    assert "InventorySupply was removed" in diff({"roles": ["Primary"]}, CURRENT).remarks[0]
    assert diff({"roles": ["InventorySupply"]}, CURRENT).remarks == []


def test_custom_fields_without_a_type_are_refused_before_anything_is_sent():
    with pytest.raises(RefusedError) as refused:
        did({"custom": {"fields": {"code": "1"}}}, BARE)
    assert (refused.value.code, refused.value.faults[0][0]) == ("no_type", "custom.type.key")
    assert did({"custom": {"fields": {"code": None}}}, BARE) == []


def test_where_types_cannot_be_read_equal_fields_are_left_and_others_sent_with_their_type():
    current = {**CURRENT, "custom": {"type": {"typeId": "type", "id": "t-1"}, "fields": {"code": "007", "floors": 3}}}
    found = diff({"custom": {"type": {"key": "details"}, "fields": {"code": "007"}}}, current)
    assert (found.actions, len(found.remarks)) == ([], 1)
    (action,) = did({"custom": {"type": {"key": "details"}, "fields": {"code": "8"}}}, current)
    assert action == {
        "action": "setCustomType",
        "type": {"typeId": "type", "key": "details"},
        "fields": {"code": "8", "floors": 3},
    }

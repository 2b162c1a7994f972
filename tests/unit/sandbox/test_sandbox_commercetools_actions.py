"""The twelve update actions: what each does, removes and refuses."""

import pytest

ADDRESS = {"country": "DE", "city": "Berlin"}
POINT = {"type": "Point", "coordinates": [13.4, 52.5]}
DETAILS = {"type": {"typeId": "type", "key": "channel-details"}, "fields": {"code": "1", "tags": ["a", "b"]}}
RAMP = {"type": {"typeId": "type", "key": "address-details"}, "fields": {"ramp": True}}
FULL = {
    "key": "k",
    "roles": ["Primary", "OrderExport"],
    "name": {"en": "Name"},
    "description": {"en": "Text"},
    "address": {**ADDRESS, "custom": RAMP},
    "geoLocation": POINT,
    "custom": DETAILS,
}


def action(name, /, **fields):
    return {"action": name, **fields}


def without_ids(channel):
    """What actions can change."""
    shown = {name: channel[name] for name in FULL if name in channel}
    for owner in (shown, shown.get("address", {})):
        if "custom" in owner:
            owner["custom"] = owner["custom"]["fields"]
    if "address" in shown:
        shown["address"].pop("id")
    return shown


@pytest.fixture
def full(project):
    return project(channels=[FULL, {"key": "other"}])


@pytest.fixture
def bare(project):
    return project(channels=[{"key": "k"}, {"key": "other"}])


BEFORE = {**FULL, "address": {**ADDRESS, "custom": RAMP["fields"]}, "custom": {"code": "1", "tags": ["b", "a"]}}
EFFECTS = {
    "changeKey": (action("changeKey", key="n"), {"key": "n"}),
    "changeName": (action("changeName", name={"de": "x"}), {"name": {"de": "x"}}),
    "changeDescription": (action("changeDescription", description={"de": "x"}), {"description": {"de": "x"}}),
    "setRoles": (action("setRoles", roles=["OrderImport"]), {"roles": ["OrderImport"]}),
    "addRoles": (
        action("addRoles", roles=["OrderImport", "InventorySupply"]),
        {"roles": ["Primary", "OrderExport", "OrderImport", "InventorySupply"]},
    ),
    "removeRoles": (action("removeRoles", roles=["Primary", "OrderImport"]), {"roles": ["OrderExport"]}),
    "setAddress, with all of it": (action("setAddress", address={"country": "FR"}), {"address": {"country": "FR"}}),
    "setAddress, with custom": (
        action("setAddress", address={"country": "FR", "custom": {**RAMP, "fields": {"ramp": False}}}),
        {"address": {"country": "FR", "custom": {"ramp": False}}},
    ),
    "setAddress, removing": (action("setAddress"), {"address": None}),
    "setCustomType": (
        action("setCustomType", type={"key": "channel-strict"}, fields={"costCentre": "7"}),
        {"custom": {"costCentre": "7"}},
    ),
    "setCustomType, without fields": (action("setCustomType", type={"key": "channel-details"}), {"custom": {}}),
    "setCustomType, removing": (action("setCustomType"), {"custom": None}),
    "setCustomField": (
        action("setCustomField", name="floors", value=3),
        {"custom": {"code": "1", "tags": ["b", "a"], "floors": 3}},
    ),
    "setCustomField, null": (action("setCustomField", name="code", value=None), {"custom": {"tags": ["b", "a"]}}),
    "setCustomField, absent": (action("setCustomField", name="tags"), {"custom": {"code": "1"}}),
    "setAddressCustomType": (
        action("setAddressCustomType", type={"key": "address-details"}, fields={"ramp": False}),
        {"address": {**ADDRESS, "custom": {"ramp": False}}},
    ),
    "setAddressCustomType, removing": (action("setAddressCustomType"), {"address": ADDRESS}),
    "setAddressCustomField": (
        action("setAddressCustomField", name="directions", value={"en": "left"}),
        {"address": {**ADDRESS, "custom": {"ramp": True, "directions": {"en": "left"}}}},
    ),
    "setAddressCustomField, removing": (
        action("setAddressCustomField", name="ramp"),
        {"address": {**ADDRESS, "custom": {}}},
    ),
    "setGeoLocation": (
        action("setGeoLocation", geoLocation={**POINT, "coordinates": [0, -90]}),
        {"geoLocation": {**POINT, "coordinates": [0, -90]}},
    ),
    "setGeoLocation, removing": (action("setGeoLocation"), {"geoLocation": None}),
}


@pytest.mark.parametrize("name", EFFECTS)
def test_an_action_changes_what_it_says_and_nothing_else(full, name):
    assert without_ids(full.read()) == BEFORE
    what, effect = EFFECTS[name]
    after = without_ids(full.changed(what))
    assert after == {name: value for name, value in {**BEFORE, **effect}.items() if value is not None}


def test_there_are_twelve_actions():
    assert len({name.partition(",")[0] for name in EFFECTS}) == 12


REFUSALS = {
    "changeKey, empty": (action("changeKey", key=""), "InvalidOperation"),
    "changeKey, taken": (action("changeKey", key="other"), "DuplicateField"),
    "changeName, same": (action("changeName", name={"en": "Name"}), "InvalidOperation"),
    "changeName, empty": (action("changeName", name={}), "InvalidOperation"),
    "changeDescription, same": (action("changeDescription", description={"en": "Text"}), "InvalidOperation"),
    "changeDescription, empty": (action("changeDescription", description={}), "InvalidOperation"),
    "setRoles, same": (action("setRoles", roles=["OrderExport", "Primary", "Primary"]), "InvalidOperation"),
    "setRoles, empty": (action("setRoles", roles=[]), "InvalidOperation"),
    "setRoles, without roles": (action("setRoles"), "InvalidJsonInput"),
    "addRoles, one of them present": (action("addRoles", roles=["OrderImport", "Primary"]), "InvalidOperation"),
    "addRoles, none": (action("addRoles", roles=[]), "InvalidOperation"),
    "removeRoles, none of them present": (action("removeRoles", roles=["OrderImport"]), "InvalidOperation"),
    "removeRoles, all": (action("removeRoles", roles=["OrderExport", "Primary"]), "InvalidOperation"),
    "removeRoles, none": (action("removeRoles", roles=[]), "InvalidOperation"),
    "setCustomType, fields only": (action("setCustomType", fields={"code": "1"}), "InvalidInput"),
    "setCustomType, not for channels": (action("setCustomType", type={"key": "address-details"}), "InvalidInput"),
    "setCustomType, bad id": (action("setCustomType", type={"id": "x"}), "InvalidJsonInput"),
    "setCustomType, without a required field": (
        action("setCustomType", type={"key": "channel-strict"}, fields={"code": "1"}),
        "RequiredField",
    ),
    "setCustomField, not there": (action("setCustomField", name="floors"), "InvalidOperation"),
    "setCustomField, unknown": (action("setCustomField", name="nothing", value=1), "InvalidField"),
    "setCustomField, of another kind": (action("setCustomField", name="floors", value="3"), "InvalidField"),
    "setAddressCustomType, not for addresses": (
        action("setAddressCustomType", type={"key": "channel-details"}),
        "InvalidInput",
    ),
    "setAddressCustomField, not there": (action("setAddressCustomField", name="directions"), "InvalidOperation"),
    "setGeoLocation, of another kind": (
        action("setGeoLocation", geoLocation={"type": "LineString", "coordinates": []}),
        "InvalidField",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_an_action_is_refused_and_none_of_the_others_is_applied(full, name):
    before = full.read()
    what, code = REFUSALS[name]
    status, document = full.act(action("setGeoLocation"), what)
    assert (status, [error["code"] for error in document["errors"]]) == (400, [code])
    assert full.read() == before


BARE = {
    "setCustomField": (action("setCustomField", name="code", value="1"), "InvalidOperation"),
    "setAddressCustomType": (action("setAddressCustomType", type={"key": "address-details"}), "InvalidInput"),
    "setAddressCustomType, removing": (action("setAddressCustomType"), "InvalidInput"),
    "setAddressCustomField": (action("setAddressCustomField", name="ramp", value=True), "InvalidInput"),
}


@pytest.mark.parametrize("name", BARE)
def test_custom_fields_need_something_to_belong_to(bare, name):
    what, code = BARE[name]
    status, document = bare.act(what)
    assert (status, document["errors"][0]["code"]) == (400, code)


def test_a_required_custom_field_cannot_be_removed(project):
    custom = {"type": {"key": "channel-strict"}, "fields": {"costCentre": "7"}}
    subject = project(channels=[{"key": "k", "custom": custom}])
    status, document = subject.act(action("setCustomField", name="costCentre"))
    assert (status, document["errors"][0]["code"], document["errors"][0]["field"]) == (
        400,
        "RequiredField",
        "costCentre",
    )


NO_OPS = {
    "changeKey": action("changeKey", key="k"),
    "setAddress": action("setAddress", address={**ADDRESS, "custom": RAMP}),
    "setCustomType": action("setCustomType", **DETAILS),
    "setCustomField": action("setCustomField", name="tags", value=["b", "a"]),
    "setAddressCustomType": action("setAddressCustomType", **RAMP),
    "setAddressCustomField": action("setAddressCustomField", name="ramp", value=True),
    "setGeoLocation": action("setGeoLocation", geoLocation=POINT),
}


@pytest.mark.parametrize("name", NO_OPS)
def test_an_action_that_changes_nothing_is_refused_or_taken(project, name):
    status, document = project(channels=[FULL]).act(NO_OPS[name])
    assert (status, document["errors"][0]["code"]) == (400, "InvalidOperation")
    assert without_ids(project(channels=[FULL], same_value="take").changed(NO_OPS[name])) == BEFORE


@pytest.mark.parametrize("name", ["setAddress", "setCustomType", "setGeoLocation"])
def test_removing_what_is_not_there_is_refused_or_taken(project, name):
    status, document = project(channels=[{"key": "k"}]).act(action(name))
    assert (status, document["errors"][0]["code"]) == (400, "InvalidOperation")
    assert project(channels=[{"key": "k"}], same_value="take").changed(action(name))["version"] == 1


def test_roles_may_be_set_to_none_in_particular(project):
    subject = project(channels=[FULL], set_roles_without_roles="supply")
    assert subject.changed(action("setRoles"))["roles"] == ["InventorySupply"]


def test_actions_are_applied_in_their_order(full):
    channel = full.changed(
        action("changeKey", key="n"),
        action("changeKey", key="m"),
        action("setAddress", address={"country": "FR"}),
        action("setAddressCustomType", type={"key": "address-details"}),
        action("setAddressCustomField", name="ramp", value=False),
        action("addRoles", roles=["OrderImport"]),
        action("removeRoles", roles=["Primary", "OrderExport"]),
    )
    assert (channel["key"], channel["roles"]) == ("m", ["OrderImport"])
    assert channel["address"]["custom"]["fields"] == {"ramp": False}
    assert full.channels("GET", "/key=k")[0] == 404


def test_one_bad_action_and_none_is_applied_whatever_its_place(full):
    good, bad = action("changeName", name={"en": "New"}), action("addRoles", roles=["Primary"])
    before = full.read()
    for actions in ([bad, good], [good, bad], [good, action("nonsense")], [good, action("changeKey")]):
        assert full.act(*actions)[0] == 400
    assert full.read() == before


@pytest.mark.parametrize(("count", "status"), [(500, 200), (501, 400)])
def test_at_most_500_actions(full, count, status):
    actions = [action("changeName", name={"en": f"n{number}"}) for number in range(count)]
    got, document = full.act(*actions)
    assert got == status
    assert status == 200 or document["errors"][0]["code"] == "InvalidInput"


@pytest.mark.parametrize("actions", ["x", [1], [{}], [{"action": 1}], {"action": "changeKey"}])
def test_actions_are_an_array_of_named_objects(bare, actions):
    status, document = bare.channels("POST", "/key=k", document={"version": 1, "actions": actions})
    assert (status, document["errors"][0]["code"]) == (400, "InvalidJsonInput")


def test_an_unknown_field_of_an_action_is_refused(bare):
    status, document = bare.act(action("changeKey", key="n", name={}))
    assert (status, document["errors"][0]["detailedErrorMessage"]) == (400, "actions -> 0 -> name: Unknown field.")


def test_a_new_address_gets_a_new_id(full):
    before = full.read()["address"]["id"]
    assert full.changed(action("setAddress", address={"country": "FR"}))["address"]["id"] != before
    assert full.changed(action("setAddress", address={"country": "GB", "id": before}))["address"]["id"] == before

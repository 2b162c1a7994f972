"""Every documented operation and every update action, by its name, against what its page shows."""

import json
import re
from pathlib import Path

import pytest

from bulk.connectors.commercetools.flows import actions
from bulk.connectors.commercetools.flows import operations as ops
from bulk.errors import RefusedError, UnclearError

ACCEPTED = json.loads(
    (Path(__file__).parents[2] / "data" / "commercetools_examples" / "accepted.json").read_text("utf-8")
)
CHANNEL = {"id": "c-1", "version": 4, "key": "k"}
KEY = "a key/with?signs & ü"
PATH = "/channels/key=a%20key%2Fwith%3Fsigns%20%26%20%C3%BC"

BUILDERS = {
    "changeKey": actions.change_key,
    "changeName": actions.change_name,
    "changeDescription": actions.change_description,
    "setRoles": actions.set_roles,
    "addRoles": actions.add_roles,
    "removeRoles": actions.remove_roles,
    "setAddress": actions.set_address,
    "setCustomType": actions.set_custom_type,
    "setCustomField": actions.set_custom_field,
    "setAddressCustomType": actions.set_address_custom_type,
    "setAddressCustomField": actions.set_address_custom_field,
    "setGeoLocation": actions.set_geo_location,
}


def documented():
    for example in ACCEPTED:
        for action in example["body"].get("actions", ()):
            yield pytest.param(action, id=f"{action['action']} in {example['name']}")


@pytest.mark.parametrize("action", list(documented()))
def test_every_documented_action_can_be_built(action):
    fields = {name: value for name, value in action.items() if name != "action" and value is not None}
    required = {"setCustomField": {"value"}, "setAddressCustomField": {"value"}}.get(action["action"], set())
    absent = {"setAddress": {"address"}, "setGeoLocation": {"geoLocation"}}.get(action["action"], set())
    typed = {"type"} if action["action"].endswith("CustomType") else set()
    given = {name: fields.get(name) for name in {*fields, *required, *absent, *typed}}
    if "geoLocation" in given:
        given["place"] = given.pop("geoLocation")
    assert BUILDERS[action["action"]](**given) == {"action": action["action"], **fields}


def test_there_are_the_twelve_actions_of_the_page():
    page = {action["action"] for each in ACCEPTED for action in each["body"].get("actions", ())}
    assert page == set(BUILDERS)
    assert len(page) == 12


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (actions.set_address(None), {"action": "setAddress"}),
        (actions.set_geo_location(None), {"action": "setGeoLocation"}),
        (actions.set_custom_type(None), {"action": "setCustomType"}),
        (actions.set_custom_field("f", None), {"action": "setCustomField", "name": "f"}),
        (actions.set_address_custom_type(None), {"action": "setAddressCustomType"}),
        (actions.set_address_custom_field("f", None), {"action": "setAddressCustomField", "name": "f"}),
        (actions.set_custom_field("f", False), {"action": "setCustomField", "name": "f", "value": False}),
    ],
)
def test_what_can_be_removed_is_removed_by_leaving_it_out(made, expected):
    assert made == expected


@pytest.mark.parametrize(
    ("operation", "path"),
    [(ops.get_by_id("a/b"), "/channels/a%2Fb"), (ops.get_by_key(KEY), PATH)],
    ids=["Get Channel by ID", "Get Channel by Key"],
)
def test_get(operation, path, play, answer):
    (request,), found = play(operation, answer(CHANNEL))
    assert (request.method, request.path, request.query, found) == ("GET", path, (), CHANNEL)


def test_get_expands_and_finds_nothing(play, answer):
    missing = RefusedError("gone", code="not_found", status=404)
    (request,), found = play(ops.get_by_key("k", expand=["custom.type", "address.custom.type"]), missing)
    assert request.query == (("expand", "custom.type"), ("expand", "address.custom.type"))
    assert found is None
    with pytest.raises(RefusedError, match="heavy"):
        play(ops.get_by_id("i"), RefusedError("heavy", code="x", status=400))


def test_query_channels_with_every_parameter(play, answer):
    question = ops.Question(
        where=['roles contains any ("Primary")', "key in :keys"],
        variables=[("keys", "a"), ("keys", "b&c")],
        sort=["id asc", "key desc"],
        expand=["custom.type"],
        limit=500,
        offset=10_000,
        with_total=False,
    )
    (request,), (records, around) = play(ops.query(question), answer({"results": [CHANNEL], "count": 1}))
    assert (request.method, request.path) == ("GET", "/channels")
    assert request.query == (
        ("where", 'roles contains any ("Primary")'),
        ("where", "key in :keys"),
        ("sort", "id asc"),
        ("sort", "key desc"),
        ("expand", "custom.type"),
        ("var.keys", "a"),
        ("var.keys", "b&c"),
        ("limit", "500"),
        ("offset", "10000"),
        ("withTotal", "false"),
    )
    assert all(re.fullmatch(r"var[.][a-zA-Z0-9]+", name) for name, _ in request.query if name.startswith("var"))
    assert (records, around["count"]) == ([CHANNEL], 1)
    assert ops.Question().query == ()


@pytest.mark.parametrize(
    ("operation", "path", "query"),
    [
        (lambda: ops.exists_by_id("i"), "/channels/i", ()),
        (lambda: ops.exists_by_key(KEY), PATH, ()),
        (
            lambda: ops.exists_where(['key = ":k"'], [("k", "a")]),
            "/channels",
            (("where", 'key = ":k"'), ("var.k", "a")),
        ),
    ],
    ids=["Check by ID", "Check by Key", "Check by Query Predicate"],
)
def test_check_if_channel_exists(operation, path, query, play, answer):
    (request,), found = play(operation(), answer(b""))
    assert (request.method, request.path, request.query, found) == ("HEAD", path, query, True)
    assert play(operation(), RefusedError("", code="not_found", status=404))[1] is False
    with pytest.raises(RefusedError):
        play(operation(), RefusedError("", code="invalid", status=400))


def test_create_channel_is_sent_once(play, answer):
    (request,), (response, made) = play(ops.create({"key": "ü"}, expand=["custom.type"]), answer(CHANNEL, 201))
    assert (request.method, request.path, request.query) == ("POST", "/channels", (("expand", "custom.type"),))
    assert (json.loads(request.body), request.repeatable) == ({"key": "ü"}, False)
    assert (response.status, made) == (201, CHANNEL)


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        (ops.update_by_id("i", 3, [actions.change_key("n")]), "/channels/i"),
        (ops.update_by_key(KEY, 3, [actions.change_key("n")]), PATH),
    ],
    ids=["Update Channel by ID", "Update Channel by Key"],
)
def test_update_says_the_version_and_may_be_sent_again(operation, path, play, answer):
    (request,), (_, made) = play(operation, answer(CHANNEL))
    assert (request.method, request.path, request.repeatable) == ("POST", path, True)
    assert json.loads(request.body) == {"version": 3, "actions": [{"action": "changeKey", "key": "n"}]}
    assert made["version"] == 4


@pytest.mark.parametrize(
    ("operation", "path"),
    [(ops.delete_by_id("i", 3), "/channels/i"), (ops.delete_by_key(KEY, 3), PATH)],
    ids=["Delete Channel by ID", "Delete Channel by Key"],
)
def test_delete_says_the_version(operation, path, play, answer):
    (request,), response = play(operation, answer(CHANNEL))
    assert (request.method, request.path, request.query) == ("DELETE", path, (("version", "3"),))
    assert (request.repeatable, response.status) == (True, 200)


@pytest.mark.parametrize("body", [b"<html>", {"key": "k"}, {"id": "c", "version": "4"}, []])
def test_an_answer_that_is_no_channel_leaves_the_outcome_open(body, play, answer):
    with pytest.raises(UnclearError, match="not a channel"):
        play(ops.create({"key": "k"}), answer(body, 201))


@pytest.mark.parametrize("body", [b"", {"results": {}}, {"results": [1]}, [CHANNEL]])
def test_an_answer_that_is_no_page_is_none(body, play, answer):
    with pytest.raises(UnclearError, match="not a page"):
        play(ops.query(ops.Question()), answer(body))

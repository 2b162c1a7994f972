"""From answers to documents, values of custom fields, error bodies, and settings."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from bulk.connectors.commercetools import CONNECTOR, CommercetoolsSettings
from bulk.connectors.commercetools.flows.answers import explain
from bulk.connectors.commercetools.flows.values import fitting, same
from bulk.connectors.commercetools.reading import changed_at, position, read_channel
from bulk.errors import ConfigurationError
from bulk.settings import Configuration

RECORD = {
    "id": "c-1",
    "version": 3,
    "key": "k",
    "roles": ["Primary", "Novel", "InventorySupply"],
    "name": {"en": "Shop"},
    "description": None,
    "address": {
        "id": "a1",
        "country": "DE",
        "city": "Bonn",
        "custom": {"type": {"typeId": "type", "id": "t-2"}, "fields": {}},
    },
    "geoLocation": {"type": "Point", "coordinates": [7.1, 50]},
    "custom": {"type": {"typeId": "type", "id": "t-1", "key": "details"}, "fields": {"code": "7"}},
    "createdAt": "2026-01-01T00:00:00.000Z",
    "lastModifiedAt": "2026-02-01T00:00:00.123Z",
    "createdBy": {"clientId": "c"},
    "reviewRatingStatistics": {"count": 1},
    "somethingNew": 1,
}


def test_a_channel_is_read_as_it_can_be_written():
    assert read_channel(RECORD) == {
        "key": "k",
        "id": "c-1",
        "roles": ["InventorySupply", "Primary", "Novel"],
        "name": {"en": "Shop"},
        "description": None,
        "address": {"id": "a1", "city": "Bonn", "country": "DE", "custom": {"type": {"id": "t-2"}, "fields": {}}},
        "geoLocation": {"longitude": 7.1, "latitude": 50},
        "custom": {"type": {"key": "details"}, "fields": {"code": "7"}},
        "version": 3,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "lastModifiedAt": "2026-02-01T00:00:00.123Z",
        "createdBy": {"clientId": "c"},
        "reviewRatingStatistics": {"count": 1},
    }


def test_only_what_is_there_is_read():
    assert read_channel({"key": "k"}) == {"key": "k"}
    strange = {"roles": "Primary", "name": 5, "address": [], "custom": "x", "geoLocation": {"type": "Polygon"}}
    assert read_channel(strange) == {
        "name": None, "address": None, "custom": None, "geoLocation": {"longitude": None, "latitude": None},
    }  # fmt: skip


def test_an_expanded_type_is_read_by_its_key():
    custom = {"type": {"typeId": "type", "id": "t", "obj": {"id": "t", "key": "details"}}, "fields": None}
    assert read_channel({"custom": custom}) == {"custom": {"type": {"key": "details"}, "fields": {}}}


@pytest.mark.parametrize("place", [None, {}, {"coordinates": [1]}, {"coordinates": [1, True]}, {"coordinates": "1,2"}])
def test_a_place_that_is_no_point_is_none(place):
    assert position(place) is None


def test_when_a_channel_changed():
    assert changed_at(RECORD) == datetime(2026, 2, 1, 0, 0, 0, 123_000, tzinfo=UTC)
    assert changed_at({}) is None
    assert changed_at({"lastModifiedAt": "yesterday"}) is None


SET = {"name": "Set", "elementType": {"name": "Number"}}


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("3", "Number", 3),
        ("3.50", "Number", 3.5),
        ("three", "Number", "three"),
        ("NaN", "Number", "NaN"),
        (3, "Number", 3),
        ("9" * 301, "Number", "9" * 301),
        ("yes", "Boolean", True),
        (0, "Boolean", False),
        ("maybe", "Boolean", "maybe"),
        ([1], "Boolean", [1]),
        (7, "String", "7"),
        (True, "Enum", "true"),
        (2.0, "LocalizedEnum", "2"),
        ("2026-01-02", "Date", "2026-01-02"),
        ("08:30", "Time", "08:30:00.000"),
        ("late", "Time", "late"),
        ("2026-01-02T10:00:00+02:00", "DateTime", "2026-01-02T08:00:00.000Z"),
        ("2026-01-02", "DateTime", "2026-01-02T00:00:00.000Z"),
        (5, "DateTime", 5),
        ({"en": 5, "de": None}, "LocalizedString", {"en": "5", "de": None}),
        ({"centAmount": 5}, "Money", {"centAmount": 5}),
        (None, "Number", None),
        ("x", "Unheard", "x"),
        ({"typeId": "channel", "id": "c"}, "Reference", {"typeId": "channel", "id": "c"}),
    ],
)
def test_values_become_what_a_field_takes(value, kind, expected):
    made = fitting(value, {"name": kind})
    assert (made, type(made)) == (expected, type(expected))


@pytest.mark.parametrize(("value", "expected"), [("1;2", [1, 2]), (["1", 2], [1, 2]), (3, [3])])
def test_a_set_may_stand_in_one_cell(value, expected):
    assert fitting(value, SET) == expected


@pytest.mark.parametrize(
    ("desired", "present", "verdict"),
    [
        (["a", "b"], ["b", "a"], True),
        (["a"], ["a", "b"], False),
        (["a", "c"], ["a", "b"], False),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ([{"cents": 1}], [{"cents": 1, "digits": 2}], True),
        ("1", 1, True),
        (True, "true", True),
        ("a", "b", False),
    ],
)
def test_what_is_there_already_is_recognised(desired, present, verdict):
    assert same(desired, present) is verdict


def error(*errors, status=400, **more):
    return {"statusCode": status, "message": errors[0]["message"], "errors": list(errors), **more}


def test_an_error_says_its_code_its_fields_and_the_number_of_the_request(answer):
    body = error(
        {"code": "DuplicateField", "message": "taken", "field": "key", "duplicateValue": "k"},
        {"code": "InvalidField", "message": "too long", "field": "floors"},
        {"code": "InvalidField", "message": "unknown", "field": "fields.flors"},
    )
    said = explain(answer(body, 400, **{"X-Correlation-ID": "abc"}))
    assert (said.message, said.code) == ("taken", "DuplicateField")
    told = dict(said.faults)
    assert told == {"key": "taken", "custom.fields.floors": "too long", "custom.fields.flors": "unknown"}
    assert json.loads(said.body) == {"correlationId": "abc", **body}


def test_a_detail_is_said_too(answer):
    body = error({"code": "InvalidJsonInput", "message": "Malformed.", "detailedErrorMessage": "roles: not a list"})
    assert explain(answer(body, 400)).message == "Malformed: roles: not a list"


@pytest.mark.parametrize("status", [401, 403, 404, 409])
def test_some_statuses_say_it_all(status, answer):
    body = error({"code": "ConcurrentModification", "message": "other version"}, status=status)
    assert explain(answer(body, status)).code is None


@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", b"[1]", b'"x"', b"\xff\xfe", {"errors": "none"}, {}])
def test_any_body_is_borne(body, answer):
    said = explain(answer(body, 502, **{"X-Correlation-ID": "abc"}))
    assert said.message == "commercetools answered 502 without saying why"
    assert json.loads(said.body)["correlationId"] == "abc"


def settings(**more):
    given = {
        "project_key": "acme",
        "client_id": "id",
        "client_secret": SecretStr("hush"),
        "api_url": "https://api.europe-west1.gcp.commercetools.com/",
        "auth_url": "https://auth.europe-west1.gcp.commercetools.com/",
        **more,
    }
    return CommercetoolsSettings(**given)


@pytest.mark.parametrize("api_url", ["https://api.x.test", "https://api.x.test/", "https://api.x.test/acme"])
def test_the_target_is_the_project_without_a_trailing_slash(api_url):
    assert CONNECTOR.target(settings(api_url=api_url)) == "https://api.x.test/acme"


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ({"api_url": None}, "CTP_API_URL"),
        ({"project_key": " "}, "CTP_PROJECT_KEY"),
        ({"project_key": "a/b"}, "CTP_PROJECT_KEY"),
        ({"api_url": "https://auth.x.test"}, "CTP_AUTH_URL"),
    ],
)
def test_a_target_that_cannot_be_is_explained(wrong, advice):
    with pytest.raises(ConfigurationError) as refused:
        CONNECTOR.target(settings(**wrong))
    assert advice in refused.value.advice


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ({"client_id": None}, "CTP_CLIENT_ID"),
        ({"client_secret": None}, "CTP_CLIENT_SECRET"),
        ({"client_secret": SecretStr(" ")}, "CTP_CLIENT_SECRET"),
        ({"auth_url": ""}, "CTP_AUTH_URL"),
        ({"auth_url": "https://api.x.test"}, "CTP_API_URL"),
        ({"auth_url": "https://auth.us-central1.gcp.commercetools.com"}, "one region"),
    ],
)
def test_missing_credentials_are_explained(wrong, advice):
    with pytest.raises(ConfigurationError) as refused:
        CONNECTOR.auth(settings(**wrong))
    assert advice in refused.value.advice


@pytest.mark.parametrize("auth_url", ["https://auth.x.test", "https://auth.x.test/oauth/token/"])
def test_tokens_are_asked_for_with_the_scopes_that_were_given(auth_url):
    made = CONNECTOR.auth(settings(auth_url=auth_url, scopes="view_channels:acme  manage_channels:acme"))
    assert made.login.url + made.login.request.path == "https://auth.x.test/oauth/token"
    assert b"scope=view_channels%3Aacme+manage_channels%3Aacme" in made.login.request.body
    assert b"scope" not in CONNECTOR.auth(settings()).login.request.body
    assert "hush" not in repr(made)


def test_settings_go_by_the_names_that_users_know(tmp_path, monkeypatch):
    monkeypatch.setenv("CTP_PROJECT_KEY", "acme")
    monkeypatch.setenv("CTP_CLIENT_SECRET", "hush")
    configuration = Configuration(folder=tmp_path, user=tmp_path / "none.toml")
    found = configuration.connection(CommercetoolsSettings, "commercetools")
    assert (found.project_key, found.client_secret.get_secret_value()) == ("acme", "hush")

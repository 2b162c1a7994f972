"""Types, and the values of custom fields by kind."""

import pytest
from examples import every

from bulk.connectors.commercetools.sandbox import seed_types

ID = "ac390383-370f-43f8-a534-db1604cb96a8"
EURO = {"currencyCode": "EUR", "centAmount": 4200}

GOOD = {
    "open": [True, False],
    "floors": [0, -1, 2.5],
    "code": ["", "x"],
    "openingTimes": [{}, {"en": "x", "de-AT": "y", "zh-Hans-SG": "z"}],
    "size": ["small"],
    "setting": ["city"],
    "rent": [EURO, {**EURO, "type": "centPrecision", "fractionDigits": 2}],
    "opened": ["2024-02-29"],
    "closes": ["23:59:59.999"],
    "inspected": ["2024-02-29T10:11:12.000Z"],
    "parent": [{"typeId": "channel", "id": ID}],
    "tags": [[], ["a", "b"]],
    "rents": [[EURO]],
    "gate-no": [7],
}
BAD = {
    "open": ["true", 1, None],
    "floors": ["1", True, []],
    "code": [1, {}],
    "openingTimes": ["x", {"en": 1}, {"en_US": "x"}],
    "size": ["Small", "medium", 1],
    "setting": ["City", {"en": "City"}],
    "rent": [
        42,
        {"centAmount": 1},
        {**EURO, "centAmount": 4.2},
        {**EURO, "currencyCode": "eur"},
        {**EURO, "x": 1},
        {**EURO, "type": "highPrecision"},
    ],
    "opened": ["2024-02-30", "29.02.2024", "2024-02-29T00:00:00.000Z", 20240229],
    "closes": ["24:00:00.000", "10:00", "10:00:00"],
    "inspected": ["2024-02-29T10:11:12Z", "2024-02-29T10:11:12.000+01:00", "2024-02-29"],
    "parent": [ID, {"typeId": "channel", "key": "k"}, {"typeId": "store", "id": ID}, {"typeId": "channel", "id": "k"}],
    "tags": ["a", ["a", "a"], [1]],
    "rents": [[1]],
    "gate-no": ["7"],
}


def cases(table):
    return [pytest.param(name, value, id=f"{name}={value}") for name, values in table.items() for value in values]


def custom(**fields):
    return {"type": {"typeId": "type", "key": "channel-details"}, "fields": fields}


@pytest.mark.parametrize(("name", "value"), cases(GOOD))
def test_takes_a_value_of_the_right_kind(project, name, value):
    kept = project().create(custom=custom(**{name: value}))["custom"]
    assert set(kept) == {"type", "fields"}
    assert set(kept["type"]) == {"typeId", "id"}
    if name not in {"rent", "rents", "tags"}:
        assert kept["fields"] == {name: value}


@every(("name", "value"), cases(BAD))
def test_refuses_a_value_of_another_kind(project, name, value):
    status, document = project().channels("POST", document={"key": "k", "custom": custom(**{name: value})})
    assert (status, document["errors"][0]["code"], document["errors"][0]["field"]) == (400, "InvalidField", name)


def test_every_kind_of_field_is_seeded():
    kinds = {field["type"]["name"] for type in seed_types() for field in type["fieldDefinitions"]}
    assert len(kinds) == 12
    assert set(GOOD) == set(BAD) == {field["name"] for field in seed_types()[0]["fieldDefinitions"]}


def test_money_is_kept_with_its_precision(project):
    fields = {"rent": EURO, "rents": [{"currencyCode": "JPY", "centAmount": 5}]}
    kept = project().create(custom=custom(**fields))["custom"]["fields"]
    assert kept["rent"] == {"type": "centPrecision", "fractionDigits": 2, **EURO}
    assert kept["rents"][0]["fractionDigits"] == 0


def test_the_order_of_a_set_is_not_kept(project):
    assert project().create(custom=custom(tags=["a", "c", "b"]))["custom"]["fields"]["tags"] == ["c", "b", "a"]


def test_a_required_field_must_have_a_value(project):
    subject = project()
    for fields in ({}, {"fields": {}}, {"fields": {"code": "1"}}):
        draft = {"key": "k", "custom": {"type": {"key": "channel-strict"}, **fields}}
        status, document = subject.channels("POST", document=draft)
        assert (status, document["errors"][0]["code"], document["errors"][0]["field"]) == (
            400,
            "RequiredField",
            "costCentre",
        )
    assert subject.create(custom={"type": {"key": "channel-strict"}, "fields": {"costCentre": "7"}})


@pytest.mark.parametrize("identifier", [{"key": "nobody"}, {"id": ID}])
def test_an_unknown_type_is_named(project, identifier):
    status, document = project().channels("POST", document={"key": "k", "custom": {"type": identifier}})
    error = document["errors"][0]
    assert (status, error["code"], error["typeId"]) == (400, "ReferencedResourceNotFound", "type")
    assert identifier.items() <= error.items()


def types(subject, rest="", *query):
    return subject.call("GET", f"/practice/types{rest}", *query)


def test_types_are_found_by_id_and_by_key(project):
    subject = project()
    by_key = types(subject, "/key=channel-details")[1]
    assert types(subject, f"/{by_key['id']}") == (200, by_key)
    assert by_key["resourceTypeIds"] == ["channel"]
    assert types(subject, f"/{ID}")[0] == types(subject, "/key=nobody")[0] == 404


def test_types_are_listed(project):
    subject = project()
    status, page = types(subject, "", ("where", "key in :keys"), ("var.keys", "channel-strict"), ("var.keys", "none"))
    assert (status, page["count"], page["total"], page["results"][0]["key"]) == (200, 1, 1, "channel-strict")
    page = types(subject, "", ("where", 'resourceTypeIds contains any ("address")'), ("limit", "1"))[1]
    assert [each["key"] for each in page["results"]] == ["address-details"]
    ids = ",".join(f'"{each["id"]}"' for each in types(subject)[1]["results"][:2])
    assert types(subject, "", ("where", f"id in ({ids})"))[1]["count"] == 2
    assert types(subject, "", ("where", 'colour = "x"'))[0] == 400


def test_other_types_can_be_given(project):
    draft = {"id": ID, "key": "own", "resourceTypeIds": ["channel"], "fieldDefinitions": []}
    subject = project(types=[draft])
    assert types(subject)[1]["total"] == 1
    assert subject.create(custom={"type": {"key": "own"}})["custom"]["type"]["id"] == ID

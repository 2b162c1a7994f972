"""Every operation on channels, without a socket."""

import json
from urllib.parse import quote

import pytest

from bulk.connectors.commercetools.sandbox.requests import fields, key
from bulk.sandbox import Call

ID = "ac390383-370f-43f8-a534-db1604cb96a8"
UNKNOWN = "51323ad2-89f2-4233-b9be-f15c049769c8"
NAME = {"action": "changeName", "name": {"en": "New"}}
SEED = {"id": ID, "key": "k", "version": 5}


def code(answer):
    return answer[0], answer[1]["errors"][0]["code"]


@pytest.fixture
def one(project):
    return project(channels=[SEED])


def test_a_new_channel_has_what_the_server_adds(project):
    subject = project()
    channel = subject.create("a")
    by = {"clientId": "practice-client", "isPlatformClient": False}
    assert channel == {
        "id": channel["id"],
        "version": 1,
        "createdAt": "2023-11-14T22:13:20.250Z",
        "lastModifiedAt": "2023-11-14T22:13:20.250Z",
        "createdBy": by,
        "lastModifiedBy": by,
        "key": "a",
        "roles": ["InventorySupply"],
    }
    assert subject.read("a") == channel


def test_the_user_named_in_a_header_is_kept(project):
    subject = project()
    headers = {
        "Authorization": f"Bearer {subject.token}",
        "Content-Type": "application/json",
        "X-External-User-ID": "u7",
    }
    channel = subject.channels("POST", document={"key": "a"}, headers=headers)[1]
    assert channel["createdBy"]["externalUserId"] == "u7"


def test_roles_are_a_set(project):
    assert project().create("a", roles=["Primary", "OrderExport", "Primary"])["roles"] == ["Primary", "OrderExport"]


@pytest.mark.parametrize("rest", [f"/{ID}", f"/{ID.upper()}", "/key=k"])
def test_get_by_id_and_by_key(one, rest):
    status, channel = one.channels("GET", rest)
    assert (status, channel["id"], channel["version"]) == (200, ID, 5)


@pytest.mark.parametrize("rest", [f"/{ID}", "/key=k"])
def test_exists_by_id_and_by_key(one, rest):
    answer = one.answer("HEAD", f"/practice/channels{rest}")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize(
    ("where", "status"), [('key="k"', 200), ('key="x"', 404), ('roles contains any ("Primary")', 404)]
)
def test_exists_by_predicate(one, where, status):
    assert one.channels("HEAD", "", ("where", where))[0] == status


def test_exists_takes_variables_and_several_predicates(one):
    assert one.channels("HEAD", "", ("where", "key = :k"), ("where", "version > 4"), ("var.k", "k"))[0] == 200
    assert one.channels("HEAD", "", ("where", "key = :k"), ("where", "version > 5"), ("var.k", "k"))[0] == 404


def test_exists_takes_no_place_and_no_page(one):
    assert code(one.channels("HEAD", "", ("where", "geoLocation within circle(1, 2, 3)"))) == (400, "InvalidInput")
    assert code(one.channels("HEAD", "", ("limit", "1"))) == (400, "InvalidInput")


@pytest.mark.parametrize("rest", [f"/{ID}", "/key=k"])
def test_update_by_id_and_by_key(one, rest):
    one.now += 60.5
    status, channel = one.channels("POST", rest, document={"version": 5, "actions": [NAME]})
    assert (status, channel["name"], channel["lastModifiedAt"]) == (200, {"en": "New"}, "2023-11-14T22:14:20.750Z")
    assert channel["createdAt"] == "2023-11-14T22:13:20.250Z"
    assert one.read() == channel


def test_the_version_goes_up_by_more_than_one(project):
    assert project(channels=[SEED]).changed(NAME)["version"] == 8
    assert project(channels=[SEED], version_step=1).changed(NAME)["version"] == 6
    assert project(channels=[SEED]).changed(NAME, {"action": "changeKey", "key": "n"})["version"] == 8


def test_an_update_that_changes_nothing_keeps_the_version(project):
    assert project(channels=[SEED]).changed()["version"] == 5
    assert project(channels=[SEED], same_value="take").changed({"action": "changeKey", "key": "k"})["version"] == 5


def test_time_does_not_go_back(one):
    one.now -= 60
    assert one.changed(NAME)["lastModifiedAt"] == "2023-11-14T22:13:20.250Z"


@pytest.mark.parametrize("rest", [f"/{ID}", "/key=k"])
def test_delete_by_id_and_by_key_answers_the_channel(one, rest):
    before = one.read()
    status, channel = one.channels("DELETE", rest, ("version", "5"))
    assert (status, channel) == (200, before)
    assert one.channels("GET", rest)[0] == 404


def test_a_deleted_key_is_free_and_its_id_is_not_given_again(project):
    subject = project()
    first = subject.create("a")
    subject.channels("DELETE", "/key=a", ("version", "1"))
    assert subject.create("a")["id"] != first["id"]


@pytest.mark.parametrize("query", [(), (("version", "x"),), (("version", ""),), (("version", "5"), ("version", "5"))])
def test_delete_needs_a_version(one, query):
    assert code(one.channels("DELETE", "/key=k", *query)) == (400, "InvalidInput")
    assert one.read()["version"] == 5


WRITES = {
    "update": lambda subject, rest, version: subject.channels(
        "POST", rest, document={"version": version, "actions": [NAME]}
    ),
    "delete": lambda subject, rest, version: subject.channels("DELETE", rest, ("version", str(version))),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("version", [4, 6])
def test_another_version_is_a_conflict(one, write, version):
    status, document = WRITES[write](one, "/key=k", version)
    message = f"Object {ID} has a different version than expected. Expected: {version} - Actual: 5."
    error = {"code": "ConcurrentModification", "message": message, "currentVersion": 5}
    assert (status, document) == (409, {"statusCode": 409, "message": message, "errors": [error]})
    assert one.read()["version"] == 5


def test_a_conflict_may_say_less(project):
    subject = project(channels=[SEED], conflict_wording="short", current_version=False)
    status, document = WRITES["update"](subject, "/key=k", 4)
    assert (status, document["errors"][0]) == (
        409,
        {"code": "ConcurrentModification", "message": "Version mismatch. Concurrent modification."},
    )


def test_a_channel_that_something_refers_to_cannot_be_deleted(project):
    subject = project(channels=[SEED, {"key": "free"}], referenced={"k": "inventory-entry"})
    status, document = subject.channels("DELETE", "/key=k", ("version", "5"))
    assert (status, document["errors"][0]["code"]) == (400, "ReferenceExists")
    assert document["errors"][0]["referencedBy"] == "inventory-entry"
    assert subject.channels("DELETE", "/key=free", ("version", "1"))[0] == 200


@pytest.mark.parametrize("rest", [f"/{UNKNOWN}", "/key=nobody", "/nonsense", "/key="])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_what_is_not_there_is_404(one, method, rest):
    document = {"version": 1, "actions": [NAME]} if method == "POST" else None
    query = [("version", "1")] if method == "DELETE" else []
    assert code(one.channels(method, rest, *query, document=document)) == (404, "ResourceNotFound")


@pytest.mark.parametrize("named", ["a/b", "100% Ä", "a+b c", "key=x", "?#&=", "..", "ключ"])
def test_any_key_is_one_segment_of_the_path(project, named):
    subject = project()
    subject.create(named)
    assert subject.read(quote(named, safe=""))["key"] == named


def test_keys_may_have_to_be_usual(project):
    subject = project(keys="usual")
    assert code(subject.channels("POST", document={"key": "a b"})) == (400, "InvalidInput")
    assert code(subject.channels("POST", document={"key": "a"})) == (400, "InvalidInput")
    subject.create("a_b-C9")


def test_a_taken_key_is_named_with_its_value(one):
    status, document = one.channels("POST", document={"key": "k"})
    error = {"code": "DuplicateField", "field": "key", "duplicateValue": "k"}
    assert status == 400
    assert {**document["errors"][0], "message": ""} == {**error, "message": ""}


def test_several_faults_are_named_at_once(one):
    status, document = one.channels("POST", document={"key": 1, "roles": "x", "name": {"en_US": 2}})
    details = [error["detailedErrorMessage"] for error in document["errors"]]
    assert (status, len(details)) == (400, 4)
    assert details[0] == "key: String expected."


WRONG = [
    ("key", 7),
    ("roles", "Primary"),
    ("roles.0", [1]),
    ("name", "x"),
    ("name.en", {"en": 1}),
    ("name.en_US", {"en_US": "x"}),
    ("description", []),
    ("address", "x"),
    ("address.country", {"country": 49}),
    ("address.city", {"country": "DE", "city": 1}),
    ("address.key", {"country": "DE", "key": 1}),
    ("address.custom", {"country": "DE", "custom": 1}),
    ("geoLocation", [1, 2]),
    ("geoLocation.coordinates", {"type": "Point"}),
    ("geoLocation.coordinates", {"type": "Point", "coordinates": "1,2"}),
    ("geoLocation.coordinates", {"type": "Point", "coordinates": [1, 10**400]}),
    ("custom", 1),
    ("custom.type", {"type": "channel-details"}),
    ("custom.type.typeId", {"type": {"typeId": 1, "key": "channel-details"}}),
    ("custom.type.key", {"type": {"key": 1}}),
    ("custom.fields", {"type": {"key": "channel-details"}, "fields": []}),
]


@pytest.mark.parametrize(("path", "value"), WRONG)
def test_a_value_of_the_wrong_type_is_invalid_json_input_with_its_path(one, path, value):
    answer = one.channels("POST", document={"key": "n", path.partition(".")[0]: value})
    assert code(answer) == (400, "InvalidJsonInput")
    assert answer[1]["errors"][0]["detailedErrorMessage"].startswith(path.replace(".", " -> ") + ": ")


def test_the_key_of_an_address_has_a_form_and_its_type_a_kind(one):
    for address, expected in (
        ({"country": "DE", "key": "a"}, "InvalidInput"),
        ({"country": "DE", "custom": {"type": {"typeId": "channel", "key": "x"}}}, "InvalidField"),
    ):
        assert code(one.channels("POST", document={"key": "n", "address": address})) == (400, expected)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", {}),
        (b"{", {}),
        (b'{"key": NaN}', {}),
        (b"[" * 100_000, {}),
        (b'{"key": "a"}', {"Content-Type": "text/plain"}),
        (b'"text"', {}),
        (b"null", {}),
    ],
)
def test_a_body_that_is_no_json_object_is_invalid_json_input(one, body, headers):
    sent = {"Authorization": f"Bearer {one.token}", "Content-Type": "application/json", **headers}
    answer = one.channels("POST", document=body, headers=sent)
    assert code(answer) == (400, "InvalidJsonInput")
    assert answer[1]["errors"][0]["detailedErrorMessage"]


@pytest.mark.parametrize("version", [None, "5", 5.0, True, 1 << 63])
def test_a_version_is_a_whole_number(one, version):
    assert code(one.channels("POST", "/key=k", document={"version": version, "actions": []})) == (
        400,
        "InvalidJsonInput",
    )


def test_unknown_fields_may_be_ignored(project):
    subject = project(unknown_fields="ignore")
    assert "colour" not in subject.create("a", colour="red")
    assert subject.channels("GET", "", ("colour", "red"))[0] == 200


def test_unknown_parameters_are_refused(one):
    for method, rest in (("GET", ""), ("GET", "/key=k"), ("HEAD", "/key=k"), ("POST", ""), ("DELETE", "/key=k")):
        assert code(one.channels(method, rest, ("colour", "red"), document={})) == (400, "InvalidInput")


def test_null_may_be_the_same_as_nothing(project):
    assert code(project().channels("POST", document={"key": "a", "name": None})) == (400, "InvalidJsonInput")
    assert "name" not in project(nulls="absent").create("a", name=None)


def test_coordinates_may_lie_anywhere(project):
    point = {"type": "Point", "coordinates": [200, 100.5]}
    assert code(project().channels("POST", document={"key": "a", "geoLocation": point})) == (400, "InvalidInput")
    assert project(geo_ranges="take").create("a", geoLocation=point)["geoLocation"] == point


def test_an_address_is_given_an_id_unless_it_has_one(project):
    assert set(project().create("a", address={"country": "DE"})["address"]) == {"id", "country"}
    assert project().create("a", address={"country": "DE", "id": "own"})["address"] == {"id": "own", "country": "DE"}
    assert project(address_ids=False).create("a", address={"country": "DE"})["address"] == {"country": "DE"}


@pytest.mark.parametrize("path", ["custom.type", "address.custom.type"])
def test_expands_types_wherever_a_channel_is_answered(project, path):
    subject = project()
    custom = {"channel": {"type": {"key": "channel-details"}}, "address": {"type": {"key": "address-details"}}}
    draft = {"key": "a", "custom": custom["channel"], "address": {"country": "DE", "custom": custom["address"]}}
    expand = ("expand", path)
    created = subject.channels("POST", "", expand, document=draft)[1]
    update = {"version": 1, "actions": [NAME]}
    shown = [
        created,
        subject.channels("GET", "/key=a", expand)[1],
        subject.channels("GET", "", expand)[1]["results"][0],
        subject.channels("POST", "/key=a", expand, document=update)[1],
        subject.channels("DELETE", "/key=a", expand, ("version", "4"))[1],
    ]
    for channel in shown:
        owner = channel if path == "custom.type" else channel["address"]
        assert owner["custom"]["type"]["obj"]["key"] in {"channel-details", "address-details"}
        other = channel["address"] if path == "custom.type" else channel
        assert "obj" not in other["custom"]["type"]


def test_expanding_what_is_not_there_does_nothing(one):
    assert one.channels("GET", "/key=k", ("expand", "custom.type"), ("expand", "address.custom.type"))[1] == one.read()
    assert code(one.channels("GET", "/key=k", ("expand", "custom..type"))) == (400, "InvalidInput")


@pytest.mark.parametrize(("longer", "status"), [(0, 200), (1, 414)])
def test_a_long_address_is_refused_with_a_page(one, longer, status):
    rest = 8_192 - len("/practice/channels?where=key+%21%3D+%22%22")
    answer = one.answer("GET", "/practice/channels", ("where", f'key != "{"x" * (rest + longer)}"'))
    json_or_page = ("application/json", True) if status == 200 else ("text/html", False)
    assert (answer.status, answer.content_type, answer.malformed is None) == (status, *json_or_page)


def test_how_long_an_address_may_be_can_be_chosen(project):
    subject = project(url_bytes=60)
    assert subject.answer("GET", "/practice/channels", ("where", 'key="a"')).status == 200
    assert subject.answer("GET", "/practice/channels", ("where", 'key="a" and not (key="b")')).status == 414


@pytest.mark.parametrize(
    ("shape", "content_type", "start"),
    [
        ("envelope", "application/json", b'{"statusCode": 503'),
        ("html", "text/html", b"<html>"),
        ("empty", "", b""),
        ("foreign", "text/html", b'{"error"'),
    ],
)
def test_errors_of_machines_in_front_have_many_shapes(project, shape, content_type, start):
    api = project(error_bodies=shape).api
    answer = api.error(Call(method="GET", path="/practice/channels"), 503, "")
    assert (answer.status, answer.content_type) == (503, content_type)
    assert answer.body.startswith(start)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "invalid_token"),
        (404, "ResourceNotFound"),
        (405, "InvalidOperation"),
        (409, "ConcurrentModification"),
        (413, "RequestEntityTooLarge"),
        (429, "TooManyRequests"),
        (500, "General"),
        (503, "OverCapacity"),
    ],
)
def test_errors_by_status_come_in_the_envelope(one, status, expected):
    document = json.loads(one.api.error(Call(method="GET", path="/practice/channels"), status, "").body)
    assert (document["statusCode"], document["errors"][0]["code"]) == (status, expected)
    assert document["message"] == document["errors"][0]["message"]


def test_every_answer_has_a_correlation_id(one):
    made = one.answer("GET", "/practice/channels").headers["X-Correlation-ID"]
    assert made != one.answer("GET", "/practice/channels").headers["X-Correlation-ID"]
    headers = {"Authorization": "Bearer wrong", "X-Correlation-ID": "mine"}
    assert one.answer("GET", "/practice/channels", headers=headers).headers["X-Correlation-ID"] == "mine"


def test_the_state_is_equal_wherever_the_same_was_written_in_any_order(project):
    roles = ["Primary", "OrderExport"]
    first, second = project(), project()
    first.create("a", address={"country": "DE"}, roles=roles)
    first.create("b")
    second.now += 60
    second.create("b")
    second.create("a", address={"country": "DE"}, roles=roles[::-1])
    assert first.state() == second.state()
    assert list(first.state()["channels"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/practice/channels", b'{"key": "k"}', "k"),
        ("POST", "/practice/channels", b'{"key": 1}', None),
        ("POST", "/practice/channels", b"[]", None),
        ("POST", "/practice/channels", b"{", None),
        ("POST", "/practice/channels/key=a%2Fb", b"", "a/b"),
        ("DELETE", f"/practice/channels/{ID}", b"", ID),
        ("POST", "/oauth/token", b"grant_type=client_credentials", None),
        ("GET", "/practice/channels/key=k", b"", None),
        ("HEAD", "/practice/channels/key=k", b"", None),
    ],
)
def test_the_log_names_the_channel_that_a_write_is_about(method, path, body, expected):
    assert key(Call(method=method, path=path, body=body)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"key": "k", "name": {}}', ("key", "name")),
        (b'{"version": 1, "actions": [{"action": "changeKey"}, {"action": "setRoles"}]}', ("changeKey", "setRoles")),
        (b'{"version": 1, "actions": [1, {}]}', ()),
        (b"{", ()),
        (b"", ()),
    ],
)
def test_the_log_names_what_a_write_changes(body, expected):
    assert fields(Call(method="POST", path="/practice/channels/key=k", body=body)) == expected

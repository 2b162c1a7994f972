"""The query language: every documented form, and what is refused with its place."""

import pytest
from examples import every

ID = "ac390383-370f-43f8-a534-db1604cb96a8"
FIELDS = {
    "open": True,
    "floors": 3,
    "code": "x",
    "openingTimes": {"en": "9-20", "de-AT": "9 bis 20"},
    "size": "small",
    "rent": {"currencyCode": "EUR", "centAmount": 4200},
    "opened": "2024-02-29",
    "inspected": "2024-02-29T10:11:12.000Z",
    "parent": {"typeId": "channel", "id": ID},
    "tags": ["a", "b"],
    "rents": [{"currencyCode": "EUR", "centAmount": 1}, {"currencyCode": "USD", "centAmount": 9}],
    "gate-no": 7,
}
CHANNELS = [
    {
        "id": ID,
        "key": "berlin",
        "version": 5,
        "roles": ["Primary", "InventorySupply"],
        "name": {"en": "Berlin", "is": "Berlín", "de-AT": "Wien?", "not": "no"},
        "address": {
            "country": "DE",
            "city": "Berlin",
            "custom": {"type": {"key": "address-details"}, "fields": {"ramp": True}},
        },
        "geoLocation": {"type": "Point", "coordinates": [13.3777, 52.51627]},
        "custom": {"type": {"key": "channel-details"}, "fields": FIELDS},
    },
    {
        "key": "lyon",
        "roles": ["OrderExport"],
        "name": {"en": 'Say "Lyon" \\ Ä'},
        "address": {"country": "FR"},
        "geoLocation": {"type": "Point", "coordinates": [4.8357, 45.764]},
    },
    {"key": "none"},
]
BOTH, ALL = ["berlin", "lyon"], ["berlin", "lyon", "none"]


@pytest.fixture(scope="module")
def three():
    from tests.unit.sandbox.conftest import Project

    return Project(channels=CHANNELS)


MATCHES = [
    # comparisons
    ('key = "lyon"', ["lyon"]),
    ('key="lyon"', ["lyon"]),
    ('key != "lyon"', ["berlin", "none"]),
    ('key <> "lyon"', ["berlin", "none"]),
    ('key < "lyon"', ["berlin"]),
    ('key <= "lyon"', BOTH),
    ('key > "lyon"', ["none"]),
    ('key >= "lyon"', ["lyon", "none"]),
    ("version = 5", ["berlin"]),
    ("version > 1.5", ["berlin"]),
    ("version < 1e1", ALL),
    ("version >= -3", ALL),
    (f'id = "{ID}"', ["berlin"]),
    (f'id != "{ID}"', ["lyon", "none"]),
    ('createdAt = "2023-11-14T22:13:20.250Z"', ALL),
    ('createdAt = "2023-11-14T23:13:20.25+01:00"', ALL),
    ('lastModifiedAt > "2023-11-14T22:13:20.249Z"', ALL),
    ('lastModifiedAt >= "2023-11-14T22:13:20.250Z" and lastModifiedAt <= "2023-11-14T22:13:20.250Z"', ALL),
    ('lastModifiedAt < "2023-11-14T22:13:20.250Z"', []),
    # sets of values
    ('key in ("lyon", "none", "x")', ["lyon", "none"]),
    ('key in("lyon")', ["lyon"]),
    ('key not in ("lyon", "none")', ["berlin"]),
    ("version in (5, 6)", ["berlin"]),
    (f'id in ("{ID}")', ["berlin"]),
    # arrays
    ('roles contains any ("Primary", "OrderExport")', BOTH),
    ('roles contains all ("Primary", "InventorySupply")', ["berlin"]),
    ('roles contains all ("Primary", "OrderExport")', []),
    ("roles is empty", []),
    ("roles is not empty", ALL),
    # presence
    ("address is defined", BOTH),
    ("address is not defined", ["none"]),
    ("custom is defined and name is defined", ["berlin"]),
    ("address(custom is defined)", ["berlin"]),
    ("name(en is not defined)", []),
    ("reviewRatingStatistics is not defined", ALL),
    ("reviewRatingStatistics(averageRating > 3)", []),
    # nesting
    ('address(country="DE")', ["berlin"]),
    ('address(country="DE" and city="Lyon")', []),
    ('address(country="FR" or city="Berlin")', BOTH),
    ('address(country in ("DE", "FR"))', BOTH),
    ('name(en="Berlin")', ["berlin"]),
    ('name(is="Berlín")', ["berlin"]),
    ('name(de-AT="Wien?")', ["berlin"]),
    ('name(`de-AT`="Wien?")', ["berlin"]),
    ('name(`not`="no")', ["berlin"]),
    ('name(en="Berlin" and is="Berlín")', ["berlin"]),
    ('createdBy(clientId="practice-client")', ALL),
    # custom fields
    ('custom(fields(code="x"))', ["berlin"]),
    ("custom(fields(floors=3))", ["berlin"]),
    ("custom(fields(floors>2 and floors<=3.0))", ["berlin"]),
    ("custom(fields(open=true))", ["berlin"]),
    ("custom(fields(open=FALSE))", []),
    ("custom(fields(open != false))", ALL[:1]),
    ('custom(fields(floors="3"))', []),
    ("custom(fields(open=1))", []),
    ('custom(fields(size in ("small")))', ["berlin"]),
    ('custom(fields(openingTimes(de-AT="9 bis 20")))', ["berlin"]),
    ('custom(fields(rent(centAmount > 4000 and currencyCode="EUR")))', ["berlin"]),
    ('custom(fields(opened < "2024-03-01"))', ["berlin"]),
    ('custom(fields(inspected >= "2024-02-29T10:11:12.000Z"))', ["berlin"]),
    (f'custom(fields(parent(id="{ID}")))', ["berlin"]),
    ('custom(fields(tags contains any ("b")))', ["berlin"]),
    ('custom(fields(tags contains all ("b", "c")))', []),
    ("custom(fields(tags is not empty))", ["berlin"]),
    ('custom(fields(rents(currencyCode="USD" and centAmount=9)))', ["berlin"]),
    ('custom(fields(rents(currencyCode="USD" and centAmount=1)))', []),
    ("custom(fields(gate-no=7))", ["berlin"]),
    ("custom(fields(`gate-no`=7))", ["berlin"]),
    ("custom(fields(nothing is defined))", []),
    ('custom(type(typeId="type"))', ["berlin"]),
    ("address(custom(fields(ramp=true)))", ["berlin"]),
    # logic
    ('key="lyon" or key="none"', ["lyon", "none"]),
    ('key="lyon" or key="berlin" and version=1', ["lyon"]),
    ('(key="lyon" or key="berlin") and version=1', ["lyon"]),
    ('not (key="lyon")', ["berlin", "none"]),
    ('not (key="lyon" or key="none") and version=5', ["berlin"]),
    ('not(not(key="lyon"))', ["lyon"]),
    ('((key="lyon"))', ["lyon"]),
    ('NOT (key="lyon") AND address IS DEFINED', ["berlin"]),
    ('key NOT IN ("lyon") Or roles Contains Any ("OrderExport")', ALL),
    ('key = "lyon"\n  and version = 1', ["lyon"]),
    # places: longitude first
    ("geoLocation within circle(13.37770, 52.51627, 1000)", ["berlin"]),
    ("geoLocation within circle(13.39, 52.51627, 1000)", ["berlin"]),
    ("geoLocation within circle(13.40, 52.51627, 1000)", []),
    ("geoLocation within circle(52.51627, 13.37770, 1000)", []),
    ("geoLocation within circle(9, 49, 600000)", BOTH),
    ("geoLocation is defined", BOTH),
    # escapes
    (r'name(en="Say \"Lyon\" \\ Ä")', ["lyon"]),
    (r'name(en="Say \u0022Lyon\u0022 \\ \u00c4")', ["lyon"]),
    (r'key = "\/"', []),
    (r'name(en="\ud83d\ude00")', []),
    ("key = \"('and') or\"", []),
]


@every(("where", "keys"), MATCHES)
def test_a_predicate_finds_what_it_says(three, where, keys):
    assert three.keys(where) == keys


VARIABLES = [
    ("key = :k", {"k": ["lyon"]}, ["lyon"]),
    ("key in :keys", {"keys": ["lyon", "none"]}, ["lyon", "none"]),
    ("key in :keys", {"keys": ["lyon"]}, ["lyon"]),
    ('key in (:a, :b, "none")', {"a": ["lyon"], "b": ["berlin"]}, ALL),
    ("key not in :keys", {"keys": ["lyon", "none"]}, ["berlin"]),
    ("key = :k", {"k": ['") or (key != "']}, []),
    ("name(en = :n)", {"n": ['Say "Lyon" \\ Ä']}, ["lyon"]),
    ("version = :v", {"v": ["5"]}, ["berlin"]),
    ("version in :v", {"v": ["5", "1"]}, ALL),
    ("id > :id", {"id": ["00000000-0000-0000-0000-000000000000"]}, ALL),
    ("lastModifiedAt >= :from and lastModifiedAt <= :to", {"from": ["2023-01-01T00:00:00Z"], "to": ["2024-01-01T00:00:00Z"]}, ALL),
    ("roles contains any :r", {"r": ["Primary", "OrderExport"]}, BOTH),
    ("custom(fields(floors = :n))", {"n": ["3"]}, ["berlin"]),
    ("custom(fields(open = :b))", {"b": ["true"]}, ["berlin"]),
    ("custom(fields(code = :c))", {"c": ["x"]}, ["berlin"]),
    ("custom(fields(floors < :n))", {"n": ["many"]}, []),
    ("custom(fields(tags >= :t))", {"t": ["a"]}, []),
    ("custom(fields(rent = :t))", {"t": ["a"]}, []),
    ("geoLocation within circle(:x, :y, :r)", {"x": ["13.37770"], "y": ["52.51627"], "r": ["1000"]}, ["berlin"]),
    ("address is defined", {"unused1": ["x"]}, BOTH),
]  # fmt: skip


@pytest.mark.parametrize(("where", "variables", "keys"), VARIABLES)
def test_variables_stand_for_values(three, where, variables, keys):
    query = [(f"var.{name}", value) for name, values in variables.items() for value in values]
    found = three.keys(where, *query)
    assert sorted(found) == sorted(keys)


def test_predicates_that_are_repeated_must_all_hold(three):
    assert three.keys("address is defined", ("where", 'key != "lyon"'), ("where", "version > 1")) == ["berlin"]


REFUSED = [
    ("", "Unexpected end of input", 1, 1),
    ("key", "Unexpected end of input", 1, 4),
    ("key =", "Unexpected end of input", 1, 6),
    ('key = "a', "Invalid input '\"'", 1, 7),
    ("key = a", "Invalid input 'a'", 1, 7),
    ("key = 'a'", "Invalid input '''", 1, 7),
    ('key == "a"', "Invalid input '='", 1, 6),
    ('key ilike "a"', "Invalid input 'i'", 1, 5),
    ('key in "a"', "Invalid input '\"'", 1, 8),
    ("key in ()", "Invalid input ')'", 1, 9),
    ('key in ("a" "b")', "Invalid input '\"'", 1, 13),
    ('key in ("a", "b"', "Unexpected end of input", 1, 17),
    ('not key = "a"', "Invalid input 'k'", 1, 5),
    ('key = "a" key = "b"', "Invalid input 'k'", 1, 11),
    ('key = "a" and', "Unexpected end of input", 1, 14),
    ('key = "a")', "Invalid input ')'", 1, 10),
    ('(key = "a"', "Unexpected end of input", 1, 11),
    ('key = "a"\nand or', "Unexpected end of input", 2, 7),
    ('key = "product-18"-wave"', "Invalid input '-'", 1, 19),
    ('roles contains ("Primary")', "Invalid input '('", 1, 16),
    ("geoLocation within circle(1, 2)", "Invalid input ')'", 1, 31),
    ("key is null", "Invalid input 'n'", 1, 8),
    ("key = :a-b", "Invalid input '-'", 1, 9),
    ('key = "a" && version = 1', "Invalid input '&'", 1, 11),
    ("limit = 5", "The field 'limit' does not exist.", 1, 1),
    ('address(land = "DE")', "The field 'land' does not exist.", 1, 9),
    ('custom(code = "x")', "The field 'code' does not exist.", 1, 8),
    ("version = 1 and colour is defined", "The field 'colour' does not exist.", 1, 17),
    ("key(en = 1)", "The field 'key' has no fields of its own.", 1, 1),
    ("key = 1", "A string expected", 1, 7),
    ("key = true", "A string expected", 1, 7),
    ('version = "1"', "A number expected", 1, 11),
    ("version = true", "A number expected", 1, 11),
    ('id = "x"', "Invalid UUID: 'x'", 1, 6),
    ("id > 5", "Invalid UUID: '5'", 1, 6),
    ('createdAt > "yesterday"', "A date and time of ISO 8601 expected", 1, 13),
    ('createdAt > "2024-01-01T00:00:00"', "A date and time with its zone expected", 1, 13),
    ('roles contains any ("Shop")', "Invalid enum value: Shop", 1, 21),
    ('roles = "Primary"', "cannot be compared", 1, 1),
    ('name = "Berlin"', "cannot be compared", 1, 1),
    ('address in ("a")', "cannot be compared", 1, 1),
    ("geoLocation = 1", "cannot be compared", 1, 1),
    ("key is empty", "is not an array", 1, 1),
    ('key contains any ("a")', "is not an array", 1, 1),
    ("address within circle(1, 2, 3)", "cannot be searched by place", 1, 1),
    ("custom(fields(open < true))", "Truth values have no order", 1, 20),
    ("key = :missing", "The input variable 'missing' has no value", 1, 7),
    ("key = :two", "A single value expected", 1, 7),
    ("version = :two", "A number expected", 1, 11),
    (r'key = "a\q"', "Invalid escape sequence", 1, 9),
    (r'key = "\u12"', "Invalid escape sequence", 1, 8),
]  # fmt: skip


@every(("where", "complaint", "line", "column"), REFUSED)
def test_a_broken_predicate_is_refused_with_its_place(three, where, complaint, line, column):
    status, document = three.channels("GET", "", ("where", where), ("var.two", "a"), ("var.two", "b"))
    error = document["errors"][0]
    assert (status, error["code"]) == (400, "InvalidInput")
    assert error["message"].startswith("Malformed parameter: where: ")
    assert complaint in error["message"]
    assert f"(line {line}, column {column}):" in error["message"]
    assert error["message"].endswith("\n" + " " * (column - 1) + "^")


@pytest.mark.parametrize("name", ["var.a_b", "var.a-b", "var.", "var.ä", "var.a.b"])
def test_the_name_of_a_variable_has_letters_and_digits_only(three, name):
    status, document = three.channels("GET", "", (name, "x"))
    assert (status, document["errors"][0]["code"]) == (400, "InvalidInput")
    assert name in document["message"]


def test_a_predicate_has_at_most_so_many_values(project):
    subject = project()
    keys = [("var.keys", f"k{number}") for number in range(501)]
    assert subject.keys("key in :keys", *keys[:500]) == []
    status, document = subject.channels("GET", "", ("where", "key in :keys"), *keys)
    assert (status, document["errors"][0]["code"]) == (400, "QueryComplexityLimitExceeded")
    assert project(predicate_values=501).keys("key in :keys", *keys) == []


@pytest.mark.parametrize(("levels", "status"), [(100, 200), (101, 400), (700, 400)])
def test_a_predicate_is_nested_only_so_deeply(three, levels, status):
    got, document = three.channels("GET", "", ("where", "not(" * levels + "key is defined" + ")" * levels))
    assert got == status
    assert status == 200 or document["errors"][0]["code"] == "QueryComplexityLimitExceeded"

"""Lists: limits, pages, totals, and an order of ids that is not that of their text."""

import pytest

from bulk.connectors.commercetools.sandbox import examples, seed_channels, seed_types
from bulk.connectors.commercetools.sandbox.ids import place

IDS = [
    "ffffffff-ffff-ff01-0000-000000000000",
    "00000000-0000-0002-0000-000000000000",
    "00000000-0000-0002-0000-000000000001",
    "00000000-0000-0103-0000-000000000000",
    "10000000-0000-0004-0000-000000000000",
]
"""In the order of the bytes that a legacy encoding has: each half backwards."""


def page(subject, *query):
    status, document = subject.channels("GET", "", *query)
    assert status == 200, document
    return document


@pytest.fixture
def five(project):
    shuffled = [IDS[index] for index in (3, 0, 4, 2, 1)]
    return project(channels=[{"id": id, "key": f"k{IDS.index(id)}"} for id in shuffled])


def test_the_order_of_ids_is_not_the_order_of_their_text():
    assert sorted(IDS, key=place) == IDS != sorted(IDS)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (["id asc"], [0, 1, 2, 3, 4]),
        (["id"], [0, 1, 2, 3, 4]),
        (["id desc"], [4, 3, 2, 1, 0]),
        (["key desc"], [4, 3, 2, 1, 0]),
        (["version asc", "id desc"], [4, 3, 2, 1, 0]),
        (["createdAt desc", "key asc"], [0, 1, 2, 3, 4]),
    ],
)
def test_sorts(five, sort, expected):
    assert five.keys(None, *(("sort", each) for each in sort)) == [f"k{number}" for number in expected]


def test_sorts_by_what_lies_within_and_puts_what_is_missing_first(project):
    names = ({"en": "b"}, None, {"en": "a"})
    subject = project(channels=[{"key": str(n), **({"name": name} if name else {})} for n, name in enumerate(names)])
    assert subject.keys(None, ("sort", "name.en asc")) == ["1", "2", "0"]
    assert subject.keys(None, ("sort", "name.en desc")) == ["0", "2", "1"]


@pytest.mark.parametrize(
    "sort", ["colour", "key up", "", "key asc desc", "roles", "address", "name", "geoLocation desc"]
)
def test_what_cannot_be_sorted_by_is_refused(five, sort):
    status, document = five.channels("GET", "", ("sort", sort))
    assert (status, document["errors"][0]["code"]) == (400, "InvalidInput")


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_the_cursor_by_id_meets_every_channel_once(five, limit):
    seen, where = [], []
    while True:
        query = [("sort", "id asc"), ("limit", str(limit)), ("withTotal", "false"), *where]
        results = page(five, *query)["results"]
        seen += [channel["id"] for channel in results]
        if len(results) < limit:
            break
        where = [("where", f'id > "{results[-1]["id"]}"')]
    assert seen == IDS


@pytest.mark.parametrize(("sign", "expected"), [(">", [3, 4]), (">=", [2, 3, 4]), ("<", [0, 1]), ("<=", [0, 1, 2])])
@pytest.mark.parametrize("sort", [[("sort", "id asc")], [("sort", "id desc")], [("sort", "key asc")]])
def test_comparing_ids_follows_the_same_order(five, sign, expected, sort):
    found = five.keys(f'id {sign} "{IDS[2]}"', *sort)
    assert sorted(found) == [f"k{number}" for number in expected]


def test_the_cursor_goes_together_with_other_predicates(five):
    where = ("where", f'id > "{IDS[0]}" and key != "k2"')
    assert five.keys(None, where, ("sort", "id asc"), ("where", "version = 1")) == ["k1", "k3", "k4"]
    assert five.keys(f'not (id > "{IDS[1]}")', ("sort", "id asc")) == ["k0", "k1"]
    assert five.keys(f'id > "{IDS[3]}" or key = "k0"', ("sort", "id asc")) == ["k0", "k4"]


def test_keys_are_looked_up_in_any_order(five):
    assert five.keys('key in ("k4", "k0", "x")', ("sort", "id desc")) == ["k4", "k0"]
    assert five.keys('key in ("k4", "k0")', ("sort", "id asc")) == ["k0", "k4"]
    assert five.keys('key = "k4"', ("where", 'key = "k0"')) == []


def test_a_page_has_20_and_says_what_there_is(project):
    subject = project(channels=seed_channels(21))
    document = page(subject)
    assert (document["limit"], document["offset"], document["count"], document["total"]) == (20, 0, 20, 21)
    document = page(subject, ("limit", "3"), ("offset", "19"))
    assert (document["limit"], document["offset"], document["count"], document["total"]) == (3, 19, 2, 21)
    assert page(subject, ("offset", "10000"))["results"] == []
    assert page(subject, ("limit", "500"))["count"] == 21
    assert page(subject, ("limit", "0"))["results"] == []


@pytest.mark.parametrize("total", [None, "true", "false"])
def test_the_total_can_be_left_out(five, total):
    document = page(five, *([] if total is None else [("withTotal", total)]))
    assert ("total" in document) == (total != "false")
    assert document["count"] == 5


@pytest.mark.parametrize(
    ("name", "value", "range"),
    [
        ("limit", "501", "[0..500]"),
        ("limit", "-1", "[0..500]"),
        ("limit", "x", "[0..500]"),
        ("limit", "", "[0..500]"),
        ("limit", "1.5", "[0..500]"),
        ("offset", "10001", "[0..10000]"),
        ("offset", "-1", "[0..10000]"),
        ("withTotal", "yes", ""),
    ],
)
def test_what_is_out_of_range_is_refused_with_the_range(five, name, value, range):
    status, document = five.channels("GET", "", (name, value))
    assert (status, document["errors"][0]["code"]) == (400, "InvalidInput")
    assert name in document["message"]
    assert range in document["message"]


def test_a_limit_of_zero_may_be_refused(project):
    status, document = project(limit_least=1).channels("GET", "", ("limit", "0"))
    assert (status, "[1..500]" in document["message"]) == (400, True)


def test_the_total_has_a_limit_where_there_is_a_predicate(project):
    subject = project(channels=seed_channels(5), total_most=3)
    assert page(subject)["total"] == 5
    assert page(subject, ("where", "version = 1"))["total"] == 3
    assert page(subject, ("where", "version = 1"))["count"] == 5


def test_seeds_are_the_same_for_the_same_seed_and_are_taken(project):
    assert seed_channels(50) == seed_channels(50) != seed_channels(50, seed=1)
    assert len({draft["key"] for draft in seed_channels(50)}) == 50
    subject = project()
    for draft in seed_channels(20):
        subject.create(**draft)
    assert len(subject.state()["channels"]) == 20


def test_examples_are_rows_with_dotted_columns():
    row = examples("channels", 9)[8]
    assert row["roles"].split(";")
    assert {"key", "name.en", "address.country", "geoLocation.longitude", "custom.type.key"} <= set(row)
    assert row["custom.fields.openingTimes.en"] == "Mon-Sat 9 am to 8 pm"
    assert all(list(each) == list(row) for each in examples("channels", 9))
    assert {"channel-details", "address-details"} <= {type["key"] for type in seed_types()}

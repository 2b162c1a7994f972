"""Channels found by what names them, and listed page by page."""

import json
import uuid
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from bulk.connectors.commercetools.flows.batches import batches
from bulk.connectors.commercetools.flows.listing import channel_filter, walk_channels
from bulk.connectors.commercetools.flows.lookups import complete, find_channels, get_channel
from bulk.connectors.commercetools.flows.types import Types
from bulk.contracts import Page, Query
from bulk.errors import RefusedError, UnauthorizedError, UnclearError, UsageError

TYPED = {"type": {"typeId": "type", "id": "t-1"}, "fields": {}}
TYPE = {"id": "t-1", "key": "details", "fieldDefinitions": [{"name": "code", "type": {"name": "String"}}]}
FORBIDDEN = UnauthorizedError("no right", code="insufficient_scope", status=403)


def page(*records, limit=500):
    return {"limit": limit, "count": len(records), "results": list(records)}


def ids(count):
    return [str(uuid.UUID(int=number * 7919 % 65_537 << 64)) for number in range(1, count + 1)]


def test_many_channels_are_found_by_few_questions(play, answer):
    keys = [f"k-{number}" for number in range(600)]
    records = [{"key": key, "id": key} for key in keys[::2]]
    pages = [answer(page(*records[start : start + 125])) for start in (0, 125, 250)]
    requests, found = play(find_channels(Types(), "key", keys), *pages)
    assert [one.query[0] for one in requests] == [("where", "key in :keys")] * 3
    assert [dict(one.query)["limit"] for one in requests] == ["250", "250", "100"]
    assert {("withTotal", "false")} <= set(requests[0].query)
    assert list(found) == keys[::2]


def test_no_address_is_longer_than_a_gateway_takes(play, answer):
    keys = [f"Straße & Söhne {number} {'ü' * 100}" for number in range(60)]
    requests, _ = play(find_channels(Types(), "key", keys), *[answer(page())] * len(list(batches(keys))))
    assert len(requests) > 4
    for request in requests:
        assert len(f"/project/channels?{urlencode(request.query)}") < 8_000


def test_a_question_that_is_too_long_all_the_same_is_halved(play, answer):
    long = RefusedError("too long", code="http_414", status=414)
    heavy = RefusedError("too complex", code="QueryComplexityLimitExceeded", status=400)
    one, two, three = ({"key": key, "id": key} for key in "abc")
    _, found = play(find_channels(Types(), "key", "abc"), long, answer(page(one)), heavy, answer(page(two)), answer(page(three)))  # fmt: skip
    assert set(found) == set("abc")
    with pytest.raises(RefusedError):
        play(find_channels(Types(), "key", "a"), long)
    with pytest.raises(RefusedError):
        play(find_channels(Types(), "key", "ab"), RefusedError("bad", code="InvalidInput", status=400))


def test_ids_are_found_too_and_what_is_none_is_not_asked_for(play, answer):
    known = str(uuid.uuid4())
    (request,), found = play(
        find_channels(Types(), "id", [known, "987654321", "x"]), answer(page({"key": "k", "id": known}))
    )
    assert request.query[:2] == (("where", "id in :ids"), ("var.ids", known))
    assert list(found) == [known]
    assert play(find_channels(Types(), "id", ["7"])) == ([], {})
    assert play(get_channel(Types(), "id", "7")) == ([], None)


def test_one_channel_is_got_with_the_key_of_its_type(play, answer):
    record = {"key": "k", "id": "c", "version": 1, "custom": TYPED, "address": {"country": "DE", "custom": TYPED}}
    requests, found = play(get_channel(Types(), "key", " k "), answer(record), answer({"results": [TYPE]}))
    assert [one.path for one in requests] == ["/channels/key=k", "/types"]
    named = {"typeId": "type", "id": "t-1", "key": "details"}
    assert (found["custom"]["type"], found["address"]["custom"]["type"]) == (named, named)


def test_a_type_is_asked_for_once_in_a_run(play, answer):
    types = Types()
    records = [{"key": key, "id": key, "custom": TYPED} for key in "ab"]
    requests, _ = play(find_channels(types, "key", "ab"), answer(page(*records)), answer({"results": [TYPE]}))
    assert len(requests) == 2
    requests, found = play(find_channels(types, "key", "ab"), answer(page(*records)))
    assert len(requests) == 1
    assert found["a"]["custom"]["type"]["key"] == "details"
    assert play(types.learn(ids=["t-1"], keys=["details"])) == ([], None)


def test_without_the_right_to_view_types_ids_stay_ids_and_nobody_asks_again(play, answer):
    types = Types()
    record = {"key": "a", "id": "a", "custom": TYPED}
    _, found = play(find_channels(types, "key", "a"), answer(page(record)), FORBIDDEN)
    assert found == {"a": record}
    assert not types.readable
    assert len(play(find_channels(types, "key", "a"), answer(page(record)))[0]) == 1
    with pytest.raises(UnauthorizedError):
        play(Types().learn(keys=["k"]), UnauthorizedError("who?", code="unauthorized", status=401))


def test_a_type_that_is_not_there_is_not_asked_for_again(play, answer):
    types = Types()
    play(types.learn(keys=["gone"]), answer({"results": []}))
    assert play(types.learn(keys=["gone"])) == ([], None)
    play(types.learn(ids=["odd"]), RefusedError("no id", code="InvalidInput", status=400))
    assert types.of({"id": "odd"}) is None


def walk(*answers, query=None, resume=None, play):
    return play(walk_channels(Types(), query or Query(), resume), *answers)


def test_pages_follow_each_other_by_the_last_id_received_whatever_its_order(play, answer):
    names = ids(501)
    assert names != sorted(names)
    first, second = [{"id": one, "key": one} for one in names[:500]], [{"id": names[500]}]
    requests, pages = walk(answer(page(*first)), answer(page(*second)), play=play)
    assert requests[0].query == (("sort", "id asc"), ("limit", "500"), ("withTotal", "false"))
    assert requests[1].query[:3] == (("where", "id > :last"), ("sort", "id asc"), ("var.last", names[499]))
    assert [len(one.records) for one in pages] == [500, 1]
    again, rest = walk(answer(page(*second)), resume=pages[0].resume, play=play)
    assert again[0].query == requests[1].query
    assert rest == pages[1:]
    assert walk(resume=pages[1].resume, play=play) == ([], None)


def test_a_page_is_full_at_the_limit_that_the_server_says(play, answer):
    first = page({"id": "a"}, {"id": "b"}, limit=2)
    requests, pages = walk(answer(first), answer(page(limit=2)), play=play)
    assert len(requests) == 2
    assert [len(one.records) for one in pages] == [2, 0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["a", "a"], None),
        (["a", "b"], ["c", "a"]),
        (["a", "b"], ["b", "c"]),
    ],
)
def test_a_channel_that_comes_twice_is_an_error(first, second, play, answer):
    pages = [answer(page(*({"id": one} for one in some), limit=2)) for some in (first, second) if some]
    with pytest.raises(UnclearError, match="same channel twice"):
        walk(*pages, play=play)
    with pytest.raises(UnclearError, match="without an id"):
        walk(answer(page({"key": "k"})), play=play)


def test_a_cursor_that_does_not_move_is_an_error(play, answer):
    resume = json.dumps({"last": "a", "until": None, "more": True})
    with pytest.raises(UnclearError, match="twice"):
        walk(answer(page({"id": "a"})), resume=resume, play=play)


def test_changes_since_a_time_have_both_bounds_fixed(play, answer):
    query = Query(since=datetime(2026, 1, 2, tzinfo=UTC), where=(channel_filter(' address(country="DE") '),))
    clock = answer(page(), Date="Sat, 03 Jan 2026 04:05:06 GMT")
    first = answer(page({"id": "a"}, limit=1))
    requests, pages = walk(clock, first, answer(page(limit=1)), query=query, play=play)
    assert requests[0].query == (("limit", "1"), ("withTotal", "false"))
    for request in requests[1:]:
        assert request.query[:3] == (
            ("where", 'address(country="DE")'),
            ("where", "lastModifiedAt >= :from"),
            ("where", "lastModifiedAt <= :to"),
        )
        assert {
            ("var.from", "2026-01-02T00:00:00.000Z"), ("var.to", "2026-01-03T04:05:06.999Z"),
        } <= set(request.query)  # fmt: skip
    resumed, _ = walk(answer(page()), query=query, resume=pages[0].resume, play=play)
    assert resumed[0].query == requests[2].query


def test_a_server_that_does_not_show_its_clock_sets_no_upper_bound(play, answer):
    requests, _ = walk(answer(page()), answer(page()), query=Query(since=datetime(2026, 1, 2, tzinfo=UTC)), play=play)
    assert "var.to" not in dict(requests[1].query)


def test_types_of_a_page_are_named(play, answer):
    _, (one,) = walk(answer(page({"id": "a", "custom": TYPED})), answer({"results": [TYPE]}), play=play)
    assert isinstance(one, Page)
    assert one.records[0]["custom"]["type"]["key"] == "details"


def test_a_predicate_goes_as_it_is():
    assert channel_filter(' key="a=b" and roles contains any ("Primary") ') == (
        "where", 'key="a=b" and roles contains any ("Primary")',
    )  # fmt: skip
    with pytest.raises(UsageError, match="empty"):
        channel_filter(" ")


def test_what_many_rows_need_to_know_is_asked_for_once(play, answer, record):
    types = Types()
    rows = [
        record({"key": "a", "custom": {"type": {"key": "details"}, "fields": {"code": 1}}}, current={}),
        record({"key": "b", "custom": {"type": {"key": "other"}, "fields": {"code": 1}}}, current={}),
        record({"key": "c", "custom": {"fields": {"code": 1}}}, current={"id": "c", "custom": TYPED}),
        record({"key": "d"}, current={}),
    ]
    requests, read = play(complete(types, rows), answer(page(TYPE)), answer(page()))
    assert read == rows
    assert [one.path for one in requests] == ["/types", "/types"]
    assert [dict(one.query)["where"] for one in requests] == ["id in :ids", "key in :keys"]
    assert play(complete(types, rows))[0] == []


def test_what_was_renamed_before_is_read_under_its_new_key_in_one_question(play, answer, record):
    there = {"key": "a2", "id": "1", "version": 1}
    rows = [
        record({"key": "a", "new_key": "a2"}, current={}),
        record({"key": "b", "new_key": "b2"}, current={}),
        record({"key": "c", "new_key": "c2"}, current={"id": "c"}),
    ]
    (request,), read = play(complete(Types(), rows), answer(page(there)))
    assert [value for name, value in request.query if name == "var.keys"] == ["a2", "b2"]
    assert [one.current for one in read] == [there, {}, {"id": "c"}]

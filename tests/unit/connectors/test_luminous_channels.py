"""The conversation about one channel, stepped without a network."""

import json

import pytest

from bulk.connectors.luminous.flows.answers import explain
from bulk.connectors.luminous.flows.channels import ATTEMPTS, upsert_channel
from bulk.errors import FatalError, RefusedError, RetryableError, UnauthorizedError, UnclearError, UnreachableError

NEW = {"channelType": "sales_channel", "label": "East", "warehouseGroupId": 3}
FORBIDDEN = UnauthorizedError("no", code="forbidden", status=403)
TAKEN = RefusedError("The label has already been taken.", code="invalid", status=422)


@pytest.fixture
def listing(answer):
    def make(*channels):
        return answer({"data": list(channels), "meta": {"last_page": 1}})

    return make


def lost():
    return UnreachableError("no answer", code="read_timeout", maybe_applied=True)


def methods(requests):
    return [request.method for request in requests]


def test_an_update_is_a_put_of_the_filled_fields_without_the_id(record, play, answer):
    flow = upsert_channel(record({"id": 7, "description": None, "isDropship": True}, key="7", current={"id": 7}))
    (request,), outcome = play(flow, answer({"data": {"id": 7, "label": "East"}}))
    assert (request.method, request.path, request.repeatable) == ("PUT", "/channels/7", True)
    assert json.loads(request.body) == {"description": None, "isDropship": True}
    assert (outcome.outcome, outcome.remote_id, outcome.http_status) == ("updated", "7", 200)


def test_a_channel_known_to_be_locked_costs_no_request(record, play):
    with pytest.raises(RefusedError, match="channel 7 is locked") as refused:
        play(upsert_channel(record({"id": 7, "label": "x"}, current={"id": 7, "apiLocked": True})))
    assert refused.value.code == "locked"
    assert "web app" in refused.value.message


def test_a_403_that_speaks_of_a_lock_is_about_this_channel_alone(record, play):
    told = RefusedError("This channel is locked.", code="locked", status=403, body="{}")
    with pytest.raises(RefusedError) as refused:
        play(upsert_channel(record({"id": 7, "label": "x"})), told)
    assert (refused.value.code, refused.value.status, refused.value.body) == ("locked", 403, "{}")


def test_a_403_that_says_nothing_is_looked_into(record, play, answer):
    with pytest.raises(RefusedError) as refused:
        play(upsert_channel(record({"id": 7, "label": "x"})), FORBIDDEN, answer({"data": {"id": 7, "apiLocked": True}}))
    assert refused.value.code == "locked"


@pytest.mark.parametrize(
    "read",
    [{"data": {"id": 7, "apiLocked": False}}, {"data": {"id": 7}}, RefusedError("x", code="x", status=404), FORBIDDEN],
)
def test_a_403_of_a_channel_that_is_not_locked_is_about_the_credentials(read, record, play, answer):
    with pytest.raises(UnauthorizedError):
        play(
            upsert_channel(record({"id": 7, "label": "x"})),
            FORBIDDEN,
            read if isinstance(read, Exception) else answer(read),
        )


def test_a_401_is_never_taken_for_a_lock(record, play):
    with pytest.raises(UnauthorizedError):
        play(upsert_channel(record({"id": 7, "label": "x"})), UnauthorizedError("no", code="unauthorized", status=401))


def test_an_unknown_id_is_told_with_what_to_do(record, play):
    answer = RefusedError("Not Found.", code="not_found", status=404)
    for current, answers in ((None, [answer]), ({}, [])):
        flow = upsert_channel(record({"id": 7, "label": "x"}, current=current))
        with pytest.raises(RefusedError, match="no channel with the id 7") as refused:
            play(flow, *answers)
        assert refused.value.code == "not_found"
        assert "blank" in refused.value.message


def test_other_refusals_of_an_update_are_left_as_they_are(record, play):
    with pytest.raises(RefusedError) as refused:
        play(upsert_channel(record({"id": 7, "label": "x"})), TAKEN)
    assert refused.value is TAKEN


def test_a_row_without_an_id_is_a_post_that_must_not_be_repeated_blindly(record, play, answer):
    (request,), outcome = play(
        upsert_channel(record(NEW, key="East", current={})), answer({"data": {"id": 8}}, status=201)
    )
    assert (request.method, request.path, request.repeatable) == ("POST", "/channels", False)
    assert json.loads(request.body) == NEW
    assert (outcome.outcome, outcome.remote_id, outcome.http_status) == ("created", "8", 201)


def test_where_nothing_was_read_the_label_is_looked_up_first(record, play, answer, listing):
    requests, _ = play(upsert_channel(record(NEW)), listing({"id": 1, "label": "West"}), answer({"data": {"id": 8}}))
    assert methods(requests) == ["GET", "POST"]
    with pytest.raises(RefusedError) as refused:
        play(upsert_channel(record(NEW)), listing({"id": 1, "label": " EAST "}))
    assert refused.value.code == "label_taken"


def test_a_label_that_is_taken_is_refused_with_the_id_that_has_it(record, play):
    with pytest.raises(RefusedError, match="channel 4 has this label") as refused:
        play(upsert_channel(record(NEW, current={"id": 4, "label": "east"})))
    assert "fill the id with 4" in refused.value.message


def test_a_label_that_an_earlier_attempt_created_is_ours(record, play):
    there = {**NEW, "id": 4, "label": "East "}
    requests, outcome = play(upsert_channel(record(NEW, current=there, repeated=True)))
    assert (requests, outcome.outcome, outcome.remote_id) == ([], "created", "4")


def test_one_that_is_otherwise_than_the_row_is_not_ours(record, play):
    for other in ({"channelType": "end_to_end_channel"}, {"warehouseGroupId": 9}):
        with pytest.raises(RefusedError) as refused:
            play(upsert_channel(record(NEW, current={**NEW, "id": 4, **other}, repeated=True)))
        assert refused.value.code == "label_taken"


def test_where_channels_cannot_be_read_a_first_attempt_is_made_and_a_second_is_not(record, play, answer):
    unreadable = RefusedError("no", code="x", status=405)
    assert play(upsert_channel(record(NEW)), unreadable, answer({"data": {"id": 8}}))[1].remote_id == "8"
    with pytest.raises(UnclearError) as unclear:
        play(upsert_channel(record(NEW, repeated=True)), unreadable)
    assert unclear.value.code == "unread"


def test_where_channels_can_be_neither_written_nor_read_no_row_is_to_blame(record, play):
    with pytest.raises(FatalError, match="not to be at this address"):
        play(upsert_channel(record(NEW)), *[RefusedError("no route", code="not_found", status=404)] * 2)


@pytest.mark.parametrize("trouble", [lost(), UnclearError("big", code="oversized"), b"<html>"])
def test_a_create_whose_answer_was_lost_is_found_by_its_label_and_not_repeated(trouble, record, play, answer, listing):
    trouble = trouble if isinstance(trouble, Exception) else answer(trouble)
    requests, outcome = play(upsert_channel(record(NEW, current={})), trouble, listing({"id": 8, "label": "East"}))
    assert methods(requests) == ["POST", "GET"]
    assert (outcome.outcome, outcome.remote_id) == ("created", "8")
    assert "found by its label" in outcome.message


def test_a_create_that_was_lost_on_the_way_is_sent_once_more(record, play, answer, listing):
    flow = upsert_channel(record(NEW, current={}))
    requests, outcome = play(flow, lost(), listing(), answer({"data": {"id": 8}}, status=201))
    assert (methods(requests), outcome.remote_id) == (["POST", "GET", "POST"], "8")


@pytest.mark.parametrize("second", [lost(), TAKEN])
def test_if_the_second_attempt_is_unclear_too_the_label_decides_once_more(second, record, play, listing):
    flow = upsert_channel(record(NEW, current={}))
    requests, outcome = play(flow, lost(), listing(), second, listing({"id": 8, "label": "East"}))
    assert (methods(requests), outcome.outcome) == (["POST", "GET", "POST", "GET"], "created")
    with pytest.raises(type(second)):
        play(upsert_channel(record(NEW, current={})), *[lost(), listing()] * (ATTEMPTS - 1), second, listing())


def test_where_the_look_up_fails_nobody_can_tell_and_nothing_is_repeated(record, play):
    flow = upsert_channel(record(NEW, current={}))
    with pytest.raises(UnreachableError):
        play(flow, lost(), RefusedError("no", code="x", status=422))


def test_a_create_that_surely_did_not_arrive_is_not_looked_up(record, play):
    with pytest.raises(RetryableError):
        play(upsert_channel(record(NEW, current={})), UnreachableError("no", code="connect", maybe_applied=False))


def test_a_create_that_is_refused_is_the_row_s_failure(record, play):
    with pytest.raises(RefusedError) as refused:
        play(upsert_channel(record(NEW, current={})), TAKEN)
    assert refused.value is TAKEN


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (403, "This channel is locked for API writes.", "locked"),
        (403, "Channel has apiLocked set", "locked"),
        (403, "The API lock of this channel is on", "locked"),
        (403, "Your account is locked.", None),
        (403, "This action is unauthorized.", None),
        (403, "Channels are blocked for you.", None),
        (422, "This channel is locked.", None),
    ],
)
def test_a_lock_is_told_from_a_missing_right(status, message, code, answer):
    assert explain(answer({"message": message}, status=status)).code == code

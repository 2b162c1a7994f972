"""The conversation in which one channel is deleted."""

import json

import pytest

from bulk.connectors.commercetools.flows.deletions import delete_channel
from bulk.connectors.commercetools.flows.types import Types
from bulk.errors import RefusedError, RetryableError
from bulk.model import Record, Status

CURRENT = {"id": "c-1", "version": 4, "key": "k"}
GONE = RefusedError("gone", code="not_found", status=404)
STALE = RefusedError("stale", code="conflict", status=409)


def lost(error=None):
    error = error or RetryableError("late", code="read_timeout")
    error.maybe_applied = True
    return error


def flow(document=None, **more):
    document = document or {"key": "k"}
    return delete_channel(
        Types(), Record(row=2, key="k", by="key", payload=json.dumps(document), digest=b"", **more)
    )  # fmt: skip


def told(requests):
    return [(one.method, one.path, dict(one.query).get("version")) for one in requests]


def test_the_version_is_fetched(play, answer):
    requests, outcome = play(flow(), answer(CURRENT), answer(CURRENT))
    assert told(requests) == [("GET", "/channels/key=k", None), ("DELETE", "/channels/c-1", "4")]
    assert (outcome.outcome, outcome.remote_id, outcome.http_status) == ("deleted", "c-1", 200)


def test_or_comes_from_a_cell_and_must_then_hold(play, answer):
    requests, _ = play(flow({"key": "k", "version": 3}), answer(CURRENT), answer(CURRENT))
    assert told(requests)[1][2] == "3"
    with pytest.raises(RefusedError, match="stale"):
        play(flow({"key": "k", "version": 3}), answer(CURRENT), STALE)


def test_a_channel_that_changed_meanwhile_is_read_again_three_times(play, answer):
    newer = {**CURRENT, "version": 7}
    requests, _ = play(flow(), answer(CURRENT), STALE, answer(newer), answer(newer))
    assert told(requests)[-1] == ("DELETE", "/channels/c-1", "7")
    with pytest.raises(RefusedError) as failed:
        play(flow(), *[answer(CURRENT), STALE] * 4)
    assert failed.value.code == "conflict"


def test_what_is_not_there_is_unchanged(play):
    _, outcome = play(flow(), GONE)
    assert (outcome.status, outcome.message) == (Status.UNCHANGED, "it is not there")


def test_what_somebody_else_deleted_meanwhile_is_unchanged(play, answer):
    _, outcome = play(flow(), answer(CURRENT), GONE, GONE)
    assert outcome.status is Status.UNCHANGED


def test_a_404_after_an_unclear_answer_is_done(play, answer):
    repeated = lost(RefusedError("gone", code="not_found", status=404))
    _, outcome = play(flow(), answer(CURRENT), repeated)
    assert (outcome.status, outcome.outcome) == (Status.SUCCEEDED, "deleted")
    _, outcome = play(flow(), answer(CURRENT), lost(), GONE)
    assert (outcome.outcome, outcome.message) == ("deleted", "the answer was lost; the channel is not there any more")


def test_what_is_gone_after_a_kill_is_done_and_it_is_not_claimed_that_this_run_deleted_it(play, answer):
    perhaps = ("deleted", "it is not there; an earlier start of this run may have deleted it")
    _, outcome = play(flow(repeated=True), GONE)
    assert (outcome.outcome, outcome.message) == perhaps
    _, outcome = play(flow(repeated=True), answer(CURRENT), GONE)
    assert (outcome.outcome, outcome.message) == perhaps


def test_an_unclear_answer_is_looked_into_before_the_deletion_is_repeated(play, answer):
    requests, _ = play(flow(), answer(CURRENT), lost(), answer(CURRENT), answer(CURRENT))
    assert [one.method for one in requests] == ["GET", "DELETE", "GET", "DELETE"]


def test_a_reference_is_reported(play, answer):
    held = RefusedError("Can not delete", code="ReferenceExists", status=400)
    with pytest.raises(RefusedError) as failed:
        play(flow(), answer(CURRENT), held)
    assert failed.value.code == "ReferenceExists"

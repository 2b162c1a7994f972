"""The conversation about one channel, whatever becomes of its answers."""

import json

import pytest

from bulk.connectors.commercetools.flows.types import Type, Types
from bulk.connectors.commercetools.flows.upserts import upsert_channel
from bulk.errors import RefusedError, RetryableError, UnclearError
from bulk.model import Record, Status

ID = "0f2b0d5e-0000-4000-8000-000000000001"
CURRENT = {"id": ID, "version": 4, "key": "k", "roles": ["Primary"], "name": {"en": "Old"}}
DOCUMENT = {"key": "k", "name": {"en": "New"}}
NEW = {**CURRENT, "version": 5, "name": {"en": "New"}}


def row(document=DOCUMENT, current=None, by="key", **more):
    return Record(
        row=2, key=document[by], by=by, payload=json.dumps(document), digest=b"", current=current, **more
    )  # fmt: skip


def flow(document=DOCUMENT, current=CURRENT, types=None, **more):
    how = {name: more.pop(name) for name in ("mode", "roles") if name in more}
    return upsert_channel(types or Types(), row(document, current, **more), **how)


def refused(status, code, *, field=None, maybe_applied=False):
    error = RefusedError(code, code=code, status=status, faults=[(field, code)] if field else [])
    error.maybe_applied = maybe_applied
    return error


CONFLICT = refused(409, "conflict")
TAKEN = refused(400, "DuplicateField", field="key")
LOST = [
    RetryableError("reset", code="disconnected"),
    RetryableError("late", code="read_timeout"),
    *(RetryableError("down", code=f"http_{status}", status=status) for status in (500, 502, 503, 504)),
    UnclearError("no channel", code="unreadable_answer", status=200),
]


def told(requests):
    return [(one.method, one.path) for one in requests]


def body(request):
    return json.loads(request.body)


def test_nothing_to_do_is_unchanged_without_a_request(play):
    requests, outcome = play(flow(current={**CURRENT, "name": {"en": "New"}}))
    assert (requests, outcome.status, outcome.remote_id) == ([], Status.UNCHANGED, ID)


def test_what_is_there_is_updated_in_the_version_that_was_read(play, answer):
    (request,), outcome = play(flow(), answer(NEW))
    assert request.path == f"/channels/{ID}"
    assert body(request) == {"version": 4, "actions": [{"action": "changeName", "name": {"en": "New"}}]}
    assert (outcome.outcome, outcome.http_status, outcome.remote_id) == ("updated", 200, ID)
    assert outcome.message == "changeName (version 4 to 5)"


def test_what_is_not_there_is_created_from_the_whole_row(play, answer):
    whole = {
        "key": "k",
        "roles": ["Primary"],
        "name": {"en": "New", "de": None},
        "description": {"en": None},
        "address": {"country": "DE", "city": None, "custom": None},
        "geoLocation": {"type": "Point", "longitude": 1, "latitude": 2.5},
        "custom": {"type": {"typeId": "type", "key": "t"}, "fields": {"a1": 1, "b1": None}},
    }
    types = Types(by_key={"t": None})
    (request,), outcome = play(flow(current={}, types=types, whole=json.dumps(whole)), answer(NEW, 201))
    assert (request.path, request.repeatable) == ("/channels", False)
    assert body(request) == {
        "key": "k",
        "roles": ["Primary"],
        "name": {"en": "New"},
        "address": {"country": "DE"},
        "geoLocation": {"type": "Point", "coordinates": [1, 2.5]},
        "custom": {"type": {"typeId": "type", "key": "t"}, "fields": {"a1": 1}},
    }
    assert (outcome.outcome, outcome.http_status) == ("created", 201)


def test_a_channel_that_was_not_read_beforehand_is_read_first(play, answer):
    requests, outcome = play(flow(current=None), answer(CURRENT), answer(NEW))
    assert told(requests) == [("GET", "/channels/key=k"), ("POST", f"/channels/{ID}")]
    assert outcome.outcome == "updated"


def test_a_conflict_is_read_again_and_compared_again(play, answer):
    theirs = {**CURRENT, "version": 9, "description": {"en": "Theirs"}}
    requests, outcome = play(flow(), CONFLICT, answer(theirs), answer({**NEW, "version": 12}))
    assert told(requests)[1] == ("GET", "/channels/key=k")
    assert [body(one)["version"] for one in requests if one.method == "POST"] == [4, 9]
    assert outcome.message == "changeName (version 9 to 12)"


def test_a_conflict_with_somebody_who_did_the_same_is_unchanged(play, answer):
    requests, outcome = play(flow(), CONFLICT, answer(NEW))
    assert (len(requests), outcome.status, outcome.outcome) == (2, Status.UNCHANGED, None)


def test_after_three_readings_a_conflict_is_a_failure(play, answer):
    steps = [step for version in (5, 6, 7) for step in (CONFLICT, answer({**CURRENT, "version": version}))]
    with pytest.raises(RefusedError) as failed:
        play(flow(), *steps, CONFLICT)
    assert failed.value.code == "conflict"


@pytest.mark.parametrize("lost", LOST, ids=lambda error: f"{error.code}")
def test_an_update_of_unclear_outcome_is_read_before_anything_is_repeated(lost, play, answer):
    requests, outcome = play(flow(), lost, answer(NEW))
    assert told(requests) == [("POST", f"/channels/{ID}"), ("GET", "/channels/key=k")]
    assert (outcome.status, outcome.outcome) == (Status.SUCCEEDED, "updated")
    requests, outcome = play(flow(), lost, answer(CURRENT), answer(NEW))
    assert (len(requests), outcome.outcome) == (3, "updated")


def test_a_conflict_after_an_attempt_that_may_have_been_carried_out_is_our_own_update(play, answer):
    conflict = refused(409, "conflict", maybe_applied=True)
    _, outcome = play(flow(), conflict, answer(NEW))
    assert (outcome.status, outcome.outcome) == (Status.SUCCEEDED, "updated")
    assert "answer was lost" in outcome.message


@pytest.mark.parametrize("lost", LOST, ids=lambda error: f"{error.code}")
def test_a_creation_of_unclear_outcome_is_looked_for_before_it_is_sent_again(lost, play, answer):
    requests, outcome = play(flow(current={}), lost, answer({**NEW, "version": 1}))
    assert told(requests) == [("POST", "/channels"), ("GET", "/channels/key=k")]
    assert (outcome.status, outcome.outcome, outcome.remote_id) == (Status.SUCCEEDED, "created", ID)
    requests, outcome = play(flow(current={}), lost, refused(404, "not_found"), answer(NEW, 201))
    assert told(requests)[-1] == ("POST", "/channels")
    assert outcome.outcome == "created"


def test_a_creation_that_never_arrived_is_not_looked_for(play):
    never = RetryableError("no connection", code="connect", maybe_applied=False)
    with pytest.raises(RetryableError):
        play(flow(current={}), never)


def test_a_creation_is_given_up_after_five_readings(play):
    lost, missing = LOST[0], refused(404, "not_found")
    with pytest.raises(RetryableError):
        play(flow(current={}), *[lost, missing] * 5, lost)


def test_a_creation_that_meets_a_taken_key_becomes_an_update(play, answer):
    requests, outcome = play(flow(current={}), TAKEN, answer(CURRENT), answer(NEW))
    assert told(requests) == [("POST", "/channels"), ("GET", "/channels/key=k"), ("POST", f"/channels/{ID}")]
    assert outcome.outcome == "updated"
    with pytest.raises(RefusedError, match="DuplicateField"):
        play(flow(current={}), TAKEN, refused(404, "not_found"))


def test_a_channel_that_vanished_under_way_is_created_anew(play, answer):
    document = {"key": "k", "name": {"en": "New"}, "roles": ["Primary"]}
    requests, outcome = play(
        flow(whole=json.dumps(document)), refused(404, "not_found"), refused(404, "not_found"), answer(NEW, 201)
    )
    assert body(requests[-1]) == document
    assert outcome.outcome == "created"


def test_an_action_that_is_refused_may_have_been_done_meanwhile(play, answer):
    invalid = refused(400, "InvalidOperation")
    _, outcome = play(flow(), invalid, answer(NEW))
    assert outcome.status is Status.UNCHANGED
    with pytest.raises(RefusedError, match="InvalidOperation"):
        play(flow(), invalid, answer(CURRENT))


def test_any_other_refusal_is_final(play):
    with pytest.raises(RefusedError, match="InvalidField"):
        play(flow(), refused(400, "InvalidField"))
    with pytest.raises(RefusedError, match="InvalidField"):
        play(flow(current={}), refused(400, "InvalidField"))


RENAME = {"key": "k", "new_key": "n"}


def test_a_new_key_renames(play, answer):
    (request,), outcome = play(flow(RENAME), answer({**CURRENT, "key": "n", "version": 5}))
    assert body(request)["actions"] == [{"action": "changeKey", "key": "n"}]
    assert outcome.outcome == "updated"


def test_what_was_renamed_already_is_unchanged(play, answer):
    requests, outcome = play(flow(RENAME, current={}), answer({**CURRENT, "key": "n"}))
    assert told(requests) == [("GET", "/channels/key=n")]
    assert outcome.status is Status.UNCHANGED


def test_a_renaming_whose_answer_was_lost_is_found_under_the_new_key(play, answer):
    requests, outcome = play(
        flow(RENAME), LOST[0], refused(404, "not_found"), answer({**CURRENT, "key": "n", "version": 5})
    )
    assert told(requests)[1:] == [("GET", "/channels/key=k"), ("GET", "/channels/key=n")]
    assert outcome.outcome == "updated"


def test_what_is_to_be_renamed_must_be_there(play):
    with pytest.raises(RefusedError, match="to be renamed") as absent:
        play(flow(RENAME, current={}), refused(404, "not_found"))
    assert absent.value.code == "not_found"


def test_a_new_key_that_is_taken_is_the_fault_of_its_column(play):
    with pytest.raises(RefusedError) as taken:
        play(flow(RENAME), TAKEN)
    assert taken.value.faults == (("new_key", "DuplicateField"),)


def test_mode_create_leaves_alone_what_is_there(play, answer):
    with pytest.raises(RefusedError) as exists:
        play(flow(mode="create"))
    assert exists.value.code == "exists"
    with pytest.raises(RefusedError) as exists:
        play(flow(current={}, mode="create"), TAKEN, answer(CURRENT))
    assert exists.value.code == "exists"
    _, outcome = play(flow(current={**CURRENT, "name": {"en": "New"}}, mode="create"))
    assert outcome.status is Status.UNCHANGED
    _, outcome = play(flow(current={}, mode="create"), LOST[0], answer({**NEW, "version": 1}))
    assert outcome.outcome == "created"


def test_mode_update_creates_nothing(play):
    with pytest.raises(RefusedError) as absent:
        play(flow(current={}, mode="update"))
    assert (absent.value.code, absent.value.faults[0][0]) == ("not_found", "key")


def test_a_channel_goes_by_its_id_too_but_none_is_created_under_one(play, answer):
    (request,), _ = play(flow({"id": ID, "name": {"en": "New"}}, by="id"), answer(NEW))
    assert request.path == f"/channels/{ID}"
    with pytest.raises(RefusedError, match="no channel with the id"):
        play(flow({"id": ID, "name": {"en": "New"}}, current={}, by="id"))


def test_roles_that_are_to_be_removed_are_not_given_to_a_new_channel(play, answer):
    (request,), _ = play(flow({"key": "k", "roles": ["Primary"]}, current={}, roles="remove"), answer(NEW, 201))
    assert body(request) == {"key": "k"}
    (request,), _ = play(flow({"key": "k", "roles": ["Primary"]}, current={}, roles="add"), answer(NEW, 201))
    assert body(request)["roles"] == ["Primary"]


CUSTOM = {"key": "k", "custom": {"type": {"key": "t"}, "fields": {"floors": "3", "open": "yes", "code": 7}}}
FIELDS = [("floors", "Number"), ("open", "Boolean"), ("code", "String")]
SHOWN = {
    "id": "t-1",
    "key": "t",
    "fieldDefinitions": [{"name": name, "type": {"name": kind}} for name, kind in FIELDS],
}


def test_custom_fields_are_made_what_their_type_takes_which_is_asked_for_once(play, answer):
    types = Types()
    requests, _ = play(flow(CUSTOM, current={}, types=types), answer({"results": [SHOWN]}), answer(NEW, 201))
    assert told(requests) == [("GET", "/types"), ("POST", "/channels")]
    assert requests[0].query[:2] == (("where", "key in :keys"), ("var.keys", "t"))
    assert body(requests[1])["custom"]["fields"] == {"floors": 3, "open": True, "code": "7"}
    requests, _ = play(flow(CUSTOM, current={}, types=types), answer(NEW, 201))
    assert told(requests) == [("POST", "/channels")]


def test_fields_without_a_type_are_of_the_type_that_is_there(play, answer):
    types = Types(by_id={"t-1": Type(id="t-1", key="t", fields={"floors": {"name": "Number"}})})
    current = {**CURRENT, "custom": {"type": {"typeId": "type", "id": "t-1"}, "fields": {"floors": 2}}}
    document = {"key": "k", "custom": {"fields": {"floors": "3"}}}
    (request,), _ = play(flow(document, current=current, types=types), answer(NEW))
    assert body(request)["actions"] == [{"action": "setCustomField", "name": "floors", "value": 3}]

"""Variants and custom fields on their way into a product that has some already."""

import json

import pytest

from bulk.connectors.luminous.flows.products import needs_current, upsert_product
from bulk.errors import RefusedError

DONE = {"data": {"id": 1, "sku": "A-1"}}
VARIANT = {
    "id": 9,
    "sku": "V-1",
    "name": "Red",
    "description": None,
    "retail_price": 10,
    "box_weight": [{"unit": "lb", "value": 1}, {"unit": "oz", "value": 8}],
    "box_weight_lb": 1.5,
    "pallet_weight": [],
    "custom_fields": [{"Color": "Red"}, {"Size": "L"}],
    "created_at": "2026-01-01T00:00:00Z",
}
CURRENT = {"id": 1, "sku": "A-1", "variants": [VARIANT], "custom_fields": {"Age": 3}}


def sent(requests):
    return json.loads(requests[-1].body)


def test_variants_of_a_new_product_are_sent_as_they_are(record, play, answer):
    document = {"sku": "A-1", "variants": [{"sku": "V-1", "name": "Red"}]}
    requests, outcome = play(upsert_product(record(document, current={})), answer(DONE, status=201))
    assert (len(requests), sent(requests), outcome.message) == (1, document, None)


def test_a_present_variant_is_sent_with_what_is_known_of_it_since_it_may_be_replaced(record, play, answer):
    document = {"sku": "A-1", "variants": [{"sku": "v-1", "retail_price": 12, "custom_fields": {"Size": "XL"}}]}
    requests, outcome = play(upsert_product(record(document, current=CURRENT)), answer(DONE))
    assert sent(requests)["variants"] == [
        {
            "sku": "v-1",
            "name": "Red",
            "retail_price": 12,
            "box_weight": {"unit": "lb", "value": 1.5},
            "custom_fields": {"Color": "Red", "Size": "XL"},
        }
    ]
    assert "may have been reset" in outcome.message
    assert outcome.remote_id == "1"


def test_a_variant_s_supplier_is_sent_once_whichever_way_it_is_shown(record, play, answer):
    shown = {"sku": "V-1", "supplier": {"id": 3, "name": "Acme"}}
    document = {"sku": "A-1", "variants": [{"sku": "V-1", "supplier_id": 4}]}
    requests, _ = play(
        upsert_product(record(document, current={"id": 1, "sku": "A-1", "variants": [shown]})), answer(DONE)
    )
    assert sent(requests)["variants"] == [{"sku": "V-1", "supplier_id": 4}]


@pytest.mark.parametrize("variants", [[{"sku": "V-2"}], [], None])
def test_variants_that_the_file_lacks_keep_the_row_back_and_are_named(variants, record, play):
    flow = upsert_product(record({"sku": "A-1", "variants": variants}, current=CURRENT))
    with pytest.raises(RefusedError, match="V-1") as refused:
        play(flow)
    assert refused.value.code == "variants_missing"
    assert "--yes" in refused.value.message


def test_once_confirmed_they_may_go(record, play, answer):
    flow = upsert_product(record({"sku": "A-1", "variants": [{"sku": "V-2"}]}, current=CURRENT, confirmed=True))
    requests, outcome = play(flow, answer(DONE))
    assert (sent(requests)["variants"], outcome.message) == ([{"sku": "V-2"}], None)
    requests, _ = play(
        upsert_product(record({"sku": "A-1", "variants": None}, current=CURRENT, confirmed=True)), answer(DONE)
    )
    assert sent(requests)["variants"] is None


def test_of_many_missing_variants_ten_are_named_and_the_rest_counted(record, play):
    many = [{"sku": f"V-{number}"} for number in range(15)] + [{"sku": None, "id": 77}]
    with pytest.raises(RefusedError, match="V-9 and 6 more"):
        play(upsert_product(record({"sku": "A-1", "variants": []}, current={"id": 1, "variants": many})))


def test_a_present_variant_without_a_sku_is_missing_by_its_id(record, play):
    current = {"id": 1, "sku": "A-1", "variants": [{"id": 77, "sku": None}]}
    with pytest.raises(RefusedError, match="id 77"):
        play(upsert_product(record({"sku": "A-1", "variants": [{"sku": "None"}]}, current=current)))


@pytest.mark.parametrize(
    "current", [{"id": 1, "sku": "A-1"}, {"id": 1, "variants": "3 variants"}, {"id": 1, "variants": [1]}]
)
def test_variants_that_cannot_be_seen_are_not_risked(current, record, play):
    with pytest.raises(RefusedError) as refused:
        play(upsert_product(record({"sku": "A-1", "variants": [{"sku": "V-1"}]}, current=current)))
    assert refused.value.code == "unread"


def test_without_a_current_record_the_product_is_read_first(record, play, answer):
    flow = upsert_product(record({"sku": "A-1", "variants": [{"sku": "V-1"}]}))
    requests, _ = play(flow, answer({"data": [CURRENT], "meta": {"last_page": 1}}), answer(DONE))
    assert [request.method for request in requests] == ["GET", "PATCH"]
    with pytest.raises(RefusedError) as refused:
        play(upsert_product(record({"sku": "A-1", "variants": []})), RefusedError("no", code="x", status=405))
    assert refused.value.code == "unread"


@pytest.mark.parametrize("shown", [None, []])
def test_a_product_without_variants_has_none_to_lose(shown, record, play, answer):
    flow = upsert_product(record({"sku": "A-1", "variants": [{"sku": "V-1"}]}, current={"id": 1, "variants": shown}))
    assert sent(play(flow, answer(DONE))[0])["variants"] == [{"sku": "V-1"}]


def test_custom_fields_are_kept_from_the_current_record_without_another_read(record, play, answer):
    current = CURRENT | {"custom_fields": {"Age": 3, "Sizes": ["S", "M"], "Gone": None}}
    requests, _ = play(
        upsert_product(record({"sku": "A-1", "custom_fields": {"Age": 4}}, current=current)), answer(DONE)
    )
    assert sent(requests)["custom_fields"] == {"Age": 4, "Sizes": ["S", "M"]}
    assert len(requests) == 1


def test_only_what_may_replace_something_needs_the_current_record(record):
    assert needs_current(record({"sku": "A", "custom_fields": {"a": 1}}))
    assert needs_current(record({"sku": "A", "variants": []}))
    assert needs_current(record({"sku": "A", "variants": None}))
    assert not needs_current(record({"sku": "A", "name": 'the "variants": of "custom_fields":{'}, sure=True))


def test_a_sku_of_which_nothing_is_known_is_looked_up_and_an_id_is_not(record):
    assert needs_current(record({"sku": "A", "name": "Boots"}))
    assert not needs_current(record({"id": 1, "name": "Boots"}))


WHOLE = '{"sku":"A-1","name":"Boots","retail_price":3}'
NEW = {"data": {"id": 5, "sku": "A-1", "created_at": "2026-02-01T00:00:00Z", "updated_at": "2026-02-01T00:00:09Z"}}
DATE = "Sun, 01 Feb 2026 00:00:10 GMT"


def test_a_part_that_made_a_product_anew_is_followed_by_the_whole(record, play, answer):
    flow = upsert_product(record({"sku": "A-1", "retail_price": 3}, whole=WHOLE))
    requests, outcome = play(flow, answer(NEW, status=201), answer(NEW))
    assert requests[1].body.decode() == WHOLE
    assert (outcome.outcome, outcome.remote_id) == ("created", "5")
    assert "no such product any more" in outcome.message


@pytest.mark.parametrize(("more", "attempts"), [({}, 2), ({"repeated": True}, 1)])
def test_so_is_one_whose_creation_was_answered_too_late(more, attempts, record, play, answer):
    flow = upsert_product(record({"sku": "A-1", "retail_price": 3}, whole=WHOLE, **more))
    requests, outcome = play(flow, answer(NEW, attempts=attempts, Date=DATE), answer(NEW))
    assert (len(requests), outcome.outcome) == (2, "created")


def test_a_young_product_that_was_there_gets_the_part_only(record, play, answer):
    flow = upsert_product(record({"sku": "A-1", "retail_price": 3}, whole=WHOLE))
    requests, outcome = play(flow, answer(NEW, Date=DATE))
    assert (len(requests), outcome.outcome) == (1, "updated")


def test_a_product_that_is_as_young_but_has_the_rest_was_there_before(record, play, answer):
    flow = upsert_product(record({"sku": "A-1", "retail_price": 3}, whole=WHOLE))
    requests, done = play(flow, answer({"data": NEW["data"] | json.loads(WHOLE)}, status=201))
    assert (len(requests), done.outcome) == (1, "updated")


def test_nothing_is_sent_twice_where_the_whole_was_sent_at_once(record, play, answer):
    flow = upsert_product(record(json.loads(WHOLE), whole=WHOLE))
    assert len(play(flow, answer(NEW, status=201))[0]) == 1


def test_a_whole_that_is_refused_says_that_a_part_is_there(record, play, answer):
    flow = upsert_product(record({"sku": "A-1", "retail_price": 3}, whole=WHOLE))
    refusal = RefusedError("bad name", code="invalid", status=422, faults=[("name", "bad name")])
    with pytest.raises(RefusedError, match=r"made a new one.*bad name") as refused:
        play(flow, answer(NEW, status=201), refusal)
    assert (refused.value.status, refused.value.faults) == (422, (("name", "bad name"),))

"""Finding products and channels, stepped without a network."""

from urllib.parse import quote_plus

import pytest

from bulk.connectors.luminous.flows.lookups import find_channels, find_products, get_channel, get_product
from bulk.errors import RefusedError, UnclearError

GONE = RefusedError("none", code="not_found", status=404)


def page(answer, *records, **meta):
    return answer({"data": list(records), "meta": meta} if meta else {"data": list(records)})


def asked(requests):
    return [(request.path, *dict(request.query).items()) for request in requests]


def test_skus_are_asked_for_a_hundred_at_a_time(play, answer):
    skus = [f"S-{number}" for number in range(150)]
    first = page(answer, *({"sku": sku} for sku in skus[:100]), current_page=1, last_page=1)
    second = page(answer, *({"sku": sku} for sku in skus[100:149]), current_page=1, last_page=1)
    requests, found = play(find_products("sku", skus), first, second)
    assert [len(dict(request.query)["sku[in]"].split(",")) for request in requests] == [100, 50]
    assert {dict(request.query)["per_page"] for request in requests} == {"100"}
    assert list(found) == skus[:149]


def test_only_a_primary_sku_that_is_equal_is_found_and_the_very_spelling_first(play, answer):
    shown = [{"id": 1, "sku": "OTHER"}, {"id": 2, "sku": "a-1"}, {"id": 3, "sku": "A-1 "}, {"id": 4, "sku": None}]
    _, found = play(find_products("sku", ["A-1", "B-1", "a-1", "None"]), page(answer, *shown, last_page=1))
    assert {key: record["id"] for key, record in found.items()} == {"A-1": 3, "a-1": 2}


def test_a_sku_with_a_comma_goes_alone_since_a_list_has_no_way_to_write_it(play, answer):
    answers = [page(answer, {"sku": sku}, last_page=1) for sku in ("A,B", "C")]
    requests, found = play(find_products("sku", ["A,B", "C"]), *answers)
    assert asked(requests) == [
        ("/products", ("sku", "A,B"), ("per_page", "100")),
        ("/products", ("sku", "C"), ("per_page", "100")),
    ]
    assert set(found) == {"A,B", "C"}


def test_an_address_stays_short_enough_whatever_the_skus_are_made_of(play, answer):
    skus = [f"{'ü' * 98}{number:02}" for number in range(40)]
    sent, _ = play(find_products("sku", skus), *[page(answer, last_page=1)] * 4)
    assert all(len(quote_plus(value)) <= 6000 for one in sent for _, value in one.query)
    assert [sku for one in sent for sku in one.query[0][1].split(",")] == skus


def test_products_pushed_off_the_page_by_alternate_skus_are_found_on_the_next(play, answer):
    others = [{"sku": f"X-{number}", "alternate_skus": [{"sku": "a"}]} for number in range(100)]
    first = page(answer, *others, current_page=1, last_page=2, total=101)
    requests, found = play(find_products("sku", ["A", "B"]), first, page(answer, {"sku": "B"}, last_page=2))
    assert [dict(request.query).get("page") for request in requests] == [None, "2"]
    assert set(found) == {"B"}


def test_no_more_pages_are_asked_for_than_it_takes(play, answer):
    first = page(answer, {"sku": "A"}, {"sku": "B"}, last_page=9)
    assert len(play(find_products("sku", ["A", "B"]), first)[0]) == 1
    shown = [page(answer, {"sku": "X"}, total=250, per_page=100) for _ in range(3)]
    assert len(play(find_products("sku", ["A", "B"]), *shown)[0]) == 3


@pytest.mark.parametrize("skus", [["A"], ["A", "B"], [f"S-{number}" for number in range(100)]])
def test_a_catalog_is_not_walked_through_where_the_filter_by_sku_is_ignored(play, answer, skus):
    pages = [[{"sku": f"X-{100 * page + number}"} for number in range(100)] for page in range(2)]
    answers = [page(answer, *records, current_page=n, last_page=500) for n, records in enumerate(pages, start=1)]
    answers = answers[: 2 if len(skus) == 100 else 1]
    with pytest.raises(UnclearError, match="not asked for") as caught:
        play(find_products("sku", skus), *answers)
    assert caught.value.code == "filter_ignored"


def test_a_product_that_is_on_the_first_page_is_found_even_so(play, answer):
    shown = [{"sku": f"X-{number}"} for number in range(99)]
    _, found = play(find_products("sku", ["A"]), page(answer, *shown, {"sku": "A"}, current_page=1, last_page=9))
    assert set(found) == {"A"}


def test_a_list_without_pages_is_not_read_for_ever(play, answer):
    whole = {"data": [{"sku": "A"}]}
    requests, found = play(find_products("sku", ["A", "B"]), answer(whole), answer(whole))
    assert (len(requests), set(found)) == (2, {"A"})


def test_a_list_may_come_without_any_envelope(play, answer):
    assert set(play(find_products("sku", ["A"]), answer([{"sku": "A"}]))[1]) == {"A"}


def test_an_answer_that_is_no_list_is_not_taken_for_an_empty_one(play, answer):
    for body in (b"<html>", b"{}", b'{"data": {"sku": "A"}}', b"[1]"):
        with pytest.raises(UnclearError, match="not a list"):
            play(find_products("sku", ["A"]), answer(body))


def test_by_id_each_product_is_asked_for_by_itself(play, answer):
    requests, found = play(find_products("id", ["7", "8"]), answer({"data": {"id": 7}}), GONE)
    assert ([request.path for request in requests], found) == (["/products/7", "/products/8"], {"7": {"id": 7}})


@pytest.mark.parametrize("id", ["export", "../channels/1", "7?x=1", "", " ", "\u0667", "1e3", "-1"])
def test_what_is_no_id_is_never_put_into_an_address(id, play):
    assert play(get_product("id", id)) == ([], None)
    assert play(get_channel("id", id)) == ([], None)


def test_one_product_is_got_by_id_or_sku(play, answer):
    requests, found = play(get_product("id", " 7 "), answer({"id": 7, "sku": "A"}))
    assert (requests[0].path, found) == ("/products/7", {"id": 7, "sku": "A"})
    assert play(get_product("sku", "A"), page(answer, {"sku": "A", "id": 7}, last_page=1))[1] == {"sku": "A", "id": 7}
    assert play(get_product("sku", "A"), page(answer, last_page=1))[1] is None
    assert play(get_product("id", "7"), answer({"data": {"id": 8}}))[1] is None


def test_a_list_that_cannot_be_read_is_an_error_and_not_an_absence(play):
    for status in (404, 405, 501, 422):
        with pytest.raises(RefusedError):
            play(find_products("sku", ["A"]), RefusedError("no", code="x", status=status))


def test_channels_are_looked_for_in_the_list_of_all(play, answer):
    pages = [page(answer, {"id": 1, "label": "East"}, last_page=2), page(answer, {"id": 2, "label": " west "})]
    requests, found = play(
        find_channels("label", ["West", "North"]), pages[0], page(answer, {"id": 2, "label": " west "}, last_page=2)
    )
    assert asked(requests) == [("/channels", ("per_page", "100")), ("/channels", ("page", "2"), ("per_page", "100"))]
    assert found == {"West": {"id": 2, "label": " west "}}


def test_an_id_that_the_list_of_channels_lacks_is_asked_for_by_itself(play, answer):
    requests, found = play(
        find_channels("id", ["1", "2", "3"]), page(answer, {"id": 1}, last_page=1), answer({"data": {"id": 2}}), GONE
    )
    assert [request.path for request in requests] == ["/channels", "/channels/2", "/channels/3"]
    assert found == {"1": {"id": 1}, "2": {"id": 2}}


def test_one_channel_is_got_by_id_or_label(play, answer):
    assert play(get_channel("id", "7"), answer({"data": {"id": 7}}))[1] == {"id": 7}
    assert play(get_channel("label", "East"), page(answer, {"id": 1, "label": "EAST"}, last_page=1))[1]["id"] == 1
    assert play(get_channel("id", "7"), GONE)[1] is None

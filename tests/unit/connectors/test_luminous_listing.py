"""Walking over products and channels, stepped without a network."""

from datetime import UTC, datetime

import pytest

from bulk.connectors.luminous.flows.listing import walk_channels, walk_products
from bulk.contracts import Query
from bulk.errors import RefusedError, UnclearError, UsageError

ALL = Query()
FAST = Query(fast=True)
SINCE = Query(since=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC))


def queries(requests):
    return [dict(request.query) for request in requests]


def ids(pages):
    return [[record["id"] for record in page.records] for page in pages]


def export(answer, *numbers, cursor=None, more=None):
    rows = [{"id": number, "sku": f"S-{number}", "landed_cost": number} for number in numbers]
    return answer({"data": rows, "next_cursor": cursor, "has_more": cursor is not None if more is None else more})


def found(answer, *numbers):
    rows = [{"id": number, "sku": f"S-{number}", "name": "full"} for number in numbers]
    return answer({"data": rows, "meta": {"current_page": 1, "last_page": 1}})


@pytest.mark.parametrize(
    "metas",
    [
        [{"last_page": 2, "total": 3, "per_page": 100}, {"last_page": 2}],
        [{"total": 3, "per_page": 2, "current_page": 1}, {"total": 3, "per_page": 2, "current_page": 2}],
        [{"total": "3", "per_page": "2"}, {"total": "3", "per_page": "2"}],
    ],
)
def test_all_products_come_page_by_page_as_far_as_the_list_says(metas, play, answer):
    first = answer({"data": [{"id": 1}, {"id": 2}], "meta": metas[0]})
    requests, pages = play(walk_products(ALL, None), first, answer({"data": [{"id": 3}], "meta": metas[1]}))
    assert queries(requests) == [
        {"sort": "id:asc", "per_page": "100"},
        {"sort": "id:asc", "page": "2", "per_page": "100"},
    ]
    assert (ids(pages), pages[0].total, pages[0].resume) == ([[1, 2], [3]], 3, "page:2")


def test_without_meta_pages_are_read_until_one_is_empty(play, answer):
    answers = [answer({"data": rows}) for rows in ([{"id": 1}], [{"id": 2}], [])]
    assert ids(play(walk_products(ALL, None), *answers)[1]) == [[1], [2], []]


def test_a_list_that_ignores_pages_is_given_once(play, answer):
    whole = {"data": [{"id": 1}, {"id": 2}]}
    assert ids(play(walk_products(ALL, None), answer(whole), answer(whole))[1]) == [[1, 2], []]


def test_an_empty_catalog_is_one_empty_page(play, answer):
    _, pages = play(walk_products(ALL, None), answer({"data": [], "meta": {"last_page": 1, "total": 0}}))
    assert (ids(pages), pages[0].total) == ([[]], 0)


def test_an_empty_page_before_the_last_does_not_end_the_list(play, answer):
    answers = [answer({"data": rows, "meta": {"last_page": 2}}) for rows in ([], [{"id": 1}])]
    assert ids(play(walk_products(ALL, None), *answers)[1]) == [[], [1]]


def test_a_walk_goes_on_after_the_page_that_was_read_and_after_the_last_there_is_nothing(play, answer):
    answers = [answer({"data": [{"id": n}], "meta": {"last_page": 3}}) for n in (1, 2, 3)]
    _, pages = play(walk_products(ALL, None), *answers)
    requests, rest = play(walk_products(ALL, pages[0].resume), *answers[1:])
    assert ([query["page"] for query in queries(requests)], ids(rest)) == (["2", "3"], [[2], [3]])
    assert play(walk_products(ALL, pages[-1].resume)) == ([], None)


@pytest.mark.parametrize(
    "refusal",
    [
        RefusedError("The sort parameter is not allowed.", code="invalid", status=422),
        RefusedError("invalid", code="invalid", status=422, faults=[("sort", "no")]),
        RefusedError("Unknown query parameter: sort", code="invalid", status=400),
    ],
)
def test_a_list_that_does_not_sort_is_read_unsorted(refusal, play, answer):
    answers = [answer({"data": [{"id": n}], "meta": {"last_page": 2}}) for n in (2, 1)]
    requests, pages = play(walk_products(ALL, None), refusal, *answers)
    assert ["sort" in query for query in queries(requests)] == [True, False, False]
    assert ids(pages) == [[2], [1]]


def test_any_other_refusal_ends_the_walk(play):
    for refusal in (RefusedError("per_page", code="invalid", status=422), RefusedError("sort", code="x", status=404)):
        with pytest.raises(RefusedError):
            play(walk_products(ALL, None), refusal)


def test_filters_go_along_with_every_page(play, answer):
    query = Query(where=(("retail_price[gte]", "10"), ("tag", "new")))
    answers = [answer({"data": [{"id": n}], "meta": {"last_page": 2}}) for n in (1, 2)]
    for sent in queries(play(walk_products(query, None), *answers)[0]):
        assert (sent["retail_price[gte]"], sent["tag"]) == ("10", "new")


@pytest.mark.parametrize(
    "query", [Query(fast=True, where=(("tag", "x"),)), Query(since=SINCE.since, where=(("tag", "x"),))]
)
def test_the_export_takes_no_filters_and_that_is_said_before_anything_is_sent(query):
    with pytest.raises(UsageError, match="no filters"):
        walk_products(query, None)


def test_fast_is_the_bare_export_from_the_epoch_by_cursor(play, answer):
    requests, pages = play(walk_products(FAST, None), export(answer, 1, 2, cursor="c1"), export(answer, 3))
    assert queries(requests) == [{"since": "1970-01-01T00:00:00Z", "limit": "1000"}, {"cursor": "c1", "limit": "1000"}]
    assert {request.path for request in requests} == {"/products/export"}
    assert (ids(pages), [page.resume for page in pages]) == ([[1, 2], [3]], ["cursor::c1", "end"])


def test_an_exact_multiple_is_followed_by_an_empty_page(play, answer):
    assert ids(play(walk_products(FAST, None), export(answer, 1, cursor="c"), export(answer))[1]) == [[1], []]


def test_a_killed_export_goes_on_with_its_cursor(play, answer):
    requests, pages = play(walk_products(FAST, "cursor:7:a:b"), export(answer, 3), export(answer))
    assert (queries(requests)[0]["cursor"], ids(pages)) == ("a:b", [[3], []])
    assert play(walk_products(FAST, "end")) == ([], None)


def test_a_full_export_reads_once_more_what_changed_under_way(play, answer):
    def changed(*pairs, cursor=None):
        rows = [{"id": number, "updated_at": f"2026-01-0{day}T00:00:00.5Z"} for number, day in pairs]
        return answer({"data": rows, "next_cursor": cursor, "has_more": cursor is not None})

    answers = [changed((1, 1), (2, 3), cursor="c"), changed(), changed((2, 3), (9, 4), cursor="c"), changed()]
    requests, pages = play(walk_products(FAST, None), *answers)
    asked = [query.get("since") or query["cursor"] for query in queries(requests)]
    assert asked == ["1970-01-01T00:00:00Z", "c", "2026-01-03T00:00:00Z", "c"]
    assert ids(pages) == [[1, 2], [], [2, 9], []]
    for number in range(3):
        assert ids(play(walk_products(FAST, pages[number].resume), *answers[number + 1 :])[1]) == ids(
            pages[number + 1 :]
        )


def test_an_incremental_export_need_not_since_the_next_one_begins_before_that(play, answer):
    shown = {"id": 1, "sku": "S-1", "updated_at": "2026-01-05T00:00:00Z"}
    rows = answer({"data": [shown], "next_cursor": None, "has_more": False})
    assert len(play(walk_products(Query(fast=True, since=SINCE.since), None), rows)[0]) == 1


def test_a_cursor_is_followed_even_if_it_is_said_that_there_is_no_more(play, answer):
    answers = export(answer, 1, cursor="c", more=False), export(answer, cursor="d", more=False)
    assert ids(play(walk_products(FAST, None), *answers)[1]) == [[1], []]


def test_an_export_that_runs_in_circles_or_breaks_off_is_an_error_and_not_an_end(play, answer):
    with pytest.raises(UnclearError, match="same cursor"):
        play(walk_products(FAST, None), export(answer, 1, cursor="c"), export(answer, 2, cursor="c"))
    with pytest.raises(UnclearError, match="not where") as broken:
        play(walk_products(FAST, None), export(answer, 1, more=True))
    assert broken.value.code == "broken_listing"


def test_a_list_that_never_ends_is_an_error(play, answer):
    for rows in ([], [{"id": 1}]):
        endless = [answer({"data": rows, "meta": {"last_page": 10**9, "total": 10**9}})] * 200
        with pytest.raises(UnclearError, match="list gave 100 pages in a row with nothing new"):
            play(walk_products(ALL, None), *endless)
    with pytest.raises(UnclearError, match="product export gave 100 pages"):
        play(walk_products(FAST, None), *(export(answer, cursor=str(n), more=True) for n in range(200)))


@pytest.mark.parametrize("meta", [{"total": 0}, {"total": -5, "last_page": -1}, {"total": 2, "last_page": 1}])
def test_a_list_that_says_fewer_than_it_gives_is_read_until_a_page_is_empty(meta, play, answer):
    around = {"meta": {"per_page": 2, **meta}}
    pages = [[{"id": 1}, {"id": 2}], [{"id": 3}, {"id": 4}], [{"id": 5}], []]
    first = answer({"data": [{"id": 0}, *pages[0]], **around})
    rest = (answer({"data": rows, **around}) for rows in pages[1:])
    assert ids(play(walk_products(ALL, None), first, *rest)[1]) == [[0, 1, 2], [3, 4], [5], []]


def test_since_reads_the_changed_ones_by_the_export_and_completes_them_in_bulk(play, answer):
    requests, pages = play(walk_products(SINCE, None), export(answer, 1, 2), found(answer, 2, 1))
    assert queries(requests) == [
        {"since": "2026-01-02T03:04:05Z", "limit": "1000"},
        {"sku[in]": "S-1,S-2", "per_page": "100"},
    ]
    assert pages[0].records == [
        {"id": 1, "sku": "S-1", "landed_cost": 1, "name": "full"},
        {"id": 2, "sku": "S-2", "landed_cost": 2, "name": "full"},
    ]


def test_one_that_cannot_be_found_again_is_kept_as_the_export_shows_it(play, answer):
    other = answer({"data": [{"id": 99, "sku": "S-1", "name": "another"}], "meta": {"last_page": 1}})
    _, pages = play(walk_products(SINCE, None), export(answer, 1, 2), other)
    assert pages[0].records == [
        {"id": 1, "sku": "S-1", "landed_cost": 1},
        {"id": 2, "sku": "S-2", "landed_cost": 2},
    ]


def test_fast_and_since_together_are_the_bare_export_from_then_on(play, answer):
    requests, _ = play(walk_products(Query(fast=True, since=SINCE.since), None), export(answer, 1))
    assert queries(requests) == [{"since": "2026-01-02T03:04:05Z", "limit": "1000"}]


def test_channels_that_changed_are_picked_from_all(play, answer):
    moment = int(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC).timestamp())
    rows = [{"id": 1, "updatedAt": moment}, {"id": 2, "updatedAt": moment + 1}, {"id": 3}]
    _, pages = play(walk_channels(SINCE, None), answer({"data": rows, "meta": {"last_page": 1, "total": 3}}))
    assert (ids(pages), pages[0].total) == ([[2, 3]], None)
    _, pages = play(walk_channels(ALL, None), answer({"data": rows, "meta": {"last_page": 1, "total": 3}}))
    assert (ids(pages), pages[0].total) == ([[1, 2, 3]], 3)


def test_no_filter_of_channels_is_documented():
    with pytest.raises(UsageError):
        walk_channels(Query(where=(("label", "x"),)), None)

"""The conversation about one product, stepped without a network."""

import json

import pytest

from bulk.connectors.luminous.flows import answers, products
from bulk.errors import FatalError, RefusedError, UnclearError
from bulk.model import Record, Response


def record(document, key="A-1", *, sure=True):
    return Record(row=2, key=key, payload=json.dumps(document, separators=(",", ":")), digest=b"", sure=sure)


def answer(body, status=200, **headers):
    return Response(status=status, headers=headers, body=body if isinstance(body, bytes) else json.dumps(body).encode())


def finish(flow, response):
    with pytest.raises(StopIteration) as stopped:
        flow.send(response)
    return stopped.value.value


def test_a_product_is_one_patch_with_the_payload_as_it_is():
    flow = products.upsert_product(record({"sku": "A-1", "retail_price": 19.99}))
    request = next(flow)
    assert (request.method, request.path, request.repeatable) == ("PATCH", "/products", True)
    assert json.loads(request.body) == {"sku": "A-1", "retail_price": 19.99}
    outcome = finish(flow, answer({"data": {"id": 7, "sku": "A-1"}}, status=201))
    assert (outcome.outcome, outcome.remote_id, outcome.http_status) == ("created", "7", 201)


@pytest.mark.parametrize(
    ("created", "updated", "date", "outcome"),
    [
        ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "Sun, 01 Feb 2026 00:00:00 GMT", "updated"),
        ("2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z", "Sun, 01 Feb 2026 00:00:01 GMT", "created"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "Sun, 01 Feb 2026 00:00:00 GMT", "updated"),
        ("2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z", "nonsense", "saved"),
        (None, None, "Sun, 01 Feb 2026 00:00:00 GMT", "saved"),
    ],
)
def test_created_and_updated_are_told_apart_by_the_timestamps_of_a_200(created, updated, date, outcome):
    flow = products.upsert_product(record({"sku": "A-1"}))
    next(flow)
    product = {"id": 7, "sku": "A-1", "created_at": created, "updated_at": updated}
    assert finish(flow, answer({"data": product}, Date=date)).outcome == outcome


def test_where_products_can_be_neither_written_nor_read_no_row_is_to_blame():
    gone = RefusedError("no route", code="not_found", status=404)
    flow = products.upsert_product(record({"sku": "A-1"}))
    next(flow)
    assert flow.throw(gone).method == "GET"
    with pytest.raises(FatalError, match=r"not to be at this address: .* 404 \(no route\)") as stopped:
        flow.throw(gone)
    assert "base address" in stopped.value.advice


@pytest.mark.parametrize("status", [404, 405])
def test_where_products_can_be_read_the_row_is_refused(status):
    """As for a category that is not there: some frameworks answer that with 404."""
    refusal = RefusedError("no such category", code="not_found", status=status)
    flow = products.upsert_product(record({"sku": "A-1"}))
    next(flow)
    flow.throw(refusal)
    with pytest.raises(RefusedError, match="no such category"):
        flow.send(answer({"data": []}))


def test_custom_fields_are_sent_with_a_remark_where_products_cannot_be_looked_up_by_sku():
    flow = products.upsert_product(record({"sku": "A-1", "custom_fields": {"Color": "red"}}))
    next(flow)
    sent = flow.send(answer({"data": [{"sku": "X-1"}, {"sku": "X-2"}], "meta": {"last_page": 9_000}}))
    assert json.loads(sent.body) == {"sku": "A-1", "custom_fields": {"Color": "red"}}
    assert "could not be read" in finish(flow, answer({"data": {"sku": "A-1"}})).message


def test_an_answer_without_envelope_or_body_is_a_success():
    flow = products.upsert_product(record({"sku": "A-1"}))
    next(flow)
    assert finish(flow, answer({"id": 7, "sku": "A-1"})).remote_id == "7"
    flow = products.upsert_product(record({"sku": "A-1"}))
    next(flow)
    assert finish(flow, answer(b"", status=204)).remote_id is None


@pytest.mark.parametrize("body", [b"<html>please log in</html>", b"[]", b"1", b'"done"', b""])
def test_an_answer_that_is_no_object_leaves_the_row_unclear(body):
    flow = products.upsert_product(record({"sku": "A-1"}))
    next(flow)
    with pytest.raises(UnclearError) as unclear:
        flow.send(answer(body))
    assert unclear.value.code == "unreadable_answer"


def test_a_product_of_another_sku_answering_is_a_failure_and_not_a_success():
    flow = products.upsert_product(record({"sku": "OLD-1"}, key="OLD-1"))
    next(flow)
    with pytest.raises(RefusedError) as refused:
        flow.send(answer({"data": {"id": 9, "sku": "NEW-1"}}))
    assert refused.value.code == "other_product"
    assert "NEW-1" in refused.value.message


def test_the_same_sku_in_another_case_is_the_same_product():
    flow = products.upsert_product(record({"sku": "a-1"}, key="a-1"))
    next(flow)
    assert finish(flow, answer({"data": {"id": 9, "sku": "A-1"}})).remote_id == "9"


def test_by_id_the_id_is_compared_and_not_the_sku():
    flow = products.upsert_product(record({"id": 9, "name": "x", "custom_fields": {"sku": "z"}}, key="9"))
    assert next(flow).path == "/products/9"
    flow.send(answer({"data": {"id": 9, "sku": "A-1", "custom_fields": {}}}))
    assert finish(flow, answer({"data": {"id": 9, "sku": "A-1"}})).remote_id == "9"


def test_custom_fields_that_the_file_does_not_name_are_sent_along_so_that_none_is_lost():
    flow = products.upsert_product(record({"sku": "A-1", "custom_fields": {"Color": "Red"}}))
    read = next(flow)
    assert (read.method, read.path, read.query) == ("GET", "/products", (("sku", "A-1"), ("per_page", "100")))
    found = [
        {"id": 1, "sku": "OTHER", "custom_fields": {"Color": "Blue", "Wrong": "yes"}},
        {"id": 2, "sku": "A-1", "custom_fields": {"Color": "Blue", "Size": "XL", "Gone": None}},
    ]
    write = flow.send(answer({"data": found}))
    assert json.loads(write.body) == {"sku": "A-1", "custom_fields": {"Color": "Red", "Size": "XL"}}


def test_a_sku_that_luminous_spells_in_another_case_keeps_its_custom_fields():
    flow = products.upsert_product(record({"sku": "abc-1", "custom_fields": {"Size": "L"}}, key="abc-1"))
    next(flow)
    write = flow.send(answer({"data": [{"id": 2, "sku": "ABC-1", "custom_fields": {"Color": "red"}}]}))
    assert json.loads(write.body)["custom_fields"] == {"Color": "red", "Size": "L"}


def test_a_new_product_gets_the_custom_fields_of_the_file():
    flow = products.upsert_product(record({"sku": "A-1", "custom_fields": {"Color": "Red"}}))
    next(flow)
    write = flow.send(answer({"data": []}))
    assert json.loads(write.body) == {"sku": "A-1", "custom_fields": {"Color": "Red"}}


def test_where_products_cannot_be_read_the_outcome_says_so():
    flow = products.upsert_product(record({"sku": "A-1", "custom_fields": {"Color": "Red"}}))
    next(flow)
    flow.throw(RefusedError("no such route", code="not_found", status=404))
    outcome = finish(flow, answer({"data": {"sku": "A-1"}}))
    assert "could not be read" in outcome.message


def test_a_read_that_is_refused_otherwise_ends_the_row():
    flow = products.upsert_product(record({"sku": "A-1", "custom_fields": {"Color": "Red"}}))
    next(flow)
    with pytest.raises(RefusedError):
        flow.throw(RefusedError("odd", code="invalid", status=422))


def test_a_body_that_is_a_text_alone_is_the_message():
    explained = answers.explain(answer(b'"The SKU A-1 is taken."', status=422))
    assert (explained.message, explained.body) == ("The SKU A-1 is taken", "The SKU A-1 is taken.")
    coded = answers.explain(answer(json.dumps('{"api_key": "s3cret"}').encode(), status=422))
    assert "s3cret" not in f"{coded.message}{coded.body}"


def test_a_422_is_explained_by_message_and_dotted_paths():
    body = {
        "message": "The given data was invalid.",
        "errors": {"product_weight.unit": ["bad", "worse"], "tags.1": "odd"},
    }
    explained = answers.explain(answer(body, status=422))
    assert explained.message == "The given data was invalid"
    assert explained.faults == (("product_weight.unit", "bad"), ("product_weight.unit", "worse"), ("tags.1", "odd"))


def test_a_422_with_plain_texts_loses_none_of_them():
    body = {"message": "invalid", "errors": ["one thing.", "another"]}
    assert answers.explain(answer(body, status=422)).message == "invalid. one thing. another"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"errors": 3}', b'{"message": null}', b"\xff\xfe"])
def test_any_error_body_can_be_explained(body):
    assert "502" in answers.explain(answer(body, status=502)).message


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"message": "No.", "data": {"id": 7, "credentials": {"key": "HUNTER2"}}}, True),
        ({"message": "No.", "supplier": {"id": 1, "name": "Acme", "bank_name": "HUNTER2"}}, True),
        ('{"credentials": {"key": "HUNTER2"', False),
        ("<html>Bad gateway</html>", True),
    ],
)
def test_nothing_secret_of_an_error_is_kept(body, kept):
    content = body if isinstance(body, str) else json.dumps(body)
    explanation = answers.explain(Response(status=422, headers={}, body=content.encode()))
    assert "HUNTER2" not in str(explanation)
    assert bool(explanation.body) is kept


def test_a_new_sku_that_could_not_be_looked_up_with_others_is_looked_up_by_itself():
    flow = products.upsert_product(record({"sku": "A-1", "name": "Boots"}, sure=False))
    assert next(flow).method == "GET"
    assert flow.send(answer({"data": []})).method == "PATCH"


def test_an_alternate_sku_of_another_product_is_refused_before_anything_is_written():
    flow = products.upsert_product(record({"sku": "a-1", "name": "Boots"}, key="a-1", sure=False))
    next(flow)
    found = {"id": 9, "sku": "MAIN", "alternate_skus": [{"id": 1, "sku": "A-1"}]}
    with pytest.raises(RefusedError, match="alternate SKU of another product, SKU MAIN") as refused:
        flow.send(answer({"data": [found], "meta": {"last_page": 1}}))
    assert refused.value.code == "other_product"

"""What is read of Luminous's answers fits what is written to it, and no answer is too odd to be read."""

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bulk.connectors.luminous.flows.pages import read_page
from bulk.connectors.luminous.models import Channel, ChannelFacts, Product, ProductFacts, Variant, VariantFacts
from bulk.connectors.luminous.models.parts import Weight
from bulk.connectors.luminous.reading import changed_at, read_channel, read_listed, read_product, redacted
from bulk.fingerprint import fingerprint
from bulk.model import parsed

WEIGHTS = [name for name, info in Product.model_fields.items() if info.annotation is Weight]
AMOUNTS = [name for name in Product.model_fields if name.endswith(("_price", "_cost", "_length", "_width", "_height"))]
POUNDS = {"lb": Decimal(1), "oz": Decimal(1) / 16, "kg": Decimal("2.2046226218"), "g": Decimal("0.0022046226218")}

amounts = st.decimals(0, 10**6, places=4).map(float)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12).filter(
    str.strip
)
labels = words.filter(lambda word: word.strip() != "*")


def maybe(**fields):
    return st.fixed_dictionaries({}, optional=fields)


common = {
    "name": words,
    "description": words | st.none(),
    "upc": st.from_regex(r"\A0\d{5,11}\Z"),
    "supplier": words.map(lambda name: {"name": name}),
    "sellable": st.booleans() | st.none(),
    "custom_fields": st.dictionaries(labels, words | st.booleans() | st.integers(0, 99), max_size=3),
    **dict.fromkeys(AMOUNTS, amounts | st.none()),
    **dict.fromkeys(WEIGHTS, amounts.map(lambda value: {"unit": "lb", "value": value})),
}
variants = st.tuples(words, maybe(**common)).map(lambda pair: {"sku": pair[0], **pair[1]})
products = st.tuples(
    words,
    maybe(
        **common,
        category=words.map(lambda name: {"name": name}),
        subcategory=words.map(lambda name: {"name": name}),
        image_url=words | st.none(),
        tags=st.lists(words, max_size=3),
        boms=st.lists(st.integers(1, 9), max_size=3),
        variants=st.lists(variants, max_size=3),
    ),
).map(lambda pair: {"sku": pair[0], **pair[1]})


@st.composite
def shown(draw, document):
    """The document as Luminous might answer it."""
    record = dict(document)
    for name in WEIGHTS:
        if name in record:
            total = record[name]["value"]
            record[name] = draw(
                st.sampled_from(
                    [total, str(total), [record[name]], record[name], [{"unit": "LB", "value": str(total)}]]
                )
            )
            record |= draw(st.sampled_from([{}, {f"{name}_lb": total, f"{name}_oz": total * 16}]))
    for name in ("category", "subcategory", "supplier"):
        if name in record:
            record[name] = {"id": draw(st.integers(1, 99)), **record[name], "bank": "x"}
    for name in AMOUNTS:
        if record.get(name) is not None and draw(st.booleans()):
            record[name] = f"{record[name]:.4f}"
    if "tags" in record:
        record["tags"] = [{"id": number, "name": name, "color": None} for number, name in enumerate(record["tags"])]
    if "boms" in record:
        record["boms"] = [{"id": id, "items": []} for id in record["boms"]]
    if "variants" in record:
        record["variants"] = [draw(shown(one)) | {"id": 5, "attachments": []} for one in record["variants"]]
        for one in record["variants"]:
            pairs = one.get("custom_fields", {}).items()
            one["custom_fields"] = draw(
                st.sampled_from(
                    [[{label: value} for label, value in pairs], [{"label": k, "value": v} for k, v in pairs]]
                )
            )
    return record | {
        "id": 4,
        "type": "PRODUCT",
        "created_at": "2026-01-01T00:00:00Z",
        "kit_items": [],
        "attachments": [],
    }


def without(document, *names):
    return {name: value for name, value in document.items() if name not in names}


@given(st.data(), products)
def test_what_is_read_is_what_was_written_in_whatever_shape_it_is_shown(data, document):
    record = data.draw(shown(document))
    read = without(read_product(json.loads(json.dumps(record))), *ProductFacts.model_fields, "id")
    if "variants" in read:
        read["variants"] = [without(one, *VariantFacts.model_fields) for one in read["variants"]]
        for variant in document["variants"]:
            variant.setdefault("custom_fields", {})
    assert Product.model_validate(read).model_dump(exclude_unset=True) == read == document
    assert fingerprint(read) == fingerprint(document)


@given(st.lists(st.tuples(st.sampled_from(sorted(POUNDS)), amounts), min_size=1, max_size=4), st.booleans())
def test_a_compound_weight_is_the_sum_of_its_parts(parts, as_text):
    exact = sum(Decimal(repr(value)) * POUNDS[unit] for unit, value in parts)
    record = {"box_weight": [{"unit": unit, "value": str(value) if as_text else value} for unit, value in parts]}
    weight = read_product(record)["box_weight"]
    assert weight["unit"] == "lb"
    assert math.isclose(weight["value"], exact, rel_tol=1e-9, abs_tol=1e-6)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1", "lb", "1 lb", "oz"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "sku", "unit", "value", "label"]) | st.text(max_size=4), inner, max_size=4
        )
    ),
    max_leaves=12,
)
FIELDS = sorted({*Product.model_fields, *ProductFacts.model_fields, *Channel.model_fields, *ChannelFacts.model_fields})
odd = st.dictionaries(
    st.sampled_from([*FIELDS, "updatedAt", "updated_at", "box_weight_lb", "variants", "tags"]), json_values
)


@given(odd)
def test_no_answer_is_too_odd_to_be_read_and_what_is_read_can_be_written_as_json(record):
    for document in (read_product(record), read_channel(record)):
        json.dumps(document, allow_nan=False)
    changed_at(record)


@given(st.lists(odd, max_size=4))
def test_the_products_of_a_page_are_read_as_each_of_them_is(records):
    body = json.dumps({"data": records, "meta": {"total": 1}, "links": {}}).encode()
    page, each = read_page(body), parsed(body)["data"]
    assert page["meta"] == {"total": 1}
    for listed in (read_listed(page["data"]), read_listed(each)):
        assert repr(list(listed.documents)) == repr([dict(read_product(one)) for one in each])
        assert listed.ids == [None if one.get("id") is None else str(one["id"]) for one in each]
        moments = [changed_at(one) for one in each]
        assert listed.changes == [None if moment is None else moment.timestamp() for moment in moments]


@given(json_values | st.fixed_dictionaries({"data": json_values}))
def test_what_is_no_page_of_products_is_read_like_any_other_answer(value):
    body = json.dumps(value).encode()
    assert repr(read_page(body)) == repr(parsed(body)) or isinstance(value["data"], list)


@pytest.mark.parametrize("value", ['"\\ud800"', "NaN", "-Infinity", "1e999"])
def test_a_page_with_what_only_the_slow_reader_takes_is_read_all_the_same(value):
    body = f'{{"data": [{{"sku": "A", "name": {value}}}], "meta": {{"total": 1}}}}'.encode()
    assert repr(read_page(body)) == repr(parsed(body))


def test_what_is_nested_beyond_measure_is_no_answer():
    for body in (b"[" * 100_000, b'{"data": [{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}"):
        for read in (read_page, parsed):
            with pytest.raises(ValueError, match=r"nested too deeply|malformed|truncated|Expecting"):
                read(body)


@given(odd)
def test_what_is_read_has_the_types_of_the_model_or_is_null(record):
    """Only bounds and nulls may be against the model: an answer may hold what could not be written."""
    for model, read, facts in ((Product, read_product, ProductFacts), (Channel, read_channel, ChannelFacts)):
        document = without(read(record), *facts.model_fields, "variants")
        document |= {"sku": "A"} if model is Product else {"id": 1}
        document = without(document, "id") if model is Product else document
        try:
            model.model_validate(document)
        except ValidationError as error:
            for fault in error.errors():
                value = fault["input"]
                assert value is None or not fault["type"].endswith("_type"), fault


@given(
    st.recursive(
        st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    ),
    st.data(),
)
def test_a_secret_is_found_however_deep_it_lies(record, data):
    name = data.draw(
        st.sampled_from(["credentials", "API-Key", "access_token", "clientSecret", "Password", "iban", "swift_code"])
    )
    secret = "s3cr3t-s3cr3t"
    buried = data.draw(st.sampled_from([secret, {"a": secret}, [secret], [{"b": [secret]}]]))
    for layer in data.draw(st.lists(st.sampled_from(["list", "fees", "mapping", "supplier"]), max_size=5)):
        record = [record, {name: buried}] if layer == "list" else {layer: record, name: buried}
    assert secret not in json.dumps(redacted({"x": record, name: buried}))


@pytest.mark.parametrize("model", [Variant, Product])
def test_the_strategies_cover_what_the_model_can_show(model):
    assert set(common) <= set(model.model_fields)

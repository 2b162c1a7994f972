"""Predicates whatever they say, and the order of ids whatever they are."""

import json
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from bulk.connectors.commercetools.sandbox.channels.fields import FIELDS
from bulk.connectors.commercetools.sandbox.ids import place
from bulk.connectors.commercetools.sandbox.predicates import BadPredicateError, predicate

WORDS = [
    "key", "name", "en", "custom", "fields", "roles", "address", "geoLocation", "version", "id", "`a-b`",
    "=", "!=", "<", ">=", "(", ")", ",", "and", "or", "not", "in", "contains", "any", "all", "is", "empty", "defined",
    "within", "circle", '"Primary"', '"a"', '"\\', "1", "-2.5", "true", ":v", ":w", "\n", "\x00", "é",
]  # fmt: skip


@given(st.one_of(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), st.text(max_size=40)))
def test_a_predicate_is_understood_or_refused_with_a_place(text):
    record = {"key": "a", "version": 1, "roles": ["Primary"], "name": {"en": "a"}, "id": str(UUID(int=7))}
    refused = None
    try:
        assert predicate(text, FIELDS, {"v": ["a"]}, most=500).test(record) in {True, False}
    except BadPredicateError as fault:
        refused = fault.position
    assert refused is None or 0 <= refused <= len(text)


@given(st.text(), st.text())
def test_a_text_means_itself_written_out_or_as_a_variable(text, other):
    for where, variables in ((f"key = {json.dumps(text)}", {}), ("key = :k", {"k": [text]})):
        found = predicate(where, FIELDS, variables, most=500)
        assert found.test({"key": text})
        assert found.test({"key": other}) == (text == other)
        assert found.keys == {text}


@given(st.uuids(), st.uuids())
def test_ids_are_ordered_by_the_reversed_bytes_of_each_half(one, other):
    def legacy(id):
        return id.bytes[:8][::-1] + id.bytes[8:][::-1]

    assert (place(str(one)) < place(str(other))) == (legacy(one) < legacy(other))

"""What is known of a record's fields, and what of a document is new to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulk.fingerprint import canonical, departed, emptied, fingerprint, fingerprints, leaves, merged, unknown, without

PRODUCT = {
    "sku": "A-1",
    "retail_price": 12.5,
    "product_weight": {"unit": "lb", "value": 1.0},
    "custom_fields": {"Color": "Red"},
    "tags": ["new", "garden"],
    "variants": [{"sku": "A-1-S", "name": "Small"}, {"sku": "A-1-L", "name": "Large"}],
}


def test_leaves_are_dotted_paths_and_elements_go_by_their_sku():
    assert [path for path, _ in leaves(PRODUCT)] == [
        "sku",
        "retail_price",
        "product_weight.unit",
        "product_weight.value",
        "custom_fields.Color",
        "tags",
        "variants[A-1-S].sku",
        "variants[A-1-S].name",
        "variants[A-1-L].sku",
        "variants[A-1-L].name",
    ]


def test_a_known_document_has_nothing_new_and_a_changed_leaf_is_named():
    known = fingerprint(PRODUCT)
    assert unknown(PRODUCT, known) == []
    assert unknown(PRODUCT | {"retail_price": 13}, known) == ["retail_price"]
    assert departed(PRODUCT | {"retail_price": 13, "name": "New"}, known) == ["retail_price"]
    assert unknown(PRODUCT | {"retail_price": 13, "name": "New"}, known) == ["retail_price", "name"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (12, 12.0),
        ("12.5", 12.5),
        (" Mug ", "Mug"),
        ("a\r\nb", "a\nb"),
        (None, ""),
        (None, []),
        (["b", "a", "a", " "], ["a", "b"]),
        (1e-07, "0.0000001"),
        ({}, None),
        (True, "true"),
    ],
)
def test_values_that_look_alike_in_a_cell_are_the_same(one, other):
    assert canonical(one) == canonical(other)
    assert unknown({"field": one}, fingerprint({"field": other})) == []


@pytest.mark.parametrize(("one", "other"), [("012", 12), ("A", "a"), (0, None), (False, None), (["a;b"], ["a", "b"])])
def test_values_that_differ_in_a_cell_are_not_the_same(one, other):
    assert unknown({"field": one}, fingerprint({"field": other})) == ["field"]


def test_the_order_of_elements_does_not_matter_and_one_left_out_is_nothing_new():
    fewer = PRODUCT | {"variants": PRODUCT["variants"][1:]}
    assert unknown(PRODUCT | {"variants": PRODUCT["variants"][::-1]}, fingerprint(PRODUCT)) == []
    assert unknown(fewer, fingerprint(PRODUCT)) == []
    assert unknown(PRODUCT, fingerprint(fewer)) == ["variants[A-1-S].sku", "variants[A-1-S].name"]


def test_a_later_value_of_a_path_replaces_the_earlier_one_and_leaves_the_others():
    known = merged(fingerprint(PRODUCT), fingerprint({"retail_price": 13}))
    assert unknown(PRODUCT, known) == ["retail_price"]
    assert unknown(PRODUCT | {"retail_price": 13}, known) == []


def test_a_later_reading_of_a_field_forgets_what_is_not_in_it_any_more():
    known = fingerprint({"custom_fields": {"Color": "Red", "Size": "L"}, "lot_tracking": True})
    known = merged(known, fingerprint({"custom_fields": {"Color": "Red"}}))
    assert unknown({"custom_fields": {"Color": "Red"}, "lot_tracking": True}, known) == []
    assert unknown({"custom_fields": {"Size": "L"}}, known) == ["custom_fields.Size"]
    assert unknown({"custom_fields": {"Color": "Red"}}, merged(known, fingerprint({"custom_fields": {}}))) != []


def test_a_later_writing_of_a_field_forgets_what_was_not_written_with_it_unless_that_is_kept():
    known = fingerprint({"options": {"a": 1, "b": 2}, "custom_fields": {"Color": "Red", "Size": "L"}})
    known = merged(known, fingerprint({"options": {"a": 1}, "custom_fields": {"Color": "Blue"}}), {"custom_fields"})
    assert unknown({"options": {"b": 2}, "custom_fields": {"Color": "Blue", "Size": "L"}}, known) == ["options.b"]


def test_a_field_that_is_written_as_one_is_new_where_it_holds_less_than_before():
    known = fingerprint({"options": {"a": 1, "b": 2}})
    assert unknown({"options": {"a": 1}}, known) == []
    assert unknown({"options": {"a": 1}}, known, whole={"options"}) == ["options"]
    assert unknown({"options": {"a": 1, "b": 2}}, known, whole={"options"}) == []


def test_leaves_can_be_taken_out_of_a_document():
    left = without(PRODUCT, ["retail_price", "variants[A-1-S].name", "custom_fields.Color"])
    assert unknown(PRODUCT, fingerprint(left)) == ["retail_price", "custom_fields.Color", "variants[A-1-S].name"]
    assert without(PRODUCT, []) == PRODUCT


def test_of_two_values_held_against_a_document_either_will_do():
    known = merged(b"", fingerprint({"price": 12.345}) + fingerprint({"price": 12.35}))
    assert unknown({"price": 12.345}, known) == unknown({"price": 12.35}, known) == []
    assert unknown({"price": 12.35}, merged(known, fingerprint({"price": 1}))) == ["price"]


TEXTS, PATHS = st.text(max_size=9), st.text(min_size=1, max_size=9)
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS | st.lists(TEXTS, max_size=3)
DOCUMENTS = st.dictionaries(PATHS, VALUES | st.dictionaries(PATHS, VALUES, max_size=3), max_size=5)


@given(DOCUMENTS, DOCUMENTS)
def test_what_was_written_last_is_known_whatever_was_known_before(before, after):
    known = merged(fingerprint(before), fingerprint(after))
    assert unknown(after, known) == []
    assert set(unknown(before, known)) <= {path for path, _ in leaves(after)}
    assert len(known) % 12 == 0


NAMES = st.sampled_from(["a", "b", " a", "sku", "c.d", ""])
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | st.text(max_size=2),
    lambda inner: (
        st.dictionaries(NAMES, inner, max_size=3)
        | st.lists(st.none() | st.booleans() | st.integers(0, 1) | st.text(max_size=1), max_size=3)
        | st.lists(st.dictionaries(NAMES, inner, max_size=2), max_size=2)
    ),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(NAMES, SHAPES, max_size=4), max_size=5))
def test_fingerprints_of_many_are_those_of_each(documents):
    assert fingerprints(documents) == list(map(fingerprint, documents))


def test_so_they_are_where_no_two_have_a_name_in_common():
    documents = [{"sku": f"A-{n}", "custom_fields": {f"Field {n}": n}} for n in range(50)]
    assert fingerprints(documents) == list(map(fingerprint, documents))


def test_what_lay_below_an_object_that_was_set_to_null_is_not_known_any_more():
    held = {"key": "a", "place": {"city": "Bonn", "at": {"floor": 1}}, "note": "x"}
    known = fingerprint(held)
    assert emptied(known, {"place": {"at": None}}, held) == fingerprint(
        {"key": "a", "place": {"city": "Bonn"}, "note": "x"}
    )
    assert emptied(known, {"place": None}, held) == fingerprint({"key": "a", "note": "x"})
    assert emptied(known, {"note": None, "place": {"city": "Ulm"}}, held) == known


def test_a_value_is_never_taken_for_another_that_python_holds_equal():
    for before, after in [(1, True), (True, 1), (0, False), (False, 0), (None, False), ("", 0)]:
        assert unknown({"field": after}, fingerprint({"field": before})) == ["field"]


def test_a_fingerprint_is_that_of_the_leaves_one_by_one():
    one_by_one = {fingerprint({path: value}) for path, value in leaves({"tags": ["b", "a"], "n": 1.0, "s": "x" * 99})}
    assert fingerprint({"tags": ["b", "a"], "n": 1.0, "s": "x" * 99}) == b"".join(sorted(one_by_one))

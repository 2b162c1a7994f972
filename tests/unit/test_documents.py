"""Documents side by side are the same documents, whatever is done with them."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bulk.model import ABSENT, Documents, distinct, each

DOCUMENTS = st.lists(st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 3), max_size=3), max_size=6)


@given(DOCUMENTS)
def test_documents_stay_as_they_are(documents):
    side_by_side = Documents.of(documents)
    assert list(side_by_side) == documents
    assert len(side_by_side) == len(documents)
    assert Documents.of(side_by_side) is side_by_side
    assert Documents.of(list(documents)) == side_by_side != Documents.of([*documents, {}])
    assert [side_by_side[place] for place in range(len(documents))] == documents
    assert list(side_by_side[1:3]) == documents[1:3]


@given(st.lists(DOCUMENTS, max_size=4))
def test_joined_they_follow_each_other(parts):
    joined = Documents.joined(map(Documents.of, parts))
    assert list(joined) == [document for part in parts for document in part]


@given(st.lists(st.tuples(st.booleans(), st.dictionaries(st.sampled_from("ab"), st.integers()))))
def test_some_of_them_can_be_chosen(pairs):
    chosen = Documents.of([document for _, document in pairs]).only([wanted for wanted, _ in pairs])
    assert list(chosen) == [document for wanted, document in pairs if wanted]
    assert len(chosen) == len(list(chosen))


def test_of_structs_what_is_not_set_is_absent():
    thing = msgspec.defstruct("Thing", [(name, object, msgspec.UNSET) for name in "abc"])
    documents = Documents.of_structs([thing(a=1), thing(a=None, b=2)])
    assert documents.columns == {"a": (1, None), "b": (ABSENT, 2)}
    assert list(documents) == [{"a": 1}, {"a": None, "b": 2}]
    assert list(Documents.of_structs([])) == []


@given(st.lists(st.sampled_from([[], [], [1], {}, None, True, 1, 1.0, ABSENT])))
def test_what_is_one_object_is_read_once_and_stands_in_all_its_places(values):
    seen = []
    assert all(
        one is other for one, other in zip(each(lambda value: seen.append(value) or value, values), values, strict=True)
    )
    once, places = distinct(values)
    assert list(map(id, seen)) == list(map(id, once)) == list(dict.fromkeys(map(id, values)))
    assert all(once[place] is value for place, value in zip(places, values, strict=True))

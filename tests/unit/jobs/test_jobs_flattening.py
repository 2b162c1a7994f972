"""Documents as rows: which columns there are, in which order and of which type."""

import dataclasses
from typing import Annotated, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, JsonValue

from bulk.connectors import connectors
from bulk.contracts import OtherRows, Resource
from bulk.errors import UsageError
from bulk.fingerprint import canonical
from bulk.jobs.export.fitting import Remarks
from bulk.jobs.export.flattening import Flattening
from bulk.validation import compile_schema
from bulk.validation.columns import Kind
from bulk.validation.document import UNSET, Document


class Place(Document):
    """An object that may be null."""

    city: Annotated[str | None, Field(description="city")] = UNSET
    zone: Annotated[int | None, Field(description="zone")] = UNSET


class Shop(Document):
    """Something with every shape of field."""

    id: Annotated[int, Field(description="id")] = UNSET
    key: Annotated[str, Field(description="key")] = UNSET
    place: Annotated[Place | None, Field(description="place")] = UNSET
    names: Annotated[dict[str, str], Field(description="names")] = UNSET
    options: Annotated[dict[str, Any] | None, Field(description="anything")] = UNSET
    fields: Annotated[dict[str, str | int | float | bool], Field(description="fields")] = UNSET
    values: Annotated[dict[str, JsonValue], Field(description="values")] = UNSET
    shelves: Annotated[list[dict[str, Any]] | None, Field(description="shelves")] = UNSET


class Shelf(Document):
    """A row of its own."""

    key: Annotated[str, Field(description="key")] = UNSET
    depth: Annotated[float | None, Field(description="depth")] = UNSET


class ShopFacts(Document):
    """Read-only."""

    made: Annotated[str, Field(description="made")] = UNSET


class Tagged(Document):
    """Something with lists."""

    key: Annotated[str, Field(description="key")] = UNSET
    tags: Annotated[list[str] | None, Field(description="tags")] = UNSET
    numbers: Annotated[list[int] | None, Field(description="numbers")] = UNSET


def tagged() -> Resource:
    return dataclasses.replace(shops(), model=Tagged, other_rows=None, read_only=None)


def never(*_):
    raise AssertionError("flattening does not ask for this")


def shops(within: str | None = "shelves", read_only: type[BaseModel] | None = ShopFacts) -> Resource:
    return Resource(
        name="shops", title="", model=Shop, keys=("key", "id"), upsert=never, reference="", read=never, redacted=never,
        get=never, find=never, find_at_once=1, needs_current=never, walk=never, filter=never, changed_at=never,
        other_rows=OtherRows(title="a shelf", column="shop", filled=True, model=Shelf, keys=("key",), within=within),
        read_only=read_only,
    )  # fmt: skip


def table(*documents, wanted=None, typed=True, resource=None, at_once=2):
    """The table of documents that were laid aside so many at once."""
    flattening = Flattening(resource or shops(), wanted)
    spread = [flattening.spread(documents[start : start + at_once]) for start in range(0, len(documents), at_once)]
    for rows, _ in spread:
        flattening.survey(rows)
    schema, remarks = flattening.schema(typed=typed), Remarks()
    frames = [flattening.frame(rows, sum(counts), schema, remarks) for rows, counts in spread]
    return pl.concat(frames) if frames else flattening.frame(pl.DataFrame(), 0, schema, remarks)


def test_columns_come_as_in_the_model_then_open_ones_by_label_then_read_only_ones():
    found = table(
        {"made": "x", "fields": {"b": 1, "A": 2}, "names": {"en": "Shop"}, "key": "K", "id": 1},
        {"key": "L", "fields": {"a b": 3}, "shelves": [{"depth": 1.5}]},
    )
    assert found.columns == ["id", "key", "shop", "names.en", "fields.A", "fields.a b", "fields.b", "depth", "made"]


def test_only_columns_that_occur_are_there_and_null_counts():
    assert table({"key": "K", "place": {"city": None}}).columns == ["key", "place.city"]


def test_an_object_that_is_null_fills_no_column_but_shows_them():
    found = table({"key": "K", "place": None})
    assert found.rows(named=True) == [{"key": "K", "place.city": None, "place.zone": None}]


def test_an_object_of_unknown_shape_is_json():
    found = table({"key": "K", "options": {"b": [1], "a": None}}, {"key": "L", "options": None})
    assert found["options"].to_list() == ['{"a":null,"b":[1]}', None]


def test_lists_keep_their_elements_whatever_these_hold():
    values = [["a", "b"], ["x\x1fy", "z"], [], None, ["one"], ["<b>", " c"]]
    for at_once in (1, 2, 6):
        found = table(*({"key": "K", "tags": value} for value in values), resource=tagged(), at_once=at_once)
        assert found["tags"].to_list() == [value or None for value in values]
    numbers = [[3, 1], None, [2**62], []]
    found = table(*({"key": "K", "numbers": value} for value in numbers), resource=tagged(), at_once=4)
    assert found["numbers"].to_list() == [value or None for value in numbers]


CELLS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.just(2**70)
    | st.sampled_from([1.5, 2.0, "x", "", "<clear>", "[1]"])
)
DOCUMENTS = st.fixed_dictionaries(
    {"key": st.text("AB", min_size=1, max_size=1)},
    optional={
        "id": CELLS,
        "place": st.none() | st.dictionaries(st.sampled_from(["city", "zone", "x"]), CELLS, max_size=2),
        "fields": st.dictionaries(st.sampled_from(["a", " a", "b.c", "*"]), CELLS, max_size=3),
        "values": st.dictionaries(
            st.sampled_from(["a", "b"]), CELLS | st.dictionaries(st.just("en"), CELLS, max_size=1)
        ),
        "shelves": st.lists(
            st.fixed_dictionaries({"key": st.text("S", max_size=1)}, optional={"depth": CELLS}), max_size=2
        ),
    },
)


@given(st.lists(DOCUMENTS, max_size=5), st.booleans())
def test_how_many_are_laid_aside_at_once_makes_no_difference(documents, typed):
    one_by_one = table(*documents, typed=typed, at_once=1)
    for at_once in (2, 5):
        assert table(*documents, typed=typed, at_once=at_once).equals(one_by_one)


def test_labels_may_hold_dots_and_lose_space_around_them():
    assert table({"fields": {" Net. weight ": 5, "*": 1, " ": 2}}).rows(named=True) == [{"fields.Net. weight": 5}]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2, None], pl.Int64()),
        ([1, 2.5], pl.Float64()),
        ([True, None], pl.Boolean()),
        ([1, "x"], pl.String()),
        ([True, 1], pl.String()),
        ([None], pl.String()),
    ],
)
def test_open_fields_are_typed_where_all_values_agree(values, dtype):
    documents = [{"fields": {"f": value}} for value in values]
    for at_once in (1, 2, 3):
        assert table(*documents, at_once=at_once).schema["fields.f"] == dtype
        found = table(*documents, typed=False, at_once=at_once)
        assert found.schema["fields.f"] == pl.String
        assert found["fields.f"].to_list() == [None if value is None else canonical(value) for value in values]


def test_members_have_their_own_columns_and_the_key_of_their_document():
    found = table({"key": "K", "shelves": [{"key": "S1", "depth": 1.5}, {"key": "S2"}]})
    assert found.rows() == [("K", None, None), ("S1", "K", 1.5), ("S2", "K", None)]


def test_members_of_a_document_without_a_key_are_left_out():
    assert table({"id": 1, "shelves": [{"key": "S1"}]}).rows() == [(1,)]


def test_rows_of_another_kind_that_are_records_by_themselves_add_no_column():
    found = table({"key": "K", "shelves": [{"key": "S1"}]}, resource=shops(within=None))
    assert found.rows(named=True) == [{"key": "K", "shelves": '[{"key":"S1"}]'}]


def test_a_table_of_nothing_has_every_column_that_is_sure():
    assert table().schema == {
        "id": pl.Int64,
        "key": pl.String,
        "shop": pl.String,
        "place.city": pl.String,
        "place.zone": pl.Int64,
        "depth": pl.Float64,
        "made": pl.String,
    }


def test_fields_that_no_column_describes_are_left_out():
    assert table({"key": "K", "secret": 1, "place": {"street": "x"}}).rows() == [("K",)]


@pytest.mark.parametrize(
    ("wanted", "advice"),
    [("Plce.city", "Did you mean 'place.city'?"), ("feilds.en", "Did you mean 'fields.*' with any name for the *?")],
)
def test_a_column_that_there_is_not_is_refused_with_the_nearest(wanted, advice):
    with pytest.raises(UsageError, match=f"there is no column '{wanted}' to export") as caught:
        Flattening(shops(), [wanted])
    assert caught.value.advice.startswith(advice)


@pytest.mark.parametrize(
    ("wanted", "why", "advice"),
    [
        (["place"], "'place' is no column of an export: it is spread out", "such as 'place.city' and 'place.zone'."),
        (["shelves"], "'shelves' is no column of an export: what it holds are rows", "Name 'shop'"),
        ([], "no column to export is named", "leave the choice out"),
    ],
)
def test_a_choice_of_columns_that_would_give_none_says_what_to_name(wanted, why, advice):
    with pytest.raises(UsageError, match=why) as caught:
        Flattening(shops(), wanted)
    assert advice in caught.value.advice


RESOURCES = [resource for connector in connectors() for resource in connector.resources]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_every_field_of_every_resource_has_its_column(resource):
    schema = Flattening(resource).schema(typed=True)
    models = [model for model in (resource.model, resource.read_only) if model is not None]
    columns = [column for model in models for column in compile_schema(model).columns]
    named = {column.name for column in columns if not column.open and column.kind is not Kind.JSON}
    assert named <= set(schema)
    assert len(named) > 10


def test_entries_of_any_kind_are_spread_out_where_they_are_texts_by_name():
    found = table(
        {"values": {"hours": {"en": "9 am", "de": "9 Uhr"}, "price": {"currency": "EUR", "cents": 5}, "tags": ["b"]}},
        {"values": {"count": 3, "hours": {"a.b": "x"}}},
    )
    assert found.rows(named=True) == [
        {
            "values.count": None, "values.hours": None, "values.hours.de": "9 Uhr", "values.hours.en": "9 am",
            "values.price": '{"cents":5,"currency":"EUR"}', "values.tags": '["b"]',
        },
        {
            "values.count": 3, "values.hours": '{"a.b":"x"}', "values.hours.de": None, "values.hours.en": None,
            "values.price": None, "values.tags": None,
        },
    ]  # fmt: skip


def test_a_column_within_an_entry_can_be_asked_for():
    assert table({"values": {"hours": {"en": "9 am"}}}, wanted=["values.hours.en"]).columns == ["values.hours.en"]

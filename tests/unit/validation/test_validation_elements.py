"""Columns of lists whose elements are fields, rules of objects within, and what is only remarked upon."""

import json
from typing import Annotated, Literal

import polars as pl
import pytest
from pydantic import Field, ValidationError

from bulk.errors import SchemaError
from bulk.validation import compile_schema
from bulk.validation.document import (
    UNSET,
    Document,
    Element,
    ExactlyOne,
    Expected,
    Identifier,
    NotBoth,
    NotSwapped,
    OnlyWith,
    RequiredUnless,
    RequiredWhen,
)

MANY = Literal[tuple(f"A{number}" for number in range(30))]


class Place(Document):
    rules = (NotSwapped("east", "north", 90, 180),)

    east: Annotated[float, Field(ge=-180, le=180), Element("place.at", 0)]
    north: Annotated[float, Field(ge=-90, le=90), Element("place.at", 1)]


class Ref(Document):
    rules = (NotBoth("id", "key", "only one of them is taken"),)

    id: str = UNSET
    key: str = UNSET


class Shop(Document):
    sku: Annotated[str, Identifier(), Expected("^[a-z]+$", "usually has small letters", "it is sent as it is.")]
    place: Place | None = UNSET
    ref: Ref | None = UNSET
    code: MANY = UNSET


def payloads(checked):
    return [json.loads(record.payload) for record in checked.records()]


def rules(checked, row=0):
    return [(one.column, one.rule) for one in checked.bad[row].violations]


@pytest.mark.parametrize("cell", ["[13.4, 52.5]", "13.4,52.5", " [ 13.4,52.5 ] "])
def test_a_list_becomes_the_fields_that_are_its_elements(check, cell):
    assert payloads(check({"sku": ["a"], "Place.At": [cell]}, model=Shop)) == [
        {"sku": "a", "place": {"east": 13.4, "north": 52.5}}
    ]


def test_so_does_a_typed_list(check):
    table = {"sku": ["a"], "place.at": pl.Series([[13.4, 52.5]])}
    assert payloads(check(table, model=Shop)) == [{"sku": "a", "place": {"east": 13.4, "north": 52.5}}]


@pytest.mark.parametrize("cell", ["13.4", "[1,2,3]", "[]"])
def test_a_list_of_another_length_is_refused(check, cell):
    assert rules(check({"sku": ["a"], "place.at": [cell]}, model=Shop))[0] == ("place.at", "split")


def test_an_element_is_named_where_it_is_wrong(check):
    checked = check({"sku": ["a"], "place.at": ["[east, 5]"]}, model=Shop)
    assert rules(checked) == [("place.at", "number")]
    assert checked.bad[0].violations[0].message.startswith("place.east: ")


def test_two_numbers_the_wrong_way_round_are_told(check):
    checked = check({"sku": ["a"], "place.east": ["52.5"], "place.north": ["113.4"]}, model=Shop)
    assert rules(checked) == [("place.north", "le"), ("place.north", "swapped")]
    swapped = checked.bad[0].violations[1]
    assert "probably swapped" in swapped.message
    assert swapped.advice == "Exchange place.east and place.north."


@pytest.mark.parametrize(("east", "north"), [("113.4", "52.5"), ("120", "120"), ("5", "181")])
def test_others_are_not(check, east, north):
    checked = check({"sku": ["a"], "place.east": [east], "place.north": [north]}, model=Shop)
    assert "swapped" not in {one.rule for bad in checked.bad for one in bad.violations}


def test_swapped_numbers_are_a_rule_for_pydantic_too():
    class Wide(Document):
        rules = (NotSwapped("east", "north", 90, 180),)

        east: float
        north: float

    with pytest.raises(ValidationError, match="probably swapped"):
        Wide(east=1.0, north=100.0)
    assert Wide(east=100.0, north=1.0).east == 100


def test_rules_of_an_object_within_hold_in_columns_and_in_json(check):
    table = {"sku": ["a", "b"], "ref.id": ["1", None], "ref.key": ["k", "k"]}
    checked = check(table, model=Shop)
    assert rules(checked) == [("ref.key", "not_both")]
    assert payloads(checked) == [{"sku": "b", "ref": {"key": "k"}}]
    checked = check({"sku": ["a", "b"], "ref": ['{"id":"1","key":"k"}', "<clear>"]}, model=Shop)
    assert rules(checked) == [("ref", "json")]
    assert payloads(checked) == [{"sku": "b", "ref": None}]


@pytest.mark.parametrize(
    "rule",
    [
        NotBoth("a", "b", "why"),
        ExactlyOne("a", "b"),
        NotSwapped("a", "b", 1, 2),
        RequiredWhen("a", "b", equals=True),
        RequiredUnless("a", (("b", True),)),
        RequiredUnless("a", (("b", True),), where=("c", ("x",))),
        OnlyWith("a", True, "b", ("x",)),
    ],
)
def test_every_rule_can_be_seen_from_around_its_object(rule):
    below = rule.below("in.side")
    assert below.paths == tuple(f"in.side.{path}" for path in rule.paths)
    assert below.conditions == tuple((f"in.side.{path}", values) for path, values in rule.conditions)
    assert type(below) is type(rule)


def test_a_rule_within_must_speak_of_what_is_there():
    class Wrong(Document):
        rules = (NotBoth("id", "nowhere"),)

        id: str = UNSET

    class Around(Document):
        sku: str
        wrong: Wrong = UNSET

    with pytest.raises(SchemaError, match=r"'wrong\.nowhere', which is no column"):
        compile_schema(Around)


def test_unusual_text_is_sent_and_remarked_upon(check):
    checked = check({"sku": ["ab", "A b", "C", "2"], "code": [None, None, None, "Z"]}, model=Shop)
    (unusual,) = checked.unusual
    assert (unusual.label, unusual.row, unusual.text, unusual.count) == ("sku", 3, "A b", 2)
    assert [record.key for record in checked.records()] == ["ab", "A b", "C"]
    assert "usually has small letters" in compile_schema(Shop).find("sku").constraint_text


def test_many_choices_are_not_all_named(check):
    checked = check({"sku": ["a"], "code": ["B"]}, model=Shop)
    assert checked.bad[0].violations[0].message == "this must be one of A0, A1, A2, A3, A4 and 25 more"
    assert compile_schema(Shop).find("code").constraint_text == "one of A0, A1, A2, A3, A4 and 25 more"


def test_codes_of_uneven_width_are_not_held_against_each_other():
    class Person(Document):
        sku: str
        postcode: Annotated[str, Identifier(even=False)] = UNSET
        ean: Annotated[str, Identifier()] = UNSET

    schema = compile_schema(Person)
    assert (schema.find("postcode").identifier, schema.find("postcode").even) == (True, False)
    assert (schema.find("ean").identifier, schema.find("ean").even) == (True, True)

import re
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from bulk.connectors.luminous.models import Product
from bulk.errors import SchemaError
from bulk.validation import compile_schema
from bulk.validation.columns import Kind
from bulk.validation.document import (
    UNSET,
    Aliases,
    Consequence,
    Document,
    ExactlyOne,
    Identifier,
    NotBoth,
    Reference,
)


def column(annotation, **fields):
    model = type("Model", (Document,), {"__annotations__": {"field": annotation}, "field": UNSET, **fields})
    return compile_schema(model).columns[0]


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, Kind.TEXT),
        (int, Kind.INTEGER),
        (float, Kind.NUMBER),
        (bool, Kind.BOOLEAN),
        (list[str], Kind.TEXTS),
        (list[int], Kind.INTEGERS),
        (Literal["a", "b"], Kind.TEXT),
        (list[Literal["a", "b"]], Kind.TEXTS),
        (dict[str, str], Kind.JSON),
        (dict[str, Any], Kind.JSON),
        (list[dict[str, Any]], Kind.JSON),
        (list[list[int]], Kind.JSON),
    ],
)
def test_an_annotation_becomes_a_kind(annotation, kind):
    assert column(annotation).kind is kind
    assert not column(annotation).nullable
    assert column(annotation | None).kind is kind
    assert column(annotation | None).nullable


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[int | None, Field(ge=0)],
        Annotated[int, Field(ge=0)] | None,
        Annotated[Annotated[int, Field(ge=0)] | None, "x"],
    ],
)
def test_a_bound_is_found_on_the_field_and_inside_a_union(annotation):
    if "x" in getattr(annotation, "__metadata__", ()):
        with pytest.raises(SchemaError, match="'x' cannot be compiled"):
            column(annotation)
    else:
        assert (column(annotation).constraints.ge, column(annotation).nullable) == (0, True)


def test_every_bound_of_a_field_is_taken_over():
    number = column(Annotated[float, Field(ge=1, gt=0, le=9, lt=10, multiple_of=0.5)]).constraints
    assert (number.ge, number.gt, number.le, number.lt, number.multiple_of) == (1, 0, 9, 10, 0.5)
    text = column(Annotated[str, Field(min_length=1, max_length=9, pattern="^x")]).constraints
    assert (text.min_length, text.max_length, text.pattern) == (1, 9, "^x")
    tags = column(Annotated[list[Annotated[str, Field(max_length=3)]], Field(min_length=2)])
    assert (tags.constraints.min_length, tags.each.max_length) == (2, 3)


def test_notes_on_a_field_are_taken_over():
    found = column(
        Annotated[
            str, Field(description="What"), Aliases("Other"), Identifier(), Consequence("hurts"), Reference("there")
        ]
    )
    assert (found.description, found.aliases, found.identifier, found.consequence, found.reference) == (
        "What", ("Other",), True, "hurts", "there",
    )  # fmt: skip


def test_nested_fields_become_dotted_columns_and_know_what_they_come_with():
    columns = {one.name: one for one in compile_schema(Product).columns}
    assert columns["product_weight.unit"].within == ("product_weight",)
    assert columns["product_weight.value"].within == ("product_weight",)
    assert columns["category.name"].within is None, "its only field is there whenever the object is"
    assert "category" not in columns


def test_an_open_object_is_a_column_of_json_and_a_column_for_each_entry():
    columns = {one.name: one for one in compile_schema(Product).columns}
    assert columns["custom_fields"].kind is Kind.JSON
    assert columns["custom_fields.*"].kind is Kind.SCALAR
    assert columns["custom_fields.*"].open


def test_a_nullable_object_is_a_column_of_json_and_its_fields():
    class Address(Document):
        country: str
        city: str = UNSET

    class Model(Document):
        address: Address | None = UNSET

    names = [(one.name, one.nullable, one.within) for one in compile_schema(Model).columns]
    assert names == [("address", True, None), ("address.country", False, ("address",)), ("address.city", False, None)]


def test_a_required_field_of_a_required_object_is_required_in_every_row():
    class Inner(Document):
        name: str
        note: str = UNSET

    class Model(Document):
        key: str
        inner: Inner

    assert [(one.name, one.within) for one in compile_schema(Model).columns] == [
        ("key", ()), ("inner.name", ()), ("inner.note", None),
    ]  # fmt: skip


class Plain(BaseModel):
    name: str


class Lax(Document):
    model_config = ConfigDict(strict=False)
    name: str


class Judging(Document):
    name: str

    @field_validator("name")
    @classmethod
    def check(cls, name):
        return name


class Soft(Document):
    name: str = UNSET


class Recursive(Document):
    again: "Recursive" = UNSET


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (date, "is not supported"),
        (bytes, "is not supported"),
        (Any, "is not supported"),
        (set[str], "is not supported"),
        (str | int, "is not supported"),
        (list[float], "no way to write a list of number"),
        (list[date], "is not supported"),
        (list[str | None], "cannot be null"),
        (dict[int, str], "must be text"),
        (dict[str, date], "is not supported"),
        (dict[str, str | int], "is not supported"),
        (Literal[1, 2], "choices must be text"),
        (Annotated[Literal["a"], Field(max_length=3)], "choices must be text and have no other"),
        (Annotated[str, Field(ge=1)], "ge means nothing for a text"),
        (Annotated[int, Field(max_length=3)], "max_length means nothing for a whole number"),
        (Annotated[list[int], Field(ge=3)], "ge means nothing"),
        (Annotated[str, Field(pattern=re.compile("(?=x)"))], "cannot be compiled"),
        (Annotated[str, AfterValidator(str.strip)], "cannot be compiled"),
        (Annotated[str, "a note"], "cannot be compiled"),
        (Annotated[str, Field(max_length=3), Field(max_length=4)], "max_length"),
        (Annotated[int, Identifier()], "only text can be an identifier"),
        (Annotated[str, Field(alias="other")], "aliases"),
        (Plain, "is not a Document"),
        (Lax, "configuration of its own"),
        (Judging, "validator check cannot be compiled"),
        (Annotated[Soft, Identifier()], "belong on its fields"),
        (dict[str, Annotated[str, Identifier()]], "notes belong on the field"),
    ],
)
def test_what_cannot_be_compiled_is_refused_at_once(annotation, reason):
    with pytest.raises(SchemaError, match=reason):
        column(annotation)


def test_a_model_that_contains_itself_is_refused():
    with pytest.raises(SchemaError, match="contains itself"):
        compile_schema(Recursive)


def test_a_required_object_without_a_required_field_is_refused():
    class Model(Document):
        soft: Soft

    with pytest.raises(SchemaError, match="needs a field that must be sent"):
        compile_schema(Model)


@pytest.mark.parametrize(
    "rule", [NotBoth("name", "colour"), ExactlyOne("name", "whole.name"), NotBoth("name", "open.x")]
)
def test_a_rule_on_something_that_is_not_always_a_column_is_refused(rule):
    class Model(Document):
        rules = (rule,)
        name: str = UNSET
        whole: Soft | None = UNSET
        open: dict[str, str] = UNSET

    with pytest.raises(SchemaError, match="is no column, or not always one"):
        compile_schema(Model)


def test_names_that_headers_could_not_tell_apart_are_refused():
    class Model(Document):
        first_name: str = UNSET
        firstName: str = UNSET  # noqa: N815  # the case that must be refused

    with pytest.raises(SchemaError, match="'firstName' would mean two columns"):
        compile_schema(Model)


def test_an_alias_that_means_two_columns_is_refused():
    class Model(Document):
        one: Annotated[str, Aliases("It")] = UNSET
        two: Annotated[str, Aliases("IT")] = UNSET

    with pytest.raises(SchemaError, match="'IT' would mean two columns"):
        compile_schema(Model)


@pytest.mark.parametrize(
    ("name", "type_text", "constraint_text"),
    [
        ("sku", "text", "at most 100 characters"),
        ("retail_price", "number", "at least 0; can be cleared"),
        ("product_weight.unit", "choice", "one of lb; required with product_weight"),
        ("boms", "list of whole numbers", "can be cleared; clearing it detaches every bill of materials"),
        ("custom_fields.*", "text, number or yes/no", ""),
        ("sellable", "yes or no", "can be cleared"),
    ],
)
def test_a_column_describes_itself_in_plain_words(name, type_text, constraint_text):
    found = next(one for one in compile_schema(Product).columns if one.name == name)
    assert (found.type_text, found.constraint_text) == (type_text, constraint_text)


def test_all_other_constraints_have_words_too():
    words = column(Annotated[float, Field(gt=1, lt=2.5, le=3, multiple_of=0.5)]).constraint_text
    assert words == "above 1; at most 3; below 2.5; a multiple of 0.5"
    words = column(Annotated[list[Literal["a", "b"]], Field(min_length=1, max_length=2)]).constraint_text
    assert words == "at least 1 element; at most 2 elements; each one of a and b"
    assert (
        column(Annotated[str, Field(pattern="^x$", min_length=2)]).constraint_text
        == "at least 2 characters; matching ^x$"
    )

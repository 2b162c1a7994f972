import json
from enum import Enum
from typing import Literal

import pytest
from pydantic import ValidationError

from bulk.validation.document import UNSET, Document, ExactlyOne, NotBoth, OnlyWith, RequiredUnless, RequiredWhen


class Inner(Document):
    name: str


class Outer(Document):
    rules = (ExactlyOne("sku", "id"), NotBoth("inner_id", "inner.name"))

    sku: str = UNSET
    id: int = UNSET
    inner_id: int | None = UNSET
    inner: Inner = UNSET


@pytest.mark.parametrize(
    "document", [{"sku": "a"}, {"id": 1}, {"id": 1, "inner_id": None}, {"id": 1, "inner": {"name": "x"}}]
)
def test_a_document_that_keeps_the_rules_is_accepted(document):
    assert Outer.model_validate(document).model_dump(exclude_unset=True) == document


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({}, "exactly_one"),
        ({"sku": "a", "id": 1}, "exactly_one"),
        ({"id": 1, "inner_id": 2, "inner": {"name": "x"}}, "not_both"),
        ({"id": 1, "inner_id": None, "inner": {"name": "x"}}, "not_both"),
    ],
)
def test_a_document_that_breaks_a_rule_is_refused_by_the_rule_s_name(document, kind):
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(document)
    assert [error["type"] for error in caught.value.errors()] == [kind]


@pytest.mark.parametrize("document", [{"id": "1"}, {"id": True}, {"id": 1, "colour": "red"}, {"sku": None}])
def test_documents_are_strict_closed_and_know_null_from_unset(document):
    with pytest.raises(ValidationError):
        Outer.model_validate(document)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Flags(Document):
    free: bool | None = UNSET
    name: str = UNSET


class Conditional(Document):
    rules = (
        RequiredWhen("account", "pull", True, "somebody must pay"),
        RequiredWhen("flags.name", "colour", "blue"),
        RequiredUnless("group", (("drop", True), ("flags.free", True)), where=("kind", ("a", "b"))),
        OnlyWith("pull", True, "kind", ("a", "c")),
    )

    kind: Literal["a", "b", "c"] | None = UNSET
    pull: bool | None = UNSET
    account: int | None = UNSET
    drop: bool = UNSET
    flags: Flags = UNSET
    group: int | None = UNSET
    colour: Colour = UNSET


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"pull": True, "account": 0},
        {"pull": False},
        {"pull": None},
        {"colour": "blue", "flags": {"name": ""}},
        {"colour": "red"},
        {"kind": "a", "group": 1},
        {"kind": "a", "drop": True, "flags": {"free": True}},
        {"kind": "c"},
        {"kind": None},
        {"kind": "c", "pull": True, "account": 1},
        {"kind": "b", "pull": False, "group": 1},
    ],
)
def test_a_document_that_keeps_the_conditional_rules_is_accepted(document):
    Conditional.model_validate_json(json.dumps(document))


@pytest.mark.parametrize(
    ("document", "rule", "message"),
    [
        ({"pull": True}, "required_when", "account is required where pull is true: somebody must pay"),
        ({"pull": True, "account": None}, "required_when", "account is required where pull is true: somebody must pay"),
        ({"colour": "blue"}, "required_when", "flags.name is required where colour is blue"),
        ({"colour": "blue", "flags": {"free": True}}, "required_when", "flags.name is required where colour is blue"),
        *(
            (
                document,
                "required_unless",
                "group is required where kind is a or b, unless drop is true and flags.free is true",
            )
            for document in (
                {"kind": "a"},
                {"kind": "b", "group": None},
                {"kind": "a", "drop": True},
                {"kind": "a", "drop": True, "flags": {"free": None}},
                {"kind": "a", "drop": False, "flags": {"free": True}},
            )
        ),
        (
            {"kind": "b", "group": 1, "pull": True, "account": 1},
            "only_with",
            "pull can be true only where kind is a or c",
        ),
        ({"kind": None, "pull": True, "account": 1}, "only_with", "pull can be true only where kind is a or c"),
    ],
)
def test_a_document_that_breaks_a_conditional_rule_is_refused_in_its_words(document, rule, message):
    with pytest.raises(ValidationError) as caught:
        Conditional.model_validate_json(json.dumps(document))
    assert [(error["type"], error["msg"]) for error in caught.value.errors()] == [(rule, message)]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (NotBoth("a", "b.c", "nobody knows"), "a and b.c must not both be filled: nobody knows"),
        (ExactlyOne("a", "b", "c"), "exactly one of a, b and c must be filled"),
        (RequiredUnless("a", (("b", False),), why="it counts"), "a is required, unless b is false: it counts"),
        (OnlyWith("a", "x", "b", ("y",), "it is new"), "a can be x only where b is y: it is new"),
    ],
)
def test_a_rule_says_itself_in_words(rule, text):
    assert rule.describe() == text
    assert rule.describe(str.upper) != text


def test_rules_of_the_elements_of_a_list_are_applied():
    class Holder(Document):
        elements: list[Conditional] = UNSET

    Holder.model_validate({"elements": [{"pull": True, "account": 1}]})
    with pytest.raises(ValidationError, match="account is required"):
        Holder.model_validate({"elements": [{"pull": True}]})

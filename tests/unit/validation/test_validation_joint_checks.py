"""Rules that join columns, as a table breaks them."""

import json
from typing import Annotated, Literal

import pytest

from bulk.errors import SchemaError
from bulk.validation import Mapping, compile_schema
from bulk.validation.document import UNSET, Document, Identifier, OnlyWith, RequiredUnless, RequiredWhen, Unique


class Place(Document):
    city: str = UNSET
    free: bool | None = UNSET


class Channel(Document):
    rules = (
        RequiredWhen("account", "pull", True, "orders are pulled through it"),
        RequiredUnless("group", (("drop", True), ("place.free", True)), where=("kind", ("sales", "both"))),
        OnlyWith("pull", True, "kind", ("sales", "both")),
    )

    sku: str
    kind: Literal["sales", "stock", "both"] | None = UNSET
    pull: bool | None = UNSET
    account: int | None = UNSET
    group: int | None = UNSET
    drop: bool | None = UNSET
    place: Place = UNSET


@pytest.fixture
def broken(check):
    """Rules that one row breaks, with the columns named."""

    def broken(**cells):
        checked = check(
            {"sku": ["A"], **{name.replace("__", "."): [cell] for name, cell in cells.items()}}, model=Channel
        )
        return [(one.column, one.rule) for rejection in checked.bad for one in rejection.violations]

    return broken


@pytest.mark.parametrize(
    ("cells", "faults"),
    [
        ({"pull": "yes", "account": "1"}, []),
        ({"pull": "no", "account": None}, []),
        ({"pull": None, "account": None}, []),
        ({"pull": "<clear>", "account": None}, []),
        ({"pull": "yes", "account": None}, [("account", "required_when")]),
        ({"pull": "yes", "account": "<clear>"}, [("account", "required_when")]),
        ({"pull": "yes"}, [("account", "required_when")]),
        ({"account": "1"}, []),
    ],
)
def test_a_field_is_required_where_another_has_a_value(broken, cells, faults):
    assert broken(**cells) == faults


@pytest.mark.parametrize(
    ("cells", "faults"),
    [
        ({"kind": "sales", "group": "1"}, []),
        ({"kind": "stock"}, []),
        ({"kind": "<clear>"}, []),
        ({}, []),
        ({"kind": "SALES"}, [("group", "required_unless")]),
        ({"kind": "both", "group": "<clear>"}, [("group", "required_unless")]),
        ({"kind": "both", "drop": "1", "place__free": "1"}, []),
        ({"kind": "both", "drop": "1", "place__free": "0"}, [("group", "required_unless")]),
        ({"kind": "both", "drop": "1", "place__free": "<clear>"}, [("group", "required_unless")]),
        ({"kind": "both", "drop": "1"}, [("group", "required_unless")]),
    ],
)
def test_a_field_is_required_unless_others_have_certain_values(broken, cells, faults):
    assert broken(**cells) == faults


@pytest.mark.parametrize(
    ("kind", "pull", "faults"),
    [
        ("sales", "yes", []),
        ("stock", "no", []),
        (None, "yes", []),
        ("stock", "yes", [("pull", "only_with")]),
        ("<clear>", "yes", [("pull", "only_with")]),
    ],
)
def test_a_value_is_allowed_only_beside_certain_others(broken, kind, pull, faults):
    assert broken(kind=kind, pull=pull, account="1", group="1") == faults


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"pull": "perhaps"}, ("pull", "boolean")),
        ({"pull": "yes", "account": "x"}, ("account", "integer")),
        ({"kind": "none", "group": None}, ("kind", "choices")),
        ({"kind": "none", "pull": "yes", "account": "1"}, ("kind", "choices")),
        ({"kind": "sales", "drop": "1", "place.free": "x"}, ("place.free", "boolean")),
    ],
)
def test_what_cannot_be_read_breaks_no_other_rule(broken, cells, fault):
    assert broken(**cells) == [fault]


def test_messages_call_columns_as_the_file_does(check):
    mapping = Mapping(columns={"Konto": "account", "Bestellungen": "pull"})
    cells = {"SKU": ["A"], "Konto": [None], "Bestellungen": ["yes"], "Kind": ["sales"]}
    (rejection,) = check(cells, model=Channel, mapping=mapping).bad
    assert [(one.column, one.message, one.advice) for one in rejection.violations] == [
        ("Konto", "Konto is required where Bestellungen is true: orders are pulled through it", "Fill in Konto."),
        ("group", "group is required where Kind is sales or both, unless drop is true and place.free is true",
         "Add a column group and fill it in."),
    ]  # fmt: skip


def test_a_value_in_the_wrong_company_says_which_column_decides(check):
    (rejection,) = check({"sku": ["A"], "Kind": ["stock"], "Pull": ["yes"], "account": ["1"]}, model=Channel).bad
    (violation,) = rejection.violations
    assert (violation.column, violation.value) == ("Pull", "yes")
    assert violation.message == "Pull can be true only where Kind is sales or both"
    assert violation.advice == "Change it, or make the cell blank; Kind decides."


def test_a_filled_in_value_counts_as_the_cell_s(check):
    checked = check(
        {"sku": ["A"], "account": ["1"]}, model=Channel, mapping=Mapping(fill={"pull": "yes", "kind": "stock"})
    )
    assert [one.rule for one in checked.bad[0].violations] == ["only_with"]


def test_the_rules_of_a_schema_can_be_shown():
    assert [rule.describe() for rule in compile_schema(Channel).rules] == [
        "account is required where pull is true: orders are pulled through it",
        "group is required where kind is sales or both, unless drop is true and place.free is true",
        "pull can be true only where kind is sales or both",
    ]


def test_a_structure_and_its_parts_must_not_both_be_filled_where_it_has_parts():
    class Model(Document):
        sku: str
        channels: list[Channel] | None = UNSET
        names: dict[str, str] = UNSET

    assert [rule.describe() for rule in compile_schema(Model).rules] == [
        "names and names.* must not both be filled: the one holds the other"
    ]


def test_members_in_a_cell_of_json_keep_their_own_rules(check):
    class Holder(Document):
        sku: str
        channels: list[Channel] | None = UNSET

    cells = ['[{"sku":"a","pull":true,"account":1}]', '[{"sku":"a","pull":true}]', "<clear>"]
    checked = check({"sku": ["A", "B", "C"], "channels": cells}, model=Holder)
    assert [json.loads(payload) for payload in checked.good["payload"]] == [
        {"sku": "A", "channels": [{"sku": "a", "pull": True, "account": 1}]}, {"sku": "C", "channels": None},
    ]  # fmt: skip
    (violation,) = checked.bad[0].violations
    assert "account is required where pull is true" in violation.message


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (RequiredWhen("number", "flagg", True), "'flagg', which is no column"),
        (RequiredWhen("numbr", "flag", True), "'numbr', which is no column"),
        (RequiredWhen("number", "flag", "yes"), "'flag' being yes, which it cannot be"),
        (RequiredWhen("number", "choice", "c"), "'choice' being c, which it cannot be"),
        (RequiredWhen("flag", "number", True), "'number' being True, which it cannot be"),
        (RequiredUnless("number", (("flag", True),), where=("choice", ("a", "c"))), "'choice' being a and c"),
        (OnlyWith("flag", True, "choice", ("c",)), "'choice' being c"),
        (OnlyWith("number", True, "choice", ("a",)), "'number' being True"),
    ],
)
def test_a_rule_that_can_never_hold_is_refused_at_once(rule, message):
    class Wrong(Document):
        rules = (rule,)

        number: int = UNSET
        flag: bool = UNSET
        choice: Literal["a", "b"] = UNSET

    with pytest.raises(SchemaError, match=message):
        compile_schema(Wrong)


def test_only_text_can_be_unique():
    class Wrong(Document):
        number: Annotated[int, Unique()] = UNSET

    with pytest.raises(SchemaError, match="number: only text can be an identifier, unique, or expected"):
        compile_schema(Wrong)


def test_a_unique_column_says_so():
    class Named(Document):
        label: Annotated[str, Unique(), Identifier()]

    (column,) = compile_schema(Named).columns
    assert column.unique
    assert column.constraint_text == "required; not twice in a file"

"""Rows of several kinds in one table, and columns that are shown but not loaded."""

import json
from typing import Annotated, Any, Literal

import polars as pl
import pytest
from pydantic import Field

from bulk.errors import ConfigurationError, SourceError
from bulk.model import ROW
from bulk.validation import Mapping, Validator, bind, compile_schema, header_of, read_only_violation
from bulk.validation.document import UNSET, Aliases, Document, Identifier
from bulk.validation.mapping import Split


class Part(Document):
    """What travels in another row's document."""

    sku: Annotated[str, Field(max_length=8), Identifier()]
    label: str = UNSET
    price: Annotated[float | None, Field(ge=0)] = UNSET


class Group(Document):
    name: str


class Whole(Document):
    id: int = UNSET
    sku: Annotated[str, Field(max_length=8), Identifier()] = UNSET
    label: Annotated[str, Field(max_length=5)] = UNSET
    price: Annotated[float | None, Field(ge=0)] = UNSET
    lots: bool | None = UNSET
    group: Group = UNSET
    boms: list[int] | None = UNSET
    parts: list[Part] | None = UNSET


class Facts(Document):
    """What is shown and not taken back."""

    created_at: Annotated[str, Field(), Aliases("born")] = UNSET
    count: int | None = UNSET
    cost: Annotated[float | None, Field(ge=100)] = UNSET
    locked: bool = UNSET
    state: Literal["on", "off"] = UNSET
    codes: list[str] = UNSET
    numbers: list[int] = UNSET
    files: list[Group] = UNSET
    group: dict[str, str] = UNSET


WHOLE, PART, FACTS = compile_schema(Whole), compile_schema(Part), compile_schema(Facts)
KINDS: dict[str, Any] = {"read_only": FACTS, "others": (PART,), "ignore": ("parent_sku",)}


def frame_of(columns):
    frame = pl.DataFrame(
        [cells.alias(name) if isinstance(cells, pl.Series) else pl.Series(name, cells, dtype=pl.String)
         for name, cells in columns.items()]
    )  # fmt: skip
    return frame.insert_column(0, pl.int_range(2, frame.height + 2, dtype=pl.Int64, eager=True).alias(ROW))


def wholes(columns, **options):
    binding = bind(WHOLE, list(columns), keys=("sku", "id"), **KINDS)
    return Validator(WHOLE, binding, **options).check(frame_of(columns))


def parts(columns, **options):
    binding = bind(PART, list(columns), keys=("sku",), others=(WHOLE,), ignore=("parent_sku",))
    return Validator(PART, binding, **options).check(frame_of(columns))


def shown(cell, column):
    return json.loads(wholes({"sku": ["A"], column: [cell]}).shown()[2])


def test_columns_that_are_only_shown_are_bound_but_not_loaded():
    binding = bind(WHOLE, ["sku", "Created At", "label", "group.x", "group.name"], keys=("sku", "id"), **KINDS)
    assert [one.label for one in binding.columns] == ["sku", "label", "group.name"]
    assert [one.column.name for one in binding.read_only] == ["created_at", "group.x"]
    assert binding.foreign == ()


def test_columns_that_are_only_shown_go_by_their_aliases_too():
    assert bind(WHOLE, ["sku", "BORN"], keys=("sku",), **KINDS).read_only[0].column.name == "created_at"


def test_a_key_that_was_not_chosen_is_shown():
    checked = wholes({"sku": ["A", "B"], "Id": ["12", None]})
    assert {row: json.loads(text) for row, text in checked.shown().items()} == {2: {"id": 12}}
    assert checked.good["payload"].to_list() == ['{"sku":"A"}', '{"sku":"B"}']


def test_the_telling_column_is_left_alone():
    binding = bind(WHOLE, ["sku", "Parent SKU"], keys=("sku",), **KINDS)
    assert [one.label for one in (*binding.columns, *binding.read_only, *binding.foreign)] == ["sku"]


def test_what_the_schema_knows_is_loaded_whatever_else_knows_it():
    binding = bind(WHOLE, ["sku", "label"], keys=("sku",), read_only=PART, others=(PART,), ignore=("label",))
    assert [one.label for one in binding.columns] == ["sku", "label"]


def test_columns_of_another_kind_of_row_are_foreign():
    binding = bind(PART, ["sku", "lots", "Group.Name"], keys=("sku",), others=(WHOLE,))
    assert [(one.label, one.column.name) for one in binding.foreign] == [("lots", "lots"), ("Group.Name", "group.name")]


@pytest.mark.parametrize("cell", ["x", " 0 ", "<clear>", "<empty>"])
@pytest.mark.parametrize("column", ["Lots", "boms", "parts", "group.name"])
def test_a_filled_cell_of_a_foreign_column_is_a_violation(column, cell):
    checked = parts({"sku": ["A", "B", "C"], column: [None, cell, " "]}, title="a part")
    assert checked.good["key"].to_list() == ["A", "C"]
    ((violation,),) = [rejection.violations for rejection in checked.bad]
    assert (violation.row, violation.column, violation.rule) == (3, column, "not_here")
    assert (violation.message, violation.advice) == (f"a part has no {column}", "Make the cell blank.")


def test_a_foreign_cell_is_reported_beside_the_other_faults_of_its_row():
    (rejection,) = parts({"sku": ["A"], "price": ["-1"], "lots": ["yes"]}).bad
    assert [(one.column, one.rule) for one in rejection.violations] == [("price", "ge"), ("lots", "not_here")]
    assert rejection.violations[1].message == "this row has no lots"
    assert (rejection.key, rejection.cells) == ("A", {"sku": "A", "price": "-1", "lots": "yes"})


def test_foreign_cells_that_are_not_text_are_read_as_well():
    checked = parts({"sku": ["A", "B"], "boms": pl.Series([[1, 2], None]), "lots": pl.Series([None, False])})
    assert [(bad.row, bad.violations[0].column) for bad in checked.bad] == [(2, "boms"), (3, "lots")]


@pytest.mark.parametrize(
    ("column", "cell", "document"),
    [
        ("created_at", " 2024-05-01 ", {"created_at": "2024-05-01"}),
        ("created_at", 'say "hi"\n', {"created_at": 'say "hi"'}),
        ("count", "12.0", {"count": 12}),
        ("count", "<clear>", {"count": None}),
        ("cost", "1.50", {"cost": 1.5}),
        ("locked", "Yes", {"locked": True}),
        ("state", "ON", {"state": "ON"}),
        ("codes", "a; b", {"codes": ["a", "b"]}),
        ("codes", '["a;b"]', {"codes": ["a;b"]}),
        ("codes", "<empty>", {"codes": []}),
        ("numbers", "3;4", {"numbers": [3, 4]}),
        ("files", '[{"name":"x","extra":1}]', {"files": [{"name": "x", "extra": 1}]}),
        ("group.x", "y", {"group": {"x": "y"}}),
        # What cannot be read as its kind appears as its text.
        ("count", "many", {"count": "many"}),
        ("count", "<empty>", {"count": "<empty>"}),
        ("cost", "$1", {"cost": "$1"}),
        ("locked", "perhaps", {"locked": "perhaps"}),
        ("numbers", "3;x", {"numbers": "3;x"}),
        ("files", '{"a"', {"files": '{"a"'}),
        ("created_at", "#N/A", {"created_at": "#N/A"}),
    ],
)
def test_what_read_only_cells_show_is_read_leniently_and_never_a_violation(column, cell, document):
    assert shown(cell, column) == document


def test_typed_read_only_cells_show_their_values():
    columns = {"sku": ["A"], "cost": pl.Series([1e-7]), "locked": pl.Series([False]), "codes": pl.Series([["a", "b"]])}
    assert json.loads(wholes(columns).shown()[2]) == {"codes": ["a", "b"], "cost": 1e-7, "locked": False}


def test_only_good_rows_with_filled_read_only_cells_show_something():
    checked = wholes({"sku": ["A", None, "C"], "count": ["1", "2", None], "codes": [None, None, " "]})
    assert checked.shown() == {2: '{"count":1}'}
    assert checked.good["shown"].to_list() == ['{"count":1}', None]


def test_a_table_without_read_only_columns_shows_nothing():
    checked = wholes({"sku": ["A"]})
    assert (checked.shown(), checked.good["shown"].to_list()) == ({}, [None])


def test_parts_of_an_object_that_are_only_shown_are_nested_and_kept_from_the_payload():
    checked = wholes({"sku": ["A"], "group.b": ["2"], "group.name": ["n"], "count": ["1"], "group.a": ["1"]})
    assert json.loads(checked.shown()[2]) == {"count": 1, "group": {"a": "1", "b": "2"}}
    assert checked.good["payload"].to_list() == ['{"sku":"A","group":{"name":"n"}}']


def test_a_row_is_good_once_the_cells_that_its_violations_name_are_blank():
    columns = {"sku": ["A", "B"], "Label": ["far too long", "ok"], "price": ["-5", "1"]}
    validator = Validator(WHOLE, bind(WHOLE, list(columns), keys=("sku", "id"), **KINDS))
    frame = frame_of(columns)
    (rejection,) = validator.check(frame).bad
    blank = [pl.lit(None).alias(str(violation.column)) for violation in rejection.violations]
    again = validator.check(frame.filter(pl.col(ROW) == rejection.row).with_columns(blank))
    assert again.good["payload"].to_list() == ['{"sku":"A"}']


def test_unknown_columns_are_compared_with_all_names_there_are():
    with pytest.raises(SourceError) as caught:
        bind(PART, ["sku", "lotz", "create_at", "parentsku2"], keys=("sku",), read_only=FACTS, others=(WHOLE,),
             ignore=("parent_sku",))  # fmt: skip
    for name in ("lots", "created_at", "parent_sku"):
        assert f"did you mean {name}?" in str(caught.value)


def test_two_columns_that_show_the_same_are_refused():
    with pytest.raises(SourceError, match="'born' and 'Created At' both mean created_at"):
        bind(WHOLE, ["sku", "born", "Created At"], keys=("sku",), **KINDS)


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("created_at", "Born"),
        ("group.x", "group.x"),
        ("group.name", "Group.Name"),
        ("files[a.b].name", "files"),
        ("files", "files"),
        ("parts.0.sku", "Parts"),
        ("id", "ID"),
        ("cost", None),
    ],
)
def test_a_path_leads_back_to_the_column_that_is_loaded_or_shown(path, label):
    header = ["sku", "Born", "group.x", "Group.Name", "files", "Parts", "ID"]
    assert bind(WHOLE, header, keys=("sku", "id"), **KINDS).column_for(path) == label


def test_a_name_with_dots_and_brackets_leads_back_to_its_own_column():
    class Open(Document):
        sku: str
        extra: dict[str, str] = UNSET

    binding = bind(compile_schema(Open), ["sku", "extra.a.b", "extra.a", "extra.Size [cm]"], keys=("sku",))
    assert [binding.column_for(f"extra.{name}") for name in ("a.b", "a", "Size [cm]", "c")] == [
        "extra.a.b", "extra.a", "extra.Size [cm]", None,
    ]  # fmt: skip


def test_a_column_leads_to_its_path_unless_it_holds_several():
    mapping = Mapping(split={"Both": Split(by="/", into=("label", "price"))}, fill={"lots": "yes"})
    header = ["Sku", "Both", "born", "_x", "Group.Name"]
    binding = bind(WHOLE, header, keys=("sku",), mapping=mapping, **KINDS)
    paths = [binding.path_of(label) for label in ("Sku", "born", "Group.Name", "Both", "_x", "lots")]
    assert paths == ["sku", "created_at", "group.name", None, None, None]


def test_a_mapping_may_name_columns_of_every_kind_of_row():
    mapping = Mapping(columns={"Parent": "parent_sku", "Lose": "lots", "Born on": "created_at", "Nr": "sku"})
    header = ["Nr", "Parent", "Lose", "Born on"]
    options: dict[str, Any] = {"keys": ("sku",), "mapping": mapping, "ignore": ("parent_sku",), "read_only": FACTS}
    binding = bind(PART, header, others=(WHOLE,), **options)
    assert [[one.label for one in uses] for uses in (binding.columns, binding.read_only, binding.foreign)] == [
        ["Nr"], ["Born on"], ["Lose"],
    ]  # fmt: skip
    assert [one.label for one in bind(WHOLE, header, others=(PART,), **options).columns] == ["Nr", "Lose"]


def test_the_telling_column_may_be_given_by_the_name_that_the_file_has_for_it():
    mapping = Mapping(columns={"Label": "parent_sku"})
    assert [
        one.label for one in bind(PART, ["sku", "Label"], keys=("sku",), mapping=mapping, ignore=("Label",)).columns
    ] == ["sku"]


def test_a_mapping_fills_columns_only_where_the_kind_of_row_has_them():
    mapping = Mapping(fill={"lots": "yes", "label": "x"})
    part = bind(PART, ["sku"], keys=("sku",), mapping=mapping, others=(WHOLE,))
    whole = bind(WHOLE, ["sku"], keys=("sku",), mapping=mapping, others=(PART,))
    assert [one.label for one in part.columns] == ["sku", "label"]
    assert [one.label for one in whole.columns] == ["sku", "label", "lots"]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (Mapping(fill={"parent_sku": "P"}), "cannot fill in parent_sku, which tells the rows apart"),
        (Mapping(fill={"created_at": "x"}), "cannot fill in created_at, which the API does not take"),
        (Mapping(split={"price": Split(by="/", into=("label", "parent_sku"))}), "cannot split off parent_sku"),
        (Mapping(columns={"price": "parent"}), "'parent', which does not exist"),
    ],
)
def test_a_mapping_that_cannot_be_meant_for_kinds_of_rows_is_a_configuration_error(mapping, message):
    with pytest.raises(ConfigurationError, match=message):
        bind(WHOLE, ["sku", "price"], keys=("sku",), mapping=mapping, **KINDS)


@pytest.mark.parametrize(
    ("header", "mapping", "found"),
    [
        (["sku", "Parent SKU"], None, "Parent SKU"),
        (["sku", "_parent_sku"], None, None),
        (["sku"], None, None),
        (["sku", "Parent"], Mapping(columns={"parent": "Parent_Sku"}), "Parent"),
        (["sku", "parent_sku"], Mapping(columns={"parent_sku": "label"}), None),
        (["sku", "parent_sku"], Mapping(columns={"parent_sku": ""}), None),
        (["sku", "Both"], Mapping(split={"Both": Split(by="/", into=("parent_sku", "label"))}), None),
    ],
)
def test_what_a_file_calls_the_telling_column(header, mapping, found):
    assert header_of("parent_sku", header, mapping) == found


def test_two_columns_that_could_tell_the_rows_apart_are_refused():
    with pytest.raises(SourceError, match=r"things\.csv: columns 'parent_sku' and 'Parent' both mean parent_sku"):
        header_of("parent_sku", ["parent_sku", "Parent"], Mapping(columns={"Parent": "parent_sku"}), path="things.csv")


class New(Document):
    """A record that goes by an ordinary field, with fields that every row needs."""

    kind: Literal["a", "b"]
    label: str
    inner: Group
    note: str | None = UNSET


def test_an_ordinary_field_may_be_the_key():
    schema = compile_schema(New)
    frame = frame_of({"label": ["x", None], "kind": ["a", "a"], "inner.name": ["n", "n"]})
    checked = Validator(schema, bind(schema, frame.columns[1:], keys=("label",))).check(frame)
    assert checked.good["payload"].to_list() == ['{"kind":"a","label":"x","inner":{"name":"n"}}']
    assert [record.by for record in checked.records()] == ["label"]
    assert [(bad.row, bad.violations[0].rule) for bad in checked.bad] == [(3, "required")]


def test_columns_that_every_row_needs_may_be_absent_until_there_is_a_row():
    schema = compile_schema(New)
    with pytest.raises(SourceError, match="there is no column kind"):
        bind(schema, ["label"], keys=("label",))
    validator = Validator(schema, bind(schema, ["label"], keys=("label",), complete=False))
    (rejection,) = validator.check(frame_of({"label": ["x"]})).bad
    assert [(one.column, one.rule, one.message, one.advice) for one in rejection.violations] == [
        ("kind", "required", "kind is missing", "Add a column kind and fill it in."),
        ("inner.name", "required", "inner.name is missing", "Add a column inner.name and fill it in."),
    ]
    assert validator.check(frame_of({"label": []})).good.is_empty()


def test_a_table_without_a_key_for_a_kind_of_row_is_refused_even_if_it_need_not_be_complete():
    with pytest.raises(SourceError, match="no column that names the records: label"):
        bind(compile_schema(New), ["kind"], keys=("label",), complete=False)


def test_members_given_as_json_are_judged_and_written():
    checked = wholes(
        {
            "sku": ["A", "B", "C", "D"],
            "parts": ['[{"sku":"V1","price":1}]', '[{"label":"no sku"}]', "<clear>", '[{"sku":"V1","lots":true}]'],
        }
    )
    assert checked.good["payload"].to_list() == [
        '{"sku":"A","parts":[{"price":1,"sku":"V1"}]}',
        '{"sku":"C","parts":null}',
    ]
    assert [(bad.row, bad.violations[0].rule) for bad in checked.bad] == [(3, "json"), (5, "json")]
    assert "0.sku: Field required" in checked.bad[0].violations[0].message


def test_an_edited_read_only_cell_is_told_with_its_value_and_what_to_do():
    violation = read_only_violation(7, "Created At", "2024-05-01 " + 100 * "x")
    assert (violation.row, violation.column, violation.rule) == (7, "Created At", "read_only")
    assert violation.message.startswith("Created At is not as it was last read of this record")
    assert violation.value is not None
    assert len(violation.value) == 80
    assert violation.advice is not None
    assert violation.advice.startswith("Put back the old value if it was edited")


@pytest.mark.parametrize("number", [1e-7, 1e16, 12.0, 0.1, -0.0, 123456789.125, 5e-324, 1.7976931348623157e308])
def test_numbers_are_written_as_valid_json(number):
    frame = frame_of({"sku": ["A"], "price": pl.Series([abs(number)])})
    validator = Validator(PART, bind(PART, ["sku", "price"], keys=("sku",)))
    (payload,) = validator.check(frame).good["payload"]
    assert json.loads(payload) == {"sku": "A", "price": abs(number)}
    assert payload.endswith("}")

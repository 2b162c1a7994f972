import json
from hashlib import blake2b
from typing import Annotated, Literal

import polars as pl
import pytest
from pydantic import Field

from bulk.errors import UsageError
from bulk.model import ROW
from bulk.validation import Mapping, Validator, bind
from bulk.validation.document import UNSET, Document
from bulk.validation.joint_rules import RequiredUnless, RequiredWhen
from bulk.validation.mapping import Split


class Inner(Document):
    name: str


def rules(checked):
    return [
        (rejection.row, violation.column, violation.rule)
        for rejection in checked.bad
        for violation in rejection.violations
    ]


def advice(checked):
    return {violation.column: violation.advice for violation in checked.bad[0].violations}


class Needing(Document):
    rules = (RequiredWhen("unit", "kind", "a"), RequiredUnless("way", (("kind", "a"),)))

    sku: Annotated[str, Field(max_length=3)] = UNSET
    id: int = UNSET
    kind: Literal["a", "b"]
    unit: Literal["cm"] = UNSET
    way: Literal["up"] = UNSET
    free: Literal["x"] = UNSET
    size: Inner = UNSET


def test_only_a_field_that_need_not_be_sent_is_advised_to_be_left_blank(check):
    wrong = {"sku": ["A-123"], "kind": ["c"], "unit": ["m"], "way": ["on"], "free": ["y"], "size.name": ["<clear>"]}
    said = advice(check(wrong, model=Needing))
    assert {column for column, text in said.items() if "blank" in text} == {"free", "size.name"}
    assert set(said) == {"sku", "kind", "unit", "way", "free", "size.name"}


def payloads(checked):
    return [json.loads(payload) for payload in checked.good["payload"]]


def test_a_good_row_becomes_a_record_with_its_key_payload_and_digest(check):
    (record,) = check({"price": ["19.99"], "sku": [" A-1 "], "note": ['say "hi"\n\\']}).records()
    assert (record.row, record.key, record.repeated) == (2, "A-1", False)
    assert record.payload == '{"sku":"A-1","note":"say \\"hi\\"\\u000a\\\\","price":19.99}'
    assert record.digest == blake2b(record.payload.encode(), digest_size=16).digest()


def test_the_order_of_the_file_s_columns_does_not_change_a_payload(check):
    columns = {"sku": ["A"], "extra.b": ["1"], "extra.a": ["2"], "size.value": ["1"], "size.unit": ["cm"]}
    backwards = dict(reversed(columns.items()))
    assert check(columns).good["payload"][0] == check(backwards).good["payload"][0]


@pytest.mark.parametrize("value", ["1", "1.0", None])
def test_objects_are_written_only_when_a_part_of_them_is_filled(check, value):
    unit = None if value is None else "cm"
    (document,) = payloads(check({"sku": ["A"], "size.value": [value], "size.unit": [unit], "extra.x": [value]}))
    assert document == (
        {"sku": "A", "size": {"unit": "cm", "value": 1.0}, "extra": {"x": value}} if value else {"sku": "A"}
    )


@pytest.mark.parametrize("present", ["a", "b", "c"])
def test_any_entry_of_an_open_object_may_be_the_only_one(check, present):
    columns = {f"extra.{name}": ["x" if name == present else None] for name in "abc"}
    assert payloads(check({"sku": ["A"], **columns})) == [{"sku": "A", "extra": {present: "x"}}]


@pytest.mark.parametrize("key", ["sku", "id"])
def test_fields_on_both_sides_of_the_key_are_written_in_the_model_s_order(check, key):
    class Late(Document):
        first: str = UNSET
        inner: Inner = UNSET
        sku: str = UNSET
        id: int = UNSET
        last: str = UNSET

    cells = {"last": ["z", None], "inner.name": ["n", None], "first": ["a", None], key: ["1", "2"]}
    written = check(cells, model=Late).good["payload"].to_list()
    literal = {"sku": ('"1"', '"2"'), "id": ("1", "2")}[key]
    assert written == [
        f'{{"first":"a","inner":{{"name":"n"}},"{key}":{literal[0]},"last":"z"}}', f'{{"{key}":{literal[1]}}}',
    ]  # fmt: skip


def test_a_row_with_nothing_but_its_key_is_good(check):
    assert payloads(check({"sku": ["A"]})) == [{"sku": "A"}]
    assert payloads(check({"sku": ["A"], "note": [None], "tags": [" "]})) == [{"sku": "A"}]


def test_a_whole_number_as_key_is_written_and_compared_in_one_form(check):
    checked = check({"id": ["12", "13.0", "+14"]})
    assert checked.good["key"].to_list() == ["12", "13", "14"]
    assert payloads(checked) == [{"id": 12}, {"id": 13}, {"id": 14}]


def test_the_key_column_that_is_not_chosen_is_neither_judged_nor_sent(check):
    checked = check({"id": ["x"], "sku": ["A"]})
    assert payloads(checked) == [{"sku": "A"}]
    assert rules(check({"id": ["x"], "sku": ["A"]}, match_by="id")) == [(2, "id", "integer")]


def test_a_blank_key_is_a_violation_of_the_key_column(check):
    checked = check({"SKU": [None, " "], "note": ["x", "y"]})
    assert rules(checked) == [(2, "SKU", "required"), (3, "SKU", "required")]
    assert [rejection.key for rejection in checked.bad] == [None, None]


@pytest.mark.parametrize(
    ("column", "cell", "document"),
    [
        ("note", "<clear>", {"note": None}),
        ("stock", " <clear> ", {"stock": None}),
        ("price", "<clear>", {"price": None}),
        ("active", "<clear>", {"active": None}),
        ("place", "<clear>", {"place": None}),
        ("raw", "<clear>", {"raw": None}),
        ("tags", "<clear>", {"tags": None}),
        ("tags", "<empty>", {"tags": []}),
        ("parts", "<empty>", {"parts": []}),
    ],
)
def test_markers_write_null_and_the_empty_list(check, column, cell, document):
    assert payloads(check({"sku": ["A"], column: [cell]})) == [{"sku": "A"} | document]


@pytest.mark.parametrize(
    ("column", "cell", "rule"),
    [
        ("label", "<clear>", "not_nullable"),
        ("group_id", "<clear>", "not_nullable"),
        ("extra.x", "<clear>", "not_nullable"),
        ("names.en", "<clear>", "not_nullable"),
        ("roles", "<clear>", "not_nullable"),
        ("note", "<empty>", "not_a_list"),
        ("stock", "<empty>", "not_a_list"),
        ("roles", "<empty>", "min_length"),
    ],
)
def test_markers_are_refused_where_the_api_does_not_take_them(check, column, cell, rule):
    assert rules(check({"sku": ["A"], column: [cell]})) == [(2, column, rule)]


def test_a_marker_as_key_is_refused(check):
    assert rules(check({"sku": ["<clear>", "<empty>"]})) == [(2, "sku", "not_nullable"), (3, "sku", "not_a_list")]


def test_markers_can_be_chosen(check):
    checked = check(
        {"sku": ["A", "B"], "note": ["NULL", "<clear>"], "tags": ["NONE", None]}, clear="NULL", empty="NONE"
    )
    assert payloads(checked) == [{"sku": "A", "note": None, "tags": []}, {"sku": "B", "note": "<clear>"}]


@pytest.mark.parametrize("markers", [{"clear": " "}, {"empty": ""}, {"clear": "x", "empty": " x"}])
def test_markers_that_could_not_be_told_apart_are_a_usage_error(check, markers):
    with pytest.raises(UsageError, match="two different texts"):
        check({"sku": ["A"]}, **markers)


def test_consequences_are_counted_over_good_rows_only(check):
    tags, prices = ["<clear>", "<empty>", "a", "<clear>"], ["1", "1", "1", "-1"]
    checked = check({"sku": ["A", "B", "C", "D"], "tags": tags, "price": prices})
    assert list(checked.losses().values()) == [("removes tags",)] * 2
    assert check({"sku": ["A"], "tags": ["a"]}).losses() == {}


@pytest.mark.parametrize(
    ("column", "cell", "rule"),
    [
        ("label", "x", "min_length"),
        ("label", "é", "min_length"),
        ("label", "sixsix", "max_length"),
        ("stock", "-10", "ge"),
        ("stock", "100", "lt"),
        ("stock", "7", "multiple_of"),
        ("price", "0", "gt"),
        ("price", "10000.01", "le"),
        ("tags", "a;b;c;d;e", "max_length"),
        ("tags", "abcde", "max_length"),
        ("place.country", "de", "pattern"),
        ("names.en", "sevenxx", "max_length"),
    ],
)
def test_each_bound_of_the_model_is_held_and_named(check, column, cell, rule):
    (rejection,) = check({"sku": ["A"], column: [cell]}).bad
    (violation,) = rejection.violations
    assert (violation.column, violation.rule, violation.value) == (column, rule, cell)
    assert violation.message


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("label", "éé"),
        ("label", "ééééé"),
        ("stock", "-5"),
        ("stock", "95"),
        ("price", "10000"),
        ("place.country", "DE"),
    ],
)
def test_a_value_at_its_bound_is_good_counted_in_characters(check, column, cell):
    assert check({"sku": ["A"], column: [cell]}).good.height == 1


@pytest.mark.parametrize(("cell", "broken"), [("0.3", []), ("-0.3", []), ("1234.7", []), ("0.35", ["multiple_of"])])
def test_multiples_of_a_decimal_are_known_although_binary_has_no_exact_ones(check, cell, broken):
    class Stepped(Document):
        sku: str
        step: Annotated[float, Field(multiple_of=0.1)] = UNSET

    assert [rule for _, _, rule in rules(check({"sku": ["A"], "step": [cell]}, model=Stepped))] == broken


def test_every_violation_of_a_row_is_reported_at_once_in_the_order_of_the_document(check):
    checked = check(
        {"sku": ["A"], "price": ["$1"], "stock": ["7"], "label": ["x"], "Size.Value": ["1"], "note": ["ok"]}
    )
    assert rules(checked) == [
        (2, "label", "min_length"),
        (2, "stock", "multiple_of"),
        (2, "price", "currency_sign"),
        (2, "size.unit", "required"),
    ]


def test_a_cell_that_cannot_be_read_breaks_no_other_rule(check):
    assert rules(check({"sku": ["A"], "stock": ["-1000 pcs"]})) == [(2, "stock", "integer")]


def test_parts_that_come_together_are_asked_for_where_one_is_missing(check):
    checked = check({"sku": ["A", "B", "C"], "size.unit": ["cm", None, "in"], "size.value": [None, "1", "2"]})
    assert rules(checked) == [(2, "size.value", "required"), (3, "size.unit", "required")]
    checked = check({"sku": ["A", "B"], "place.city": ["Bonn", None]})
    assert rules(checked) == [(2, "place.country", "required")]


def test_fields_of_which_only_one_may_be_sent_are_named_both(check):
    (rejection,) = check(
        {"sku": ["A"], "Group": ["1"], "label": ["xx"]}, mapping=Mapping(columns={"Group": "group_id"})
    ).bad
    (violation,) = rejection.violations
    assert (violation.column, violation.rule) == ("label", "not_both")
    assert "Group and label are both filled, and they mean the same" in violation.message


@pytest.mark.parametrize(
    ("whole", "part"),
    [("extra", "extra.x"), ("names", "names.en"), ("place", "place.city"), ("place", "place.country")],
)
def test_a_structure_and_a_part_of_it_in_one_row_are_refused(check, whole, part):
    cell = {"place": '{"country":"DE"}', "extra": "{}", "names": '{"en":"x"}'}[whole]
    checked = check({"sku": ["A", "B", "C"], whole: [cell, cell, None], part: ["DE", None, None]})
    assert (2, part, "not_both") in rules(checked)
    assert checked.good["key"].to_list() == ["B", "C"]


def test_a_structure_as_json_is_judged_by_pydantic_and_says_where_it_is_wrong(check):
    (rejection,) = check({"sku": ["A"], "place": ['{"country":"de"}']}).bad
    (violation,) = rejection.violations
    assert (violation.column, violation.rule) == ("place", "json")
    assert "country: String should match pattern" in violation.message


def test_a_rejection_keeps_the_original_cells_of_columns_that_are_no_data_too(check):
    checked = check({"SKU": ["A", " B "], "Price": ["1", " $2 "], "_status": ["old", "old"]})
    (rejection,) = checked.bad
    assert (rejection.row, rejection.key) == (3, "B")
    assert rejection.cells == {"SKU": " B ", "Price": " $2 ", "_status": "old"}
    assert rejection.violations[0].value == "$2"


def test_a_frame_without_rows_is_no_problem(check):
    checked = check({"sku": [], "price": [], "tags": [], "extra": []})
    assert (checked.good.height, checked.bad, checked.records()) == (0, (), [])


@pytest.mark.parametrize("header", ["*", "^.*$", "t0", "v0", "key", "payload", "literal"])
def test_headers_that_mean_something_to_the_engine_are_ordinary_headers(check, header):
    checked = check({"sku": ["A"], header: ["xx"]}, mapping=Mapping(columns={header: "label"}))
    assert payloads(checked) == [{"sku": "A", "label": "xx"}]
    assert rules(check({"sku": ["A"], header: ["x"]}, mapping=Mapping(columns={header: "label"}))) == [
        (2, header, "min_length")
    ]


def test_a_fill_stands_in_for_blank_cells_and_absent_columns(check):
    mapping = Mapping(fill={"note": "none", "active": "true"})
    assert payloads(check({"sku": ["A", "B"], "note": ["x", " "]}, mapping=mapping)) == [
        {"sku": "A", "note": "x", "active": True},
        {"sku": "B", "note": "none", "active": True},
    ]


def test_a_fill_is_judged_like_a_cell_and_named_by_our_column(check):
    assert rules(check({"sku": ["A"]}, mapping=Mapping(fill={"label": "x"}))) == [(2, "label", "min_length")]


def test_a_part_of_an_object_is_not_filled_where_it_would_stand_alone(check):
    mapping = Mapping(fill={"size.unit": "cm"})
    assert payloads(check({"sku": ["A", "B"], "size.value": ["1", None]}, mapping=mapping)) == [
        {"sku": "A", "size": {"unit": "cm", "value": 1.0}},
        {"sku": "B"},
    ]


def test_an_object_whose_parts_are_all_filled_in_is_always_there(check):
    mapping = Mapping(fill={"size.unit": "cm", "size.value": "1"})
    assert payloads(check({"sku": ["A"]}, mapping=mapping)) == [{"sku": "A", "size": {"unit": "cm", "value": 1.0}}]


def test_typed_columns_can_be_filled(check):
    mapping = Mapping(fill={"price": "9.99"})
    checked = check({"sku": ["A", "B"], "price": pl.Series([1.5, None])}, mapping=mapping)
    assert [one["price"] for one in payloads(checked)] == [1.5, 9.99]


def test_a_split_cell_fills_several_columns(check):
    mapping = Mapping(split={"Both": Split(by="x", into=("stock", "", "price"))})
    checked = check({"sku": ["A", "B", "C"], "Both": ["10 x 7 x 1.5", None, "5xx"]}, mapping=mapping)
    assert payloads(checked) == [{"sku": "A", "stock": 10, "price": 1.5}, {"sku": "B"}, {"sku": "C", "stock": 5}]


def test_a_split_cell_with_another_number_of_values_is_named_once(check):
    mapping = Mapping(split={"Both": Split(by="x", into=("stock", "price"))})
    assert rules(check({"sku": ["A", "B"], "Both": ["10", "1x2x3"]}, mapping=mapping)) == [
        (2, "Both", "split"),
        (3, "Both", "split"),
    ]


def test_a_fault_in_one_value_of_a_split_cell_says_which_column_is_meant(check):
    mapping = Mapping(split={"Both": Split(by="x", into=("stock", "price"))})
    (rejection,) = check({"sku": ["A"], "Both": ["5x-1"]}, mapping=mapping).bad
    (violation,) = rejection.violations
    assert (violation.column, violation.rule, violation.value) == ("Both", "gt", "5x-1")
    assert violation.message.startswith("price: ")


def test_a_marker_in_a_split_cell_is_meant_for_every_column(check):
    mapping = Mapping(split={"Both": Split(by="x", into=("stock", "price"))})
    assert payloads(check({"sku": ["A"], "Both": ["<clear>"]}, mapping=mapping)) == [
        {"sku": "A", "stock": None, "price": None}
    ]


def test_one_validator_serves_frames_of_different_types(thing):
    validator = Validator(thing, bind(thing, ["sku", "stock"], keys=("sku",)))
    text = pl.DataFrame({ROW: [2], "sku": ["A"], "stock": ["10"]})
    typed = pl.DataFrame({ROW: [3], "sku": [7], "stock": [10.0]})
    assert [validator.check(frame).good["payload"][0] for frame in (text, typed)] == [
        '{"sku":"A","stock":10}',
        '{"sku":"7","stock":10}',
    ]


def test_identity_holds_readable_keys_and_identifiers_of_all_rows_good_and_bad(thing):
    cells = {"sku": ["A", None, "8.85E+11", "<clear>", "B"], "code": ["1", "2", "<clear>", None, "5"]}
    frame = pl.DataFrame({ROW: range(5), **cells, "price": ["-1"] * 5})
    validator = Validator(thing, bind(thing, frame.columns[1:], keys=("sku",)))
    assert len(validator.check(frame).bad) == 5
    identity = validator.identify(frame)
    assert identity["key"].to_list() == ["A", None, None, None, "B"]
    assert identity["=code"].to_list() == ["1", "2", None, None, "5"]

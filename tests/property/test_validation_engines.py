"""pydantic and polars give the same verdict on every field, and write the same document."""

import json
import re
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, JsonValue, ValidationError

from bulk.connectors.luminous.models import Product
from bulk.model import ROW
from bulk.validation import Validator, bind, compile_schema
from bulk.validation.cell_rules import cell_rules
from bulk.validation.columns import Kind
from bulk.validation.damage import DATE, SCIENTIFIC, is_error_text
from bulk.validation.document import (
    UNSET,
    Document,
    ExactlyOne,
    Identifier,
    NotBoth,
    NotSwapped,
    OnlyWith,
    RequiredUnless,
    RequiredWhen,
)


class Length(Document):
    unit: Literal["cm", "in"]
    value: Annotated[float, Field(gt=0, multiple_of=0.5)]
    note: str | None = UNSET


class Address(Document):
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    city: Annotated[str | None, Field(max_length=4)] = UNSET


class Spot(Document):
    """An object with rules of its own."""

    rules = (NotBoth("east", "label"), NotSwapped("east", "north", 5, 10))

    east: Annotated[float, Field(ge=-10, le=10)] = UNSET
    north: Annotated[float, Field(ge=-5, le=5)] = UNSET
    label: str = UNSET


class Kinds(Document):
    """Every kind and every rule."""

    rules = (ExactlyOne("sku", "id"), NotBoth("number", "flag"))

    sku: Annotated[str, Field(max_length=6), Identifier()] = UNSET
    id: int = UNSET
    text: str | None = UNSET
    short: Annotated[str, Field(min_length=2, max_length=4)] = UNSET
    choice: Literal["Red", "Green"] | None = UNSET
    number: Annotated[int | None, Field(ge=-3, lt=9, multiple_of=3)] = UNSET
    open_number: Annotated[int, Field(gt=0, le=5)] | None = UNSET
    price: Annotated[float | None, Field(ge=0, lt=100)] = UNSET
    step: Annotated[float, Field(multiple_of=0.1)] = UNSET
    flag: bool | None = UNSET
    length: Length = UNSET
    address: Address | None = UNSET
    names: dict[str, Annotated[str, Field(max_length=3)]] = UNSET
    extra: dict[str, str | int | float | bool] = UNSET
    values: dict[str, JsonValue] = UNSET
    spot: Spot | None = UNSET
    tags: Annotated[list[Annotated[str, Field(min_length=2, max_length=3)]] | None, Field(max_length=2)] = UNSET
    roles: Annotated[list[Literal["A", "B"]], Field(min_length=1)] = UNSET
    numbers: Annotated[list[Annotated[int, Field(ge=0)]] | None, Field(max_length=2)] = UNSET
    raw: dict[str, Any] | None = UNSET
    deep: list[Address] = UNSET


class Either(Document):
    """Fields of which exactly one must be sent, without the key being one of them."""

    rules = (ExactlyOne("name", "number", "inner.city"),)

    sku: str
    name: str = UNSET
    number: int | None = UNSET
    inner: Address = UNSET


class Options(Document):
    free: bool | None = UNSET
    size: Literal["S", "L"] = UNSET


class Conditional(Document):
    """Fields that depend on each other."""

    rules = (
        RequiredWhen("account", "pull", True),
        RequiredWhen("group", "kind", "Sale"),
        RequiredUnless("group", (("drop", True), ("options.free", True)), where=("kind", ("Stock", "Both"))),
        RequiredUnless("note", (("pull", False),)),
        OnlyWith("pull", True, "kind", ("Sale", "Both")),
        OnlyWith("options.size", "L", "sort", ("B",)),
    )

    sku: str
    kind: Literal["Sale", "Stock", "Both"]
    pull: bool | None = UNSET
    account: int = UNSET
    drop: bool | None = UNSET
    options: Options = UNSET
    group: int | None = UNSET
    sort: Literal["A", "B"] | None = UNSET
    note: str | None = UNSET


class Holder(Document):
    """A list of documents that have rules of their own."""

    sku: str
    deep: list[Conditional] | None = UNSET


MODELS = [Product, Kinds]
FEW = settings(max_examples=settings.default.max_examples * 2 // 5)
"""For tables of many rows: each further row costs next to nothing, each further table the plans for all its columns."""
TEXT = (
    st.text(min_size=1, max_size=5)
    .map(str.strip)
    .filter(lambda one: one and not re.search(r"[\x00-\x1f\x85]|^[\s]|\s$", one) and not is_error_text(one))
)
CODE = st.from_regex(r"\A[A-Z0-9-]{1,8}\Z").filter(
    lambda one: not re.search(SCIENTIFIC, one) and not re.search(DATE, one)
)
PRICE = st.decimals(-5, 120, places=2) | st.integers(-3, 12).map(Decimal)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
JOINT = {"not_both", "exactly_one", "required_when", "required_unless", "only_with", "swapped"}
JSON_OBJECT = st.dictionaries(st.sampled_from("ab"), JSON, max_size=2)
ADDRESS = st.fixed_dictionaries(
    {}, optional={"country": st.sampled_from(["DE", "de", "D", 5]), "city": TEXT | st.none()}
)


def values(column):
    """Documents' values for a column, right and wrong ones, each of the kind that its cells are read as."""
    match column.kind:
        case Kind.TEXT if column.constraints.choices:
            return st.sampled_from([*column.constraints.choices, "Blue"])
        case Kind.TEXT if column.constraints.pattern:
            return st.sampled_from(["DE", "de", "DEU"])
        case Kind.TEXT:
            long = st.integers(0, 300).map(lambda length: "ä" * length).filter(bool)
            return CODE if column.identifier else TEXT | long
        case Kind.INTEGER:
            return st.integers(-9, 15) | st.integers(-(2**63), 2**63 - 1)
        case Kind.NUMBER:
            return PRICE.map(float)
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.SCALAR:
            return TEXT
        case Kind.VALUE:
            return TEXT.filter(lambda text: text[0] not in "[{") | st.lists(JSON, min_size=1, max_size=2) | JSON_OBJECT
        case Kind.TEXTS:
            return st.lists(st.sampled_from([*(column.each.choices or ("a", "ab", "abc", "a;b,")), "C"]), max_size=3)
        case Kind.INTEGERS:
            return st.lists(st.integers(-1, 5), max_size=3)
        case Kind.JSON if column.name == "deep":
            return st.lists(ADDRESS | JSON, max_size=2)
        case Kind.JSON if column.name == "address":
            return ADDRESS
        case _:
            return st.dictionaries(st.sampled_from(["en", "x y"]), JSON, max_size=2)


def columns_of(schema, key):
    """Columns as a file could have them: one key, two entries of each open object."""
    for column in schema.columns:
        if column.open:
            yield from (schema.find(column.name.replace("*", name)) for name in ("en", "Farbe (ä)"))
        elif column.name == key or column.name not in {"sku", "id"}:
            yield column


def is_part(column, columns):
    """Whether another column takes the structure that this one is a part of."""
    return any(
        other.kind is Kind.JSON and column.path[: len(other.path)] == other.path and other != column
        for other in columns
    )


@cache
def tables(model, key):
    """Columns of a model and its tables: rows map column names to what the document holds; the rest is left alone.

    Rows have few fields, so that many of them are good.
    """
    columns = list(columns_of(compile_schema(model), key))
    cells = {column.name: values(column) | values(column) | st.none() for column in columns}
    cells[key] = CODE if key == "sku" else st.integers(-(2**63), 2**63 - 1)
    wholes = [column for column in columns if any(is_part(other, [column]) for other in columns)]
    siblings = [{other.name for other in columns if other.path[:-1] == column.path[:-1] != ()} for column in columns]
    groups = st.sampled_from(sorted({tuple(sorted(group)) for group in siblings if group})) | st.tuples(
        st.sampled_from([column.name for column in columns])
    )

    @st.composite
    def row(draw):
        names = {key}.union(*draw(st.lists(groups | groups.map(lambda group: group[-1:]), max_size=4)))
        given = [column for column in wholes if column.name in names]
        chosen = [column.name for column in columns if column.name in names and not is_part(column, given)]
        return {name: draw(cells[name]) for name in chosen}

    return columns, st.lists(row(), min_size=2, max_size=14)


def cell(value, column):
    """How a value stands in a cell of text."""
    if value is None:
        return "<clear>"
    if value == [] and column.kind is not Kind.JSON:
        return "<empty>"
    if isinstance(value, list | dict):
        return json.dumps(value)
    if isinstance(value, bool):
        return "yes" if value else "No"
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def document(columns, row):
    result = {}
    for column in columns:
        if column.name in row:
            place = result
            for part in column.path[:-1]:
                place = place.setdefault(part, {})
            place[column.path[-1]] = row[column.name]
    return result


def pydantic_verdict(model, columns, row):
    """The columns at fault, and the document as pydantic would write it."""
    try:
        text = json.dumps(document(columns, row))
        return set(), model.model_validate_json(text).model_dump(exclude_unset=True, mode="json")
    except ValidationError as error:
        return {column_of(one["loc"], columns, row, joint=one["type"] in JOINT) for one in error.errors()}, None


def column_of(location, columns, row, *, joint):
    """The column of a fault: the structure around it if that is given whole, else the nearest one, or none."""
    place = ".".join(str(part) for part in location)
    fits = [column for column in columns if f"{place}.".startswith(f"{column.name}.")]
    whole = [column.name for column in fits if column.kind is Kind.JSON and column.name in row]
    return next(iter(whole), "" if joint else max((column.name for column in fits), key=len, default=""))


def frame_of(columns, table):
    cells = {
        column.name: [cell(row[column.name], column) if column.name in row else None for row in table]
        for column in columns
    }
    return pl.DataFrame(
        {ROW: range(2, len(table) + 2), **cells}, schema={ROW: pl.Int64, **dict.fromkeys(cells, pl.String)}
    )


@pytest.mark.parametrize(("model", "key"), [(Product, "sku"), (Kinds, "id"), (Either, "sku"), (Conditional, "sku")])
@FEW
@given(data=st.data())
def test_both_engines_fault_the_same_columns_and_write_the_same_document(model, key, data):
    schema = compile_schema(model)
    columns, strategy = tables(model, key)
    table = data.draw(strategy)
    frame = frame_of(columns, table)
    validator = Validator(schema, bind(schema, frame.columns[1:], keys=(key,)))
    checked = validator.check(frame)
    assert validator.faults(frame).bad == checked.bad
    ours = {rejection.row: rejection for rejection in checked.bad}
    written = dict(checked.good.select(ROW, "payload").iter_rows())
    for number, row in enumerate(table, 2):
        faults, expected = pydantic_verdict(model, columns, row)
        if expected is not None:
            assert json.loads(written[number]) == expected
            continue
        single = {one.column for one in ours[number].violations if one.rule not in JOINT}
        # pydantic looks at rules that join fields only when every field is right.
        assert single == faults - {""}
        assert faults != {""} or {one.rule for one in ours[number].violations} <= JOINT


@pytest.mark.parametrize("model", MODELS)
@FEW
@given(data=st.data())
def test_typed_cells_write_the_same_documents_as_text(model, data):
    schema = compile_schema(model)
    typed = {Kind.INTEGER: pl.Int64, Kind.NUMBER: pl.Float64, Kind.BOOLEAN: pl.Boolean}
    chosen = [column for column in columns_of(schema, "id") if column.kind in typed]
    row = st.fixed_dictionaries({column.name: values(column) for column in chosen})
    table = data.draw(st.lists(row, min_size=1, max_size=5))
    text = frame_of(chosen, table)
    cells = {column.name: pl.Series([row[column.name] for row in table], dtype=typed[column.kind]) for column in chosen}
    validator = Validator(schema, bind(schema, text.columns[1:], keys=("id",)))
    one, other = validator.check(text), validator.check(pl.DataFrame({ROW: text[ROW], **cells}))
    assert one.good.equals(other.good)
    assert [[v.rule for v in bad.violations] for bad in one.bad] == [
        [v.rule for v in bad.violations] for bad in other.bad
    ]


NASTY = st.text(max_size=6) | st.sampled_from(
    ["<clear>", "<empty>", "#N/A", "1,234.50", "1e5", "nan", "[", "[1]", '["a"]', "{}", '{"a":1}', ";", "2024-05-01",
     "8.85E+11", "\u200b", "\u00a0", "9" * 25, "-0", "1.", "$1", "12.0", "true", '"', "\\", "\x00", "\ud7ff", "lb"]
)  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
@FEW
@given(data=st.data())
def test_no_text_brings_the_validator_down_and_what_it_calls_good_pydantic_takes(model, data):
    schema = compile_schema(model)
    columns = list(columns_of(schema, "sku"))
    chosen = data.draw(st.lists(st.sampled_from(columns), max_size=8, unique_by=lambda one: one.name))
    header = dict.fromkeys(["sku", *(column.name for column in chosen)])
    height = data.draw(st.integers(2, 12))
    cells = {name: data.draw(st.lists(NASTY | st.none(), min_size=height, max_size=height)) for name in header}
    frame = pl.DataFrame({ROW: range(height), **cells}, schema={ROW: pl.Int64, **dict.fromkeys(header, pl.String)})
    clear = data.draw(st.sampled_from(["<clear>", "12.0", "true"]))  # even what could be a value
    validator = Validator(schema, bind(schema, list(header), keys=("sku",)), clear=clear)
    checked = validator.check(frame)
    assert sorted([*checked.good[ROW], *(rejection.row for rejection in checked.bad)]) == list(range(height))
    for record in checked.records():
        model.model_validate_json(record.payload)
    for rejection in checked.bad:
        assert rejection.violations
        assert all(one.message and one.row == rejection.row for one in rejection.violations)
        assert rejection.cells == {name: values[rejection.row] for name, values in cells.items()}
    assert_hints_hold(validator, frame)


@pytest.mark.parametrize("clear", ["<clear>", "0", "true"])
@FEW
@given(data=st.data())
def test_a_cheap_hint_overlooks_nothing_in_typed_cells_either(clear, data):
    schema = compile_schema(Kinds)
    typed = {Kind.INTEGER: st.integers(-9, 15), Kind.NUMBER: st.floats(-5, 120), Kind.BOOLEAN: st.booleans()}
    chosen = [column for column in columns_of(schema, "id") if column.kind in typed]
    row = st.fixed_dictionaries({column.name: typed[column.kind] | st.none() for column in chosen})
    table = data.draw(st.lists(row, min_size=1, max_size=5))
    cells = {column.name: [row[column.name] for row in table] for column in chosen}
    header = list(dict.fromkeys(["id", *cells]))
    frame = pl.DataFrame(
        {ROW: range(2, len(table) + 2), **{name: cells.get(name, [1] * len(table)) for name in header}}
    )
    frame = frame.with_columns(pl.col(pl.Null).cast(pl.Int64))
    assert_hints_hold(Validator(schema, bind(schema, header, keys=("id",)), clear=clear), frame)


def assert_hints_hold(validator, frame):
    """A glance and a cheap hint must be true wherever a rule is broken, or faults would slip through."""
    checked, found = validator.check(frame), validator.faults(frame)
    assert repr((found.bad, found.unusual)) == repr((checked.bad, checked.unusual))  # NaN is not even itself
    families = validator._reader.families(frame)
    work = validator._reader.read(frame)
    for number, family in enumerate(families):
        for rule in cell_rules(number, validator._columns, validator.binding.key, family, validator._markers):
            assert work.filter(rule.broken & ~rule.suspicious.fill_null(value=False)).is_empty()


CONDITIONAL = {
    "kind": st.sampled_from(["Sale", "Stock", "Both"]),
    "pull": st.booleans() | st.none(),
    "account": st.just(1),
    "drop": st.booleans() | st.none(),
    "options.free": st.booleans() | st.none(),
    "options.size": st.sampled_from("SL"),
    "group": st.just(1) | st.none(),
    "sort": st.sampled_from("AB") | st.none(),
    "note": st.just("x") | st.none(),
}
"""Right values only, so that nothing but the rules that join fields can be broken."""


@FEW
@given(data=st.data())
def test_both_engines_agree_on_rules_that_join_fields_whatever_columns_there_are(data):
    schema = compile_schema(Conditional)
    present = data.draw(st.sets(st.sampled_from(sorted(CONDITIONAL.keys() - {"kind"})))) | {"kind"}
    columns = [column for column in schema.columns if column.name in present | {"sku"}]
    row = st.fixed_dictionaries(
        {"sku": st.just("A"), "kind": CONDITIONAL["kind"]},
        optional={name: CONDITIONAL[name] for name in present - {"kind"}},
    )
    table = data.draw(st.lists(row, min_size=2, max_size=18))
    frame = frame_of(columns, table)
    validator = Validator(schema, bind(schema, frame.columns[1:], keys=("sku",)))
    checked = validator.check(frame)
    assert validator.faults(frame).bad == checked.bad
    ours = {rejection.row: {one.rule for one in rejection.violations} for rejection in checked.bad}
    for number, row in enumerate(table, 2):
        # pydantic stops at the first of them.
        verdict = joint_verdict(document(columns, row))
        assert verdict in ours.get(number, {None})


def joint_verdict(content):
    """The rule that a document breaks first, as pydantic sees it; None if there is none."""
    try:
        Conditional.model_validate_json(json.dumps(content))
    except ValidationError as error:
        return error.errors()[0]["type"]
    return None


@given(
    st.lists(
        st.fixed_dictionaries({}, optional={"sku": CODE, **{n: s for n, s in CONDITIONAL.items() if "." not in n}}),
        max_size=2,
    )
)
def test_a_list_of_documents_in_a_cell_is_good_where_each_of_them_is(documents):
    schema = compile_schema(Holder)
    frame = pl.DataFrame({ROW: [2], "sku": ["A"], "deep": [json.dumps(documents)]})
    checked = Validator(schema, bind(schema, ["sku", "deep"], keys=("sku",))).check(frame)
    try:
        for one in documents:
            Conditional.model_validate_json(json.dumps(one))
    except ValidationError:
        assert [one.column for one in checked.bad[0].violations] == ["deep"]
    else:
        assert json.loads(checked.good["payload"][0]) == {"sku": "A", "deep": documents}


@given(data=st.data())
def test_no_text_in_a_read_only_column_is_a_violation_and_what_it_shows_is_json(data):
    schema, facts = compile_schema(Either), compile_schema(Kinds)
    known = [column for column in columns_of(facts, "id") if schema.find(column.name) is None]
    chosen = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=6, unique_by=lambda one: one.name))
    header = [column.name for column in chosen]
    height = data.draw(st.integers(1, 5))
    cells = {name: data.draw(st.lists(NASTY | st.none(), min_size=height, max_size=height)) for name in header}
    columns = {"sku": [f"S{row}" for row in range(height)], "name": ["x"] * height, **cells}
    frame = pl.DataFrame({ROW: range(height), **columns}, schema={ROW: pl.Int64, **dict.fromkeys(columns, pl.String)})
    validator = Validator(schema, bind(schema, list(columns), keys=("sku",), read_only=facts))
    checked = validator.check(frame)
    assert checked.bad == ()
    for text in checked.shown().values():
        assert json.loads(text)
        assert set(json.loads(text)) <= {name.partition(".")[0] for name in header}
    blank = {row for row in range(height) if all(cells[name][row] is None for name in header)}
    assert not checked.shown().keys() & blank

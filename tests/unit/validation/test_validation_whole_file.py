from typing import Annotated

import polars as pl
import pytest

from bulk.model import FILE_STRIDE, ROW
from bulk.validation import Validator, WholeFile, bind, compile_schema
from bulk.validation.document import UNSET, Document, Identifier, Unique


def frame(first, **columns):
    height = len(next(iter(columns.values())))
    return pl.DataFrame({ROW: range(first, first + height), **columns}, schema_overrides={ROW: pl.Int64})


def judge(schema, *frames, keys=("sku", "id")):
    """What the three sweeps come to; frames may have different columns, as several files have."""
    whole = WholeFile(schema, ["a.csv", "b.csv"])
    pairs = [(one, Validator(schema, bind(schema, one.columns[1:], keys=keys))) for one in frames]
    for one, validator in pairs:
        whole.add(validator.identify(one), validator)
    if not whole.suspicious:
        return None
    for one, validator in pairs:
        whole.inspect(one, validator)
    return [
        (rejection.row, violation.column, violation.rule, violation.message)
        for one, validator in pairs
        for rejection in whole.rejections(one, validator)
        for violation in rejection.violations
    ]


def test_a_source_without_faults_needs_one_sweep(thing):
    assert judge(thing, frame(2, sku=["A", "B"]), frame(4, sku=["C", None])) is None


def test_every_row_of_a_repeated_key_is_rejected_and_names_the_others(thing):
    found = judge(thing, frame(2, SKU=["A", "B", "C"]), frame(5, SKU=["D", " A ", "B", "A"]))
    assert [(row, column, rule) for row, column, rule, _ in found] == [
        (row, "SKU", "duplicate_key") for row in (2, 3, 6, 7, 8)
    ]
    assert [message.rpartition("stands in ")[2] for *_, message in found] == [
        "rows 6 and 8", "row 7", "rows 2 and 8", "row 3", "rows 2 and 6",
    ]  # fmt: skip


def test_a_key_that_stands_very_often_names_the_first_rows_and_counts_the_rest(thing):
    found = judge(thing, frame(2, sku=["A"] * 9))
    assert found[0][3].endswith("rows 3, 4, 5 and 5 more")
    assert found[8][3].endswith("rows 2, 3, 4 and 5 more")


def test_keys_are_compared_exactly_after_stripping(thing):
    assert judge(thing, frame(2, sku=["a", "A", "A-1", "A 1"])) is None


def test_whole_numbers_as_keys_are_compared_as_numbers(thing):
    found = judge(thing, frame(2, id=["12", "12.0", "13"]))
    assert [row for row, *_ in found] == [2, 3]


def test_rows_rejected_for_other_reasons_count_and_keep_only_what_is_new_here(thing):
    found = judge(thing, frame(2, sku=["A", "A"], price=["$1", "1"]))
    assert [(row, rule) for row, _, rule, _ in found] == [(2, "duplicate_key"), (3, "duplicate_key")]


def test_keys_that_cannot_be_read_are_not_compared(thing):
    assert (
        judge(thing, frame(2, sku=["8.85E+11", "8.85E+11", "#N/A", "#N/A", None, None, "<clear>", "<clear>"])) is None
    )


def test_a_key_repeated_in_another_file_is_named_with_its_file(thing):
    second = frame(FILE_STRIDE + 2, label=["xx"], MASTER=["A"]).rename({"MASTER": "Sku"})
    found = judge(thing, frame(2, sku=["A", "B"]), second)
    assert [(row, column) for row, column, *_ in found] == [(2, "sku"), (FILE_STRIDE + 2, "Sku")]
    assert found[0][3].endswith("in row 2 of b.csv")
    assert found[1][3].endswith("in row 2 of a.csv")


def test_a_rejection_of_the_whole_file_carries_key_and_original_cells(thing):
    one = frame(2, sku=["A", "A"], note=[" x ", None], _old=["1", "2"])
    whole, validator = (
        WholeFile(thing, ["a.csv", "b.csv"]),
        Validator(thing, bind(thing, ["sku", "note", "_old"], keys=("sku",))),
    )
    whole.add(validator.identify(one), validator)
    assert whole.suspicious
    whole.inspect(one, validator)
    first, _ = whole.rejections(one, validator)
    assert (first.row, first.key, first.cells) == (2, "A", {"sku": "A", "note": " x ", "_old": "1"})
    assert first.violations[0].value == "A"


WIDE = ["0123456", "1234567", "2345678", "3456789", "4567890"]


def lost(schema, codes):
    """Rows whose code is said to have lost zeros; None where nothing was suspected at all."""
    found = judge(schema, frame(2, sku=[f"S{number}" for number in range(len(codes))], code=codes))
    return found and [row for row, column, rule, _ in found if (column, rule) == ("code", "lost_zeros")]


def test_a_code_that_lost_its_leading_zeros_is_named_with_the_padded_one(thing):
    whole = WholeFile(thing, ["a.csv", "b.csv"])
    one = frame(2, sku=[f"S{number}" for number in range(6)], code=[*WIDE, "12345"])
    validator = Validator(thing, bind(thing, ["sku", "code"], keys=("sku",)))
    whole.add(validator.identify(one), validator)
    assert whole.suspicious
    (rejection,) = whole.rejections(one, validator)
    (violation,) = rejection.violations
    assert (rejection.row, violation.column, violation.rule, violation.value) == (7, "code", "lost_zeros", "12345")
    assert "write 0012345" in violation.advice


@pytest.mark.parametrize(
    ("codes", "suspects"),
    [
        pytest.param([*WIDE[1:], "5678901", "12345"], None, id="no code of the width begins with zero"),
        pytest.param([*WIDE[:4], "12345"], None, id="fewer than five codes of the width"),
        pytest.param([*WIDE, "1", "22"], None, id="less than four fifths of the codes have the width"),
        pytest.param([*WIDE, "12345678"], None, id="longer codes lost nothing"),
        pytest.param([*WIDE, "A2345"], None, id="a code with letters is none of digits"),
        pytest.param([*WIDE, None, "<clear>"], None, id="blank and cleared cells"),
        pytest.param([*WIDE, "12345"], [7], id="one short code"),
        pytest.param([*WIDE, "012345"], [], id="a code that begins with a zero has lost none"),
        pytest.param([f"{number:012d}" for number in range(10**11, 10**11 + 5)] + ["12345678901"], [7], id="a barcode's width needs no zero"),
        pytest.param([f"{number:013d}" for number in range(10**12, 10**12 + 5)] + ["036000291452"], [], id="a whole barcode of a shorter kind"),
        pytest.param([f"{number:013d}" for number in range(10**12, 10**12 + 5)] + ["136000291453"], [7], id="no barcode: its check digit is wrong"),
    ],
)  # fmt: skip
def test_when_a_short_code_has_lost_zeros(thing, codes, suspects):
    assert lost(thing, codes) == suspects


def test_the_width_is_taken_from_the_whole_source_not_from_a_chunk(thing):
    first = frame(2, sku=["1", "2", "3"], code=["12345", *WIDE[:2]])
    second = frame(5, sku=["4", "5", "6"], code=WIDE[2:])
    assert [(row, rule) for row, _, rule, _ in judge(thing, first, second)] == [(2, "lost_zeros")]


@pytest.mark.parametrize(
    ("elsewhere", "suspects"),
    [
        pytest.param("1,5", [3, 4], id="a decimal comma"),
        pytest.param("1.234,56", [3, 4], id="points between digits, and a comma"),
        pytest.param("1.234.567", [3, 4], id="points between digits"),
        pytest.param("1,234", None, id="a comma that may group digits"),
        pytest.param("1,234.50", None, id="commas that group digits"),
        pytest.param("12 %", None, id="another fault"),
        pytest.param("1.5", None, id="no fault"),
    ],
)
def test_a_point_may_group_digits_where_the_file_has_decimal_commas_elsewhere(thing, elsewhere, suspects):
    whole = WholeFile(thing, ["a.csv", "b.csv"])
    others = ["1.23", "0.125", "1234.567", "12.3456", None, "<clear>"]
    one = frame(
        2,
        sku=[f"S{number}" for number in range(9)],
        price=[elsewhere, "1.234", "2", *others],
        stock=[None, None, " 1.000", *[None] * 6],
        note=["1.234"] * 9,
    )
    validator = Validator(thing, bind(thing, one.columns[1:], keys=("sku",)))
    whole.add(validator.identify(one), validator)
    whole.note(validator.faults(one).bad)
    assert whole.suspicious == (suspects is not None)
    rejections = whole.rejections(one, validator)
    assert [rejection.row for rejection in rejections] == (suspects or [])
    for rejection in rejections:
        (violation,) = rejection.violations
        assert violation.rule == "ambiguous_number"
        assert violation.column == {3: "price", 4: "stock"}[rejection.row]
        assert (
            violation.advice
            == {3: "Write 1234 if that is meant, else 1.2340.", 4: "Write 1000 if that is meant, else 1.0000."}[
                rejection.row
            ]
        )
    other = frame(FILE_STRIDE + 2, sku=["T"], price=["1.234"])
    assert not whole.rejections(other, Validator(thing, bind(thing, other.columns[1:], keys=("sku",))))


def test_memory_for_keys_is_eight_bytes_a_row(thing):
    whole = WholeFile(thing, ["a.csv", "b.csv"])
    validator = Validator(thing, bind(thing, ["sku"], keys=("sku",)))
    whole.add(validator.identify(frame(2, sku=[f"a-rather-{n:05d}" for n in range(1000)])), validator)
    whole.add(validator.identify(frame(2, sku=[f"k{n}" for n in range(1000)])), validator)
    assert sum(series.estimated_size() for series in whole._keys["sku"]._hashes._here) <= 8 * 2000


class Old(Document):
    """A record that goes by its id."""

    id: int
    label: Annotated[str, Unique()] = UNSET
    sku: Annotated[str, Identifier()] = UNSET


class New(Document):
    """A record that has no id yet."""

    label: Annotated[str, Unique()]


class Piece(Document):
    """A record that goes by its SKU."""

    sku: Annotated[str, Identifier()]


def judge_kinds(*parts):
    """As `judge`, for sub-frames of several kinds of rows, each with its model and key."""
    schemas = {model: compile_schema(model) for model, _, _ in parts}
    whole = WholeFile(list(schemas.values()))
    pairs = [
        (one, Validator(schemas[model], bind(schemas[model], one.columns[1:], keys=(key,))))
        for model, key, one in parts
    ]
    for one, validator in pairs:
        whole.add(validator.identify(one), validator)
    if not whole.suspicious:
        return None
    for one, validator in pairs:
        whole.inspect(one, validator)
    return {
        rejection.row: [(one.column, one.rule, one.message) for one in rejection.violations]
        for one, validator in pairs
        for rejection in whole.rejections(one, validator)
    }


def rows_of(rows, **columns):
    """A sub-frame: positions ascend, but other kinds of rows lie between them."""
    return pl.DataFrame({ROW: rows, **columns}, schema_overrides={ROW: pl.Int64})


def test_rows_of_different_kinds_with_the_same_key_column_must_differ():
    found = judge_kinds(
        (Old, "sku", rows_of([2, 5, 9], sku=["A", "B", "C"], id=["1", "2", "3"])),
        (Piece, "sku", rows_of([3, 4, 7], sku=["V", "B", "W"])),
    )
    assert found == {
        5: [("sku", "duplicate_key", "the same key also stands in row 4")],
        4: [("sku", "duplicate_key", "the same key also stands in row 5")],
    }


def test_keys_of_different_columns_are_never_the_same():
    assert (
        judge_kinds(
            (Old, "id", rows_of([2, 4], id=["12", "13"])),
            (Piece, "sku", rows_of([3], sku=["12"])),
            (New, "label", rows_of([5], label=["13"])),
        )
        is None
    )


def test_a_unique_text_must_not_stand_twice_in_rows_of_any_kind_regardless_of_case():
    found = judge_kinds(
        (Old, "id", rows_of([2, 4, 6], id=["1", "2", "3"], Label=["Shop", None, "Straße"])),
        (New, "label", rows_of([3, 5, 7], label=[" SHOP ", "other", "STRASSE"])),
    )
    assert {row: [(column, rule) for column, rule, _ in one] for row, one in found.items()} == {
        2: [("Label", "duplicate_value")],
        6: [("Label", "duplicate_value")],
        3: [("label", "duplicate_value")],
        7: [("label", "duplicate_value")],
    }
    assert found[2][0][2] == "the same Label also stands in row 3, and no two may have it"


def test_a_unique_text_that_is_the_key_is_reported_once():
    assert judge_kinds((New, "label", rows_of([2, 3], label=["a", "a"]))) == {
        row: [("label", "duplicate_value", f"the same label also stands in row {5 - row}, and no two may have it")]
        for row in (2, 3)
    }


def test_markers_and_error_values_in_a_unique_column_are_not_compared():
    cells = ["<clear>", "<clear>", "#N/A", "#N/A", None, None]
    assert judge_kinds((Old, "id", rows_of([*range(2, 8)], id=list("123456"), label=cells))) is None


def test_the_width_of_codes_is_taken_from_rows_of_every_kind():
    found = judge_kinds(
        (Old, "id", rows_of([2, 3, 4], id=["1", "2", "3"], sku=WIDE[:3])),
        (Piece, "sku", rows_of([5, 6, 7], sku=["12345", *WIDE[3:]])),
    )
    assert {row: [rule for _, rule, _ in one] for row, one in found.items()} == {5: ["lost_zeros"]}

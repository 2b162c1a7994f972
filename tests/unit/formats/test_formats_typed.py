"""Parquet and Excel: types that survive, and the cells that their readers would change in silence."""

import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
import xlsxwriter

from bulk.contracts import ReadOptions
from bulk.errors import SourceError
from bulk.formats import FORMATS, open_source
from bulk.formats.excel_writer import ROW_LIMIT
from bulk.model import ROW


def read(path, **options) -> pl.DataFrame:
    with open_source(str(path), ReadOptions(**options)) as source:
        return pl.concat(list(source.tables[0].chunks()))


def refusal(path, **options) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(path, **options)
    assert caught.value.path == str(path)
    return caught.value


@pytest.fixture
def parquet(tmp_path):
    def write(**columns):
        pl.DataFrame(columns).write_parquet(tmp_path / "t.parquet")
        return tmp_path / "t.parquet"

    return write


def test_nested_fields_become_dotted_columns_and_lists_stay_lists(parquet):
    table = read(
        parquet(
            sku=["A", "B", "C"],
            product_weight=[{"value": 1.5, "unit": {"name": "kg"}}, None, {"value": None, "unit": None}],
            tags=[["x", "y"], [], None],
        )
    )
    assert table.columns == [ROW, "sku", "product_weight.value", "product_weight.unit.name", "tags"]
    assert table.rows() == [(2, "A", 1.5, "kg", ["x", "y"]), (3, "B", None, None, []), (4, "C", None, None, None)]


def test_types_of_parquet_survive(parquet):
    columns = {
        "i": [1, None],
        "f": [0.5, None],
        "t": [True, None],
        "d": [date(2024, 1, 2), None],
        "at": [datetime(2024, 1, 2, 3), None],  # noqa: DTZ001  # spreadsheets know no zones
        "m": [Decimal("1.10"), None],
    }
    table = read(parquet(**columns)).drop(ROW)
    assert table.equals(pl.DataFrame(columns))


def test_categories_and_blank_columns_of_parquet_are_text(parquet):
    table = read(parquet(c=pl.Series(["x", ""], dtype=pl.Categorical), n=pl.Series([None, None])))
    assert table.drop(ROW).dtypes == [pl.String, pl.String]
    assert table["c"].to_list() == ["x", None]


@pytest.mark.parametrize("values", [[b"\x00"], [timedelta(hours=1)]], ids=["binary", "duration"])
def test_a_useless_type_is_refused_with_its_column(parquet, values):
    assert refusal(parquet(sku=["A"], blob=values)).column == "blob"


def test_a_dotted_name_that_meets_a_nested_field_is_refused(parquet):
    path = parquet(**{"a": [{"b": 1}], "a.b": [2]})
    assert "'a.b' is given twice, in columns 1 and 2" in refusal(path).reason


def test_parquet_is_read_over_several_row_groups(tmp_path):
    table = pl.DataFrame({"sku": [f"{i:06d}" for i in range(120_000)]})
    table.write_parquet(tmp_path / "t.parquet", row_group_size=7_000)
    got = read(tmp_path / "t.parquet")
    assert got[ROW].to_list() == list(range(2, 120_002))
    assert got["sku"].equals(table["sku"])


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "t.parquet").write_text("sku,name\n1,2\n")
    assert "not a whole Parquet file" in refusal(tmp_path / "t.parquet").reason


def test_frames_of_unlike_types_take_those_of_the_first(tmp_path):
    path = tmp_path / "t.parquet"
    with FORMATS[".parquet"].writer(str(path), ["n"]) as writer:
        writer.write(pl.DataFrame({"n": ["1"]}))
        writer.write(pl.DataFrame({"n": [2]}))
    assert read(path)["n"].to_list() == ["1", "2"]


@pytest.fixture
def workbook(tmp_path):
    """A workbook with one sheet for each keyword: rows of cells, a pair being a value and its number format.

    A text such as `=#N/A` is a formula with this error for its result.
    """

    def write(**sheets):
        book = xlsxwriter.Workbook(tmp_path / "t.xlsx", {"default_date_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for index, cell in enumerate(row):
                    if isinstance(cell, tuple):
                        sheet.write(number, index, cell[0], book.add_format({"num_format": cell[1]}))
                    elif isinstance(cell, str) and cell.startswith("=#"):
                        sheet.write_formula(number, index, cell, None, cell[1:])
                    elif isinstance(cell, str) and cell.startswith("="):
                        sheet.write_formula(number, index, cell, None, 7)
                    elif isinstance(cell, str):
                        sheet.write_string(number, index, cell)
                    elif cell is not None:
                        sheet.write(number, index, cell)
        book.close()
        return tmp_path / "t.xlsx"

    return write


@pytest.mark.parametrize(
    ("cells", "read_as"),
    [
        pytest.param([12, 3.0], [12, 3], id="whole numbers are integers"),
        pytest.param([12, 2.5], [12.0, 2.5], id="numbers"),
        pytest.param([0.1 + 0.2, 1e-12], [0.3, 1e-12], id="numbers as Excel shows them"),
        pytest.param([1e300, 2.5], [1e300, 2.5], id="huge numbers"),
        pytest.param([True, False], [True, False], id="truth"),
        pytest.param([date(2024, 1, 2), date(2024, 1, 3)], [date(2024, 1, 2), date(2024, 1, 3)], id="dates"),
        pytest.param(
            [date(2024, 1, 2), (datetime(2024, 1, 3, 4, 5), "yyyy-mm-dd hh:mm")],  # noqa: DTZ001  # spreadsheets know no zones
            [datetime(2024, 1, 2), datetime(2024, 1, 3, 4, 5)],  # noqa: DTZ001  # spreadsheets know no zones
            id="moments",
        ),
        pytest.param(["00123", "1E5"], ["00123", "1E5"], id="text that looks like numbers"),
        pytest.param(["A-1", 12], ["A-1", "12"], id="a whole number among text"),
        pytest.param(["A-1", 885000000000], ["A-1", "885000000000"], id="a large number among text"),
        pytest.param(["A-1", 1e-12], ["A-1", "0.000000000001"], id="a small number among text"),
        pytest.param(["A-1", 1.0000000001], ["A-1", "1.0000000001"], id="a long number among text"),
        pytest.param(["12345678.123456789", 1e-12], ["12345678.123456789", "0.000000000001"], id="digits in text stay"),
        pytest.param([True, 2.5], ["true", "2.5"], id="truth among numbers is no number"),
        pytest.param(["x", date(2024, 1, 2)], ["x", "2024-01-02 00:00:00"], id="a date among text"),
        pytest.param([3, date(2024, 1, 2)], ["3", "2024-01-02 00:00:00"], id="a date among numbers"),
        pytest.param(["nan", 2.5], ["nan", "2.5"], id="a word for no number"),
        pytest.param(
            ["null", "NA", "N/A", "#N/A", "NaN", "-", 3],
            ["null", "NA", "N/A", "#N/A", "NaN", "-", "3"],
            id="words for nothing",
        ),
        pytest.param([(0.5, "0%"), 1], [0.5, 1.0], id="a share"),
        pytest.param(["_x0041_", " a\r\nb "], ["_x0041_", " a\r\nb "], id="odd text"),
    ],
)
def test_cells_of_a_sheet(workbook, cells, read_as):
    table = read(workbook(One=[["sku", "cell"], *([f"s{i}", cell] for i, cell in enumerate(cells))]))
    assert table["cell"].to_list() == read_as
    assert [type(value) for value in table["cell"]] == [type(value) for value in read_as]


def test_row_numbers_are_those_of_the_sheet_over_blank_rows(workbook):
    table = read(workbook(One=[["sku"], [], ["A"], [], [], ["B"]]))
    assert table.rows() == [(3, "A"), (6, "B")]


def test_a_sheet_is_chosen_by_name_and_is_the_first_otherwise(workbook):
    path = workbook(One=[["sku"], ["A"]], Two=[["sku"], ["B"]])
    assert read(path)["sku"].item() == "A"
    assert read(path, sheet="Two")["sku"].item() == "B"
    with open_source(str(path)) as source:
        assert source.tables[0].facts == {"format": "xlsx", "sheet": "One"}


def test_a_sheet_that_nobody_sees_is_read_only_if_it_is_named(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "hidden.xlsx")
    for name, price, hide in (("last year", 1, "hide"), ("older", 2, "very_hidden"), ("prices", 3, None)):
        sheet = book.add_worksheet(name)
        sheet.write_column(0, 0, ["price", price])
        if hide:
            getattr(sheet, hide)()
        else:
            sheet.activate()
    book.close()
    assert read(tmp_path / "hidden.xlsx")["price"].to_list() == [3]
    assert read(tmp_path / "hidden.xlsx", sheet="last year")["price"].to_list() == [1]


def test_a_number_that_is_shown_with_zeros_in_front_has_them(workbook):
    rows = [
        ("sku", "upc", "price", "0"),
        ((123, "00000"), (12345678905, "000000000000"), (7, "0.00"), (1, "0")),
        (45, (8, "0000;-0000"), (1.5, "00"), None),
        ("A-1", "0099", 19.99, (2, "#,##0")),
        ((1234567, "00000"), None, None, None),
    ]
    frame = read(workbook(One=rows))
    assert frame["sku"].to_list() == ["00123", "45", "A-1", "1234567"]
    assert frame["upc"].to_list() == ["012345678905", "0008", "0099", None]
    assert frame["price"].cast(pl.Float64).to_list() == [7, 1.5, 19.99, None]
    assert frame["0"].to_list() == [1, None, 2, None]


def test_an_unknown_sheet_lists_those_there_are(workbook):
    error = refusal(workbook(One=[["sku"]], Two=[["sku"]]), sheet="Three")
    assert "no sheet 'Three'" in error.reason
    assert error.advice == "it has 'One' and 'Two'"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "there is no header"),
        ([[], ["sku"], ["A"]], "there is no header"),
        ([["sku", "a", "a"], ["A", 1, 2]], "'a' is given twice, in columns B and C"),
        ([[None, None, "sku", " sku "]], "'sku' is given twice, in columns C and D"),
        ([["sku", None, "a"], ["A", 1, 2]], "column B has no name"),
        ([["sku", None], ["A", "lost"]], "column B has no name"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(workbook, rows, reason):
    error = refusal(workbook(One=rows))
    assert reason in error.reason
    assert (error.sheet, error.line) == ("One", 1)


def test_blank_columns_without_a_name_are_dropped_at_the_end(workbook):
    assert read(workbook(One=[["sku", " ", ""], ["A", None, None]])).columns == [ROW, "sku"]


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"])
def test_an_error_cell_reads_as_its_error_and_the_others_as_in_a_mixed_column(workbook, error):
    rows = [
        ["A", 0.1 + 0.2, True, date(2024, 1, 2), "x", 1],
        ["B", *[f"={error}"] * 4, 2],
        [],
        ["C", 1.0000000001, 3, None, "00123", 3],
        [None, f"={error}"],
    ]
    table = read(workbook(One=[["sku", "number", "mixed", "day", "_text", "whole"], *rows]))
    assert table.rows() == [
        (2, "A", "0.3", "true", "2024-01-02 00:00:00", "x", 1),
        (3, "B", error, error, error, error, 2),
        (5, "C", "1.0000000001", "3", None, "00123", 3),
        (6, None, error, None, None, None, None),
    ]


def test_a_column_of_nothing_but_errors_is_text(workbook):
    assert read(workbook(One=[["sku", "n"], ["A", "=#N/A"], ["B", "=#REF!"]]))["n"].to_list() == ["#N/A", "#REF!"]


def test_an_error_cell_is_found_where_the_table_does_not_begin_in_column_a(workbook):
    assert read(workbook(One=[[None, "sku", "n"], [None, "A", "=#N/A"]])).rows() == [(2, "A", "#N/A")]


def test_an_error_in_the_header_is_a_column_without_a_name(workbook):
    assert "column B has no name" in refusal(workbook(One=[["sku", "=#N/A"], ["A", 1]])).reason


def test_an_error_cell_beside_the_table_is_none_of_our_business(workbook):
    path = workbook(Two=[["sku"], ["A"]], One=[["sku"], ["A", "=#N/A"]])
    assert read(path).rows() == [(2, "A")]
    assert read(path, sheet="Two")["sku"].item() == "A"


@pytest.fixture
def changed(workbook):
    """A workbook whose sheet was changed below the surface."""

    def write(rows, old: bytes, new: bytes):
        path = workbook(One=rows)
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        sheet = "xl/worksheets/sheet1.xml"
        assert old in members[sheet]
        members[sheet] = members[sheet].replace(old, new)
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return path

    return write


def test_an_error_cell_that_cannot_be_located_is_refused(changed):
    error = refusal(changed([["sku", "n"], ["A", "=#N/A"]], b'<c r="B2"', b"<c"))
    assert "a cell, of which the file does not say where it is, holds the Excel error #N/A" in error.reason
    assert error.sheet == "One"


@pytest.mark.parametrize("nothing", [b"", b"<v></v>"])
def test_an_error_cell_that_does_not_say_which_error_is_no_blank_cell(changed, nothing):
    path = changed([["sku", "n"], ["A", "=#N/A"]], b"<v>#N/A</v>", nothing)
    assert read(path)["n"].to_list() == ["#VALUE!"]


def test_a_formula_reads_as_its_result(workbook):
    assert read(workbook(One=[["sku", "n"], ["A", "=3+4"]]))["n"].item() == 7


def test_formulas_that_were_never_calculated_are_refused_with_their_places(changed):
    error = refusal(changed([["sku", "n"], ["A", "=3+4"], ["B", "=3+4"]], b"<v>7</v>", b""))
    assert error.reason == "cell B2 holds a formula that was never calculated (so do B3)"
    assert (error.sheet, error.line, error.column) == ("One", 2, "n")


def test_spans_of_time_are_refused(workbook):
    path = workbook(One=[["sku", "t"], ["A", (1.5, "[h]:mm:ss")]])
    assert refusal(path).column == "t"
    assert "spans of time" in refusal(workbook(One=[["sku", "t"], ["A", (1.5, "[h]:mm:ss")], ["B", 2]])).reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "an encrypted or an old Excel workbook"),
        (b"sku,name\nA,B\n", "not a whole Excel workbook"),
    ],
)
def test_a_file_that_is_no_workbook_is_named(tmp_path, content, reason):
    (tmp_path / "t.xlsx").write_bytes(content)
    assert reason in refusal(tmp_path / "t.xlsx").reason


def test_another_zip_archive_is_no_workbook(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "no Excel workbook" in refusal(tmp_path / "t.xlsx").reason


def test_a_workbook_that_unpacks_to_an_absurd_size_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as member:
            for _ in range(257):
                member.write(bytes(1 << 20))
    assert "would take 257 MB unpacked" in refusal(tmp_path / "t.xlsx").reason


def test_numbers_that_excel_would_change_are_written_as_text(tmp_path):
    path = tmp_path / "t.xlsx"
    table = pl.DataFrame(
        {"sku": ["A", "B"], "big": [2**60 + 1, 1], "f": [float("nan"), 1.0], "d": [date(2024, 1, 2), None]}
    )
    with FORMATS[".xlsx"].writer(str(path), table.columns) as writer:
        writer.write(table)
    got = read(path)
    assert got["big"].to_list() == [str(2**60 + 1), "1"]
    assert got["f"].to_list() == ["nan", "1"]
    assert got["d"].to_list() == [date(2024, 1, 2), None]


def test_text_too_long_for_a_cell_is_refused(tmp_path):
    with (
        pytest.raises(SourceError, match="cell B2 has 32,768 characters") as caught,
        FORMATS[".xlsx"].writer(str(tmp_path / "t.xlsx"), ["sku", "name"]) as writer,
    ):
        writer.write(pl.DataFrame({"sku": ["A"], "name": ["x" * 32_768]}))
    assert caught.value.column == "name"
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_a_sheet_holds_are_refused_before_they_are_written(tmp_path):
    with (
        pytest.raises(SourceError, match="a sheet holds 1,048,575 rows at most"),
        FORMATS[".xlsx"].writer(str(tmp_path / "t.xlsx"), ["sku"]) as writer,
    ):
        writer.write(pl.DataFrame({"sku": pl.repeat("A", ROW_LIMIT + 1, eager=True)}))


def test_more_columns_than_a_sheet_holds_are_refused(tmp_path):
    with (
        pytest.raises(SourceError, match="16,384 columns"),
        FORMATS[".xlsx"].writer(str(tmp_path / "t.xlsx"), [str(i) for i in range(16_385)]),
    ):
        pass


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_lists_are_written_so_that_they_are_read_again(tmp_path, suffix):
    path = str(tmp_path / f"t{suffix}")
    lists = [["a", "b"], ["a;b", "c"], ["[x]"], [" a"], [None, "é"], [], None]
    with FORMATS[suffix].writer(path, ["sku", "l", "n"]) as writer:
        writer.write(pl.DataFrame({"sku": [*"1234567"], "l": lists, "n": [[1, -2]] * 7}))
    table = read(path)
    assert table["l"].to_list() == ["a; b", '["a;b", "c"]', '["[x]"]', '[" a"]', "é", None, None]
    assert table["n"].to_list() == ["1; -2"] * 7


@pytest.mark.parametrize("text", ["a\r\nb", "\x01", "_x0001_", "a_x000D_b", "\x7f", "\x0b"])
def test_characters_that_xml_cannot_hold_come_back_from_a_workbook(tmp_path, text):
    path = str(tmp_path / "t.xlsx")
    with FORMATS[".xlsx"].writer(path, ["sku"]) as writer:
        writer.write(pl.DataFrame({"sku": [text]}))
    assert read(path)["sku"].item() == text


@pytest.mark.parametrize("text", ["a\uffff", "\ufffe", "_x005F_x0001_"])
def test_what_a_workbook_cannot_keep_is_refused_with_its_cell(tmp_path, text):
    path = str(tmp_path / "t.xlsx")
    with (
        pytest.raises(SourceError, match=r"cell B3 holds '.*', which a workbook cannot keep") as caught,
        FORMATS[".xlsx"].writer(path, ["sku", "name"]) as writer,
    ):
        writer.write(pl.DataFrame({"sku": ["A", "B"], "name": ["fine", text]}))
    assert (caught.value.column, caught.value.advice) == ("name", "write .csv or .parquet instead")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [0.1 + 0.2, 1 / 3, 123456789.123456789])
def test_a_number_of_more_digits_than_excel_shows_is_written_as_text(tmp_path, number):
    path = str(tmp_path / "t.xlsx")
    with FORMATS[".xlsx"].writer(path, ["n"]) as writer:
        writer.write(pl.DataFrame({"n": [number, 1.5]}))
    assert [float(cell) for cell in read(path)["n"]] == [number, 1.5]


@pytest.mark.parametrize("suffix", [".ndjson", ".json"])
def test_records_leave_out_blank_cells_and_are_read_by_all_their_keys(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    with FORMATS[suffix].writer(str(path), ["sku", "a.b", "l"]) as writer:
        writer.write(
            pl.DataFrame({"sku": ["A"], "a.b": [None], "l": [None]}, schema_overrides={"l": pl.List(pl.String)})
        )
        writer.write(pl.DataFrame({"sku": ["B"], "a.b": [1.5], "l": [["x"]]}))
    assert '{"sku":"A"}' in path.read_text()
    assert '{"sku":"B","a.b":1.5,"l":["x"]}' in path.read_text()
    assert read(path).drop(ROW).rows() == [("A", None, None), ("B", 1.5, '["x"]')]

"""The traps of delimited text, each with the line at fault or the cells that come out."""

import gzip

import polars as pl
import pytest

from bulk.contracts import ReadOptions
from bulk.errors import SourceError, UsageError
from bulk.formats import open_source
from bulk.model import ROW


@pytest.fixture
def reading(tmp_path):
    """Rows, numbers first, of a file with this content."""

    def rows(content: bytes | str, name: str = "t.csv", **options: str) -> list[tuple]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with open_source(str(path), ReadOptions(**options)) as source:
            return [row for chunk in source.tables[0].chunks() for row in chunk.rows()]

    return rows


@pytest.fixture
def refusal(reading):
    """The error that a file with this content meets."""

    def error(content: bytes | str, name: str = "t.csv", **options: str) -> SourceError:
        with pytest.raises(SourceError) as caught:
            reading(content, name, **options)
        assert caught.value.path.endswith(name)
        return caught.value

    return error


@pytest.fixture
def facts(tmp_path):
    def found(content: bytes, name: str = "t.csv") -> dict[str, str]:
        (tmp_path / name).write_bytes(content)
        with open_source(str(tmp_path / name)) as source:
            return dict(source.tables[0].facts)

    return found


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param("a,b\n1,2\n\n3,4\n", [(2, "1", "2"), (4, "3", "4")], id="a blank line counts and is left out"),
        pytest.param("a,b\n\n\n1,2\n", [(4, "1", "2")], id="blank lines below the header"),
        pytest.param("a,b\n1,2\n,\n3,4\n", [(2, "1", "2"), (4, "3", "4")], id="a row of blank cells is a blank row"),
        pytest.param("a,b\n1,2\n   \n3,4\n", [(2, "1", "2"), (4, "3", "4")], id="a line of spaces is blank"),
        pytest.param("a\n1\n\n2\n", [(2, "1"), (4, "2")], id="a blank line in a single column"),
        pytest.param("a,b\n1,2\n\n\n", [(2, "1", "2")], id="blank lines at the end"),
        pytest.param('a,b\n"1\n1",2\n3,4\n', [(2, "1\n1", "2"), (3, "3", "4")], id="a line break in quotes is one row"),
        pytest.param('a,b\n"1\r\n1",2\r\n', [(2, "1\r\n1", "2")], id="a line break in quotes is kept as it is"),
        pytest.param('a,b\n1,5" pipe\n2,6\n', [(2, "1", '5" pipe'), (3, "2", "6")], id="a quote inside a plain cell"),
        pytest.param('a,b\n1,5" x\n2,6" y\n', [(2, "1", '5" x'), (3, "2", '6" y')], id="two quotes in plain cells"),
        pytest.param('a,b\n"",x\n', [(2, None, "x")], id="quoted empty is blank"),
        pytest.param("a,b\r1,2\r3,4\r", [(2, "1", "2"), (3, "3", "4")], id="carriage returns alone"),
        pytest.param("a,b\r\n1,2\n3,4\r5,6", [(2, "1", "2"), (3, "3", "4"), (4, "5", "6")], id="every line end"),
        pytest.param("a,b,,\n1,2,,\n3,4,,\n", [(2, "1", "2"), (3, "3", "4")], id="trailing delimiters"),
        pytest.param("a,b\n 1 ,2\n", [(2, " 1 ", "2")], id="space in cells is kept"),
        pytest.param(" a , b\n1,2\n", [(2, "1", "2")], id="space around headers"),
        pytest.param("a,b\n00123,8.85E+11\n", [(2, "00123", "8.85E+11")], id="digits are text"),
        pytest.param("a,b\nnull,NA\n", [(2, "null", "NA")], id="words for nothing are words"),
        pytest.param("a,b\n1,x\u2028y\x0by\x1cz\n", [(2, "1", "x\u2028y\x0by\x1cz")], id="other separators are text"),
        pytest.param("a,b", [], id="a header without a line end"),
        pytest.param("a,b\n1,\ufeff2\n\ufeff3,4\n", [(2, "1", "\ufeff2"), (3, "\ufeff3", "4")], id="a mark within"),
    ],
)
def test_reading(reading, content, rows):
    assert reading(content) == rows


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        pytest.param("a,b\n1,2\n1\n", 3, "1 cell where the header has 2", id="a short line"),
        pytest.param("a,b\n1,2\n1,2,3\n", 3, "3 cells where the header has 2", id="a long line"),
        pytest.param("a,b\n1,2\n1,2,", 3, "3 cells where the header has 2", id="a last line too long by a blank"),
        pytest.param("a,b\n1\n1,2,3\n", 2, "1 cell where", id="a short and a long line do not make it even"),
        pytest.param('a,b\n"1\n\n1",2\n\n1\n', 6, "1 cell where", id="physical lines are counted within quotes"),
        pytest.param('a,b\n1,2\n"1,2\n3,4\n', 3, "never closed", id="an open quote, named where it begins"),
        pytest.param('a,b\n1,"2"x\n', 2, "text follows a closing quote", id="text behind a quote"),
        pytest.param('a,b\n"1","2" \n', 2, "text follows a closing quote", id="space behind a quote"),
        pytest.param(
            "a,b,\n1,2,\n1,2,x\n", 3, "a filled cell beyond the 2 named columns", id="a cell without a column"
        ),
        pytest.param("a,b\n1,2\n1,\0\n", 3, "a NUL byte", id="a NUL byte"),
        pytest.param("a, a\n", 1, "the header 'a' is given twice, in columns A and B", id="a header twice"),
        pytest.param("sep=;\na;b\n", 1, "an instruction to Excel stands where the header must be", id="sep=;"),
        pytest.param('"sep=,"\r\na,b\r\n', 1, "an instruction to Excel", id="sep=, in quotes"),
        pytest.param("a,,b\n", 1, "column B has no name", id="a nameless column"),
        pytest.param("a,#row\n", 1, "'#row', a name kept for row numbers", id="the reserved header"),
        pytest.param("\na,b\n", 1, "there is no header", id="a blank first line"),
        pytest.param(",,\n1,2,3\n", 1, "there is no header", id="a header of blanks"),
        pytest.param(" \n\n", None, "the file is empty", id="only space"),
    ],
)
def test_refusing(refusal, content, line, reason):
    error = refusal(content)
    assert error.line == line
    assert reason in error.reason


def test_a_fault_far_into_a_large_file_has_its_line(refusal):
    rows = "".join(f"{i},name {i}\n" for i in range(700_000))
    assert refusal(f"a,b\n{rows}1,2,3\n{rows}").line == 700_002


def test_rows_are_numbered_through_blocks_with_and_without_quotes(reading):
    plain = "".join(f"{i},{'n' * 200}\n" for i in range(60_000))
    rows = reading(f'a,b\n{plain}x,"y\nz"\n\n{plain}w,5" v\n{plain}last,z\n')
    assert len(rows) == 180_003
    assert rows[60_000] == (60_002, "x", "y\nz")
    assert rows[60_001][:2] == (60_004, "0")
    assert rows[-1] == (180_005, "last", "z")


def test_a_cell_larger_than_a_block_is_read(reading):
    assert reading(f'a,b\n1,"{"x" * (10 << 20)}"\n2,y\n')[1] == (3, "2", "y")


def test_a_cell_beyond_the_ceiling_is_refused_with_the_line_where_its_row_begins(refusal):
    error = refusal('a,b\n1,2\n3,"' + f"{'x' * 999}\n" * 17_000)
    assert error.line == 3
    assert "16,777,216 characters" in error.reason


def test_a_line_without_end_is_refused(refusal):
    assert "a line of more than 64 MB" in refusal("a,b\n" + "x" * (80 << 20)).reason


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_encodings_are_detected(reading, facts, encoding):
    content = "sku,name\n1,Bücher und Papier\n".encode(encoding)
    assert reading(content) == [(2, "1", "Bücher und Papier")]
    assert facts(content)["encoding"] == {"utf-8-sig": "utf-8"}.get(encoding, facts(content)["encoding"])
    assert facts(content)["bom"] == ("no" if encoding.endswith("e") else "yes")


def test_a_wrong_encoding_is_refused_with_its_line_and_what_it_may_mean(refusal):
    error = refusal("sku,name\n1,ok\n2,Bücher\n".encode("cp1252"))
    assert error.line == 3
    assert "not UTF-8 text" in error.reason
    assert "--encoding cp1252 (this place would then read: 2,Bücher)" in error.advice


def test_a_wrong_encoding_far_into_the_file_has_its_line(refusal):
    content = b"sku,name\r\n" + b"1,ok\r\n" * 2_000_000 + b"2,\xfc\r\n"
    assert refusal(content).line == 2_000_002


def test_an_encoding_can_be_named(reading):
    assert reading("a,b\n1,Bücher €\n".encode("cp1252"), encoding="cp1252") == [(2, "1", "Bücher €")]


def test_bytes_that_the_named_encoding_does_not_know_are_refused(refusal):
    assert refusal(b"a,b\n1,\x81\n", encoding="cp1252").line == 2


def test_text_that_ends_within_a_character_is_refused(refusal):
    assert refusal("a,b\n1,ü".encode()[:-1]).line == 2


@pytest.mark.parametrize("encoding", ["klingon", "base64", ""])
def test_an_unknown_encoding_is_wrong_usage(reading, encoding):
    with pytest.raises(UsageError, match="unknown encoding"):
        reading("a,b\n", encoding=encoding)


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        (b"a;b;c\n1,5;2;3\n", "semicolon"),
        (b"a\tb\n1,2\t3\n", "tab"),
        (b"a|b\n1|2\n", "bar"),
        (b"a,b\n1;2;3;4,5\n", "comma"),
        (b'"a;b;c",d\n1,2\n', "comma"),
        (b"sku\nA;B\n", "comma"),
        (b"a;b,c;d\n1;2;3\n4;5;6\n", "semicolon"),
    ],
)
def test_the_delimiter_is_detected(facts, content, delimiter):
    assert facts(content)["delimiter"] == delimiter


@pytest.mark.parametrize("spelling", ["\t", "\\t", "tab"])
def test_a_tab_can_be_spelt(reading, spelling):
    assert reading("a,b\tc\n1\t2\n", delimiter=spelling) == [(2, "1", "2")]


@pytest.mark.parametrize("delimiter", ["", "::", '"', "\n", "é"])
def test_an_impossible_delimiter_is_wrong_usage(reading, delimiter):
    with pytest.raises(UsageError, match="cannot be a delimiter"):
        reading("a,b\n", delimiter=delimiter)


def test_tsv_is_cut_at_tabs_only(reading):
    assert reading("a,b\tc\n1,2\t3\n", "t.tsv") == [(2, "1,2", "3")]


def test_gzip_is_told_by_content(reading, facts):
    content = gzip.compress(b"a,b\n1,2\n")
    assert reading(content, "t.csv") == [(2, "1", "2")]
    assert facts(content)["compression"] == "gzip"
    assert reading(b"a,b\n1,2\n", "t.csv.gz") == [(2, "1", "2")]


def test_a_gzip_cut_short_is_refused(refusal):
    content = gzip.compress(b"".join(b"%d,%d\n" % (i, i * 7919) for i in range(5000)))
    assert "ends too early" in refusal(content[:-20], "t.csv.gz").reason


def test_a_damaged_gzip_is_refused(refusal):
    content = bytearray(gzip.compress(b"a,b\n" + b"1,2\n" * 5000))
    content[-6] ^= 1
    assert "damaged" in refusal(bytes(content), "t.csv.gz").reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"PK\x03\x04...", "Excel workbook or another zip"), (b"\xd0\xcf\x11\xe0....", "old Excel"), (b"%PDF-1.7", "PDF")],
)
def test_files_that_are_no_text_are_named(refusal, content, reason):
    assert reason in refusal(content).reason


def test_frames_hold_text_and_positions_only(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with open_source(str(tmp_path / "t.csv")) as source:
        frame = next(source.tables[0].chunks())
    assert frame.schema == {ROW: pl.Int64, "a": pl.String, "b": pl.String}

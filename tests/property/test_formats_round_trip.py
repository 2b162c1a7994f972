"""Any table comes back as it was written; the two ways of reading delimited text agree with the csv module."""

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulk.contracts import ReadOptions
from bulk.errors import SourceError
from bulk.formats import FORMATS, open_source
from bulk.formats.csv_parser import CsvParser
from bulk.model import ROW

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
CELLS = (
    st.none()
    | st.text(st.sampled_from('ab",;\t|\r\n 0\ufeff'), max_size=6)
    | st.text(st.sampled_from("'=+-@\t\r\n1"), max_size=5)
    | st.text(CHARACTERS, max_size=8)
)
HOLDABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff")
"""What a workbook can hold."""


def names_of(characters):
    plain = st.text(characters, min_size=1, max_size=6).filter(lambda name: name == name.strip(" \ufeff") != ROW)
    return st.lists(plain.filter(lambda name: name == name.strip()), min_size=1, max_size=4, unique=True)


@st.composite
def tables(draw: st.DrawFn, cells=CELLS, characters=CHARACTERS) -> pl.DataFrame:
    names = draw(names_of(characters))
    rows = draw(st.lists(st.tuples(*[cells] * len(names)), max_size=8))
    columns = zip(*rows, strict=True) if rows else [[] for _ in names]
    return pl.DataFrame(
        {n: list(c) for n, c in zip(names, columns, strict=True)}, schema=dict.fromkeys(names, pl.String)
    )


def expected(table: pl.DataFrame) -> list[tuple[str | None, ...]]:
    return [tuple(cell or None for cell in row) for row in table.rows() if any(row)]


def reread(table: pl.DataFrame, suffix: str, rows: int) -> list[tuple[str | None, ...]]:
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / f"t{suffix}")
        with FORMATS[suffix].writer(path, table.columns, neutralise=True) as writer:
            writer.write(table)
        with open_source(path) as source:
            header, chunks = source.tables[0].header, list(source.tables[0].chunks(rows))
    if suffix not in {".ndjson", ".json"}:
        assert header == tuple(table.columns)
    read = [row for chunk in chunks for row in chunk.drop(ROW).iter_rows(named=True)]
    return [tuple(row.get(name) for name in table.columns) for row in read if any(row.values())]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".parquet"])
@given(table=tables(), rows=st.integers(1, 10))
def test_any_text_comes_back_whatever_the_chunk_size(suffix, table, rows):
    assert reread(table, suffix, rows) == expected(table)


@pytest.mark.parametrize("suffix", [".ndjson", ".json"])
@given(
    table=tables().filter(lambda table: any(cell is not None for row in table.rows() for cell in row)),
    rows=st.integers(1, 10),
)
def test_any_text_comes_back_from_records(suffix, table, rows):
    assert reread(table, suffix, rows) == expected(table)


@given(table=tables(CELLS.filter(lambda cell: not {"\ufffe", "\uffff"} & {*(cell or "")}), HOLDABLE))
def test_any_text_that_it_can_hold_comes_back_from_a_workbook(table):
    assert reread(table, ".xlsx", 5) == expected(table)


TOKENS = st.sampled_from(
    ["a", "7", "é", " ", '"', '""', ",", ",", "\n", "\n", "\r\n", "\r", '"x"', '"x,y"', '"x\ny"', "\ufeff"]
)
DOCUMENTS = st.lists(TOKENS, max_size=40).map("".join)
WELL_FORMED = st.lists(
    st.lists(
        st.sampled_from(["", "a", '""', '"x,y"', '"x""y"', '"x\ny"', '"x\r\ny"', '"\r"', "é"]), min_size=2, max_size=2
    ).map(",".join),
    max_size=12,
).map("\n".join)


def oracle(body: str) -> list[tuple[int, list[str | None]]] | None:
    """Rows and cells by the csv module alone; None for text that must be refused."""
    rows: list[tuple[int, list[str | None]]] = []
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(body, newline=""), strict=True), 2):
            if not any(cells) or (len(cells) == 1 and cells[0].isspace()):
                continue
            if len(cells) != 2:
                return None
            rows.append((number, [cell or None for cell in cells]))
    except csv.Error:
        return None
    return rows


def ours(body: str, *, piece: int, block: int) -> list[tuple[int, list[str | None]]] | None:
    data = f"p,q\n{body}".encode()
    pieces = (data[start : start + piece] for start in range(0, len(data), piece))
    records = CsvParser(pieces, delimiter=",", called="t.csv", block=block)
    assert records.header() == ["p", "q"]
    try:
        read = [row for frame in records.frames(("p", "q"), width=2, file=0) for row in frame.rows()]
    except SourceError:
        return None
    return [(number, list(cells)) for number, *cells in read]


@pytest.mark.parametrize("documents", [DOCUMENTS, WELL_FORMED], ids=["any", "well-formed"])
def test_every_way_of_cutting_reads_what_the_csv_module_reads(documents):
    @given(body=documents, piece=st.integers(1, 50), block=st.integers(1, 200))
    @example(body="1,2\n1,2,", piece=50, block=200)
    @example(body='1,5" a\n2,6" b\n', piece=50, block=200)
    @example(body="1,2\n1\n1,2,3\n", piece=50, block=200)
    @example(body="1,2\r3,4\r5,6", piece=1, block=1)
    @settings(max_examples=300)
    def check(body: str, piece: int, block: int) -> None:
        assert ours(body, piece=piece, block=block) == oracle(body)

    check()


@given(
    table=tables(st.text(st.sampled_from('ab",\r\n é'), min_size=1, max_size=5)),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    delimiter=st.sampled_from(",;\t|"),
)
def test_any_encoding_line_end_and_delimiter_reads_the_same(table, encoding, end, delimiter):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow([f"c{index}" for index in range(table.width)])
    writer.writerows(table.rows())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(text.getvalue().encode(encoding))
        options = ReadOptions(encoding=encoding, delimiter=delimiter)
        with open_source(str(path), options) as source:
            read = [row for chunk in source.tables[0].chunks(3) for row in chunk.drop(ROW).rows()]
    assert read == expected(table)

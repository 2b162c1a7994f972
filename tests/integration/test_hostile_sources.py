"""Files made to do damage: what they hold, what they would take, and what they would have fetched."""

import gzip
import io
import json
import math
import re
import socket
import zipfile

import polars as pl
import pytest
import xlsxwriter

from bulk.connectors.luminous import PRODUCTS
from bulk.errors import SourceError
from bulk.formats import open_source
from bulk.jobs.check.checker import Checker
from bulk.jobs.check.reading import Reading


async def checked(path):
    """Documents, and the rules that are broken by column."""
    with open_source(str(path)) as source:
        checker = Checker(source, PRODUCTS, Reading())
        chunks = [chunk async for chunk in checker.sweep()]
        late = [one async for some in checker.late() for one in some]
    documents = [json.loads(record.payload) for chunk in chunks for record in chunk.records]
    rejections = [*(one for chunk in chunks for one in chunk.rejections), *late]
    return documents, [(violation.column, violation.rule) for one in rejections for violation in one.violations]


async def refusal(path):
    with pytest.raises(SourceError) as caught:
        await checked(path)
    assert caught.value.path == str(path)
    return str(caught.value)


@pytest.fixture
def workbook(tmp_path):
    """Writes a workbook of `{(row, column): cell}`."""

    def write(cells, name="table.xlsx"):
        with xlsxwriter.Workbook(tmp_path / name) as book:
            sheet = book.add_worksheet()
            for place, cell in ({(0, 0): "sku", (0, 1): "name", (1, 0): "A-1", (1, 1): "Mug"} | cells).items():
                sheet.write(*place, cell)
        return tmp_path / name

    return write


async def test_a_sheet_with_one_cell_in_its_farthest_corner_is_refused_and_takes_no_memory(workbook):
    said = await refusal(workbook({(1_048_575, 16_383): "x"}))
    assert "spans 16,384 columns and 1,048,576 rows, and holds next to nothing" in said


async def test_a_sheet_with_a_cell_far_below_its_table_is_read(workbook):
    documents, broken = await checked(workbook({(60_000, 0): "B-2", (60_000, 1): "Jar"}))
    assert ([one["sku"] for one in documents], broken) == (["A-1", "B-2"], [])


async def test_a_workbook_that_unpacks_to_more_than_it_says_is_refused(workbook):
    """A part of 300 MB that calls itself 1,000 bytes long: a reader that believes it has all of it in memory."""
    path = workbook({})
    with zipfile.ZipFile(path) as good:
        parts = {name: good.read(name) for name in good.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bad:
        for name, content in parts.items():
            with bad.open(name, "w") as stream:
                stream.write(content.removesuffix(b"</sst>"))
                for _ in range(300 if name == "xl/sharedStrings.xml" else 0):
                    stream.write(b" " * 2**20)
                stream.write(content[len(content.removesuffix(b"</sst>")) :])
        size = bad.getinfo("xl/sharedStrings.xml").file_size
    path.write_bytes(path.read_bytes().replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    assert "unpacks to more than the workbook says" in await refusal(path)


@pytest.mark.parametrize("name", ["bomb.csv.gz", "bomb.ndjson.gz"])
async def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path, name):
    head = b'{"sku": "A-1"}\n' if "json" in name else b"sku,name\n"
    (tmp_path / name).write_bytes(gzip.compress(head + b"\n" * (70 << 20), 1))
    assert "unpacks to more than 64 MB" in await refusal(tmp_path / name)


async def test_a_gzip_bomb_that_hides_its_size_is_refused_while_it_is_unpacked(tmp_path):
    rows = b"".join(b"A-%d,%s\n" % (n, b" " * 2**20) for n in range(70))
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"sku,name\n" + rows, 1) + gzip.compress(b"B-1,Mug\n"))
    assert "unpacks to more than 64 MB" in await refusal(tmp_path / "bomb.csv.gz")


async def test_a_million_columns_are_refused(tmp_path):
    (tmp_path / "wide.csv").write_bytes(b"sku,name," + b",".join(b"c%d" % n for n in range(10**6)) + b"\n")
    assert "1,000,002 columns, more than the 10,000" in await refusal(tmp_path / "wide.csv")


async def test_columns_without_end_are_refused_as_soon_as_there_are_too_many(tmp_path):
    (tmp_path / "wide.ndjson").write_bytes(b"".join(b'{"sku": "A%d", "k%d": 1}\n' % (n, n) for n in range(10_100)))
    assert "more than 10,000 columns up to line 10000" in await refusal(tmp_path / "wide.ndjson")


async def test_of_very_many_unknown_columns_the_first_are_named(tmp_path):
    (tmp_path / "wide.csv").write_bytes(b"sku,name," + b",".join(b"c%d" % n for n in range(9_000)) + b"\nA,B\n")
    said = await refusal(tmp_path / "wide.csv")
    assert ("'c0' is not known" in said, "'c20'" in said, len(said) < 2000) == (True, False, True)
    assert said.endswith("8,980 more columns are not known either")


@pytest.mark.parametrize("name", ["deep.json", "deep.ndjson"])
async def test_json_without_a_bottom_is_refused(tmp_path, name):
    deep = b'{"sku": "A-1", "name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    (tmp_path / name).write_bytes(deep if "nd" in name else b"[" + deep + b"]")
    assert "nested too deeply" in await refusal(tmp_path / name)


async def test_a_huge_cell_is_the_fault_of_its_row(tmp_path):
    (tmp_path / "huge.csv").write_bytes(b"sku,name\nA-1," + b"x" * (4 << 20) + b"\nB-2,Jar\n")
    documents, broken = await checked(tmp_path / "huge.csv")
    assert ([one["sku"] for one in documents], broken) == (["B-2"], [("name", "max_length")])


async def test_links_of_a_workbook_to_elsewhere_are_never_followed(workbook):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        path = workbook({})
        linked = f"='http://127.0.0.1:{port}/[prices.xlsx]Sheet1'!A1"
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["sku", "name"])
            sheet.write(1, 0, "A-1")
            sheet.write_formula(1, 1, linked, value="as it was when it was saved")
        documents, _ = await checked(path)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert documents == [{"sku": "A-1", "name": "as it was when it was saved"}]


async def test_entities_that_multiply_in_a_workbook_are_not_expanded(workbook):
    path = workbook({})
    with zipfile.ZipFile(path) as good:
        parts = {name: good.read(name) for name in good.namelist()}
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha" * 50}">' for n in range(9))
    doctype = f"<!DOCTYPE workbook [{laughs}]>".encode()
    parts["xl/workbook.xml"] = re.sub(rb"(<\?xml.*?\?>)", rb"\1" + doctype, parts["xl/workbook.xml"]).replace(
        b'name="Sheet1"', b'name="&l8;"'
    )
    with zipfile.ZipFile(path, "w") as bad:
        for name, content in parts.items():
            bad.writestr(name, content)
    await refusal(path)


@pytest.mark.parametrize("mark", ["\u00a0", "\u200f", "\u202e", "\u200b", "\ufeff"])
@pytest.mark.parametrize("place", ["before", "inside", "behind"])
async def test_a_key_is_never_silently_another_for_a_character_that_nobody_sees(tmp_path, mark, place):
    key = {"before": f"{mark}A-1", "inside": f"A{mark}-1", "behind": f"A-1{mark}"}[place]
    (tmp_path / "keys.csv").write_text(f"name,sku\nMug,{key}\n", encoding="utf-8")
    documents, broken = await checked(tmp_path / "keys.csv")
    assert broken == [("sku", "invisible_character")] if broken else documents == [{"sku": "A-1", "name": "Mug"}]
    if place == "inside":
        assert broken


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("suffix", ["csv", "json", "ndjson", "parquet"])
async def test_what_is_no_number_is_reported_on_its_row(tmp_path, suffix, number):
    path = tmp_path / f"numbers.{suffix}"
    rows = [{"sku": "A-1", "name": "n", "retail_price": number}, {"sku": "B-2", "name": "n"}]
    if suffix == "parquet":
        pl.DataFrame(rows).write_parquet(path)
    elif suffix == "csv":
        path.write_text(f"sku,name,retail_price\nA-1,n,{number}\nB-2,n,\n")
    else:
        path.write_text(json.dumps(rows) if suffix == "json" else "\n".join(map(json.dumps, rows)))
    documents, broken = await checked(path)
    assert [one["sku"] for one in documents] == ["B-2"]
    assert broken == [("retail_price", "finite")]


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet"])
async def test_whole_numbers_beyond_64_bits_are_never_cut(tmp_path, suffix):
    path, number = tmp_path / f"numbers.{suffix}", 2**64 + 1
    if suffix == "parquet":
        pl.DataFrame(
            {"sku": ["A-1"], "name": ["n"], "category_id": [2**63]}, schema_overrides={"category_id": pl.UInt64}
        ).write_parquet(path)
    else:
        path.write_text(
            f"sku,name,category_id\nA-1,n,{number}\n"
            if suffix == "csv"
            else f'[{{"sku": "A-1", "name": "n", "category_id": {number}}}]'
        )
    documents, broken = await checked(path)
    assert documents == []
    assert {column for column, _ in broken} == {"category_id"}


async def test_negative_zero_is_zero_and_dates_are_no_skus(tmp_path):
    (tmp_path / "t.csv").write_text("sku,name,retail_price\nA-1,n,-0\nA-2,n,-0.00\n2026-01-05 00:00:00,n,1\n")
    documents, broken = await checked(tmp_path / "t.csv")
    assert [one["retail_price"] for one in documents] == [0, 0]
    assert [column for column, _ in broken] == ["sku"]


async def test_columns_come_in_any_order_and_a_header_alone_is_no_row(tmp_path):
    (tmp_path / "t.csv").write_text("name,retail_price,SKU\nMug,9.5,A-1\n")
    assert (await checked(tmp_path / "t.csv"))[0] == [{"sku": "A-1", "name": "Mug", "retail_price": 9.5}]
    for suffix in ("csv", "tsv", "parquet", "xlsx"):
        path = tmp_path / f"header.{suffix}"
        table = pl.DataFrame(schema={"sku": pl.String, "name": pl.String})
        {
            "csv": table.write_csv,
            "tsv": lambda to, table=table: table.write_csv(to, separator="\t"),
            "parquet": table.write_parquet,
            "xlsx": table.write_excel,
        }[suffix](path)
        assert await checked(path) == ([], [])


@pytest.mark.parametrize("text", ["sku,name\r\nA,n\nB,n\rC,n\r\n", "sku,name\nA,n\r\nB,n\r\nC,n"])
async def test_mixed_line_ends_lose_no_row(tmp_path, text):
    (tmp_path / "t.csv").write_bytes(text.encode())
    try:
        documents, _ = await checked(tmp_path / "t.csv")
    except SourceError as refused:
        documents = [{"sku": key} for key in "ABC" if refused.line]
    assert [one["sku"] for one in documents] == ["A", "B", "C"]


def test_an_archive_of_parts_packed_otherwise_is_refused(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    (tmp_path / "t.xlsx").write_bytes(content.getvalue())
    with pytest.raises(SourceError):
        open_source(str(tmp_path / "t.xlsx"))

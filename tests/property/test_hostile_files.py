"""Files that are damaged, or made to do damage: refused with a `SourceError` or checked row by row, and nothing else."""

import asyncio
import gzip
import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulk.connectors.luminous import PRODUCTS
from bulk.errors import SourceError
from bulk.formats import open_source
from bulk.jobs.check.checker import Checker
from bulk.jobs.check.reading import Reading

TABLE = pl.DataFrame(
    {"sku": ["A-1", "B-2", "C-3"], "name": ["Mug", 'Jar "L"', "Täßchen"], "retail_price": ["9.50", "12", "0.1"]}
)
SUFFIXES = ["csv", "tsv", "csv.gz", "parquet", "xlsx", "ndjson", "json"]


def check(path):
    """Rows read and rows rejected; raises nothing but `SourceError`, whose text is for people."""

    async def sweep():
        read = rejected = 0
        with open_source(str(path)) as source:
            checker = Checker(source, PRODUCTS, Reading())
            async for chunk in checker.sweep():
                read += chunk.rows
                rejected += len(chunk.rejections)
            async for rejections in checker.late():
                rejected += len(rejections)
        return read, rejected

    try:
        return asyncio.run(sweep())
    except SourceError as refusal:
        told = refusal
    assert told.path == str(path)
    assert str(told).isprintable()
    return None


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A good file of each suffix, as bytes."""
    folder = tmp_path_factory.mktemp("good")
    TABLE.write_csv(folder / "t.csv")
    TABLE.write_csv(folder / "t.tsv", separator="\t")
    (folder / "t.csv.gz").write_bytes(gzip.compress((folder / "t.csv").read_bytes()))
    TABLE.write_parquet(folder / "t.parquet")
    TABLE.write_excel(folder / "t.xlsx")
    TABLE.write_ndjson(folder / "t.ndjson")
    (folder / "t.json").write_text(json.dumps(TABLE.to_dicts()))
    return {suffix: (folder / f"t.{suffix}").read_bytes() for suffix in SUFFIXES}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return tmp_path_factory.mktemp("desk")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_good_files_are_read(good, desk, suffix):
    path = desk / f"good.{suffix}"
    path.write_bytes(good[suffix])
    assert check(path) == (3, 0)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(content=st.binary(max_size=400))
def test_random_bytes_never_end_in_anything_but_a_refusal(desk, suffix, content):
    path = desk / f"random.{suffix}"
    path.write_bytes(content)
    check(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(data=st.data())
def test_a_good_file_with_some_bytes_changed_never_ends_in_anything_but_a_refusal(good, desk, suffix, data):
    content = bytearray(good[suffix])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    path = desk / f"changed.{suffix}"
    path.write_bytes(content)
    check(path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("suffix", ["json", "ndjson"])
@given(
    records=st.lists(
        st.dictionaries(st.sampled_from(["sku", "name", "retail_price", "tags"]) | st.text(max_size=4), VALUES),
        max_size=4,
    )
)
def test_json_of_any_shape_is_judged_row_by_row_or_refused(desk, suffix, records):
    path = desk / f"shape.{suffix}"
    text = json.dumps(records) if suffix == "json" else "\n".join(map(json.dumps, records))
    path.write_text(text, encoding="utf-8")
    found = check(path)
    assert found is None or found[0] == len(records)


@given(
    names=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=4), max_size=3),
    cells=st.lists(st.text(st.characters(codec="utf-8"), max_size=6), min_size=1, max_size=4),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"]),
)
def test_csv_of_any_text_line_end_and_encoding_is_judged_or_refused(desk, names, cells, end, encoding):
    path = desk / "text.csv"
    text = end.join([",".join(["sku", "name", *names]), *(f"S-{n},{cell}" for n, cell in enumerate(cells))])
    path.write_bytes(text.encode(encoding, "replace"))
    check(path)

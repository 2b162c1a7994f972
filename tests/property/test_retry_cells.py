"""A row that is tried again from its kept cells becomes the document that it was, whatever types its file had."""

import json
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulk.jobs.retry import LedgerSource
from bulk.model import FILE_STRIDE, ROW
from bulk.validation import Validator, bind, compile_schema, original_cells
from bulk.validation.cells import as_text
from bulk.validation.document import UNSET, Document, Identifier


class Size(Document):
    value: float
    unit: Literal["cm", "in"]


class Anything(Document):
    """Every kind of column."""

    sku: str = UNSET
    code: Annotated[str, Identifier()] = UNSET
    text: str | None = UNSET
    choice: Literal["Red", "2024", "true"] = UNSET
    whole: int | None = UNSET
    number: float | None = UNSET
    flag: bool | None = UNSET
    size: Size = UNSET
    extra: dict[str, str | int | float | bool] = UNSET
    texts: list[str] | None = UNSET
    wholes: list[int] = UNSET
    raw: dict[str, Any] | None = UNSET


SCHEMA = compile_schema(Anything)
PATIENT = settings(suppress_health_check=[HealthCheck.too_slow])  # whole tables
HEADER = ["code", "text", "choice", "whole", "number", "flag", "size.value", "size.unit", "extra.A", "extra.b c",
          "texts", "wholes", "raw"]  # fmt: skip

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.sampled_from(
    ["cm", " 12.50 ", "true", "yes", "Red", "<clear>", "#N/A", "a; b", '["x;y", 1]', '{"a": [1, null]}', "NaN", "1e-7"]
)
WHOLES = st.integers(-9, 2100)
FLOATS = st.sampled_from([5.0, 2024.0, 19.99, 0.1, -0.0, 1e-7, 1.5e15]) | st.floats(-1e15, 1e15)
WILD = FLOATS | st.floats()
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
MOMENTS = DAYS.map(lambda day: datetime.combine(day, time())) | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001  # spreadsheets know no zones
TYPES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (pl.String, WORDS.map(lambda word: word or None)),
    (pl.Categorical, st.sampled_from(["cm", "Red", "007"])),
    (pl.Int16, WHOLES),
    (pl.Int64, WHOLES | st.integers(-(2**63), 2**63 - 1)),
    (pl.UInt64, WHOLES.map(abs) | st.integers(0, 2**64 - 1)),
    (pl.Boolean, st.booleans()),
    (pl.Decimal(20, 2), st.decimals(-1000, 1000, places=2)),
    (pl.Date, DAYS),
    (pl.Datetime("us"), MOMENTS),
    (pl.Datetime("ns", "Europe/Berlin"), MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC))),
    (pl.Time, st.times()),
    (pl.List(pl.String), st.lists(WORDS.filter(lambda word: not word.startswith("<")) | st.none(), max_size=3)),
    (pl.List(pl.Int32), st.lists(WHOLES | st.none(), max_size=3)),
    (pl.List(pl.Float64), st.lists(FLOATS, max_size=3)),
    (pl.Null, st.none()),
]  # fmt: skip
NUMBERS = [pl.Float32, pl.Float64]
KEYS = [(pl.String, lambda number: f" A-{number}"), (pl.Int64, int), (pl.Float64, float), (pl.Decimal(9, 1), Decimal)]


@st.composite
def tables(draw, floats=WILD):
    """A table of several rows whose columns have any types that a file may give them."""
    height = draw(st.integers(1, 5))
    dtype, key = draw(st.sampled_from(KEYS))
    columns = [pl.Series(ROW, range(2, height + 2), dtype=pl.Int64)]
    columns.append(pl.Series("sku", [key(number) for number in range(height)], dtype=dtype))
    for name in draw(st.lists(st.sampled_from(HEADER), min_size=1, unique=True)):
        dtype, cells = draw(st.sampled_from([*TYPES, *((dtype, floats) for dtype in NUMBERS)]))
        filled = st.lists(cells | st.none(), min_size=height, max_size=height)
        columns.append(pl.Series(name, draw(filled), dtype=dtype, strict=False))
    return pl.DataFrame(columns)


def judged(frame):
    """Documents and broken rules by row."""
    checked = Validator(SCHEMA, bind(SCHEMA, frame.columns[1:], keys=("sku",))).check(frame)
    documents = {record.row: (record.key, record.payload) for record in checked.records()}
    return documents, {one.row: [(v.column, v.rule) for v in one.violations] for one in checked.bad}


def retried(frame, rows):
    """What the ledger gives back of these rows."""
    source = LedgerSource("1", ["a.parquet"])
    for row, cells in zip(rows, original_cells(frame, rows), strict=True):
        source.add(row, json.loads(json.dumps(cells)))
    (table,) = source.tables
    return pl.concat(table.chunks(2))


@PATIENT
@given(st.data())
def test_a_retry_writes_the_documents_of_the_first_attempt_and_refuses_what_that_refused(data):
    frame = data.draw(tables())
    rows = sorted(data.draw(st.sets(st.sampled_from(frame.get_column(ROW).to_list()), min_size=1)))
    documents, broken = judged(frame)
    assert judged(retried(frame, rows)) == (
        {row: documents[row] for row in rows if row in documents},
        {row: broken[row] for row in rows if row in broken},
    )


@PATIENT
@given(tables(floats=FLOATS))
def test_a_result_file_gives_the_same_documents_but_for_custom_fields_which_become_text(frame):
    documents, _ = judged(frame)
    again = retried(frame, frame.get_column(ROW).to_list())
    shown, _ = judged(pl.DataFrame([again.get_column(ROW), *(as_text(again.get_column(n)) for n in again.columns[1:])]))
    for row, (key, payload) in documents.items():
        assert shown[row][0] == key
        first, second = json.loads(payload), json.loads(shown[row][1])
        extra = {name: value if isinstance(value, str) else None for name, value in first.pop("extra", {}).items()}
        texts = second.pop("extra", {})
        assert extra.keys() == texts.keys()
        assert all(isinstance(text, str) and extra[name] in {None, text} for name, text in texts.items())
        assert second == first


def test_rows_of_several_files_keep_their_positions_their_headers_and_their_types():
    source = LedgerSource("7", ["a.csv", "b.parquet", "c.csv"])
    source.add(2, {"sku": "A"})
    source.add(2 * FILE_STRIDE + 5, {"SKU ": 12.0, "Size": None})
    source.add(2 * FILE_STRIDE + 9, {"SKU ": 13.0, "Size": math.inf})
    headers = {table.path: table.header for table in source.tables}
    assert headers == {"a.csv": ("sku",), "b.parquet": ("sku",), "c.csv": ("SKU ", "Size")}
    assert list(source.tables[1].chunks()) == []
    (frame,) = source.tables[2].chunks()
    assert frame.get_column(ROW).to_list() == [2 * FILE_STRIDE + 5, 2 * FILE_STRIDE + 9]
    assert frame.dtypes[1:] == [pl.Float64, pl.Float64]


def test_a_column_that_is_blank_in_the_first_thousands_of_rows_keeps_its_type():
    source = LedgerSource("7", ["a.parquet"])
    for row in range(25_000):
        source.add(row, {"sku": row, "Size": None if row < 24_999 else 1.5, "Color": None})
    (table,) = source.tables
    assert table.header == ("sku", "Size", "Color")
    frames = list(table.chunks(10_000))
    assert [frame.height for frame in frames] == [10_000, 10_000, 5_000]
    assert {frame.get_column("Size").dtype for frame in frames} == {pl.Float64()}
    assert frames[-1].row(-1) == (24_999, 24_999, 1.5, None)


def test_the_digest_tells_sources_apart_by_row_and_by_cell():
    digests = set()
    for row, cells in [(2, {"a": 1}), (3, {"a": 1}), (2, {"a": 1.0}), (2, {"a": "1"}), (2, {"b": 1}), (2, {"a": 1})]:
        source = LedgerSource("7", ["a.csv"])
        source.add(row, cells)
        digests.add(source.sha256)
    assert len(digests) == 5

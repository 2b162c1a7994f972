"""What every file format promises, run over every one of them."""

import resource
from pathlib import Path
from random import Random

import polars as pl
import pytest

from bulk.contracts import ReadOptions
from bulk.errors import SourceError, UsageError
from bulk.formats import FORMATS, format_for, open_source
from bulk.model import FILE_STRIDE, ROW, file_of, row_of

TABLE = pl.DataFrame(
    {
        "sku": ["00123", "8.85E+11", "ÄÖ-1", "x" * 300],
        "name": ['5" pipe', "a\nb", " padded ", "=1+1"],
        "custom_fields.Color": [None, "red;green,blue\t|", "日本 🎈", None],
        "upc": ["012345678905", None, "1.0", "-0"],
    }
)
FIRST_ROW = {"ndjson": 1, "json": 1}

every_format = pytest.mark.parametrize("suffix", FORMATS)


def written(folder: Path, suffix: str, *tables: pl.DataFrame) -> str:
    path = str(folder / f"table{suffix}")
    with FORMATS[suffix].writer(path, tables[0].columns) as writer:
        for table in tables:
            writer.write(table)
    return path


def read(path: str, rows: int = 50_000) -> pl.DataFrame:
    with open_source(path) as source:
        return pl.concat(list(source.tables[0].chunks(rows)))


def in_order(table: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Without the row numbers. Records leave out what is blank, so their columns come in order of appearance."""
    assert sorted(table.columns) == sorted([ROW, *columns])
    return pl.DataFrame([table.get_column(name) for name in columns])


def fail_halfway(path: Path, suffix: str) -> None:
    with FORMATS[suffix].writer(str(path), TABLE.columns) as writer:
        writer.write(TABLE)
        raise RuntimeError("halfway")


@every_format
def test_a_table_of_text_reads_back_cell_for_cell(tmp_path, suffix):
    table = in_order(read(written(tmp_path, suffix, TABLE)), TABLE.columns)
    assert table.rows() == TABLE.rows()
    assert set(table.dtypes) == {pl.String}


@every_format
def test_the_header_is_that_of_the_table(tmp_path, suffix):
    table = TABLE.fill_null("-")
    with open_source(written(tmp_path, suffix, table)) as source:
        assert source.tables[0].header == tuple(TABLE.columns)


@every_format
def test_rows_are_numbered_as_a_person_sees_them(tmp_path, suffix):
    table = read(written(tmp_path, suffix, TABLE))
    first = FIRST_ROW.get(FORMATS[suffix].name, 2)
    assert table[ROW].dtype == pl.Int64
    assert table[ROW].to_list() == [first, first + 1, first + 2, first + 3]


@every_format
def test_rows_of_a_second_file_keep_apart(tmp_path, suffix):
    for name in ("b", "a"):
        written(tmp_path, suffix, TABLE.head(1).with_columns(sku=pl.lit(name)))
        (tmp_path / f"table{suffix}").rename(tmp_path / f"{name}{suffix}")
    with open_source(str(tmp_path / f"*{suffix}")) as source:
        tables = [pl.concat(list(scan.chunks())) for scan in source.tables]
    first = FIRST_ROW.get(FORMATS[suffix].name, 2)
    assert [table["sku"].item() for table in tables] == ["a", "b"]
    assert tables[1][ROW].item() == FILE_STRIDE + first
    assert (file_of(tables[1][ROW].item()), row_of(tables[1][ROW].item())) == (1, first)


@every_format
def test_chunks_have_the_size_asked_for_and_the_same_rows(tmp_path, suffix):
    path = written(tmp_path, suffix, pl.concat([TABLE] * 10))
    with open_source(path) as source:
        chunks = list(source.tables[0].chunks(7))
    assert [chunk.height for chunk in chunks] == [7, 7, 7, 7, 7, 5]
    assert pl.concat(chunks).equals(read(path))


@every_format
def test_a_scan_can_be_read_twice(tmp_path, suffix):
    with open_source(written(tmp_path, suffix, TABLE)) as source:
        first, second = (pl.concat(list(source.tables[0].chunks())) for _ in range(2))
    assert first.equals(second)


@every_format
def test_blank_cells_are_null_whether_absent_or_empty(tmp_path, suffix):
    table = read(written(tmp_path, suffix, pl.DataFrame({"sku": ["a", "b"], "name": [None, ""]}, strict=False)))
    assert table["name"].null_count() == 2


@every_format
def test_numbers_and_truth_survive(tmp_path, suffix):
    values = pl.DataFrame({"sku": ["a", "b"], "n": [1, -20], "f": [0.5, 1e-7], "t": [True, False]})
    table = read(written(tmp_path, suffix, values))
    if FORMATS[suffix].name in {"csv", "tsv"}:
        assert table["n"].to_list() == ["1", "-20"]
        assert table["f"].to_list() == ["0.5", "0.0000001"]
        assert table["t"].to_list() == ["true", "false"]
    else:
        assert table.drop(ROW).rows() == values.rows()


@every_format
def test_names_that_look_like_patterns_are_plain_names(tmp_path, suffix):
    odd = pl.DataFrame({"*": ["1"], "^s.*$": ["2"], "a;b|c": ["3"], "a,b": ["4"], 'q"': ["5"]})
    table = read(written(tmp_path, suffix, odd))
    assert table.drop(ROW).rows() == odd.rows()
    assert table.columns[1:] == odd.columns


@every_format
def test_frames_are_appended_in_order(tmp_path, suffix):
    path = written(tmp_path, suffix, TABLE.head(2), TABLE.head(0), TABLE.tail(2))
    assert in_order(read(path), TABLE.columns).rows() == TABLE.rows()


@every_format
def test_only_the_columns_named_are_written(tmp_path, suffix):
    path = str(tmp_path / f"t{suffix}")
    with FORMATS[suffix].writer(path, ["upc", "sku"]) as writer:
        writer.write(TABLE)
    assert read(path).columns == [ROW, "upc", "sku"]


@every_format
def test_facts_name_the_format(tmp_path, suffix):
    with open_source(written(tmp_path, suffix, TABLE)) as source:
        assert source.tables[0].facts["format"] == FORMATS[suffix].name


@every_format
def test_nothing_is_left_behind_when_writing_fails(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    with pytest.raises(RuntimeError, match="halfway"):
        fail_halfway(path, suffix)
    assert list(tmp_path.iterdir()) == []


@every_format
def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="halfway"):
        fail_halfway(path, suffix)
    assert path.read_text() == "old"
    with FORMATS[suffix].writer(str(path), TABLE.columns) as writer:
        writer.write(TABLE)
        assert path.read_text() == "old"
    assert read(str(path)).height == TABLE.height
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def refusal(path: Path, suffix: str, table: pl.DataFrame = TABLE) -> str:
    with pytest.raises(UsageError) as caught, FORMATS[suffix].writer(str(path), table.columns) as writer:
        writer.write(table)
    assert caught.value.advice
    return caught.value.message


@every_format
def test_writing_to_a_missing_folder_is_refused_with_its_name(tmp_path, suffix):
    path = tmp_path / "nowhere" / f"t{suffix}"
    assert refusal(path, suffix) == f"{path} cannot be written: there is no folder {path.parent}"


@every_format
def test_writing_below_a_file_is_refused(tmp_path, suffix):
    path = tmp_path / "file" / f"t{suffix}"
    path.parent.touch()
    assert refusal(path, suffix) == f"{path} cannot be written: there is no folder {path.parent}"


@every_format
def test_writing_over_a_folder_is_refused(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    path.mkdir()
    assert refusal(path, suffix) == f"{path} cannot be written: it is a folder"
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.fixture
def room():
    """What a file may grow to: the system's refusal to let it is that of a full disk, with another word."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@every_format
@pytest.mark.usefixtures("room")
def test_a_file_that_the_system_stops_is_refused_and_removed(tmp_path, suffix):
    digits = Random(1)
    table = pl.DataFrame({"sku": [digits.randbytes(40).hex() for _ in range(4_000)]})
    path = tmp_path / f"t{suffix}"
    message = refusal(path, suffix, table)
    assert message.startswith(f"{path} cannot be written: ")
    assert "File too large" in message
    assert list(tmp_path.iterdir()) == []


@every_format
def test_an_empty_file_is_refused(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    path.write_bytes(b"")
    with pytest.raises(SourceError, match="the file is empty"):
        open_source(str(path))


@every_format
def test_random_bytes_are_refused(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    path.write_bytes(bytes(range(256)) * 8)
    with pytest.raises(SourceError) as caught:
        list(open_source(str(path)).tables[0].chunks())
    assert str(path) in str(caught.value)


@every_format
def test_a_file_cut_short_is_refused_or_ends_with_whole_rows(tmp_path, suffix):
    table = pl.DataFrame(
        {"sku": [f"{i:05d}" for i in range(500)], "name": [f"name {i * 7919 % 503}" for i in range(500)]}
    )
    path = Path(written(tmp_path, suffix, table))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    if suffix in {".csv", ".tsv"}:  # nothing in these says how long they ought to be
        got = read(str(path))
        assert got["sku"].to_list()[:-1] == table["sku"].to_list()[: got.height - 1]
    else:
        with pytest.raises(SourceError, match="table"):
            read(str(path))


@every_format
def test_a_file_that_changes_between_passes_is_refused(tmp_path, suffix):
    path = Path(written(tmp_path, suffix, TABLE))
    with open_source(str(path)) as source:
        list(source.tables[0].chunks())
        written(tmp_path, suffix, TABLE.head(2))
        with pytest.raises(SourceError, match="changed while it was being read"):
            list(source.tables[0].chunks())


@every_format
def test_a_file_that_changes_during_a_pass_is_refused(tmp_path, suffix):
    path = Path(written(tmp_path, suffix, TABLE))
    with open_source(str(path)) as source:
        chunks = source.tables[0].chunks(1)
        next(chunks)
        written(tmp_path, suffix, TABLE.head(2))
        with pytest.raises(SourceError, match="changed while it was being read"):
            list(chunks)


@every_format
def test_the_format_can_be_named_instead_of_the_suffix(tmp_path, suffix):
    path = Path(written(tmp_path, suffix, TABLE)).rename(tmp_path / "table.dat")
    with open_source(str(path), ReadOptions(format=FORMATS[suffix].name)) as source:
        table = pl.concat(list(source.tables[0].chunks()))
    assert in_order(table, TABLE.columns).rows() == TABLE.rows()


@every_format
def test_the_mapping_agrees_with_the_look_up(suffix):
    assert suffix in FORMATS[suffix].suffixes
    assert format_for(f"folder.d/Table{suffix.upper()}") is FORMATS[suffix]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".tsv", ".parquet", ".xlsx"])
def test_a_table_without_rows_keeps_its_header(tmp_path, suffix):
    path = str(tmp_path / f"t{suffix}")
    with FORMATS[suffix].writer(path, ["sku", "name"]):
        pass
    with open_source(path) as source:
        assert source.tables[0].header == ("sku", "name")
        assert list(source.tables[0].chunks()) == []


@pytest.mark.parametrize("suffix", [".ndjson", ".json"])
def test_records_that_are_none_are_refused(tmp_path, suffix):
    path = str(tmp_path / f"t{suffix}")
    with FORMATS[suffix].writer(path, ["sku"]):
        pass
    with pytest.raises(SourceError, match=r"the file is empty|holds no records"):
        open_source(path)

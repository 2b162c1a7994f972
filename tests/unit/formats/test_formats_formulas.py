"""Text that would run as a formula, and text that only looks like it."""

import polars as pl
import pytest

from bulk.formats import FORMATS, open_source
from bulk.formats.formulas import restored, restored_name, written, written_name
from bulk.model import ROW

PAIRS = [
    ("=1+1", "'=1+1"),
    ("+49 123", "'+49 123"),
    ("-5", "-5"),
    ("-5+1", "'-5+1"),
    ("'-5", "''-5"),
    ("@home", "'@home"),
    ("\tx", "'\tx"),
    ("\rx", "'\rx"),
    ("'=1", "''=1"),
    ("''-1", "'''-1"),
    ("plain", "plain"),
    ("'quoted'", "'quoted'"),
    ("a=b", "a=b"),
    (" =1", " =1"),
    ("'", "'"),
    (None, None),
]


@pytest.mark.parametrize(("text", "defused"), PAIRS)
def test_only_text_that_would_run_gets_an_apostrophe_and_loses_it_again(text, defused):
    table = pl.DataFrame({"^a.*$": [text]}, schema={"^a.*$": pl.String})
    assert written(table, neutralise=True).item() == defused
    assert restored(written(table, neutralise=True)).equals(table)
    if text is not None:
        assert (written_name(text, neutralise=True), restored_name(defused)) == (defused, text)


@pytest.mark.parametrize("text", [text for text, _ in PAIRS])
def test_kept_formulas_come_back_and_so_does_what_only_looks_defused(text):
    table = pl.DataFrame({"a": [text]}, schema={"a": pl.String})
    kept = written(table, neutralise=False)
    assert restored(kept).equals(table)
    assert kept.equals(table) is not (text in {"'-5", "'=1", "''-1"})
    if text is not None:
        assert restored_name(written_name(text, neutralise=False)) == text


def test_only_columns_of_text_are_touched():
    table = pl.DataFrame({"n": [-1], "f": [-0.5], "l": [["=a"]]})
    assert written(table, neutralise=True).equals(table)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".xlsx"])
def test_headers_and_lists_are_defused_too(tmp_path, suffix):
    path = str(tmp_path / f"t{suffix}")
    table = pl.DataFrame({"=Total": ["x"], "'@b": ["y"], "tags": [["=1", "b"]]})
    for neutralise, header, cell in ((True, "'=Total", "'=1; b"), (False, "=Total", "=1; b")):
        with FORMATS[suffix].writer(path, table.columns, neutralise=neutralise) as writer:
            writer.write(table)
        if suffix in {".csv", ".tsv"}:
            text = (tmp_path / f"t{suffix}").read_text()
            assert text.startswith(header)
            assert text.splitlines()[1].endswith(cell)
        with open_source(path) as source:
            assert source.tables[0].header[0] == "=Total"
            assert next(source.tables[0].chunks())["tags"].item() == "=1; b"


def test_an_apostrophe_is_taken_away_in_every_way_of_reading_csv(tmp_path):
    (tmp_path / "t.csv").write_text("sku,name\n1,'=a\n\n2,\"'=b\"\n3,5\" '=c\n4,''=d\n5,'=e\r6,'=f\n")
    with open_source(str(tmp_path / "t.csv")) as source:
        read = pl.concat(list(source.tables[0].chunks())).drop(ROW)
    assert read["name"].to_list() == ["=a", "=b", "5\" '=c", "'=d", "=e", "=f"]

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, time

import polars as pl
import pytest

from bulk.model import ROW
from bulk.validation import Mapping, Origins, Validator, bind, compile_schema
from bulk.validation.document import UNSET, Document
from bulk.validation.mapping import Split

HEADER = ["sku", "name", "price"]


class Thing(Document):
    sku: str
    name: str = UNSET
    price: float = UNSET


class Other(Document):
    """The same columns, but another model."""

    sku: str
    name: str | None = UNSET
    price: float = UNSET


def kind(model=Thing, header=HEADER):
    schema = compile_schema(model)
    return schema, bind(schema, header, keys=("sku",))


def origins(cells, *options, kinds=None, header=HEADER):
    """Of one row, the cells in the order of the header."""
    columns = [
        pl.Series(name, [cell], dtype=pl.String if cell is None else None)
        for name, cell in zip(header, cells, strict=True)
    ]
    return Origins(kinds or [kind(header=header)], *options).of(pl.DataFrame([pl.Series(ROW, [2]), *columns]))


def test_the_same_cells_have_the_same_origin_in_whatever_row_they_stand():
    frame = pl.DataFrame({ROW: [2, 3, 4], "sku": ["A", "B", "A"], "name": ["x", "x", "x"], "price": ["1", "1", "1"]})
    first, second, third = Origins([kind()]).of(frame)
    assert first == third != second
    assert [first] == origins(["A", "x", "1"])
    assert len(first) == 16


@pytest.mark.parametrize(
    "cells",
    [["B", "x", "1"], ["A", "x ", "1"], ["Ax", None, "1"], ["A", "1", "x"], ["A", None, "1"], ["A", "x", "1.0"]],
)
def test_other_cells_have_another_origin_even_where_they_mean_the_same(cells):
    assert origins(cells) != origins(["A", "x", "1"])


def test_a_blank_cell_is_one_whether_null_or_empty():
    assert origins(["A", None, "1"]) == origins(["A", "", "1"])


def test_all_that_decides_what_becomes_of_cells_is_part_of_the_origin():
    cells = ["A", "x", "1"]
    schema, binding = kind()
    renamed = ["sku", "price", "name"]
    different = [
        origins(cells),
        origins(cells, "<null>"),
        origins(cells, header=renamed),
        origins(cells, kinds=[kind(Other)]),
        origins(cells, kinds=[kind(), kind(Other)]),
        origins(cells, kinds=[(replace(schema, rules=("a rule",)), binding)]),
        origins(["A", "x", 1]),
        origins(["A", "x", 1.0]),
    ]
    assert len({one for (one,) in different}) == len(different)


def test_a_cell_that_holds_what_separates_cells_has_no_origin():
    assert origins(["A\x00x", None, "1"]) == [None]
    assert origins(["A", "\x00", "1"]) == [None]


@pytest.mark.parametrize("cell", [["a"], {"a": 1}, b"a"])
def test_cells_that_their_text_does_not_tell_apart_have_no_origin(cell):
    assert origins(["A", cell, "1"]) == [None]


@pytest.mark.parametrize("cell", [7, 0.1, True, date(2026, 1, 2), time(1, 2), None])
def test_typed_cells_have_an_origin_of_their_type(cell):
    (one,) = origins(["A", "x", cell])
    assert one is not None
    assert cell is None or [one] != origins(["A", "x", str(cell)])


def test_a_header_that_looks_like_a_pattern_is_a_name():
    header = ["sku", "name", "^.*$"]
    frame = pl.DataFrame({ROW: [2], "sku": ["A"], "name": ["x"], "^.*$": ["1"]})
    assert Origins([kind()]).of(frame) != origins(["A", "x", "2"], kinds=[kind()], header=header)


SEEN = """
import polars as pl
from bulk.connectors import find
from bulk.validation import Origins, bind, compile_schema
resource = find("luminous.products")[1]
schema = compile_schema(resource.model)
frame = pl.DataFrame({"#row": [2], "sku": ["A"], "custom_fields.Color": ["red"], "tags": ["a;b"]})
binding = bind(schema, frame.columns[1:], keys=resource.keys)
print(Origins([(schema, binding)]).of(frame)[0].hex())
"""


def test_every_process_finds_the_same_origin(capsys):
    """What is known is kept in the ledger, and asked for by the next run."""
    exec(SEEN, {})
    elsewhere = subprocess.run(
        [sys.executable, "-c", SEEN],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "1" if sys.flags.hash_randomization else "random"},
    )
    assert elsewhere.stdout == capsys.readouterr().out != ""


def test_a_blank_cell_that_is_to_be_split_is_blank_whether_null_or_empty():
    schema = compile_schema(Thing)
    mapping = Mapping(split={"both": Split(by="x", into=("name", "price"))})
    binding = bind(schema, ["sku", "both"], keys=("sku",), mapping=mapping)
    frame = pl.DataFrame({ROW: [2, 3, 4], "sku": ["A", "B", "C"], "both": [None, "", "  "]})
    checked = Validator(schema, binding).check(frame)
    assert checked.bad == ()
    assert checked.good["payload"].to_list() == ['{"sku":"A"}', '{"sku":"B"}', '{"sku":"C"}']

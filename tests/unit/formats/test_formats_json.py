"""NDJSON and JSON: types where all values agree, exact text elsewhere, and the line of every fault."""

import gzip
import json

import polars as pl
import pytest
from examples import every

from bulk.errors import SourceError
from bulk.formats import json as json_format
from bulk.formats import open_source
from bulk.model import ROW


@pytest.fixture
def opened(tmp_path):
    def open_(content: str | bytes, name: str):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return open_source(str(path))

    return open_


@pytest.fixture
def read(opened):
    """Records, numbers included, of a file with this content."""

    def records(content: str | bytes, name: str = "t.ndjson") -> list[dict]:
        with opened(content, name) as source:
            return [record for chunk in source.tables[0].chunks() for record in chunk.to_dicts()]

    return records


@pytest.fixture
def refusal(read):
    def error(content: str | bytes, name: str = "t.ndjson") -> SourceError:
        with pytest.raises(SourceError) as caught:
            read(content, name)
        return caught.value

    return error


def records_of(values: list[str], name: str) -> str:
    """A file of one column `v`, each record on a line."""
    records = [f'{{"sku": "A", "v": {value}}}' for value in values]
    return "\n".join(records) if name == "t.ndjson" else "[" + ",\n".join(records) + "]"


both = pytest.mark.parametrize("name", ["t.ndjson", "t.json"])


@both
@every(
    ("value", "cell"),
    [
        ("12", "12"),
        ("12.0", "12.0"),
        ("0.10000000000000000001", "0.10000000000000000001"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("-0", "-0"),
        ("1.5e3", "1500"),
        ("8.85E+11", "885000000000"),
        ("1e-7", "0.0000001"),
        ("-1.0E2", "-100"),
        ("1e999999999", "1e999999999"),
        ("1e-400", "1e-400"),
        ("1e99999999999999999999", "1e99999999999999999999"),
        ("0e-99999999999999999999", "0e-99999999999999999999"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("true", "true"),
        ("false", "false"),
        ("null", None),
        ('""', None),
        ("[]", None),
        ("{}", None),
        ('"00123"', "00123"),
        ('"1e5"', "1e5"),
        ('" a\\u0000\\n\\ud83c\\udf88"', " a\0\n🎈"),
        ('["a", "b"]', '["a","b"]'),
        ('[1, "1", 1.50, true, null]', '[1,"1",1.50,true,null]'),
        ('[{"sku": "A", "quantity": 2}]', '[{"sku":"A","quantity":2}]'),
        ('["ü\\""]', '["ü\\""]'),
    ],
)
def test_a_value_among_text_becomes_exact_text(read, name, value, cell):
    assert [record["v"] for record in read(records_of([value, '"x"'], name), name)] == [cell, "x"]


@both
@pytest.mark.parametrize(
    ("values", "read_as"),
    [
        pytest.param(["true", "false"], [True, False], id="truth"),
        pytest.param(["5", "-20", "0"], [5, -20, 0], id="whole numbers"),
        pytest.param([str(2**63 - 1), str(-(2**63))], [2**63 - 1, -(2**63)], id="the largest whole numbers"),
        pytest.param(["8.85E+11", "1.5e3"], [885000000000, 1500], id="whole numbers with an exponent"),
        pytest.param(["1.5", "0.1", "1e-7", "-1e300"], [1.5, 0.1, 1e-7, -1e300], id="numbers"),
        pytest.param(["19.90", "12.0"], [19.9, 12.0], id="zeros at the end are no digits"),
        pytest.param(["0.5", str(2**53)], [0.5, 2.0**53], id="whole numbers among others"),
        pytest.param(["null", "5", '""', "[]", "{}"], [None, 5, None, None, None], id="blanks do not count"),
        pytest.param(["null", "null"], [None, None], id="nothing but blanks"),
    ],
)
def test_a_column_whose_values_agree_keeps_its_type(read, name, values, read_as):
    cells = [record["v"] for record in read(records_of(values, name), name)]
    assert cells == read_as
    assert [type(cell) for cell in cells] == [type(cell) for cell in read_as]


@both
@pytest.mark.parametrize(
    "values",
    [
        pytest.param(["5", '"x"'], id="a number and text"),
        pytest.param(["5", '"6"'], id="a number and its text"),
        pytest.param(["5", "true"], id="a number and truth"),
        pytest.param(["true", '"true"'], id="truth and its text"),
        pytest.param(["5", "[6]"], id="a number and a list"),
        pytest.param(["0.5", str(2**53 + 1)], id="a whole number too large for a double"),
        pytest.param([str(2**53 + 2), "0.5"], id="a whole number in the reach of rounding"),
        pytest.param(["1", str(2**63)], id="a whole number too large for an integer"),
        pytest.param(["0.5", "0.10000000000000000001"], id="more digits than a double has"),
        pytest.param(["0.5", "1e-400"], id="too small for a double"),
        pytest.param(["0.5", "1e400"], id="too large for a double"),
        pytest.param(["0.5", "NaN"], id="no number"),
        pytest.param(["0.5", "Infinity"], id="no finite number"),
    ],
)
def test_a_column_whose_values_do_not_agree_is_text_as_it_was_written(read, name, values):
    assert [record["v"] for record in read(records_of(values, name), name)] == [value.strip('"') for value in values]


@both
def test_the_type_of_a_column_is_that_of_the_whole_file_whatever_the_size_of_a_chunk(opened, name):
    with opened(records_of(["1"] * 10_001 + ["1.5"], name), name) as source:
        chunks = list(source.tables[0].chunks(5_000))
    assert [chunk["v"].dtype for chunk in chunks] == [pl.Float64] * 3
    assert chunks[-1]["v"].to_list() == [1.0, 1.5]


@both
def test_nested_values_keep_their_types(read, name):
    record = '{"sku":"CF1","custom_fields":{"n":5,"b":true,"f":1.5,"s":"x"}}'
    cells = read(record if name == "t.ndjson" else f"[{record}]", name)[0]
    assert cells == {
        ROW: 1,
        "sku": "CF1",
        "custom_fields.n": 5,
        "custom_fields.b": True,
        "custom_fields.f": 1.5,
        "custom_fields.s": "x",
    }
    assert cells["custom_fields.b"] is True


@pytest.mark.parametrize(("value", "shown"), [('"C"', "C"), ("7", "7"), ("false", "false"), ('["a"]', '["a"]')])
@pytest.mark.parametrize("first", ["value", "object"])
def test_a_name_that_holds_now_a_value_and_now_an_object_is_refused_with_both_lines(refusal, value, shown, first):
    values = [value, "null", '{"name": "x"}']
    one, other = 1, 3
    if first == "object":
        values.reverse()
        one, other = other, one
    error = refusal(records_of(values, "t.ndjson"))
    assert error.reason == f"'v' is {shown!r} in line {one} and an object in line {other}"
    error = refusal(records_of(values, "t.json"), "t.json")
    assert error.reason == f"'v' is {shown!r} in record {one} and an object in record {other}"


def test_a_name_that_merely_begins_like_a_dotted_one_is_a_column_of_its_own(read):
    assert read('{"a": "x", "a.b": "y"}') == [{ROW: 1, "a": "x", "a.b": "y"}]
    assert read('{"a": null, "a.b": "y"}') == [{ROW: 1, "a": None, "a.b": "y"}]


@both
def test_nested_objects_become_dotted_columns_over_the_union_of_records(opened, name):
    records = [
        '{"sku": "A", "category": null}',
        '{"sku": "B", "category": {"name": "x", "parent": {"id": 1}}}',
        '{" sku ": "C", "late": 5}',
    ]
    content = "\n".join(records) if name == "t.ndjson" else f"[{','.join(records)}]"
    with opened(content, name) as source:
        table = source.tables[0]
        assert table.header == ("sku", "category.name", "category.parent.id", "late")
        assert [row[1:] for chunk in table.chunks() for row in chunk.rows()] == [
            ("A", None, None, None),
            ("B", "x", 1, None),
            ("C", None, None, 5),
        ]


def test_the_row_of_ndjson_is_its_line(read):
    records = read('\n{"a":1}\r\n\r\n{"a":2}\r{"a":3}')
    assert [(record[ROW], record["a"]) for record in records] == [(2, 1), (4, 2), (5, 3)]


def test_other_line_separators_do_not_end_a_line(read):
    assert read('{"a":"x\u2028y\x85z"}\n{"a":"2"}')[1] == {ROW: 2, "a": "2"}


def test_ndjson_may_be_compressed_and_in_another_unicode_encoding(read):
    assert read(gzip.compress('{"a":"ü"}\n'.encode("utf-16"))) == [{ROW: 1, "a": "ü"}]


def test_a_record_longer_than_what_is_read_at_a_time_is_read(read):
    text = "x" * (9 << 20)
    assert [len(record["a"]) for record in read(f'{{"a":"{text}"}}\n{{"a":"y"}}')] == [9 << 20, 1]


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ('{"a":1}\n{"a":}\n', 2, "Expecting value at character 6"),
        ('{"a":1} {"a":2}\n', 1, "Extra data"),
        ('{"a":1}\n[1]\n', 2, "a record must be an object"),
        ('{"a":1}\n7\n', 2, "a record must be an object"),
        ('{"a":1}\n{"a":1,"a":2}\n', 2, "the key 'a' is given twice"),
        ('{"a":1}\n{"x":[{"a":1,"a":2}]}\n', 2, "the key 'a' is given twice"),
        ('{"a.b":1,"a":{"b":2}}\n', 1, "'a.b' is given twice, nested and by its dotted name"),
        ('{"a":' + "[" * 100_000 + "\n", 1, "nested too deeply"),
        ('{"a":' * 100_000 + "\n", 1, "nested too deeply"),
        ('{"a":"' + "x" * (21 << 20), 1, "a record of more than 16 MB"),
        ('{"a":1,"":2}\n', None, "column 2 has no name"),
        ('{"#row":1}\n', None, "kept for row numbers"),
        ('{"a":"\ud83c"}\n'.encode("utf-8", "surrogatepass"), 1, "not UTF-8 text"),
    ],
)
def test_what_ndjson_must_not_hold_is_refused_with_its_line(refusal, content, line, reason):
    error = refusal(content)
    assert error.line == line
    assert reason in error.reason


@both
def test_half_of_a_pair_of_surrogates_is_refused(refusal, name):
    record = '{"a":"\\ud83c"}'
    assert refusal(record if name == "t.ndjson" else f"[{record}]", name).line == 1


@pytest.mark.parametrize(
    "content",
    [
        '[{"a":1},{"a":2}]',
        ' \n[ {"a":1} , {"a":2} ] \n',
        '{"results": [{"a":1},{"a":2}]}',
        '{"count": 2, "meta": {"page": [1]}, "results": [{"a":1},{"a":2}], "next": null}',
    ],
)
def test_the_array_is_found(read, content):
    assert read(content, "t.json") == [{ROW: 1, "a": 1}, {ROW: 2, "a": 2}]


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ('[\n{"a":1},\n{"a":}\n]', 3, "Expecting value (character 6)"),
        ('[\n{"a":1}\n{"a":2}\n]', 3, "a ',' or ']' is missing (character 1)"),
        ('[\n{"a":1},\n', 3, "Expecting value"),
        ('[{"a":1}]\n]', 2, "text follows the end"),
        ('{"r":[{"a":1}]}\nx', 2, "text follows the end"),
        ('{"a":1}', 1, "the object holds no array"),
        ('{\n"a":[{"x":1}],"b":[]}', 1, "the object holds 2 arrays"),
        ('{"a" [1]}', 1, "a ':' is missing"),
        ("{1:[]}", 1, "a key must be text"),
        ("{}", 1, "the object holds no array"),
        ("7", 1, "neither an array nor an object"),
        ("[]", None, "the file holds no records"),
        ('[{"a":1},\n7]', 2, "a record must be an object"),
        ('[{"a":1},\n{"a":1,"a":2}]', 2, "the key 'a' is given twice"),
        ("[" * 100_000, 1, "nested too deeply"),
        ('{"a":' * 100_000, 1, "nested too deeply"),
    ],
)
def test_what_json_must_not_hold_is_refused_with_its_line(refusal, content, line, reason):
    error = refusal(content, "t.json")
    assert error.line == line
    assert reason in error.reason


def test_what_is_written_is_plain_json_without_blank_cells(tmp_path):
    with json_format.JSON.writer(str(tmp_path / "t.json"), ["sku", "n"]) as writer:
        writer.write(pl.DataFrame({"sku": ["A", "B"], "n": [1, None]}))
    assert json.loads((tmp_path / "t.json").read_text()) == [{"sku": "A", "n": 1}, {"sku": "B"}]

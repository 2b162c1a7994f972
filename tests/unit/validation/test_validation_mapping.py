import pytest

from bulk.errors import ConfigurationError
from bulk.validation import Mapping, load_mapping, parse_mapping
from bulk.validation.mapping import Split

WHOLE = """
[columns]
"Artikelnummer" = "sku"
"Notiz" = ""

[fill]
"product_weight.unit" = "lb"
sellable = true
retail_price = 9.5
tags = ["a", "b"]

[split."Abmessungen"]
by = "x"
into = ["product_length", "product_width", "product_height"]
"""


@pytest.fixture
def load(tmp_path):
    def load(content):
        path = tmp_path / "map.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_mapping(path)

    return load


def test_a_mapping_file_is_read(load):
    assert load(WHOLE) == Mapping(
        columns={"Artikelnummer": "sku", "Notiz": ""},
        fill={"product_weight.unit": "lb", "sellable": "true", "retail_price": "9.5", "tags": '["a", "b"]'},
        split={"Abmessungen": Split(by="x", into=("product_length", "product_width", "product_height"))},
    )


def test_a_byte_order_mark_does_not_matter(load):
    assert load(b"\xef\xbb\xbf" + WHOLE.encode()) == load(WHOLE)


def test_files_that_say_the_same_have_the_same_text_and_it_can_be_read_back(load):
    turned = WHOLE.replace('"Artikelnummer" = "sku"\n"Notiz" = ""', '# a remark\n"Notiz" = ""\n"Artikelnummer" = "sku"')
    assert load(turned).text == load(WHOLE).text
    assert load(WHOLE.replace('"x"', '"/"')).text != load(WHOLE).text
    assert parse_mapping(load(WHOLE).text) == load(WHOLE)


def test_an_empty_file_is_an_empty_mapping(load):
    assert load("") == Mapping()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[columns\n", "is not TOML.*line 1"),
        (b"\xff\xfe", "is not UTF-8"),
        ("[colums]\na = 'b'", "unknown entry 'colums'"),
        ("columns = 3", r"\[columns\] must be a table"),
        ("[columns]\na = 3", r"\[columns\] 'a' must be text"),
        ("[fill]\na = {b = 1}", r"\[fill\] 'a' must be text"),
        ("[fill]\na = 2020-01-01", r"\[fill\] 'a' must be text"),
        ("[split]\na = 3", "must be a table with by and into"),
        ("[split.a]\nby = 'x'\ninto = ['b']\nthen = 1", "unknown entry 'then'"),
        ("[split.a]\ninto = ['b']", "needs by"),
        ("[split.a]\nby = ''\ninto = ['b']", "needs by"),
        ("[split.a]\nby = 'x'", "needs into"),
        ("[split.a]\nby = 'x'\ninto = [1]", "needs into"),
        ("[columns]\na = 'b'\n[split.a]\nby = 'x'\ninto = ['c']", "'a' is both renamed and split"),
    ],
)
def test_a_mapping_file_with_a_mistake_is_refused_naming_it(load, content, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        load(content)
    assert "map.toml" in str(caught.value)


def test_a_mapping_file_that_is_not_there_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_mapping(tmp_path / "none.toml")

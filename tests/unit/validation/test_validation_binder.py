import pytest

from bulk.errors import ConfigurationError, SourceError, UsageError
from bulk.validation import Mapping, bind, compile_schema
from bulk.validation.document import UNSET, Document
from bulk.validation.mapping import Split

KEYS = ("sku", "id")


def bound(schema, *header, **options):
    return {one.column.name: one.header for one in bind(schema, header, keys=KEYS, **options).columns}


@pytest.mark.parametrize("header", ["group_id", "GROUP_ID", "Group Id", "group-id", "groupid", " Group  ID "])
def test_headers_match_regardless_of_case_spaces_underscores_and_hyphens(thing, header):
    assert bound(thing, "sku", header) == {"sku": "sku", "group_id": header}


def test_names_of_an_open_object_s_entries_are_kept_as_they_are(thing):
    assert bound(thing, "sku", "Extra.Eye Colour", "extra.a.b") == {
        "sku": "sku",
        "extra.Eye Colour": "Extra.Eye Colour",
        "extra.a.b": "extra.a.b",
    }


def test_columns_come_in_the_order_of_the_document_whatever_the_file_s(thing):
    header = ["extra.b", "price", "extra.a", "size.value", "label", "size.unit", "sku"]
    assert list(bound(thing, *header)) == ["sku", "label", "price", "size.unit", "size.value", "extra.a", "extra.b"]


def test_columns_that_begin_with_an_underscore_are_never_data(thing):
    assert bound(thing, "sku", "_row", "_label") == {"sku": "sku"}


def test_all_unknown_columns_are_named_at_once_each_with_the_nearest_known_one(thing):
    with pytest.raises(SourceError) as caught:
        bind(thing, ["sku", "prize", "lable", "zzzzzz"], keys=KEYS, path="things.csv")
    message = str(caught.value)
    assert message.startswith("things.csv: ")
    assert "'prize' is not known (did you mean price?)" in message
    assert "'lable' is not known (did you mean label?)" in message
    assert "'zzzzzz' is not known" in message
    assert "'zzzzzz' is not known (" not in message


def test_a_column_without_a_name_is_named_by_its_place(thing):
    with pytest.raises(SourceError, match="column 2 has no name"):
        bind(thing, ["sku", " ", "label"], keys=KEYS)


@pytest.mark.parametrize("stray", ["extra.", "extra.*", "size", "*"])
def test_a_header_that_only_looks_like_a_column_is_unknown(thing, stray):
    with pytest.raises(SourceError, match="is not known"):
        bind(thing, ["sku", stray], keys=KEYS)


def test_two_headers_that_mean_the_same_column_are_refused_naming_both(thing):
    with pytest.raises(SourceError, match="'Group ID' and 'group_id' both mean group_id"):
        bind(thing, ["sku", "Group ID", "group_id"], keys=KEYS)


def test_a_name_that_the_api_would_not_take_is_refused_naming_the_column(thing):
    assert bound(thing, "sku", "names.en")["names.en"] == "names.en"
    with pytest.raises(SourceError, match=r"column 'names\.English'"):
        bind(thing, ["sku", "names.English"], keys=KEYS)


def test_the_first_key_that_the_file_has_names_the_records(thing):
    assert bind(thing, ["id", "label"], keys=KEYS).key.column.name == "id"
    assert bind(thing, ["id", "sku"], keys=KEYS).key.column.name == "sku"


def test_the_other_key_is_not_sent_and_that_is_said(thing):
    binding = bind(thing, ["Id", "SKU"], keys=KEYS)
    assert [one.column.name for one in binding.columns] == ["sku"]
    assert binding.notes == ("Column 'Id' is not sent: the records are matched by sku.",)
    binding = bind(thing, ["id", "sku"], keys=KEYS, match_by="id")
    assert [one.column.name for one in binding.columns] == ["id"]
    assert binding.notes == ("Column 'sku' is not sent: the records are matched by id.",)


def test_a_file_without_a_key_is_refused(thing):
    with pytest.raises(SourceError, match="no column that names the records: sku or id"):
        bind(thing, ["label"], keys=KEYS)


def test_matching_by_a_key_that_the_file_does_not_have_is_refused(thing):
    with pytest.raises(SourceError, match="there is no column id"):
        bind(thing, ["sku"], keys=KEYS, match_by="id")


def test_matching_by_something_that_is_no_key_is_a_usage_error(thing):
    with pytest.raises(UsageError, match="cannot be matched by 'label'"):
        bind(thing, ["sku", "label"], keys=KEYS, match_by="label")


def test_a_column_that_every_row_needs_must_be_in_the_file():
    class Inner(Document):
        name: str

    class Model(Document):
        sku: str
        label: str
        inner: Inner
        note: str = UNSET

    schema = compile_schema(Model)
    with pytest.raises(SourceError, match="there is no column label"):
        bind(schema, ["sku", "inner.name"], keys=("sku",))
    with pytest.raises(SourceError, match=r"there is no column inner\.name"):
        bind(schema, ["sku", "label"], keys=("sku",))
    assert len(bind(schema, ["sku", "label", "inner.name"], keys=("sku",)).columns) == 3


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("label", "Label"),
        ("size.unit", "Size.Unit"),
        ("size", "Size.Unit"),
        ("tags.0", "tags"),
        ("tags.0.name", "tags"),
        ("extra.Color", "extra.Color"),
        ("names", "names.en"),
        ("place.country", "place"),
        ("stock", None),
        ("unheard.of", None),
    ],
)
def test_an_api_s_path_leads_back_to_the_file_s_column(thing, path, header):
    binding = bind(
        thing, ["sku", "Label", "Size.Unit", "size.value", "tags", "extra.Color", "names.en", "place"], keys=KEYS
    )
    assert binding.column_for(path) == header


def test_a_mapping_renames_and_leaves_out_columns(thing):
    mapping = Mapping(columns={"Artikelnummer": "sku", "interne notiz": "", "Preis": "Price"})
    assert bound(thing, "Artikelnummer", "Interne Notiz", "Preis", "label", mapping=mapping) == {
        "sku": "Artikelnummer",
        "price": "Preis",
        "label": "label",
    }


def test_a_mapping_overrules_what_a_header_would_mean(thing):
    assert bound(thing, "sku", "label", "note", mapping=Mapping(columns={"label": "note", "note": "label"})) == {
        "sku": "sku",
        "label": "note",
        "note": "label",
    }


def test_a_mapping_fills_and_splits_columns(thing):
    mapping = Mapping(fill={"size.unit": "cm"}, split={"Both": Split(by="/", into=("label", "", "note"))})
    binding = bind(thing, ["sku", "Both", "size.value"], keys=KEYS, mapping=mapping)
    assert [(one.column.name, one.label, one.part, one.fill) for one in binding.columns] == [
        ("sku", "sku", 0, None),
        ("label", "Both", 0, None),
        ("note", "Both", 2, None),
        ("size.unit", "size.unit", 0, "cm"),
        ("size.value", "size.value", 0, None),
    ]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (Mapping(columns={"note": "lable"}), "a column 'lable', which does not exist"),
        (Mapping(fill={"lable": "x"}), "a column 'lable', which does not exist"),
        (Mapping(split={"note": Split(by="x", into=("label", "hight"))}), "a column 'hight', which does not exist"),
        (Mapping(fill={"sku": "x"}), "cannot fill in sku"),
        (Mapping(columns={"note": "label", "NOTE": "price"}), "column 'note' is mapped twice"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_a_configuration_error(thing, mapping, message):
    with pytest.raises(ConfigurationError, match=message):
        bind(thing, ["sku", "note"], keys=KEYS, mapping=mapping)


def test_a_mapping_that_speaks_of_columns_the_file_does_not_have_is_refused(thing):
    with pytest.raises(SourceError, match="there is no column 'Preis', of which the mapping speaks"):
        bind(thing, ["sku"], keys=KEYS, mapping=Mapping(columns={"Preis": "price"}))

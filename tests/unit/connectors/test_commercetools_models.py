"""Every documented field of a channel, in a table: what is taken, what is refused, and what is only remarked upon."""

import json

import polars as pl
import pytest
from pydantic import ValidationError

from bulk.connectors.commercetools import CONNECTOR
from bulk.connectors.commercetools.models import Channel, ChannelFacts
from bulk.errors import SourceError
from bulk.model import ROW
from bulk.validation import Validator, bind, compile_schema

(CHANNELS,) = CONNECTOR.resources
TEXTS = [
    "title",
    "salutation",
    "firstName",
    "lastName",
    "streetName",
    "streetNumber",
    "additionalStreetInfo",
    "postalCode",
    "city",
    "region",
    "state",
    "company",
    "department",
    "building",
    "apartment",
    "pOBox",
    "phone",
    "mobile",
    "email",
    "fax",
    "additionalAddressInfo",
    "externalId",
]


def check(**cells):
    cells = {"key": "k", **cells}
    series = [
        pl.Series(name, [cell], dtype=pl.String) if cell is None or isinstance(cell, str) else pl.Series(name, [cell])
        for name, cell in cells.items()
    ]
    frame = pl.DataFrame([pl.Series(ROW, [2], dtype=pl.Int64), *series])
    binding = bind(
        compile_schema(Channel), list(cells), keys=CHANNELS.keys, read_only=compile_schema(CHANNELS.read_only)
    )
    return Validator(compile_schema(Channel), binding).check(frame)


def document(**cells):
    checked = check(**cells)
    assert checked.bad == ()
    found = json.loads(checked.records()[0].payload)
    Channel.model_validate_json(json.dumps(found))
    return found


def faults(**cells):
    return [(one.column, one.rule) for bad in check(**cells).bad for one in bad.violations]


TAKEN = [
    ("new_key", "n-1", {"new_key": "n-1"}),
    ("roles", "Primary;inventorysupply", {"roles": ["Primary", "InventorySupply"]}),
    ("roles", '["OrderExport", "OrderImport"]', {"roles": ["OrderExport", "OrderImport"]}),
    ("roles", "ProductDistribution", {"roles": ["ProductDistribution"]}),
    ("name.en", "Shop", {"name": {"en": "Shop"}}),
    ("name.en-US", "Shop", {"name": {"en-US": "Shop"}}),
    ("name.zh-Hans-SG", "x", {"name": {"zh-Hans-SG": "x"}}),
    ("name.en", "<clear>", {"name": {"en": None}}),
    ("name", '{"de":"a","en":"b"}', {"name": {"de": "a", "en": "b"}}),
    ("description.es-419", "Tienda", {"description": {"es-419": "Tienda"}}),
    ("address.country", "de", {"address": {"country": "DE"}}),
    ("address", '{"country":"US","city":"Boston"}', {"address": {"city": "Boston", "country": "US"}}),
    ("address", "<clear>", {"address": None}),
    ("geoLocation", "<clear>", {"geoLocation": None}),
    ("geoLocation.coordinates", "[13.4, -52.5]", {"geoLocation": {"longitude": 13.4, "latitude": -52.5}}),
    ("custom", "<clear>", {"custom": None}),
    ("custom.type.key", "details", {"custom": {"type": {"key": "details"}}}),
    ("custom.type.id", "t-1", {"custom": {"type": {"id": "t-1"}}}),
    ("custom.fields.openingTimes.en", "9 am", {"custom": {"fields": {"openingTimes": {"en": "9 am"}}}}),
    ("custom.fields.floors", 3, {"custom": {"fields": {"floors": 3}}}),
    ("custom.fields.open", True, {"custom": {"fields": {"open": True}}}),
    ("custom.fields.tags", '["a"]', {"custom": {"fields": {"tags": ["a"]}}}),
    ("custom.fields.code", "<clear>", {"custom": {"fields": {"code": None}}}),
    ("custom.fields", '{"rent":{"centAmount":5}}', {"custom": {"fields": {"rent": {"centAmount": 5}}}}),
]


@pytest.mark.parametrize(("column", "cell", "expected"), TAKEN, ids=lambda one: str(one)[:30])
def test_what_is_taken(column, cell, expected):
    assert document(**{column: cell}) == {"key": "k", **expected}


@pytest.mark.parametrize("name", [*TEXTS, "key"])
def test_every_text_of_an_address(name):
    cells = {"address.country": "DE", f"address.{name}": "Some-text"}
    assert document(**cells)["address"] == {"country": "DE", name: "Some-text"}
    assert document(**{**cells, f"address.{name}": "<clear>"})["address"] == {"country": "DE", name: None}


def test_an_address_has_custom_fields_of_its_own():
    cells = {"address.country": "DE", "address.custom.type.key": "ramps", "address.custom.fields.ramp": True}
    custom = {"type": {"key": "ramps"}, "fields": {"ramp": True}}
    assert document(**cells)["address"] == {"country": "DE", "custom": custom}
    assert document(**{"address.country": "DE", "address.custom": "<clear>"})["address"]["custom"] is None


def test_a_place_is_two_columns():
    cells = {"geoLocation.longitude": "13.412119019109015", "geoLocation.latitude": "52.50103330534661"}
    assert document(**cells)["geoLocation"] == {"longitude": 13.412119019109015, "latitude": 52.50103330534661}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"key": None}, [("key", "required")]),
        ({"key": "<clear>"}, [("key", "not_nullable")]),
        ({"key": "1.2E+11"}, [("key", "scientific_notation")]),
        ({"roles": "Primary;Warehouse"}, [("roles", "list")]),
        ({"roles": "<empty>"}, [("roles", "min_length")]),
        ({"roles": "<clear>"}, [("roles", "not_nullable")]),
        ({"name": "<clear>"}, [("name", "not_nullable")]),
        ({"description": "<clear>"}, [("description", "not_nullable")]),
        ({"name": '{"en_US":"x"}'}, [("name", "json")]),
        ({"name": "Shop"}, [("name", "json")]),
        ({"address.country": "D"}, [("address.country", "choices")]),
        ({"address.country": "UK"}, [("address.country", "choices")]),
        ({"address.city": "Berlin"}, [("address.country", "required")]),
        ({"address.country": "DE", "address.key": "x"}, [("address.key", "pattern")]),
        ({"address.country": "DE", "address.key": "k" * 257}, [("address.key", "pattern")]),
        ({"address.country": "<clear>"}, [("address.country", "not_nullable")]),
        ({"geoLocation.longitude": "13"}, [("geoLocation.latitude", "required")]),
        ({"geoLocation.longitude": "180.1", "geoLocation.latitude": "0"}, [("geoLocation.longitude", "le")]),
        ({"geoLocation.longitude": "0", "geoLocation.latitude": "-181"}, [("geoLocation.latitude", "ge")]),
        (
            {"geoLocation.longitude": "52.5", "geoLocation.latitude": "113.4"},
            [("geoLocation.latitude", "le"), ("geoLocation.latitude", "swapped")],
        ),
        ({"geoLocation.coordinates": "[1,2,3]"}, [("geoLocation.coordinates", "split")]),
        (
            {"geoLocation.type": "Polygon", "geoLocation.coordinates": "[1,2]"},
            [("geoLocation.type", "choices")],
        ),
        ({"custom.type.id": "a", "custom.type.key": "b"}, [("custom.type.key", "not_both")]),
        ({"custom": '{"type":{"id":"a","key":"b"}}'}, [("custom", "json")]),
        (
            {"address.country": "DE", "address.custom.type.id": "a", "address.custom.type.key": "b"},
            [("address.custom.type.key", "not_both")],
        ),
        ({"custom.type.typeId": "channel", "custom.type.key": "b"}, [("custom.type.typeId", "choices")]),
        ({"custom.fields.code": "#REF!"}, [("custom.fields.code", "error_value")]),
        ({"address": "<clear>", "address.country": "DE"}, [("address.country", "not_both")]),
    ],
    ids=str,
)
def test_what_is_refused_and_where(cells, expected):
    assert faults(**cells) == expected


def test_a_row_goes_by_its_key_or_its_id():
    for wrong in ({}, {"key": "k", "id": "i"}):
        with pytest.raises(ValidationError, match="exactly one of key and id"):
            Channel.model_validate(wrong)
    assert Channel.model_validate({"id": "i"}).id == "i"


@pytest.mark.parametrize("column", ["name.en_US", "description.english!", "name.e"])
def test_a_language_is_written_with_hyphens(column):
    with pytest.raises(SourceError) as refused:
        check(**{column: "x"})
    assert "hyphens" in refused.value.advice
    assert "such as name.en" in refused.value.advice


@pytest.mark.parametrize("name", ["x", "a.b", "with space", "n" * 37])
def test_a_custom_field_has_a_name_of_a_certain_form(name):
    with pytest.raises(SourceError) as refused:
        check(**{f"custom.fields.{name}": "x"}) if name != "a.b" else check(**{"custom.fields.a.b": "x"})
    assert "2 to 36" in refused.value.advice


@pytest.mark.parametrize("key", ["a b", "x", "straße", "a/b", "k" * 257])
def test_an_unusual_key_is_sent_and_remarked_upon(key):
    checked = check(key=key)
    assert [record.key for record in checked.records()] == [key]
    assert "Import API" in checked.unusual[0].expected.why
    assert check(key="usual-Key_1").unusual == ()


SHOWN = {
    "version": 3,
    "createdAt": "2026-01-01T00:00:00.000Z",
    "lastModifiedAt": "2026-01-01T00:00:00.000Z",
    "createdBy.clientId": "c",
    "createdBy.isPlatformClient": False,
    "createdBy.user.typeId": "user",
    "lastModifiedBy.externalUserId": "u",
    "reviewRatingStatistics.averageRating": 4.5,
    "reviewRatingStatistics.highestRating": 5,
    "reviewRatingStatistics.lowestRating": 1,
    "reviewRatingStatistics.count": 7,
    "reviewRatingStatistics.ratingsDistribution.5": 6,
    "address.id": "a1",
}


@pytest.mark.parametrize("column", SHOWN)
def test_what_is_only_shown_is_read_and_not_sent(column):
    checked = check(**{column: SHOWN[column]})
    assert json.loads(checked.records()[0].payload) == {"key": "k"}
    assert checked.shown() != {}


def test_an_id_beside_the_key_is_read_only():
    checked = check(id="0f2b0d5e-0000-4000-8000-000000000001")
    assert json.loads(checked.records()[0].payload) == {"key": "k"}
    assert "0f2b0d5e" in checked.shown()[2]


def test_every_field_of_the_model_and_of_the_facts_is_tried_here():
    tried = {column.partition(".")[0] for column, *_ in TAKEN} | {"key", "id"}
    assert tried == set(Channel.model_fields)
    assert {column.partition(".")[0] for column in SHOWN} == set(ChannelFacts.model_fields)

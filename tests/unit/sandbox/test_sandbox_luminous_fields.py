"""Every row of the documented field tables, by name: the twin knows the field, its type and whether it may be null."""

import json
from pathlib import Path

import pytest
from examples import every

DATA = Path(__file__).parents[2] / "data"
LENIENT = [("custom_fields", {"Color": None})]
"""Refused by our models, although no page says so; the twin takes it."""


def product(subject, field, value):
    body = {field: value} if field in {"id", "sku"} else {"sku": "A", field: value}
    return subject.patch(body)


def variant(subject, field, value):
    return subject.patch({"sku": "A", "variants": [{"sku": "A-1", field: value}]})


def created(subject, field, value):
    # End to end, and dropship without tracking: the one kind of channel on which every field may take every value.
    body = {
        "channelType": "end_to_end_channel",
        "label": "New",
        "isDropship": True,
        "dropshipInventoryNotTracked": True,
    }
    return subject.ask("POST", "/channels", body=json.dumps({**body, "warehouseGroupId": 3, field: value}).encode())


def updated(subject, field, value):
    return subject.ask("PUT", "/channels/1", body=json.dumps({field: value}).encode())


def table(name, send, prefix="", within=None):
    rows = json.loads((DATA / f"luminous_{name}_fields.json").read_text("utf-8"))
    rows = [row for row in rows if within is None or within in row["calls"]]
    return [pytest.param(row, send, prefix + row["field"], id=f"{send.__name__}-{row['field']}") for row in rows]


ROWS = [
    *table("products", product),
    *table("variants", variant, "variants.0."),
    *table("channels", created, within="create"),
    *table("channels", updated, within="update"),
]


@pytest.fixture
def start(twin):
    """Begins with a twin on which nothing else has been tried."""
    return lambda: twin(channels=[{"label": "Present", "channelType": "end_to_end_channel", "warehouseGroupId": 3}])


def faults(answer, path):
    """The faults at a path or below it."""
    errors = json.loads(answer.body).get("errors", {})
    return [each for each in errors if each == path or each.startswith(f"{path}.")]


@every(("row", "send", "path"), ROWS)
def test_a_documented_field_takes_its_documented_values(start, row, send, path):
    subject = start()
    assert row["accepted"]
    for value in row["accepted"]:
        assert faults(send(subject, row["field"], value), path) == [], value


@every(("row", "send", "path"), ROWS)
def test_a_documented_field_refuses_everything_else(start, row, send, path):
    subject = start()
    assert row["refused"]
    for value in row["refused"]:
        if (row["field"], value) not in LENIENT:
            assert faults(send(subject, row["field"], value), path), value


@every(("row", "send", "path"), ROWS)
def test_a_documented_field_is_null_only_where_the_page_says_so(start, row, send, path):
    subject = start()
    assert bool(faults(send(subject, row["field"], None), path)) != row["nullable"]


def test_the_tables_have_the_documented_numbers_of_fields():
    counts = {
        send: len([row for row in ROWS if row.values[1] is send]) for send in (product, variant, created, updated)
    }
    assert list(counts.values()) == [46, 39, 20, 18]

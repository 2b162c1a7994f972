"""The oracle: bodies transcribed from the pages, each with its reason, against the twin."""

import json
from pathlib import Path

import pytest
from examples import every

EXAMPLES = Path(__file__).parents[2] / "data" / "luminous_examples"
KNOWN = {"id": 123, "sku": "KNOWN"}
CHANNELS = [
    {"id": 123, "label": "Present", "channelType": "end_to_end_channel", "warehouseGroupId": 3},
    {"label": "Other", "channelType": "sales_channel", "warehouseGroupId": 3},
    {"label": "Disabled", "channelType": "sales_channel", "warehouseGroupId": 3, "enabled": False},
]


def load(name):
    return [pytest.param(each, id=each["name"]) for each in json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))]


def call(subject, example):
    method, path = {"create": ("POST", "/channels"), "update": ("PUT", "/channels/123")}[example["call"]]
    return subject.ask(method, path, body=json.dumps(example["body"]).encode())


@every("example", load("accepted"))
def test_takes_what_the_documentation_allows(twin, example):
    answer = twin(products=[KNOWN]).patch(example["body"])
    assert (answer.status, answer.malformed) == (200 if "id" in example["body"] else 201, None), answer.body


@every("example", load("refused"))
def test_refuses_what_the_documentation_rules_out_and_names_the_paths(twin, example):
    subject = twin(products=[KNOWN])
    before = subject.state()
    answer = subject.patch(example["body"])
    assert answer.status == 422
    assert set(json.loads(answer.body)["errors"]) == set(example["paths"])
    assert (answer.malformed is not None) == example["documented"]
    assert subject.state() == before


@every("example", load("channels.accepted"))
def test_takes_the_channels_that_the_documentation_allows(twin, example):
    answer = call(twin(channels=CHANNELS), example)
    assert (answer.status, answer.malformed) == (200 if example["call"] == "update" else 201, None), answer.body


@every("example", load("channels.refused"))
def test_refuses_the_channels_that_the_documentation_rules_out_and_names_the_paths(twin, example):
    subject = twin(channels=CHANNELS)
    before = subject.state()
    answer = call(subject, example)
    assert answer.status == 422
    assert set(json.loads(answer.body)["errors"]) == set(example["paths"])
    assert (answer.malformed is not None) == example["documented"]
    assert subject.state() == before


def test_every_documented_field_is_in_an_accepted_example():
    bodies = [each.values[0]["body"] for each in load("accepted")]
    variants = [item for body in bodies for item in body.get("variants") or ()]
    assert len({name for body in bodies for name in body}) == 47  # 46 of the page, and priority_list_id
    assert len({name for item in variants for name in item}) == 39


@pytest.mark.parametrize(("kind", "count"), [("update", 18), ("create", 20)])
def test_every_documented_field_of_a_channel_is_in_an_accepted_example(kind, count):
    examples = [each.values[0] for each in load("channels.accepted")]
    assert len({name for each in examples if each["call"] == kind for name in each["body"]}) == count

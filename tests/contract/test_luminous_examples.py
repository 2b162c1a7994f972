"""The outside oracle: bodies transcribed from the documentation are judged alike by the models and by it."""

import json
from pathlib import Path

import pytest
from examples import every
from pydantic import ValidationError

from bulk.connectors.luminous.models import Channel, NewChannel, Product, Variant

EXAMPLES = Path(__file__).parents[1] / "data" / "luminous_examples"
ONE_CHANNEL_ONLY = "a label only once"
"""Examples that only other channels make wrong; the labels of a file are compared when it is read."""
LEFT_OUT = {"create": {"integrationProducts"}, "update": {"integrationProducts", "id"}}
"""SKU mappings have undocumented members, so the models leave them out; the id to update is that of the path."""


def load(name):
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def examples(name):
    return [pytest.param(one, id=one["name"]) for one in load(name)]


def items(name):
    """The single variants of the examples about variants, where they are objects at all."""
    bodies = [(one["name"], one["body"].get("variants")) for one in load(name) if one["part"] == "variants"]
    return [
        pytest.param(item, id=f"{example}-{number}")
        for example, found in bodies
        if isinstance(found, list)
        for number, item in enumerate(found)
    ]


def channels(name):
    return [
        pytest.param(one, id=one["name"])
        for one in load(f"channels.{name}")
        if not LEFT_OUT[one["call"]] & set(one["body"])
        and not (name == "refused" and ONE_CHANNEL_ONLY in one["reference"])
    ]


def channel(example):
    """The body as the model that it is for, with the id of its path."""
    if example["call"] == "create":
        return NewChannel, example["body"]
    return Channel, {"id": 123, **example["body"]}


def judged(model, document):
    """What the model makes of a document; raises ValidationError."""
    return model.model_validate_json(json.dumps(document)).model_dump(exclude_unset=True)


@every("example", examples("accepted"))
def test_the_model_takes_what_the_documentation_allows(example):
    assert judged(Product, example["body"]) == example["body"]


@every("example", examples("refused"))
def test_the_model_refuses_what_the_documentation_forbids(example):
    with pytest.raises(ValidationError):
        judged(Product, example["body"])


@every("item", items("accepted"))
def test_the_model_of_a_variant_takes_what_the_documentation_allows(item):
    assert judged(Variant, item) == item


@every("example", channels("accepted"))
def test_the_model_takes_the_channels_that_the_documentation_allows(example):
    model, document = channel(example)
    assert judged(model, document) == document


@every("example", channels("refused"))
def test_the_model_refuses_the_channels_that_the_documentation_forbids(example):
    model, document = channel(example)
    with pytest.raises(ValidationError):
        judged(model, document)

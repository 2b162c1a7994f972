"""The oracle of answers: the examples of the pages, held against what the twin shows, key by key."""

import json
from pathlib import Path

import pytest

from bulk.connectors.luminous.sandbox import SECRETS, seed_channels, showcase

DATA = Path(__file__).parents[2] / "data" / "luminous_examples" / "answers.json"
EXAMPLES = {each["name"]: each["answer"] for each in json.loads(DATA.read_text("utf-8"))}


def keys(value, path=""):
    """The keys of every object, through lists, by its path; an object without members says nothing about its keys."""
    found = {}
    if isinstance(value, list):
        for each in value:
            for where, names in keys(each, path).items():
                found.setdefault(where, set()).update(names)
    elif isinstance(value, dict) and value:
        found[path] = {frozenset(value)}
        for name, each in value.items():
            found |= keys(each, f"{path}.{name}")
    return found


def read(twin, kind, **switches):
    if kind == "product":
        subject = twin(products=showcase(), alternate_skus={"SHOW-LAMP": ["LAMP-OLD"]}, **switches)
        return subject.read("/products", ("per_page", "100"))["data"]
    return twin(channels=seed_channels(40), **switches).read("/channels", ("per_page", "100"))["data"]


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_object_of_an_answer_has_the_keys_that_the_page_shows(twin, kind):
    shown = keys(read(twin, kind))
    for path, documented in keys(EXAMPLES[kind]).items():
        assert shown[path] == documented, path


@pytest.mark.parametrize(("kind", "count"), [("product", 59), ("channel", 45)])
def test_an_answer_has_its_documented_number_of_keys(twin, kind, count):
    assert {len(record) for record in read(twin, kind)} == {len(EXAMPLES[kind])} == {count}


def test_every_secret_is_shown_by_one_of_them(twin):
    shown = json.dumps([read(twin, kind) for kind in EXAMPLES])
    assert [secret for secret in SECRETS if secret not in shown] == []


def test_an_export_row_shows_no_secret(twin):
    shown = json.dumps(twin(products=showcase()).read("/products/export", ("since", "1970-01-01")))
    assert [secret for secret in SECRETS if secret in shown] == []


@pytest.mark.parametrize("kind", EXAMPLES)
def test_empty_objects_may_come_as_arrays_and_nothing_else_changes(twin, kind):
    def objects_only(value):
        if isinstance(value, list):
            return [objects_only(each) for each in value]
        if isinstance(value, dict):
            return {name: objects_only(each) for name, each in value.items()} or []
        return value

    assert read(twin, kind, empty_objects="array") == objects_only(read(twin, kind))

"""The oracle: bodies transcribed from the page, each with its reason, against the twin."""

import json
from pathlib import Path

import pytest
from examples import every

EXAMPLES = Path(__file__).parents[2] / "data" / "commercetools_examples"
FIELD = {"name": "exampleStringField", "required": False, "type": {"name": "String"}}
TYPES = [
    {
        "id": "30000000-0000-4000-8000-000000000001",
        "key": "example-type",
        "resourceTypeIds": ["channel", "address"],
        "fieldDefinitions": [FIELD],
    },
    {"key": "other-type", "resourceTypeIds": ["customer"], "fieldDefinitions": [FIELD]},
]


def load(name):
    return json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))


def parameters(name):
    return [pytest.param(each, id=each["name"]) for each in load(name)]


def call(make, example):
    """The answer, and the project with the states before and after."""
    subject = make(types=TYPES, channels=[{"key": "present", **example.get("given", {})}, {"key": "other"}])
    before = subject.state()
    path, body = "/practice/channels", example["body"]
    if example["call"] == "update":
        path, body = f"{path}/key=present", {"version": 1, **body}
    return subject.answer("POST", path, document=body), before, subject.state()


@every("example", parameters("accepted"))
def test_takes_what_the_documentation_allows(project, example):
    answer, before, after = call(project, example)
    assert (answer.status, answer.malformed) == (200 if example["call"] == "update" else 201, None), answer.body
    assert after != before


@every("example", parameters("refused"))
def test_refuses_what_the_documentation_rules_out_and_says_why(project, example):
    answer, before, after = call(project, example)
    document = json.loads(answer.body)
    assert (answer.status, document["statusCode"]) == (400, 400)
    assert [error["code"] for error in document["errors"]] == example["codes"]
    assert document["message"] == document["errors"][0]["message"]
    assert (answer.malformed is not None) == example["documented"]
    assert after == before


def test_every_action_is_in_an_accepted_example():
    names = {
        action["action"] for each in load("accepted") if each["call"] == "update" for action in each["body"]["actions"]
    }
    assert len(names) == 12


def test_every_field_of_a_draft_and_of_an_address_is_in_an_accepted_example():
    drafts = [each["body"] for each in load("accepted") if each["call"] == "create"]
    assert len({name for draft in drafts for name in draft}) == 7
    assert len({name for draft in drafts for name in draft.get("address", {})}) == 24


def test_answers_have_the_members_that_the_page_shows(project):
    subject = project()
    assert set(load("answers")["channel"]) <= set(subject.create("a"))
    page = subject.channels("GET")[1]
    assert list(page) == load("answers")["page"]
    assert page["results"] == [subject.read("a")]

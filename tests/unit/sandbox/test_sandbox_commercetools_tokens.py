"""Tokens and scopes: how one is got, what it allows, and how it ends."""

import base64
import json

import pytest

from bulk.connectors.commercetools.sandbox import SECRETS, revoke_tokens

FORM = "application/x-www-form-urlencoded"
GRANT = ("grant_type", "client_credentials")


def basic(id="practice-client", secret=SECRETS[0], **more):
    return {"Authorization": "Basic " + base64.b64encode(f"{id}:{secret}".encode()).decode(), **more}


def issue(subject, *query, headers=None, document=None):
    return subject.call(
        "POST", "/oauth/token", *query, headers=basic() if headers is None else headers, document=document
    )


def bearer(token):
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def test_a_token_says_its_type_its_life_and_its_scopes(project):
    status, token = issue(project(expires_in=3_600), GRANT)
    assert (status, token["token_type"], token["expires_in"]) == (200, "Bearer", 3_600)
    assert token["scope"] == "view_channels:practice manage_channels:practice view_types:practice"
    assert set(token) == {"access_token", "token_type", "expires_in", "scope"}
    assert token["access_token"].startswith(SECRETS[1])


def test_the_grant_may_be_in_the_body(project):
    headers = basic(**{"Content-Type": FORM})
    body = b"grant_type=client_credentials&scope=view_channels%3Apractice"
    status, token = issue(project(), headers=headers, document=body)
    assert (status, token["scope"]) == (200, "view_channels:practice")


def test_issuing_a_token_is_no_write(project):
    answer = project().answer("POST", "/oauth/token", GRANT, headers=basic())
    assert not answer.changes


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic(id="other"),
        basic(secret="other"),
        {"Authorization": "Basic nonsense!"},
        {"Authorization": "Basic " + base64.b64encode(b"nocolon").decode()},
        {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
        {"Authorization": basic()["Authorization"].replace("Basic", "Bearer")},
    ],
)
def test_wrong_credentials_are_invalid_client(project, headers):
    status, document = issue(project(), GRANT, headers=headers)
    assert (status, document["error"], document["errors"][0]["code"]) == (401, "invalid_client", "invalid_client")
    assert document["statusCode"] == 401
    assert document["error_description"] == document["message"]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ((), "invalid_request"),
        ((("grant_type", "password"),), "unsupported_grant_type"),
        ((GRANT, ("scope", "manage_orders:practice")), "invalid_scope"),
        ((GRANT, ("scope", "view_channels:elsewhere")), "invalid_scope"),
        ((GRANT, ("scope", "view_channels:practice manage_project:practice")), "invalid_scope"),
    ],
)
def test_what_cannot_be_granted_is_400(project, query, error):
    status, document = issue(project(), *query)
    assert (status, document["error"], document["errors"][0]["code"]) == (400, error, error)


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer nobody", "Basic nobody"])
def test_without_a_good_token_it_is_invalid_token_in_the_envelope(project, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    status, document = project().channels("GET", headers=headers)
    error = {"code": "invalid_token", "message": "invalid_token"}
    assert status == 401
    assert document == {"statusCode": 401, "message": "invalid_token", "errors": [error], "error": "invalid_token"}


def test_a_token_expires(project):
    subject = project(expires_in=60)
    subject.now += 59.9
    assert subject.channels("GET")[0] == 200
    subject.now += 0.1
    assert subject.channels("GET")[0] == 401
    subject.token = subject.fetch_token()["access_token"]
    assert subject.channels("GET")[0] == 200


def test_a_token_may_be_revoked_after_some_requests(project):
    subject = project(token_requests=2)
    assert [subject.channels("GET")[0] for _ in range(3)] == [200, 200, 401]
    subject.token = subject.fetch_token()["access_token"]
    assert subject.channels("GET")[0] == 200


def test_every_token_can_be_revoked(project):
    subject = project()
    revoke_tokens(subject.store)
    assert subject.channels("GET")[0] == 401


@pytest.mark.parametrize("held", ["view_channels", "view_products", "manage_project"])
def test_reading_needs_one_of_two_scopes(project, held):
    subject = project(scopes=(held,))
    assert subject.channels("GET")[0] == 200


@pytest.mark.parametrize("held", ["manage_channels", "manage_products", "manage_project"])
def test_writing_needs_one_of_two_scopes(project, held):
    subject = project(scopes=(held,))
    assert subject.channels("POST", document={"key": "k"})[0] == 201


READING = [("GET", ""), ("GET", "/key=k"), ("HEAD", ""), ("HEAD", "/key=k")]


@pytest.mark.parametrize(
    ("method", "path", "missing"),
    [
        *((method, f"/channels{rest}", "view_channels:practice, view_products:practice") for method, rest in READING),
        ("POST", "/channels", "manage_channels:practice, manage_products:practice"),
        ("POST", "/channels/key=k", "manage_channels:practice, manage_products:practice"),
        ("DELETE", "/channels/key=k", "manage_channels:practice, manage_products:practice"),
        ("GET", "/types", "view_types:practice"),
        ("GET", "/types/key=k", "view_types:practice"),
    ],
)
def test_a_missing_scope_is_403_with_all_four_fields(project, method, path, missing):
    status, document = project(scopes=("manage_orders",)).call(method, f"/practice{path}")
    message = f"Insufficient scope. One of the following scopes is missing: {missing}."
    assert status == 403
    assert document == {
        "statusCode": 403,
        "message": message,
        "errors": [{"code": "insufficient_scope", "message": message}],
        "error": "insufficient_scope",
        "error_description": message,
    }


def test_managing_may_include_viewing(project):
    scopes = ("manage_channels",)
    assert project(scopes=scopes).channels("GET")[0] == 403
    assert project(scopes=scopes, manage_includes_view=True).channels("GET")[0] == 200


def test_fewer_scopes_can_be_asked_for(project):
    subject = project()
    token = issue(subject, GRANT, ("scope", "view_channels:practice"))[1]["access_token"]
    assert subject.channels("GET", headers=bearer(token))[0] == 200
    assert subject.channels("POST", document={"key": "k"}, headers=bearer(token))[0] == 403


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_ignores_case(project, scheme):
    subject = project()
    assert subject.channels("GET", headers={"Authorization": f"{scheme} {subject.token}"})[0] == 200


@pytest.mark.parametrize(
    ("choice", "status", "expanded"), [("skip", 200, False), ("refuse", 403, None), ("take", 200, True)]
)
def test_expanding_a_type_without_its_right(project, choice, status, expanded):
    custom = {"type": {"key": "channel-details"}}
    subject = project(scopes=("view_channels",), type_expansion=choice, channels=[{"key": "k", "custom": custom}])
    got, document = subject.channels("GET", "/key=k", ("expand", "custom.type"))
    assert got == status
    if expanded is not None:
        assert ("obj" in document["custom"]["type"]) == expanded


def test_errors_of_the_kit_know_the_token_endpoint(project):
    api = project().api
    from bulk.sandbox import Call

    answer = api.error(Call(method="POST", path="/oauth/token"), 401, "")
    assert json.loads(answer.body)["error"] == "invalid_client"
    answer = api.error(Call(method="GET", path="/practice/channels"), 401, "")
    assert json.loads(answer.body)["error"] == "invalid_token"

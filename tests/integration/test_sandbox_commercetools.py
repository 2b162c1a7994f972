"""The twin of commercetools over real sockets: addresses, tokens, faults, and what counts as a write."""

import json
import subprocess
import sys
from urllib.parse import quote

import aiohttp
import pytest
from leaping import NoWait
from yarl import URL

from bulk.connectors.commercetools.sandbox import SECRETS, commercetools_api, environment, seed_channels, settings
from bulk.connectors.luminous.sandbox import luminous_api
from bulk.sandbox import KINDS, Ceiling, Fault, Faults, Sandbox
from bulk.sandbox.faults import APPLIED

ID = "ac390383-370f-43f8-a534-db1604cb96a8"
SEED = {"id": ID, "key": "k"}
RENAME = {"version": 1, "actions": [{"action": "changeName", "name": {"en": "New"}}]}
SILENT = {"hang", "hang_after", "reset_before", "reset_after"}


class Client:
    """Sends addresses as they are written."""

    def __init__(self, session, sandbox):
        self.session = session
        self.sandbox = sandbox
        self.headers = {}

    async def authorize(self):
        reach = settings(self.sandbox)
        basic = aiohttp.encode_basic_auth(reach.client_id, reach.client_secret.get_secret_value())
        form, headers = {"grant_type": "client_credentials"}, {"Authorization": basic}
        async with self.session.post(f"{reach.auth_url}/oauth/token", data=form, headers=headers) as answer:
            assert answer.status == 200
            self.headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        return self

    async def send(self, method, rest="", document=None):
        address = URL(f"{settings(self.sandbox).api_url}/practice/channels{rest}", encoded=True)
        async with self.session.request(
            method, address, json=document, headers=self.headers, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers, await answer.read()


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as session:
        yield session


def practice(kind=None, **options):
    sandbox = Sandbox([commercetools_api(channels=[SEED], **options)], clock=NoWait())
    sandbox.meant = Faults([Fault(kind=kind, probability=1)]) if kind else None
    return sandbox


async def authorized(session, sandbox):
    """A client with a token, before the faults begin."""
    client = await Client(session, sandbox).authorize()
    if sandbox.meant:
        sandbox.plan(sandbox.meant)
    return client


async def test_a_channel_from_its_creation_to_its_end(session):
    async with practice() as sandbox:
        client = await authorized(session, sandbox)
        path = f"/key={quote('a/b Ä', safe='')}"
        status, headers, body = await client.send("POST", document={"key": "a/b Ä"})
        assert (status, json.loads(body)["version"]) == (201, 1)
        assert headers["X-Correlation-ID"]
        assert (await client.send("HEAD", path))[::2] == (200, b"")
        assert (await client.send("HEAD", "?where=key%3D%22k%22"))[0] == 200
        assert (await client.send("HEAD", "/key=nobody"))[::2] == (404, b"")
        status, _, body = await client.send("POST", path, RENAME)
        assert (status, json.loads(body)["version"]) == (200, 4)
        status, _, body = await client.send("GET", "?where=key%20in%20%3Akeys&var.keys=k&var.keys=a%2Fb+%C3%84")
        assert (status, json.loads(body)["total"]) == (200, 2)
        assert (await client.send("DELETE", f"{path}?version=4"))[0] == 200
        assert (await client.send("GET", path))[0] == 404
        assert sandbox.log.malformed_total == 0


async def test_only_creations_updates_and_deletions_are_writes(session):
    async with practice() as sandbox:
        client = await authorized(session, sandbox)
        await client.send("HEAD", "/key=k")
        await client.send("GET", "/key=k")
        await client.send("POST", document={"key": "a"})
        await client.send("POST", f"/{ID}", RENAME)
        await client.send("DELETE", "/key=a?version=1")
        written = [(one.method, one.key, one.fields) for one in sandbox.log.requests() if one.applied]
        assert written == [("POST", "a", ("key",)), ("POST", ID, ("changeName",)), ("DELETE", "a", ())]
        assert sandbox.log.total == 6


WRITES = {
    "create": ("POST", "", {"key": "n"}, "n"),
    "update": ("POST", "/key=k", RENAME, "k"),
    "delete": ("DELETE", f"/{ID}?version=1", None, ID),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"hang", "hang_after"}))
async def test_a_write_happens_exactly_where_the_fault_says_so(session, kind, write):
    method, rest, document, key = WRITES[write]
    async with practice(kind) as sandbox:
        client = await authorized(session, sandbox)
        before = sandbox.state()
        try:
            await client.send(method, rest, document)
        except aiohttp.ClientError:
            assert kind in SILENT | {"truncated"}
        exchange = sandbox.log.requests()[1]  # behind the token; some requests whose connection breaks are repeated
        assert (exchange.fault, exchange.applied, exchange.key) == (kind, kind in APPLIED, key)
        assert (sandbox.state() != before) == (kind in APPLIED)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("401", 401, "invalid_token"),
        ("409", 409, "ConcurrentModification"),
        ("429", 429, "TooManyRequests"),
        ("500", 500, "General"),
        ("503", 503, "OverCapacity"),
    ],
)
async def test_faults_are_worded_as_the_api_does(session, kind, status, code):
    async with practice(kind) as sandbox:
        client = await authorized(session, sandbox)
        got, _, body = await client.send("GET", "/key=k")
        document = json.loads(body)
        assert (got, document["statusCode"], document["errors"][0]["code"]) == (status, status, code)


async def test_the_token_endpoint_meets_faults_too(session):
    async with practice() as sandbox:
        sandbox.plan(Faults.parse(["401:100%"]))
        async with session.post(f"{sandbox.url('commercetools')}/oauth/token") as answer:
            assert (answer.status, (await answer.json())["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("shape", ["html", "empty", "foreign"])
async def test_a_server_error_may_be_no_json(session, shape):
    async with practice("503", error_bodies=shape) as sandbox:
        client = await authorized(session, sandbox)
        status, headers, body = await client.send("GET", "/key=k")
        assert (status, "json" in headers.get("Content-Type", "")) == (503, False)
        assert b"statusCode" not in body


async def test_a_long_address_is_refused_with_a_page_and_not_by_the_server_itself(session):
    async with practice() as sandbox:
        client = await authorized(session, sandbox)
        status, headers, _ = await client.send("GET", f"?where=key%3D%22{'x' * 20_000}%22")
        assert (status, headers["Content-Type"]) == (414, "text/html")
        assert sandbox.log.malformed_total == 1
        start = len("/commercetools/practice/channels?where=key%3D%22%22")
        for longer, expected in ((0, 200), (1, 414)):
            value = "x" * (8_192 - start + longer)
            assert (await client.send("GET", f"?where=key%3D%22{value}%22"))[0] == expected


async def test_what_is_documented_nowhere_is_malformed(session):
    async with practice() as sandbox:
        client = await authorized(session, sandbox)
        assert (await client.send("PUT", "/key=k", {}))[0] == 405
        assert (await client.send("GET", "/key=a/b"))[0] == 404
        client.headers = {}
        assert (await client.send("GET"))[0] == 401
        assert sandbox.log.malformed_total == 2


async def test_another_project_is_not_there(session):
    async with practice(project="other") as sandbox:
        client = await authorized(session, sandbox)
        status, _, body = await client.send("GET")
        assert (status, json.loads(body)["errors"][0]["code"]) == (404, "ResourceNotFound")


async def test_the_ceiling_refuses_in_the_envelope(session):
    async with Sandbox([commercetools_api()], rate=Ceiling(1), clock=NoWait()) as sandbox:
        client = await Client(session, sandbox).authorize()
        status, headers, body = await client.send("GET")
        assert (status, headers["Retry-After"], json.loads(body)["statusCode"]) == (429, "1", 429)


async def test_stands_beside_the_twin_of_another_api(session):
    async with Sandbox([luminous_api(), commercetools_api()]) as sandbox:
        client = await Client(session, sandbox).authorize()
        assert (await client.send("GET"))[0] == 200
        assert list(sandbox.state()) == ["luminous", "commercetools"]


async def test_settings_and_environment_lead_to_the_twin():
    async with Sandbox([commercetools_api()]) as sandbox:
        reach, variables = settings(sandbox), environment(sandbox)
        assert variables == {
            "CTP_PROJECT_KEY": reach.project_key,
            "CTP_CLIENT_ID": reach.client_id,
            "CTP_CLIENT_SECRET": reach.client_secret.get_secret_value(),
            "CTP_AUTH_URL": reach.auth_url,
            "CTP_API_URL": reach.api_url,
        }
        assert reach.client_secret.get_secret_value() in SECRETS


async def test_a_reset_ends_the_tokens_and_begins_with_the_seeds(session):
    async with Sandbox([commercetools_api(channels=seed_channels(3))]) as sandbox:
        client = await Client(session, sandbox).authorize()
        before = sandbox.state()
        await client.send("POST", document={"key": "a"})
        sandbox.reset()
        assert sandbox.state() == before
        assert (await client.send("GET"))[0] == 401


def test_the_parser_of_predicates_is_loaded_only_with_the_twin():
    seen = "import sys, bulk.connectors.commercetools; print([m for m in sys.modules if m == 'lark' or 'sandbox' in m])"
    printed = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"

"""Channels over real sockets: every fault reaches their routes too, and is applied exactly where it says so."""

import asyncio
import json

import aiohttp
import pytest
from leaping import NoWait

from bulk.connectors.luminous.sandbox import luminous_api
from bulk.sandbox import KINDS, Fault, Faults, Sandbox
from bulk.sandbox.faults import APPLIED

SALES = {"channelType": "sales_channel", "warehouseGroupId": 3}
SEEDS = [{**SALES, "id": 7, "label": "Open"}, {**SALES, "id": 8, "label": "Locked", "apiLocked": True}]
HEADERS = {"Authorization": "Bearer sandbox-t0ken", "Accept": "application/json"}
SILENT = {"hang", "hang_after", "reset_before", "reset_after"}


class Noticing(NoWait):
    """Says when a request has arrived: each is timed, and carried out before anything else happens."""

    def __init__(self):
        self.asked = asyncio.Event()

    def time(self):
        self.asked.set()
        return 0.0


@pytest.fixture
async def client():
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        yield session


def meeting(kind=None, clock=None, **switches):
    faults = Faults([Fault(kind=kind, probability=1)]) if kind else None
    twin = luminous_api(channels=SEEDS, **switches)
    return Sandbox([twin], faults=faults, clock=clock or NoWait(), now=lambda: 1_700_000_000.0)


async def send(client, sandbox, method, path, document):
    address = sandbox.url("luminous") + path
    async with client.request(method, address, json=document, allow_redirects=False) as answer:
        return answer.status, answer.headers, await answer.read()


WRITES = {
    "create": ("POST", "/channels", {**SALES, "label": "New"}, "New"),
    "update": ("PUT", "/channels/7", {"label": "New"}, "7"),
    "lock": ("PATCH", "/channels/7/lock", {"apiLocked": True}, "7"),
    "delete": ("DELETE", "/channels/7", None, "7"),
    "map": ("POST", "/channels/7/integration-products", {"items": [{"sku": "A"}]}, "7"),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"hang", "hang_after"}))
async def test_a_write_happens_exactly_where_the_fault_says_so(client, kind, write):
    method, path, document, key = WRITES[write]
    async with meeting(kind) as sandbox:
        before = sandbox.state()
        try:
            await send(client, sandbox, method, path, document)
        except aiohttp.ClientError:
            assert kind in SILENT | {"truncated"}
        exchange = sandbox.log.requests()[0]  # the client repeats some requests whose connection breaks
        assert (exchange.fault, exchange.applied, exchange.key) == (kind, kind in APPLIED, key)
        assert (sandbox.state() != before) == (kind in APPLIED)


@pytest.mark.parametrize(("kind", "there"), [("hang", False), ("hang_after", True)])
async def test_no_answer_may_come_whether_or_not_the_channel_was_created(client, kind, there):
    async with meeting(kind, clock=(clock := Noticing())) as sandbox:
        sending = asyncio.create_task(send(client, sandbox, "POST", "/channels", {**SALES, "label": "New"}))
        await clock.asked.wait()
        assert ("New" in sandbox.state()["luminous"]["channels"]) == there
        assert not sending.done()
        sending.cancel()
        await asyncio.wait([sending])


@pytest.mark.parametrize(
    ("kind", "status", "shape"),
    [
        ("401", 401, "json"),
        ("409", 409, "json"),
        ("429", 429, "json"),
        ("500", 500, "json"),
        ("502", 502, "html"),
        ("503", 503, "json"),
    ],
)
async def test_statuses_by_fault(client, kind, status, shape):
    async with meeting(kind) as sandbox:
        got, headers, body = await send(client, sandbox, "PUT", "/channels/7", {})
        assert (got, shape in headers["Content-Type"]) == (status, True)
        assert shape == "html" or set(json.loads(body)) == {"message"}


async def test_statuses_by_what_is_asked(client):
    async with meeting(label_clash="conflict") as sandbox:
        asked = [
            ("PUT", "/channels/7", {}),
            ("PUT", "/channels/8", {}),
            ("PUT", "/channels/9", {}),
            ("PUT", "/channels/7", {"label": "Locked"}),
            ("PUT", "/channels/7", {"channelType": "sales_channel"}),
            ("POST", "/channels/7", {}),
            ("PATCH", "/channels/7/lock", {"apiLocked": False}),
        ]
        statuses = [(await send(client, sandbox, *each))[0] for each in asked]
        assert statuses == [200, 403, 404, 409, 422, 405, 422]


async def test_a_fault_can_be_bound_to_a_channel(client):
    faults = Faults([Fault(kind="500", key="7", first=1)])
    async with Sandbox([luminous_api(channels=SEEDS)], faults=faults) as sandbox:
        statuses = [(await send(client, sandbox, "PUT", f"/channels/{id}", {}))[0] for id in (8, 7, 7)]
        assert statuses == [403, 500, 200]

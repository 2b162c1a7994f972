"""Every kind of fault as a client sees it who reads the bytes off the wire."""

import asyncio
import json
from email.utils import parsedate_to_datetime

import pytest
from leaping import NoWait

from bulk.connectors.luminous.sandbox import luminous_api
from bulk.sandbox import KINDS, Fault, Faults, Sandbox
from bulk.sandbox.faults import APPLIED

NOW = 1_700_000_000.0
SILENT = ("reset_before", "reset_after", "hang", "hang_after")


class Noticing(NoWait):
    """Says when a request has arrived: each is timed."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    def time(self) -> float:
        self.asked.set()
        return 0.0


async def open_and_send(sandbox, sku="A"):
    host, port = sandbox.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps({"sku": sku, "name": "Mug"})
    writer.write(
        f"PATCH /external/api/v1/products HTTP/1.1\r\nHost: sandbox\r\nAuthorization: Bearer sandbox-t0ken\r\n"
        f"Accept: application/json\r\nContent-Type: application/json\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    await writer.drain()
    return reader, writer


async def raw(sandbox, sku="A"):
    """Status, header fields in lower case, and the bytes of the body."""
    reader, writer = await open_and_send(sandbox, sku)
    try:
        answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), fields, body


def meeting(kind, clock=None):
    return Sandbox([luminous_api()], faults=Faults.script([kind]), clock=clock or NoWait(), now=lambda: NOW)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SILENT])
async def test_writes_exactly_where_the_kind_says_so(kind):
    async with meeting(kind) as sandbox:
        await raw(sandbox)
        assert bool(sandbox.state()["luminous"]["products"]) == (kind in APPLIED)
        (exchange,) = sandbox.log.requests()
        assert (exchange.fault, exchange.applied, exchange.key) == (kind, kind in APPLIED, "A")


@pytest.mark.parametrize("kind", ["401", "409", "422", "429", "429_date", "429_bare", "500", "500_after", "503"])
async def test_statuses_come_in_the_words_of_the_api(kind):
    async with meeting(kind) as sandbox:
        status, fields, body = await raw(sandbox)
        assert status == int(kind[:3])
        assert fields["content-type"] == "application/json"
        assert set(json.loads(body)) == {"message"}


@pytest.mark.parametrize(("kind", "said"), [("502", b"502 Bad Gateway"), ("504", b"504 Gateway Time-out")])
async def test_a_gateway_answers_with_a_page(kind, said):
    async with meeting(kind) as sandbox:
        status, fields, body = await raw(sandbox)
        assert (status, fields["content-type"]) == (int(kind), "text/html")
        assert said in body


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("429", "1"),
        ("429_bare", None),
        ("503", "1"),
        ("503_bare", None),
        ("503_absurd", "31536000"),
        ("503_malformed", "soon"),
    ],
)
async def test_retry_after_in_every_form(kind, header):
    async with meeting(kind) as sandbox:
        _, fields, _ = await raw(sandbox)
        assert fields.get("retry-after") == header


@pytest.mark.parametrize("kind", ["429_date", "503_date"])
async def test_retry_after_as_a_date(kind):
    async with meeting(kind) as sandbox:
        _, fields, _ = await raw(sandbox)
        assert parsedate_to_datetime(fields["retry-after"]).timestamp() == NOW + 1


async def test_502_is_a_page_in_html():
    async with meeting("502") as sandbox:
        status, fields, body = await raw(sandbox)
        assert (status, fields["content-type"]) == (502, "text/html")
        assert body.startswith(b"<html>")


@pytest.mark.parametrize(("kind", "written"), [("reset_before", False), ("reset_after", True)])
async def test_a_reset_breaks_the_connection_before_or_after_the_write(kind, written):
    async with meeting(kind) as sandbox:
        with pytest.raises(ConnectionResetError):
            await raw(sandbox)
        assert bool(sandbox.state()["luminous"]["products"]) == written
        assert sandbox.log.statuses == {"none": 1}


@pytest.mark.parametrize(("kind", "written"), [("hang", False), ("hang_after", True)])
async def test_a_hang_never_answers_and_does_not_hold_up_the_closing(kind, written):
    async with meeting(kind) as sandbox:
        reader, writer = await open_and_send(sandbox)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        assert bool(sandbox.state()["luminous"]["products"]) == written
    writer.close()


async def test_a_trickle_comes_whole_a_byte_at_a_time():
    clock = NoWait()
    async with meeting("trickle", clock) as sandbox:
        status, _, body = await raw(sandbox)
        assert (status, clock.waits) == (201, len(body))
        assert json.loads(body)["data"]["sku"] == "A"


async def test_a_truncated_body_is_shorter_than_announced():
    async with meeting("truncated") as sandbox:
        status, fields, body = await raw(sandbox)
        assert status == 201
        assert 0 < len(body) < int(fields["content-length"])


async def test_wrong_type_is_the_right_answer_called_html():
    async with meeting("wrong_type") as sandbox:
        status, fields, body = await raw(sandbox)
        assert (status, fields["content-type"]) == (201, "text/html")
        assert json.loads(body)["data"]["sku"] == "A"


async def test_not_object_is_json_of_another_shape():
    async with meeting("not_object") as sandbox:
        status, fields, body = await raw(sandbox)
        assert (status, fields["content-type"], json.loads(body)) == (201, "application/json", ["ok"])


async def test_not_json_cannot_be_read():
    async with meeting("not_json") as sandbox:
        status, fields, body = await raw(sandbox)
        assert (status, fields["content-type"]) == (201, "application/json")
        with pytest.raises(ValueError, match="Expecting value"):
            json.loads(body)


async def test_huge_is_the_right_answer_and_100_mb_more():
    async with meeting("huge") as sandbox:
        status, fields, body = await raw(sandbox)
        assert (status, int(fields["content-length"]), json.loads(body)["data"]["sku"]) == (201, len(body), "A")
        assert len(body) > 100 * 1024**2


async def test_redirect_leads_to_a_login_page():
    async with meeting("redirect") as sandbox:
        status, fields, _ = await raw(sandbox)
        assert (status, fields["location"]) == (302, "/login")


async def test_204_has_no_body():
    async with meeting("204") as sandbox:
        status, fields, body = await raw(sandbox)
        assert (status, fields.get("content-type"), body) == (204, None, b"")


async def test_a_fault_may_be_bound_to_a_record():
    faults = Faults([Fault(kind="500", probability=1.0, key="B")])
    async with Sandbox([luminous_api()], faults=faults) as sandbox:
        assert [(await raw(sandbox, sku))[0] for sku in ("A", "B", "C", "B")] == [201, 500, 201, 500]


async def test_after_a_fault_the_next_request_is_served():
    for kind in SILENT[:2]:
        async with meeting(kind) as sandbox:
            with pytest.raises(ConnectionResetError):
                await raw(sandbox)
            assert (await raw(sandbox))[0] in {200, 201}


async def test_nobody_who_left_while_waiting_counts_as_in_flight():
    faults = Faults([Fault(kind="hang", probability=1.0, key="A")])
    async with Sandbox([luminous_api()], faults=faults, clock=(clock := Noticing())) as sandbox:
        _, writer = await open_and_send(sandbox, "A")
        await clock.asked.wait()
        writer.close()
        await writer.wait_closed()
        for _ in range(3):
            await raw(sandbox, "B")
        sandbox.log.reset()
        await raw(sandbox, "B")
        assert sandbox.log.in_flight_peak == 1

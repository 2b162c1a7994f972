"""The client against a server that says exactly what the test tells it to, byte by byte."""

import asyncio
import json
import random
import socket
from contextlib import asynccontextmanager

import pytest
from wire import Api, FakeClock, reply, serving, untrusted

from bulk.contracts import Explanation, SendCancelledError, SystemClock
from bulk.errors import (
    ConfigurationError,
    FatalError,
    OutageError,
    RefusedError,
    RetryableError,
    ThrottledError,
    UnauthorizedError,
    UnreachableError,
)
from bulk.http.auth import Bearer
from bulk.http.client import BODY_LIMIT, Client
from bulk.http.pace import Pace
from bulk.model import Limits, Request, Traffic

PATCH = Request(method="PATCH", path="/products", body=b'{"sku": "A"}')
ONCE = Request(method="POST", path="/products", body=b"{}", repeatable=False)


OK = reply(200, b'{"data": {"id": 1}}', Content_Type="application/json")


async def hang_up(writer, path):
    """Close without an answer."""


async def break_off(writer, path):
    """Close in the middle of an answer."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")


async def reset(writer, path):
    """Break the connection off, as a crashing host does."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.transport.abort()


def explain(response):
    try:
        content = json.loads(response.body)
    except ValueError:
        return Explanation(message="")
    if not isinstance(content, dict):
        return Explanation(message="")
    faults = tuple((path, texts[0]) for path, texts in content.get("errors", {}).items())
    return Explanation(message=content.get("message", ""), faults=faults)


def is_json(request, response):
    try:
        json.loads(response.body)
    except ValueError:
        return False
    return True


@asynccontextmanager
async def client_of(port, *, scheme="http", clock=None, listener=None, legible=lambda *_: True, **limits):
    clock = clock or FakeClock()
    client = Client(
        f"{scheme}://127.0.0.1:{port}/api/v1/",
        auth=Bearer("s3cret"),
        pace=Pace(100_000, clock=clock, listener=listener),
        limits=Limits(**{"connect_timeout": 5.0, "read_timeout": 5.0, **limits}),
        explain=explain,
        legible=legible,
        headers={"X-Extra": "yes"},
        clock=clock,
        rng=random.Random(1),
    )
    async with client:
        yield client


@asynccontextmanager
async def talking_to(*answers, **how):
    api = Api(*answers)
    async with serving(api) as port, client_of(port, **how) as client:
        yield api, client


async def failure(client, request=PATCH, kind=Exception):
    with pytest.raises(kind) as caught:
        await client.send(request)
    return caught.value


async def test_a_request_arrives_as_described_and_its_answer_comes_back():
    async with talking_to(OK) as (api, client):
        request = Request(method="PATCH", path="/pro%20ducts", query=(("a b", "c&d"),), body=b'{"sku": "A"}')
        response = await client.send(request)
        assert (response.status, response.json(), response.attempts) == (200, {"data": {"id": 1}}, 1)
        assert response.headers["content-type"] == "application/json"
        method, path, headers, body = api.requests[0]
        assert (method, path, body) == ("PATCH", "/api/v1/pro%20ducts?a+b=c%26d", b'{"sku": "A"}')
        assert headers["authorization"] == "Bearer s3cret"
        assert headers["accept"] == "application/json"
        assert headers["content-type"] == "application/json"
        assert headers["user-agent"].startswith("bulk/")
        assert headers["x-extra"] == "yes"
        assert client.traffic == Traffic(sent=1)


async def test_connections_are_kept_and_an_empty_answer_is_one():
    async with talking_to(reply(204, b"")) as (api, client):
        for _ in range(5):
            assert (await client.send(Request(method="GET", path="/"))).body == b""
        assert api.connections == 1


@pytest.mark.parametrize(
    "bad",
    [
        reply(500),
        reply(502, b"<html>Bad Gateway</html>", Content_Type="text/html"),
        reply(503, b""),
        reply(504, b'["no", "object"]'),
        reply(408),
        reply(429),
        hang_up,
        reset,
        break_off,
        b"complete nonsense\r\n\r\n",
    ],
    ids=["500", "html 502", "empty 503", "array 504", "408", "429", "hang up", "reset", "truncated", "nonsense"],
)
async def test_what_may_pass_is_tried_again(bad):
    async with talking_to(bad, OK) as (api, client):
        response = await client.send(PATCH)
        assert (response.status, response.attempts) == (200, 2)
        assert len(api.requests) == 2
        assert (client.traffic.sent, client.traffic.retried) == (2, 1)


async def test_a_silent_api_is_given_up_after_the_read_timeout():
    async def silence(writer, path):
        await asyncio.Event().wait()

    api = Api(silence)
    server = await asyncio.start_server(api, "127.0.0.1", 0)
    async with client_of(server.sockets[0].getsockname()[1], read_timeout=0.05, attempts=1) as client:
        error = await failure(client, ONCE)
    server.close()
    assert isinstance(error, OutageError)
    assert error.maybe_applied
    assert "did not answer in time" in error.message


@pytest.mark.parametrize("start", [b"Content-Length: 100000\r\n\r\n", b"X-More: "], ids=["body", "head"])
async def test_an_answer_that_trickles_for_ever_is_given_up(start):
    async def trickle(writer, path):
        writer.write(b"HTTP/1.1 200 OK\r\n" + start)
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with talking_to(OK, trickle, OK, connect_timeout=0.1, read_timeout=0.04) as (_, client):
        await client.send(PATCH)
        error = await failure(client, ONCE)
    assert (error.code, error.maybe_applied) == ("read_timeout", True)


async def cancelled(sending):
    sending.cancel()
    with pytest.raises(SendCancelledError) as caught:
        await sending
    return caught.value.attempts, caught.value.maybe_applied


async def test_a_request_cancelled_before_its_turn_was_not_sent():
    async with talking_to(OK, clock=SystemClock()) as (api, client):
        client._pace.pause(1000)
        sending = asyncio.ensure_future(client.send(PATCH))
        await asyncio.sleep(0)
        assert await cancelled(sending) == (0, False)
        assert (api.requests, client.traffic.sent) == ([], 0)


async def test_a_request_cancelled_on_its_way_may_have_been_carried_out():
    async def silence(writer, path):
        arrived.set()
        await asyncio.Event().wait()

    arrived, api = asyncio.Event(), Api(silence)
    server = await asyncio.start_server(api, "127.0.0.1", 0)
    async with client_of(server.sockets[0].getsockname()[1]) as client:
        sending = asyncio.ensure_future(client.send(PATCH))
        await arrived.wait()
        assert await cancelled(sending) == (1, True)
    server.close()


async def test_a_request_cancelled_between_two_attempts_counts_the_first():
    class Clock(FakeClock):
        async def sleep(self, seconds):
            if seconds > 1:
                resting.set()
                await asyncio.Event().wait()

    resting = asyncio.Event()
    async with talking_to(reply(429, Retry_After="50"), clock=Clock()) as (_, client):
        sending = asyncio.ensure_future(client.send(PATCH))
        await resting.wait()
        assert await cancelled(sending) == (1, False)


async def test_an_answer_without_end_is_dropped_and_asked_for_again():
    async def flood(writer, path):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(BODY_LIMIT // 2**20 + 1):
            writer.write(b"100000\r\n" + b"x" * 2**20 + b"\r\n")
            await writer.drain()

    async with talking_to(OK, flood, flood, OK) as (api, client):
        assert [(await client.send(PATCH)).attempts for _ in range(2)] == [1, 3]
        api.answers = [flood]
        error = await failure(client, ONCE, RetryableError)
        assert (error.code, error.attempts, error.maybe_applied) == ("oversized", 1, True)


PAGE = reply(200, b"<html>Please log in, s3cret", Content_Type="text/html")


async def test_an_answer_that_nobody_can_read_is_asked_for_again_unless_that_must_not_be():
    async with talking_to(OK, PAGE, PAGE, OK, PAGE, legible=is_json) as (_, client):
        assert [(await client.send(PATCH)).attempts for _ in range(2)] == [1, 3]
        error = await failure(client, ONCE, RetryableError)
        assert (error.code, error.status, error.attempts) == ("unreadable_answer", 200, 1)
        assert error.maybe_applied
        assert "s3cret" not in error.body


async def test_a_page_in_the_way_of_every_request_is_taken_for_an_api_that_is_down():
    async with talking_to(PAGE, legible=is_json) as (_, client):
        error = await failure(client, PATCH, OutageError)
        assert (error.exit_code, error.maybe_applied) == (69, True)


async def test_a_kept_connection_that_has_died_is_not_used_again_behind_our_back():
    put = Request(method="PUT", path="/x", body=b"{}", repeatable=False)
    async with talking_to(OK, hang_up) as (api, client):
        await client.send(put)
        error = await failure(client, put, UnreachableError)
        assert (error.attempts, error.maybe_applied, len(api.requests)) == (1, True, 2)


async def test_what_must_not_happen_twice_is_repeated_only_when_it_surely_did_not_happen():
    async with talking_to(OK, reply(429, Retry_After="1"), reply(503, Retry_After="1"), OK) as (_, client):
        await client.send(ONCE)
        assert (await client.send(ONCE)).attempts == 3
    async with talking_to(OK, reply(500)) as (api, client):
        await client.send(ONCE)
        error = await failure(client, ONCE, RetryableError)
        assert (error.attempts, error.maybe_applied, len(api.requests)) == (1, True, 2)


async def test_a_refusal_is_explained_and_not_repeated():
    body = b'{"message": "The data is invalid.", "errors": {"name": ["too long"]}}'
    async with talking_to(reply(422, body)) as (api, client):
        error = await failure(client, kind=RefusedError)
        assert (error.message, error.faults, error.status) == ("The data is invalid.", (("name", "too long"),), 422)
        assert (error.attempts, len(api.requests), error.body) == (1, 1, body.decode())


async def test_a_wrong_token_costs_one_request():
    async with talking_to(reply(401)) as (api, client):
        error = await failure(client, kind=UnauthorizedError)
        assert (error.attempts, len(api.requests), error.maybe_applied) == (1, 1, False)


async def test_an_earlier_attempt_that_may_have_worked_is_not_forgotten():
    async with talking_to(hang_up, reply(401)) as (_, client):
        error = await failure(client, kind=UnauthorizedError)
        assert (error.attempts, error.maybe_applied) == (2, True)


async def test_a_redirect_is_not_followed():
    async with talking_to(reply(301, Location="/elsewhere"), OK) as (api, client):
        error = await failure(client, kind=FatalError)
        assert "/elsewhere" in error.message
        assert len(api.requests) == 1


async def test_an_answer_that_repeats_the_credential_is_kept_without_it():
    async with talking_to(reply(422, b'{"message": "you sent Bearer s3cret"}')) as (_, client):
        error = await failure(client, kind=RefusedError)
        assert "s3cret" not in f"{error} {error.body}"


async def test_the_wait_asked_for_is_kept_by_everybody():
    clock = FakeClock()
    async with talking_to(reply(429, Retry_After="7"), OK, clock=clock) as (_, client):
        first = asyncio.ensure_future(client.send(PATCH))
        await clock.asleep.wait()
        began = clock.now
        await asyncio.gather(first, client.send(PATCH))
        assert began == pytest.approx(1007, abs=0.01)
        assert client.traffic == Traffic(sent=3, retried=1, throttled=1)


async def test_being_throttled_does_not_use_up_the_attempts():
    async with talking_to(*[reply(429, Retry_After="1")] * 20, OK, attempts=2) as (_, client):
        assert (await client.send(PATCH)).attempts == 21


async def test_being_throttled_for_longer_than_the_patience_pauses_the_run():
    async with talking_to(reply(429, Retry_After="50"), patience=120.0) as (api, client):
        error = await failure(client, kind=OutageError)
        assert (error.reached, error.maybe_applied, len(api.requests)) == (True, False, 4)


async def test_an_absurd_wait_is_cut_and_reported():
    clock, heard = FakeClock(), []
    async with talking_to(reply(429, Retry_After="86400"), OK, clock=clock, listener=heard.append) as (_, client):
        await client.send(PATCH)
    assert clock.now == pytest.approx(1000 + 3600, abs=0.1)
    assert "86400" in next(event.message for event in heard if event.kind == "pause")


async def test_nobody_at_the_address_is_told_soon_and_nothing_was_written():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        clock = FakeClock()
        async with client_of(closed.getsockname()[1], clock=clock) as client:
            error = await failure(client, kind=OutageError)
    assert (error.reached, error.maybe_applied, error.code) == (False, False, "unreachable")
    assert error.attempts <= 5
    assert clock.now < 1030


async def test_an_api_that_goes_down_is_waited_for_and_then_the_run_pauses():
    clock = FakeClock()
    async with talking_to(OK, reply(503), clock=clock, patience=120.0, attempts=3) as (api, client):
        await client.send(PATCH)
        errors = await asyncio.gather(*(client.send(PATCH) for _ in range(4)), return_exceptions=True)
    assert [type(error) for error in errors] == [OutageError] * 4
    assert all(error.reached and error.maybe_applied for error in errors)
    assert 1120 <= clock.now < 1200
    assert len(api.requests) < 100


async def test_an_api_that_comes_back_in_time_has_cost_no_row():
    async with talking_to(OK, *[reply(500)] * 30, OK, attempts=2, patience=10_000.0) as (_, client):
        await client.send(PATCH)
        responses = await asyncio.gather(*(client.send(PATCH) for _ in range(4)))
    assert [response.status for response in responses] == [200] * 4


async def test_one_request_that_always_fails_while_others_are_answered_is_given_up_alone():
    async def by_path(writer, path):
        return reply(500) if path.endswith("poison") else OK

    async with talking_to(by_path, attempts=4) as (_, client):
        poison = asyncio.ensure_future(client.send(Request(method="PATCH", path="/poison", body=b"{}")))
        while not poison.done():
            await client.send(PATCH)
        error = poison.exception()
        assert isinstance(error, RetryableError)
        assert 4 <= error.attempts <= 6


async def test_one_request_that_always_fails_and_is_the_only_one_does_not_hold_the_run_for_ever():
    async def by_path(writer, path):
        return reply(500) if path.endswith("poison") else OK

    async with talking_to(by_path, patience=60.0) as (_, client):
        await client.send(PATCH)
        error = await failure(client, Request(method="PATCH", path="/poison", body=b"{}"), RetryableError)
        assert error.maybe_applied
        assert (await client.send(PATCH)).status == 200


async def test_halting_refuses_what_was_not_sent_and_awaits_what_was():
    under_way, go = asyncio.Event(), asyncio.Event()

    async def slow(writer, path):
        under_way.set()
        await go.wait()
        return OK

    async with talking_to(slow) as (api, client):
        sent = asyncio.ensure_future(client.send(PATCH))
        await under_way.wait()
        client.halt()
        error = await failure(client, kind=UnreachableError)
        assert (error.code, error.attempts, error.maybe_applied) == ("stopped", 0, False)
        go.set()
        assert (await sent).status == 200
        assert len(api.requests) == 1


async def test_halting_ends_the_wait_for_another_try_and_says_what_the_first_one_came_to():
    class StandingClock(FakeClock):
        async def sleep(self, seconds):
            self.asleep.set()
            await asyncio.Event().wait()

    clock = StandingClock()
    async with talking_to(reply(500), clock=clock) as (_, client):
        waiting = asyncio.ensure_future(client.send(PATCH))
        await clock.asleep.wait()
        client.halt()
        with pytest.raises(RetryableError) as caught:
            await waiting
    assert (caught.value.status, caught.value.attempts, caught.value.maybe_applied) == (500, 1, True)


async def test_a_certificate_that_nobody_vouches_for_is_fatal_at_once(tmp_path):
    api = Api(OK)
    async with serving(api, untrusted(tmp_path)) as port, client_of(port, scheme="https") as client:
        error = await failure(client, kind=FatalError)
    assert (error.code, error.attempts, error.maybe_applied, api.requests) == ("tls_certificate", 1, False, [])


async def test_an_address_that_does_not_speak_tls_is_unreachable():
    async def plain(reader, writer):
        writer.write(b"Good day. I speak no TLS.\r\n")
        writer.close()

    async with serving(plain) as port, client_of(port, scheme="https") as client:
        error = await failure(client, kind=OutageError)
    assert (error.reached, error.maybe_applied) == (False, False)


async def test_no_proxy_comes_between_us_and_this_machine(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with talking_to(OK) as (_, client):
        assert (await client.send(PATCH)).status == 200


async def test_a_proxy_that_cannot_be_used_is_named(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    clock = FakeClock()
    client = Client(
        "https://api.test", auth=Bearer("t"), pace=Pace(None, clock=clock), limits=Limits(), explain=explain
    )
    with pytest.raises(ConfigurationError, match="socks5"):
        async with client:
            pass


async def test_a_client_sends_only_while_it_is_open_and_opens_once():
    async with talking_to(OK) as (_, client):
        await client.send(PATCH)
        with pytest.raises(RuntimeError):
            await client.__aenter__()
    with pytest.raises(RuntimeError):
        await client.send(PATCH)


async def test_a_throttled_request_that_is_halted_was_not_applied():
    class StandingClock(FakeClock):
        async def sleep(self, seconds):
            self.asleep.set()
            await asyncio.Event().wait()

    clock = StandingClock()
    async with talking_to(reply(429, Retry_After="60"), clock=clock) as (_, client):
        waiting = asyncio.ensure_future(client.send(PATCH))
        await clock.asleep.wait()
        client.halt()
        with pytest.raises(ThrottledError) as caught:
            await waiting
    assert not caught.value.maybe_applied

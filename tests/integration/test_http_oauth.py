"""OAuth client credentials over real sockets: fetched once, renewed in time, renewed when refused, never shown."""

import asyncio
import base64
import json
import logging
import random
import traceback
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import pytest
from leaping import leaping
from wire import Api, FakeClock, reply, serving

from bulk.contracts import Explanation
from bulk.errors import FatalError, OutageError, RefusedError, RetryableError, UnauthorizedError
from bulk.http.auth import ClientCredentials
from bulk.http.client import Client
from bulk.http.pace import Pace
from bulk.model import Limits, Request

GET = Request(method="GET", path="/things")
OK = reply(200, b"{}")
EXPIRED = reply(401, b'{"message": "gone", "error": "invalid_token"}')
SECRET = "s3cr3t-0f-the-client"


def token(number, life=172_800, **more):
    answer = {"access_token": f"t0ken-{number}", "token_type": "Bearer", "expires_in": life} | more
    return reply(200, json.dumps(answer).encode())


class CountedPace(Pace):
    """Tells how many turns were had."""

    turns = 0

    async def acquire(self):
        await super().acquire()
        self.turns += 1


class Shop:
    """An API and its token address, each on a port of its own, and a client of both."""

    def __init__(self, tokens, answers):
        self.door, self.api = Api(*tokens), Api(*answers)
        self.clock = FakeClock()

    @asynccontextmanager
    async def open(self, scopes=(), rate=None, **limits):
        async with serving(self.door) as door, serving(self.api) as api:
            self.auth = ClientCredentials(f"http://127.0.0.1:{door}/oauth/token", "me", SECRET, scopes)
            self.pace = CountedPace(rate, clock=self.clock)
            client = Client(
                f"http://127.0.0.1:{api}",
                auth=self.auth,
                pace=self.pace,
                limits=Limits(**{"connect_timeout": 5.0, "read_timeout": 5.0, **limits}),
                explain=lambda response: Explanation(message=json.loads(response.body)["message"]),
                clock=self.clock,
                rng=random.Random(1),
            )
            async with client:
                yield client

    @property
    def sent(self):
        """The tokens that requests came with."""
        return [headers["authorization"].removeprefix("Bearer ") for _, _, headers, _ in self.api.requests]


async def failure(client, kind, request=GET):
    with pytest.raises(kind) as caught:
        await client.send(request)
    return caught.value


async def test_a_token_is_asked_for_as_the_standard_has_it():
    shop = Shop([token(1)], [OK])
    async with shop.open(scopes=("manage:x", "view:y")) as client:
        assert (await client.send(GET)).attempts == 1
    ((method, path, headers, body),) = shop.door.requests
    assert (method, path) == ("POST", "/oauth/token")
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode() == f"me:{SECRET}"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode()) == {"grant_type": ["client_credentials"], "scope": ["manage:x view:y"]}
    assert shop.sent == ["t0ken-1"]


async def test_without_scopes_none_is_asked_for():
    shop = Shop([token(1)], [OK])
    async with shop.open() as client:
        await client.send(GET)
    assert parse_qs(shop.door.requests[0][3].decode()) == {"grant_type": ["client_credentials"]}


async def test_a_token_is_fetched_once_however_many_wait_for_it():
    shop = Shop([token(1), token(2)], [OK])
    async with shop.open() as client:
        await asyncio.gather(*(client.send(GET) for _ in range(20)))
        assert client.traffic.sent == 21
    assert (len(shop.door.requests), set(shop.sent)) == (1, {"t0ken-1"})


async def test_whoever_fetches_may_be_cancelled_and_another_goes_on():
    asked, go = asyncio.Event(), asyncio.Event()

    async def slow(writer, path):
        asked.set()
        await go.wait()
        return token(1)

    shop = Shop([slow], [OK])
    async with shop.open() as client:
        first, second = (asyncio.ensure_future(client.send(GET)) for _ in range(2))
        await asked.wait()
        first.cancel()
        go.set()
        assert (await second).status == 200
        with pytest.raises(asyncio.CancelledError) as caught:
            await first
    assert (caught.value.attempts, caught.value.maybe_applied) == (0, False)


@pytest.mark.parametrize(
    ("life", "good", "renewed"),
    [(172_800, 172_800 - 301, 172_800 - 299), (3600, 3299, 3301), (600, 449, 451), (8, 5.9, 6.1)],
)
async def test_a_token_is_renewed_ahead_of_time_and_a_short_lived_one_is_still_of_use(life, good, renewed):
    shop = Shop([token(1, life), token(2, life)], [OK])
    async with shop.open() as client:
        await client.send(GET)
        start = shop.clock.now
        shop.clock.now = start + good
        await client.send(GET)
        shop.clock.now = start + renewed
        await client.send(GET)
    assert shop.sent == ["t0ken-1", "t0ken-1", "t0ken-2"]


@pytest.mark.parametrize("life", [None, 0, -1, "soon"])
async def test_a_token_that_does_not_say_how_long_it_lasts_is_used_until_it_is_refused(life):
    shop = Shop([token(1, life), token(2, life)], [OK, OK, EXPIRED, OK])
    async with shop.open() as client:
        await client.send(GET)
        shop.clock.now += 1e7
        await client.send(GET)
        assert (await client.send(GET)).attempts == 2
    assert shop.sent == ["t0ken-1", "t0ken-1", "t0ken-1", "t0ken-2"]


@pytest.mark.parametrize(
    "refusal",
    [EXPIRED, reply(401, b"", WWW_Authenticate='Bearer realm="x", error="invalid_token"')],
    ids=["body", "header"],
)
async def test_a_refused_token_is_renewed_once_and_the_request_repeated_once(refusal):
    shop = Shop([token(1), token(2)], [OK, refusal, OK])
    async with shop.open() as client:
        await client.send(GET)
        before = shop.pace.turns
        response = await client.send(GET)
        assert response.attempts == 2  # counted as an attempt
        assert shop.pace.turns - before == 3  # two attempts and the renewal, each at the pace
        assert (client.traffic.sent, client.traffic.retried) == (5, 1)
    assert shop.sent == ["t0ken-1", "t0ken-1", "t0ken-2"]


async def test_a_new_token_that_is_refused_as_well_ends_it():
    shop = Shop([token(1), token(2), token(3)], [EXPIRED])
    async with shop.open() as client:
        error = await failure(client, UnauthorizedError)
    assert (error.exit_code, error.code, error.attempts, error.maybe_applied) == (77, "invalid_token", 2, False)
    assert (len(shop.door.requests), len(shop.api.requests)) == (2, 2)


async def test_many_requests_that_are_refused_together_have_one_renewal():
    gate = asyncio.Event()

    async def both(writer, path):
        if shop.sent.count("t0ken-1") == 10:
            gate.set()
        if shop.api.requests[-1][2]["authorization"].endswith("t0ken-2"):
            return OK
        await gate.wait()
        return EXPIRED

    shop = Shop([token(1), token(2), token(3)], [both])
    async with shop.open() as client:
        responses = await asyncio.gather(*(client.send(GET) for _ in range(10)))
    assert [response.attempts for response in responses] == [2] * 10
    assert len(shop.door.requests) == 2


async def test_a_401_that_is_not_about_the_token_is_not_repeated():
    shop = Shop([token(1), token(2)], [reply(401, b'{"message": "go away"}')])
    async with shop.open() as client:
        error = await failure(client, UnauthorizedError)
    assert (error.code, error.attempts, len(shop.door.requests)) == ("unauthorized", 1, 1)


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (401, "invalid_client", "one of them is wrong"),
        (400, "invalid_scope", "fewer scopes"),
        (400, "unauthorized_client", "token address"),
        (403, "access_denied", "token address"),
    ],
)
async def test_a_token_that_is_refused_is_exit_77_with_advice_for_every_row_and_asked_for_once(status, code, told):
    body = json.dumps({"error": code, "error_description": f"No: {code}."}).encode()
    shop = Shop([reply(status, body)], [OK])
    async with shop.open() as client:
        errors = await asyncio.gather(*(client.send(GET) for _ in range(5)), return_exceptions=True)
    assert [type(error) for error in errors] == [UnauthorizedError] * 5
    assert {(error.exit_code, error.status, error.attempts, error.maybe_applied) for error in errors} == {
        (77, status, 0, False)
    }
    assert errors[0].code == code
    assert code in str(errors[0])
    assert told in errors[0].advice
    assert (len(shop.door.requests), shop.api.requests) == (1, [])


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, b'{"expires_in": 60}'),
        reply(200, b'{"access_token": ""}'),
        reply(200, b'{"access_token": "two words"}'),
        token(1, token_type="mac"),
    ],
)
async def test_an_answer_without_a_bearer_token_is_fatal(answer):
    shop = Shop([answer], [OK])
    async with shop.open() as client:
        error = await failure(client, UnauthorizedError)
    assert (error.code, error.exit_code) == ("no_token", 77)


@pytest.mark.parametrize("page", [b"<html>", b"[]", b"", b'{"access_token": "t0ken-9', b"{}"])
async def test_an_answer_of_somebody_else_or_half_an_answer_is_asked_for_again_and_not_kept(page):
    shop = Shop([reply(200, page), token(1)], [OK])
    async with shop.open() as client:
        assert (await client.send(GET)).status == 200
    shop = Shop([reply(200, page)], [OK])
    async with shop.open() as client:
        error = await failure(client, OutageError)
    assert "t0ken" not in f"{error} {error.body} {''.join(traceback.format_exception(error))}"


async def test_a_redirect_of_the_token_address_is_not_followed():
    shop = Shop([reply(302, Location="/login")], [OK])
    async with shop.open() as client:
        error = await failure(client, FatalError)
    assert (error.code, len(shop.door.requests)) == ("redirected", 1)


async def test_a_missing_scope_stops_the_run_and_is_named():
    body = json.dumps({"message": "Insufficient scope: manage_things:acme.", "error": "insufficient_scope"}).encode()
    shop = Shop([token(1)], [reply(403, body)])
    async with shop.open() as client:
        error = await failure(client, UnauthorizedError)
    assert (error.code, error.exit_code, error.attempts) == ("insufficient_scope", 77, 1)
    assert "manage_things:acme" in error.message
    assert "right" in error.advice


async def test_a_missing_scope_that_only_the_header_names_is_named_too():
    header = 'Bearer error="insufficient_scope", scope="manage_things:acme view:acme"'
    shop = Shop([token(1)], [reply(403, b"{}", WWW_Authenticate=header)])
    async with shop.open() as client:
        assert "manage_things:acme view:acme" in (await failure(client, UnauthorizedError)).message


async def test_an_outage_of_the_token_address_is_waited_for_by_all():
    shop = Shop([reply(500)] * 3 + [reply(502, b"<html>"), token(1)], [OK])
    async with shop.open() as client:
        responses = await asyncio.gather(*(client.send(GET) for _ in range(3)))
    assert [(response.status, response.attempts) for response in responses] == [(200, 1)] * 3
    assert len(shop.door.requests) == 5


@pytest.mark.parametrize("answer", [reply(500), reply(429, Retry_After="40")], ids=["500", "429"])
@leaping
async def test_a_token_address_that_stays_down_pauses_the_run(answer):
    shop = Shop([token(1), answer], [OK, EXPIRED])
    async with shop.open(patience=120.0) as client:
        await client.send(GET)
        begun = shop.clock.now
        errors = await asyncio.gather(*(client.send(GET) for _ in range(3)), return_exceptions=True)
    assert [(type(error), error.exit_code, error.maybe_applied) for error in errors] == [(OutageError, 5, False)] * 3
    assert 60 <= shop.clock.now - begun < 400  # waited for once, and not once for each
    assert "gives no token" in errors[0].message


async def test_a_token_address_that_was_never_reached_is_exit_69():
    shop = Shop([reply(500)], [OK])
    async with shop.open(attempts=2) as client:
        error = await failure(client, OutageError)
    assert (error.exit_code, shop.api.requests) == (69, [])


async def test_a_run_that_ends_while_a_token_is_waited_for_has_sent_nothing():
    class StandingClock(FakeClock):
        async def sleep(self, seconds):
            self.asleep.set()
            await asyncio.Event().wait()

    shop = Shop([reply(500)], [OK])
    shop.clock = StandingClock()
    async with shop.open() as client:
        waiting = [asyncio.ensure_future(client.send(Request(method="POST", path="/x", body=b"{}"))) for _ in range(2)]
        await shop.clock.asleep.wait()
        client.halt()
        errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(error, RetryableError) and not error.maybe_applied for error in errors)
    assert [error.attempts for error in errors] == [0, 0]


async def test_neither_secret_nor_token_is_ever_shown(caplog):
    caplog.set_level(logging.DEBUG)

    async def parrot(writer, path):
        said = shop.api.requests[-1][2]["authorization"]
        return reply(422, json.dumps({"message": f"{said} t0ken-1 {SECRET}"}).encode())

    shop = Shop([token(1, 8), token(2, 8)], [OK, parrot])
    basic = base64.b64encode(f"me:{SECRET}".encode()).decode()
    async with shop.open() as client:
        await client.send(GET)
        shop.clock.now += 7
        error = await failure(client, RefusedError)
        shown = [f"{error} {error.body} {error!r}", "".join(traceback.format_exception(error)), caplog.text]
        shown += [repr(shop.auth), repr(shop.auth.auth), client.redact(f"t0ken-1 t0ken-2 {SECRET} {basic}")]
    assert shop.sent == ["t0ken-1", "t0ken-2"]
    assert [text for text in shown for word in ("t0ken", SECRET, basic) if word in text] == []


async def test_a_token_address_that_repeats_the_secret_is_kept_without_it():
    async def parrot(writer, path):
        said = shop.door.requests[-1][2]["authorization"]
        return reply(401, json.dumps({"error": "invalid_client", "message": f"{said} {SECRET}"}).encode())

    shop = Shop([parrot], [OK])
    basic = base64.b64encode(f"me:{SECRET}".encode()).decode()
    async with shop.open() as client:
        error = await failure(client, UnauthorizedError)
    shown = f"{error} {error.body} {''.join(traceback.format_exception(error))}"
    assert SECRET not in shown
    assert basic not in shown


async def test_a_head_request_is_answered_without_a_body():
    shop = Shop([token(1)], [b"HTTP/1.1 200 OK\r\nContent-Length: 512\r\n\r\n"])
    head = Request(method="HEAD", path="/things/1")
    async with shop.open() as client:
        for _ in range(2):
            response = await client.send(head)
            assert (response.status, response.body) == (200, b"")
    assert shop.api.connections == 1


async def test_a_head_request_that_is_refused_has_no_body_either():
    shop = Shop([token(1)], [b"HTTP/1.1 404 Not Found\r\nContent-Length: 512\r\n\r\n"])
    async with shop.open() as client:
        error = await failure(client, RefusedError, Request(method="HEAD", path="/things/1"))
    assert (error.status, error.code, error.body) == (404, "not_found", None)


async def test_a_head_request_cannot_say_what_is_wrong_with_the_token_so_that_it_is_renewed():
    shop = Shop([token(1), token(2)], [reply(401, b""), reply(200, b"")])
    async with shop.open() as client:
        assert (await client.send(Request(method="HEAD", path="/things/1"))).attempts == 2
    assert shop.sent == ["t0ken-1", "t0ken-2"]

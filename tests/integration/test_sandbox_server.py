"""The server over real sockets: mounting, tokens, ceiling, log, inspection."""

import asyncio
import io
import json
from email.utils import parsedate_to_datetime

import aiohttp
import pytest

from bulk.connectors.luminous.sandbox import api, environment, luminous_api, seed_products, settings
from bulk.errors import UsageError
from bulk.sandbox import Answer, Api, Ceiling, Faults, Route, Sandbox

BEARER = {"Authorization": "Bearer sandbox-t0ken", "Accept": "application/json"}


class ManualClock:
    """Stands still unless moved; a wait moves it."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
async def client():
    async with aiohttp.ClientSession(headers=BEARER) as session:
        yield session


def echo_api():
    """Another API, to stand beside Luminous."""

    def routes(store):
        def add(call):
            return Answer.json(200, store.table("notes").add(call.document))

        def show(call):
            return Answer.json(200, dict(call.params))

        return [
            Route(method="POST", path="/notes", handler=add),
            Route(method="GET", path="/notes/{name}", handler=show),
        ]

    return Api(name="echo", base="/echo", routes=routes, tokens=frozenset({"other", "spare"}))


async def write(client, sandbox, *skus):
    """Statuses of products written one after the other."""
    statuses = []
    for sku in skus:
        async with client.patch(sandbox.url("luminous") + "/products", json={"sku": sku}) as answer:
            statuses.append(answer.status)
    return statuses


async def test_writes_and_reads_a_product(client):
    async with Sandbox([luminous_api()]) as sandbox:
        assert await write(client, sandbox, "Ä/1") == [201]
        async with client.get(sandbox.url("luminous") + "/products", params={"sku": "Ä/1"}) as answer:
            assert [product["sku"] for product in (await answer.json())["data"]] == ["Ä/1"]
        assert list(sandbox.state()["luminous"]["products"]) == ["Ä/1"]


async def test_listens_on_loopback_and_on_a_free_port():
    async with Sandbox([luminous_api()]) as first, Sandbox([luminous_api()]) as second:
        assert first.address.startswith("http://127.0.0.1:")
        assert first.address != second.address
        assert first.url("luminous") == first.address + "/external/api/v1"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com"])
def test_refuses_to_listen_to_the_network(host):
    with pytest.raises(UsageError, match="this machine only"):
        Sandbox([luminous_api()], host=host)


async def test_a_port_that_is_taken_is_a_clear_error():
    async with Sandbox([luminous_api()]) as first:
        port = int(first.address.rpartition(":")[2])
        with pytest.raises(UsageError, match=f"port {port}"):
            async with Sandbox([luminous_api()], port=port):
                pass


async def test_an_address_before_opening_and_a_second_opening_are_errors():
    sandbox = Sandbox([luminous_api()])
    with pytest.raises(RuntimeError, match="not open"):
        sandbox.url("luminous")
    async with sandbox:
        with pytest.raises(RuntimeError, match="already"):
            await sandbox.__aenter__()
        assert sandbox.address


@pytest.mark.parametrize(
    "twin", [Api(name="luminous", base="/x", routes=lambda _: [], tokens=frozenset()), luminous_api()]
)
def test_two_apis_of_one_name_or_path_are_an_error(twin):
    with pytest.raises(ValueError, match="same"):
        Sandbox([luminous_api(), twin])


@pytest.mark.parametrize(
    "authorization", [None, "", "sandbox-t0ken", "Bearer", "Bearer wrong", "Basic sandbox-t0ken", "Bearer other"]
)
async def test_a_missing_or_wrong_token_is_401_with_a_message(authorization):
    headers = {"Accept": "application/json"} | ({} if authorization is None else {"Authorization": authorization})
    async with (
        Sandbox([luminous_api(), echo_api()]) as sandbox,
        aiohttp.ClientSession(headers=headers) as client,
        client.get(sandbox.url("luminous") + "/products") as answer,
    ):
        assert answer.status == 401
        assert await answer.json() == {"message": "Unauthenticated."}
        assert not sandbox.log.malformed


async def test_unknown_routes_and_methods_are_malformed(client):
    async with Sandbox([luminous_api()]) as sandbox:
        base = sandbox.url("luminous")
        for method, url, status in (
            ("GET", base + "/nothing", 404),
            ("DELETE", base + "/products", 405),
            ("GET", sandbox.address + "/elsewhere", 404),
        ):
            async with client.request(method, url) as answer:
                assert answer.status == status
                assert (await answer.json())["message"]
        assert [exchange.status for exchange in sandbox.log.malformed] == [404, 405, 404]


async def test_apis_side_by_side_keep_tokens_state_and_errors_apart(client):
    async with Sandbox([luminous_api(), echo_api()]) as sandbox:
        await write(client, sandbox, "A")
        headers = {"Authorization": "Bearer spare"}
        async with client.post(sandbox.url("echo") + "/notes", json={"text": "x"}, headers=headers) as answer:
            assert await answer.json() == {"id": 1, "text": "x"}
        async with client.get(sandbox.url("echo") + "/notes/a%2Fb%20c", headers=headers) as answer:
            assert await answer.json() == {"name": "a/b c"}
        async with client.get(sandbox.url("echo") + "/notes/a") as answer:
            assert (answer.status, await answer.json()) == (401, {"message": "Unauthorized"})
        state = sandbox.state()
        assert list(state["luminous"]["products"]) == ["A"]
        assert state["echo"] == {"notes": {"1": {"id": 1, "text": "x"}}}


async def test_two_sandboxes_hold_separate_state_and_compare_equal_after_the_same_writes(client):
    async with Sandbox([luminous_api()]) as first, Sandbox([luminous_api()]) as second:
        await write(client, first, "A", "B")
        assert first.state() != second.state()
        await write(client, second, "B", "A", "A")
        assert first.state() == second.state()


async def test_the_ceiling_refuses_what_is_above_it_in_any_second(client):
    clock = ManualClock()
    async with Sandbox([luminous_api()], rate=Ceiling(2), clock=clock) as sandbox:
        assert await write(client, sandbox, "A", "B", "C") == [201, 201, 429]
        clock.now += 0.999
        assert await write(client, sandbox, "C") == [429]
        clock.now += 0.001
        assert await write(client, sandbox, "C") == [201]
        assert sandbox.summary()["refusals"] == 2
        assert list(sandbox.state()["luminous"]["products"]) == ["A", "B", "C"]


@pytest.mark.parametrize(("form", "expected"), [("seconds", "1"), ("none", None), ("date", "date")])
async def test_a_refusal_says_when_to_come_back_in_the_chosen_form(client, form, expected):
    rate = Ceiling(1, retry_after=form)
    async with Sandbox([luminous_api()], rate=rate, clock=ManualClock(), now=lambda: 1_700_000_000.0) as sandbox:
        await write(client, sandbox, "A")
        async with client.get(sandbox.url("luminous") + "/products") as answer:
            header = answer.headers.get("Retry-After")
            assert await answer.json() == {"message": "Too Many Attempts."}
        if expected == "date":
            assert parsedate_to_datetime(header).timestamp() == 1_700_000_001
        else:
            assert header == expected


async def test_latency_delays_the_answer_not_the_write(client):
    clock = ManualClock()
    async with Sandbox([luminous_api()], latency=30.0, clock=clock) as sandbox:
        await write(client, sandbox, "A")
        assert clock.now == 1_030.0
        assert sandbox.log.requests()[0].at == 1_000.0


async def test_the_log_tells_method_path_query_status_and_key(client):
    async with Sandbox([luminous_api()]) as sandbox:
        await write(client, sandbox, "A", "A")
        async with client.get(sandbox.url("luminous") + "/products", params={"sku": "A"}):
            pass
        first, _, last = sandbox.log.requests("/products")
        assert (first.method, first.status, first.key, first.applied, first.malformed) == (
            "PATCH",
            201,
            "A",
            True,
            None,
        )
        assert (last.method, last.query, last.key, last.applied) == ("GET", (("sku", "A"),), None, False)
        assert sandbox.log.statuses == {"201": 1, "200": 2}
        assert sandbox.log.repeated() == {"A": 2}


async def test_the_log_holds_the_peak_of_requests_in_flight(client):
    class Gate(ManualClock):
        opened = asyncio.Event()
        waiting = 0

        async def sleep(self, seconds: float) -> None:
            self.waiting += 1
            if self.waiting == 5:
                self.opened.set()
            await self.opened.wait()

    async with Sandbox([luminous_api()], latency=1.0, clock=Gate()) as sandbox:
        await asyncio.gather(*(write(client, sandbox, str(n)) for n in range(5)))
        assert sandbox.log.in_flight_peak == 5


async def test_a_bounded_log_forgets_the_oldest(client):
    async with Sandbox([luminous_api()], keep_log=2) as sandbox:
        await write(client, sandbox, "A", "B", "C")
        assert [exchange.key for exchange in sandbox.log.requests()] == ["B", "C"]
        assert sandbox.log.total == 3


async def test_a_body_beyond_a_mebibyte_is_413(client):
    async with Sandbox([luminous_api()]) as sandbox:
        body = io.BytesIO(json.dumps({"sku": "A", "description": "x" * (1 << 20)}).encode())
        headers = {"Content-Type": "application/json"}
        async with client.patch(sandbox.url("luminous") + "/products", data=body, headers=headers) as answer:
            assert answer.status == 413
        assert sandbox.state()["luminous"]["products"] == {}


async def test_can_be_inspected_and_reset_over_http(client):
    faults = Faults.script([None, None, "500"])
    seeds = seed_products(2)
    async with Sandbox([luminous_api(products=seeds)], rate=Ceiling(3), clock=ManualClock(), faults=faults) as sandbox:
        before = sandbox.state()
        assert await write(client, sandbox, "A", "A", "A", "A") == [201, 200, 500, 429]
        async with client.get(sandbox.address + "/_sandbox/state") as answer:
            assert await answer.json() == json.loads(json.dumps(sandbox.state())) != before
        async with client.get(sandbox.address + "/_sandbox/log") as answer:
            log = await answer.json()
        assert log["statuses"] == {"201": 1, "200": 1, "500": 1, "429": 1}
        assert (log["requests"], log["refusals"], log["repeated"], log["malformed"]) == (4, 1, {"A": 2}, [])
        async with client.post(sandbox.address + "/_sandbox/reset") as answer:
            assert answer.status == 200
        assert sandbox.state() == before
        assert sandbox.summary()["requests"] == sandbox.summary()["refusals"] == 0
        assert await write(client, sandbox, "A", "A", "A") == [201, 200, 500]


async def test_inspection_knows_no_other_address(client):
    async with Sandbox([luminous_api()]) as sandbox, client.get(sandbox.address + "/_sandbox/reset") as answer:
        assert answer.status == 404


async def test_settings_and_environment_lead_to_the_twin():
    async with Sandbox([api()]) as sandbox:
        reach, variables = settings(sandbox), environment(sandbox)
        assert (reach.base_url, reach.api_key.get_secret_value()) == tuple(variables.values())
        headers = {"Authorization": f"Bearer {variables['LUMINOUS_API_KEY']}"}
        async with (
            aiohttp.ClientSession(headers=headers) as client,
            client.get(variables["LUMINOUS_BASE_URL"] + "/products") as answer,
        ):
            assert answer.status == 200


async def test_state_and_log_outlive_the_closing(client):
    async with Sandbox([luminous_api()]) as sandbox:
        await write(client, sandbox, "A")
    assert list(sandbox.state()["luminous"]["products"]) == ["A"]
    assert sandbox.log.total == 1

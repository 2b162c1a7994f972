"""Whole runs against servers that fail in every way: each alone, all mixed, away for a while, and gone for good.

Held against the twin's own memory: a row that is said to be written is there, one that is said not to be is not, and
nothing is created twice. `unknown` is left only where nobody can find out. Time leaps, so that nobody waits.
"""

import asyncio
import time
from collections import Counter

import pytest
from catalogs import product, write_csv
from leaping import LoopClock, leaping
from wire import Api, reply, serving, untrusted

from bulk.connectors.luminous.sandbox import luminous_api
from bulk.model import RunStatus
from bulk.sandbox import KINDS, Faults, Sandbox

ROWS = 24
ENDING = {"401", "redirect"}
"""What every further row would meet, so that the run stops at once."""
REFUSING = {"409", "422"}
"""What concerns one row and no other."""
PASSING = sorted(KINDS.keys() - ENDING - REFUSING)


@pytest.fixture
def clerk(desk):
    """A desk whose clock leaps."""
    desk.clock = LoopClock
    return desk


def shop(faults=None, port=0):
    return Sandbox([luminous_api(token="t0ken")], faults=faults, port=port, now=time.time)


def products(folder, rows=ROWS):
    """Products, of which one in four is read before it is written."""
    colors = {number: {"custom_fields.Color": "red" if number % 4 == 0 else ""} for number in range(rows)}
    return write_csv(folder / "catalog.csv", [product(number, **colors[number]) for number in range(rows)])


def channels(folder, rows=ROWS // 2):
    kept = {
        "channelType": "sales_channel",
        "isCustomerSpecific": "no",
        "pullOrdersFromOms": "no",
        "warehouseGroupId": 1,
    }
    return write_csv(folder / "channels.csv", [{"label": f"Channel {number}", **kept} for number in range(rows)])


async def assert_true(desk, sandbox, run, table="products"):
    """The totals close, every status is what the twin says, and nothing was created twice."""
    assert run.totals.closes
    there = sandbox.state()["luminous"][table]
    for entry in await desk.rows(run.id):
        if entry.status in ("succeeded", "unchanged"):
            assert entry.key in there, entry
        elif entry.status in ("failed", "not_tried", "invalid"):
            assert entry.key not in there, entry
    created = Counter(one.key for one in sandbox.log.requests(method="POST") if one.applied)
    assert set(created.values()) <= {1}
    assert sandbox.log.malformed_total == 0


async def finished(desk, run):
    """The end of a run that is resumed, and whose rows are retried, as a person would."""
    for _ in range(8):
        if run.status is not RunStatus.COMPLETED:
            run = await desk.resume(run.id)
        elif run.totals.failed or run.totals.unknown:
            run = await desk.retry(run.id)
        else:
            break
    return run


@pytest.mark.parametrize("kind", [kind for kind in PASSING if kind != "trickle"])  # which takes its time byte by byte
@pytest.mark.parametrize(("table", "make"), [("products", products), ("channels", channels)], ids=["write", "create"])
@leaping
async def test_a_fault_in_one_answer_of_five_costs_no_row(clerk, tmp_path, kind, table, make):
    async with shop(Faults.parse([f"{kind}:20%"], seed=3)) as sandbox:
        clerk.point_to(sandbox)
        run = await clerk.load(make(tmp_path), resource=f"luminous.{table}")
        await assert_true(clerk, sandbox, run, table)
        done = await finished(clerk, run)
        assert (done.status, done.exit_code) == (RunStatus.COMPLETED, 0)
        assert len(sandbox.state()["luminous"][table]) == run.totals.read


@pytest.mark.parametrize("kind", PASSING)
@leaping
async def test_an_unclear_outcome_of_a_write_that_may_be_repeated_is_resolved(clerk, tmp_path, kind):
    times = 1 if kind == "503_absurd" else 4  # asked to wait for a year, a run waits for an hour, and then pauses
    async with shop(Faults.script([None, *[kind] * times])) as sandbox:
        clerk.point_to(sandbox)
        write_csv(tmp_path / "two.csv", [product(1), product(2)])
        run = await clerk.load(tmp_path / "two.csv")
        assert (run.exit_code, run.totals.succeeded, run.totals.unknown) == (0, 2, 0)
        await assert_true(clerk, sandbox, run)


@leaping
async def test_all_faults_at_once_cost_no_row_and_leave_no_untrue_status(clerk, tmp_path):
    everything = [f"{kind}:1%" for kind in PASSING] + ["409:1%"]
    async with shop(Faults.parse(everything, seed=1)) as sandbox:
        clerk.point_to(sandbox)
        run = await clerk.load(products(tmp_path, 120))
        await assert_true(clerk, sandbox, run)
        assert (await finished(clerk, run)).exit_code == 0
        assert len(sandbox.state()["luminous"]["products"]) == 120
        run = await clerk.load(channels(tmp_path, 40), resource="luminous.channels")
        await assert_true(clerk, sandbox, run, "channels")


@leaping
async def test_a_conflict_is_the_failure_of_its_row_and_of_no_other(clerk, tmp_path):
    async with shop(Faults.script([None, "409", "409", "409"])) as sandbox:
        clerk.point_to(sandbox)
        run = await clerk.load(write_csv(tmp_path / "plain.csv", [product(number) for number in range(9)]))
        assert (run.exit_code, run.totals.failed, run.totals.succeeded) == (3, 3, 6)
        await assert_true(clerk, sandbox, run)


@pytest.mark.parametrize(("kind", "exit_code"), [("401", 77), ("redirect", 4)])
@leaping
async def test_what_every_row_would_meet_stops_the_run_and_resume_goes_on(clerk, tmp_path, kind, exit_code):
    async with shop(Faults.parse([f"{kind}:@10"])) as sandbox:
        clerk.point_to(sandbox)
        run = await clerk.load(products(tmp_path))
        assert (run.status, run.exit_code) == (RunStatus.STOPPED, exit_code)
        assert run.totals.failed == 0
        await assert_true(clerk, sandbox, run)
        done = await clerk.resume(run.id)
        assert (done.exit_code, done.totals.succeeded) == (0, ROWS)
        assert sandbox.log.repeated() == {}


@leaping
async def test_a_server_that_is_away_for_a_minute_is_waited_for(clerk, tmp_path):
    async with shop(Faults.parse(["500:1%"])) as sandbox:
        clerk.point_to(sandbox)
        loading = asyncio.create_task(clerk.load(products(tmp_path, 300)))
        port = await _gone_after(sandbox, 50)
        await asyncio.sleep(60)
        async with shop(port=port) as back:
            run = await loading
            assert (run.exit_code, run.totals.succeeded, run.totals.unknown) == (0, 300, 0)
            there = [one.state()["luminous"]["products"] for one in (sandbox, back)]
            assert len(there[0].keys() | there[1].keys()) == 300
            assert any(event.kind == "pause" for event in clerk.events)


@leaping
async def test_a_server_that_never_comes_back_pauses_the_run_and_resume_finishes_it(clerk, tmp_path):
    async with shop() as sandbox:
        clerk.point_to(sandbox)
        loading = asyncio.create_task(clerk.load(products(tmp_path, 300)))
        port = await _gone_after(sandbox, 50)
        run = await loading
        assert (run.status, run.exit_code) == (RunStatus.PAUSED, 5)
        assert run.totals.closes
        assert run.totals.failed == 0
        assert run.totals.not_tried > 200
        async with shop(port=port) as back:
            done = await clerk.resume(run.id)
            assert (done.id, done.exit_code, done.totals.succeeded, done.totals.unknown) == (run.id, 0, 300, 0)
            there = [one.state()["luminous"]["products"] for one in (sandbox, back)]
            assert len(there[0].keys() | there[1].keys()) == 300
            assert len(there[0].keys() & there[1].keys()) <= run.totals.unknown


async def _gone_after(sandbox, requests):
    """The port on which nobody listens any more once so many requests have come."""
    port = int(sandbox.address.rpartition(":")[2])
    while sandbox.log.total < requests:  # noqa: ASYNC110  # the twin tells nobody; time leaps
        await asyncio.sleep(0)
    await sandbox.__aexit__()
    return port


async def test_a_redirect_to_another_host_is_not_followed_and_carries_no_credential(desk, catalog):
    elsewhere = Api(reply(200))
    async with serving(elsewhere) as other:
        here = Api(reply(307, Location=f"http://localhost:{other}/external/api/v1/products"))
        async with serving(here) as port:
            desk.point_to(f"http://127.0.0.1:{port}/external/api/v1")
            run = await desk.load(catalog(5))
    assert (run.exit_code, run.status, run.totals.not_tried) == (4, RunStatus.STOPPED, 5)
    assert f"localhost:{other}" in run.reason
    assert run.reason.endswith("Correct the base address, if that is where the API is now")
    assert (len(here.requests), elsewhere.connections) == (1, 0)


async def test_an_address_where_nothing_is_stops_the_run_before_any_row_is_blamed(desk, catalog):
    nothing = Api(reply(404))
    async with serving(nothing) as port:
        desk.point_to(f"http://127.0.0.1:{port}/api")
        run = await desk.load(catalog(5))
    assert (run.exit_code, run.status, run.totals.not_tried) == (4, RunStatus.STOPPED, 5)
    assert len(nothing.requests) == 3
    assert run.reason.endswith("Correct the base address; it ends with /external/api/v1")


async def test_a_name_that_cannot_be_resolved_is_exit_69_and_nothing_was_written(desk, catalog):
    desk.point_to("https://shop.invalid/external/api/v1")
    run = await desk.load(catalog(5))
    assert (run.exit_code, run.status, run.totals.not_tried) == (69, RunStatus.PAUSED, 5)
    assert "shop.invalid is a name that cannot be resolved" in run.reason


async def test_a_certificate_that_nobody_vouches_for_is_exit_69_and_nothing_was_sent(desk, catalog, tmp_path):
    api = Api(reply(200))
    async with serving(api, untrusted(tmp_path)) as port:
        desk.point_to(f"https://localhost:{port}/external/api/v1")
        run = await desk.load(catalog(5))
    assert (run.exit_code, run.status, run.totals.not_tried) == (69, RunStatus.PAUSED, 5)
    assert "certificate" in run.reason
    assert api.requests == []

"""Several processes that send the rows of one run: real processes, a real server, one ledger."""

import asyncio
import os
import signal
from collections import Counter

import pytest
from catalogs import product, write_csv
from processes import children, kill, several_send

from bulk.contracts import SystemClock
from bulk.http.writer import Ending
from bulk.jobs.workers.messages import Done, More, Rows
from bulk.jobs.workers.process import started
from bulk.model import Limits, RunStatus, Status, Traffic
from bulk.sandbox import Ceiling, Fault, Faults
from bulk.worker import Assignment

BOTH = {"workers": 2}


def settled(desk):
    """Rows by status, as the listener was told."""
    return Counter(one.status for event in desk.events if event.kind == "settled" for one in event.data["settlements"])


async def test_two_processes_send_every_row_once_under_one_rate_and_a_complaint_to_one_is_heard_by_all(
    twin, desk, tmp_path
):
    desk.clock = SystemClock  # the time that several processes share passes as it does
    rows = [product(number, **({"sku": ""} if number % 100 == 7 else {})) for number in range(1, 381)]
    # Families: their rows stand far apart, and each goes with its first.
    rows += [{"sku": f"V-{number}", "name": "Variant", "parent_sku": f"SKU-{number:05}"} for number in (1, 60, 170)]
    path = write_csv(tmp_path / "catalog.csv", rows)
    # Two paces of 100 instead of one would be refused at 120. The worker is there when the row with the fault comes.
    ceiling, fault = Ceiling(120), Fault(kind="429", key="SKU-00330", first=1)
    async with twin(rate=ceiling, faults=Faults([fault])) as sandbox:
        run = await desk.point_to(sandbox).load(path, politeness=BOTH | {"rate": "100/s", "concurrency": 12})
        assert (run.exit_code, run.status) == (3, RunStatus.COMPLETED)
        assert run.totals.closes
        assert (run.totals.read, run.totals.invalid, run.totals.succeeded) == (383, 4, 379)
        sent = Counter(one.key for one in sandbox.log.requests(method="PATCH"))
        assert (len(sent), sent.pop("SKU-00330"), set(sent.values())) == (376, 2, {1})
        assert run.traffic.sent == sandbox.log.total
        assert (run.traffic.throttled, ceiling.refusals) == (1, 0)
        assert [event.data["seconds"] for event in desk.events if event.kind == "pause"] == [1.0]
        assert settled(desk) == {Status.SUCCEEDED: 379}
        assert {entry.status for entry in await desk.rows()} == {Status.SUCCEEDED, Status.INVALID}
        before = sandbox.log.total
        again = await desk.load(path, politeness=BOTH)
        assert (again.totals.unchanged, sandbox.log.total, children()) == (379, before, [])


async def test_a_worker_that_begins_when_all_rows_are_taken_ends_at_once():
    assignment = Assignment(
        resource="luminous.products",
        decisions={},
        settings={"base_url": "http://127.0.0.1:9", "api_key": "t0ken"},
        limits=Limits(),
        processes=2,
        deletes=False,
    )
    async with started("bulk.worker", None) as worker:
        worker.tell(assignment)
        assert await worker.heard() == More()
        worker.tell(Rows.of((), 0))
        async with asyncio.timeout(60):
            assert await worker.heard() == Done(ending=Ending(completed=True), taken=0, traffic=Traffic())
        worker.hang_up()
        assert await worker.gone() == 0


async def test_failures_of_all_processes_together_stop_the_run(twin, desk, catalog):
    async with twin(unknown_references="refuse") as sandbox:
        desk.point_to(sandbox)
        run = await desk.load(catalog(1000), politeness=BOTH | {"concurrency": 8}, max_failures="40")
        assert (run.exit_code, run.status) == (4, RunStatus.STOPPED)
        assert run.totals.closes
        assert 40 < run.totals.failed <= 40 + 8
        assert run.totals.failed == len(sandbox.log.requests(method="PATCH"))
        assert run.reason == f"{run.totals.failed} rows failed, more than the 40 that --max-failures allows"


@pytest.mark.parametrize(("address", "exit_code"), [(None, 77), ("http://127.0.0.1:9", 69)])
async def test_what_every_row_would_meet_ends_all_processes(luminous, desk, catalog, address, exit_code):
    desk.point_to(address or luminous, token="wrong")
    run = await desk.load(catalog(300), politeness=BOTH)
    assert (run.exit_code, run.totals.not_tried, run.totals.closes) == (exit_code, 300, True)
    assert luminous.log.total <= 2
    assert children() == []


async def test_an_outage_in_the_middle_pauses_all_processes_and_one_can_finish(luminous, desk, catalog):
    tell = desk.events.append

    class Failing(list):
        def append(self, event):
            tell(event)
            if event.kind == "settled":
                luminous.plan(Faults([Fault(kind="500", probability=1)]))

    desk.events = Failing()
    run = await desk.load(catalog(1000), politeness=BOTH | {"concurrency": 8})
    assert (run.exit_code, run.status) == (5, RunStatus.PAUSED)
    assert run.totals.closes
    assert (run.totals.failed, run.totals.unknown <= 8) == (0, True)
    assert run.totals.not_tried > 0
    assert children() == []
    luminous.plan(Faults())
    desk.events = []
    finished = await desk.resume(run.id)
    assert (finished.exit_code, finished.totals.succeeded) == (0, 1000)
    assert len(luminous.state()["luminous"]["products"]) == 1000


async def test_a_worker_that_is_killed_interrupts_the_run_and_one_process_can_finish_it(luminous, desk, catalog):
    path, killed, rows = catalog(3000), [], []
    original = desk.events.append

    class Killing(list):
        def append(self, event):
            original(event)
            if event.kind == "settled":
                rows.extend(one.row for one in event.data["settlements"])
            if several_send(rows, 8) and not killed:
                killed.extend(children())
                kill(*killed)

    desk.events = Killing()
    run = await desk.load(path, politeness=BOTH | {"concurrency": 8})
    assert (run.exit_code, run.status) == (130, RunStatus.INTERRUPTED)
    assert run.reason == f"worker process {killed[0]} was ended by SIGKILL"
    assert run.totals.closes
    assert run.totals.not_tried > 0
    at_risk = {entry.key for entry in await desk.rows() if entry.status is Status.UNKNOWN}
    desk.events = []
    finished = await desk.resume(run.id)
    assert (finished.exit_code, finished.totals.succeeded) == (0, 3000)
    assert set(luminous.log.repeated()) <= at_risk
    assert len(luminous.state()["luminous"]["products"]) == 3000


async def test_nobody_waits_for_a_worker_that_is_late(luminous, desk, catalog):
    original, late = desk.events.append, []

    class Stopping(list):
        def append(self, event):
            original(event)
            if event.kind == "checking" and not late:
                late.extend(children())
                os.kill(*late, signal.SIGSTOP)

    desk.events = Stopping()
    run = await desk.load(catalog(300), politeness=BOTH | {"concurrency": 8})
    assert (run.exit_code, run.totals.succeeded, len(late), children()) == (0, 300, 1, [])
    assert luminous.log.repeated() == {}

"""Loading a catalog into a server that enforces the documentation, from file to ledger."""

from collections import Counter
from functools import partial

import polars as pl
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from leaping import LoopClock, leaping

from bulk.connectors.luminous import CONNECTOR, PRODUCTS
from bulk.contracts import SystemClock
from bulk.errors import ConfigurationError, LockedError, SourceError, UsageError
from bulk.http.auth import Bearer
from bulk.http.client import Client
from bulk.http.pace import Pace
from bulk.jobs.check.checker import Checker
from bulk.jobs.check.reading import Reading
from bulk.jobs.guards import Guards, Stop
from bulk.jobs.importer import Importer
from bulk.jobs.results import write_rows
from bulk.jobs.send.dispatch import Dispatch
from bulk.jobs.send.single_process import SingleProcess
from bulk.model import Instance, RunStatus, Status
from bulk.sandbox import Ceiling, Faults
from bulk.validation import compile_schema

FAULTS = [
    {"sku": ""},
    {"name": "x" * 201},
    {"retail_price": "-1"},
    {"retail_price": "1,299.00"},
    {"sellable": "maybe"},
    {"product_weight.unit": "kg"},
    {"product_weight.unit": ""},
    {"sku": "8.85E+11"},
    {"name": "<clear>"},
    {"retail_price": "#N/A"},
]


async def test_of_5000_rows_with_50_faulty_ones_4950_arrive_and_nothing_else_is_sent(luminous, desk, catalog):
    faulty = {number * 100: FAULTS[number % len(FAULTS)] for number in range(1, 51)}
    run = await desk.load(catalog(5000, faulty))
    assert run.exit_code == 3
    assert run.status is RunStatus.COMPLETED
    assert run.totals.closes
    assert (run.totals.read, run.totals.invalid, run.totals.succeeded, run.totals.created) == (5000, 50, 4950, 4950)
    assert len(luminous.log.requests(method="PATCH")) == 4950 == luminous.log.statuses["201"]
    # New SKUs are looked up, a hundred at a time.
    assert luminous.log.total == run.traffic.sent <= 4950 + 60
    assert luminous.log.malformed_total == 0
    assert set(luminous.log.statuses) == {"200", "201"}
    assert len(luminous.state()["luminous"]["products"]) == 4950


async def test_the_same_file_again_sends_nothing_and_says_since_which_run(luminous, desk, catalog):
    path = catalog(300, {7: {"retail_price": "x"}})
    first = await desk.load(path)
    sent = luminous.log.total
    second = await desk.load(path)
    assert luminous.log.total == sent
    assert (second.totals.unchanged, second.totals.invalid, second.traffic.sent) == (299, 1, 0)
    assert second.exit_code == 3
    assert second.id != first.id
    async with desk.session() as session:
        assert await session.ledger.unchanged_since(second.id) == {first.id: 299}


async def test_a_changed_row_is_sent_alone_and_all_sends_every_row(luminous, desk, catalog):
    await desk.load(catalog(50))
    sent = luminous.log.total
    run = await desk.load(catalog(50, {9: {"retail_price": "77.77"}}))
    assert (run.totals.unchanged, run.totals.updated, luminous.log.total - sent) == (49, 1, 1)
    run = await desk.load(catalog(50, {9: {"retail_price": "77.77"}}), resend=True)
    assert run.totals.succeeded == 50


async def test_a_wrong_token_costs_one_request_and_leaves_every_row_not_tried(luminous, desk, catalog):
    desk.point_to(luminous, token="wrong")
    run = await desk.load(catalog(100))
    assert (run.exit_code, run.status) == (77, RunStatus.STOPPED)
    assert (run.totals.not_tried, luminous.log.total) == (100, 1)
    assert {entry.status for entry in await desk.rows()} == {Status.NOT_TRIED}


async def test_after_the_token_is_mended_resume_finishes_the_run(luminous, desk, catalog):
    desk.point_to(luminous, token="wrong")
    stopped = await desk.load(catalog(20))
    desk.point_to(luminous)
    run = await desk.resume(stopped.id)
    assert run.id == stopped.id
    assert (run.exit_code, run.totals.succeeded, run.status) == (0, 20, RunStatus.COMPLETED)


async def test_an_api_that_cannot_be_reached_is_exit_69_and_no_row_is_lost(desk, catalog):
    desk.point_to("http://127.0.0.1:9")  # the discard port: nobody listens
    run = await desk.load(catalog(10))
    assert run.exit_code == 69
    assert run.totals.not_tried == 10


async def test_a_422_becomes_violations_on_the_columns_of_the_file(twin, desk, tmp_path, catalog):
    async with twin(unknown_references="refuse") as strict:
        desk.point_to(strict)
        run = await desk.load(catalog(3))
        assert (run.exit_code, run.totals.failed) == (3, 3)
        entry = (await desk.rows(cells=True))[0]
        assert (entry.status, entry.http_status, entry.attempts) == (Status.FAILED, 422, 1)
        assert [violation.column for violation in entry.violations] == ["category.name"]
        assert entry.violations[0].value == "Garden"
        assert entry.cells["sku"] == "SKU-00001"


async def test_refused_rows_are_mended_in_a_file_and_retried_without_the_source(luminous, desk, catalog, tmp_path):
    path = catalog(10, {3: {"retail_price": "1,299.00"}, 5: {"sellable": "maybe"}})
    run = await desk.load(path)
    path.unlink()
    fix, schema = tmp_path / "fix.csv", compile_schema(PRODUCTS.model)
    async with desk.session() as session:
        assert await write_rows(session.ledger, run, schema, str(fix), statuses=(Status.INVALID,)) == 2
    text = fix.read_text()
    assert text.splitlines()[0].endswith("_row,_status,_code,_column,_message")
    fix.write_text(text.replace('"1,299.00"', "1299.00").replace("maybe", "yes"))
    again = await desk.retry(run.id, mended=fix)
    assert (again.exit_code, again.totals.read, again.totals.succeeded) == (0, 2, 2)
    assert again.instance.parent == run.id
    assert luminous.state()["luminous"]["products"]["SKU-00003"]["retail_price"] == 1299


async def test_failed_rows_are_retried_from_the_cells_in_the_ledger(twin, desk, catalog):
    async with twin(unknown_references="refuse") as sandbox:
        desk.point_to(sandbox)
        path = catalog(4)
        run = await desk.load(path)
        path.unlink()
        assert run.totals.failed == 4
        again = await desk.retry(run.id)
        assert (again.totals.read, again.totals.failed, len(sandbox.log.requests(method="PATCH"))) == (4, 4, 8)
        by_cause = await desk.retry(run.id, causes=["invalid"])
        assert by_cause.totals.read == 4
        with pytest.raises(UsageError, match="no row of run"):
            await desk.retry(run.id, causes=["no_such_cause"])


async def test_a_row_that_was_loaded_again_since_is_not_retried_over_newer_data(twin, desk, catalog):
    faults = Faults.parse(["500:1x"])
    async with twin(faults=faults, unknown_references="refuse") as sandbox:
        desk.point_to(sandbox)
        old = await desk.load(catalog(1))
        assert old.totals.failed == 1
        newer = await desk.load(catalog(1, {1: {"retail_price": "1.00", "category.name": ""}}, name="newer.csv"))
        assert newer.totals.succeeded == 1
        again = await desk.retry(old.id)
        assert (again.totals.invalid, again.exit_code) == (1, 3)
        assert (await desk.rows())[0].code == "superseded"
        assert sandbox.state()["luminous"]["products"]["SKU-00001"]["retail_price"] == 1


async def test_a_dry_run_sends_nothing_and_says_what_would_be_sent(luminous, desk, catalog):
    run = await desk.load(catalog(10, {2: {"sku": ""}}), dry_run=True)
    assert (run.exit_code, run.totals.not_tried, run.totals.invalid, luminous.log.total) == (3, 9, 1, 0)
    assert run.status is RunStatus.COMPLETED
    real = await desk.load(catalog(10, {2: {"sku": ""}}))
    assert (real.id != run.id, real.totals.succeeded) == (True, 9)


async def test_limit_reads_no_more_than_so_many_rows(luminous, desk, catalog):
    run = await desk.load(catalog(10), limit=3)
    assert (run.totals.read, run.totals.succeeded, len(luminous.log.requests(method="PATCH"))) == (3, 3, 3)


async def test_strict_refuses_the_whole_file_for_one_invalid_row(luminous, desk, catalog):
    run = await desk.load(catalog(10, {2: {"sku": ""}}), strict=True)
    assert (run.exit_code, run.status, luminous.log.total) == (65, RunStatus.REFUSED, 0)
    assert run.totals.not_tried == 9


async def test_too_many_failures_stop_the_run_with_exit_4_and_the_rest_is_not_tried(twin, desk, catalog):
    async with twin(unknown_references="refuse") as sandbox:
        desk.point_to(sandbox)
        run = await desk.load(catalog(2000), max_failures="5")
        assert (run.exit_code, run.status) == (4, RunStatus.STOPPED)
        assert run.totals.failed > 5
        assert run.totals.not_tried > 0
        assert run.totals.closes


async def test_one_row_at_a_time_no_row_is_sent_after_the_one_failure_too_many(twin, desk, catalog):
    async with twin(unknown_references="refuse") as sandbox:
        desk.point_to(sandbox)
        run = await desk.load(catalog(20), politeness={"concurrency": 1}, max_failures="2")
        assert (run.totals.failed, run.totals.not_tried, len(sandbox.log.requests(method="PATCH"))) == (3, 17, 3)
        assert run.reason == "3 rows failed, more than the 2 that --max-failures allows"


async def test_detaching_boms_needs_a_confirmation(luminous, desk, tmp_path):
    path = tmp_path / "boms.csv"
    path.write_text("sku,boms\nA-1,<empty>\n")
    asked = []
    run = await desk.load(path, confirm=lambda what: asked.append(dict(what)) or False)
    assert (run.exit_code, run.status, luminous.log.total) == (4, RunStatus.REFUSED, 0)
    assert list(asked[0].values()) == [1]
    run = await desk.load(path, confirm=lambda what: True)
    assert run.exit_code == 0


async def test_other_custom_fields_survive_on_a_server_that_replaces_them(twin, desk, tmp_path):
    existing = [{"sku": "A-1", "name": "Chair", "custom_fields": {"Color": "Blue", "Size": "XL"}}]
    async with twin(products=existing, custom_fields="replace") as sandbox:
        desk.point_to(sandbox)
        path = tmp_path / "colors.csv"
        path.write_text("sku,custom_fields.Color\nA-1,Red\n")
        run = await desk.load(path)
        assert run.totals.updated == 1
        fields = sandbox.state()["luminous"]["products"]["A-1"]["custom_fields"]
        assert fields == {"Color": "Red", "Size": "XL"}


async def test_a_second_run_on_the_same_target_and_resource_is_locked_out(luminous, desk, catalog):
    async with desk.session() as session:
        with session.ledger.lock(luminous.url("luminous"), "luminous.products"), pytest.raises(LockedError):
            await desk.load(catalog(1))


async def test_a_fault_in_the_middle_of_the_file_refuses_it_whole_and_nothing_is_sent(luminous, desk, catalog):
    path = catalog(2000)
    path.write_text(path.read_text() + 'SKU-X,"unterminated\n')
    with pytest.raises(SourceError) as refused:
        await desk.load(path)
    assert refused.value.line == 2002
    assert luminous.log.total == 0
    async with desk.session() as session:
        assert (await session.ledger.run("last")).status is RunStatus.REFUSED


@leaping
async def test_throttling_and_server_errors_are_outlived_and_every_row_arrives_once_in_the_state(twin, desk, catalog):
    faults = Faults.parse(["429_bare:@190", "502:2%", "500_after:2%", "reset_after:2%", "reset_before:2%"], seed=3)
    async with twin(faults=faults) as sandbox:
        desk.point_to(sandbox).clock = LoopClock
        run = await desk.load(catalog(200))
        assert run.totals.closes
        assert run.totals.succeeded == 200
        assert len(sandbox.state()["luminous"]["products"]) == 200
        assert run.traffic.retried > 0
        assert run.traffic.sent == sandbox.log.total


async def test_an_interrupted_run_is_resumed_and_every_row_is_sent_once(luminous, desk, catalog):
    path, stop = catalog(1000), Stop()
    original = desk.events.append

    class Interrupt(list):
        def append(self, event):
            original(event)
            if event.kind == "settled":
                stop(130)

    desk.events = Interrupt()
    run = await desk.load(path, stop=stop)
    assert (run.exit_code, run.status) == (130, RunStatus.INTERRUPTED)
    assert run.totals.not_tried > 0
    assert run.totals.unknown == 0
    assert run.totals.closes
    desk.events = []
    finished = await desk.load(path)
    assert finished.id == run.id
    assert finished.continued
    assert (finished.totals.succeeded, finished.exit_code) == (1000, 0)
    assert luminous.log.repeated() == {}


async def test_resume_refuses_a_source_that_has_changed(luminous, desk, catalog):
    desk.point_to(luminous, token="wrong")
    run = await desk.load(catalog(5))
    desk.point_to(luminous)
    catalog(6)
    with pytest.raises(SourceError, match="not what it was"):
        await desk.resume(run.id)


async def test_resume_refuses_to_go_on_at_another_target(luminous, desk, catalog):
    desk.point_to(luminous, token="wrong")
    run = await desk.load(catalog(5))
    desk.point_to("http://127.0.0.1:9/elsewhere")
    with pytest.raises(ConfigurationError, match="but the settings now say"):
        await desk.resume(run.id)


async def test_a_rate_with_an_exact_ceiling_is_never_exceeded_by_our_fault(twin, desk, catalog):
    async with twin(rate=Ceiling(200)) as sandbox:
        desk.point_to(sandbox)
        desk.clock = SystemClock  # the server's
        run = await desk.load(catalog(250), politeness={"rate": "150/s"})
        assert (run.totals.succeeded, run.traffic.throttled) == (250, 0)


@leaping
async def test_the_rate_that_an_api_was_found_to_bear_is_told_kept_and_begun_with(twin, desk, catalog):
    async with twin(faults=Faults.parse(["429:@30", "429:@31"])) as sandbox:
        desk.point_to(sandbox).clock = LoopClock
        run = await desk.load(catalog(60))
        assert (run.totals.succeeded, run.traffic.throttled) == (60, 2)
        told = [event for event in desk.events if "was found to bear" in event.message]
        assert len(told) == 1
        rate = told[0].data["rate"]
        desk.events.clear()
        await desk.load(catalog(5, first=100, name="more.csv"))
        assert any(f"beginning at {rate:.3g} requests a second" in event.message for event in desk.events)
        desk.events.clear()
        await desk.load(catalog(5, first=200, name="most.csv"), politeness={"rate": "none"})
        assert not any("beginning at" in event.message for event in desk.events)


async def test_the_token_is_in_no_event_and_not_in_the_ledger(luminous, desk, catalog):
    desk.point_to(luminous, token="s3cr3t-t0ken")
    with_error = await desk.load(catalog(5))
    assert with_error.exit_code == 77
    assert "s3cr3t-t0ken" not in repr(desk.events)
    stored = b"".join(path.read_bytes() for path in desk.folder.glob("ledger.db*"))
    assert b"s3cr3t-t0ken" not in stored


class Shifting:
    """A source that is something else when it is read a second time, as a file that is written meanwhile may be."""

    path, header, facts, name, sha256 = "shifting", ("sku", "name"), {}, "shifting", "0" * 64

    def __init__(self, *readings):
        self.readings = list(readings)
        self.tables = (self,)

    def chunks(self, rows=0):
        lines = self.readings.pop(0)
        yield pl.DataFrame(
            [(n, *line) for n, line in enumerate(lines, 2)], schema=["#row", "sku", "name"], orient="row"
        )


@pytest.mark.parametrize("second", [[("A-1", "One"), ("B-2", "Two")], [("A-1", "One"), ("A-2", "Other")]])
async def test_rows_that_are_not_what_was_checked_are_not_sent(luminous, desk, second):
    checker = Checker(Shifting([("A-1", "One"), ("A-2", "Two")], second), PRODUCTS, Reading())
    address = luminous.url("luminous")
    instance = Instance(
        resource="luminous.products", operation="import", target=address, source="x", sha256="0", options="{}"
    )
    async with desk.session() as session:
        importer = Importer(
            checker=checker,
            ledger=session.ledger,
            instance=instance,
            resource=PRODUCTS,
            sending=SingleProcess(
                dispatching=partial(
                    Dispatch,
                    checker=checker,
                    ledger=session.ledger,
                    resource=PRODUCTS,
                    concurrency=4,
                    guards=Guards(),
                ),
                connect=lambda: Client(
                    address,
                    auth=Bearer("t0ken"),
                    pace=Pace(None, clock=SystemClock()),
                    limits=CONNECTOR.limits,
                    explain=CONNECTOR.explain,
                ),
                concurrency=4,
                listener=lambda event: None,
            ),
            guards=Guards(),
            stop=Stop(),
            listener=lambda event: None,
        )
        with pytest.raises(SourceError, match="not what was checked"):
            await importer.run()
        run = await session.ledger.run("last")
    assert run.status is RunStatus.STOPPED
    assert (run.totals.closes, run.totals.not_tried) == (True, 2)
    assert luminous.log.total == 0


async def test_rows_that_are_read_as_they_were_are_not_judged_twice():
    rows = [("A-1", "One"), ("A-2", "Two")]
    checker = Checker(Shifting(rows, rows, rows), PRODUCTS, Reading())
    (checked,) = [chunk async for chunk in checker.sweep()]
    (sent,) = [chunk async for chunk in checker.again()]
    assert sent is checked
    (judged_anew,) = [chunk async for chunk in checker.again()]
    assert judged_anew is not checked
    assert judged_anew.records == checked.records


async def test_strict_is_not_forgotten_by_resume(luminous, desk, catalog):
    path, stop = catalog(10, {2: {"sku": ""}}), Stop()
    stop(130)
    run = await desk.load(path, stop=stop, strict=True)
    assert run.status is RunStatus.INTERRUPTED
    resumed = await desk.resume(run.id)
    assert (resumed.status, resumed.exit_code, luminous.log.total) == (RunStatus.REFUSED, 65, 0)


@pytest.mark.parametrize("guard", [{"strict": True}, {"resend": True}, {"max_failures": "1"}])
async def test_another_guard_makes_another_run_instead_of_continuing_without_it(luminous, desk, catalog, guard):
    desk.point_to(luminous, token="wrong")
    stopped = await desk.load(catalog(3))
    desk.point_to(luminous)
    run = await desk.load(catalog(3), **guard)
    assert (run.continued, run.id != stopped.id, run.totals.succeeded) == (False, True, 3)


async def test_a_limit_of_the_first_run_does_not_cut_a_mended_file(luminous, desk, catalog, tmp_path):
    run = await desk.load(catalog(10), limit=1)
    mended = catalog(3, name="mended.csv", first=20)
    assert (await desk.retry(run.id, mended=mended)).totals.read == 3


async def test_lines_of_a_result_file_without_any_data_are_not_loaded(luminous, desk, catalog, tmp_path):
    run = await desk.load(catalog(3))
    mended = tmp_path / "mended.csv"
    mended.write_text("sku,name,_key,_row,_status\nA-1,One,,2,failed\n,,SKU-00001,3,succeeded\n")
    again = await desk.retry(run.id, mended=mended)
    assert (again.totals.read, again.totals.succeeded, again.exit_code) == (1, 1, 0)


async def test_files_that_name_their_records_differently_are_refused_until_told_how(luminous, desk, tmp_path):
    (tmp_path / "f1.csv").write_text("sku,name\nA-1,One\n")
    (tmp_path / "f2.csv").write_text("id,name\n1,Two\n")
    with pytest.raises(SourceError, match="name their records differently"):
        await desk.load(tmp_path / "f?.csv")


async def test_a_password_in_the_address_is_refused_and_never_stored(desk, catalog):
    desk.point_to("https://user:hunter2@example.com/external/api/v1")
    for options in ({}, {"dry_run": True}):
        with pytest.raises(ConfigurationError) as refused:
            await desk.load(catalog(1), **options)
        assert "hunter2" not in str(refused.value)
    stored = b"".join(path.read_bytes() for path in desk.folder.glob("ledger.db*"))
    assert b"hunter2" not in stored


async def test_a_listener_that_fails_does_not_end_the_run(luminous, desk, catalog):
    class Broken(list):
        def append(self, event):
            raise OSError("nobody listens")

    desk.events = Broken()
    assert (await desk.load(catalog(5))).totals.succeeded == 5


async def test_an_alternate_sku_of_another_product_overwrites_nothing(twin, desk, tmp_path):
    products = [{"sku": "MAIN", "name": "Main", "retail_price": 3}]
    async with twin(products=products, alternate_skus={"MAIN": ["OTHER"]}, match_alternate_skus=True) as sandbox:
        desk.point_to(sandbox)
        path = tmp_path / "x.csv"
        path.write_text("sku,retail_price\nOTHER,9\nNEW-1,4\n")
        run = await desk.load(path)
        assert (run.totals.failed, run.totals.created) == (1, 1)
        assert (await desk.rows())[0].code == "other_product"
        assert sandbox.state()["luminous"]["products"]["MAIN"]["retail_price"] == 3
        assert [one.method for one in sandbox.log.requests("/products")] == ["GET", "PATCH"]


STRAYS = {"data": [{"sku": f"X-{number}"} for number in range(101)], "meta": {"last_page": 9_000}}


@pytest.mark.parametrize(("status", "body"), [(404, {}), (405, {}), (200, {"data": {"id": 1}}), (200, STRAYS)])
async def test_new_skus_are_sent_without_a_look_up_where_products_cannot_be_listed(desk, catalog, status, body):
    asked = Counter()

    async def answer(request):
        asked[request.method] += 1
        if request.method == "GET":
            return web.json_response(body, status=status)
        return web.json_response({"data": {"id": 1, "sku": (await request.json())["sku"]}}, status=201)

    app = web.Application()
    app.router.add_route("*", "/products", answer)
    async with TestServer(app) as server:
        run = await desk.point_to(str(server.make_url(""))).load(catalog(150))
    assert (run.totals.created, run.exit_code, asked) == (150, 0, {"GET": 1, "PATCH": 150})


async def test_resume_and_retry_keep_to_what_was_said_of_the_pace_until_anything_else_is_said(twin, desk, catalog):
    async with twin(unknown_references="refuse") as sandbox:
        desk.point_to(sandbox)
        run = await desk.load(catalog(20), politeness={"rate": "800/s", "concurrency": 1}, max_failures="2")
        assert run.instance.politeness == '{"rate": "800/s", "concurrency": 1}'
        resumed = await desk.resume(run.id, max_failures="4")
        assert resumed.instance == run.instance
        assert resumed.totals.failed == 3 + 5  # no row more: one at a time, as before
        assert f"keeping to --rate 800/s and --concurrency 1, as run {run.id} did" in {
            event.message for event in desk.events
        }
        resumed = await desk.resume(run.id, {"rate": "900/s"}, max_failures="6")
        assert resumed.instance.politeness == '{"rate": "900/s", "concurrency": 1}'
        retried = await desk.retry(run.id, max_failures="0")
        assert retried.instance.politeness == '{"rate": "900/s", "concurrency": 1}'
        assert retried.totals.failed == 1
        assert f"keeping to --rate 900/s and --concurrency 1, as run {run.id} did" in {
            event.message for event in desk.events
        }

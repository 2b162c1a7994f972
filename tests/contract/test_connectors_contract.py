"""What every resource of every connector must do, against its own embedded twin: found by itself, as the registry is."""

import csv
import importlib
from collections import Counter

import polars as pl
import pytest
from catalogs import write_csv
from leaping import LoopClock, leaping

from bulk.access import Politeness
from bulk.api import Session
from bulk.connectors import connectors, find
from bulk.contracts import Page, Query
from bulk.errors import NotFoundError, UsageError
from bulk.fingerprint import leaves
from bulk.jobs.enquiry import ask
from bulk.jobs.guards import Guards, Stop
from bulk.model import RunStatus, Status
from bulk.orders import Extract, Order
from bulk.sandbox import Faults, Sandbox
from bulk.settings import Configuration
from bulk.validation import compile_schema

ALL = [(connector, resource) for connector in connectors() for resource in connector.resources]
NAMES = [f"{connector.name}.{resource.name}" for connector, resource in ALL]
COUNT = 30


@pytest.fixture(params=ALL, ids=NAMES)
def subject(request, tmp_path, monkeypatch, patient):
    connector, resource = request.param
    return Subject(connector, resource, tmp_path, monkeypatch, patient)


def test_every_resource_is_found_by_its_name():
    found = [find(name) for name in NAMES]
    assert [f"{connector.name}.{resource.name}" for connector, resource in found] == NAMES


@pytest.fixture
def deletable(subject):
    if subject.resource.delete is None:
        pytest.skip("the API has no such operation")
    return subject


class Subject:
    """One resource, its twin, and a desk to work at."""

    def __init__(self, connector, resource, folder, monkeypatch, clock):
        self.connector, self.resource, self.folder, self.clock = connector, resource, folder, clock
        self.name = f"{connector.name}.{resource.name}"
        self.twin = importlib.import_module(connector.sandbox)
        self.setenv = monkeypatch.setenv
        self.rows = self.twin.examples(resource.name, COUNT)
        other = resource.other_rows
        self.keys = (*resource.keys, *(other.keys if other is not None and other.within is None else ()))
        self.key = next(key for key in self.keys if key in self.rows[0])

    def serve(self, faults=None):
        return Sandbox([self.twin.api()], faults=faults)

    def session(self, sandbox):
        for name, value in self.twin.environment(sandbox).items():
            self.setenv(name, value)
        return Session(
            Configuration(folder=self.folder, user=self.folder / "none.toml"),
            ledger=self.folder / "ledger.db",
            listener=lambda event: None,
            politeness=Politeness(),
            clock=self.clock,
        )

    def catalog(self, rows=None, name="catalog.csv"):
        return write_csv(self.folder / name, self.rows if rows is None else rows)

    async def load(self, session, path, **guards):
        return await session.load(Order(resource=self.name, source=str(path)), Guards(**guards), Stop())

    async def export(self, session, name="all.csv", **what):
        path = self.folder / name
        run = await session.export(Extract(resource=self.name, path=str(path), **what), Stop())
        assert (run.status, run.exit_code) == (RunStatus.COMPLETED, 0)
        return path

    async def delete(self, session, path, *, yes=True, **guards):
        order = Order(resource=self.name, source=str(path))
        return await session.delete(order, Guards(confirm=lambda _: yes, **guards), Stop())

    def keys_of(self, rows):
        return self.catalog([{self.key: row[self.key]} for row in rows], "keys.csv")

    def writes(self, sandbox):
        return [one for one in sandbox.log.requests() if one.applied]


def test_every_column_says_what_it_is_and_where_that_is_documented(subject):
    for column in compile_schema(subject.resource.model).columns:
        assert column.description, column.name
        assert column.reference or subject.resource.reference, column.name


async def test_new_records_are_created_once_each(subject):
    async with subject.serve() as sandbox, subject.session(sandbox) as session:
        run = await subject.load(session, subject.catalog())
        assert (run.totals.succeeded, run.totals.created, run.exit_code) == (COUNT, COUNT, 0)
        assert len(subject.writes(sandbox)) == COUNT
        assert sandbox.log.malformed_total == 0


async def test_the_same_file_again_costs_no_write(subject):
    async with subject.serve() as sandbox, subject.session(sandbox) as session:
        path = subject.catalog()
        await subject.load(session, path)
        again = await subject.load(session, path)
        assert (again.totals.unchanged, again.traffic.sent) == (COUNT, 0)
        assert len(subject.writes(sandbox)) == COUNT


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet", "ndjson"])
async def test_an_export_imported_unchanged_writes_nothing(subject, suffix):
    async with subject.serve() as sandbox, subject.session(sandbox) as session:
        await subject.load(session, subject.catalog())
        path = await subject.export(session, f"all.{suffix}")
        before = len(subject.writes(sandbox))
        run = await subject.load(session, path)
        assert (run.totals.read, run.totals.unchanged, run.exit_code) == (COUNT, COUNT, 0)
        assert len(subject.writes(sandbox)) == before


async def test_one_edited_cell_of_an_export_is_one_write_of_one_field(subject):
    async with subject.serve() as sandbox, subject.session(sandbox) as session:
        await subject.load(session, subject.catalog())
        path = await subject.export(session)
        before = len(subject.writes(sandbox))
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        told = next(name for name in rows[7] if name.partition(".")[0] == "description")
        rows[7][told] = "Said anew"
        run = await subject.load(session, write_csv(path, rows))
        (write,) = subject.writes(sandbox)[before:]
        (field,) = set(write.fields) - {*subject.resource.keys}
        assert field.casefold().endswith("description")
        assert (run.totals.updated, run.totals.unchanged) == (1, COUNT - 1)


async def test_what_is_exported_fits_the_model_and_nothing_of_it_is_secret(subject):
    async with subject.serve() as sandbox, subject.session(sandbox) as session:
        await subject.load(session, subject.catalog())
        path = await subject.export(session)
        text = path.read_text() + path.with_name(path.name + ".manifest.json").read_text()
        assert [secret for secret in getattr(subject.twin, "SECRETS", ()) if secret in text] == []
        for row in pl.read_csv(path, infer_schema=False).iter_rows(named=True):
            record = await session.get(subject.name, row[subject.resource.keys[0]])
            assert [one for one in getattr(subject.twin, "SECRETS", ()) if one in str(record)] == []


async def test_what_is_not_there_is_not_found(subject):
    async with subject.serve() as sandbox, subject.session(sandbox) as session:
        with pytest.raises(NotFoundError, match="no record"):
            await session.get(subject.name, "987654321")
        with pytest.raises(UsageError, match="cannot be found by"):
            await session.get(subject.name, "1", by="colour")


async def test_find_gives_exactly_the_records_that_were_asked_for(subject):
    async with subject.serve() as sandbox, subject.session(sandbox) as session:
        await subject.load(session, subject.catalog())
        wanted = [str(row[subject.key]) for row in subject.rows[:7]]
        reach = await session.access.to(subject.connector)
        async with reach.connect() as client:
            found = await ask(client, subject.resource.find(subject.key, [*wanted, "987654321"]))
        assert set(found) == set(wanted)
        documents = [subject.resource.read(record) for record in found.values()]
        assert {str(dict(leaves(document))[subject.key]) for document in documents} == set(wanted)


async def presence(session, subject, path):
    found = session.exists(Order(resource=subject.name, source=str(path)))
    return [one async for some in found for one in some]


async def test_exists_tells_each_row_whether_its_record_is_there_and_under_which_id(subject):
    async with subject.serve() as sandbox, subject.session(sandbox) as session:
        await subject.load(session, subject.catalog())
        before, rows = sandbox.log.total, [{subject.key: row[subject.key]} for row in subject.rows]
        found = await presence(session, subject, subject.catalog([*rows, {subject.key: "987654321"}]))
        assert [(one.key, one.exists) for one in found] == [
            *((str(row[subject.key]), True) for row in rows),
            ("987654321", False),
        ]
        # Besides the look-ups, a token may have to be fetched, and what the records refer to.
        assert sandbox.log.total - before <= 3 + COUNT // subject.resource.find_at_once
        for one in found[:3]:
            record = await session.get(subject.name, one.id, by="id")
            assert dict(leaves(subject.resource.read(record)))[subject.key] == one.key


async def test_a_listing_goes_on_after_any_of_its_pages(subject):
    subject.rows = subject.twin.examples(subject.resource.name, 230)
    async with subject.serve() as sandbox, subject.session(sandbox) as session:
        await subject.load(session, subject.catalog())
        reach = await session.access.to(subject.connector)
        async with reach.connect() as client:
            pages = await listed(client, subject.resource.walk(Query(), None))
            ids = [record["id"] for page in pages for record in page.records]
            assert (len(ids), len(set(ids))) == (230, 230)
            for number, page in enumerate(pages):
                if page.resume is None:
                    continue
                rest = await listed(client, subject.resource.walk(Query(), page.resume))
                seen = {one["id"] for done in pages[: number + 1] for one in done.records}
                assert seen | {one["id"] for later in rest for one in later.records} == set(ids)


async def listed(client, walk):
    pages = []
    try:
        step = next(walk)
        while True:
            if isinstance(step, Page):
                pages.append(step)
                step = walk.send(None)
            else:
                step = walk.send(await client.send(step))
    except StopIteration:
        return pages


async def test_a_wrong_credential_costs_one_request_and_leaves_every_row_not_tried(subject):
    async with subject.serve(Faults.parse(["401:100%"])) as sandbox, subject.session(sandbox) as session:
        run = await subject.load(session, subject.catalog())
        assert (run.status, run.exit_code, run.totals.not_tried) == (RunStatus.STOPPED, 77, COUNT)
        assert sandbox.log.total == 1


@pytest.mark.parametrize("faults", [["500:10%"], ["502:10%", "429:@3"], ["reset_after:15%"], ["reset_before:15%"]])
@leaping
async def test_under_faults_every_record_is_written_and_none_is_created_twice(subject, faults):
    subject.clock = LoopClock()
    async with subject.serve(Faults.parse(faults, seed=3)) as sandbox, subject.session(sandbox) as session:
        run = await subject.load(session, subject.catalog())
        assert run.totals.closes
        assert (run.totals.succeeded, run.totals.unknown) == (COUNT, 0)
        path = await subject.export(session)
        keys = pl.read_csv(path, infer_schema=False)[subject.key].to_list()
        assert Counter(keys) == Counter(str(row[subject.key]) for row in subject.rows)


async def test_every_row_has_an_entry_and_the_totals_are_counted_from_them(subject):
    rows = subject.rows
    rows[3] = rows[3] | {"description": "#N/A"}
    async with subject.serve() as sandbox, subject.session(sandbox) as session:
        run = await subject.load(session, subject.catalog(rows))
        entries = [entry async for entry in session.ledger.entries(run.id)]
        assert [entry.row for entry in entries] == list(range(2, COUNT + 2))
        assert Counter(entry.status for entry in entries) == {Status.INVALID: 1, Status.SUCCEEDED: COUNT - 1}


async def test_a_plan_of_new_rows_creates_them_all_and_writes_nothing(subject):
    async with subject.serve() as sandbox, subject.session(sandbox) as session:
        order = Order(resource=subject.name, source=str(subject.catalog()))
        actions = Counter([change.action.value async for change in session.plan(order)])
        assert actions == {"create": COUNT}
        assert subject.writes(sandbox) == []


async def test_what_cannot_be_deleted_says_so(subject):
    if subject.resource.delete is not None:
        return
    async with subject.serve() as sandbox, subject.session(sandbox) as session:
        with pytest.raises(UsageError, match="cannot be deleted"):
            await subject.delete(session, subject.catalog())
        assert sandbox.log.total == 0


async def test_records_are_deleted_once_and_created_again_by_the_same_file(deletable):
    async with deletable.serve() as sandbox, deletable.session(sandbox) as session:
        path = deletable.catalog()
        await deletable.load(session, path)
        run = await deletable.delete(session, deletable.keys_of(deletable.rows[:20]))
        assert (run.totals.read, run.totals.succeeded, run.exit_code) == (20, 20, 0)
        assert {entry.outcome async for entry in session.ledger.entries(run.id)} == {"deleted"}
        there = await presence(session, deletable, deletable.keys_of(deletable.rows))
        assert [one.exists for one in there] == [False] * 20 + [True] * (COUNT - 20)
        again = await deletable.delete(session, deletable.keys_of(deletable.rows[:20]))
        assert (again.totals.unchanged, again.exit_code) == (20, 0)
        run = await deletable.load(session, path)
        assert (run.totals.created, run.totals.unchanged) == (20, COUNT - 20)


async def test_an_export_names_what_is_to_be_deleted_and_nothing_is_before_it_is_confirmed(deletable):
    async with deletable.serve() as sandbox, deletable.session(sandbox) as session:
        await deletable.load(session, deletable.catalog())
        path, before = await deletable.export(session), sandbox.log.total
        run = await deletable.delete(session, path, yes=False)
        assert (run.status, run.exit_code, sandbox.log.total) == (RunStatus.REFUSED, 4, before)
        run = await deletable.delete(session, path, dry_run=True)
        assert (run.totals.not_tried, sandbox.log.total) == (COUNT, before)
        assert (await deletable.delete(session, path)).totals.succeeded == COUNT


@pytest.mark.parametrize("faults", [["500:10%"], ["reset_after:15%"], ["reset_before:15%"]])
async def test_under_faults_every_record_is_deleted_and_the_totals_close(deletable, faults):
    async with deletable.serve() as sandbox, deletable.session(sandbox) as session:
        await deletable.load(session, deletable.catalog())
        sandbox.plan(Faults.parse(faults, seed=3))
        run = await deletable.delete(session, deletable.keys_of(deletable.rows))
        assert run.totals.closes
        assert (run.totals.succeeded + run.totals.unchanged, run.exit_code) == (COUNT, 0)


async def test_a_deletion_that_was_stopped_is_resumed_and_what_failed_is_retried_as_a_deletion(deletable):
    async with deletable.serve() as sandbox, deletable.session(sandbox) as session:
        await deletable.load(session, deletable.catalog())
        sandbox.plan(Faults.parse(["401:@4"]))
        stopped = await deletable.delete(session, deletable.keys_of(deletable.rows))
        run = await session.resume(stopped.id, Guards(), Stop()) if stopped.exit_code else stopped
        assert (run.instance.operation, run.totals.succeeded, run.exit_code) == ("delete", COUNT, 0)
        with pytest.raises(UsageError, match="no row"):
            await session.retry(run.id, Guards(), Stop())

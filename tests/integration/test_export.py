"""From an API's pages to a file: complete, once, and as it was; whatever breaks off in between."""

import asyncio
import dataclasses
import hashlib
import json
import signal
import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import polars as pl
import pytest
from leaping import Impatient, leaping
from pydantic import Field

from bulk.connectors.luminous.sandbox import seed_products
from bulk.contracts import OtherRows, Page, Query, Resource
from bulk.errors import LockedError, SourceError, UsageError
from bulk.fingerprint import fingerprint
from bulk.formats import open_source
from bulk.http.auth import Bearer
from bulk.http.client import Client
from bulk.http.pace import Pace
from bulk.jobs.export.exporter import Exporter
from bulk.jobs.guards import Stop
from bulk.ledger import SqliteLedger
from bulk.model import ROW, Instance, Limits, Request, RunStatus, Traffic
from bulk.orders import Extract
from bulk.sandbox import Answer, Api, Faults, Route, Sandbox
from bulk.validation.document import UNSET, Document

START = 1_767_225_600


class Lid(Document):
    """Part of a crate."""

    name: Annotated[str, Field(description="name")]


class Crate(Document):
    """What is imported and exported here."""

    id: Annotated[int, Field(description="id")] = UNSET
    code: Annotated[str, Field(description="code")] = UNSET
    label: Annotated[str | None, Field(description="label")] = UNSET
    lid: Annotated[Lid | None, Field(description="lid")] = UNSET
    price: Annotated[float | None, Field(ge=0, description="price")] = UNSET
    sold: Annotated[bool | None, Field(description="sold")] = UNSET
    extras: Annotated[dict[str, str | int | float | bool], Field(description="extras")] = UNSET
    marks: Annotated[list[str] | None, Field(description="marks")] = UNSET
    parts: Annotated[list[dict[str, object]] | None, Field(description="parts")] = UNSET


class Part(Document):
    """A row of its own that belongs to a crate."""

    code: Annotated[str, Field(description="code")] = UNSET
    price: Annotated[float | None, Field(description="price")] = UNSET
    slot: Annotated[int | None, Field(description="slot")] = UNSET


class Facts(Document):
    """What a crate shows, but nobody can set."""

    changed: Annotated[str, Field(description="when it changed")] = UNSET
    worth: Annotated[int, Field(description="what it is worth; not every way to read shows it")] = UNSET


def walk(query, resume):
    """By page number, or for `since` and `fast` by cursor."""
    if query.fast or query.since is not None:
        since = 0 if query.since is None else int(query.since.timestamp())
        step = (("cursor", resume),) if resume else (("since", str(since)),)
        while step:
            body = (yield Request(method="GET", path="/changes", query=step)).json()
            yield Page(records=body["data"], resume=body["next"])
            step = (("cursor", body["next"]),) if body["next"] else ()
        return
    number = int(resume or 1)
    while True:
        body = (yield Request(method="GET", path="/crates", query=(("page", str(number)), *query.where))).json()
        more = number * body["size"] < body["total"]
        yield Page(records=body["data"], total=body["total"], resume=str(number + 1) if more else None)
        number += 1
        if not more:
            return


def changed_at(record):
    return datetime.fromtimestamp(record["changed_at"], UTC) if "changed_at" in record else None


def read(record):
    document = {name: value for name, value in record.items() if name not in {"changed_at", "secret"}}
    return document | ({"changed": str(record["changed_at"])} if "changed_at" in record else {})


def never(*_):
    raise AssertionError("an export does not ask for this")


CRATES = Resource(
    name="crates",
    title="Crates",
    model=Crate,
    keys=("code", "id"),
    upsert=never,
    reference="",
    read=read,
    redacted=read,
    get=never,
    find=never,
    find_at_once=1,
    needs_current=lambda _: False,
    walk=walk,
    filter=never,
    changed_at=changed_at,
    other_rows=OtherRows(title="a part", column="crate", filled=True, model=Part, keys=("code",), within="parts"),
    read_only=Facts,
)


class Depot:
    """An API with crates, whose answers a test may spoil."""

    def __init__(self, size=3):
        self.crates = []
        self.size = size
        self.asked = []
        self.before = lambda number: None
        self.short_by = 0
        self.bad_cursors = False

    def add(self, count, first=1, **fields):
        for number in range(first, first + count):
            self.crates.append(crate(number, **fields))
        return self

    def api(self):
        def seen(call):
            self.asked.append(dict(call.query))
            self.before(len(self.asked))

        def page(call):
            seen(call)
            number = int(dict(call.query)["page"])
            start = (number - 1) * self.size
            shown = self.crates[start : start + self.size]
            return Answer.json(200, {"data": shown, "total": len(self.crates) + self.short_by, "size": self.size})

        def changes(call):
            seen(call)
            query = dict(call.query)
            if "cursor" in query and self.bad_cursors:
                return Answer.json(422, {"message": "that cursor is too old"})
            last = json.loads(query["cursor"]) if "cursor" in query else [int(query["since"]), 0]
            later = [one for one in self.crates if [one["changed_at"], one["id"]] > last]
            shown = sorted(later, key=lambda one: (one["changed_at"], one["id"]))[: self.size]
            more = len(shown) == self.size
            after = json.dumps([shown[-1]["changed_at"], shown[-1]["id"]]) if more else None
            return Answer.json(200, {"data": shown, "next": after})

        routes = (
            Route(method="GET", path="/crates", handler=page),
            Route(method="GET", path="/changes", handler=changes),
        )
        return Api(name="depot", base="/v1", routes=lambda _: routes, tokens=frozenset({"t0ken"}))


def crate(number, **fields):
    return {
        "id": number,
        "code": f"{number:05}",
        "label": f"Crate {number}",
        "lid": {"name": "oak"},
        "price": number + 0.5,
        "sold": number % 2 == 0,
        "extras": {"Color": "red"},
        "marks": ["a", "b"],
        "changed_at": START + number,
    } | fields


class Office:
    """Where exports are ordered."""

    def __init__(self, folder, depot):
        self.folder = folder
        self.depot = depot
        self.faults = None
        self.events = []
        self.now = float(START + 1_000_000)
        self.stop = Stop()
        self.token = "t0ken"
        self.stop_after = None
        self.on_page = lambda: None

    def watch(self, event):
        self.events.append(event)
        if event.kind == "exported":
            self.on_page()
            pages = sum(event.kind == "exported" for event in self.events)
            if pages == self.stop_after:
                self.stop(143)

    def ledger(self):
        return SqliteLedger(self.folder / "ledger.db", clock=lambda: self.now)

    async def export(self, name="crates.csv", *, resource=CRATES, nobody=False, **options):
        self.events.clear()
        path = self.folder / name
        query = options.pop("query", Query())
        async with (
            self.ledger() as ledger,
            Sandbox([self.depot.api()], faults=self.faults) as sandbox,
        ):
            url = "http://127.0.0.1:9" if nobody else sandbox.url("depot")

            def connect():
                return Client(
                    url,
                    auth=Bearer(self.token),
                    pace=Pace(None, clock=clock, listener=self.events.append),
                    limits=Limits(attempts=2, patience=5),
                    explain=lambda _: never(),
                    clock=clock,
                )

            clock = Impatient()
            instance = Instance(
                resource="depot.crates", operation="export", target="https://depot.example", source=str(path), sha256=""
            )
            exporter = Exporter(
                resource=resource,
                resource_name="depot.crates",
                ledger=ledger,
                instance=instance,
                connect=connect,
                path=str(path),
                query=query,
                stop=self.stop,
                listener=self.watch,
                now=lambda: self.now,
                **options,
            )
            return await exporter.run()

    def notes(self):
        return [event.message for event in self.events if event.kind == "note"]

    def table(self, name="crates.csv"):
        with open_source(str(self.folder / name)) as source:
            return pl.concat(list(source.tables[0].chunks())).drop(ROW)

    def header(self, name="crates.csv"):
        with open_source(str(self.folder / name)) as source:
            return source.tables[0].header

    def manifest(self, name="crates.csv"):
        return json.loads((self.folder / f"{name}.manifest.json").read_text())

    def left(self):
        return sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("ledger.db"))


@pytest.fixture
def depot():
    return Depot()


@pytest.fixture
def office(tmp_path, depot):
    return Office(tmp_path, depot)


async def test_every_record_of_every_page_is_in_the_file_with_all_its_columns(office, depot):
    depot.add(7)
    run = await office.export()
    table = office.table()
    assert table.columns == [
        "id", "code", "label", "lid.name", "price", "sold", "extras.Color", "marks", "changed",
    ]  # fmt: skip
    assert table["code"].to_list() == [f"{number:05}" for number in range(1, 8)]
    assert table.row(0) == ("1", "00001", "Crate 1", "oak", "1.5", "false", "red", "a; b", str(START + 1))
    assert (run.status, run.exit_code, run.totals.read, run.traffic.sent) == (RunStatus.COMPLETED, 0, 7, 3)
    assert office.left() == ["crates.csv", "crates.csv.manifest.json"]
    progress = [event.data for event in office.events if event.kind == "exported"]
    assert progress == [{"rows": 3, "total": 7}, {"rows": 6, "total": 7}, {"rows": 7, "total": 7}]


async def test_the_manifest_vouches_for_the_file(office, depot):
    depot.add(7)
    run = await office.export(query=Query(where=(("price[gte]", "0"),)))
    manifest = office.manifest()
    assert manifest.pop("sha256") == hashlib.sha256((office.folder / "crates.csv").read_bytes()).hexdigest()
    assert manifest.pop("bulk")
    assert manifest == {
        "file": "crates.csv",
        "format": "csv",
        "resource": "depot.crates",
        "target": "https://depot.example",
        "run": run.id,
        "rows": 7,
        "records": 7,
        "since": None,
        "until": "2026-01-01T00:00:07Z",
        "columns": list(office.header()),
        "where": ["price[gte]=0"],
        "fast": False,
        "complete": True,
        "started_at": "2026-01-12T13:46:40Z",
        "finished_at": "2026-01-12T13:46:40Z",
    }
    assert run.instance.sha256 == office.manifest()["sha256"]


@pytest.mark.parametrize("name", ["crates.parquet", "crates.ndjson", "crates.json", "crates.xlsx", "crates.csv.gz"])
async def test_every_format_holds_the_same(office, depot, name):
    depot.add(4)
    await office.export()
    await office.export(name)
    as_text = [[str(cell) for cell in row] for row in office.table().drop("marks", "sold", "price").rows()]
    assert [[str(cell) for cell in row] for row in office.table(name).drop("marks", "sold", "price").rows()] == as_text


async def test_parquet_keeps_types_and_lists(office, depot):
    depot.add(2).add(1, first=3, extras={"Color": "red", "Count": 3}, price=None)
    await office.export("crates.parquet")
    table = office.table("crates.parquet")
    assert table.schema == {
        "id": pl.Int64,
        "code": pl.String,
        "label": pl.String,
        "lid.name": pl.String,
        "price": pl.Float64,
        "sold": pl.Boolean,
        "extras.Color": pl.String,
        "extras.Count": pl.Int64,
        "marks": pl.List(pl.String),
        "changed": pl.String,
    }
    assert table.row(2) == (3, "00003", "Crate 3", "oak", None, False, "red", 3, ["a", "b"], str(START + 3))


async def test_members_stand_behind_their_record_and_name_it(office, depot):
    depot.add(1, parts=[{"code": "P-1", "price": 2.5, "slot": 7}, {"code": "P-2"}]).add(1, first=2, parts=None)
    run = await office.export()
    table = office.table()
    assert table.columns[:3] == ["id", "code", "crate"]
    assert table.columns[-3:] == ["marks", "slot", "changed"]
    assert table.select("code", "crate", "price", "slot").rows() == [
        ("00001", None, "1.5", None),
        ("P-1", "00001", "2.5", "7"),
        ("P-2", "00001", None, None),
        ("00002", None, "2.5", None),
    ]
    assert (run.totals.read, office.manifest()["rows"], office.manifest()["records"]) == (4, 4, 2)


async def test_members_are_left_out_where_no_column_tells_them(office, depot):
    depot.add(1, parts=[{"code": "P-1", "price": 2.5}])
    await office.export(columns=["price", "code"])
    assert office.table().rows() == [("1.5", "00001")]
    assert office.notes() == [
        "rows for a part are left out: without the column 'crate' nothing would tell them from the others"
    ]
    await office.export(columns=["price", "crate", "code"])
    assert office.table().rows() == [("1.5", None, "00001"), ("2.5", "00001", "P-1")]


async def test_columns_are_those_asked_for_in_that_order(office, depot):
    depot.add(2)
    await office.export("crates.parquet", columns=["extras.Size", "Changed", "lid.name", "crate", "code"])
    table = office.table("crates.parquet")
    assert table.columns == ["extras.Size", "changed", "lid.name", "crate", "code"]
    assert table.row(0) == (None, str(START + 1), "oak", None, "00001")


async def test_an_unknown_column_is_refused_before_any_request(office, depot):
    with pytest.raises(UsageError, match="no column 'pricee'") as caught:
        await office.export(columns=["code", "pricee"])
    assert caught.value.advice == "Did you mean 'price'?"
    with pytest.raises(UsageError, match="'parts' is no column of an export"):
        await office.export(columns=["parts"])
    with pytest.raises(UsageError, match="asked for twice"):
        await office.export(columns=["code", "Code"])
    assert (depot.asked, office.left()) == ([], [])


async def test_an_export_of_nothing_has_the_header_of_the_model(office):
    run = await office.export()
    assert office.header() == (
        "id",
        "code",
        "crate",
        "label",
        "lid.name",
        "price",
        "sold",
        "marks",
        "slot",
        "changed",
        "worth",
    )
    assert (run.exit_code, run.totals.read, office.manifest()["until"]) == (0, 0, None)


async def test_what_a_column_cannot_hold_is_left_blank_and_said(office, depot):
    depot.add(1, price="12.50", sold="maybe", label="<Clear>", marks=[{"a": 1}], extras={"Odd": ["x"], "Nul": "a\0b"})
    depot.add(1, first=2, sold="perhaps", marks=["<empty>"])
    await office.export("crates.parquet")
    table = office.table("crates.parquet")
    assert table.row(0)[2:-1] == (None, "oak", 12.5, None, None, None, None, None)
    assert office.notes() == [
        "column 'label': 1 left blank, such as '<Clear>': an import would take the text for an instruction",
        "column 'sold': 2 left blank, such as 'maybe': the API gave something else than the column holds",
        "column 'extras.Nul': 1 left blank, such as \"'a\\\\x00b'\": it holds a character that no file can hold",
        "column 'extras.Odd': 1 left blank, such as \"['x']\": the API gave something else than the column holds",
        "column 'marks': 1 left blank, such as \"[{'a': 1}]\": the API gave something else than the column holds",
        "column 'marks': 1 left blank, such as \"['<empty>']\": an import would take the text for an instruction",
    ]


async def test_formulas_are_defused_unless_asked_otherwise_and_read_as_they_were(office, depot):
    depot.add(1, label="=1+1")
    await office.export(neutralise=True)
    assert "'=1+1" in (office.folder / "crates.csv").read_text()
    assert office.table()["label"].item() == "=1+1"
    await office.export(neutralise=False)
    assert ",=1+1," in (office.folder / "crates.csv").read_text()


async def broken_off(office, depot, pages, **options):
    """An export that is asked to end after so many pages."""
    office.stop_after = pages
    run = await office.export(**options)
    office.stop_after = None
    office.stop = Stop()
    depot.asked.clear()
    return run


async def test_a_broken_off_export_leaves_no_file_and_goes_on_from_its_last_page(office, depot):
    depot.add(7)
    run = await broken_off(office, depot, 2)
    assert (run.status, run.exit_code, run.totals.read) == (RunStatus.INTERRUPTED, 143, 0)
    assert office.left() == [".crates.csv.part"]
    office.now += 3599
    run = await office.export()
    assert (run.exit_code, run.continued, depot.asked) == (0, True, [{"page": "3"}])
    assert office.table()["code"].to_list() == [f"{number:05}" for number in range(1, 8)]
    assert office.manifest()["started_at"] == "2026-01-12T13:46:40Z"
    assert office.manifest()["finished_at"] == "2026-01-12T14:46:39Z"
    assert office.left() == ["crates.csv", "crates.csv.manifest.json"]


KILLED = """
import asyncio, importlib.util, os, pathlib, signal, sys
sys.path.insert(0, str(pathlib.Path(sys.argv[1]).parents[1]))  # where what the tests share lies
spec = importlib.util.spec_from_file_location("export", sys.argv[1])
export = importlib.util.module_from_spec(spec)
spec.loader.exec_module(export)
office = export.Office(pathlib.Path(sys.argv[2]), export.Depot().add(7))
def on_page():
    office.now += 1
    office.pages += 1  # with the third page, the second is made to last
    office.pages == 3 and os.kill(os.getpid(), signal.SIGKILL)
office.pages = 0
office.on_page = on_page
asyncio.run(office.export())
"""


async def test_a_killed_export_leaves_no_file_and_goes_on_from_its_last_page(office, depot):
    depot.add(7)
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, __file__, str(office.folder))
    assert await killed.wait() == -signal.SIGKILL
    assert office.left() == [".crates.csv.part"]
    office.now += 5
    run = await office.export()
    assert (run.exit_code, run.continued, depot.asked) == (0, True, [{"page": "3"}])
    assert office.table()["code"].to_list() == [f"{number:05}" for number in range(1, 8)]
    assert office.left() == ["crates.csv", "crates.csv.manifest.json"]
    async with SqliteLedger(office.folder / "ledger.db") as ledger:
        assert [run.status for run in await ledger.runs()] == [RunStatus.COMPLETED, RunStatus.INTERRUPTED]


async def test_an_export_that_has_read_everything_reads_nothing_again(office, depot):
    depot.add(7)
    run = await broken_off(office, depot, 3)
    assert (run.exit_code, office.left()) == (143, [".crates.csv.part"])
    run = await office.export(nobody=True)
    assert (run.exit_code, run.traffic.sent, office.table().height) == (0, 0, 7)


@leaping
async def test_nobody_waits_for_an_answer_after_the_request_to_end(office, depot):
    depot.add(7)
    office.faults = Faults.parse(["hang:@2"])
    office.on_page = lambda: asyncio.get_running_loop().call_later(0.1, office.stop, 130)
    run = await office.export()
    assert (run.exit_code, len(depot.asked)) == (130, 1)


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [(0.0, [None] * 7), (0.4, [None, None, None, None, ..., ..., "5"]), (1.0, [None, None, "3", "4", "5", "6", "7"])],
)
async def test_pages_are_made_to_last_every_second_while_the_next_come(office, depot, seconds, kept):
    depot.add(24)
    states = []

    def on_page():
        states.append(json.loads((office.folder / ".crates.csv.part" / "state.json").read_text())["progress"]["resume"])
        office.now += seconds

    office.on_page = on_page
    await office.export()
    assert [state if when is not ... else ... for state, when in zip(states, kept, strict=False)] == kept


async def test_every_two_thousand_records_are_made_to_last(office, depot):
    depot.size = 600
    depot.add(5400)
    states = []
    office.on_page = lambda: states.append(
        json.loads((office.folder / ".crates.csv.part" / "state.json").read_text())["progress"]["resume"]
    )
    await office.export()
    assert (states[:4], states[7]) == ([None] * 4, "5")


async def import_at(office):
    """An import that begins and ends now."""
    async with office.ledger() as ledger:
        run = await ledger.begin(instance_of(office, "import"), fresh=True)
        await ledger.finish(run.id, RunStatus.REFUSED, seconds=0, traffic=Traffic(), exit_code=65)


async def test_an_import_since_costs_a_new_start(office, depot):
    depot.add(7)
    await broken_off(office, depot, 2)
    office.now += 10
    await import_at(office)
    office.now += 10
    depot.crates[0] = crate(1, price=99)
    run = await office.export()
    assert (run.exit_code, run.continued, len(depot.asked)) == (0, False, 3)
    assert office.notes() == ["an import was under way since this export was begun, so it starts anew"]
    assert office.table()["price"].to_list()[0] == "99"


async def test_an_import_before_costs_nothing(office, depot):
    depot.add(7)
    await import_at(office)
    office.now += 10
    await broken_off(office, depot, 2)
    assert (await office.export()).continued


@pytest.mark.parametrize("name", ["pages.ndjson", "state.json", "manifest.json"])
async def test_a_destination_may_be_called_like_what_is_laid_aside(office, depot, name):
    depot.add(7)
    run = await office.export(name)
    assert (run.exit_code, office.table(name).height) == (0, 7)
    assert office.manifest(name)["sha256"] == hashlib.sha256((office.folder / name).read_bytes()).hexdigest()
    assert office.left() == [name, f"{name}.manifest.json"]


async def test_only_the_owner_reads_what_is_laid_aside_and_everybody_the_outcome_as_any_new_file(office, depot):
    depot.add(7)
    (office.folder / "usual").touch()
    await broken_off(office, depot, 2)
    folder = office.folder / ".crates.csv.part"
    assert [path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())] == [0o700, 0o600, 0o600]
    await office.export()
    modes = {(office.folder / name).stat().st_mode for name in ("usual", "crates.csv", "crates.csv.manifest.json")}
    assert len(modes) == 1


def as_it_was_once(folder):
    """Let what was laid aside look as an earlier program left it: documents, line by line."""
    (folder / "pieces.arrow").rename(folder / "pages.ndjson")
    (folder / "pieces.arrow").write_bytes((folder / "pages.ndjson").read_bytes())
    state = json.loads((folder / "state.json").read_text())
    (folder / "state.json").write_text(json.dumps({name: state[name] for name in ("order", "progress")}))


async def test_a_torn_last_piece_is_cut_off(office, depot):
    depot.add(7)
    await broken_off(office, depot, 2)
    with (office.folder / ".crates.csv.part" / "pieces.arrow").open("ab") as pieces:
        pieces.write(b"\x40\x01\x00\x00\x00\x00")
    assert (await office.export()).continued
    assert office.table()["code"].to_list() == [f"{number:05}" for number in range(1, 8)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda office: setattr(office, "now", office.now + 3600), id="too old"),
        pytest.param(lambda office: {"columns": ["code"]}, id="other columns"),
        pytest.param(lambda office: {"query": Query(where=(("price", "1"),))}, id="another query"),
        pytest.param(lambda office: (office.folder / ".crates.csv.part" / "state.json").write_text("{"), id="damaged"),
        pytest.param(lambda office: (office.folder / ".crates.csv.part" / "pieces.arrow").write_text("x"), id="short"),
        pytest.param(lambda office: as_it_was_once(office.folder / ".crates.csv.part"), id="of an older form"),
    ],
)
async def test_what_cannot_be_gone_on_with_starts_anew(office, depot, change):
    depot.add(7)
    await broken_off(office, depot, 2)
    options = change(office)
    run = await office.export(**(options if isinstance(options, dict) else {}))
    assert (run.exit_code, run.continued, len(depot.asked)) == (0, False, 3)
    assert office.table()["code"].to_list() == [f"{number:05}" for number in range(1, 8)]


async def test_a_cursor_that_the_api_has_forgotten_costs_a_new_start(office, depot):
    depot.add(7)
    await broken_off(office, depot, 2, query=Query(fast=True))

    def before(number):
        depot.bad_cursors = number == 1

    depot.before = before
    run = await office.export(query=Query(fast=True))
    assert (run.exit_code, len(depot.asked)) == (0, 4)
    assert office.notes() == ["the API would not go on where the export was broken off, so it starts anew"]
    assert office.table()["code"].to_list() == [f"{number:05}" for number in range(1, 8)]


async def test_a_refusal_in_the_middle_stops_the_export(office, depot):
    depot.add(7)
    depot.bad_cursors = True
    run = await office.export(query=Query(fast=True))
    assert (run.status, run.exit_code, len(depot.asked)) == (RunStatus.STOPPED, 4, 2)


async def test_a_cancelled_export_is_interrupted_and_goes_on(office, depot):
    depot.add(7)
    task = None

    def before(number):
        if number == 2:
            asyncio.get_running_loop().call_soon(task.cancel)

    depot.before = before
    task = asyncio.ensure_future(office.export())
    with pytest.raises(asyncio.CancelledError):
        await task
    async with SqliteLedger(office.folder / "ledger.db") as ledger:
        run = await ledger.run("last")
    assert (run.status, run.exit_code) == (RunStatus.INTERRUPTED, 130)
    depot.asked.clear()
    assert (await office.export()).continued
    assert depot.asked == [{"page": "2"}, {"page": "3"}]


async def test_an_api_that_cannot_be_reached_is_exit_69(office):
    run = await office.export(nobody=True)
    assert (run.status, run.exit_code) == (RunStatus.PAUSED, 69)


async def test_what_was_laid_aside_outlasts_an_api_that_cannot_be_reached(office, depot):
    depot.add(7)
    await broken_off(office, depot, 2)
    assert (await office.export(nobody=True)).exit_code == 69
    assert (await office.export()).exit_code == 0
    assert depot.asked == [{"page": "3"}]


@leaping
async def test_an_outage_in_the_middle_is_exit_5_and_the_export_goes_on(office, depot):
    depot.add(7)
    office.faults = Faults.parse(["503_bare:@" + ",".join(map(str, range(2, 100)))])
    run = await office.export()
    assert (run.status, run.exit_code) == (RunStatus.PAUSED, 5)
    office.faults = None
    depot.asked.clear()
    run = await office.export()
    assert (run.exit_code, depot.asked) == (0, [{"page": "2"}, {"page": "3"}])


async def test_a_wrong_token_is_exit_77(office, depot):
    office.token = "wrong"
    run = await office.export()
    assert (run.status, run.exit_code, depot.asked) == (RunStatus.STOPPED, 77, [])


async def test_a_record_that_slips_by_is_found_by_reading_once_more(office, depot):
    depot.add(7)
    gone = []

    def before(number):
        if number == 2:  # the first page has been given; its first record goes, and all others move up
            gone.append(depot.crates.pop(0))

    depot.before = before
    run = await office.export()
    assert office.table()["code"].to_list() == [f"{number:05}" for number in (1, 2, 3, 5, 6, 7, 4)]
    assert (run.exit_code, office.manifest()["complete"], len(depot.asked)) == (0, True, 4)
    assert office.notes() == ["1 of 7 records did not come; reading once more"]


async def test_of_300_records_none_slips_by_for_one_that_is_deleted(office, depot):
    depot.size = 100
    depot.add(300)
    depot.before = lambda number: number == 2 and depot.crates.pop(4)
    run = await office.export()
    assert set(office.table()["code"]) == {f"{number:05}" for number in range(1, 301)}
    assert (run.exit_code, office.manifest()["complete"], len(depot.asked)) == (0, True, 6)


async def test_a_record_deleted_for_good_is_not_missing_once_a_steady_walk_shows_nothing_new(office, depot):
    depot.add(8)
    depot.before = lambda number: number == 2 and depot.crates.pop(6)  # one that would have come
    run = await office.export()
    assert office.table()["code"].to_list() == [f"{number:05}" for number in (1, 2, 3, 4, 5, 6, 8)]
    assert (run.exit_code, office.manifest()["complete"], len(depot.asked)) == (0, True, 6)
    assert office.notes() == [
        "1 of 8 records did not come; reading once more",
        "1 of 8 records did not come: they were deleted meanwhile",
    ]
    assert await bookmark(office) is not None


async def test_what_was_deleted_does_not_stand_in_for_what_slipped_by(office, depot):
    """One goes after it was given and one before, so that the second walk shows something new, and only the third not."""
    depot.add(8)
    depot.before = lambda number: number == 2 and (depot.crates.pop(6), depot.crates.pop(0))
    run = await office.export()
    assert office.table()["code"].to_list() == [f"{number:05}" for number in (1, 2, 3, 5, 6, 8, 4)]
    assert (run.exit_code, len(depot.asked)) == (0, 6)
    assert office.notes()[0] == "2 of 8 records did not come; reading once more"


async def test_a_catalog_that_does_not_come_to_rest_stays_short(office, depot):
    depot.add(12)
    depot.before = lambda number: depot.crates.pop() if number in {2, 6, 10} else None
    run = await office.export()
    assert (run.exit_code, office.manifest()["complete"]) == (3, False)


async def test_an_export_that_stays_short_says_so_and_leaves_no_bookmark(office, depot):
    depot.add(2)
    depot.short_by = 1
    run = await office.export()
    assert (run.status, run.exit_code, len(depot.asked)) == (RunStatus.COMPLETED, 3, 3)
    assert run.reason == "1 of 3 records did not come, however often they were asked for"
    assert office.notes()[-1] == run.reason
    assert office.manifest()["complete"] is False
    assert await bookmark(office) is None


async def test_a_record_seen_twice_counts_once_as_first_read(office, depot):
    depot.add(4)

    def before(number):
        if number == 2:  # a newcomer in front moves the third to the second page
            depot.crates.insert(0, crate(9))
            depot.crates[3] = crate(3, label="later")

    depot.before = before
    await office.export()
    assert office.table()["code"].to_list() == ["00001", "00002", "00003", "00004", "00009"]
    assert office.table()["label"].to_list()[2] == "Crate 3"


async def test_by_order_of_change_the_later_state_counts(office, depot):
    depot.add(4)

    def before(number):
        if number == 2:
            depot.crates[0] = crate(1, label="later", changed_at=START + 100)

    depot.before = before
    await office.export(query=Query(fast=True))
    assert office.table()["code"].to_list() == ["00002", "00003", "00004", "00001"]
    assert office.table()["label"].to_list()[3] == "later"


async def bookmark(office, columns=None, *, fast=False):
    async with SqliteLedger(office.folder / "ledger.db") as ledger:
        chain = json.dumps({"columns": columns, "fast": fast})
        found = await ledger.bookmark("https://depot.example", "depot.crates", chain)
        return None if found is None else json.loads(found[1])


async def test_since_last_without_a_bookmark_exports_everything_and_says_so(office, depot):
    depot.add(4)
    await office.export(last=True)
    assert office.table().height == 4
    assert office.notes() == ["no earlier export like this one left a bookmark, so everything is exported"]
    assert office.manifest()["since"] == "1970-01-01T00:00:00Z"


async def test_since_last_gives_only_what_has_changed(office, depot):
    depot.add(4)
    await office.export()
    office.now += 10
    run = await office.export("changes.csv", last=True)
    assert (run.exit_code, run.totals.read) == (0, 0)
    assert office.header("changes.csv")[:2] == ("id", "code")
    depot.crates[1] = crate(2, price=99, changed_at=START + 50)
    await office.export("changes.csv", last=True)
    assert office.table("changes.csv").select("code", "price").rows() == [("00002", "99")]
    assert office.manifest("changes.csv")["since"] == "2025-12-31T23:59:04Z"
    depot.crates[2] = crate(3, price=98, changed_at=START + 50)  # in the very second that was read before
    await office.export("changes.csv", last=True)
    assert office.table("changes.csv").select("code", "price").rows() == [("00003", "98")]
    assert (await office.export("changes.csv", last=True)).totals.read == 0
    assert (await bookmark(office))["until"] == "2026-01-01T00:00:50+00:00"


async def test_another_kind_of_export_does_not_move_the_bookmark(office, depot):
    depot.add(4)
    await office.export()
    depot.crates[1] = crate(2, price=99, changed_at=START + 500)
    await office.export("some.csv", columns=["Code", "label"])
    await office.export("fast.csv", query=Query(fast=True))
    assert office.notes() == []
    await office.export("changes.csv", last=True)
    assert office.table("changes.csv").select("code", "price").rows() == [("00002", "99")]
    for options in ({"columns": ["code", "Label"]}, {"query": Query(fast=True)}):
        run = await office.export("changes.csv", last=True, **options)
        assert (run.totals.read, office.manifest("changes.csv")["since"]) == (0, "2026-01-01T00:07:20Z")


async def test_a_read_only_field_that_only_one_way_shows_gives_no_record_twice(office, depot):
    depot.add(4)
    await office.export()
    whole = dataclasses.replace(CRATES, read=lambda record: {**read(record), "worth": 7})
    assert (await office.export("changes.csv", last=True, resource=whole)).totals.read == 0
    depot.crates[1] = crate(2, label=None)
    await office.export("changes.csv", last=True, resource=whole)
    assert office.table("changes.csv")["code"].to_list() == ["00002"]


@pytest.mark.parametrize("query", [Query(where=(("price", "1"),)), Query(since=datetime(2026, 1, 1, tzinfo=UTC))])
async def test_an_export_of_a_part_leaves_no_bookmark(office, depot, query):
    depot.add(4)
    await office.export(query=query)
    assert await bookmark(office) is None


async def test_a_bookmark_is_never_later_than_the_server_said_it_was(office, depot):
    before = time.time()
    depot.add(1).add(1, first=2, changed_at=4_000_000_000)
    await office.export()
    left = await bookmark(office)
    assert before - 1 <= datetime.fromisoformat(left["until"]).timestamp() <= time.time()
    assert [*left["recent"]] == ["2"]


def instance_of(office, operation):
    path = str(office.folder / "crates.csv")
    return Instance(
        resource="depot.crates", operation=operation, target="https://depot.example", source=path, sha256=""
    )


async def known(office, codes):
    async with SqliteLedger(office.folder / "ledger.db") as ledger:
        here = instance_of(office, "import")
        return await ledger.known(here.target, here.resource, codes)


async def test_the_ledger_knows_what_was_read(office, depot):
    depot.add(4)
    await office.export()
    expected = {code: fingerprint(read(depot.crates[place])) for code, place in (("00001", 0), ("00004", 3))}
    assert await known(office, ["00001", "00004", "00005"]) == expected


async def test_a_record_whose_key_holds_half_a_character_is_exported_but_not_remembered(office, depot):
    depot.add(2)
    depot.crates[0]["code"] = "\ud83c"
    run = await office.export()
    assert (run.exit_code, office.table()["code"].to_list()) == (0, [None, "00002"])
    assert "holds a character that no file can hold" in " ".join(office.notes())
    assert await known(office, ["00002"]) == {"00002": fingerprint(read(depot.crates[1]))}


async def test_what_was_read_beside_an_import_is_not_remembered(office, depot):
    depot.add(7)
    async with SqliteLedger(office.folder / "ledger.db") as ledger:
        with ledger.lock("https://depot.example", "depot.crates"):
            await ledger.begin(instance_of(office, "import"))
            run = await office.export()
    assert run.exit_code == 0
    assert office.notes() == ["an import was under way: what was read is not remembered"]
    assert await known(office, ["00001"]) == {}


async def test_two_exports_to_one_place_at_once_are_refused(office, depot):
    depot.add(1)
    async with SqliteLedger(office.folder / "ledger.db") as ledger:
        with ledger.lock("https://depot.example", f"depot.crates export {office.folder / 'crates.csv'}"):
            with pytest.raises(LockedError):
                await office.export()
            assert (await office.export("other.csv")).exit_code == 0


async def test_what_a_workbook_cannot_hold_is_refused_and_the_old_file_stays(office, depot):
    depot.add(1)
    await office.export("crates.xlsx")
    before = (office.folder / "crates.xlsx").read_bytes(), office.manifest("crates.xlsx")
    depot.add(1, first=2, label="x" * 32_768)
    with pytest.raises(SourceError) as caught:
        await office.export("crates.xlsx")
    assert caught.value.path == str(office.folder / "crates.xlsx")
    assert "32,768 characters" in str(caught.value)
    assert ((office.folder / "crates.xlsx").read_bytes(), office.manifest("crates.xlsx")) == before
    assert office.left() == ["crates.xlsx", "crates.xlsx.manifest.json"]
    async with SqliteLedger(office.folder / "ledger.db") as ledger:
        assert (await ledger.run("last")).exit_code == 65


async def test_a_place_that_cannot_be_written_is_refused_before_any_request(office, depot):
    with pytest.raises(UsageError, match="there is no folder"):
        await office.export("nowhere/crates.csv")
    (office.folder / "folder.csv").mkdir()
    with pytest.raises(UsageError, match="it is a folder"):
        await office.export("folder.csv")
    with pytest.raises(UsageError, match="does not say what format"):
        await office.export("crates.txt")
    assert (depot.asked, office.left()) == ([], ["folder.csv"])


async def test_a_link_stays_a_link_to_the_new_file(office, depot):
    depot.add(1)
    (office.folder / "real.csv").write_text("old")
    (office.folder / "crates.csv").symlink_to(office.folder / "real.csv")
    await office.export()
    assert (office.folder / "crates.csv").is_symlink()
    assert office.table("real.csv").height == 1
    assert office.manifest("real.csv")["file"] == "real.csv"


async def test_products_read_by_page_are_not_given_again_by_the_cursor_although_that_shows_their_cost(
    twin, desk, tmp_path
):
    async with twin(products=seed_products(50, variants=5)) as sandbox:
        desk.point_to(sandbox)

        async def exported(name, **what):
            async with desk.session() as session:
                await session.export(Extract(resource="luminous.products", path=str(tmp_path / name), **what), Stop())
            return json.loads((tmp_path / f"{name}.manifest.json").read_text())

        assert "landed_cost" not in (await exported("all.csv"))["columns"]
        sandbox.log.reset()
        assert (await exported("changes.csv", last=True))["records"] == 0
        assert {one.path.rpartition("/")[2] for one in sandbox.log.requests()} == {"export", "products"}
        everything = await exported("fast.csv", last=True, fast=True)
        assert (everything["records"], "landed_cost" in everything["columns"]) == (50, True)

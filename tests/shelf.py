"""A small API whose things can be deleted, with modes and roles to choose; and a desk that loads into it."""

import json
from contextlib import closing
from functools import partial
from typing import Annotated
from urllib.parse import quote, unquote

from catalogs import write_csv
from pydantic import Field

from bulk.contracts import Choice, Explanation, Page, Resource, SystemClock
from bulk.errors import RefusedError
from bulk.formats import open_source
from bulk.http.auth import Bearer
from bulk.http.client import Client
from bulk.http.pace import Pace
from bulk.jobs.check.checker import Checker
from bulk.jobs.check.reading import Reading
from bulk.jobs.guards import Guards, Stop
from bulk.jobs.importer import Importer
from bulk.jobs.planner import Planner
from bulk.jobs.presence import presences
from bulk.jobs.retry import rows_to_retry
from bulk.jobs.run_options import RunOptions
from bulk.jobs.send.dispatch import Dispatch
from bulk.jobs.send.single_process import SingleProcess
from bulk.ledger import SqliteLedger
from bulk.model import Instance, Limits, Outcome, Request, Status
from bulk.sandbox import Answer, Api, Route, Sandbox
from bulk.validation.document import UNSET, Document, Identifier


class Thing(Document):
    reference = "https://shelf.test/docs"

    key: Annotated[str, Field(max_length=50, description="Key"), Identifier()] = UNSET
    id: Annotated[int, Field(description="ID")] = UNSET
    name: Annotated[str, Field(description="Name")] = UNSET
    roles: Annotated[list[str], Field(description="Roles")] = UNSET


def _path(record):
    return f"/things/{record.by}={quote(record.key, safe='')}"


def _get(column, key):
    try:
        response = yield Request(method="GET", path=f"/things/{column}={quote(key, safe='')}")
    except RefusedError as refusal:
        if refusal.status == 404:
            return None
        raise
    return response.json()


def _find(column, keys):
    query = tuple((column, key) for key in keys)
    response = yield Request(method="GET", path="/things", query=query)
    return {str(one[column]): one for one in response.json()}


def _roles(roles, current, wanted):
    there = current.get("roles", [])
    if roles == "add":
        return sorted({*there, *wanted})
    return sorted({*there} - {*wanted}) if roles == "remove" else sorted(wanted)


def _upsert(record, *, mode="upsert", roles="set"):
    current = record.current
    if current is None:
        current = (yield from _get(record.by, record.key)) or {}
    if mode == "create" and current:
        raise RefusedError("it is there already", code="exists")
    if mode == "update" and not current:
        raise RefusedError("it is not there", code="missing")
    document = json.loads(record.payload if current else record.whole or record.payload)
    if "roles" in document:
        document["roles"] = _roles(roles, current, document["roles"])
    if current and all(current.get(name) == value for name, value in document.items() if name != "id"):
        return Outcome(status=Status.UNCHANGED, remote_id=str(current["id"]))
    response = yield Request(method="POST", path="/things", body=json.dumps(document).encode())
    return Outcome(outcome="updated" if current else "created", remote_id=str(response.json()["id"]))


def _delete(record):
    if record.current == {}:
        return Outcome(status=Status.UNCHANGED, message="it is not there")
    try:
        response = yield Request(method="DELETE", path=_path(record))
    except RefusedError as refusal:
        if refusal.status == 404:
            return Outcome(status=Status.UNCHANGED, message="it is not there")
        raise
    return Outcome(outcome="deleted", remote_id=str(response.json()["id"]), http_status=response.status)


def _walk(query, after):
    response = yield Request(method="GET", path="/things")
    yield Page(records=response.json())


THINGS = Resource(
    name="things",
    title="Things",
    model=Thing,
    keys=("key", "id"),
    upsert=_upsert,
    reference="https://shelf.test/docs",
    read=dict,
    redacted=dict,
    get=_get,
    find=_find,
    find_at_once=50,
    needs_current=lambda _: True,
    walk=_walk,
    filter=lambda text: ("where", text),
    changed_at=lambda _: None,
    choices=(
        Choice(name="mode", values=("upsert", "create", "update"), description="What to do with records."),
        Choice(
            name="roles",
            values=("set", "add", "remove"),
            description="What to do with roles.",
            alters=frozenset({"roles"}),
        ),
    ),
    delete=_delete,
)


def shelf_api():
    def routes(store):
        things = store.table("things", unique=("key",))

        def named(call):
            column, _, key = unquote(call.path.removeprefix("/things/")).partition("=")
            return things.get(int(key)) if column == "id" else things.find("key", key)

        def listed(call):
            wanted = {value for _, value in call.query}
            chosen = [one for one in things if not wanted or {one["key"], str(one["id"])} & wanted]
            return Answer.json(200, chosen)

        def get(call):
            thing = named(call)
            return Answer.json(404, {"message": "no such thing"}) if thing is None else Answer.json(200, thing)

        def put(call):
            thing = things.find("key", call.document["key"])
            if thing is None:
                return Answer.json(201, things.add(call.document))
            things.update(thing, call.document)
            return Answer.json(200, thing)

        def delete(call):
            thing = named(call)
            if thing is None:
                return Answer.json(404, {"message": "no such thing"})
            if thing.get("name") == "held":
                return Answer.json(400, {"message": "something refers to it"})
            things.remove(thing)
            return Answer.json(200, thing)

        return [
            Route(method="GET", path="/things", handler=listed),
            Route(method="POST", path="/things", handler=put),
            Route(method="GET", path="/things/{name}", handler=get),
            Route(method="DELETE", path="/things/{name}", handler=delete),
        ]

    return Api(name="shelf", base="/shelf", routes=routes, tokens=frozenset({"t0ken"}))


def shelf(faults=None):
    return Sandbox([shelf_api()], faults=faults)


class ShelfDesk:
    """Loads files into a shelf, as a session does for resources that are registered."""

    def __init__(self, sandbox, folder, clock=None):
        self.sandbox, self.folder = sandbox, folder
        self.clock = clock or SystemClock()
        self.ledger = SqliteLedger(folder / "ledger.db")
        self.asked = []

    async def __aenter__(self):
        await self.ledger.__aenter__()
        return self

    async def __aexit__(self, *error):
        await self.ledger.__aexit__(*error)

    @property
    def keys(self):
        """What is on the shelf."""
        return sorted(one["key"] for one in self.sandbox.store("shelf").table("things", unique=("key",)))

    def thing(self, key):
        return self.sandbox.store("shelf").table("things", unique=("key",)).find("key", key)

    def calls(self, method):
        return len(self.sandbox.log.requests(method=method))

    def file(self, rows, name="things.csv"):
        return write_csv(self.folder / name, rows)

    def connect(self):
        return Client(
            self.sandbox.url("shelf"),
            auth=Bearer("t0ken"),
            pace=Pace(None, clock=self.clock),
            limits=Limits(concurrency=4),
            explain=lambda response: Explanation(message=response.json()["message"]),
            clock=self.clock,
        )

    async def load(self, rows, decisions=None, **guards):
        return await self.run(rows, "import", decisions=decisions or {}, **guards)

    async def delete(self, rows, *, yes=True, **how):
        def confirm(consequences):
            self.asked.append(dict(consequences))
            return yes

        return await self.run(rows, "delete", keys_only=True, confirm=confirm, **how)

    async def retry(self, run, **guards):
        source, recorded = await rows_to_retry(self.ledger, run), RunOptions.of(run)
        operation = "delete" if recorded.deletes else "retry"
        return await self._run(
            source, operation, recorded.reading(), recorded.decisions, parent=run.id, confirm=lambda _: True, **guards
        )

    async def run(self, rows, operation, *, keys_only=False, decisions=None, match_by=None, limit=None, **guards):
        reading = Reading(keys_only=keys_only, match_by=match_by, limit=limit)
        with closing(open_source(str(self.file(rows)))) as source:
            return await self._run(source, operation, reading, decisions or {}, **guards)

    async def _run(self, source, operation, reading, decisions, *, parent=None, stop=None, taken_up=None, **guards):
        resource = THINGS.chosen(decisions)
        checker = Checker(source, resource, reading)
        recorded = RunOptions(
            key=checker.key_header, files=("things.csv",), read={}, match_by=reading.match_by, mapping=None,
            clear="<clear>", empty="<empty>", limit=None, strict=False, resend=False, max_failures=None,
            decisions=decisions, deletes=reading.keys_only,
        )  # fmt: skip
        importer = Importer(
            checker=checker,
            ledger=self.ledger,
            instance=Instance(
                resource="shelf.things",
                operation="dry-run" if guards.get("dry_run") else operation,
                target=self.sandbox.url("shelf"),
                source="things.csv",
                sha256=source.sha256,
                options=recorded.text(),
                parent=parent,
            ),
            resource=resource,
            sending=SingleProcess(
                dispatching=partial(
                    Dispatch,
                    checker=checker,
                    ledger=self.ledger,
                    resource=resource,
                    concurrency=4,
                    guards=Guards(**guards),
                    deletes=reading.keys_only,
                ),
                connect=self.connect,
                concurrency=4,
                listener=lambda event: None,
            ),
            guards=Guards(**guards),
            stop=stop or Stop(),
            listener=lambda event: None,
            deletes=reading.keys_only,
        )
        return await importer.run(taken_up)

    async def plan(self, rows, decisions):
        resource = THINGS.chosen(decisions)
        with closing(open_source(str(self.file(rows)))) as source:
            planner = Planner(
                checker=Checker(source, resource, Reading()),
                ledger=self.ledger,
                target=self.sandbox.url("shelf"),
                resource=resource,
                resource_name="shelf.things",
                connect=self.connect,
                resend=False,
                confirmed=False,
            )
            return {change.key: change async for change in planner.changes()}

    async def exists(self, rows, output=None):
        with closing(open_source(str(self.file(rows)))) as source:
            checker = Checker(source, THINGS, Reading(keys_only=True))
            async with self.connect() as sender:
                answers = presences(sender, THINGS, checker, None if output is None else str(output))
                return [one async for some in answers for one in some]

    async def rows(self, run):
        return {entry.row: entry async for entry in self.ledger.entries(run.id)}

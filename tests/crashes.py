"""Jobs in processes of their own that are killed at chosen moments, and what must hold then, seen from outside.

A job is the public library at work on the twin of an API that lives in a third process. Nothing of it is changed: it is
watched by what Python and SQLite themselves offer, an audit hook and a trace of statements, and killed at a step that
they report; or the twin kills it, just before or just after it has carried out a request.
"""

import asyncio
import importlib
import os
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import UUID

from forks import PROCESSES, start

from bulk.access import Politeness
from bulk.api import Session
from bulk.jobs.guards import Guards, Stop
from bulk.ledger.migrations import APPLICATION, VERSION
from bulk.ledger.sql import statements
from bulk.model import FILE_STRIDE
from bulk.orders import Extract, Order
from bulk.sandbox import Faults, Sandbox
from bulk.settings import Configuration

TOKEN = "t0ken"
CREDENTIALS = {"luminous": ("token", "LUMINOUS_API_KEY"), "commercetools": ("client_secret", "CTP_CLIENT_SECRET")}
"""By the name of an API, what its twin calls the token, and which variable hands it to a job."""
PASSING = ("500", "500_after", "502", "reset_before", "reset_after", "truncated", "wrong_type", "not_object", "204")
"""Faults of a server that pass; none that asks for a slower pace, as time is not leapt over here."""
STAMP = 1_767_225_600.0
"""When all records of the twin were made: long ago, so that none looks new-born."""

STEPS = frozenset({"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "socket.connect"})
"""Events of Python that count as steps, beside the statements of SQLite."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When a job is killed; of several conditions, the first that comes true."""

    name: str
    step: str = ""
    """In the middle of its way: when it is about to take the n-th step with this in it ..."""
    nth: int = 0
    then: str = ""
    """... or, if given, the first with this in it after that."""
    before_request: int = 0
    """When so many requests have arrived at the twin since it was started, before the last is carried out ..."""
    after_request: int = 0
    """... or after that, before it is answered."""
    seconds: float | None = None
    """After so much time."""


class Shop:
    """The twin of an API in a process of its own."""

    def __init__(self, api="luminous", **seed):
        self.doom = PROCESSES.RawArray("q", 3)
        self._pipe, theirs = PROCESSES.Pipe()
        self._process = start(_serve, theirs, self.doom, api, seed)
        self.environment = self._pipe.recv()

    def ask(self, what: str, *arguments):
        """Have something done over there: see `_answer`."""
        self._pipe.send((what, *arguments))
        return self._pipe.recv()

    def close(self):
        self._process.kill()
        self._process.join()
        self._pipe.close()


class Executioner:
    """The clock of the twin: it is looked at once for every request, and slept on before every answer."""

    def __init__(self, doom):
        self._doom = doom

    def time(self):
        self._strike(1)
        return time.monotonic()

    async def sleep(self, seconds):
        self._strike(2)
        await asyncio.sleep(0)

    def _strike(self, which):
        if self._doom[which]:
            self._doom[which] -= 1
            if not self._doom[which]:
                os.kill(self._doom[0], signal.SIGKILL)


def _serve(pipe: Connection, doom, api, seed):
    asyncio.run(_serving(pipe, doom, api, seed))


async def _serving(pipe, doom, api, seed):
    twin, (called, variable) = importlib.import_module(f"bulk.connectors.{api}.sandbox"), CREDENTIALS[api]
    mounted = twin.api(**{called: TOKEN}, **seed)
    async with Sandbox([mounted], clock=Executioner(doom), latency=1e-9, now=lambda: STAMP) as sandbox:
        pipe.send({**twin.environment(sandbox), variable: TOKEN})
        over = asyncio.Event()

        def hear():
            try:
                pipe.send(_answer(sandbox, api, *pipe.recv()))
            except EOFError:  # whoever asked is dead
                asyncio.get_running_loop().remove_reader(pipe.fileno())
                over.set()

        asyncio.get_running_loop().add_reader(pipe.fileno(), hear)
        await over.wait()


def _answer(sandbox, api, what, *arguments):
    match what:
        case "state":
            return sandbox.state()[api]
        case "log":  # of every record, how often it was to be written, and how often it was
            asked = [(one.method, one.key, one.applied) for one in sandbox.log.requests() if one.method != "GET"]
            applied = Counter((method, key) for method, key, applied in asked if applied)
            return Counter((method, key) for method, key, _ in asked), applied
        case "faults":
            return sandbox.plan(Faults.parse(arguments[0], seed=arguments[1] if arguments[1:] else 0))
        case "met":
            return Counter(one.fault for one in sandbox.log.requests() if one.fault)
    return None


@dataclass(frozen=True, kw_only=True)
class Job:
    """Something to be done, by the same command however often it is started."""

    folder: Path
    resource: str = "luminous.products"
    operation: str = "import"
    source: str = ""
    """File or glob; for an export, where it goes; for a retry, the run whose rows are tried again."""
    ledger: str = "ledger.db"
    workers: int = 1
    rate: str | None = None
    """Slow enough for all workers to be there before the job is done."""

    async def __call__(self):
        configuration = Configuration(folder=self.folder, user=self.folder / "none.toml")
        politeness = Politeness(rate=self.rate, concurrency=16, workers=self.workers)
        listener = lambda _: None  # noqa: E731
        async with Session(
            configuration, ledger=self.folder / self.ledger, listener=listener, politeness=politeness
        ) as session:
            match self.operation:
                case "import":
                    run = await session.load(Order(resource=self.resource, source=self.source), Guards(), Stop())
                case "retry":
                    run = await session.retry(self.source, Guards(), Stop())
                case "delete":
                    order = Order(resource=self.resource, source=self.source)
                    run = await session.delete(order, Guards(confirm=lambda _: True), Stop())
                case "export":
                    run = await session.export(Extract(resource=self.resource, path=self.source), Stop())
        return run.exit_code


def _work(job: Job, environment: Mapping[str, str], doom, moment: Moment | None):
    os.environ |= environment
    os.setsid()  # so that its workers can be told from all other processes
    doom[:] = (os.getpid(), moment.before_request if moment else 0, moment.after_request if moment else 0)
    if moment is not None and moment.nth:
        _watch(moment)
    sys.exit(asyncio.run(job()))


def _watch(moment: Moment):
    """Die when a step is about to be taken."""
    left, reached = moment.nth, False

    def step(text):
        nonlocal left, reached
        if reached:
            if moment.then in text:
                os.kill(os.getpid(), signal.SIGKILL)
        elif moment.step in text:
            left -= 1
            if not left and not moment.then:
                os.kill(os.getpid(), signal.SIGKILL)
            reached = not left

    def hook(event, arguments):
        if event == "sqlite3.connect/handle":  # as its last act before it returns a connection
            sys.setprofile(lambda *_: (sys.setprofile(None), arguments[0].set_trace_callback(step)))
        elif event in STEPS:
            step(f"{event} {arguments}")

    sys.addaudithook(hook)


def run(job: Job, shop: Shop, moment: Moment | None = None) -> int:
    """Do a job, or begin it and be killed; gives its exit code, -9 for the latter."""
    process = start(_work, job, shop.environment, shop.doom, moment)
    process.join(None if moment is None else moment.seconds)
    if process.exitcode is None:
        if moment is None or moment.seconds is None:
            raise AssertionError("a job without a limit of time came to no end")
        process.kill()
        process.join()
    shop.doom[:] = (0, 0, 0)
    code, job = process.exitcode, process.pid
    process.close()
    while _session(job):  # workers that outlive it for a moment
        time.sleep(0.005)
    return code


def _session(leader):
    """Processes of the session that a process has begun, and that may have outlived it; zombies aside."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, of = stat.read_text().rpartition(")")[2].split()[:4]
            if int(of) == leader and state != "Z":
                found.append(int(stat.parent.name))
    return found


@dataclass
class Tally:
    """What a campaign has come to."""

    kills: Counter = field(default_factory=Counter)
    """By the name of the moment."""
    starts: int = 0
    rows: int = 0
    lost: int = 0
    """Rows without a line in the ledger at the end, or records that a clean run would have left at the shop."""
    doubled: int = 0
    """Creations carried out more than once."""
    untrue: int = 0
    """Statuses in the ledger, after a kill or at the end, that the shop's own log contradicts."""
    resent: int = 0
    """Rows written more than once."""
    resent_without_need: int = 0
    """Of these, rows that were in flight at no kill."""

    def __add__(self, other):
        return Tally(**{name: value + getattr(other, name) for name, value in vars(self).items()})

    @property
    def faults(self) -> int:
        return self.lost + self.doubled + self.untrue + self.resent_without_need


class Witness:
    """Holds the ledger against what the shop saw, without any code of the program."""

    def __init__(self, job: Job, shop: Shop):
        self._job, self._shop = job, shop
        self._asked, self._applied = shop.ask("log")
        self.at_risk: set[str] = set()
        """Keys of rows that were in flight at a kill."""

    def look(self) -> tuple[Counter, int]:
        """Statuses of the latest run, and how many of them are untrue."""
        asked, applied = (
            now - before for now, before in zip(self._shop.ask("log"), (self._asked, self._applied), strict=True)
        )
        asked, applied = ({key for _, key in some} for some in (asked, applied))
        untrue, statuses = 0, Counter()
        for key, status in self._entries():
            statuses[status] += 1
            untrue += status in {"not_tried", "invalid", "unchanged"} and key in asked
            untrue += status == "succeeded" and key not in applied
            untrue += status == "failed" and key in applied
            if status == "in_flight":
                self.at_risk.add(key)
        return statuses, untrue

    def _entries(self) -> list[tuple[str, str]]:
        path = self._job.folder / self._job.ledger
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if "run" not in tables:
                return []
            latest = connection.execute(
                "SELECT number, status, checked, enrolled, invalid + succeeded + unchanged + failed + unknown + not_tried"
                " FROM run WHERE operation = ? AND reason IS NOT 'before' ORDER BY number DESC LIMIT 1",
                (self._job.operation,),
            ).fetchone()
            if latest is None:
                return []
            number, status, checked, enrolled, total = latest
            entries = connection.execute("SELECT key, status FROM entry WHERE run = ?", (number,)).fetchall()
            assert not checked or len(entries) == enrolled
            assert status == "running" or total == enrolled
            return entries

    def repeated(self) -> tuple[set[str], int]:
        """Keys that were written more than once, and creations that were carried out more than once."""
        _, applied = self._shop.ask("log")
        applied -= self._applied
        doubled = sum(count - 1 for (method, _), count in applied.items() if method == "POST")
        return {key for (_, key), count in applied.items() if count > 1}, doubled


def kill_and_finish(
    job: Job,
    shop: Shop,
    moments: Sequence[Moment],
    *,
    expected,
    rows: Counter,
    exit_code: int,
    repeats: bool = False,
) -> Tally:
    """Kill a job at each of the moments in turn, then let it finish.

    Then the shop is as `expected`, and so many `rows` have each status. `repeats` where the shop itself gives cause to
    write rows again.
    """
    tally, witness = Tally(rows=rows.total()), Witness(job, shop)
    for moment in [*moments, None]:
        code = run(job, shop, moment)
        tally.starts += 1
        statuses, untrue = witness.look()
        tally.untrue += untrue
        if code != -signal.SIGKILL:
            break
        tally.kills[moment.name] += 1
    assert code == exit_code, f"exit code {code}"
    tally.untrue += sum(((statuses - rows) + (rows - statuses)).values())
    tally.lost += max(0, rows.total() - statuses.total()) + _missing(expected, shop.ask("state"))
    again, tally.doubled = witness.repeated()
    tally.resent = len(again)
    tally.resent_without_need = 0 if repeats else len(again - witness.at_risk)
    return tally


def _missing(expected, found) -> int:
    """Records that are not as a clean run would have left them."""
    missing = 0
    for table, content in expected.items():
        if isinstance(content, dict):
            missing += sum(content.get(key) != found[table].get(key) for key in content.keys() | found[table].keys())
        else:
            missing += content != found[table]
    return missing


# Moments

CLAIM, SETTLE = "status = 'in_flight'\nWHERE run", "SET status = 'succeeded', outcome"
FINISH = "SET status = 'completed'"


def of_an_import() -> Iterator[Moment]:
    """Every named point of the way of an import from several files, in its order."""
    second_file = FILE_STRIDE + 2
    yield Moment(name="during the migration of the ledger", step=f"PRAGMA user_version = {VERSION}", nth=1)
    yield Moment(name="at the commit of the migration", step="PRAGMA user_version = ", nth=1, then="COMMIT")
    yield Moment(name="inside the check", step="INSERT INTO entry (run, row, key, digest", nth=20)
    yield Moment(name="between chunks of the check", step=f", {second_file}, ", nth=1)
    yield Moment(name="inside seal", step="UPDATE run SET checked = 1", nth=1)
    yield Moment(name="inside claim", step=CLAIM, nth=1)
    yield Moment(name="at the commit of a claim", step=CLAIM, nth=1, then="COMMIT")
    yield Moment(name="after claim", step=CLAIM, nth=1, then="socket.connect")
    yield Moment(name="mid-send, before the write", before_request=40)
    yield Moment(name="mid-send, after the write", after_request=60)
    yield Moment(name="before settle", step=CLAIM, nth=2, then="BEGIN IMMEDIATE")
    yield Moment(name="inside settle", step=SETTLE, nth=1)
    yield Moment(name="at the commit of a settlement", step=SETTLE, nth=1, then="COMMIT")
    yield Moment(name="between chunks", step=f"BETWEEN {second_file} AND ", nth=1)
    yield Moment(name="during finish", step=FINISH, nth=1)
    yield Moment(name="at the commit of finish", step=FINISH, nth=1, then="COMMIT")


def by_chance(
    chance: random.Random, count: int, *, requests: int, steps: int, seconds: float = 0.0
) -> Iterator[Moment]:
    """Moments that nobody has chosen: at a request, at a step, or after a time."""
    for _ in range(count):
        match chance.randrange(4 if seconds else 3):
            case 0:
                yield Moment(name="at random, before a write", before_request=chance.randint(1, requests))
            case 1:
                yield Moment(name="at random, after a write", after_request=chance.randint(1, requests))
            case 2:
                yield Moment(name="at random, at a step", nth=chance.randint(1, steps))
            case _:
                yield Moment(name="at random, after a time", seconds=chance.uniform(0.0, seconds))


def of_several_processes(requests: int) -> Iterator[Moment]:
    """Points at which the process that others work for is gone, each after so many requests or so."""
    yield Moment(name="mid-send, before the write", before_request=requests)
    yield Moment(name="mid-send, after the write", after_request=requests)
    yield Moment(name="inside settle", step=SETTLE, nth=1)


def of_creations() -> Iterator[Moment]:
    """Points at which a creation hangs in the air: asked about, sent, carried out, not recorded yet."""
    for request in (1, 2, 9, 14):
        yield Moment(name="mid-send, before a creation", before_request=request)
        yield Moment(name="mid-send, after a creation", after_request=request)
    yield Moment(name="inside settle", step=SETTLE, nth=1)
    yield Moment(name="at the commit of a settlement", step=SETTLE, nth=1, then="COMMIT")
    yield Moment(name="during finish", step=FINISH, nth=1)


def of_commercetools(first: int, second: int) -> Iterator[Moment]:
    """Points of the way of an import or a deletion of channels that are read before; two requests that are writes."""
    yield Moment(name="after claim", step=CLAIM, nth=1, then="socket.connect")
    yield Moment(name="mid-send, before the write", before_request=first)
    yield Moment(name="mid-send, after the write", after_request=second)
    yield Moment(name="inside settle", step=SETTLE, nth=1)
    yield Moment(name="at the commit of a settlement", step=SETTLE, nth=1, then="COMMIT")
    yield Moment(name="during finish", step=FINISH, nth=1)


def of_an_export() -> Iterator[Moment]:
    """Every named point of the way of an export to `all.csv`, in its order."""
    yield Moment(name="inside a page", after_request=2)
    yield Moment(name="while a page is noted", step="state.json.new", nth=4)
    yield Moment(name="when everything was read", step="made.", nth=1)
    yield Moment(name="before the file appears", step="all.csv.manifest.json", nth=1, then="os.rename")
    yield Moment(name="between file and manifest", step="all.csv.manifest.json", nth=2)
    yield Moment(name="during finish", step="UPDATE run SET enrolled", nth=1)
    yield Moment(name="at the commit of finish", step="UPDATE run SET enrolled", nth=1, then="COMMIT")


# What to load


def catalog(folder: Path, rows: int, files: int = 3) -> tuple[str, Counter]:
    """Products in several files, one in fifty of them faulty; the glob, and what becomes of the rows."""
    for file in range(files):
        lines = ["sku,name,retail_price,sellable,custom_fields.Color"]
        for number in range(file, rows, files):
            sellable = "maybe" if number % 50 == 7 else "yes"
            color = "red" if number % 10 == 0 else ""  # such a product is read before it is written
            lines.append(f"K-{number:05},Product {number},{number % 97 + 1}.{number % 100:02},{sellable},{color}")
        (folder / f"part-{file}.csv").write_text("\n".join(lines) + "\n")
    faulty = len(range(7, rows, 50))
    return str(folder / "part-*.csv"), Counter(succeeded=rows - faulty, invalid=faulty)


def channels(folder: Path, rows: int) -> tuple[str, Counter]:
    """Channels to be created, which must never happen twice."""
    lines = ["label,channelType,isCustomerSpecific,pullOrdersFromOms,warehouseGroupId"]
    lines += [f"Channel {number:05},sales_channel,no,no,1" for number in range(rows)]
    (folder / "channels.csv").write_text("\n".join(lines) + "\n")
    return str(folder / "channels.csv"), Counter(succeeded=rows)


def stocked(count: int) -> list[dict[str, object]]:
    """Channels that a commercetools project has; their ids are their keys, so that its log names all alike."""
    return [{"id": _uuid(number), "key": _uuid(number), "description": {"en": "kept"}} for number in range(count)]


def named(folder: Path, rows: int) -> tuple[str, Counter]:
    """Keys of the first channels that a project has, to be deleted."""
    lines = ["key", *(_uuid(number) for number in range(rows))]
    (folder / "keys.csv").write_text("\n".join(lines) + "\n")
    return str(folder / "keys.csv"), Counter(succeeded=rows)


def mixed(folder: Path, rows: int) -> tuple[str, Counter]:
    """Channels of which every other one is there already and gets a name, while the others are created."""
    lines = ["key,name.en", *(f"{_uuid(n) if n % 2 else f'new-{n:05}'},Channel {n}" for n in range(rows))]
    (folder / "mixed.csv").write_text("\n".join(lines) + "\n")
    return str(folder / "mixed.csv"), Counter(succeeded=rows)


def _uuid(number: int) -> str:
    return str(UUID(int=number + (1 << 96)))


def stock(count: int) -> list[dict[str, object]]:
    """Products that a shop has."""
    return [{"sku": f"S-{number:05}", "name": f"Product {number}", "retail_price": 9.5} for number in range(count)]


def latest_run(ledger: Path) -> str:
    """Id of the run that a ledger knows last."""
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        (id,) = connection.execute("SELECT id FROM run ORDER BY number DESC LIMIT 1").fetchone()
    return id


def old_ledger(path: Path):
    """A ledger as the first version left it, which has to be brought up to date."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(statements("schema.sql")["1"])
        connection.executescript(f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = 1;")

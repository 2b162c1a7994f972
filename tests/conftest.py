"""What tests of the whole share: a running twin of Luminous, a session on it, and catalogs to load."""

import gc
import itertools
import os
import shutil
from pathlib import Path

import pytest
from catalogs import product, write_csv
from hypothesis import settings
from leaping import Impatient
from secrecy import leaks, tells
from shells import _refused, _shop, _slow, refused, running, samples, serve, server, shop, slow  # noqa: F401  # shared fixtures

from bulk.access import Politeness
from bulk.api import Session
from bulk.connectors.luminous.sandbox import luminous_api
from bulk.jobs.guards import Guards, Stop
from bulk.jobs.retry import Choice
from bulk.orders import Order
from bulk.sandbox import Sandbox
from bulk.settings import Configuration

for _name in [name for name in os.environ if name.startswith(("BULK_", "LUMINOUS_", "CTP_"))]:
    del os.environ[_name]  # the settings of whoever runs the tests are not theirs to depend on

# A ledger is synced after each group of rows: where a folder of the system lies in memory, nobody waits for a disk.
MEMORY = Path("/dev/shm")  # the folders in it are made by pytest, for their owner only
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# The same few examples for everybody who runs the tests; HYPOTHESIS_PROFILE=thorough looks for new ones.
settings.register_profile("quick", max_examples=25, derandomize=True, deadline=None)
settings.register_profile("thorough", max_examples=100, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

LONG = {"e2e", "test_crash_campaign", "test_whole_catalog", "test_validation_engines"}
"""Folders and files with tests that take seconds."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """No test of a whole run may leave a credential behind in what it printed."""
    report = yield
    if call.when == "teardown" and report.passed and {"integration", "e2e"} & set(item.path.parts):
        found = [f"the {name}" for name, text in report.sections if tells(text)]
        found += [
            f"an event, {event}" for event in getattr(item.funcargs.get("desk"), "events", ()) if tells(str(event))
        ]
        if found:
            report.outcome, report.longrepr = "failed", f"a credential stands in {', '.join(found)}"
    return report


@pytest.fixture
def tmp_path(tmp_path, request):
    """A folder of its own, in which no test of a whole run may leave a credential behind."""
    yield tmp_path
    if {"integration", "e2e"} & set(request.path.parts):
        assert leaks(tmp_path) == []


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Thousands of tests stay until the end: garbage is not looked for among them, neither now nor during the run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items):
    """Long tests first: at the end, no worker waits for another that has just begun one."""
    items.sort(key=lambda item: LONG.isdisjoint((*item.path.parts, item.path.stem)))


@pytest.fixture
async def luminous():
    """A twin of Luminous on a free port, as strict as its documentation."""
    async with twin() as sandbox:
        yield sandbox


def twin(faults=None, rate=None, port=0, **switches):
    """A twin of Luminous whose records carry stamps of last winter, so that none looks new-born."""
    seconds = itertools.count(1_767_225_600)
    api = luminous_api(token="t0ken", **switches)
    return Sandbox([api], faults=faults, rate=rate, port=port, now=lambda: float(next(seconds)))


@pytest.fixture(name="twin")
def _twin():
    return twin


@pytest.fixture(name="patient")
def _patient():
    """A clock on which nobody waits."""
    return Impatient()


class Desk:
    """Loads files into a sandbox as a user would, through the library."""

    clock = Impatient

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.ledger = folder / "ledger.db"
        self.events = []
        self.setenv = monkeypatch.setenv
        self.stop = None

    def point_to(self, sandbox, token="t0ken"):
        self.setenv("LUMINOUS_BASE_URL", sandbox if isinstance(sandbox, str) else sandbox.url("luminous"))
        self.setenv("LUMINOUS_API_KEY", token)
        return self

    def session(self, **politeness):
        return Session(
            Configuration(folder=self.folder, user=self.folder / "none.toml"),
            ledger=self.ledger,
            listener=self.events.append,
            politeness=Politeness(**politeness),
            clock=self.clock(),
        )

    async def load(self, source, politeness=None, stop=None, resource="luminous.products", **options):
        guards = {name: options.pop(name) for name in list(options) if name in Guards.__dataclass_fields__}
        self.stop = stop or Stop()
        async with self.session(**(politeness or {})) as session:
            order = Order(resource=resource, source=str(source), **options)
            return await session.load(order, Guards(**guards), self.stop)

    async def retry(self, run, mended=None, causes=(), statuses=(), rows=None, **guards):
        async with self.session() as session:
            mended = None if mended is None else str(mended)
            choice = Choice(causes=tuple(causes), statuses=tuple(statuses), rows=rows)
            return await session.retry(run, Guards(**guards), Stop(), mended=mended, choice=choice)

    async def resume(self, run, politeness=None, **guards):
        async with self.session(**(politeness or {})) as session:
            return await session.resume(run, Guards(**guards), Stop())

    async def rows(self, run="last", **wanted):
        async with self.session() as session:
            found = await session.ledger.run(run)
            return [entry async for entry in session.ledger.entries(found.id, **wanted)]


@pytest.fixture
def desk(tmp_path, monkeypatch, request):
    """A desk with an empty ledger; where the test has a twin running, it points there."""
    made = Desk(tmp_path, monkeypatch)
    if "luminous" in request.fixturenames:
        made.point_to(request.getfixturevalue("luminous"))
    return made


@pytest.fixture
def catalog(tmp_path):
    """Writes a CSV of products: `catalog(count, {row number: cells to change})`."""

    def make(count, changes=None, name="catalog.csv", first=1):
        rows = [product(number, **(changes or {}).get(number, {})) for number in range(first, first + count)]
        return write_csv(tmp_path / name, rows)

    return make

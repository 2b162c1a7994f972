"""Rows that are recognised by their cells meet the same fate as if each had been judged."""

import asyncio

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import EXPORT, SHOP, end, finish_export
from msgspec.structs import replace

from bulk.connectors.luminous import CONNECTOR, PRODUCTS
from bulk.fingerprint import fingerprint
from bulk.jobs.check.checker import Checker
from bulk.jobs.check.comparison import compare
from bulk.jobs.check.reading import Reading
from bulk.ledger import SqliteLedger
from bulk.model import ROW, Settlement, Sighting, Status

CHANNELS = next(one for one in CONNECTOR.resources if one.name == "channels")
NAMES = st.sampled_from(["One", "Two", " One", "<clear>", "8.85E+11", None])
CELLS = {
    "products": {
        "sku": st.sampled_from(["A", "B", "C", " A", "a", "01", "1", None]),
        "name": NAMES,
        "tags": st.sampled_from(["x", "x;y", "<empty>", "<clear>", None]),
        "custom_fields.Color": st.sampled_from(["red", "blue", None]),
        "created_at": st.sampled_from(["2026-01-01", None]),
        "parent_sku": st.sampled_from(["A", None, None]),
    },
    "channels": {"id": st.sampled_from(["1", "2", None]), "label": NAMES, "_note": st.sampled_from(["a", None])},
}
FATES = st.sampled_from([Status.SUCCEEDED, Status.SUCCEEDED, Status.FAILED, Status.UNKNOWN, Status.NOT_TRIED])


class Table:
    """Rows as a file, in small chunks."""

    path, facts, sha256 = "a.csv", {}, ""

    def __init__(self, header, rows):
        self.header = tuple(header)
        self.tables = (self,)
        cells = {name: [row[name] for row in rows] for name in header}
        self._frame = pl.DataFrame(
            {ROW: range(2, len(rows) + 2), **cells}, schema={ROW: pl.Int64, **dict.fromkeys(header, pl.String)}
        )

    def chunks(self, rows):
        yield from self._frame.iter_slices(2)

    def close(self):
        pass


@st.composite
def histories(draw):
    """A resource, and what happens to it: files with what becomes of their rows, and readings."""
    resource = draw(st.sampled_from([PRODUCTS, PRODUCTS, CHANNELS]))
    cells = CELLS[resource.name]
    optional = draw(st.sets(st.sampled_from(sorted(cells.keys() - {"sku", "id", "label"}))))
    header = [name for name in cells if name in optional or name in {"sku", "id", "label"}]
    row = st.fixed_dictionaries({name: cells[name] for name in header})
    rows = draw(st.lists(row, min_size=1, max_size=5))
    steps = []
    for _ in range(draw(st.integers(1, 4))):
        fate = draw(FATES)
        steps.append(((header, list(rows), fate), draw(st.booleans())))
        for place in draw(st.sets(st.integers(0, len(rows) - 1), max_size=2)):
            rows[place] = draw(row)
        if draw(st.booleans()):
            header = draw(st.permutations(header))
    return resource, steps


async def load(ledger, resource, number, step, *, recalls):
    """Check a file, and let all that would be sent meet one fate; gives what the ledger says of each row."""
    header, rows, fate = step
    checker = Checker(Table(header, rows), resource, Reading())
    run = await ledger.begin(replace(SHOP, resource=resource.name, sha256=f"{number}"), fresh=True)
    place = run.instance.target, run.instance.resource

    async def recall(named):
        return await ledger.recall(run.id, named) if recalls else ()

    async for chunk in checker.sweep(recall):
        known = await ledger.known(*place, chunk.keys, ids=checker.by_id, written=chunk.written)
        compared = compare(chunk, known, checker.families, resource=resource)
        await ledger.enroll(run.id, compared.records, compared.rejections)
    async for rejections in checker.late():
        await ledger.reject(run.id, rejections)
    await ledger.seal(run.id)

    async def pending(first, last):
        return await ledger.pending(run.id, first, last)

    sent = []
    async for chunk in checker.again(pending=pending if recalls else None):
        claims = await ledger.claim(run.id, chunk.records)
        mine = [one for one in chunk.records if one.row in claims]
        sent += [(one.row, one.key, one.payload, claims[one.row]) for one in mine]
        settlements = [
            Settlement(row=row, key=key, status=fate, remote_id=key if key.isdigit() else None, touched=True)
            for one in mine
            for row, key in ((one.row, one.key), *((member.row, member.key) for member in one.members))
        ]
        await ledger.settle(run.id, settlements)
    finished = await end(ledger, run)
    entries = [(one.row, one.key, one.status, one.code, one.violations) async for one in ledger.entries(run.id)]
    return finished.totals, entries, sent, list((await ledger.unchanged_since(run.id)).values())


async def read(ledger, resource, key, asked):
    export = await ledger.begin_export(replace(EXPORT, resource=resource.name))
    sighting = Sighting(key=key, remote_id=None, fields=fingerprint({"sku": key, "name": "One"}))
    await ledger.learn(export.id, [sighting], asked=asked)
    await finish_export(ledger, export)


class Ticking:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1
        return self.now


async def told(resource, steps, *, recalls):
    clock, found = Ticking(), []
    async with SqliteLedger(":memory:", clock=clock) as ledger:
        for number, (step, seen) in enumerate(steps):
            found.append(await load(ledger, resource, number, step, recalls=recalls))
            if seen:
                await read(ledger, resource, "A", clock())
    return found


@settings(max_examples=settings.default.max_examples // 2)  # a whole history each
@given(histories())
def test_what_becomes_of_rows_is_the_same_whether_they_are_recognised_or_judged(history):
    resource, steps = history
    assert asyncio.run(told(resource, steps, recalls=True)) == asyncio.run(told(resource, steps, recalls=False))


async def test_rows_are_recognised_at_all():
    """The comparison above is not empty."""
    header, rows = ["sku", "name"], [{"sku": key, "name": "One"} for key in "ABC"]
    async with SqliteLedger(":memory:", clock=Ticking()) as ledger:
        await load(ledger, PRODUCTS, 1, (header, rows, Status.SUCCEEDED), recalls=True)
        checker = Checker(Table(header, [*rows[:2], {"sku": "C", "name": "Two"}]), PRODUCTS, Reading())
        run = await ledger.begin(replace(SHOP, resource=PRODUCTS.name, sha256="2"), fresh=True)
        chunks = [chunk async for chunk in checker.sweep(lambda named: ledger.recall(run.id, named))]
    assert [(chunk.unrecorded, len(chunk.records)) for chunk in chunks] == [(2, 0), (0, 1)]

"""What tests of ledgers share: a shop, records, and runs that write and read them."""

from msgspec.structs import replace

from bulk.fingerprint import fingerprint
from bulk.model import (
    ExportEnd,
    Instance,
    Member,
    Record,
    Run,
    RunStatus,
    Settlement,
    Sighting,
    Status,
    Traffic,
)

SHOP = Instance(resource="products", operation="import", target="https://shop.example", source="a.csv", sha256="aa")
OTHER = replace(SHOP, sha256="bb")
EXPORT = replace(SHOP, operation="export", source="out.csv", sha256="")
CHEAP, DEAR, RED = fingerprint({"price": 1}), fingerprint({"price": 2}), fingerprint({"colour": "red"})


class Clock:
    """Time that passes by itself, a second a look."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def record(row: int = 2, key: str = "A", content: str = "one", **more: object) -> Record:
    by = "id" if key.isdigit() else "sku"
    return Record(row=row, key=key, by=by, payload=content, digest=content.encode().ljust(16), **more)


FAMILY = record(2, "A", members=(Member(row=5, key="A-red"), Member(row=9, key="A-blue")))


async def start(ledger, *records: Record, instance: Instance = SHOP, resend: bool = False) -> Run:
    run = await ledger.begin(instance, fresh=True)
    await ledger.enroll(run.id, records, [])
    return await ledger.seal(run.id, resend=resend)


async def settle(ledger, run: Run, *rows: int, status: Status = Status.SUCCEEDED, **more: object) -> None:
    await ledger.settle(run.id, [Settlement(row=row, key="-", status=status, **more) for row in rows])


async def end(ledger, run: Run, status: RunStatus = RunStatus.COMPLETED) -> Run:
    return await ledger.finish(run.id, status, seconds=1, traffic=Traffic(), exit_code=0)


async def write(ledger, one: Record = record(), fields: bytes | None = CHEAP, **more: object) -> Run:  # noqa: B008  # a frozen value
    """A run that writes one record."""
    run = await start(ledger, one, instance=replace(SHOP, sha256=one.payload), resend=True)
    await ledger.claim(run.id, [one])
    await settle(ledger, run, one.row, fields=fields, **more)
    return await end(ledger, run)


async def finish_export(ledger, run: Run, status: RunStatus = RunStatus.COMPLETED, **more: object) -> Run:
    values = {"rows": 7, "sha256": "ff", "bookmark": '{"chain":"c"}', "seconds": 2.0, "traffic": Traffic(sent=3)}
    return await ledger.finish_export(run.id, ExportEnd(status=status, exit_code=0, **(values | more)))


async def read(ledger, clock, fields: bytes, key: str = "A", remote_id: str | None = "1") -> Run:
    """An export that reads one record."""
    run = await ledger.begin_export(EXPORT)
    assert await ledger.learn(run.id, [Sighting(key=key, remote_id=remote_id, fields=fields)], asked=clock())
    return await finish_export(ledger, run)


async def known(ledger, *keys: str) -> dict[str, bytes]:
    run = await ledger.begin(replace(SHOP, sha256="asks"), fresh=True)
    found = dict(await ledger.known(run.instance.target, run.instance.resource, keys, ids=True))
    await end(ledger, run)
    return found


async def statuses(ledger, run: Run) -> dict[int, str]:
    return {entry.row: str(entry.status) async for entry in ledger.entries(run.id)}

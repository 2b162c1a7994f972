"""What became of one record, run by run."""

import sqlite3
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from bulk.ledger import reading, runs
from bulk.ledger.sql import QUERIES
from bulk.model import Passage, Run, RunStatus, Status


def passages(
    connection: sqlite3.Connection, resource: str, key: str, *, as_alive: Callable[[Run], Run]
) -> list[Passage]:
    """What every run had to do with a record, by any of its names, oldest first.

    `as_alive` tells a run that is under way from one that only seems to be.
    """
    found = []
    for line in connection.execute(QUERIES["history"], {"resource": resource, "key": key}).fetchall():
        run = as_alive(runs.find(connection, line["id"], exports=True))
        alive = run.status is RunStatus.RUNNING
        (entry,) = reading.page(connection, run.id, after=line["row"] - 1, limit=1, alive=alive)
        found.append(Passage(run=run, entry=entry, digest=line["digest"], carrier=line["carrier"]))
    return _with_before(found)


def _with_before(passages: Iterable[Passage]) -> list[Passage]:
    """The same with what was written last before each; nobody knows that after an outcome that is unknown."""
    last: dict[tuple[str, str | None], bytes | None] = {}
    told = []
    for passage in passages:
        place = passage.run.instance.target, passage.entry.key
        told.append(replace(passage, before=last.get(place)))
        writes = passage.run.instance.operation != "dry-run"
        if writes and passage.entry.status in {Status.SUCCEEDED, Status.UNKNOWN, Status.IN_FLIGHT}:
            last[place] = passage.digest if passage.entry.status is Status.SUCCEEDED else None
    return told

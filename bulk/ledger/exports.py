"""Exports: runs that read. They exclude nobody but another export to the same destination, and are not taken up."""

import sqlite3

from msgspec.structs import replace

from bulk.errors import LedgerError
from bulk.ledger import runs
from bulk.ledger.current import current
from bulk.ledger.sql import QUERIES
from bulk.model import ExportEnd, Instance, Run, Totals


def begin(connection: sqlite3.Connection, instance: Instance, *, alone: bool, now: float) -> Run:
    """Start an export; if `alone`, those to the same destination that seem to be under way died, and are ended."""
    if instance.operation != "export":
        raise LedgerError(f"An export cannot begin as {instance.operation}.")
    if alone:
        runs.bury(connection, instance, now)
    return runs.add(connection, instance, now)


def finish(connection: sqlite3.Connection, id: str, end: ExportEnd, *, now: float) -> Run:
    """End an export; every row that it read has succeeded."""
    current(connection, id, export=True)
    selected = {"id": id, "rows": end.rows, "sha256": end.sha256, "bookmark": end.bookmark}
    connection.execute(QUERIES["finish_export"], selected)
    run = replace(runs.find(connection, id), totals=Totals(read=end.rows, succeeded=end.rows))
    return runs.end(
        connection,
        run,
        end.status,
        seconds=end.seconds,
        traffic=end.traffic,
        exit_code=end.exit_code,
        reason=end.reason,
        now=now,
    )


def bookmark(connection: sqlite3.Connection, target: str, resource: str, chain: str) -> tuple[str, str] | None:
    """Run id and bookmark of the latest completed export at a place that left one of this chain."""
    selected = {"target": target, "resource": resource, "chain": chain}
    found = connection.execute(QUERIES["bookmark"], selected).fetchone()
    return None if found is None else (found["id"], found["bookmark"])


def written_since(connection: sqlite3.Connection, target: str, resource: str, since: float) -> bool:
    """Whether a run that writes at a place was under way at a moment, or later, or died and has not been ended."""
    place = connection.execute(QUERIES["place"], {"target": target, "resource": resource}).fetchone()
    if place is None:
        return False
    selected = {"place": place["number"], "asked": since, "held": True}
    (written,) = connection.execute(QUERIES["written_since"], selected).fetchone()
    return bool(written)

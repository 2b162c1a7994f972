"""The run that is under way, as those who write its rows need it."""

import sqlite3
from dataclasses import dataclass

from bulk.errors import LedgerError
from bulk.ledger.sql import QUERIES


@dataclass(frozen=True, kw_only=True, slots=True)
class Current:
    """The run whose rows are being written."""

    number: int
    """Its number within this ledger."""
    place: int
    """Number of its target and resource."""
    source: str
    """What the user called the source."""
    writes: bool
    """Whether what succeeds is written at the target; false for a dry run."""
    deletes: bool
    """Whether what succeeds is deleted at the target."""
    checked: bool
    """Whether the check of its rows is sealed."""
    parent: int | None
    """Number of the run whose rows are tried again."""


def current(connection: sqlite3.Connection, run: str, *, checked: bool | None = None, export: bool = False) -> Current:
    """The run by its whole id.

    Raises `LedgerError` when it is not under way, not `checked` as demanded, or an `export` and should be none.
    """
    row = connection.execute(QUERIES["current"], {"id": run}).fetchone()
    if row is None:
        raise LedgerError(f"The ledger holds no run {run}.")
    if row["status"] != "running":
        raise LedgerError(f"Run {run} has ended as {row['status']}; it must be taken up again first.")
    if (row["operation"] == "export") is not export:
        raise LedgerError(f"Run {run} is {'no' if export else 'an'} export.")
    if checked is not None and bool(row["checked"]) is not checked:
        raise LedgerError(f"Run {run} {'is not yet' if checked else 'is already'} checked.")
    return Current(
        number=row["number"],
        place=row["place"],
        source=row["source"],
        writes=row["operation"] != "dry-run",
        deletes=row["operation"] == "delete",
        checked=bool(row["checked"]),
        parent=row["parent"],
    )

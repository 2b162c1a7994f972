"""Rows of a run as they are read back."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from bulk.ledger import runs
from bulk.ledger.sql import QUERIES
from bulk.model import Cause, Entry, Status, Violation


def page(
    connection: sqlite3.Connection,
    run: str,
    *,
    after: int,
    limit: int,
    alive: bool,
    statuses: Collection[str] = (),
    causes: Collection[str] = (),
    spans: Collection[tuple[int, int]] = (),
    cells: bool = False,
) -> list[Entry]:
    """The first `limit` rows behind the row `after`, in order, of the statuses, causes and spans if there are any.

    Where nobody is at work on the run, so that it is not `alive`, what is in flight there is unknown.
    """
    number = runs.number(connection, run)
    found = connection.execute(
        QUERIES["entries"],
        {
            "run": number,
            "after": after,
            "limit": limit,
            "statuses": json.dumps(list(statuses)) if statuses else None,
            "causes": json.dumps(list(causes)) if causes else None,
            "spans": json.dumps(list(spans)) if spans else None,
            "cells": cells,
            "alive": alive,
            "unseen": runs.UNSEEN,
        },
    ).fetchall()
    violations: dict[int, list[Violation]] = {}
    selected = {"run": number, "rows": json.dumps([row["row"] for row in found])}
    for row in connection.execute(QUERIES["violations"], selected):
        violations.setdefault(row["row"], []).append(Violation(**dict(row)))
    return [_entry(row, tuple(violations.get(row["row"], ()))) for row in found]


def forgiven(connection: sqlite3.Connection, run: str, rows: Sequence[int]) -> dict[int, list[str]]:
    """Columns that were forgiven, by row."""
    selected = {"run": runs.number(connection, run), "rows": json.dumps(rows)}
    return {row: json.loads(columns) for row, columns in connection.execute(QUERIES["forgiven"], selected)}


def carried(connection: sqlite3.Connection, run: str) -> tuple[int, int]:
    """Rows that were sent inside others' documents, and how many documents these were."""
    row = connection.execute(QUERIES["carried"], {"run": runs.number(connection, run)}).fetchone()
    return row["rows"], row["carriers"]


def causes(connection: sqlite3.Connection, run: str, *, alive: bool) -> list[Cause]:
    """Rows that were not written, by status, code and column; a row counts once under each rule that it breaks."""
    selected = {"run": runs.number(connection, run), "alive": alive}
    found = connection.execute(QUERIES["causes"], selected).fetchall()
    return [
        Cause(
            status=Status(row["status"]),
            code=row["code"],
            column=row["column"],
            count=row["count"],
            example=page(connection, run, after=row["row"] - 1, limit=1, alive=alive)[0],
        )
        for row in found
    ]


def unchanged_since(connection: sqlite3.Connection, run: str) -> dict[str, int]:
    """Rows of a run that were not sent because an earlier run wrote or read the same, by that run, newest first."""
    found = connection.execute(QUERIES["unchanged_since"], {"run": runs.number(connection, run)})
    return {row["id"]: row["count"] for row in found}


def _entry(row: sqlite3.Row, violations: tuple[Violation, ...]) -> Entry:
    return Entry(
        row=row["row"],
        key=row["key"],
        status=Status(row["status"]),
        outcome=row["outcome"],
        http_status=row["http_status"],
        attempts=row["attempts"],
        code=row["code"],
        message=row["message"],
        violations=violations,
        remote_id=row["remote_id"],
        cells=None if row["cells"] is None else json.loads(row["cells"]),
        response=row["response"],
        finished_at=None if row["finished_at"] is None else datetime.fromtimestamp(row["finished_at"], UTC),
    )

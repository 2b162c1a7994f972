"""Rows that a run would write over what another run has written to the same record since."""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from bulk.ledger import entries
from bulk.ledger.current import Current, current
from bulk.ledger.sql import QUERIES
from bulk.model import Rejection, Violation


def reject(connection: sqlite3.Connection, run: str, *, since: float, advice: str, now: float) -> None:
    """Reject rows whose key got another content from another run after `since`, and after they were last tried.

    The members of such a row are rejected with it.
    """
    this = current(connection, run)
    selected = {"run": this.number, "place": this.place, "parent": this.parent, "since": since}
    found = connection.execute(QUERIES["superseded"], selected).fetchall()
    tried = _tried(connection, this, (row["key"] for row in found), members=False)
    late: dict[int, sqlite3.Row] = {}
    rejections = []
    for row in found:
        at, cells = tried.get(row["key"], (None, {}))
        if row["at"] > (at or since):
            late[row["row"]] = row
            message = f"Run {row['writer']} {_did(row)} since."
            rejections.append(_rejection(row, cells, message, advice))
    carried = {"run": this.number, "rows": json.dumps(list(late))}
    members = [
        member
        for member in connection.execute(QUERIES["members"], carried)
        if member["status"] in {"not_tried", "unknown"}
    ]
    tried = _tried(connection, this, (member["key"] for member in members), members=True)
    for member in members:
        head = late[member["carrier"]]
        message = f"Run {head['writer']} {_did(head)} since, to which it belongs."
        rejections.append(_rejection(member, tried.get(member["key"], (None, {}))[1], message, advice))
    entries.reject(connection, run, rejections, now=now)


def _did(row: sqlite3.Row) -> str:
    """What the other run has done."""
    done = "has deleted" if row["operation"] == "delete" else "has written something else for"
    return f"{done} {row['key']}"


def _tried(
    connection: sqlite3.Connection, this: Current, keys: Iterable[str], *, members: bool
) -> dict[str, tuple[float | None, dict[str, Any]]]:
    """When the run's parent was last busy with the keys, and the cells that it kept of each."""
    selected = {"run": this.parent, "keys": json.dumps(list(keys)), "members": members}
    return {key: (at, json.loads(cells or "{}")) for key, at, cells in connection.execute(QUERIES["tried"], selected)}


def _rejection(row: sqlite3.Row, cells: dict[str, Any], message: str, advice: str) -> Rejection:
    violation = Violation(
        row=row["row"], column=None, rule="superseded", value=row["key"], message=message, advice=advice
    )
    return Rejection(row=row["row"], key=row["key"], cells=cells, violations=(violation,))

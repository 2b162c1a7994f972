"""What the ledger keeps of rows in trouble beside their entries: what was wrong, by column, and their cells.

`number` is that of the run.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bulk.ledger.sql import QUERIES
from bulk.model import Rejection, Settlement, Violation


def rejected(connection: sqlite3.Connection, number: int, rejections: Sequence[Rejection]) -> None:
    """Add what was wrong with rows that were not sent; the cells that were kept first stay."""
    said = (
        # Cells that are none at all are not known.
        (row.row, row.violations[0].message if row.violations else None, None, row.cells or None)
        for row in rejections
    )
    _add_details(connection, number, said)
    _add_violations(connection, number, (violation for row in rejections for violation in row.violations))


def settled(connection: sqlite3.Connection, number: int, final: Sequence[Settlement]) -> None:
    """Keep what only rows in trouble have, in the place of what was kept before."""
    if not final:
        return
    rows = [row.row for row in final]
    around = {"run": number, "first": min(rows), "last": max(rows)}
    (before,) = connection.execute(QUERIES["any_trouble"], around).fetchone()
    if before:
        selected = {"run": number, "rows": json.dumps(rows)}
        connection.execute(QUERIES["forget_detail"], selected)
        connection.execute(QUERIES["forget_violations"], selected)
    said = ((row.row, row.message, row.response, row.cells) for row in final)
    _add_details(connection, number, (one for one in said if one[1:] != (None, None, None)))
    _add_violations(connection, number, (violation for row in final for violation in row.violations))


def _add_details(
    connection: sqlite3.Connection,
    number: int,
    said: Iterable[tuple[int, str | None, str | None, Mapping[str, Any] | None]],
) -> None:
    """Of some rows the message, the answer and the cells."""
    connection.executemany(
        QUERIES["add_detail"],
        (
            {"run": number, "row": row, "message": _text(message), "response": _text(response), "cells": _cells(cells)}
            for row, message, response, cells in said
        ),
    )


def _add_violations(connection: sqlite3.Connection, number: int, violations: Iterable[Violation]) -> None:
    connection.executemany(
        QUERIES["add_violation"],
        (
            {
                "run": number,
                "row": violation.row,
                "column": violation.column,
                "rule": violation.rule,
                "value": _text(violation.value),
                "message": _text(violation.message),
                "advice": violation.advice,
            }
            for violation in violations
        ),
    )


def _cells(cells: Mapping[str, Any] | None) -> str | None:
    """Cells as JSON; what JSON has no form for, such as a date of a typed file, as its text."""
    return None if cells is None else json.dumps(dict(cells), default=str)


def _text(text: str | None) -> str | None:
    """Text that can be stored: an API's JSON may hold halves of characters, which no encoding has."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")

"""What became of rows in flight, many of them in one statement. Each function runs inside one transaction."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bulk.errors import LedgerError
from bulk.ledger import details, known
from bulk.ledger.current import Current, current
from bulk.ledger.row_ranges import numbers, row_ranges, table
from bulk.ledger.sql import QUERIES
from bulk.model import Settlement, Status

_FINAL: Final = frozenset({Status.SUCCEEDED, Status.UNCHANGED, Status.FAILED, Status.UNKNOWN})
_UNWRITTEN: Final = frozenset({Status.NOT_TRIED, Status.FAILED})
_TROUBLED: Final = frozenset({Status.FAILED, Status.UNKNOWN})


def settle(connection: sqlite3.Connection, run: str, settlements: Sequence[Settlement], *, now: float) -> None:
    """Write what became of rows in flight; raises `LedgerError` for one that is not in flight, and writes none."""
    this = current(connection, run, checked=True)
    back = [settlement for settlement in settlements if settlement.status is Status.NOT_TRIED]
    final = [settlement for settlement in settlements if settlement.status is not Status.NOT_TRIED]
    connection.executemany(QUERIES["hand_back"], ((row.attempts, this.number, row.row) for row in back))
    selected = [group for turn in _turns(final, now) for group in _alike(this, turn, now)]
    if selected and connection.executemany(QUERIES["settle"], selected).rowcount != len(final):
        raise LedgerError(f"Rows of run {run} were to be settled that are not in flight.")
    details.settled(connection, this.number, final)
    if this.writes:
        known.learn_written(connection, selected)
    unwritten = (row for row in settlements if row.status is Status.NOT_TRIED or not row.touched)
    known.restore(connection, this, [row for row in unwritten if row.status in _UNWRITTEN])


def _turns(settlements: Sequence[Settlement], now: float) -> Iterator[Sequence[Settlement]]:
    """What may be written at once; of rows with the same key the last one has the last word."""
    if len({row.key for row in settlements}) == len(settlements):
        yield settlements
    else:
        yield from ([row] for row in sorted(settlements, key=lambda row: (row.finished_at or now, row.row)))


def _alike(this: Current, settlements: Sequence[Settlement], now: float) -> Iterator[Mapping[str, object]]:
    """Rows with all their values, together where these are the same and they lie close together; see "settle"."""
    alike: dict[tuple[str, str | None, int | None, int, str | None], list[Settlement]] = {}
    for row in settlements:
        if row.status not in _FINAL:
            raise LedgerError(f"Row {row.row} of run {this.number} cannot be settled as {row.status}.")
        code = row.code or (row.status.value if row.status in _TROUBLED else None)
        alike.setdefault((row.status.value, row.outcome, row.http_status, row.attempts, code), []).append(row)
    for (status, outcome, http_status, attempts, code), rows in alike.items():
        values: list[bytes] = []
        places, start = {}, 1
        for row in rows:
            moment = round(1e6 * (row.finished_at or now))
            remote_id = b"" if row.remote_id is None else row.remote_id.encode("utf-8", "replace")
            fields = b"" if row.fields is None else row.fields
            places[row.row] = numbers(moment, start, len(remote_id), 0 if row.fields is None else 1 + len(fields))
            values += (remote_id, fields)
            start += len(remote_id) + len(fields)
        together = b"".join(values)
        for first, last in row_ranges(places):
            yield {
                "run": this.number,
                "place": this.place,
                "deletes": this.deletes,
                "status": status,
                "outcome": outcome,
                "http_status": http_status,
                "attempts": attempts,
                "code": code,
                "first": first,
                "last": last,
                "parts": table(first, last, places),
                "values": together,
            }

"""The rows of a run on their way: enrolled, rejected, claimed, settled. Each function runs inside one transaction."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from bulk.errors import LedgerError, SourceError
from bulk.ledger import details, known
from bulk.ledger.current import Current, current
from bulk.ledger.row_ranges import row_ranges
from bulk.ledger.sql import QUERIES
from bulk.model import REMOTE_ID, Claim, Record, Rejection, Status, file_of, row_of

_SENDABLE: Final = frozenset({Status.NOT_TRIED, Status.IN_FLIGHT, Status.UNKNOWN})
_NEW: Final = Claim(repeated=False)
_NO_DIGEST: Final = bytes(16)


class _Enrolled(NamedTuple):
    """What was enrolled for a row."""

    row: int
    key: str | None
    digest: bytes | None
    status: str
    carrier: int | None


def enroll(
    connection: sqlite3.Connection, run: str, records: Sequence[Record], rejections: Sequence[Rejection], *, now: float
) -> None:
    """Enter rows that were checked; raises `LedgerError` for a row that is already there."""
    number = current(connection, run, checked=False).number
    members = [(number, member.row, member.key, record.row) for record in records for member in record.members]
    connection.executemany(
        QUERIES["enroll"],
        (
            (
                number,
                record.row,
                record.key,
                record.digest,
                record.origin,
                record.same,
                json.dumps(record.forgiven) if record.forgiven else None,
            )
            for record in records
        ),
    )
    connection.executemany(QUERIES["enroll_member"], members)
    connection.executemany(QUERIES["enroll_rejection"], (_rejected(number, rejection, now) for rejection in rejections))
    details.rejected(connection, number, rejections)
    rows = len(records) + len(members) + len(rejections)
    connection.execute(QUERIES["count_enrolled"], {"run": number, "rows": rows})


def recall(
    connection: sqlite3.Connection, run: str, rows: Sequence[tuple[int, str, bytes]], *, now: float
) -> frozenset[int]:
    """Enter as unchanged the rows of which position, key and origin are given, if that is what was last written.

    Gives their positions; raises `LedgerError` for a row that is already there.
    """
    this = current(connection, run, checked=False)
    if not rows or not known.any_at(connection, this.place):
        return frozenset()
    selected = {
        "run": this.number,
        "place": this.place,
        "keys": json.dumps([key for _, key, _ in rows]),
        "parts": b"".join([b"%b%020d" % (origin, row) for row, _, origin in rows]),
        "now": now,
    }
    entered = connection.execute(QUERIES["recall"], selected).rowcount
    connection.execute(QUERIES["count_enrolled"], {"run": this.number, "rows": entered})
    if entered == len(rows):
        return frozenset(row for row, _, _ in rows)
    span = {"run": this.number, "first": rows[0][0], "last": rows[-1][0]}
    return frozenset(row for (row,) in connection.execute(QUERIES["recalled"], span)) if entered else frozenset()


def pending(connection: sqlite3.Connection, run: str, first: int, last: int) -> frozenset[int]:
    """Positions between two, these included, of rows without a final status that are no members."""
    span = {"run": current(connection, run).number, "first": first, "last": last}
    return frozenset(row for (row,) in connection.execute(QUERIES["pending"], span))


def reject(connection: sqlite3.Connection, run: str, rejections: Sequence[Rejection], *, now: float) -> None:
    """Turn rows not tried into invalid ones, and add violations to rows already invalid."""
    this = current(connection, run)
    number = this.number
    turned = connection.executemany(
        QUERIES["reject"],
        ({**_rejected(number, rejection, now), "checked": this.checked} for rejection in rejections),
    )
    if rejections and turned.rowcount != len(rejections):
        raise LedgerError(f"Rows of run {run} were to be rejected that are not waiting to be sent.")
    details.rejected(connection, number, rejections)


def claim(connection: sqlite3.Connection, run: str, records: Sequence[Record]) -> dict[int, Claim]:
    """Mark the rows that may be sent as in flight, with their members, and tell what was known of them until now.

    Raises `SourceError` for a record that is not the one enrolled for its row: the source changed after its check.
    """
    this = current(connection, run, checked=True)
    new = _as_new(this, records)
    keys = [record.key for record in records]
    if new and _are_new(connection, new, keys):
        connection.executemany(QUERIES["claim_new"], new)
        sure = known.doubt_by_keys(connection, this, keys)
        return {row.row: Claim(repeated=False, known=sure[row.key]) if row.key in sure else _NEW for row in records}
    selected = {"run": this.number, "rows": json.dumps([record.row for record in records])}
    enrolled = {entry.row: entry for entry in map(_Enrolled._make, connection.execute(QUERIES["enrolled"], selected))}
    members: dict[int, list[sqlite3.Row]] = {}
    for member in connection.execute(QUERIES["members"], selected):
        members.setdefault(member["carrier"], []).append(member)
    sendable = []
    for record in records:
        entry = enrolled.get(record.row)
        if entry is not None and entry.status == Status.INVALID:
            continue  # for what only the ledger or the whole source could tell
        _require_same(this, record, entry, members.get(record.row, ()))
        if entry is not None and entry.status in _SENDABLE:
            sendable.append(record)
    keys = [record.key for record in sendable]
    ids = [record.key for record in sendable if record.by == REMOTE_ID]
    sure = known.sure(connection, this.place, [record.key for record in sendable if record.by != REMOTE_ID])
    sure |= known.lookup(connection, this.place, ids, ids=True)
    rows = [record.row for record in sendable]
    rows += [member["row"] for row in rows for member in members.get(row, ()) if member["status"] in _SENDABLE]
    connection.execute(QUERIES["claim"], {"run": this.number, "rows": json.dumps(rows)})
    known.doubt(connection, this, keys, ids)
    return {
        record.row: Claim(repeated=enrolled[record.row].status != Status.NOT_TRIED, known=sure.get(record.key))
        for record in sendable
    }


def _as_new(this: Current, records: Sequence[Record]) -> list[dict[str, object]]:
    """Stretches of rows that may wait for their first try and stand for themselves, as most do; see "as_enrolled"."""
    if any(record.members or record.by == REMOTE_ID for record in records):
        return []
    digests = {record.row: record.digest for record in records}
    return [
        {
            "run": this.number,
            "first": first,
            "last": last,
            "parts": b"".join([digests.get(row, _NO_DIGEST) for row in range(first, last + 1)]),
        }
        for first, last in row_ranges(digests)
    ]


def _are_new(connection: sqlite3.Connection, selected: Sequence[Mapping[str, object]], keys: Sequence[str]) -> bool:
    """Whether all rows of these ranges wait for their first try, have no members and are what was enrolled."""
    if any(connection.execute(QUERIES["carry_any"], stretch).fetchone()[0] for stretch in selected):
        return False
    found: list[str] = []
    for stretch in selected:
        found += msgspec.json.decode(connection.execute(QUERIES["as_enrolled"], stretch).fetchone()[0])
    return found == keys


def _require_same(this: Current, record: Record, entry: _Enrolled | None, members: Sequence[sqlite3.Row]) -> None:
    if entry is None:
        change = "was not there"
    elif entry.carrier is not None:
        change = f"was part of row {row_of(entry.carrier)}"
    elif entry.key != record.key:
        change = f"was {entry.key} and is {record.key} now"
    elif entry.digest != record.digest:
        change = f"({record.key}) had other values"
    elif (members or record.members) and {one["row"] for one in members} != {one.row for one in record.members}:
        change = f"({record.key}) had other rows that belong to it"
    else:
        return
    file = file_of(record.row)
    where = f"row {row_of(record.row)} of file {file + 1}" if file else f"row {row_of(record.row)}"
    raise SourceError(
        f"it is not what was checked: {where} {change}",
        path=this.source,
        advice="Import it again once nobody changes it any more: what was written and has not changed is not sent.",
    )


def _rejected(number: int, rejection: Rejection, now: float) -> dict[str, object]:
    code = rejection.violations[0].rule if rejection.violations else str(Status.INVALID)
    return {"run": number, "row": rejection.row, "key": rejection.key, "code": code, "now": now}

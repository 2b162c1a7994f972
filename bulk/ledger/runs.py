"""Runs: begun, taken up, sealed, finished. Plain functions, each called inside one transaction."""

import json
import sqlite3
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import asdict, replace

from bulk.errors import LedgerError, LockedError, UsageError
from bulk.ledger import known, superseded
from bulk.ledger.current import current
from bulk.ledger.sql import QUERIES
from bulk.model import Instance, Run, RunStatus, Totals, Traffic

UNSEEN: Final = "The run ended before an answer was seen: the row may have been written, or not."


def find(connection: sqlite3.Connection, run: str, *, exports: bool = False) -> Run:
    """One run by id, unique beginning of an id, or `last`, which is no export unless `exports`.

    Raises `UsageError` that lists the latest.
    """
    return _run(connection, _row(connection, run, exports=exports))


def number(connection: sqlite3.Connection, run: str) -> int:
    """Number of a run within this ledger; found as in `find`."""
    return int(_row(connection, run, exports=False)["number"])


def latest(connection: sqlite3.Connection, limit: int) -> list[Run]:
    """The latest runs, newest first."""
    found = connection.execute(QUERIES["runs"], {"beginning": "", "limit": limit, "exports": True}).fetchall()
    return [_run(connection, row) for row in found]


def begin(connection: sqlite3.Connection, instance: Instance, *, fresh: bool, alone: bool, now: float) -> Run:
    """Start a run, or continue the latest of an equal instance. `alone`: no other program works on this place.

    A run is not continued once another has written to the same place: what it has done may be undone by now, and
    starting anew costs little, as rows that have not changed are not sent. Nor is one whose totals do not close.
    """
    if instance.parent is not None:
        instance = replace(instance, parent=_loading(find(connection, instance.parent)).id)
    if alone:
        bury(connection, instance, now)
    equal = connection.execute(QUERIES["latest_equal"], asdict(instance)).fetchone()
    if equal is not None and not fresh:
        run = find(connection, equal["id"])
        if run.status is RunStatus.RUNNING:
            raise LockedError(f"Run {run.id} does the same and is under way.", advice="Wait until it has ended.")
        resumable = run.status not in {RunStatus.COMPLETED, RunStatus.REFUSED} and run.totals.closes
        if resumable and not _overtaken(connection, run):
            return _reopen(connection, run, instance.politeness, now)
    return add(connection, instance, now)


def add(connection: sqlite3.Connection, instance: Instance, now: float) -> Run:
    """Enter a new run."""
    (following,) = connection.execute(QUERIES["next_number"]).fetchone()
    # The number makes the id unique, and keeps the order of runs that start in the same second.
    id = f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}-{following:04x}"
    connection.execute(QUERIES["add_place"], {"target": instance.target, "resource": instance.resource})
    connection.execute(QUERIES["add_run"], {**asdict(instance), "number": following, "id": id, "now": now})
    return find(connection, id)


def take_up(connection: sqlite3.Connection, id: str, *, politeness: str, alone: bool, now: float) -> Run:
    """Open an unfinished run again. Rows whose key another run has written since are rejected as superseded."""
    run = _loading(find(connection, id))
    if run.status in {RunStatus.COMPLETED, RunStatus.REFUSED}:
        raise UsageError(
            f"Run {run.id} is {run.status}: there is nothing left to resume.",
            advice=f"`bulk retry {run.id}` tries the rows again that failed or were invalid."
            if run.status is RunStatus.COMPLETED
            else "Mend the source and import it.",
        )
    if not run.totals.closes:
        raise UsageError(
            f"Run {run.id} cannot be resumed: {_gap(run)}",
            advice="Import its source again: a new run starts, and what is known to be written is not sent again.",
        )
    if alone:
        bury(connection, run.instance, now)
    elif run.status is RunStatus.RUNNING:
        raise LockedError(f"Run {run.id} is under way.", advice="Wait until it has ended.")
    _reopen(connection, run, politeness, now)
    if run.checked:
        superseded.reject(
            connection,
            run.id,
            since=run.started_at.timestamp(),
            advice="Start anew with --fresh to send it anyway.",
            now=now,
        )
    return replace(find(connection, run.id), continued=True)


def seal(connection: sqlite3.Connection, id: str, *, resend: bool, now: float) -> Run:
    """End the checking; raises `LedgerError` when the entries are not as many as were enrolled."""
    this = current(connection, id, checked=False)
    if not resend:
        selected = {"run": this.number, "place": this.place, "now": now}
        connection.execute(QUERIES["mark_unchanged"], selected)
        connection.execute(QUERIES["unmark_ambiguous"], selected)
        connection.execute(QUERIES["mark_members_unchanged"], selected)
        known.learn_origins(connection, this)
        if this.parent is not None:
            parent = _row(connection, id, exports=False)["parent"]
            since = find(connection, parent).started_at.timestamp()
            superseded.reject(connection, id, since=since, advice="Retry with --all to send it anyway.", now=now)
    connection.execute(QUERIES["seal"], {"run": this.number})
    return _closed(find(connection, id))


def finish(
    connection: sqlite3.Connection,
    id: str,
    status: RunStatus,
    *,
    seconds: float,
    traffic: Traffic,
    exit_code: int,
    reason: str | None,
    now: float,
) -> Run:
    """End this start: what is in flight becomes unknown. Raises `LedgerError` if the totals do not close."""
    _lose_sight(connection, id, now)
    run = _closed(find(connection, id))
    return end(connection, run, status, seconds=seconds, traffic=traffic, exit_code=exit_code, reason=reason, now=now)


def end(
    connection: sqlite3.Connection,
    run: Run,
    status: RunStatus,
    *,
    seconds: float,
    traffic: Traffic,
    exit_code: int | None,
    reason: str | None,
    now: float,
) -> Run:
    """End a run with its totals as they are at hand."""
    if status is RunStatus.RUNNING:
        raise LedgerError("A run cannot finish as running.")
    connection.execute(
        QUERIES["finish"],
        {
            **asdict(run.totals),
            **asdict(traffic),
            "id": run.id,
            "status": status,
            "now": now,
            "seconds": seconds,
            "exit_code": exit_code,
            "reason": reason,
        },
    )
    return find(connection, run.id)


def bury(connection: sqlite3.Connection, instance: Instance, now: float) -> None:
    """End the runs whose program died, as it would have done itself, where an equal lock would have kept them out.

    One whose totals do not close is ended as well, and says so: it must not keep others from their work.
    """
    place = {"target": instance.target, "resource": instance.resource}
    for (id,) in connection.execute(QUERIES["running"], place).fetchall():
        run = find(connection, id)
        if run.instance.lock_name != instance.lock_name:
            continue
        (seconds,) = connection.execute(QUERIES["lived"], {"id": id}).fetchone()
        if run.instance.operation != "export":
            _lose_sight(connection, id, now)
        run = find(connection, id)
        status, reason = RunStatus.INTERRUPTED, "The program ended without a word."
        if not run.totals.closes:
            status, reason = RunStatus.STOPPED, _gap(run)
        traffic = Traffic()  # see "finish"
        end(connection, run, status, seconds=seconds or 0.0, traffic=traffic, exit_code=None, reason=reason, now=now)


def _lose_sight(connection: sqlite3.Connection, id: str, now: float) -> None:
    """Turn what is in flight into unknown, and into not tried what is unchanged without the seal that says so."""
    this = current(connection, id)
    if not this.checked:
        connection.execute(QUERIES["unrecall"], {"run": this.number})
    unseen = [row for (row,) in connection.execute(QUERIES["in_flight"], {"run": this.number})]
    if unseen:
        selected = {"run": this.number, "rows": json.dumps(unseen)}
        connection.execute(QUERIES["explain_interruption"], {**selected, "message": UNSEEN})
        connection.execute(QUERIES["lose_sight"], {**selected, "now": now})
        known.learn_unknown(connection, this, unseen)


def _loading(run: Run) -> Run:
    """A run that is no export; raises `UsageError` for one that is."""
    if run.instance.operation == "export":
        raise UsageError(
            f"Run {run.id} is an export: it has no rows to try again.",
            advice=f"Run `bulk export {run.instance.resource} {run.instance.source}` again.",
        )
    return run


def _closed(run: Run) -> Run:
    if not run.totals.closes:
        raise LedgerError(
            f"Run {run.id}: {_gap(run)}",
            advice="This is a fault of the program or of the disk: please report it, and import the source again.",
        )
    return run


def _gap(run: Run) -> str:
    return f"Its totals do not close, so the fate of some rows is lost: {run.totals}."


def _overtaken(connection: sqlite3.Connection, run: Run) -> bool:
    (found,) = connection.execute(QUERIES["overtaken"], {"id": run.id}).fetchone()
    return bool(found)


def _reopen(connection: sqlite3.Connection, run: Run, politeness: str, now: float) -> Run:
    if not run.checked:
        connection.execute(QUERIES["forget_entries"], {"id": run.id})
    connection.execute(QUERIES["reopen"], {"id": run.id, "politeness": politeness, "now": now})
    return replace(find(connection, run.id), continued=True)


def _row(connection: sqlite3.Connection, run: str, *, exports: bool) -> sqlite3.Row:
    last = run == "last"
    selected = {"beginning": "" if last else run, "limit": 1 if last else 2, "exports": exports or not last}
    found: list[sqlite3.Row] = connection.execute(QUERIES["runs"], selected).fetchall() if run else []
    if len(found) == 1:
        return found[0]
    newest = connection.execute(QUERIES["runs"], {"beginning": "", "limit": 5, "exports": True}).fetchall()
    if last or not newest:
        ledger = connection.execute("PRAGMA database_list").fetchone()["file"] or ":memory:"
        raise UsageError(
            f"There are no runs{' but exports' if newest else ''} in the ledger {ledger}.",
            advice="Load a file first, or name with --ledger the ledger that the run is in.",
        )
    problem = f"Several runs begin with {run!r}" if found else f"There is no run {run!r}"
    names = ", ".join(row["id"] for row in newest)
    raise UsageError(f"{problem}; the latest are: {names}.", advice="Give the whole id, or `last`.")


def _run(connection: sqlite3.Connection, row: sqlite3.Row) -> Run:
    status = RunStatus(row["status"])
    # Totals are stored when a run ends; until then they are counted.
    counted = (
        row
        if status is not RunStatus.RUNNING
        else connection.execute(QUERIES["totals"], {"run": row["number"]}).fetchone()
    )
    return Run(
        id=row["id"],
        instance=Instance(
            resource=row["resource"],
            operation=row["operation"],
            target=row["target"],
            source=row["source"],
            sha256=row["sha256"],
            options=row["options"],
            parent=row["parent"],
            politeness=row["politeness"],
        ),
        status=status,
        checked=bool(row["checked"]),
        started_at=datetime.fromtimestamp(row["started_at"], UTC),
        finished_at=None if row["finished_at"] is None else datetime.fromtimestamp(row["finished_at"], UTC),
        seconds=row["seconds"],
        totals=Totals(
            read=row["enrolled"],
            invalid=counted["invalid"],
            succeeded=counted["succeeded"],
            created=counted["created"],
            updated=counted["updated"],
            unchanged=counted["unchanged"],
            failed=counted["failed"],
            unknown=counted["unknown"],
            not_tried=counted["not_tried"],
        ),
        traffic=Traffic(sent=row["sent"], retried=row["retried"], throttled=row["throttled"]),
        exit_code=row["exit_code"],
        reason=row["reason"],
    )

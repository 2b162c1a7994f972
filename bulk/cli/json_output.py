"""What the commands print with `--json`: the keys are a contract with scripts outside."""

import json
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from bulk.model import Cause, Entry, Passage, Rejection, Run, RunStatus, Totals, Violation, file_of, row_of

if TYPE_CHECKING:
    from bulk.jobs.presence import Presence
    from bulk.jobs.reports import Report
    from bulk.validation import Group


def print_json(document: Any) -> None:  # noqa: ANN401  # any JSON
    """The one document that a command prints with --json."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


async def print_json_list(documents: AsyncIterator[Any]) -> None:
    """The same for a list that may be long."""
    opening = "[\n"
    async for document in documents:
        sys.stdout.write(f"{opening}{json.dumps(document, ensure_ascii=False)}")
        opening = ",\n"
    sys.stdout.write("[]\n" if opening.startswith("[") else "\n]\n")
    sys.stdout.flush()


def report_document(report: "Report", *, source: str | None = None) -> dict[str, Any]:
    """A run and what there is to say about it, as `import`, `resume`, `retry` and `show` print it."""
    return run_document(report.run, source=source) | {
        "unchanged_since": dict(report.unchanged_since),
        "carried": dict(zip(("rows", "inside"), report.carried, strict=True)),
        "causes": [cause_document(cause, report.files) for cause in report.causes],
        "ledger": report.ledger,
    }


def run_document(run: Run, *, source: str | None = None) -> dict[str, Any]:
    """A run, as `runs` prints it; `source` is what the user has just called it."""
    instance, totals = run.instance, run.totals
    return {
        "run": run.id,
        "resource": instance.resource,
        "operation": instance.operation,
        "status": run.status.value,
        "reason": run.reason,
        "continued": run.continued,
        "parent": instance.parent,
        "source": {"path": source or instance.source, "sha256": instance.sha256, "rows": totals.read},
        "target": instance.target,
        "politeness": json.loads(instance.politeness or "{}"),
        "rows": asdict(totals),
        "requests": asdict(run.traffic),
        "seconds": round(run.seconds, 3),
        "rows_per_second": round(_done(totals) / run.seconds, 1) if run.seconds else 0.0,
        "started_at": run.started_at.isoformat(),
        "finished_at": None if run.finished_at is None else run.finished_at.isoformat(),
        "exit_code": run.exit_code,
    }


def manifest_of(run: Run) -> str:
    """Path of the manifest of an export."""
    return f"{run.instance.source}.manifest.json"


def export_document(run: Run) -> dict[str, Any]:
    """An export, as `export` prints it: the run, and its manifest if it came to one."""
    document = run_document(run)
    document["destination"] = document.pop("source") | {"rows": run.totals.succeeded}
    manifest = Path(manifest_of(run))
    written = run.status is RunStatus.COMPLETED and manifest.exists()
    return document | {"manifest": json.loads(manifest.read_text("utf-8")) if written else None}


def cause_document(cause: Cause, files: Sequence[str]) -> dict[str, Any]:
    """A group of rows that were not written for the same reason; `files` are those that they stand in."""
    return {
        "status": cause.status.value,
        "code": cause.code,
        "column": cause.column,
        "count": cause.count,
        "example": entry_document(cause.example, files),
    }


def entry_document(entry: Entry, files: Sequence[str]) -> dict[str, Any]:
    """A row, as `bulk rows` prints it."""
    return {
        **place_document(entry.row, files),
        "key": entry.key,
        "status": entry.status.value,
        "outcome": entry.outcome,
        "http_status": entry.http_status,
        "attempts": entry.attempts,
        "code": entry.code,
        "message": entry.message,
        "violations": [violation_document(violation) for violation in entry.violations],
        "remote_id": entry.remote_id,
        "response": entry.response,
        "finished_at": None if entry.finished_at is None else entry.finished_at.isoformat(),
    }


def history_document(resource: str, key: str, history: Sequence[Passage]) -> dict[str, Any]:
    """What became of one record, as `bulk explain` prints it."""
    return {"resource": resource, "key": key, "history": [_passage_document(passage) for passage in history]}


def _passage_document(passage: Passage) -> dict[str, Any]:
    run, files = passage.run, json.loads(passage.run.instance.options)["files"]
    return {
        "run": run.id,
        "operation": run.instance.operation,
        "parent": run.instance.parent,
        "target": run.instance.target,
        "started_at": run.started_at.isoformat(),
        "source": {"path": run.instance.source, "sha256": run.instance.sha256},
        "file": files[file_of(passage.entry.row)],
        **entry_document(passage.entry, ()),
        "inside": None if passage.carrier is None else row_of(passage.carrier),
        "digest": None if passage.digest is None else passage.digest.hex(),
        "digest_before": None if passage.before is None else passage.before.hex(),
    }


def presence_document(presence: "Presence", files: Sequence[str]) -> dict[str, Any]:
    """A row that names a record, as `bulk exists` prints it; one that names none says why."""
    document = {
        **place_document(presence.row, files),
        "key": presence.key,
        "exists": presence.exists,
        "id": presence.id,
    }
    return document if presence.message is None else document | {"message": presence.message}


def place_document(position: int, files: Sequence[str]) -> dict[str, Any]:
    """Where a row stands; names its file where there are several."""
    return {"row": row_of(position), **({"file": files[file_of(position)]} if len(files) > 1 else {})}


def violation_document(violation: Violation) -> dict[str, Any]:
    """One broken rule."""
    return {
        "column": violation.column,
        "rule": violation.rule,
        "value": violation.value,
        "message": violation.message,
        "advice": violation.advice,
    }


def rejection_documents(rejection: Rejection, files: Sequence[str]) -> list[dict[str, Any]]:
    """The broken rules of a row that `bulk check` refuses."""
    place = place_document(rejection.row, files) | {"key": rejection.key}
    return [place | violation_document(violation) for violation in rejection.violations]


def group_document(group: "Group") -> dict[str, Any]:
    """The same rule broken in the same column by many rows."""
    return {
        "column": group.column,
        "rule": group.rule,
        "count": group.count,
        "rows": [row_of(row) for row in group.rows],
        "example": violation_document(group.example),
    }


def _done(totals: Totals) -> int:
    """Rows that were decided in this run."""
    return totals.read - totals.not_tried

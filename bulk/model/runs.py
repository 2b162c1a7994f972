"""A run: what is to be done, what happens meanwhile, and what became of it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from bulk.model.rows import Entry, Status


class RunStatus(StrEnum):
    """What became of a run. Only `completed` and `refused` cannot be resumed."""

    RUNNING = "running"
    COMPLETED = "completed"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    STOPPED = "stopped"
    REFUSED = "refused"


class Totals(Struct, frozen=True, kw_only=True):
    """Rows of a run by what became of them."""

    read: int = 0
    invalid: int = 0
    succeeded: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    unknown: int = 0
    not_tried: int = 0

    @property
    def closes(self) -> bool:
        """Whether every row read is in exactly one final status."""
        parts = (self.invalid, self.succeeded, self.unchanged, self.failed, self.unknown, self.not_tried)
        return self.read == sum(parts) and self.created + self.updated <= self.succeeded


class Traffic(Struct, frozen=True, kw_only=True):
    """Requests of a run."""

    sent: int = 0
    """Requests sent, repeats included."""
    retried: int = 0
    """Of these, repeats."""
    throttled: int = 0
    """Answers that asked for a slower pace."""

    def __add__(self, other: "Traffic") -> "Traffic":
        """Both together."""
        return Traffic(
            sent=self.sent + other.sent,
            retried=self.retried + other.retried,
            throttled=self.throttled + other.throttled,
        )


class Instance(Struct, frozen=True, kw_only=True):
    """What is to be done. Two starts with equal instances are the same work, so the second continues the first."""

    resource: str
    """Full name, such as `luminous.products`."""
    operation: str
    """`import`, `dry-run`, `retry`, `delete` or `export`; to try a deletion again is to delete as well."""
    target: str
    """Address of the API, without credentials."""
    source: str
    """What the user called the source; for an export, its destination."""
    sha256: str
    """Digest over the content of the source; for an export, of the file it wrote."""
    options: str = ""
    """Canonical JSON of the options that change what is sent."""
    parent: str | None = None
    """The run whose rows are tried again."""
    politeness: str = ""
    """Canonical JSON of how the API is to be treated, where the user said so; no part of what makes work the same."""

    @property
    def lock_name(self) -> str:
        """What to hold at the target while it runs: the resource, or for an export only its way to its destination."""
        return f"{self.resource} export {self.source}" if self.operation == "export" else self.resource


class Run(Struct, frozen=True, kw_only=True):
    """One run as the ledger knows it."""

    id: str
    """Sorts by start."""
    instance: Instance
    """What it is about."""
    status: RunStatus
    """What became of it."""
    checked: bool = False
    """Whether every row of the source has its entry; nothing is sent before."""
    continued: bool = False
    """Whether this start took up an earlier, unfinished one."""
    started_at: datetime
    """UTC."""
    finished_at: datetime | None = None
    """UTC."""
    seconds: float = 0.0
    """Time spent over all starts."""
    totals: Totals = Totals()
    """Rows by status."""
    traffic: Traffic = Traffic()
    """Requests over all starts."""
    exit_code: int | None = None
    """Exit code of the last start."""
    reason: str | None = None
    """Why it ended as it did, where that needs words."""


class Passage(Struct, frozen=True, kw_only=True):
    """What one run had to do with one record."""

    run: Run
    """The run."""
    entry: Entry
    """What became of the record's row in it."""
    digest: bytes | None = None
    """Of the document as it was checked; None for a row that was invalid, or travelled in another's document."""
    before: bytes | None = None
    """Of the document that was written last before it under the same key and at the same target, if that is sure."""
    carrier: int | None = None
    """Position of the row whose document held this one."""


class ExportEnd(Struct, frozen=True, kw_only=True):
    """How an export ended."""

    status: RunStatus
    """What became of it."""
    exit_code: int
    """What the program ends with."""
    reason: str | None = None
    """Why it ended as it did, where that needs words."""
    rows: int = 0
    """Rows of the file that it wrote."""
    sha256: str = ""
    """Digest of that file."""
    bookmark: str | None = None
    """What the next incremental export of the same chain goes on from: JSON."""
    seconds: float = 0.0
    """Time spent."""
    traffic: Traffic = Traffic()
    """Requests."""


class Cause(Struct, frozen=True, kw_only=True):
    """Rows of a run that failed for the same reason."""

    status: Status
    """`failed`, `invalid` or `unknown`."""
    code: str
    """Short stable word, usable with `retry --cause`."""
    column: str | None
    """The column concerned, if it is always the same."""
    count: int
    """How many rows."""
    example: Entry
    """The first of them."""


class Event(Struct, frozen=True, kw_only=True):
    """Something a listener may want to show."""

    kind: str
    """`source`, `checking`, `checked`, `asking`, `settled`, `exported`, `pause`, `pace`, `note` or `finished`."""
    message: str = ""
    """One sentence for a person."""
    data: Mapping[str, Any] = {}
    """The same for a program."""

"""A row on its way: read, judged, written, recorded."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct


class Status(StrEnum):
    """What became of a row."""

    NOT_TRIED = "not_tried"
    IN_FLIGHT = "in_flight"
    INVALID = "invalid"
    SUCCEEDED = "succeeded"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Violation(Struct, frozen=True, kw_only=True):
    """One broken rule on one row."""

    row: int
    """Position of the row."""
    column: str | None
    """The column as it is called in the file; None when the rule is about the whole row."""
    rule: str
    """Short stable name of the rule, such as `max_length`."""
    value: str | None
    """The offending cell, shortened."""
    message: str
    """What is wrong, in one sentence."""
    advice: str | None = None
    """What to do about it."""


class Rejection(Struct, frozen=True, kw_only=True):
    """A row that will not be sent, with everything needed to mend it without its source file."""

    row: int
    """Position of the row."""
    key: str | None
    """Its key, as far as it could be read."""
    cells: Mapping[str, Any]
    """The original cells by original header."""
    violations: tuple[Violation, ...]
    """Every rule that it breaks."""


class Member(Struct, frozen=True, kw_only=True):
    """A row that travels inside another row's document, such as a variant in its product's."""

    row: int
    """Position of the row."""
    key: str
    """What names it."""


class Record(Struct, frozen=True, kw_only=True):
    """A row that became a valid document."""

    row: int
    """Position of the row."""
    key: str
    """What names the record at the API."""
    payload: str
    """The document as canonical JSON: only the fields that are to be written, in the model's order."""
    digest: bytes
    """16 bytes over the payload as it was checked."""
    origin: bytes | None = None
    """16 bytes over the cells that it was read from and over how they were read; the same make the same record, which
    loses nothing and forgives nothing. None where anything else went into it."""
    repeated: bool = False
    """Whether an earlier attempt may already have sent it."""
    by: str = ""
    """Column that names it, such as `sku`."""
    members: tuple[Member, ...] = ()
    """Rows whose content is part of the payload; they share its fate."""
    losses: tuple[str, ...] = ()
    """What clearing and emptying cells in it will do, in the third person."""
    forgiven: tuple[str, ...] = ()
    """Columns of the file whose cells break a rule but are as the API itself gave them; they are left alone."""
    same: bool = False
    """Whether each of its fields is known to have its value at the API."""
    whole: str | None = None
    """The document as it was checked, where the payload is only what of it has changed."""
    current: Mapping[str, Any] | None = None
    """The record as the API has it, if it was read just now; empty if there is none."""
    taken: str | None = None
    """Another record that goes by this key too, such as by an alternate SKU, if that was found out."""
    sure: bool = False
    """Whether its key need not be looked up: it is known what goes by it, or the API has no way to tell."""
    confirmed: bool = False
    """Whether the user has confirmed what may be lost."""


class Claim(Struct, frozen=True, kw_only=True):
    """A row that is ours to send."""

    repeated: bool = False
    """Whether an earlier start may already have sent it."""
    known: bytes | None = None
    """Fingerprint of what the record is known to hold, if that is sure; see `bulk.fingerprint`."""


class Sighting(Struct, frozen=True, kw_only=True):
    """A record as an export read it."""

    key: str
    """What names it in an import."""
    remote_id: str | None
    """The API's own id."""
    fields: bytes
    """Fingerprint of what was read."""


class Settlement(Struct, frozen=True, kw_only=True):
    """What the writer learnt about one row."""

    row: int
    """Position of the row."""
    key: str
    """Key of the record."""
    status: Status
    """Final status; `not_tried` hands the row back untouched."""
    outcome: str | None = None
    """See `Outcome.outcome`."""
    http_status: int | None = None
    """Status of the last answer, if any."""
    attempts: int = 0
    """Requests sent for this row in this run."""
    code: str | None = None
    """Short stable word for the cause of a failure."""
    message: str | None = None
    """What went wrong, in one sentence."""
    violations: tuple[Violation, ...] = ()
    """What the API said about single columns."""
    remote_id: str | None = None
    """The API's own id of the record."""
    cells: Mapping[str, Any] | None = None
    """The original cells, for rows that may need mending."""
    response: str | None = None
    """Shortened answer, for failures only."""
    fields: bytes | None = None
    """Fingerprint of what the record is known to hold now; None where that is not sure."""
    touched: bool = False
    """Whether the API may have written something, even if it said otherwise."""
    finished_at: float = 0.0
    """Seconds since the epoch."""


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the ledger, as read back."""

    row: int
    """Position of the row."""
    key: str | None
    """Key of the record."""
    status: Status
    """What became of it."""
    outcome: str | None = None
    """See `Outcome.outcome`."""
    http_status: int | None = None
    """Status of the last answer."""
    attempts: int = 0
    """Requests sent for it."""
    code: str | None = None
    """Short stable word for the cause."""
    message: str | None = None
    """What went wrong, or a remark."""
    violations: tuple[Violation, ...] = ()
    """Broken rules, ours or the API's."""
    remote_id: str | None = None
    """The API's own id."""
    cells: Mapping[str, Any] | None = None
    """Original cells of rows that were not written."""
    response: str | None = None
    """Shortened answer, for failures only."""
    finished_at: datetime | None = None
    """When it got this status, in UTC."""

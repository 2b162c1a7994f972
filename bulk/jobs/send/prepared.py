"""A record that is ours to send, as it goes to whichever process sends it, and the conversation about it."""

from typing import Final

from msgspec import Struct

from bulk.contracts import Flow, Resource
from bulk.errors import ApiError, RefusedError, UnreachableError
from bulk.fingerprint import fingerprint
from bulk.model import Outcome, Record, Status, Violation, parsed, shorten

_WRITTEN: Final = (Status.SUCCEEDED, Status.UNCHANGED)


class Prepared(Struct, frozen=True, kw_only=True):
    """A record that is ours to send."""

    record: Record
    """The record, its payload cut down to what is new."""
    known: bytes | None
    """Fingerprint of what was known of it before."""
    fields: bytes | None = None
    """Fingerprint of what is known of it once it is written; None where that is the payload, see `learnt`."""
    needless: str | None = None
    """Why nothing of it has to be written, if so."""
    unread: bool = False
    """Whether it had to be read first, and was not."""
    conflicts: tuple[tuple[str, str], ...] = ()
    """Fields that somebody else has changed since they were last read or written, and to what."""


def drive(prepared: Prepared, resource: Resource, *, deletes: bool = False) -> Flow:
    """The conversation about a prepared record; none where there is nothing to say, or too much."""
    if deletes:
        assert resource.delete is not None
        return (yield from resource.delete(prepared.record))
    if prepared.unread:
        raise UnreachableError(
            "the record could not be read, which --verify demands", code="unread", maybe_applied=False
        )
    if prepared.conflicts:
        raise RefusedError(
            "somebody else has changed this record since it was last read or written: "
            + "; ".join(f"{path} is {shorten(value)!r} now" if path else value for path, value in prepared.conflicts)
            + " (export it again, or import without --verify to overwrite it)",
            code="conflict",
            faults=[(path, f"it is {shorten(value)!r} now") for path, value in prepared.conflicts if path],
        )
    if prepared.needless is not None and prepared.record.repeated:
        return Outcome(outcome="saved", message="an earlier attempt had written it: the API has all of it")
    if prepared.needless is not None:
        return Outcome(status=Status.UNCHANGED, message=prepared.needless)
    return (yield from resource.upsert(prepared.record))


def learnt(prepared: Prepared, status: Status) -> bytes | None:
    """Fingerprint of what is known of a record that has come to this status.

    It takes a fifth of the time that it takes to send a record, and so it is made by whoever sends it.
    """
    if status not in _WRITTEN:
        return prepared.known
    return fingerprint(parsed(prepared.record.payload)) if prepared.fields is None else prepared.fields


def as_told(record: Record, error: ApiError) -> tuple[Violation, ...]:
    """The API's faults as it told them: each has for a column its path in the record's document."""
    return tuple(
        Violation(row=record.row, column=path, rule=error.code, value=None, message=message)
        for path, message in error.faults
    )

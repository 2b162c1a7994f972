"""What of a record has to be written, in view of what is known of it and of what the API has."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from msgspec.structs import replace

from bulk.contracts import Resource
from bulk.fingerprint import apart_from, canonical, departed, emptied, fingerprint, leaves, merged, unknown, without
from bulk.jobs.check.comparison import about, new_leaves
from bulk.jobs.send.prepared import Prepared
from bulk.model import Claim, Record, listed, parsed


def prepare(record: Record, claim: Claim, *, resource: Resource, resend: bool, verify: bool) -> Prepared:
    """Compare a record with what is known; with `record.current` too, where it was read.

    With `resend` all of it is written. With `verify` fields that are no longer as they were known are conflicts, unless
    they already are as they are to be.
    """
    prepared = _compared(record, claim, resource=resource, resend=resend, verify=verify)
    if not resource.altered:
        return prepared
    # Of what is added to a field or taken from it, nobody knows what the field holds in the end.
    document = parsed(record.payload)
    fields = fingerprint(document) if prepared.fields is None else prepared.fields
    return replace(prepared, fields=apart_from(fields, resource.altered & document.keys()))


def _compared(record: Record, claim: Claim, *, resource: Resource, resend: bool, verify: bool) -> Prepared:
    if claim.repeated or claim.known is not None:
        record = replace(record, repeated=claim.repeated, sure=claim.known is not None)
    whole = Prepared(record=record, known=claim.known)
    if creates(resource, record):
        return whole
    if verify and record.current is None:
        return replace(whole, unread=True)
    if record.current == {}:
        if verify and claim.known is not None:
            return replace(whole, conflicts=(("", "it is not there any more"),))
        return whole
    known = about(record, claim.known) or b""
    if not known and record.current is None:
        return whole
    document = parsed(record.payload)
    live = None if record.current is None else resource.read(record.current)
    held = b"" if live is None else fingerprint(live)
    # What is as it was last known was not edited in the file, and what already is as in the file need not be written.
    news = {path.partition(".")[0].partition("[")[0] for path in new_leaves(document, known + held, resource)}
    base = merged(held, known, resource.partial)
    base = base if live is None else emptied(base, document, live)
    part = {name: value for name, value in document.items() if resend or name in news or name == record.by}
    cut = replace(
        whole,
        fields=merged(base, fingerprint(part), resource.partial),
        conflicts=_conflicts(document, live, known, held) if verify and live is not None else (),
    )
    if live is not None and not news and not resend:
        return replace(cut, needless=_why_needless(document, held))
    if not base or not (news or resend):
        return replace(cut, fields=merged(base, fingerprint(document), resource.partial))
    if not resend:
        stale = set(departed(document, held)) - set(unknown(document, known))
        part |= _without_stale(part, stale, resource)
    if part == document:
        return cut
    payload = json.dumps(part, ensure_ascii=False, separators=(",", ":"))
    return replace(cut, record=replace(record, payload=payload, whole=record.payload))


def creates(resource: Resource, record: Record) -> bool:
    """Whether a record is of the kind that is only ever created."""
    other = resource.other_rows
    return other is not None and other.within is None and record.by in other.keys and record.by not in resource.keys


def _why_needless(document: Mapping[str, Any], held: bytes) -> str:
    others = departed(document, held)
    if not others:
        return "the API has all of it already"
    return f"nothing of it was edited since it was last read or written; changed by others meanwhile: {listed(others)}"


def _without_stale(part: Mapping[str, Any], stale: Collection[str], resource: Resource) -> dict[str, Any]:
    """The fields of which the flow sends along what the API has, without what others have changed in them."""
    inside = resource.other_rows.within if resource.other_rows is not None else None
    fields = {name: value for name, value in part.items() if name in resource.partial or name == inside}
    return without(fields, stale)


def _conflicts(
    document: Mapping[str, Any], live: Mapping[str, Any], known: bytes, held: bytes
) -> tuple[tuple[str, str], ...]:
    """Leaves of the document that are neither as they were known nor as they are to be, and what they are."""
    changed = set(departed(live, known)) & set(departed(document, held))
    return tuple((path, canonical(value)) for path, value in leaves(live) if path in changed)

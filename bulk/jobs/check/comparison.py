"""Rows held against what is known of their records: what is the same need not be sent, what is read-only not edited."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import polars as pl
from msgspec.structs import replace

from bulk.contracts import Resource
from bulk.fingerprint import departed, leaves, unknown
from bulk.jobs.check.chunk import Chunk
from bulk.jobs.check.families import Families, family_rejection
from bulk.jobs.check.judge import Judge
from bulk.model import ROW, Record, Rejection, Violation, parsed
from bulk.validation import original_cells, read_only_violation

_MOST_ZEROS = 8
"""Leading zeros that a code may have lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """A chunk in view of what is known."""

    records: Sequence[Record]
    """What can be sent; `same` where nothing about it is new."""
    rejections: Sequence[Rejection]
    """What cannot."""
    unverified: bool = False
    """Whether there are read-only cells of records of which nothing is known."""
    carried: int = 0
    """Rows that go inside these records because something of them is new."""


def compare(chunk: Chunk, known: Mapping[str, bytes], families: Families | None, *, resource: Resource) -> Compared:
    """Judge the rows of a chunk once more; `known` are fingerprints by key."""
    if not known and not chunk.shown:
        carried = sum(len(record.members) for record in chunk.records)
        return Compared(records=chunk.records, rejections=chunk.rejections, unverified=False, carried=carried)
    chunk = pardoned(chunk, _harmless(chunk, known), families)
    kept: list[Record] = []
    faulty: list[tuple[Record, _Faults]] = []
    unverified = False
    carried = 0
    for record in chunk.records:
        fields = about(record, known.get(record.key))
        if fields is None:
            unverified |= record.row in chunk.shown
            carried += len(record.members)
            kept.append(record)
            continue
        document = parsed(record.payload)
        news = new_leaves(document, fields, resource)
        faults = _edited(chunk, record, fields, families) + _stripped(chunk.judge, record, document, news, fields)
        if faults:
            faulty.append((record, faults))
            continue
        kept.append(replace(record, same=True) if not news else record)
        if families is not None and any(path.startswith(f"{families.field}[") for path in news):
            carried += len(record.members)
    rejections = [*chunk.rejections, *_rejected(chunk, faulty, families)]
    return Compared(records=kept, rejections=rejections, unverified=unverified, carried=carried)


def new_leaves(document: Mapping[str, Any], known: bytes, resource: Resource) -> list[str]:
    """Paths that have to be written: what is not known to be so, and what does not say how it is to be."""
    altered = [name for name in resource.altered if name in document]
    return [*unknown(document, known, resource.whole), *altered]


def about(record: Record, known: bytes | None) -> bytes | None:
    """What is known, if it is known of this record: its key may look like the id of quite another one."""
    return None if known is None or unknown({record.by: record.key}, known) else known


def _harmless(chunk: Chunk, known: Mapping[str, bytes]) -> dict[int, list[str]]:
    """Rows all of whose faults are in cells that are just as the API gave them, with the columns of these.

    An API may hold what it does not take, such as too long an address.
    """
    found: dict[int, list[str]] = {}
    for rejection in chunk.rejections:
        fields = known.get(rejection.key or "")
        labels = [violation.column for violation in rejection.violations]
        if fields is None or not rejection.cells:
            continue
        if all(chunk.judge.holds("", label, rejection.cells, fields) for label in labels):
            found[rejection.row] = [label for label in dict.fromkeys(labels) if label is not None]
    return found


def pardoned(chunk: Chunk, columns: Mapping[int, Sequence[str]], families: Families | None) -> Chunk:
    """The chunk with these cells of these rows left alone, and the rows judged once more."""
    here = chunk.frame.filter(chunk.frame.get_column(ROW).is_in(list(columns)))
    if here.is_empty():
        return chunk
    blanks: dict[str, list[int]] = {}
    for row, labels in columns.items():
        for label in labels:
            blanks.setdefault(label, []).append(row)
    frame = here.with_columns(
        pl.when(~pl.col(ROW).is_in(rows)).then(pl.col(label)).alias(label) for label, rows in blanks.items()
    )
    again, _ = chunk.judge.check(frame, families)
    records = [replace(record, forgiven=tuple(columns[record.row])) for record in again.records]
    if families is not None:
        for record in records:
            families.judged(record.key, refused=False)
    settled = {row for record in records for row in (record.row, *(member.row for member in record.members))}
    return dataclasses.replace(
        chunk,
        records=sorted([*chunk.records, *records], key=lambda record: record.row),
        rejections=[rejection for rejection in chunk.rejections if rejection.row not in settled],
        shown={**chunk.shown, **again.shown},
    )


_Faults: TypeAlias = list[tuple[int, str, str]]
"""Row, path within the row's own document, and rule."""


def _edited(chunk: Chunk, record: Record, fields: bytes, families: Families | None) -> _Faults:
    """Read-only leaves of a family that are not as they are known."""
    faults: _Faults = []
    if record.row in chunk.shown:
        shown = parsed(chunk.shown[record.row])
        faults += [(record.row, path, "read_only") for path in _changed(shown, fields)]
    for member in record.members if families is not None else ():
        assert families is not None
        paths = _changed(families.shown(member), fields)
        faults += [(member.row, path.partition("].")[2], "read_only") for path in paths]
    return faults


def _changed(shown: Mapping[str, Any], fields: bytes) -> list[str]:
    """Read-only leaves that differ; a moment may be written down in several ways."""
    values = dict(leaves(shown))
    return [
        path for path in departed(shown, fields) if all(departed({path: form}, fields) for form in _forms(values[path]))
    ]


def _forms(value: Any) -> list[str]:  # noqa: ANN401  # JSON is any shape
    """A moment as APIs write it; what is none has no other form."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return [value]
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return [f"{moment:%Y-%m-%dT%H:%M:%S}{end}" for end in ("Z", "+00:00", ".000000Z", ".000Z")]


def _stripped(judge: Judge, record: Record, document: Mapping[str, Any], news: Sequence[str], fields: bytes) -> _Faults:
    """Codes that are known with leading zeros which the file lacks."""
    faults: _Faults = []
    values = dict(leaves(document)) if news else {}
    for path in news:
        opening, inside, name = path.partition("].")
        own = name if inside else path
        value = values.get(path)
        if own not in judge.identifiers or not (isinstance(value, str) and value.isdecimal()):
            continue
        if all(unknown({path: value.rjust(len(value) + zeros, "0")}, fields) for zeros in range(1, _MOST_ZEROS + 1)):
            continue
        key = opening.partition("[")[2]
        row = next((member.row for member in record.members if inside and member.key == key), record.row)
        faults.append((row, own if row != record.row else path, "lost_zeros"))
    return faults


def _rejected(chunk: Chunk, faulty: Sequence[tuple[Record, _Faults]], families: Families | None) -> list[Rejection]:
    """Families of which a row does not agree with what is known."""
    rows = [record.row for record, _ in faulty]
    members = [member.row for record, _ in faulty for member in record.members]
    cells = dict(zip(rows, original_cells(chunk.frame, rows), strict=True))
    if families is not None:
        cells |= families.cells(members)
    rejections = []
    for record, faults in faulty:
        reason = ""
        if families is not None:
            families.judged(record.key, refused=True)
            reason = families.reason(sorted({at for at, _, _ in faults}))
        for row, key in ((record.row, record.key), *((member.row, member.key) for member in record.members)):
            validator = chunk.judge.own if row == record.row else chunk.judge.other
            binding = (validator or chunk.judge).binding
            found = [
                _fault(rule, row, binding.column_for(path) or path, cells[row])
                for at, path, rule in faults
                if at == row
            ]
            if found:
                rejections.append(Rejection(row=row, key=key, cells=cells[row], violations=tuple(found)))
            else:
                rejections.append(family_rejection(row, key, cells[row], reason))
    return rejections


def _fault(rule: str, row: int, label: str, cells: Mapping[str, Any]) -> Violation:
    cell = cells.get(label)
    if rule == "read_only":
        return read_only_violation(row, label, cell)
    return Violation(
        row=row,
        column=label,
        rule=rule,
        value=None if cell is None else str(cell),
        message="the API has this code with leading zeros: a spreadsheet has probably dropped them",
        advice="Format the column as text and write the zeros, or make the cell blank.",
    )

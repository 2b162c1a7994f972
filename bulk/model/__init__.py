"""The values that the floors hand each other: frozen, keyword-only, one line of explanation each."""

from bulk.model.columns import ABSENT, Documents, distinct, each
from bulk.model.documents import parsed
from bulk.model.messages import Limits, Outcome, Request, Response
from bulk.model.places import FILE_STRIDE, REMOTE_ID, ROW, file_of, place, row_of, spans
from bulk.model.rows import Claim, Entry, Member, Record, Rejection, Settlement, Sighting, Status, Violation
from bulk.model.runs import Cause, ExportEnd, Instance, Passage, Run, RunStatus, Totals, Traffic
from bulk.model.telling import Event, listed, many, shorten

__all__ = [
    "ABSENT",
    "FILE_STRIDE",
    "REMOTE_ID",
    "ROW",
    "Cause",
    "Claim",
    "Documents",
    "Entry",
    "Event",
    "ExportEnd",
    "Instance",
    "Limits",
    "Member",
    "Outcome",
    "Passage",
    "Record",
    "Rejection",
    "Request",
    "Response",
    "Run",
    "RunStatus",
    "Settlement",
    "Sighting",
    "Status",
    "Totals",
    "Traffic",
    "Violation",
    "distinct",
    "each",
    "file_of",
    "listed",
    "many",
    "parsed",
    "place",
    "row_of",
    "shorten",
    "spans",
]

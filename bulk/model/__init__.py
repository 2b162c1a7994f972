"""The values that the floors hand each other: frozen, keyword-only, one line of explanation each.

- `rows`: a row on its way: violation, record, settlement, ledger entry
- `runs`: a run, its totals, and the events it tells listeners of
- `requests`: what is said to an API, what it answers, and how it wants to be treated
- `documents`: JSON documents side by side as columns
- `positions`: numbers of rows that tell files apart
- `json`, `addresses`, `wording`: JSON read and written quickly; what is this machine; sentences for people
"""

from bulk.model.addresses import is_loopback
from bulk.model.documents import ABSENT, Documents, distinct, each
from bulk.model.json import parsed, written
from bulk.model.positions import FILE_STRIDE, REMOTE_ID, ROW, file_of, place, row_of, spans
from bulk.model.requests import Limits, Outcome, Request, Response
from bulk.model.rows import Claim, Entry, Member, Record, Rejection, Settlement, Sighting, Status, Violation
from bulk.model.runs import Cause, Event, ExportEnd, Instance, Passage, Run, RunStatus, Totals, Traffic
from bulk.model.wording import listed, many, shorten

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
    "is_loopback",
    "listed",
    "many",
    "parsed",
    "place",
    "row_of",
    "shorten",
    "spans",
    "written",
]

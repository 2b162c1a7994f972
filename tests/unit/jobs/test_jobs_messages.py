"""What processes tell each other arrives as it was told."""

import math
import os

import pytest

from bulk.http.writer import Ending
from bulk.jobs.send.prepared import Prepared
from bulk.jobs.workers.messages import HEAD, Done, Rows, Settled, packed, read_from, size_of, unpacked
from bulk.model import Member, Record, Settlement, Status, Traffic, Violation

RECORD = Record(
    row=7,
    key="K",
    payload='{"sku":"K"}',
    digest=b"d" * 16,
    origin=b"o" * 16,
    by="sku",
    members=(Member(row=8, key="V"),),
    losses=("loses",),
    whole="{}",
    current={"a": [1, 2.5, None, {"b": math.inf}]},
)
PREPARED = Prepared(record=RECORD, known=b"known", fields=b"fields", conflicts=(("a", "1"),))
SETTLEMENT = Settlement(
    row=7,
    key="K",
    status=Status.FAILED,
    violations=(Violation(row=7, column="a.b", rule="max", value=None, message="no"),),
    fields=b"fields",
    finished_at=1.5,
)


def sent(message):
    text = packed(message)
    assert size_of(text[:HEAD]) == len(text) - HEAD
    return unpacked(text[HEAD:])


@pytest.mark.parametrize("current", [None, {}, RECORD.current, {"half": "\ud800"}, {"vast": 2**70}])
def test_rows_arrive_as_they_were_made_ready(current):
    prepared = [PREPARED, Prepared(record=Record(**{**_fields(RECORD), "current": current}), known=None)]
    assert list(sent(Rows.of(prepared, 5)).prepared) == prepared


def _fields(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


@pytest.mark.parametrize("message", [None, "it says no", "half \ud800"])
def test_what_became_of_rows_arrives_as_it_was_settled(message):
    settlements = [SETTLEMENT, Settlement(row=8, key="V", status=Status.UNKNOWN, message=message)]
    heard = sent(Settled.of(settlements, Traffic(sent=3)))
    assert list(heard.settlements) == settlements
    assert heard.traffic == Traffic(sent=3)


def test_messages_are_read_one_by_one_and_a_broken_one_is_the_end():
    done = Done(ending=Ending(completed=True), taken=2, traffic=Traffic())
    there, here = os.pipe()
    with os.fdopen(here, "wb", buffering=0) as writing:
        writing.write(packed(done) + packed(Rows.of([], 0)) + packed(done)[:-1])
    with os.fdopen(there, "rb", buffering=0) as reading:
        assert (read_from(reading), list(read_from(reading).prepared), read_from(reading)) == (done, [], None)

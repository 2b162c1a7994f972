"""Questions to an API that change nothing."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from msgspec.structs import replace

from bulk.contracts import Enquiry, Flow, Found, Resource, Sender
from bulk.errors import ApiError
from bulk.http.conversation import READING
from bulk.model import Outcome, Record, Request

T = TypeVar("T")


async def ask(sender: Sender, enquiry: Enquiry[T]) -> T:
    """Drive an enquiry to its answer; raises what it does not catch."""
    try:
        request = next(enquiry)
        while True:
            try:
                response = await sender.send(request)
            except ApiError as error:
                request = enquiry.throw(error)
            else:
                request = enquiry.send(response)
    except StopIteration as end:
        found: T = end.value
        return found


def foreseen(flow: Flow) -> Enquiry[Request | Outcome]:
    """A flow as far as it only reads: the first request that would write, or how it ends without one."""
    try:
        request = next(flow)
        while request.method in READING:
            try:
                response = yield request
            except ApiError as error:
                request = flow.throw(error)
            else:
                request = flow.send(response)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
    finally:
        flow.close()
    return request


def questions(resource: Resource, records: Sequence[Record]) -> Iterator[list[Record]]:
    """The records in groups about which an API can be asked at once."""
    for _, group in groupby(sorted(records, key=lambda record: record.by), key=lambda record: record.by):
        alike = list(group)
        for start in range(0, len(alike), resource.find_at_once):
            yield alike[start : start + resource.find_at_once]


async def read_current(sender: Sender, resource: Resource, records: Sequence[Record]) -> list[Record]:
    """The records with what the API has of them; all must go by the same column. Raises `ApiError`."""
    found = await ask(sender, resource.find(records[0].by, [record.key for record in records]))
    taken = found.taken if isinstance(found, Found) else {}
    read = [replace(record, current=found.get(record.key, {}), taken=taken.get(record.key)) for record in records]
    return read if resource.complete is None else list(await ask(sender, resource.complete(read)))

"""The check of a source, which makes no call: by itself, or before an import or a plan."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, closing

from bulk.connectors import find
from bulk.contracts import Listener, Resource, Tables
from bulk.formats import open_source
from bulk.jobs.check.checker import Checker
from bulk.jobs.check.reading import Reading
from bulk.model import Event, Rejection
from bulk.orders import Order


async def check(order: Order, listener: Listener) -> AsyncIterator[tuple[int, Sequence[Rejection]]]:
    """Check a source without any call: yields, a chunk at a time, the rows newly read and the rejections.

    Rejections that take the whole file to see come last, with zero rows; a row may then appear a second time.
    """
    _, resource = find(order.resource)
    with closing(await asyncio.to_thread(open_source, order.source, order.read)) as source:
        checker = checker_of(source, resource, order.reading(), listener)
        async with aclosing(checker.sweep(documents=False)) as chunks:
            async for chunk in chunks:
                yield chunk.rows, chunk.rejections
        remark(checker, listener)
        async with aclosing(checker.late()) as found:
            async for rejections in found:
                yield 0, rejections


def checker_of(source: Tables, resource: Resource, reading: Reading, listener: Listener) -> Checker:
    """A checker for an open source; the listener is told how it is read. Raises `SourceError` for its header.

    What it was taken for is told first: a header is often not understood because that is another delimiter or sheet.
    """
    for table in source.tables:
        facts = ", ".join(f"{name} {value}" for name, value in table.facts.items())
        listener(Event(kind="source", message=f"{table.path}: {facts}", data={"path": table.path, **table.facts}))
    checker = Checker(source, resource, reading)
    for note in checker.notes:
        listener(Event(kind="note", message=note))
    return checker


def remark(checker: Checker, listener: Listener) -> None:
    """After a sweep: tell the listener what should be known about cells that can be sent."""
    for message in checker.remarks:
        listener(Event(kind="note", message=message))

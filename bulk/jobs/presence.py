"""Which records that a source names are there: found out in bulk, without writing."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass

import polars as pl

from bulk.contracts import Resource, Sender, TableWriter
from bulk.formats import format_to_write
from bulk.jobs.check.checker import Checker
from bulk.jobs.check.chunk import Chunk
from bulk.jobs.enquiry import ask, questions
from bulk.model import REMOTE_ID
from bulk.validation import as_text, original_cells
from bulk.validation.cells import restored

EXISTS, ID = "_exists", "_id"
"""Columns that a result file has besides those of the source."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence:
    """A row that names a record, and whether that is there."""

    row: int
    """Position of the row."""
    key: str | None
    """What names the record."""
    exists: bool | None
    """Whether it is there; None where the row names none."""
    id: str | None = None
    """The API's own id of it."""
    message: str | None = None
    """Why the row names none."""


async def presences(
    sender: Sender, resource: Resource, checker: Checker, output: str | None = None
) -> AsyncGenerator[Sequence[Presence], None]:
    """Ask about every row, and write the rows with the answers to `output`, if one is named. Raises `ApiError`."""
    async with AsyncExitStack() as stack:
        table, header = None, [name for name in checker.header if name not in {EXISTS, ID}]
        if output is not None:
            columns = [*header, EXISTS, ID]
            table = stack.enter_context(format_to_write(output).writer(output, columns, neutralise=True))
        async with aclosing(checker.sweep()) as chunks:
            async for chunk in chunks:
                found = await _asked(sender, resource, chunk)
                if table is not None:
                    _write(table, chunk, header, found)
                yield found


async def _asked(sender: Sender, resource: Resource, chunk: Chunk) -> Sequence[Presence]:
    """The rows of a chunk in their order, with what the API says."""
    found = [
        Presence(row=one.row, key=one.key, exists=None, message="; ".join(fault.message for fault in one.violations))
        for one in chunk.rejections
    ]
    for some in questions(resource, chunk.records):
        keys = list(dict.fromkeys(record.key for record in some))
        there = await ask(sender, resource.find(some[0].by, keys))
        for record in some:
            known = there.get(record.key)
            id = None if known is None else known.get(REMOTE_ID)
            shown = None if id is None else str(id)
            found.append(Presence(row=record.row, key=record.key, exists=known is not None, id=shown))
    return sorted(found, key=lambda one: one.row)


def _write(table: TableWriter, chunk: Chunk, header: Sequence[str], found: Sequence[Presence]) -> None:
    rows = [one.row for one in found]
    cells = restored(rows, original_cells(chunk.frame, rows))
    blank = pl.repeat(None, len(rows), dtype=pl.String, eager=True)
    told = [None if one.exists is None else str(one.exists).lower() for one in found]
    table.write(
        pl.DataFrame(
            [
                *((as_text(cells.get_column(name)) if name in cells.columns else blank).alias(name) for name in header),
                pl.Series(EXISTS, told, dtype=pl.String),
                pl.Series(ID, [one.id for one in found], dtype=pl.String),
            ]
        )
    )

"""Rows of a run as a file: the original columns and cells, and what became of each."""

from collections.abc import AsyncIterator, Mapping, Sequence

import polars as pl

from bulk.contracts import Ledger
from bulk.errors import UsageError
from bulk.formats import format_to_write
from bulk.jobs.run_options import RunOptions
from bulk.model import Entry, Run, Status, file_of, place
from bulk.validation import Schema
from bulk.validation.cells import as_text, restored
from bulk.validation.columns import plain

KEY = "_key"
"""Column for the keys of rows that have no cells here, which must not pass for documents of a key alone."""

VERDICT = ("_row", "_status", "_code", "_column", "_message")
"""Columns added to the original ones; names that begin with an underscore are never read as data."""

BATCH = 10_000


async def write_rows(
    ledger: Ledger,
    run: Run,
    schema: Schema,
    path: str,
    *,
    statuses: Sequence[Status] = (),
    causes: Sequence[str] = (),
) -> int:
    """Write rows of a run to a file whose format follows its suffix; gives their number.

    Every cell is text. Headers of several files that mean the same column of the schema become one. Rows whose cells
    were not kept, such as those that were written to the API, have only their key, in a column of its own, and their
    verdict. Raises `UsageError` when there is nothing to write.
    """
    files = RunOptions.of(run).files
    headers: dict[int, dict[str, None]] = {}
    count = without_cells = 0
    async for entry in ledger.entries(run.id, statuses=statuses, causes=causes, cells=True):
        count += 1
        if entry.cells:
            # What an earlier result file said of the row is said anew.
            kept = (name for name in entry.cells if name != KEY and name not in VERDICT)
            headers.setdefault(file_of(entry.row), {}).update(dict.fromkeys(kept))
        else:
            without_cells += 1
    if not count:
        raise UsageError(f"run {run.id} has no such rows", advice=f"bulk show {run.id} says what became of its rows.")
    names = _united([list(header) for header in headers.values()], schema)
    own = dict(zip(headers, names, strict=True))
    columns = list(dict.fromkeys(name for header in names for name in header.values()))
    header = [*columns, *([KEY] if without_cells else []), *VERDICT]
    with format_to_write(path).writer(path, header, neutralise=True) as table:
        async for batch in _batches(ledger.entries(run.id, statuses=statuses, causes=causes, cells=True)):
            table.write(_frame(batch, header, own.get(file_of(batch[0].row), {}), files))
    return count


def _united(headers: Sequence[Sequence[str]], schema: Schema) -> list[Mapping[str, str]]:
    """For each file, its columns by what they are called in the result: as in the first file with such a column.

    A header that the schema does not know, but perhaps a mapping, means the same as one that differs in case, spaces
    and the like. Two columns of one file, which a mapping may well tell apart, never become one.
    """
    spelling: dict[str, str] = {}
    names: list[Mapping[str, str]] = []
    for header in headers:
        called: dict[str, str] = {}
        for name in header:
            column = None if name.startswith("_") else schema.find(name)
            meaning = column.name if column is not None else name if name.startswith("_") else plain(name)
            first = spelling.setdefault(meaning, name)
            called[name] = name if first in header or first in called.values() else first
        names.append(called)
    return names


async def _batches(entries: AsyncIterator[Entry]) -> AsyncIterator[list[Entry]]:
    """The entries in lists, each of one file."""
    batch: list[Entry] = []
    async for entry in entries:
        if batch and (len(batch) == BATCH or file_of(entry.row) != file_of(batch[0].row)):
            yield batch
            batch = []
        batch.append(entry)
    if batch:
        yield batch


def _frame(
    batch: Sequence[Entry], header: Sequence[str], names: Mapping[str, str], files: Sequence[str]
) -> pl.DataFrame:
    """Entries of one file as lines of the result; `names` says what its columns are called there."""
    cells = restored([entry.row for entry in batch], [entry.cells or {} for entry in batch])
    filled = {called: as_text(cells.get_column(name)) for name, called in names.items() if name in cells.columns}
    filled[KEY] = pl.Series([None if entry.cells else entry.key for entry in batch], dtype=pl.String)
    verdicts = zip(*(_verdict(entry, files) for entry in batch), strict=True)
    filled |= {name: pl.Series(said, dtype=pl.String) for name, said in zip(VERDICT, verdicts, strict=True)}
    blank = pl.Series([None] * len(batch), dtype=pl.String)
    return pl.DataFrame([filled.get(name, blank).alias(name) for name in header])


def _verdict(entry: Entry, files: Sequence[str]) -> tuple[str | None, ...]:
    blamed = dict.fromkeys(violation.column for violation in entry.violations if violation.column is not None)
    said = dict.fromkeys(violation.message for violation in entry.violations)
    return (
        place(entry.row, files),
        entry.status.value,
        entry.code,
        "; ".join(blamed) or None,
        "; ".join(said) or entry.message,
    )

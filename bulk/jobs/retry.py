"""Rows of an earlier run as a source: they are tried again from the cells the ledger kept."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from bulk.contracts import Ledger, Scan
from bulk.errors import UsageError
from bulk.jobs.run_options import RunOptions
from bulk.model import ROW, Run, Status, file_of, place, spans
from bulk.validation.cells import restored

RETRIED = (Status.FAILED, Status.UNKNOWN)
"""What is tried again by default: invalid rows would be refused again as they are."""

RETRYABLE = (*RETRIED, Status.INVALID)
"""What the ledger keeps cells of."""

_BATCH = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Which rows of a run to try again; by default those that failed and those of which nobody knows."""

    causes: tuple[str, ...] = ()
    """Only rows with one of these codes or broken rules."""
    statuses: tuple[Status, ...] = ()
    """Only rows with one of these statuses: `failed`, `unknown` or `invalid`."""
    rows: str | None = None
    """Only these rows, see `bulk.model.spans`."""

    def __post_init__(self) -> None:
        for status in self.statuses:
            if status not in RETRYABLE:
                raise UsageError(
                    f"rows that are {status} cannot be tried again from the ledger, which does not keep their cells",
                    advice=f"Give --status {','.join(RETRYABLE)}; bulk resume sends rows that were not tried.",
                )

    def __str__(self) -> str:
        """As part of a sentence; empty where there is no choice."""
        parts = [f"for {' or '.join(self.causes)}"] if self.causes else []
        parts += [f"as {' or '.join(self.statuses)}"] if self.statuses else []
        parts += [f"among the rows {self.rows}"] if self.rows is not None else []
        return "".join(f" {part}" for part in parts)

    @property
    def wanted(self) -> tuple[Status, ...]:
        """Statuses to look among: invalid rows only where anything was chosen."""
        return self.statuses or (RETRYABLE if self.causes or self.rows is not None else RETRIED)


FAULTY = Choice()
"""What failed, and what nobody knows of."""


class LedgerSource:
    """Rows of a run, read like its files. Satisfies the same use as `bulk.formats.Source`."""

    def __init__(self, run: str, files: Sequence[str]) -> None:
        self.name = f"run {run}"
        self._files = [_KeptRows(file) for file in files]
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Hex digest over positions and cells."""
        return self._digest.hexdigest()

    @property
    def tables(self) -> tuple[Scan, ...]:
        """One for each file of the run, so that a row's position says which is its own; none if there is no row.

        A file of which no row is here has no header either, and gets that of another.
        """
        header = next((file.header for file in self._files if file.header), ())
        return tuple(file if file.header else _KeptRows(file.path, header) for file in self._files) if header else ()

    def add(self, row: int, cells: Mapping[str, Any]) -> None:
        """Take in a row; rows must come in the order of their positions."""
        self._digest.update(json.dumps([row, cells], sort_keys=True).encode())
        self._files[file_of(row)].add(row, cells)

    def close(self) -> None:
        """Nothing is held open."""


class _KeptRows:
    """The kept cells of one file as a table, with the types that they had there."""

    def __init__(self, path: str, header: Sequence[str] = ()) -> None:
        self.path = path
        self.facts: Mapping[str, str] = {"format": "ledger"}
        self._rows: list[int] = []
        self._cells: list[Mapping[str, Any]] = []
        self._frames = [pl.DataFrame(schema={ROW: pl.Int64, **dict.fromkeys(header, pl.Null)})]

    @property
    def header(self) -> tuple[str, ...]:
        """See `Scan.header`."""
        return tuple(self._table().columns[1:])

    def add(self, row: int, cells: Mapping[str, Any]) -> None:
        """Take in a row."""
        self._rows.append(row)
        self._cells.append(cells)
        if len(self._rows) == _BATCH:
            self._pack()

    def chunks(self, rows: int = 50_000) -> Iterator[pl.DataFrame]:
        """See `Scan.chunks`; the rows keep the numbers they had in their file."""
        yield from self._table().iter_slices(rows)

    def _pack(self) -> None:
        """Rows as Python has them take many times the room of a frame."""
        self._frames.append(restored(self._rows, self._cells))
        self._rows, self._cells = [], []

    def _table(self) -> pl.DataFrame:
        if self._rows:
            self._pack()
        if len(self._frames) > 1:
            # Relaxed, since a column may be blank throughout one frame and typed in the next.
            self._frames = [pl.concat(self._frames, how="diagonal_relaxed")]
        return self._frames[0]


async def rows_to_retry(ledger: Ledger, run: Run, choice: Choice = FAULTY) -> LedgerSource:
    """The rows of a run that are chosen, of those that were not written.

    Their cells are held in memory, once. Raises `UsageError` when there is none.
    """
    files = RunOptions.of(run).files
    rows = () if choice.rows is None else spans(choice.rows, files)
    source = LedgerSource(run.id, files)
    lost: list[int] = []
    async for entry in ledger.entries(run.id, statuses=choice.wanted, causes=choice.causes, spans=rows, cells=True):
        if entry.cells:
            source.add(entry.row, entry.cells)
        else:
            lost.append(entry.row)
    if lost:
        raise UsageError(
            f"the ledger has no cells of {len(lost)} of these rows of run {run.id}, the first being row "
            f"{place(lost[0], files)}",
            advice=f"Rows in flight when the run was cut off are sent again from the source by bulk resume {run.id}; "
            "for others, import the source again.",
        )
    if not source.tables:
        advice = f"bulk show {run.id} lists the causes."
        if run.totals.invalid and choice == FAULTY:
            advice = (
                f"Its {run.totals.invalid} invalid rows need mending: "
                f"bulk rows {run.id} --status invalid -o fix.csv, then bulk retry {run.id} --from fix.csv."
            )
        raise UsageError(f"no row of run {run.id} failed{choice}", advice=advice)
    return source

"""The original cells of rows in flight, kept until each has its final status: a failed row is mended from them."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from bulk.contracts import OtherRows
from bulk.jobs.check.chunk import Chunk
from bulk.jobs.check.families import Families
from bulk.model import ROW, Record, Settlement, Status, Violation, shorten
from bulk.validation import original_cells

_TROUBLED = (Status.FAILED, Status.UNKNOWN)


class CellsInFlight:
    """Chunks of which rows are still in flight; `families` holds the rows that travel in others."""

    def __init__(self, families: Families | None, other: OtherRows | None) -> None:
        self._families = families
        self._within = None if other is None else other.within
        self._open: list[_Open] = []

    def open(self, chunk: Chunk) -> None:
        """Rows of this chunk are about to be sent."""
        self._open.append(_Open(chunk))

    def expect(self, rows: int) -> None:
        """So many more records of the newest chunk are in flight."""
        self._open[-1].in_flight += rows

    def close(self) -> None:
        """No more records of the newest chunk will be sent."""
        self._open[-1].closed = True
        self._forget()

    def attach(self, settlement: Settlement, record: Record) -> Settlement:
        """The settlement of a record with its row's cells, if it may need mending, and with what the API said of them.

        See `as_told`: every violation comes out on the column of the file, and on the row, that it is about.
        """
        holder = self._holder(settlement.row)
        if settlement.violations:
            violations = tuple(self._blamed(record, one) for one in settlement.violations)
            settlement = replace(settlement, violations=violations)
        if settlement.status in _TROUBLED:
            settlement = replace(settlement, cells=holder.cells(settlement.row))
        holder.in_flight -= 1
        if holder.closed and not holder.in_flight:
            self._forget()
        return settlement

    def spread(self, settlement: Settlement, record: Record) -> list[Settlement]:
        """The settlement of a record, and those of the rows that travelled in it."""
        if not record.members or self._families is None:
            return [settlement]
        if settlement.status is not Status.NOT_TRIED and f'"{self._within}":' not in record.payload:
            still = replace(
                settlement,
                status=Status.UNCHANGED,
                outcome=None,
                http_status=None,
                attempts=0,
                code=None,
                message="nothing of it was new, so it was not sent along",
                violations=(),
                remote_id=None,
                response=None,
                fields=None,
                cells=None,
            )
            return [settlement, *(replace(still, row=member.row, key=member.key) for member in record.members)]
        rows = [member.row for member in record.members]
        cells = self._families.cells(rows) if settlement.status in _TROUBLED else {}
        blamed = settlement.violations
        return [
            replace(settlement, violations=tuple(one for one in blamed if one.row == settlement.row)),
            *(
                replace(
                    settlement,
                    row=member.row,
                    key=member.key,
                    # Nobody says which of a product's variants were there before.
                    outcome="saved" if settlement.outcome == "updated" else settlement.outcome,
                    attempts=0,
                    violations=tuple(one for one in blamed if one.row == member.row),
                    remote_id=None,
                    response=None,
                    fields=None,
                    cells=cells.get(member.row),
                )
                for member in record.members
            ),
        ]

    def _blamed(self, record: Record, told: Violation) -> Violation:
        row, path = self._inside(record, told.column or "")
        if row == record.row or self._families is None:
            holder = self._holder(row)
            column, cells = holder.column_for(row, path), holder.cells(row)
        else:
            column, cells = self._families.column_for(row, path), self._families.cells([row])[row]
        return Violation(
            row=row,
            column=column,
            rule=told.rule,
            value=None if column is None or cells.get(column) is None else shorten(cells[column]),
            message=told.message if column is not None else f"{path}: {told.message}",
            advice=None,
        )

    def _inside(self, record: Record, path: str) -> tuple[int, str]:
        """The row that a path of a record's document belongs to, and the path within that row's own."""
        if self._within is None:
            return record.row, path
        numbered = re.fullmatch(rf"{re.escape(self._within)}\.(\d+)\.(.+)", path)
        if numbered and int(numbered[1]) < len(record.members):
            return record.members[int(numbered[1])].row, numbered[2]
        for member in record.members:
            named = f"{self._within}[{member.key}]."
            if path.startswith(named):
                return member.row, path.removeprefix(named)
        return record.row, path

    def _holder(self, row: int) -> "_Open":
        return next(holder for holder in self._open if holder.first <= row <= holder.last)

    def _forget(self) -> None:
        self._open = [holder for holder in self._open if holder.in_flight or not holder.closed]


class _Open:
    """A chunk with rows in flight."""

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._rows = chunk.frame.get_column(ROW)
        self.first, self.last = int(self._rows[0]), int(self._rows[-1])
        self.in_flight = 0
        self.closed = False

    def cells(self, row: int) -> Mapping[str, Any]:
        """The original cells of one row."""
        return original_cells(self._line(row), [row])[0]

    def column_for(self, row: int, path: str) -> str | None:
        """The file's column behind a dotted path of the row's document."""
        return self._chunk.judge.validator_of(self._line(row)).binding.column_for(path)

    def _line(self, row: int) -> Any:  # noqa: ANN401  # a frame of one row
        return self._chunk.frame.slice(self._rows.search_sorted(row), 1)

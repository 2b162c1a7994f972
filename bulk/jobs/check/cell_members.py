"""Members that a cell holds as JSON, such as a list of variants: pydantic has judged them one by one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from msgspec.structs import replace

from bulk.contracts import OtherRows
from bulk.model import Record, Rejection, Violation, listed, parsed
from bulk.validation import Binding, compile_schema, original_cells


class MembersInCells:
    """What only all members of a cell together tell."""

    def __init__(self, other: OtherRows) -> None:
        self._field = other.within
        self._key = other.keys[0]
        columns = compile_schema(other.model).columns
        self._losses = {one.name: one.consequence for one in columns if one.consequence is not None}

    def doubled(self, records: Sequence[Record], frame: pl.DataFrame, binding: Binding) -> list[Rejection]:
        """Records in which a cell names a member twice, or as the record itself is named."""
        rejections = []
        for record in records:
            members = self._of(record)
            names = Counter([record.key, *(str(member[self._key]) for member in members)]) if members else {}
            twice = [name for name, count in names.items() if count > 1]
            if twice:
                (cells,) = original_cells(frame, [record.row])
                violation = Violation(
                    row=record.row,
                    column=binding.column_for(str(self._field)),
                    rule="duplicate_key",
                    value=twice[0],
                    message=f"{listed(twice)} stands here twice, or is what the row itself is called",
                    advice="Keep one of them: nobody else can tell which of them is right.",
                )
                rejections.append(Rejection(row=record.row, key=record.key, cells=cells, violations=(violation,)))
        return rejections

    def with_losses(self, record: Record) -> Record:
        """The record with what nulls and empty lists in its members will do."""
        found = (
            text
            for member in self._of(record)
            for name, text in self._losses.items()
            if name in member and member[name] in (None, [])
        )
        losses = tuple(dict.fromkeys((*record.losses, *found)))
        return record if losses == record.losses else replace(record, losses=losses)

    def _of(self, record: Record) -> list[Mapping[str, Any]]:
        if record.members or f'"{self._field}":' not in record.payload:
            return []
        members: list[Mapping[str, Any]] | None = parsed(record.payload).get(self._field)
        return members or []

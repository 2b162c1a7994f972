"""Rows that travel in another row's document, such as variants in their product's, wherever in the source they stand.

A family is sent whole or not at all: an API may take the list in the document for all there is, so that leaving out a
faulty member could remove it there.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple

import polars as pl
from msgspec.structs import replace

from bulk.contracts import OtherRows
from bulk.model import ROW, Member, Record, Rejection, Violation, listed, parsed, place
from bulk.validation import Checked, Validator, as_text, original_cells
from bulk.validation.columns import plain
from bulk.validation.verdicts import DIGEST_BYTES

_NAMED = 3
"""Rows that a message names at most."""


class Families:
    """The members of a source, gathered before the rows that carry them are judged.

    Held in memory: about the size of these rows in the source, twice.
    """

    def __init__(self, other: OtherRows, files: Sequence[str]) -> None:
        self._other = other
        self._files = files
        self._members: list[pl.DataFrame] = []
        self._frames: list[tuple[pl.DataFrame, Validator]] = []
        self._rejected: dict[int, Rejection] = {}
        self._shown: dict[int, str] = {}
        self._losses: dict[int, tuple[str, ...]] = {}
        self._first: dict[str, int] = {}
        self._starts: list[int] = []
        self._refused: set[str] = set()

    def add(
        self, frame: pl.DataFrame, header: str, validator: Validator, checked: Checked, identity: pl.DataFrame
    ) -> None:
        """Take in the members of a frame, good and bad; `header` is the column that names their carriers."""
        named = as_text(frame.get_column(header)).str.strip_chars()
        rows = pl.DataFrame({ROW: frame.get_column(ROW), "carrier": named})
        keys, payloads = identity.select(ROW, "key"), checked.good.select(ROW, "payload")
        members = rows.join(keys, on=ROW, how="left").join(payloads, on=ROW, how="left")
        self._members.append(members)
        self._frames.append((frame, validator))
        self._starts.append(int(frame.get_column(ROW)[0]))
        self._rejected.update({rejection.row: rejection for rejection in checked.bad})
        self._shown.update(checked.shown())
        self._losses.update(checked.losses())

    def carried(
        self, frame: pl.DataFrame, records: Sequence[Record], bad: Sequence[Rejection]
    ) -> tuple[list[Record], list[Rejection]]:
        """Carriers with their members in them, and what has to be rejected, members included.

        `frame` holds the carriers as they were read. Where a key stands twice, its first row gets the members.
        """
        keys = {record.row: record.key for record in records}
        keys |= {one.row: one.key for one in bad if one.key is not None}
        for row in sorted(keys):
            self._first.setdefault(keys[row], row)
        found = self._found([key for row, key in keys.items() if self._first[key] == row])
        good: list[Record] = []
        held: list[_Held] = []
        for record in records:
            family = found.get(record.key) if self._first[record.key] == record.row else None
            if family is None:
                good.append(record)
            elif self.field in parsed(record.payload):
                held += self._doubled(record, family)
            elif family["whole"]:
                good.append(self._with_members(record, family))
            else:
                held += self._kept_back(record, family)
        for rejection in bad:
            key = rejection.key or ""
            if key in found and self._first[key] == rejection.row:
                self._refused.add(key)
                reason = f"it goes with {key} in row {self._place(rejection.row)}, which has faults"
                held += [_Held(*one, "family", reason, _MEND_CARRIER) for one in _rows(found[key])]
        return good, [*bad, *self._rejections(held, frame)]

    def orphans(self) -> list[Rejection]:
        """After all carriers: the members whose carrier has no row in the source, or is a member itself."""
        held: list[_Held] = []
        members = (
            {key: row for one in self._all.values() for row, key in _rows(one)}
            if self._all.keys() - self._first
            else {}
        )
        for carrier, family in self._all.items():
            if carrier not in self._first:
                self._refused.add(carrier)
                if carrier in members:
                    reason = f"{carrier} in row {self._place(members[carrier])} is {self._other.title} itself"
                    advice = "Name the record there with which both have to be sent."
                else:
                    reason = f"there is no row for {carrier}, with which it has to be sent"
                    advice = f"Add a row for {carrier}; nothing but its key needs to be filled in."
                for row, key in _rows(family):
                    if key == carrier:
                        held.append(_Held(row, key, "own_carrier", _ITSELF, _MEND_ITSELF))
                    else:
                        held.append(_Held(row, key, "no_carrier", reason, advice))
        return self._rejections(held)

    def affected(self, rejections: Sequence[Rejection]) -> dict[str, str]:
        """Carriers of the families of which a row is rejected late, with the reason for the others."""
        hit = {}
        for rejection in rejections:
            carrier = self._carriers.get(rejection.row, rejection.key or "")
            if carrier in self._all and carrier not in self._refused:
                hit[carrier] = f"{rejection.key} in row {self._place(rejection.row)}, with which it is sent, has faults"
        return hit

    def late(self, hit: Mapping[str, str], done: Collection[int]) -> list[Rejection]:
        """The members of these families that are not rejected yet."""
        members = ((one, reason) for carrier, reason in hit.items() for one in _rows(self._all[carrier]))
        return self._rejections(
            [_Held(*one, "family", reason, _MEND_MEMBER) for one, reason in members if one[0] not in done]
        )

    def cells(self, rows: Sequence[int]) -> dict[int, Mapping[str, Any]]:
        """The original cells of members, by row."""
        by_frame: dict[int, list[int]] = {}
        for row in rows:
            by_frame.setdefault(self._frame_of(row), []).append(row)
        return {
            row: cells
            for number, mine in by_frame.items()
            for row, cells in zip(mine, original_cells(self._frames[number][0], mine), strict=True)
        }

    def carrier_of(self, row: int) -> str | None:
        """The key of the record in which a row travels."""
        return self._carriers.get(row)

    def path_of(self, row: int, key: str) -> str:
        """Where in its carrier's document a row's own begins; empty for a row that is no member."""
        return f"{self.field}[{key}]." if row in self._carriers else ""

    def reason(self, faulty: Sequence[int]) -> str:
        """Why the sound rows of a family are kept back, of which these rows have faults."""
        where = listed([self._place(row) for row in faulty[:_NAMED]]) + (" and others" if faulty[_NAMED:] else "")
        return f"{'rows' if faulty[1:] else 'row'} {where}, sent with it, {'have' if faulty[1:] else 'has'} faults"

    def judged(self, carrier: str, *, refused: bool) -> None:
        """Take notice of a verdict that was given elsewhere on a whole family."""
        (self._refused.add if refused else self._refused.discard)(carrier)

    def shown(self, member: Member) -> Mapping[str, Any]:
        """The read-only cells of a member, as they stand in its carrier's document."""
        text = self._shown.get(member.row)
        return {} if text is None else {self.field: [parsed(text) | {"sku": member.key}]}

    def column_for(self, row: int, path: str) -> str | None:
        """The file's column behind a dotted path of a member's document."""
        return self._frames[self._frame_of(row)][1].binding.column_for(path)

    @property
    def field(self) -> str:
        """The field of a carrier's document in which its members travel."""
        assert self._other.within is not None
        return self._other.within

    @cached_property
    def _grouped(self) -> pl.DataFrame:
        members = pl.concat(self._members) if self._members else pl.DataFrame(schema=_SCHEMA)
        self._members.clear()
        return (
            members.sort(ROW)
            .group_by("carrier", maintain_order=True)
            .agg(
                pl.col(ROW).alias("rows"),
                pl.col("key").alias("keys"),
                pl.col("payload").str.join(",").alias("payload"),
                pl.col("payload").is_not_null().all().alias("whole"),
            )
        )

    @cached_property
    def _all(self) -> dict[str, dict[str, Any]]:
        """Rows and keys of each family; without the documents, which are many times larger."""
        slim = self._grouped.select("carrier", "rows", "keys")
        return {row["carrier"]: row for row in slim.iter_rows(named=True)}

    @cached_property
    def _carriers(self) -> dict[int, str]:
        return {row: carrier for carrier, family in self._all.items() for row in family["rows"]}

    def _found(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        wanted = [key for key in keys if key in self._all]
        families = self._grouped.filter(pl.col("carrier").is_in(wanted)) if wanted else self._grouped.clear()
        return {family["carrier"]: family for family in families.iter_rows(named=True)}

    def _with_members(self, record: Record, family: Mapping[str, Any]) -> Record:
        payload = f'{record.payload[:-1]},"{self.field}":[{family["payload"]}]}}'
        losses = (text for row in family["rows"] for text in self._losses.get(row, ()))
        return replace(
            record,
            payload=payload,
            digest=blake2b(payload.encode(), digest_size=DIGEST_BYTES).digest(),
            members=tuple(Member(row=row, key=key) for row, key in _rows(family) if key is not None),
            losses=tuple(dict.fromkeys((*record.losses, *losses))),
        )

    def _frame_of(self, row: int) -> int:
        return bisect_right(self._starts, row) - 1

    def _kept_back(self, record: Record, family: Mapping[str, Any]) -> list["_Held"]:
        """A sound carrier of which a member has faults, and its members."""
        self._refused.add(record.key)
        reason = self.reason([row for row in family["rows"] if row in self._rejected])
        own = _Held(record.row, record.key, "family", reason, _MEND_MEMBER)
        return [own, *(_Held(*one, "family", reason, _MEND_MEMBER) for one in _rows(family))]

    def _doubled(self, record: Record, family: Mapping[str, Any]) -> list["_Held"]:
        """A carrier that has members in a cell of its own as well, and these members."""
        self._refused.add(record.key)
        first = self._place(family["rows"][0])
        message = f"{self.field} is filled here, and rows such as {first} are to go into it too"
        own = _Held(record.row, record.key, "not_both", message, "Make the cell blank, or leave out the rows.")
        reason = f"{record.key}, with which it is to be sent, has {self.field} in a cell of its own"
        return [own, *(_Held(*one, "family", reason, _MEND_CARRIER) for one in _rows(family))]

    def _rejections(self, held: Sequence["_Held"], frame: pl.DataFrame | None = None) -> list[Rejection]:
        """What is held back, with its cells; `frame` has those of carriers. Faulty members have their own faults."""
        sound = [one.row for one in held if one.row not in self._rejected]
        carriers = [] if frame is None else frame.get_column(ROW).filter(frame.get_column(ROW).is_in(sound)).to_list()
        cells = {} if frame is None else dict(zip(carriers, original_cells(frame, carriers), strict=True))
        cells |= self.cells([row for row in sound if row in self._carriers])
        return [self._rejected.get(one.row) or self._rejection(one, cells[one.row]) for one in held]

    def _rejection(self, one: "_Held", cells: Mapping[str, Any]) -> Rejection:
        column = None
        if one.rule == "not_both":
            column = next((name for name in cells if plain(name) == self.field), None)
        violation = _violation(one.row, one.rule, one.reason, one.advice, column=column)
        return Rejection(row=one.row, key=one.key, cells=cells, violations=(violation,))

    def _place(self, row: int) -> str:
        return place(row, self._files)


class _Held(NamedTuple):
    """A row that is kept back."""

    row: int
    key: str | None
    rule: str
    reason: str
    advice: str


def _rows(family: Mapping[str, Any]) -> Iterator[tuple[int, str | None]]:
    return zip(family["rows"], family["keys"], strict=True)


_SCHEMA = {ROW: pl.Int64, "carrier": pl.String, "key": pl.String, "payload": pl.String}
_ITSELF = "it names itself as the record with which it has to be sent"
_MEND_ITSELF = "Name another there, or make that cell blank if it is to be sent by itself."
_MEND_CARRIER = "Mend that row."
_MEND_MEMBER = "Mend the faulty rows: they are sent together or not at all."


def family_rejection(row: int, key: str, cells: Mapping[str, Any], reason: str) -> Rejection:
    """A sound row that is kept back because another of its family has faults."""
    return Rejection(row=row, key=key, cells=cells, violations=(_violation(row, "family", reason, _MEND_MEMBER),))


def _violation(row: int, rule: str, message: str, advice: str, *, column: str | None = None) -> Violation:
    return Violation(row=row, column=column, rule=rule, value=None, message=message, advice=advice)

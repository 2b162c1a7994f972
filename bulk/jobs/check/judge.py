"""One table of a source: what each of its rows is, and the verdict on it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import polars as pl
from msgspec.structs import replace

from bulk.contracts import Resource, Scan
from bulk.errors import SourceError
from bulk.fingerprint import unknown
from bulk.jobs.check.cell_members import MembersInCells
from bulk.jobs.check.chunk import Chunk
from bulk.jobs.check.families import Families, family_rejection
from bulk.jobs.check.keys_only import KEYS_ONLY, narrowed
from bulk.jobs.check.reading import Reading
from bulk.model import ROW, Record, Rejection
from bulk.validation import (
    Binding,
    Faults,
    Origins,
    Schema,
    Validator,
    as_text,
    bind,
    compile_schema,
    header_of,
    original_cells,
)

if TYPE_CHECKING:
    from pydantic import BaseModel


class Judge:
    """Tells the kinds of rows of one table apart and judges each by its own model.

    Raises `SourceError` when the header cannot be understood.
    """

    def __init__(self, table: Scan, resource: Resource, reading: Reading) -> None:
        self.table = table
        self._reading = reading
        other = None if reading.keys_only else resource.other_rows
        self._inside = other is not None and other.within is not None
        self._filled = other is not None and other.filled
        self.telling = None if other is None else header_of(other.column, table.header, reading.mapping)
        own, theirs = compile_schema(resource.model), None if other is None else compile_schema(other.model)
        keys, read_only = resource.keys, resource.read_only
        if reading.keys_only:
            keys, read_only = resource.names, None
            own = narrowed(own, keys, _schemas(resource.read_only), resource.delete_with)
        # The same cells are another order where they mean something else.
        self._salt = (KEYS_ONLY if reading.keys_only else resource.meaning).encode()
        self.own: Validator | None = None
        self.other: Validator | None = None
        refusal: SourceError | None = None
        mine = _schemas(resource.model, resource.read_only)
        others = () if other is None else _schemas(other.model, other.read_only)
        if other is not None and theirs is not None and (self.telling is not None or not other.filled):
            try:
                self.other = self._validator(
                    theirs, other.keys, other.read_only, title=other.title, others=mine, complete=False
                )
            except SourceError as error:
                refusal = error
        try:
            self.own = self._validator(own, keys, read_only, others=others, match_by=reading.match_by)
        except SourceError as error:
            # A table may well have rows of the other kind only, but not such as travel in rows of this kind.
            if self.other is None or self._inside or reading.match_by is not None:
                raise
            refusal = error
        if self._inside and self.telling is not None:
            self._require_members(resource.keys[0], refusal)
        fields = () if self.own is None else [one.column.path[0] for one in self.own.binding.columns]
        self._cells = None if other is None or other.within not in fields else MembersInCells(other)

    def _require_members(self, key: str, refusal: SourceError | None) -> None:
        """Refuse a table of which members could not be read, or not find their carriers."""
        if self.other is None:
            assert refusal is not None
            raise refusal
        found = self.binding.key.column.name
        if found != key:
            raise SourceError(
                f"column {self.telling!r} names a {key}, but the records are matched by {found}",
                path=self.table.path,
                advice=f"Match by {key}, or put an underscore before the name of that column.",
            )

    @property
    def binding(self) -> Binding:
        """How the columns of the resource's own rows are read; of the others' where there are only these."""
        validator = self.own or self.other
        assert validator is not None
        return validator.binding

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know about how the columns are understood."""
        return [note for one in (self.own, self.other) if one is not None for note in one.binding.notes]

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """Columns of codes, which spreadsheets like to damage."""
        bound = [one for validator in (self.own, self.other) if validator for one in validator.binding.columns]
        return frozenset(one.column.name for one in bound if one.column.identifier)

    @property
    def gathers(self) -> bool:
        """Whether rows of the table may travel in others."""
        return self._inside and self.other is not None

    def kinds(self, frame: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, Validator]]:
        """The frame taken apart by what the rows are."""
        if self.own is None or self.other is None:
            validator = self.own or self.other
            assert validator is not None
            yield frame, validator
            return
        others = self._is_other(frame)
        for part, validator in ((frame.filter(~others), self.own), (frame.filter(others), self.other)):
            if part.height:
                yield part, validator

    def members(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows that travel in others."""
        return frame.filter(self._is_other(frame)) if self.gathers else frame.clear()

    def carriers(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows that do not."""
        return frame.filter(~self._is_other(frame)) if self.gathers else frame

    def carried_by(self, frame: pl.DataFrame, keys: Collection[str]) -> pl.DataFrame:
        """The rows that travel in records with these keys."""
        members = self.members(frame)
        if members.is_empty():
            return members
        assert self.telling is not None
        return members.filter(as_text(members.get_column(self.telling)).str.strip_chars().is_in(list(keys)))

    def identities(self, frame: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, Validator]]:
        """What rules over the whole source look at, of all rows but members, kind by kind."""
        for part, validator in self.kinds(frame):
            if not (self.gathers and validator is self.other):
                yield validator.identify(part), validator

    @cached_property
    def origins(self) -> Origins | None:
        """By what rows can be recognised.

        None where more than the cells matters: members, what is only shown, remarks on what can be sent.
        """
        validators = [one for one in (self.own, self.other) if one is not None]
        more = any(
            one.binding.read_only or any(bound.column.expected for bound in one.binding.columns) for one in validators
        )
        if more or self.gathers or self._cells is not None or self._reading.keys_only:
            return None
        options = self._salt.decode(), self._reading.clear, self._reading.empty, str(self.telling)
        return Origins([(one.schema, one.binding) for one in validators], *options)

    def check(
        self,
        frame: pl.DataFrame,
        families: Families | None,
        origins: Mapping[int, bytes | None] = MappingProxyType({}),
    ) -> tuple[Chunk, Sequence[Faults]]:
        """The verdict on all rows but members, which come with their carriers; and the parts it is made of.

        `origins` are by position.
        """
        records: list[Record] = []
        rejections: list[Rejection] = []
        shown: dict[int, str] = {}
        parts: list[Faults] = []
        for part, validator in self.kinds(frame):
            if part.is_empty() or (self.gathers and validator is self.other):
                continue
            checked = validator.check(part)
            parts.append(checked)
            losses = checked.losses()
            records += [
                replace(record, losses=losses[record.row], origin=None) if record.row in losses else record
                for record in checked.records(origins)
            ]
            rejections += checked.bad
            shown.update(checked.shown())
        if families is not None:
            records, rejections = families.carried(frame, records, rejections)
        if self._cells is not None:
            doubled = self._cells.doubled(records, frame, self.binding)
            rejections += doubled
            bad = {rejection.row for rejection in doubled}
            records = [self._cells.with_losses(record) for record in records if record.row not in bad]
        if self._salt:
            records = [replace(record, digest=_salted(record.digest, self._salt)) for record in records]
        records.sort(key=lambda record: record.row)
        chunk = Chunk(
            frame=frame,
            records=records,
            rejections=rejections,
            shown=shown,
            judge=self,
        )
        return chunk, parts

    @property
    def wants_documents(self) -> bool:
        """Whether it takes the records to tell all that is wrong."""
        return self.gathers or self._cells is not None

    def faults(self, frame: pl.DataFrame) -> tuple[Chunk, Sequence[Faults]]:
        """As `check`, without records: only where nobody `wants_documents`."""
        parts = [validator.faults(part) for part, validator in self.kinds(frame)]
        rejections = [one for part in parts for one in part.bad]
        good = frame.height - len(rejections)
        return Chunk(frame=frame, records=(), rejections=rejections, shown={}, judge=self, unrecorded=good), parts

    def holds(self, inside: str, label: str | None, cells: Mapping[str, Any], fields: bytes) -> bool:
        """Whether a cell is known to have its value; `inside` is where its row stands in another's document."""
        validator = self.other if inside else self.own
        path = None if label is None else (validator or self).binding.path_of(label)
        return path is not None and label is not None and not unknown({inside + path: cells.get(label)}, fields)

    def kept_back(self, frame: pl.DataFrame, hit: Mapping[str, str], done: Collection[int]) -> list[Rejection]:
        """Carriers of the families named in `hit` that are not rejected yet, for the reason given there."""
        assert self.own is not None
        identity = self.own.identify(self.carriers(frame))
        found = identity.filter(pl.col("key").is_in(list(hit)) & ~pl.col(ROW).is_in(list(done)))
        rows, keys = found.get_column(ROW).to_list(), found.get_column("key").to_list()
        return [
            family_rejection(row, key, cells, hit[key])
            for row, key, cells in zip(rows, keys, original_cells(frame, rows), strict=True)
        ]

    def validator_of(self, frame: pl.DataFrame) -> Validator:
        """Who judges the row that a frame of one row holds."""
        ((_, validator),) = self.kinds(frame)
        return validator

    @property
    def _ignored(self) -> Sequence[str]:
        """Columns that are left alone."""
        if self._reading.keys_only:
            return self.table.header
        return () if self.telling is None else (self.telling,)

    def _is_other(self, frame: pl.DataFrame) -> pl.Series:
        assert self.telling is not None
        blank = as_text(frame.get_column(self.telling)).str.strip_chars().fill_null("") == ""
        return ~blank if self._filled else blank

    def _validator(
        self,
        schema: Schema,
        keys: Sequence[str],
        read_only: "type[BaseModel] | None",
        *,
        title: str = "this row",
        others: Sequence[Schema] = (),
        match_by: str | None = None,
        complete: bool = True,
    ) -> Validator:
        binding = bind(
            schema,
            self.table.header,
            keys=keys,
            match_by=match_by,
            path=self.table.path,
            mapping=self._reading.mapping,
            read_only=None if read_only is None else compile_schema(read_only),
            others=others,
            ignore=self._ignored,
            complete=complete,
        )
        return Validator(schema, binding, clear=self._reading.clear, empty=self._reading.empty, title=title)


def _salted(digest: bytes, salt: bytes) -> bytes:
    return blake2b(salt + digest, digest_size=len(digest)).digest()


def _schemas(*models: "type[BaseModel] | None") -> list[Schema]:
    return [compile_schema(model) for model in models if model is not None]

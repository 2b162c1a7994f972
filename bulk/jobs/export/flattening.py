"""Documents as the rows of a table: leaves under dotted columns, members of a document as rows of their own."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from bulk.contracts import OtherRows, Resource
from bulk.errors import UsageError
from bulk.jobs.export.fitting import Remarks
from bulk.jobs.export.interim_columns import PLAIN, TYPES, held, nulls, released, type_of, types_of
from bulk.jobs.export.spreading import Tree, spread, tree_of
from bulk.model import Documents, listed
from bulk.validation import Column, Schema, compile_schema
from bulk.validation.columns import Kind, nearest

_ANY: Final = frozenset({Kind.SCALAR, Kind.VALUE})
"""Kinds whose columns are of the type that all their values have."""


class Flattening:
    """How the documents of a resource become rows. Raises `UsageError` for a column that there is not.

    `wanted` are the only columns, in their order; without it they are those that occur.
    """

    def __init__(self, resource: Resource, wanted: Sequence[str] | None = None) -> None:
        self._key = resource.keys[0]
        self._within = _members(resource)
        self._schemas = _schemas(resource)
        self._columns = _columns(resource, self._schemas)
        self._exact = {column.name: column for column in self._columns if not column.open}
        self._open = [column for column in self._columns if column.open]
        self._tree: Tree = tree_of(self._columns)
        self._wanted = None if wanted is None else self._chosen(wanted)
        self.chosen = None if self._wanted is None else tuple(column.name for column in self._wanted)
        """Names of the columns that are wanted; None for those that occur."""
        self._occurring: dict[str, Column] = {}
        self._scalars: dict[str, set[type]] = {}
        self.left_out = self._untold()
        """Which rows are left out, and why, in a sentence; None where all are there."""

    def spread(self, documents: Sequence[Mapping[str, Any]]) -> tuple[pl.DataFrame, Sequence[int]]:
        """The rows of documents, each followed by those of its members, and how many rows each has.

        Columns are those that occur, of types that hold all values for the time being.
        """
        rows, counts, owners = documents, [1] * len(documents), None
        if self._within is not None and self.left_out is None:
            rows, counts, owners = self._with_members(documents, self._within)
        columns = spread(rows, self._tree)
        if self._within is not None and owners is not None:
            named = columns.setdefault(self._within.column, [None] * len(rows))
            columns[self._within.column] = [
                own if owner is None else owner for own, owner in zip(named, owners, strict=True)
            ]
        wanted = columns if self.chosen is None else [name for name in self.chosen if name in columns]
        return pl.DataFrame([held(columns[name], self._named(name)) for name in wanted]), counts

    def survey(self, table: pl.DataFrame) -> None:
        """Take notice of which columns occur, and of what they hold."""
        for series in table:
            name = series.name[len(PLAIN) :]
            if name not in self._occurring:
                self._occurring[name] = self._named(name)
            if self._occurring[name].kind in _ANY:
                self._scalars.setdefault(name, set()).update(types_of(series))

    def _with_members(
        self, documents: Sequence[Mapping[str, Any]], within: OtherRows
    ) -> tuple[Sequence[Mapping[str, Any]], list[int], list[Any] | None]:
        """Documents and their members, how many rows each document has, and for members whose they are."""
        documents = Documents.of(documents)
        if not any(documents.columns.get(within.within or "", ())):
            return documents, [1] * len(documents), None
        rows: list[Mapping[str, Any]] = []
        counts: list[int] = []
        owners: list[Any] = []
        for document in documents:
            key = document.get(self._key)
            members = () if key is None else document.get(within.within or "") or ()
            rows += (document, *members)
            counts.append(1 + len(members))
            owners += (None, *(key for _ in members))
        return rows, counts, None if len(rows) == len(documents) else owners

    def schema(self, *, typed: bool) -> dict[str, pl.DataType]:
        """Columns and their types, after everything was surveyed; `typed` where the format keeps types apart."""
        return {column.name: self._type(column, typed=typed) for column in self._header()}

    def frame(
        self, table: pl.DataFrame, rows: int, schema: Mapping[str, pl.DataType], remarks: Remarks
    ) -> pl.DataFrame:
        """Rows of `spread` as a frame of exactly this schema.

        What a column cannot hold is left blank and remarked upon.
        """
        occurring = {series.name[len(PLAIN) :]: series for series in table}
        return pl.DataFrame(
            [
                released(occurring[name], self._named(name), dtype, remarks)
                if name in occurring
                else nulls(name, rows, dtype)
                for name, dtype in schema.items()
            ]
        )

    def _header(self) -> Sequence[Column]:
        if self._wanted is not None:
            return self._wanted
        if not self._occurring:
            return [column for column in self._exact.values() if column.kind is not Kind.JSON]
        header: list[Column] = []
        for column in self._columns:
            if column.open:
                below = (name for name in self._occurring if name.startswith(column.name[:-1]))
                header += [self._occurring[name] for name in sorted(below) if self._occurring[name].open is False]
            elif column.name in self._occurring:
                header.append(column)
        return list({column.name: column for column in header}.values())

    def _type(self, column: Column, *, typed: bool) -> pl.DataType:
        if column.kind not in _ANY:
            return TYPES[column.kind]
        return type_of(self._scalars.get(column.name, set()) if typed else set())

    def _named(self, name: str) -> Column:
        """A column that occurs, or was asked for."""
        if name in self._exact:
            return self._exact[name]
        wild = next(column for column in self._open if name.startswith(column.name[:-1]))
        return wild.called(name.removeprefix(wild.name[:-1]))

    def _chosen(self, wanted: Sequence[str]) -> list[Column]:
        chosen: dict[str, Column] = {}
        known = {column.name for column in self._columns}
        if not wanted:
            raise UsageError("no column to export is named", advice="Name some, or leave the choice out to have all.")
        for name in wanted:
            found = next(filter(None, (schema.find(name) for schema in self._schemas)), None)
            if self._within is not None and found is None and name == self._within.column:
                found = self._named(name)
            if found is None or not ({found.name, ".".join(found.opened)} & known):
                raise self._no_column(name, found)
            if found.name in chosen:
                raise UsageError(f"the column {name!r} is asked for twice", advice="Name it once.")
            chosen[found.name] = found
        return list(chosen.values())

    def _no_column(self, name: str, whole: Column | None) -> UsageError:
        """For a name that an export has no column of; `whole` is what an import would take under it."""
        if whole is not None and self._within is not None and whole.path == (self._within.within,):
            return UsageError(
                f"{name!r} is no column of an export: what it holds are rows of their own",
                advice=f"Name {self._within.column!r}, and they are there.",
            )
        parts = [column.name for column in self._columns if whole is not None and _is_below(column, whole)]
        if parts:
            return UsageError(
                f"{name!r} is no column of an export: it is spread out over others",
                advice=f"Name those that you want, such as {_quoted(parts[:3])}.",
            )
        near = nearest(name, {header: known for schema in self._schemas for header, known in schema.names.items()})
        return UsageError(
            f"there is no column {name!r} to export",
            advice=f"Did you mean {_quoted([near])}?" if near else "bulk fields lists the columns.",
        )

    def _untold(self) -> str | None:
        if self._within is None or self._wanted is None:
            return None
        if any(column.name == self._within.column for column in self._wanted):
            return None
        return (
            f"rows for {self._within.title} are left out: without the column {self._within.column!r} "
            "nothing would tell them from the others"
        )


def _quoted(names: Sequence[str]) -> str:
    """Names of columns, and that a star in them is none."""
    told = listed([repr(name) for name in names])
    return f"{told} with any name for the *" if any("*" in name for name in names) else told


def _members(resource: Resource) -> OtherRows | None:
    other = resource.other_rows
    return other if other is not None and other.within is not None else None


def _schemas(resource: Resource) -> list[Schema]:
    """What a row may hold, in the order of its columns."""
    within = _members(resource)
    models = [resource.model, within and within.model, resource.read_only, within and within.read_only]
    return [compile_schema(model) for model in models if model is not None]


def _columns(resource: Resource, schemas: Sequence[Schema]) -> list[Column]:
    """Every column that an export may have, in order; a structure that others spread out is none."""
    within = _members(resource)
    columns: dict[str, Column] = {}
    every = [column for schema in schemas for column in schema.columns]
    for column in every:
        if within is not None and column.path == (within.within,):
            continue
        if column.kind is Kind.JSON and any(_is_below(one, column) for one in every):
            continue
        columns.setdefault(column.name, column)
    if within is not None:
        telling = columns.pop(within.column, None) or Column(path=(within.column,), kind=Kind.TEXT)
        names = list(columns)
        place = names.index(resource.keys[0]) + 1
        ordered = [*names[:place], within.column, *names[place:]]
        columns[within.column] = telling
        return [columns[name] for name in ordered]
    return list(columns.values())


def _is_below(column: Column, whole: Column) -> bool:
    return len(column.path) > len(whole.path) and column.path[: len(whole.path)] == whole.path

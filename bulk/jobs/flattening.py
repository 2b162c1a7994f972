"""Documents as the rows of a table: leaves under dotted columns, members of a document as rows of their own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import polars as pl

from bulk.contracts import OtherRows, Resource
from bulk.errors import UsageError
from bulk.jobs.fitting import Remarks, fitted
from bulk.validation import Column, Schema, compile_schema
from bulk.validation.columns import WILDCARD, Kind, nearest

Leaves: TypeAlias = dict[str, Any]
"""The values of one row by column; only those that the document holds."""

_TYPES: Final[Mapping[Kind, pl.DataType]] = {
    Kind.TEXT: pl.String(),
    Kind.INTEGER: pl.Int64(),
    Kind.NUMBER: pl.Float64(),
    Kind.BOOLEAN: pl.Boolean(),
    Kind.TEXTS: pl.List(pl.String),
    Kind.INTEGERS: pl.List(pl.Int64),
    Kind.JSON: pl.String(),
}


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
        self._tree = _tree(self._columns)
        self._wanted = None if wanted is None else self._chosen(wanted)
        self.chosen = None if self._wanted is None else tuple(column.name for column in self._wanted)
        """Names of the columns that are wanted; None for those that occur."""
        self._occurring: dict[str, Column] = {}
        self._scalars: dict[str, set[type]] = {}
        self.left_out = self._untold()
        """Which rows are left out, and why, in a sentence; None where all are there."""

    def rows(self, document: Mapping[str, Any]) -> Iterator[Leaves]:
        """The document's own row, then those of its members."""
        own = _flat(document, self._tree)
        yield own
        if self._within is None or self.left_out is not None:
            return
        key = own.get(self._key)
        for member in document.get(self._within.within or "") or ():
            if key is not None:
                yield {**_flat(member, self._tree), self._within.column: key}

    def survey(self, rows: Iterable[Leaves]) -> None:
        """Take notice of which columns occur, and of what they hold."""
        for row in rows:
            for name in row.keys() - self._occurring.keys():
                self._occurring[name] = self._named(name)
                if self._occurring[name].kind in _ANY:
                    self._scalars[name] = set()
            for name in self._scalars.keys() & row.keys():
                if row[name] is not None:
                    self._scalars[name].add(type(row[name]))

    def schema(self, *, typed: bool) -> dict[str, pl.DataType]:
        """Columns and their types, after everything was surveyed; `typed` where the format keeps types apart."""
        return {column.name: self._type(column, typed=typed) for column in self._header()}

    def frame(self, rows: Sequence[Leaves], schema: Mapping[str, pl.DataType], remarks: Remarks) -> pl.DataFrame:
        """Rows as a frame of exactly this schema. What a column cannot hold is left blank and remarked upon."""
        return pl.DataFrame(
            [
                fitted([row.get(name) for row in rows], self._named(name), dtype, remarks)
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
            return _TYPES[column.kind]
        held = self._scalars.get(column.name, set()) if typed else set()
        if held == {bool}:
            return pl.Boolean()
        if held == {int}:
            return pl.Int64()
        return pl.Float64() if held and held <= {int, float} else pl.String()

    def _named(self, name: str) -> Column:
        """A column that occurs, or was asked for."""
        if name in self._exact:
            return self._exact[name]
        wild = next(column for column in self._open if name.startswith(column.name[:-1]))
        return wild.called(name.removeprefix(wild.name[:-1]))

    def _chosen(self, wanted: Sequence[str]) -> list[Column]:
        chosen: dict[str, Column] = {}
        known = {column.name for column in self._columns}
        for name in wanted:
            found = next(filter(None, (schema.find(name) for schema in self._schemas)), None)
            if self._within is not None and found is None and name == self._within.column:
                found = self._named(name)
            if found is None or not ({found.name, ".".join(found.opened)} & known):
                near = nearest(
                    name, {header: name for schema in self._schemas for header, name in schema.names.items()}
                )
                raise UsageError(
                    f"there is no column {name!r} to export",
                    advice=f"Did you mean {near!r}?" if near else "bulk fields lists the columns.",
                )
            if found.name in chosen:
                raise UsageError(f"the column {name!r} is asked for twice", advice="Name it once.")
            chosen[found.name] = found
        return list(chosen.values())

    def _untold(self) -> str | None:
        if self._within is None or self._wanted is None:
            return None
        if any(column.name == self._within.column for column in self._wanted):
            return None
        return (
            f"rows for {self._within.title} are left out: without the column {self._within.column!r} "
            "nothing would tell them from the others"
        )


_Tree: TypeAlias = "dict[str, _Tree | str]"
"""Columns by the parts of their paths; under the last part stands the name, or for any name the way to it."""


class _Deep(str):
    """The way to names that may be several, where it is one to any name."""

    __slots__ = ()


def _tree(columns: Sequence[Column]) -> _Tree:
    tree: _Tree = {}
    for column in columns:
        branch = tree
        for part in column.path[:-1]:
            below = branch.setdefault(part, {})
            assert isinstance(below, dict), "what others spread out is no column"
            branch = below
        prefix = column.name.removesuffix(WILDCARD)
        branch[column.path[-1]] = _Deep(prefix) if column.deep else prefix
    return tree


def _flat(document: Mapping[str, Any], tree: _Tree) -> Leaves:
    """The values of a document by column; where an object is null, so are all columns below it."""
    leaves: Leaves = {}
    _gather(document, tree, leaves)
    return leaves


def _gather(document: Mapping[str, Any], tree: _Tree, leaves: Leaves) -> None:
    """Take what lies in an object. An open one may have names that are no column's, and these are left out."""
    for name, value in document.items():
        found = None if name == WILDCARD else tree.get(name)
        if isinstance(found, str):
            leaves[found] = value
        elif found is None:
            prefix = tree.get(WILDCARD)
            if isinstance(prefix, str) and name.strip() not in {"", WILDCARD}:
                if isinstance(prefix, _Deep) and _is_spread(value):
                    leaves |= {f"{prefix}{name.strip()}.{inner.strip()}": text for inner, text in value.items()}
                else:
                    leaves[prefix + name.strip()] = value
        elif isinstance(value, dict):
            _gather(value, found, leaves)
        elif value is None:
            _gather(dict.fromkeys(found.keys() - {WILDCARD}), found, leaves)


def _is_spread(value: object) -> bool:
    """Whether an entry has a column for each of its own entries: where these are texts, such as those by language."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(text, str) for text in value.values())
        and not any("." in name or name.strip() in {"", WILDCARD} for name in value)
    )


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

"""Documents as columns: the values that lie under the path of each, one for every document."""

from collections.abc import Mapping, Sequence
from itertools import chain
from types import NoneType
from typing import Any, Final, TypeAlias

from bulk.model import ABSENT, Documents, distinct
from bulk.validation import Column
from bulk.validation.columns import WILDCARD

Tree: TypeAlias = "dict[str, Tree | str]"
"""Columns by the parts of their paths; under the last part stands the name, or for any name the way to it."""

_NOTHING: Final[Mapping[str, Any]] = {}


class _Deep(str):
    """The way to names that may be several, where it is one to any name."""

    __slots__ = ()


def tree_of(columns: Sequence[Column]) -> Tree:
    """The columns as a tree."""
    tree: Tree = {}
    for column in columns:
        branch = tree
        for part in column.path[:-1]:
            below = branch.setdefault(part, {})
            assert isinstance(below, dict), "what others spread out is no column"
            branch = below
        prefix = column.name.removesuffix(WILDCARD)
        branch[column.path[-1]] = _Deep(prefix) if column.deep else prefix
    return tree


def spread(documents: Sequence[Mapping[str, Any]], tree: Tree) -> dict[str, Sequence[Any]]:
    """The values of documents by column; only columns that any of them holds.

    Where an object is null, so are all columns below it. An open one may have names that are no column's, and these are
    left out.
    """
    columns: dict[str, Sequence[Any]] = {}
    _gather(Documents.of(documents), tree, columns)
    return columns


def _gather(documents: Documents, tree: Tree, columns: dict[str, Sequence[Any]]) -> None:
    """Take what lies in objects, one for each document, under the names of columns."""
    for name, values in documents.columns.items():
        found = tree.get(name)
        if found is None or name == WILDCARD:
            continue
        types = set(map(type, values))
        if isinstance(found, str):
            if types != {type(ABSENT)}:
                lacking = type(ABSENT) in types
                columns[found] = [None if one is ABSENT else one for one in values] if lacking else values
            continue
        if NoneType in types:
            for column in _below(found):
                columns.setdefault(column, [None] * len(documents))
        if dict in types:
            once, places = distinct(values)
            objects = [value if type(value) is dict else _NOTHING for value in once]
            below: dict[str, Sequence[Any]] = {}
            _gather_named(objects, found, below)
            _gather(_under(objects, found), found, below)
            columns |= {column: list(map(held.__getitem__, places)) for column, held in below.items()}


def _under(objects: Sequence[Mapping[str, Any]], tree: Tree) -> Documents:
    """What objects hold under names that are known: an open one may have names without number."""
    names = tree.keys() & set(chain.from_iterable(objects))
    return Documents({name: [one.get(name, ABSENT) for one in objects] for name in names}, len(objects))


def _gather_named(objects: Sequence[Mapping[str, Any]], tree: Tree, columns: dict[str, Sequence[Any]]) -> None:
    """Take entries that may have any name, where there may be such: each of these is a column."""
    prefix = tree.get(WILDCARD)
    if not isinstance(prefix, str):
        return
    named: dict[str, list[Any]] = {}
    for number, document in enumerate(objects):
        for name, value in document.items():
            called = name.strip()
            if name in tree or called in {"", WILDCARD}:
                continue
            if isinstance(prefix, _Deep) and _is_spread(value):
                entries = {f"{prefix}{called}.{inner.strip()}": text for inner, text in value.items()}
            else:
                entries = {prefix + called: value}
            for column, one in entries.items():
                if column not in named:
                    named[column] = [None] * len(objects)
                named[column][number] = one
    columns |= named


def _below(tree: Tree) -> set[str]:
    """Names of the columns below, but for those that may have any name."""
    names: set[str] = set()
    for name, found in tree.items():
        if name != WILDCARD:
            names |= {found} if isinstance(found, str) else _below(found)
    return names


def _is_spread(value: object) -> bool:
    """Whether an entry has a column for each of its own entries: where these are texts, such as those by language."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(text, str) for text in value.values())
        and not any("." in name or name.strip() in {"", WILDCARD} for name in value)
    )

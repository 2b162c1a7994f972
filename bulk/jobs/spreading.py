"""Documents as columns: the values that lie under the path of each, one for every document."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any, Final, TypeAlias

from bulk.validation import Column
from bulk.validation.columns import WILDCARD

Tree: TypeAlias = "dict[str, Tree | str]"
"""Columns by the parts of their paths; under the last part stands the name, or for any name the way to it."""

_NOTHING: Final[Mapping[str, Any]] = {}
_ABSENT: Final = object()


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


def spread(documents: Sequence[Mapping[str, Any]], tree: Tree) -> dict[str, list[Any]]:
    """The values of documents by column; only columns that any of them holds.

    Where an object is null, so are all columns below it. An open one may have names that are no column's, and these are
    left out.
    """
    columns: dict[str, list[Any]] = {}
    _gather(documents, tree, columns)
    return columns


def _gather(documents: Sequence[Mapping[str, Any]], tree: Tree, columns: dict[str, list[Any]]) -> None:
    """Take what lies in objects, one for each document."""
    any_name = tree.get(WILDCARD)
    if isinstance(any_name, str):
        _gather_named(documents, any_name, tree.keys(), columns)
    for name in set(chain.from_iterable(documents)) & tree.keys() - {WILDCARD}:
        found = tree[name]
        if isinstance(found, str):
            columns[found] = [document.get(name) for document in documents]
            continue
        values = [document.get(name, _ABSENT) for document in documents]
        if None in values:
            for column in _below(found):
                columns.setdefault(column, [None] * len(documents))
        _gather([value if isinstance(value, dict) else _NOTHING for value in values], found, columns)


def _gather_named(
    documents: Sequence[Mapping[str, Any]], prefix: str, but: Collection[str], columns: dict[str, list[Any]]
) -> None:
    """Take entries that may have any name: each of these is a column."""
    for number, document in enumerate(documents):
        for name, value in document.items():
            called = name.strip()
            if name in but or called in {"", WILDCARD}:
                continue
            if isinstance(prefix, _Deep) and _is_spread(value):
                entries = {f"{prefix}{called}.{inner.strip()}": text for inner, text in value.items()}
            else:
                entries = {prefix + called: value}
            for column, one in entries.items():
                if column not in columns:
                    columns[column] = [None] * len(documents)
                columns[column][number] = one


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

"""A model as flat columns: what `bulk fields` shows, what headers bind to, what rules are made of."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from pydantic import TypeAdapter

from bulk.model import listed, many
from bulk.validation.document import Document, Element, Expected
from bulk.validation.joint_rules import JointRule

WILDCARD: Final = "*"

_MANY: Final = 20
"""Choices that are still all named."""

_FEW: Final = 5
"""Choices that are named where there are more."""


class Kind(StrEnum):
    """What a cell of a column is read as."""

    TEXT = "text"
    INTEGER = "whole number"
    NUMBER = "number"
    BOOLEAN = "yes or no"
    SCALAR = "text, number or yes/no"
    VALUE = "text, number, yes/no or JSON"
    TEXTS = "list of text"
    INTEGERS = "list of whole numbers"
    JSON = "JSON"


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraints:
    """Bounds of a value; None where there is none."""

    min_length: int | None = None
    """Fewest characters of a text, or elements of a list."""
    max_length: int | None = None
    """Most characters of a text, or elements of a list."""
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    multiple_of: float | None = None
    pattern: str | None = None
    """Rust regular expression that must be found somewhere in a text."""
    choices: tuple[str, ...] | None = None
    """The only values allowed."""

    def stated(self) -> Mapping[str, Any]:
        """Those that are there."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name)) is not None}


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column that a table may have."""

    path: tuple[str, ...]
    """Where its value goes in the document; a last part `*` stands for any name."""
    kind: Kind
    """What its cells are read as."""
    nullable: bool = False
    """Whether it can be cleared."""
    within: tuple[str, ...] | None = None
    """Path of the object that must not be sent without it, empty for the document itself; None if it is optional."""
    constraints: Constraints = Constraints()
    """Bounds of the value."""
    each: Constraints = Constraints()
    """Bounds of each element of a list."""
    aliases: tuple[str, ...] = ()
    """Other headers it is known by."""
    identifier: bool = False
    """Whether it is text that spreadsheets like to damage."""
    even: bool = False
    """Whether that text usually has the same number of digits in all rows."""
    unique: bool = False
    """Whether no two rows of a source may have the same text, regardless of case."""
    consequence: str | None = None
    """What clearing or emptying it does."""
    advice: str | None = None
    """What to do about a value that is not allowed."""
    expected: Expected | None = None
    """What its text usually looks like."""
    element: Element | None = None
    """Of which list, in a column of its own, it may also be an element."""
    fixed: int | None = None
    """How many parts of its path are given, where it stands for an entry of an open object, or is one."""
    deep: bool = False
    """Whether several names may stand for `*`: entries of objects within the open one."""
    description: str = ""
    """What it is, in a few words."""
    reference: str = ""
    """Where it is documented."""
    example: str | None = None
    """A name that often stands for `*`, or that an object often holds."""
    adapter: TypeAdapter[Any] | None = field(default=None, compare=False)
    """Judges a JSON cell, or the name that stands for `*`; pydantic itself, since there is nothing to compile."""

    @property
    def name(self) -> str:
        """Dotted path, as a header gives it."""
        return ".".join(self.path)

    @property
    def open(self) -> bool:
        """Whether it stands for any number of columns."""
        return self.path[-1] == WILDCARD

    @property
    def is_list(self) -> bool:
        """Whether it can be emptied."""
        return self.kind in {Kind.TEXTS, Kind.INTEGERS}

    @property
    def entry(self) -> str | None:
        """The name that it has in an open object; None where it is in none."""
        return None if self.fixed is None else self.path[self.fixed]

    @property
    def opened(self) -> tuple[str, ...]:
        """The path under which a model knows it."""
        return self.path if self.fixed is None else (*self.path[: self.fixed], WILDCARD)

    def called(self, name: str) -> "Column":
        """The column of this name in the open object for whose entries it stands."""
        return replace(self, path=(*self.path[:-1], *(name.split(".") if self.deep else [name])))

    @property
    def type_text(self) -> str:
        """Its type in plain words."""
        return "list of choices" if self.each.choices else "choice" if self.constraints.choices else str(self.kind)

    @property
    def constraint_text(self) -> str:
        """Its constraints in plain words, empty if there are none."""
        unit = "element" if self.is_list else "character"
        words = list(_in_words(self.constraints, unit))
        words += [f"each {text}" for text in _in_words(self.each, "character")]
        if self.within is not None:
            words.append(f"required with {'.'.join(self.within)}" if self.within else "required")
        if self.unique:
            words.append("not twice in a file")
        if self.nullable:
            words.append("can be cleared")
        if self.expected:
            words.append(self.expected.usual)
        if self.consequence:
            words.append(f"clearing it {self.consequence}")
        return "; ".join(words)


def _in_words(constraints: Constraints, unit: str) -> Iterator[str]:
    phrases = {
        "min_length": "at least {}",
        "max_length": "at most {}",
        "ge": "at least {:g}",
        "gt": "above {:g}",
        "le": "at most {:g}",
        "lt": "below {:g}",
        "multiple_of": "a multiple of {:g}",
        "pattern": "matching {}",
    }
    for name, value in constraints.stated().items():
        if name == "choices":
            yield f"one of {some_of(value)}"
        else:
            yield phrases[name].format(many(value, unit) if name.endswith("length") else value)


def some_of(choices: Sequence[str]) -> str:
    """Choices in words; the first few where they are many."""
    few = [*choices[:_FEW], f"{len(choices) - _FEW} more"] if len(choices) > _MANY else choices
    return listed(few)


@dataclass(frozen=True, kw_only=True)
class Schema:
    """All columns that tables for a model may have, in the order of the document."""

    model: type[Document]
    columns: tuple[Column, ...]
    rules: tuple[JointRule, ...]
    """Rules that join fields; each says itself in words by `describe`."""

    @cached_property
    def _by_header(self) -> Mapping[str, Column]:
        return {plain(name): one for one in self.columns if not one.open for name in (one.name, *one.aliases)}

    def find(self, header: str) -> Column | None:
        """The column that a header means, regardless of case, spaces, underscores and hyphens."""
        found = self._by_header.get(plain(header))
        if found is not None:
            return found
        for wild in self.columns:
            *parent, name = header.split(".", len(wild.path) - 1)
            names = [one.strip() for one in (name.split(".") if wild.deep else [name])]
            if (
                wild.open
                and not {"", WILDCARD} & set(names)
                and plain(".".join(parent)) == plain(".".join(wild.path[:-1]))
            ):
                return wild.called(".".join(names))
        return None

    def elements(self, header: str) -> Sequence[Column]:
        """The columns that are elements of the list that a header means, in their order; none if it means none."""
        found = [one for one in self.columns if one.element and plain(one.element.of) == plain(header)]
        return sorted(found, key=lambda one: one.element.place if one.element else 0)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The columns' names by all the plain headers that they are known by."""
        found = {plain(one.name): one.name for one in self.columns if one.open}
        return {**{header: one.name for header, one in self._by_header.items()}, **found}


def nearest(header: str, names: Mapping[str, str]) -> str | None:
    """Which of these names, by plain header, looks most like a header."""
    match = difflib.get_close_matches(plain(header), names, n=1, cutoff=0.5)
    return names[match[0]] if match else None


def plain(header: str) -> str:
    """A header without what people vary: case, spaces, underscores and hyphens."""
    return "".join(one for one in header.casefold() if not one.isspace() and one not in "_-")

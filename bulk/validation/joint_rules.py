"""Rules that join fields, as a model declares them; each can judge a document and say itself in words.

Fields go by their dotted paths. Null counts as sent, since it is written, but meets no requirement.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, ClassVar, LiteralString, Protocol, TypeAlias

from pydantic import BaseModel

from bulk.model import listed

Literals: TypeAlias = tuple[bool | str, ...]
"""Values of a field of yes or no, or of a choice."""

Naming: TypeAlias = Callable[[str], str]
"""What to call the field at a path."""


class JointRule(Protocol):
    """Something that fields of a document can break together."""

    name: ClassVar[LiteralString]
    """Short stable name."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The fields concerned."""

    @property
    def conditions(self) -> tuple[tuple[str, Literals], ...]:
        """Fields of which single values matter, and these values."""

    def is_broken(self, document: BaseModel) -> bool:
        """Whether a document breaks it."""

    def describe(self, naming: Naming = str) -> str:
        """The rule as a sentence."""

    def below(self, path: str) -> "JointRule":
        """The same rule, as seen from around the object at this path."""


@dataclass(frozen=True)
class NotBoth:
    """Two fields of which one at most may be sent. `why` completes the sentence "both are filled, and ..."."""

    first: str
    second: str
    why: str = "only one of them can be sent"
    name: ClassVar[LiteralString] = "not_both"
    conditions: ClassVar[tuple[tuple[str, Literals], ...]] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The fields concerned."""
        return self.first, self.second

    def is_broken(self, document: BaseModel) -> bool:
        """Whether both are sent."""
        return _is_sent(document, self.first) and _is_sent(document, self.second)

    def describe(self, naming: Naming = str) -> str:
        """The rule as a sentence."""
        return f"{naming(self.first)} and {naming(self.second)} must not both be filled: {self.why}"

    def below(self, path: str) -> "NotBoth":
        """The same rule, as seen from around the object at this path."""
        return replace(self, first=f"{path}.{self.first}", second=f"{path}.{self.second}")


@dataclass(frozen=True)
class ExactlyOne:
    """Fields of which exactly one must be sent."""

    paths: tuple[str, ...]
    name: ClassVar[LiteralString] = "exactly_one"
    conditions: ClassVar[tuple[tuple[str, Literals], ...]] = ()

    def __init__(self, *paths: str) -> None:
        object.__setattr__(self, "paths", paths)

    def is_broken(self, document: BaseModel) -> bool:
        """Whether none or several are sent."""
        return sum(_is_sent(document, path) for path in self.paths) != 1

    def describe(self, naming: Naming = str) -> str:
        """The rule as a sentence."""
        return f"exactly one of {listed([naming(path) for path in self.paths])} must be filled"

    def below(self, path: str) -> "ExactlyOne":
        """The same rule, as seen from around the object at this path."""
        return ExactlyOne(*(f"{path}.{one}" for one in self.paths))


@dataclass(frozen=True)
class NotSwapped:
    """Two numbers of which the second never exceeds `most` in size, nor the first `more`: the wrong way round?"""

    first: str
    second: str
    most: float
    more: float
    name: ClassVar[LiteralString] = "swapped"
    conditions: ClassVar[tuple[tuple[str, Literals], ...]] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The fields concerned."""
        return self.first, self.second

    def is_broken(self, document: BaseModel) -> bool:
        """Whether the second is too large, and the two would fit if they were exchanged."""
        first, second = _value(document, self.first), _value(document, self.second)
        return None not in (first, second) and self.most < abs(second) <= self.more and abs(first) <= self.most

    def describe(self, naming: Naming = str) -> str:
        """The rule as a sentence."""
        first, second = naming(self.first), naming(self.second)
        return f"{second} is beyond {self.most:g}, and {first} is not: the two are probably swapped"

    def below(self, path: str) -> "NotSwapped":
        """The same rule, as seen from around the object at this path."""
        return replace(self, first=f"{path}.{self.first}", second=f"{path}.{self.second}")


@dataclass(frozen=True)
class RequiredWhen:
    """A field that must be sent, and not as null, where another one is sent with a certain value."""

    field: str
    when: str
    equals: bool | str
    why: str = ""
    name: ClassVar[LiteralString] = "required_when"

    @property
    def paths(self) -> tuple[str, ...]:
        """The fields concerned."""
        return self.field, self.when

    @property
    def conditions(self) -> tuple[tuple[str, Literals], ...]:
        """What makes the field required."""
        return ((self.when, (self.equals,)),)

    def is_broken(self, document: BaseModel) -> bool:
        """Whether the field is required and has no value."""
        return _value(document, self.when) == self.equals and _value(document, self.field) is None

    def describe(self, naming: Naming = str) -> str:
        """The rule as a sentence."""
        return f"{naming(self.field)} is required where {_told(naming, self.when, self.equals)}" + _because(self.why)

    def below(self, path: str) -> "RequiredWhen":
        """The same rule, as seen from around the object at this path."""
        return replace(self, field=f"{path}.{self.field}", when=f"{path}.{self.when}")


@dataclass(frozen=True)
class RequiredUnless:
    """A field that must be sent, and not as null, unless all of `unless` are sent with the values given there.

    `where` names a field and those of its values for which this holds; None for all rows.
    """

    field: str
    unless: tuple[tuple[str, bool | str], ...]
    where: tuple[str, tuple[str, ...]] | None = None
    why: str = ""
    name: ClassVar[LiteralString] = "required_unless"

    @property
    def paths(self) -> tuple[str, ...]:
        """The fields concerned."""
        return (self.field, *(path for path, _ in self.conditions))

    @property
    def conditions(self) -> tuple[tuple[str, Literals], ...]:
        """What makes the field required, and what frees from it."""
        return (*((path, (value,)) for path, value in self.unless), *([self.where] if self.where else []))

    def is_broken(self, document: BaseModel) -> bool:
        """Whether the field is required and has no value."""
        if self.where and _value(document, self.where[0]) not in self.where[1]:
            return False
        excused = all(_value(document, path) == value for path, value in self.unless)
        return not excused and _value(document, self.field) is None

    def describe(self, naming: Naming = str) -> str:
        """The rule as a sentence."""
        where = f" where {_told(naming, self.where[0], *self.where[1])}" if self.where else ""
        unless = " and ".join(_told(naming, path, value) for path, value in self.unless)
        return f"{naming(self.field)} is required{where}, unless {unless}" + _because(self.why)

    def below(self, path: str) -> "RequiredUnless":
        """The same rule, as seen from around the object at this path."""
        unless = tuple((f"{path}.{one}", value) for one, value in self.unless)
        where = None if self.where is None else (f"{path}.{self.where[0]}", self.where[1])
        return replace(self, field=f"{path}.{self.field}", unless=unless, where=where)


@dataclass(frozen=True)
class OnlyWith:
    """A value that a field may have only where another one, if it is sent, has one of certain choices."""

    field: str
    value: bool | str
    other: str
    choices: tuple[str, ...]
    why: str = ""
    name: ClassVar[LiteralString] = "only_with"

    @property
    def paths(self) -> tuple[str, ...]:
        """The fields concerned."""
        return self.field, self.other

    @property
    def conditions(self) -> tuple[tuple[str, Literals], ...]:
        """The value, and what allows it."""
        return (self.field, (self.value,)), (self.other, self.choices)

    def is_broken(self, document: BaseModel) -> bool:
        """Whether the field has the value where it must not."""
        allowed = not _is_sent(document, self.other) or _value(document, self.other) in self.choices
        return _value(document, self.field) == self.value and not allowed

    def describe(self, naming: Naming = str) -> str:
        """The rule as a sentence."""
        only = _told(naming, self.other, *self.choices)
        return f"{naming(self.field)} can be {_spelt(self.value)} only where {only}" + _because(self.why)

    def below(self, path: str) -> "OnlyWith":
        """The same rule, as seen from around the object at this path."""
        return replace(self, field=f"{path}.{self.field}", other=f"{path}.{self.other}")


def _is_sent(value: object, path: str) -> bool:
    """Whether a document holds something at a dotted path."""
    name, _, rest = path.partition(".")
    if isinstance(value, BaseModel):
        return name in value.model_fields_set and (not rest or _is_sent(getattr(value, name), rest))
    return isinstance(value, Mapping) and name in value and (not rest or _is_sent(value[name], rest))


def _value(document: BaseModel, path: str) -> Any:  # noqa: ANN401  # whatever the model holds
    """What a document holds at a dotted path; None where it is not sent, or null."""
    if not _is_sent(document, path):
        return None
    found: Any = document
    for name in path.split("."):
        found = found[name] if isinstance(found, Mapping) else getattr(found, name)
    return found.value if isinstance(found, Enum) else found


def _told(naming: Naming, path: str, *values: bool | str) -> str:
    return f"{naming(path)} is {' or '.join(_spelt(value) for value in values)}"


def _spelt(value: bool | str) -> str:
    return value if isinstance(value, str) else str(value).lower()


def _because(why: str) -> str:
    return f": {why}" if why else ""

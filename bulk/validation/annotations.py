"""The annotation of a field taken apart: its type, whether it can be null, its bounds, and the notes on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from bulk.errors import SchemaError
from bulk.validation.columns import Constraints
from bulk.validation.document import Advice, Aliases, Consequence, Element, Expected, Identifier, Reference, Unique


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """An annotation taken apart. Raises `SchemaError` for what no column can show."""

    base: Any
    nullable: bool
    constraints: Constraints
    notes: dict[str, Any]

    @classmethod
    def of(cls, annotation: Any, metadata: list[Any], where: str) -> "Shape":  # noqa: ANN401  # an annotation
        """Peel off `Annotated` and `| None`, wherever they stand; bounds inside a union count too."""
        bounds: dict[str, Any] = {}
        notes: dict[str, Any] = {}
        nullable = False
        found = list(metadata)
        while True:
            if get_origin(annotation) is Annotated:
                annotation, *more = get_args(annotation)
                found.extend(more)
            elif get_origin(annotation) in {Union, UnionType} and NoneType in get_args(annotation):
                nullable = True
                annotation = Union[tuple(one for one in get_args(annotation) if one is not NoneType)]  # noqa: UP007  # built at run time
            else:
                break
        for one in found:
            for name, value in _meaning(one, where):
                target = notes if name in NOTES else bounds
                if name in target:
                    raise SchemaError(f"{where}: {name} is stated twice")
                target[name] = value
        return cls(base=annotation, nullable=nullable, constraints=Constraints(**bounds), notes=notes)


NOTES = frozenset(
    {
        "aliases",
        "identifier",
        "unique",
        "consequence",
        "advice",
        "even",
        "reference",
        "description",
        "expected",
        "element",
    }
)


def _meaning(one: object, where: str) -> Iterator[tuple[str, Any]]:
    """What a piece of metadata says, as names and values of a `Column` or its `Constraints`."""
    match one:
        case Aliases(names):
            yield "aliases", names
        case Identifier(even):
            yield "identifier", True
            yield "even", even
        case Unique():
            yield "unique", True
        case Consequence(text):
            yield "consequence", text
        case Advice(text):
            yield "advice", text
        case Expected():
            yield "expected", one
        case Element():
            yield "element", one
        case Reference(address):
            yield "reference", address
        case annotated_types.MinLen(bound):
            yield "min_length", bound
        case annotated_types.MaxLen(bound):
            yield "max_length", bound
        case annotated_types.Ge(bound):
            yield "ge", bound
        case annotated_types.Gt(bound):
            yield "gt", bound
        case annotated_types.Le(bound):
            yield "le", bound
        case annotated_types.Lt(bound):
            yield "lt", bound
        case annotated_types.MultipleOf(bound):
            yield "multiple_of", bound
        case FieldInfo():
            if one.description:
                yield "description", one.description
            for inner in one.metadata:
                yield from _meaning(inner, where)
        case _ if list(getattr(one, "__dict__", ())) == ["pattern"] and isinstance(
            pattern := one.__dict__["pattern"], str
        ):
            yield "pattern", pattern
        case _:
            raise SchemaError(f"{where}: {one!r} cannot be compiled")

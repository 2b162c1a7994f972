"""From a pydantic model to its flat columns; whatever the two engines could judge differently is refused here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter
from pydantic.fields import FieldInfo

from bulk.errors import SchemaError
from bulk.model import listed
from bulk.validation.annotations import Shape
from bulk.validation.columns import WILDCARD, Column, Constraints, Kind, Schema, plain
from bulk.validation.document import Document
from bulk.validation.joint_rules import JointRule, NotBoth

SCALARS: Mapping[Any, Kind] = {str: Kind.TEXT, int: Kind.INTEGER, float: Kind.NUMBER, bool: Kind.BOOLEAN}
LISTS: Mapping[Kind, Kind] = {Kind.TEXT: Kind.TEXTS, Kind.INTEGER: Kind.INTEGERS}

ALLOWED: Mapping[Kind, frozenset[str]] = {
    Kind.TEXT: frozenset({"min_length", "max_length", "pattern", "choices"}),
    Kind.INTEGER: frozenset({"ge", "gt", "le", "lt", "multiple_of"}),
    Kind.NUMBER: frozenset({"ge", "gt", "le", "lt", "multiple_of"}),
    Kind.TEXTS: frozenset({"min_length", "max_length"}),
    Kind.INTEGERS: frozenset({"min_length", "max_length"}),
}
"""Which constraints a kind can have; a kind that is not named has none."""


@cache
def compile_schema(model: type[Document]) -> Schema:
    """Flatten a model. Raises `SchemaError` on anything that the two engines could judge differently."""
    _require_plain(model)
    columns = tuple(_columns(_Object(model=model)))
    wholes = [one.path for one in columns if one.kind is Kind.JSON]
    parts = [one.path for one in columns if any(_is_below(one.path, path) for path in wholes)]
    sure = {one.name: one for one in columns if one.path not in {*wholes, *parts}}
    for rule in model.rules:
        _require_sure(rule, sure, model.__name__)
    inner = list(_inner_rules(model))
    for rule in inner:
        _require_sure(rule, {one.name: one for one in columns}, model.__name__)
    overlaps = [
        NotBoth(".".join(path), f"{'.'.join(path)}.{WILDCARD}", "the one holds the other")
        for path in wholes
        if any(_is_below(part, path) for part in parts)
    ]
    schema = Schema(model=model, columns=columns, rules=(*model.rules, *inner, *overlaps))
    _require_distinct(schema)
    for column in columns:
        if (column.identifier or column.unique or column.expected) and column.kind is not Kind.TEXT:
            raise SchemaError(f"{model.__name__}, {column.name}: only text can be an identifier, unique, or expected")
    return schema


def _inner_rules(model: type[BaseModel], path: str = "") -> Iterator[JointRule]:
    """Rules of the objects within a model. pydantic knows them as well, so it matters not how an object is given."""
    for name, info in model.model_fields.items():
        base = Shape.of(info.annotation, info.metadata, name).base
        if isinstance(base, type) and issubclass(base, Document):
            yield from (rule.below(path + name) for rule in base.rules)
            yield from _inner_rules(base, f"{path}{name}.")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Object:
    """A model, and where in the document it stands."""

    model: type[BaseModel]
    path: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    """The nearest object around its fields that may be left out; its path is empty if none may."""
    description: str = ""
    around: tuple[type[BaseModel], ...] = ()
    """The models that hold it."""

    def notes(self, info: FieldInfo, shape: Shape) -> dict[str, Any]:
        """What a column says about itself."""
        description = ": ".join(part for part in (self.description, info.description) if part)
        notes = {"description": description, "reference": getattr(self.model, "reference", "")}
        return notes | ({"example": info.examples[0]} if info.examples else {}) | shape.notes


def _columns(parent: _Object) -> Iterator[Column]:
    for name, info in parent.model.model_fields.items():
        path = (*parent.path, name)
        where = f"{parent.model.__name__}, field {name}"
        if (
            info.alias
            or info.validation_alias
            or info.serialization_alias
            or info.default_factory
            or info.discriminator
        ):
            raise SchemaError(f"{where}: aliases, default factories and discriminators are not supported")
        shape = Shape.of(info.annotation, info.metadata, where)
        notes = parent.notes(info, shape) | {"within": parent.within if info.is_required() else None}
        base = shape.base
        if isinstance(base, type) and issubclass(base, BaseModel):
            if shape.constraints.stated() or shape.notes:
                raise SchemaError(f"{where}: an object's constraints and notes belong on its fields")
            _require_plain(base, inside=(*parent.around, parent.model))
            if shape.nullable:
                yield _whole(path, info, shape, notes)
            within = parent.within if info.is_required() else path
            inner = _Object(
                model=base,
                path=path,
                within=within,
                description=info.description or "",
                around=(*parent.around, parent.model),
            )
            below = tuple(_columns(inner))
            if info.is_required() and not any(one.within == within for one in below):
                raise SchemaError(f"{where}: an object that must be sent needs a field that must be sent")
            if len(below) == 1:
                # Its only field is there whenever the object is: nothing that a row could get wrong.
                below = (replace(below[0], within=parent.within if info.is_required() else None),)
            yield from below
        elif get_origin(base) is dict:
            yield _whole(path, info, shape, notes)
            yield from _entries(path, base, notes, where)
        elif get_origin(base) is list and _is_structure(get_args(base)[0]):
            yield _whole(path, info, shape, notes)
        else:
            yield _cell(path, shape, notes, where)


def _cell(path: tuple[str, ...], shape: Shape, notes: dict[str, Any], where: str) -> Column:
    """A column of single values, or of lists of them."""
    each = Constraints()
    if get_origin(shape.base) is list:
        element = Shape.of(get_args(shape.base)[0], [], where)
        if element.nullable or element.notes:
            raise SchemaError(f"{where}: elements of a list cannot be null and carry no notes")
        inner, each = _scalar(element, where)
        if inner not in LISTS:
            raise SchemaError(f"{where}: there is no way to write a list of {inner} into a cell")
        kind, constraints = LISTS[inner], shape.constraints
    else:
        kind, constraints = _scalar(shape, where)
    _require_allowed(kind, constraints, where)
    return Column(path=path, kind=kind, nullable=shape.nullable, constraints=constraints, each=each, **notes)


def _whole(path: tuple[str, ...], info: FieldInfo, shape: Shape, notes: dict[str, Any]) -> Column:
    """The column that takes a whole structure as JSON; pydantic judges it."""
    annotation: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    config = None if isinstance(shape.base, type) else ConfigDict(strict=True, allow_inf_nan=False)
    adapter: TypeAdapter[Any] = TypeAdapter(annotation, config=config)
    return Column(path=path, kind=Kind.JSON, nullable=shape.nullable, adapter=adapter, **notes)


def _entries(path: tuple[str, ...], base: Any, notes: dict[str, Any], where: str) -> Iterator[Column]:  # noqa: ANN401  # an annotation
    """The column that stands for the entries of an open object, where they are simple enough for cells."""
    key, value = get_args(base)
    name = Shape.of(key, [], where)
    if name.base is not str or name.nullable:
        raise SchemaError(f"{where}: the names of an open object must be text")
    element = Shape.of(value, [], where)
    if element.base is Any or _is_structure(element.base):
        return
    if element.notes:
        raise SchemaError(f"{where}: notes belong on the field")
    if element.base is JsonValue:
        kind, constraints = Kind.VALUE, element.constraints
    elif get_origin(element.base) in {Union, UnionType} and set(get_args(element.base)) == set(SCALARS):
        kind, constraints = Kind.SCALAR, element.constraints
    else:
        kind, constraints = _scalar(element, where)
    _require_allowed(kind, constraints, where)
    yield Column(
        path=(*path, WILDCARD),
        kind=kind,
        nullable=element.nullable or kind is Kind.VALUE,
        constraints=constraints,
        fixed=len(path),
        deep=kind is Kind.VALUE,
        adapter=TypeAdapter(key, config=ConfigDict(strict=True)),
        **(notes | {"aliases": (), "within": None}),
    )


def _scalar(shape: Shape, where: str) -> tuple[Kind, Constraints]:
    """Kind and bounds of a single value; choices become a bound of text."""
    choices = _choices(shape.base)
    if choices:
        if shape.constraints.stated() or not all(isinstance(one, str) for one in choices):
            raise SchemaError(f"{where}: choices must be text and have no other constraints")
        return Kind.TEXT, Constraints(choices=choices)
    if shape.base not in SCALARS:
        raise SchemaError(f"{where}: {shape.base} is not supported")
    kind = SCALARS[shape.base]
    _require_allowed(kind, shape.constraints, where)
    return kind, shape.constraints


def _choices(base: Any) -> tuple[Any, ...]:  # noqa: ANN401  # an annotation
    if get_origin(base) is Literal:
        return get_args(base)
    if isinstance(base, type) and issubclass(base, Enum):
        return tuple(one.value for one in base)
    return ()


def _is_structure(base: Any) -> bool:  # noqa: ANN401  # an annotation
    return get_origin(base) in {list, dict} or (isinstance(base, type) and issubclass(base, BaseModel))


def _require_allowed(kind: Kind, constraints: Constraints, where: str) -> None:
    for name in constraints.stated():
        if name not in ALLOWED.get(kind, ()):
            raise SchemaError(f"{where}: {name} means nothing for a {kind}")


def _require_sure(rule: JointRule, sure: Mapping[str, Column], model: str) -> None:
    """Refuse rules on fields that have no column, or not always, and on values that a field cannot have."""
    for path in rule.paths:
        if path not in sure:
            raise SchemaError(f"{model}: a rule speaks of {path!r}, which is no column, or not always one")
    for path, values in rule.conditions:
        column = sure[path]
        possible = (True, False) if column.kind is Kind.BOOLEAN else column.constraints.choices or ()
        if not set(values) <= set(possible):
            told = listed([str(value) for value in values])
            raise SchemaError(f"{model}: a rule speaks of {path!r} being {told}, which it cannot be")


def _is_below(path: tuple[str, ...], above: tuple[str, ...]) -> bool:
    return len(path) > len(above) and path[: len(above)] == above


def _require_distinct(schema: Schema) -> None:
    """Refuse names that a header could not tell apart."""
    meanings: dict[str, Column] = {}
    for column in schema.columns:
        for name in (column.name, *column.aliases):
            if meanings.setdefault(plain(name), column) is not column:
                raise SchemaError(f"{schema.model.__name__}: as a header, {name!r} would mean two columns")


def _require_plain(model: type[BaseModel], inside: tuple[type[BaseModel], ...] = ()) -> None:
    """Refuse whatever changes pydantic's verdict in a way that columns cannot show."""
    if not issubclass(model, Document):
        raise SchemaError(f"{model.__name__} is not a Document")
    if model in inside:
        raise SchemaError(f"{model.__name__} contains itself")
    if model.model_config != Document.model_config:
        raise SchemaError(f"{model.__name__} has a configuration of its own")
    own, base = model.__pydantic_decorators__, Document.__pydantic_decorators__
    for kind in ("validators", "field_validators", "root_validators", "model_validators"):
        for name in getattr(own, kind).keys() - getattr(base, kind).keys():
            raise SchemaError(f"{model.__name__}: the validator {name} cannot be compiled")

"""From tree to test."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn, TypeAlias

from lark import Token, Tree

from bulk.connectors.commercetools.sandbox.predicates.schema import COMPARISONS, Field, beside
from bulk.connectors.commercetools.sandbox.predicates.syntax import BadPredicateError, parse, string

Test: TypeAlias = Callable[[Any], bool]
Variables: TypeAlias = Mapping[str, Sequence[str]]

_DEEPEST: Final = 100
"""Levels of a predicate; Python bears some hundreds."""
_EARTH: Final = 6_371_008.8
"""Mean radius in metres."""


class TooComplexError(ValueError):
    """A predicate with more values, or more deeply nested, than is taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Predicate:
    """A predicate that was understood."""

    test: Test
    """Whether a record fits."""
    keys: frozenset[str] | None = None
    """Every key that a record which fits can have; None if it can have any."""
    after: int | None = None
    """The place in the order of ids behind which every record that fits lies; None if it can lie anywhere."""


def predicate(text: str, fields: Field, variables: Variables, *, most: int, simple: bool = False) -> Predicate:
    """The meaning of a predicate; raises `BadPredicateError`, and `TooComplexError` beyond `most` values.

    `simple` leaves out what the check for existence does not take: places.
    """
    tree = parse(text)
    reader = _Reader(text, variables, simple=simple)
    test = reader.test(tree, fields)
    if most < reader.counted:
        raise TooComplexError(f"{reader.counted} values")
    keys: frozenset[str] | None = None
    after: int | None = None
    for each in _trees(tree) if tree.data == "all_of" else [tree]:
        name = each.children[0]
        if name == "key" and (each.data == "among" or (each.data == "compared" and each.children[1] == "=")):
            keys = frozenset(reader.values(fields.members["key"], each.children[-1]))
        elif name == "id" and each.data == "compared" and each.children[1] == ">":
            after = reader.values(fields.members["id"], each.children[-1])[0]
    return Predicate(test=test, keys=keys, after=after)


class _Reader:
    """Reads one predicate."""

    def __init__(self, text: str, variables: Variables, *, simple: bool) -> None:
        self.counted = 0
        self._text = text
        self._variables = variables
        self._simple = simple

    def test(self, tree: Tree[Token], scope: Field, depth: int = 0) -> Test:
        """The test of a tree on a record, or on an object within."""
        if depth > _DEEPEST:
            raise TooComplexError(f"more than {_DEEPEST} levels")
        match tree.data:
            case "any_of" | "all_of":
                tests = [self.test(each, scope, depth + 1) for each in _trees(tree)]
                among = any if tree.data == "any_of" else all
                return lambda record: among(test(record) for test in tests)
            case "negated":
                (inner,) = (self.test(each, scope, depth + 1) for each in _trees(tree))
                return lambda record: not inner(record)
        name, field = self._field(tree.children[0], scope)
        if tree.data == "nested":
            if field.kind not in {"object", "localized", "open"}:
                self._refuse(tree.children[0], f"The field '{name}' has no fields of its own.")
            (inner,) = (self.test(each, field, depth + 1) for each in _trees(tree))
            return partial(_nested, name, inner)
        return self._condition(tree, name, field)

    def values(self, field: Field, part: Token | Tree[Token]) -> list[Any]:
        """What a token or a list of tokens stands for, as the field's values are compared."""
        tokens = part.children if isinstance(part, Tree) else [part]
        return [value for token in tokens for value in self._value(field, token)]

    def _condition(self, tree: Tree[Token], name: str, field: Field) -> Test:
        kind, token = str(tree.data), tree.children[0]
        assert isinstance(token, Token), "conditions begin with the field"
        match kind:
            case "defined":
                return lambda record: record.get(name) is not None
            case "undefined":
                return lambda record: record.get(name) is None
            case "empty" | "filled" | "has_any" | "has_all" if field.kind not in {"set", "open"}:
                self._refuse(token, f"The field '{name}' is not an array.")
            case "empty":
                return lambda record: record.get(name) == []
            case "filled":
                return lambda record: bool(record.get(name))
            case "within":
                return self._within(tree, name, field)
        if kind in {"compared", "among", "outside"} and field.kind in {"localized", "object", "point", "set"}:
            self._refuse(token, f"The field '{name}' of type {field.kind} cannot be compared.")
        wanted = self.values(field, tree.children[-1])
        if kind == "compared":
            sign = str(tree.children[1])
            if len(wanted) > 1:
                self._refuse(tree.children[-1], "A single value expected.")
            if isinstance(wanted[0], bool) and sign not in {"=", "!=", "<>"}:
                self._refuse(tree.children[1], "Truth values have no order.")
            return partial(_compared, name, field, sign, wanted[0])
        return partial(_SETS[kind], name, field, wanted)

    def _within(self, tree: Tree[Token], name: str, field: Field) -> Test:
        if field.kind != "point" or self._simple:
            self._refuse(tree.children[0], f"The field '{name}' cannot be searched by place here.")
        number = Field(kind="number")
        longitude, latitude, metres = (self.values(number, token)[0] for token in tree.children[1:])
        return lambda record: _distance(record.get(name), longitude, latitude) <= metres

    def _field(self, token: Token | Tree[Token], scope: Field) -> tuple[str, Field]:
        assert isinstance(token, Token), "conditions begin with the field"
        name = token.strip("`")
        found = scope.member(name)
        if found is None:
            self._refuse(token, f"The field '{name}' does not exist.")
        return name, found

    def _value(self, field: Field, token: Token | Tree[Token]) -> list[Any]:
        assert isinstance(token, Token), "values are tokens"
        typed = token.type != "VARIABLE"
        values: Sequence[str | float | bool]
        try:
            values = [_literal(token)] if typed else self._variables[token[1:]]
            self.counted += len(values)
            return [field.read(value, typed=typed) for value in values]
        except KeyError:
            self._refuse(token, f"The input variable '{token[1:]}' has no value.")
        except BadPredicateError as fault:
            raise BadPredicateError(
                "Invalid escape sequence", self._text, (token.start_pos or 0) + fault.position
            ) from None
        except ValueError as fault:
            self._refuse(token, str(fault))

    def _refuse(self, place: Token | Tree[Token], complaint: str) -> NoReturn:
        start = place.start_pos if isinstance(place, Token) else place.meta.start_pos
        raise BadPredicateError(complaint, self._text, start or 0)


def _trees(tree: Tree[Token]) -> list[Tree[Token]]:
    return [each for each in tree.children if isinstance(each, Tree)]


def _literal(token: Token) -> str | float | bool:
    match token.type:
        case "STRING":
            return string(token)
        case "BOOLEAN":
            return token.lower() == "true"
        case _:
            return int(token) if token.lstrip("-").isdigit() else float(token)


def _nested(name: str, inner: Test, record: Any) -> bool:  # noqa: ANN401  # any JSON
    value = record.get(name)
    # Of an array of objects, one that fits is enough.
    return any(isinstance(each, Mapping) and inner(each) for each in (value if isinstance(value, list) else [value]))


def _compared(name: str, field: Field, sign: str, wanted: object, record: Any) -> bool:  # noqa: ANN401  # any JSON
    own = record.get(name)
    if own is None:
        return sign in {"!=", "<>"}
    own = field.own(own)
    other = beside(wanted, own)
    return COMPARISONS[sign](own, other) if other is not None else sign in {"!=", "<>"}


def _is_one(field: Field, wanted: Sequence[Any], own: Any) -> bool:  # noqa: ANN401  # any JSON
    own = field.own(own)
    return any(beside(each, own) == own for each in wanted)


def _among(name: str, field: Field, wanted: Sequence[Any], record: Any) -> bool:  # noqa: ANN401  # any JSON
    own = record.get(name)
    return own is not None and _is_one(field, wanted, own)


def _outside(name: str, field: Field, wanted: Sequence[Any], record: Any) -> bool:  # noqa: ANN401  # any JSON
    return not _among(name, field, wanted, record)


def _has_any(name: str, field: Field, wanted: Sequence[Any], record: Any) -> bool:  # noqa: ANN401  # any JSON
    return any(_is_one(field, wanted, each) for each in _array(record.get(name)))


def _has_all(name: str, field: Field, wanted: Sequence[Any], record: Any) -> bool:  # noqa: ANN401  # any JSON
    own = _array(record.get(name))
    return all(any(_is_one(field, [one], each) for each in own) for one in wanted)


def _array(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


_SETS: Final = {"among": _among, "outside": _outside, "has_any": _has_any, "has_all": _has_all}


def _distance(point: Mapping[str, Any] | None, longitude: float, latitude: float) -> float:
    """Metres along the surface of the earth; infinite without a point."""
    if point is None:
        return math.inf
    east, north = (math.radians(degrees) for degrees in point["coordinates"])
    other_east, other_north = math.radians(longitude), math.radians(latitude)
    haversine = (
        math.sin((north - other_north) / 2) ** 2
        + math.cos(north) * math.cos(other_north) * math.sin((east - other_east) / 2) ** 2
    )
    return 2 * _EARTH * math.asin(math.sqrt(haversine))

"""JSON records as rows: nested objects become dotted columns, and a column keeps its type where all its values agree.

Other columns are text, in which every number keeps its digits. A list becomes JSON text. Blank are: null, empty text,
an empty list, an empty object.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from math import isfinite
from typing import Any, Final, TypeAlias

import polars as pl

from bulk.errors import SourceError
from bulk.formats.header import MOST_COLUMNS
from bulk.model import ROW, shorten

Json: TypeAlias = "dict[str, Json] | list[Json] | str | bool | None"

Cell: TypeAlias = "dict[str, Json] | str | bool | None"
"""A value under its dotted name; an object under a name stands for the columns of its fields."""

Kind: TypeAlias = type[pl.Boolean] | type[pl.Int64] | type[pl.Float64] | type[pl.String]

_MOST_DIGITS = 80
_EXPONENT = re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d{1,9}")
"""More digits than nine are beyond what `Decimal` takes."""

_WHOLE = re.compile(r"-?\d{1,19}")
_FRACTION = re.compile(r"-?\d+\.\d+")
_INT64: Final = range(-(2**63), 2**63)
_DOUBLE: Final = range(-(2**53), 2**53 + 1)
"""Beyond these a double does not tell neighbouring whole numbers apart."""


class Literal(str):
    """A number as it is written: to read it as a float would change its digits."""

    __slots__ = ()


class DocumentError(ValueError):
    """Well-formed JSON that is no record."""


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add returns None, which is false
        raise DocumentError(f"the key {shorten(twice)!r} is given twice in one object")
    return fields


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=Literal, parse_float=Literal, parse_constant=Literal)
"""Raises `json.JSONDecodeError`, `DocumentError`, and `RecursionError` for absurd nesting."""


def cells(record: Json) -> dict[str, Cell]:
    """A record as cells by dotted column name; raises `DocumentError` and `RecursionError`."""
    if not isinstance(record, dict):
        raise DocumentError('a record must be an object, such as {"sku": "A-1"}')
    flat: dict[str, Cell] = {}
    for name, value in _leaves(record, ""):
        if name in flat:
            raise DocumentError(f"the column {shorten(name)!r} is given twice, nested and by its dotted name")
        flat[name] = value
    try:
        "".join([*flat, *(cell for cell in flat.values() if isinstance(cell, str))]).encode()
    except UnicodeEncodeError as error:
        raise DocumentError("an escape such as \\ud83c that is half a character") from error
    return flat


def _leaves(record: Mapping[str, Json], above: str) -> Iterator[tuple[str, Cell]]:
    for key, value in record.items():
        name = above + key.strip()
        yield name, _cell(value)
        if isinstance(value, dict):
            yield from _leaves(value, f"{name}.")


def _cell(value: Json) -> Cell:
    if not value and value is not False:
        return None
    if isinstance(value, Literal):
        return Literal(_plain(value))
    return _text(value) if isinstance(value, list) else value


def _plain(literal: str) -> str:
    """A number without exponent; one that would fill lines stays as it is, for validation to refuse."""
    if not _EXPONENT.fullmatch(literal):
        return literal
    number = Decimal(literal)
    exponent = number.as_tuple().exponent
    absurd = not isinstance(exponent, int) or abs(exponent) + len(number.as_tuple().digits) > _MOST_DIGITS
    return literal if absurd else f"{number:f}"


def _text(value: Json) -> str:
    """JSON text without spaces; the numbers as they were written."""
    if isinstance(value, Literal):
        return value
    if isinstance(value, dict):
        return f"{{{','.join(f'{_text(key)}:{_text(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_text, value))}]"
    return json.dumps(value, ensure_ascii=False)


def written(cells: Mapping[str, Any]) -> bytes:
    """A row as one line of JSON without its blank cells; the counterpart of `cells`."""
    filled = {name: cell for name, cell in cells.items() if cell is not None}
    return json.dumps(filled, ensure_ascii=False, default=_plain_text, separators=(",", ":")).encode()


def _plain_text(cell: object) -> str:
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def columns(records: Iterable[tuple[int, Mapping[str, Cell]]], *, called: str, unit: str) -> dict[str, Kind]:
    """The union of the columns, in order of appearance, each with its type.

    `category: null` beside `category: {"name": ...}` is an absent object and no column of its own. `unit` says what
    the numbers of the records count. Raises `SourceError` for a name that holds now an object, now a value.
    """
    objects: dict[str, int] = {}
    filled: dict[str, tuple[int, Cell]] = {}
    fitting: dict[str, frozenset[Kind]] = {}
    for number, record in records:
        for name, cell in record.items():
            if isinstance(cell, dict):
                objects.setdefault(name, number)
                continue
            kinds = fitting.setdefault(name, _EVERY)
            if cell is None:
                continue
            if kinds:
                fitting[name] = kinds & _kinds(cell)
            if name not in filled:
                filled[name] = number, cell
        if len(fitting) > MOST_COLUMNS:
            what = f"more than {MOST_COLUMNS:,} columns up to {unit} {number}, which is more than a table may have"
            raise SourceError(what, path=called)
    for name, first in objects.items():
        if name in filled:
            number, cell = filled[name]
            raise SourceError(
                f"{name!r} is {shorten(_as_text(cell))!r} in {unit} {number} and an object in {unit} {first}",
                path=called,
                advice="make it an object in every record, or in none",
            )
    return {
        name: next((kind for kind in _BY_PREFERENCE if kind in kinds and name in filled), pl.String)
        for name, kinds in fitting.items()
        if name not in objects
    }


_BY_PREFERENCE: Final[tuple[Kind, ...]] = (pl.Boolean, pl.Int64, pl.Float64)
_EVERY: Final = frozenset(_BY_PREFERENCE)
_ONLY_TEXT: Final[frozenset[Kind]] = frozenset()


def _kinds(cell: Cell) -> frozenset[Kind]:
    """The types apart from text that hold a value exactly."""
    if isinstance(cell, bool):
        return frozenset({pl.Boolean})
    if not isinstance(cell, Literal):
        return _ONLY_TEXT
    if _WHOLE.fullmatch(cell):
        number = int(cell)
        if number in _DOUBLE:
            return frozenset({pl.Int64, pl.Float64})
        return frozenset({pl.Int64}) if number in _INT64 else _ONLY_TEXT
    double = float(cell)
    written = _FRACTION.fullmatch(cell) or _EXPONENT.fullmatch(cell)
    exact = written and isfinite(double) and Decimal(cell) == Decimal(repr(double))
    return frozenset({pl.Float64}) if exact else _ONLY_TEXT


def framed(records: Iterable[tuple[int, Mapping[str, Cell]]], kinds: Mapping[str, Kind]) -> pl.DataFrame:
    """Records with their positions as a frame of columns of these types, which must be those of `columns`."""
    records = list(records)
    columns = [pl.Series(ROW, [position for position, _ in records], dtype=pl.Int64)]
    for name, kind in kinds.items():
        read = _READ[kind]
        cells = (record.get(name) for _, record in records)
        columns.append(pl.Series(name, [None if cell is None else read(cell) for cell in cells], dtype=kind))
    return pl.DataFrame(columns)


def _as_text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else _text(cell)


_READ: Final[Mapping[Kind, Callable[[Any], object]]] = {
    pl.Boolean: bool,
    pl.Int64: int,
    pl.Float64: float,
    pl.String: _as_text,
}

"""Values of documents as cells of typed columns: converted where that is exact, else left blank and remarked upon."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from math import isfinite
from types import NoneType
from typing import Any, Final

import polars as pl

from bulk.fingerprint import canonical
from bulk.model import shorten
from bulk.validation.coerce import BOOLEANS, DECIMAL, WHOLE
from bulk.validation.columns import Column, Kind
from bulk.validation.json_text import is_structure

MARKERS: Final = frozenset({"<clear>", "<empty>"})
"""Text that an import takes for an instruction, in any case."""

_EXACT: Final = 2.0**53
_INT64: Final = range(-(2**63), 2**63)
_UNHOLDABLE: Final = re.compile("[\x00\ud800-\udfff]")

_NO_KIND = "the API gave something else than the column holds"
_MARKER = "an import would take the text for an instruction"
_STRUCTURE = "an import would take the text for JSON"
_CHARACTERS = "it holds a character that no file can hold"


class Remarks:
    """Cells that were left blank, by column and cause: how many, and the first of them."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[int, str]] = {}

    def add(self, column: str, why: str, value: object) -> None:
        """One more cell."""
        count, example = self._found.get((column, why), (0, shorten(ascii(value) if why == _CHARACTERS else value)))
        self._found[column, why] = count + 1, example

    def notes(self) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """A sentence for each, and the same for a program."""
        return [
            (
                f"column {column!r}: {count:,} left blank, such as {example!r}: {why}",
                {"column": column, "count": count, "example": example},
            )
            for (column, why), (count, example) in self._found.items()
        ]


class _MisfitError(ValueError):
    """The column cannot hold it; says why."""


def fitted(values: list[Any], column: Column, dtype: pl.DataType, remarks: Remarks) -> pl.Series:
    """A column's cells for the values of documents: blank for null, and for what the column cannot hold."""
    if (cells := as_they_are(values, column.kind, dtype)) is not None:
        return pl.Series(column.name, cells, dtype=dtype)
    convert = _converter(column.kind, dtype)
    cells = []
    for value in values:
        cell = None
        if value is not None:
            try:
                cell = convert(value)
            except _MisfitError as misfit:
                remarks.add(column.name, str(misfit), value)
        cells.append(cell)
    return pl.Series(column.name, cells, dtype=dtype)


def as_they_are(values: Sequence[Any], kind: Kind, dtype: pl.DataType) -> Sequence[Any] | None:
    """The cells where one look at all values tells that each is its own cell, as most are; None where it doesn't."""
    types = set(map(type, values)) - {NoneType}
    if not types or (types == {bool} and dtype == pl.Boolean()):
        return values
    if types == {list} and isinstance(dtype, pl.List):
        return [value or None for value in values] if _are_elements(values, dtype) else None
    if types == {str} and dtype == pl.String() and kind is not Kind.JSON and _is_plain("\n".join(filter(None, values))):
        return [value or None for value in values]
    if types == {int} and dtype == pl.Int64():
        numbers = [value for value in values if value is not None]
        return values if min(numbers) in _INT64 and max(numbers) in _INT64 else None
    if types <= {int, float} and dtype == pl.Float64():
        exact = all(map(_EXACT.__ge__, map(abs, [value for value in values if value is not None])))
        if types == {float}:
            return values if exact else None
        return [None if value is None else float(value) for value in values] if exact else None
    return None


def _are_elements(lists: Sequence[Sequence[Any] | None], dtype: pl.List) -> bool:
    """Whether all elements of lists are as a column of lists holds them, and none is blank."""
    elements = list(chain.from_iterable(filter(None, lists)))
    types = set(map(type, elements))
    if dtype.inner == pl.String():
        return not types or (types == {str} and all(map(str.strip, elements)) and _is_plain("\n".join(elements)))
    return not types or (types == {int} and all(element in _INT64 for element in elements))


def _is_plain(text: str) -> bool:
    """Whether there is surely nothing in texts that an import would take for something else, or no file can hold."""
    if any(mark in text for mark in "<[{\x00"):
        return False
    return text.isascii() or _UNHOLDABLE.search(text) is None


def _converter(kind: Kind, dtype: pl.DataType) -> Callable[[Any], Any]:
    if kind is Kind.JSON:
        return _json
    if kind is Kind.VALUE and dtype == pl.String():
        return _value
    if isinstance(dtype, pl.List):
        return _integers if kind is Kind.INTEGERS else _texts
    return {pl.Int64(): _whole, pl.Float64(): _number, pl.Boolean(): _truth}.get(dtype, _single)


def _json(value: Any) -> str | None:  # noqa: ANN401  # JSON is any shape
    return _text(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _value(value: Any) -> str | None:  # noqa: ANN401  # JSON is any shape
    if isinstance(value, dict | list):
        return _json(value)
    if isinstance(value, str) and is_structure(value.strip()):
        raise _MisfitError(_STRUCTURE)
    return _single(value)


def _single(value: Any) -> str | None:  # noqa: ANN401  # JSON is any shape
    if isinstance(value, dict | list):
        raise _MisfitError(_NO_KIND)
    return _text(value if isinstance(value, str) else canonical(value))


def _text(value: str) -> str | None:
    if value.strip().casefold() in MARKERS:
        raise _MisfitError(_MARKER)
    if _UNHOLDABLE.search(value):
        raise _MisfitError(_CHARACTERS)
    return value or None


def _texts(value: Any) -> list[str] | None:  # noqa: ANN401  # JSON is any shape
    texts = [one if isinstance(one, str) else canonical(one) for one in _filled(value)]
    if len(texts) == 1:
        _text(texts[0])  # a single element is the whole cell
    if any(_UNHOLDABLE.search(one) for one in texts):
        raise _MisfitError(_CHARACTERS)
    return texts or None


def _integers(value: Any) -> list[int | None] | None:  # noqa: ANN401  # JSON is any shape
    return [_whole(one) for one in _filled(value)] or None


def _filled(value: Any) -> list[Any]:  # noqa: ANN401  # JSON is any shape
    """The elements of a list without blank ones, which no cell has a place for."""
    elements = value if isinstance(value, list) else [value]
    if any(isinstance(one, dict | list) for one in elements):
        raise _MisfitError(_NO_KIND)
    return [one for one in elements if one is not None and not _is_blank(one)]


def _whole(value: Any) -> int | None:  # noqa: ANN401  # JSON is any shape
    if _is_blank(value):
        return None
    if isinstance(value, str) and (match := re.match(WHOLE, value.strip())):
        value = int(match[1])
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value not in _INT64:
        raise _MisfitError(_NO_KIND)
    return value


def _number(value: Any) -> float | None:  # noqa: ANN401  # JSON is any shape
    if isinstance(value, float) and isfinite(value):
        return value
    if _is_blank(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _EXACT:
        return float(value)
    if isinstance(value, str) and re.match(DECIMAL, value.strip()):
        number = float(value)
        if isfinite(number) and Decimal(repr(number)) == Decimal(value.strip()):
            return number
    raise _MisfitError(_NO_KIND)


def _truth(value: Any) -> bool | None:  # noqa: ANN401  # JSON is any shape
    if isinstance(value, bool) or _is_blank(value):
        return value if isinstance(value, bool) else None
    if isinstance(value, str | int) and (meant := BOOLEANS.get(str(value).strip().lower())) is not None:
        return meant
    raise _MisfitError(_NO_KIND)


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()

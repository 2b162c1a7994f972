"""JSON in cells: read as pydantic accepts it, and written in one way only."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

import polars as pl
from pydantic import ConfigDict, JsonValue, TypeAdapter, ValidationError

STRUCTURE: Final = r"^[\[{]"
"""How a JSON array or object begins."""

_ANY_JSON: Final[TypeAdapter[Any]] = TypeAdapter(JsonValue, config=ConfigDict(allow_inf_nan=False))


def quoted(text: pl.Expr) -> pl.Expr:
    """Text as a JSON string."""
    return pl.concat_str(pl.lit('"'), escaped(text), pl.lit('"'))


def escaped(text: pl.Expr) -> pl.Expr:
    """Text as it stands between the quotes of a JSON string."""
    return text.str.replace_many(_ESCAPES)


_ESCAPES = {chr(code): f"\\u{code:04x}" for code in range(0x20)} | {'"': '\\"', "\\": "\\\\"}


def parts_of_array(text: str) -> list[str] | None:
    """Elements of a JSON array of single values, as text; None if it is none."""
    try:
        array = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(array, list) or not all(isinstance(one, str | int | float) for one in array):
        return None
    parts = [one.strip() if isinstance(one, str) else json.dumps(one) for one in array]
    return [part for part in parts if part]


def canonical_json(text: str, adapter: TypeAdapter[Any]) -> str:
    """A JSON cell that pydantic accepts, in the one way to write it. Raises `ValueError` saying what is wrong."""
    try:
        adapter.validate_json(text, strict=True)
        document = json.loads(text, object_pairs_hook=_distinct)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{place}: {first['msg']}" if place else first["msg"]) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return json.dumps(document, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def is_structure(text: str) -> bool:
    """Whether a text is taken for a JSON array or object where either may stand."""
    return re.match(STRUCTURE, text) is not None and structure(text) is not None


def structure(text: str) -> str | None:
    """A JSON array or object in the one way to write it; None if a text is none."""
    try:
        return canonical_json(text, _ANY_JSON)
    except ValueError:
        return None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError("it names a field twice")
    return names


def canonical(adapter: TypeAdapter[Any]) -> Callable[[str], str | None]:
    """What gives the `canonical_json` of a text, None where it is not accepted."""

    def convert(text: str) -> str | None:
        try:
            return canonical_json(text, adapter)
        except ValueError:
            return None

    return convert

"""A mapping file: how the columns of somebody else's spreadsheet become ours.

[columns]
"Artikelnummer" = "sku"        # theirs = ours
"Interne Notiz" = ""           # never loaded

[fill]
"product_weight.unit" = "lb"   # where the cell is blank or the column absent

[split."Abmessungen"]
by = "x"
into = ["product_length", "product_width", "product_height"]
"""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bulk.errors import ConfigurationError, SourceError
from bulk.model import listed
from bulk.validation.columns import plain


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """One cell that holds the values of several columns."""

    by: str
    """What stands between the values."""
    into: tuple[str, ...]
    """Our columns, in the order of the values; an empty name leaves a value out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """What a mapping file says. Whether its columns exist is for `bind` to tell, which knows both sides."""

    columns: dict[str, str] = field(default_factory=dict)
    """Their header to our column; an empty name leaves theirs out."""
    fill: dict[str, str] = field(default_factory=dict)
    """Our column to the text of a cell that is blank or absent.

    A part of an object that has other parts in the file is filled only where one of them is there.
    """
    split: dict[str, Split] = field(default_factory=dict)
    """Their header to how its cells are taken apart."""

    @property
    def text(self) -> str:
        """The same text for every file that says the same; `parse_mapping` reads it."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def load_mapping(path: str | Path) -> Mapping:
    """Read a mapping file. Raises `ConfigurationError` naming the file and what is wrong in it."""
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"mapping file {path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"mapping file {path} is not UTF-8 text", advice="Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"mapping file {path} is not TOML: {error}",
            advice='Names with spaces or dots need quotes: "product_weight.unit" = "lb".',
        ) from error
    return _read(content, f"mapping file {path}")


def parse_mapping(text: str) -> Mapping:
    """The mapping whose `text` this is."""
    return _read(json.loads(text), "mapping")


def sources_of(mapping: Mapping, header: Sequence[str], path: str | None) -> dict[str, str | Split]:
    """What a mapping makes of columns, by the file's own headers.

    Raises `SourceError` for a column that the file does not have, `ConfigurationError` for one that is mapped twice.
    """
    found: dict[str, str | Split] = {}
    targets: dict[str, str | Split] = {**mapping.columns, **mapping.split}
    for theirs, target in targets.items():
        name = theirs if theirs in header else next((one for one in header if plain(one) == plain(theirs)), None)
        if name is None:
            raise SourceError(
                f"there is no column {theirs!r}, of which the mapping speaks",
                path=path,
                advice=f"The columns are {listed([repr(one) for one in header])}. Mend the mapping or the file.",
            )
        if name in found:
            raise ConfigurationError(f"column {name!r} is mapped twice", advice="Keep one of the two.")
        found[name] = target
    return found


def _read(content: dict[str, Any], where: str) -> Mapping:
    _require_keys(content, {"columns", "fill", "split"}, where)
    columns = {
        theirs: _text(ours, f"{where}, [columns] {theirs!r}") for theirs, ours in _table(content, "columns", where)
    }
    fill = {ours: _cell(value, f"{where}, [fill] {ours!r}") for ours, value in _table(content, "fill", where)}
    split = {theirs: _split(one, f"{where}, [split.{theirs!r}]") for theirs, one in _table(content, "split", where)}
    twice = sorted(columns.keys() & split.keys())
    if twice:
        raise ConfigurationError(f"{where}: {twice[0]!r} is both renamed and split", advice="Keep one of the two.")
    return Mapping(columns=columns, fill=fill, split=split)


def _table(content: dict[str, Any], name: str, where: str) -> list[tuple[str, Any]]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise ConfigurationError(f"{where}: [{name}] must be a table", advice=f"Begin it with a line [{name}].")
    return list(table.items())


def _split(split: object, where: str) -> Split:
    if not isinstance(split, dict):
        raise ConfigurationError(f"{where} must be a table with by and into")
    _require_keys(split, {"by", "into"}, where)
    by, into = split.get("by"), split.get("into")
    if not isinstance(by, str) or not by:
        raise ConfigurationError(f"{where} needs by, the text between the values")
    if not isinstance(into, list) or not into or not all(isinstance(one, str) for one in into):
        raise ConfigurationError(f"{where} needs into, a list of our columns")
    return Split(by=by, into=tuple(into))


def _cell(value: object, where: str) -> str:
    """What a value of TOML looks like in a cell."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return str(value) if isinstance(value, int | float) else _text(value, where)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ConfigurationError(f"{where} must be text", advice="Put it in quotes; names with dots too.")
    return value.strip()


def _require_keys(table: dict[str, Any], known: set[str], where: str) -> None:
    for name in table:
        if name not in known:
            raise ConfigurationError(
                f"{where} has an unknown entry {name!r}", advice=f"It can have {listed(sorted(known))}."
            )

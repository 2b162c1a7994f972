"""The files that settings stand in, and where the ledger lies.

A question to the ledger is answered in half a second, a third of which would go to what validates settings. So its
place is found without that wherever the files are as plain as they usually are.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import platformdirs

from bulk.errors import ConfigurationError, UsageError

FILE_NAME: Final = "bulk.toml"
DEFAULT_LEDGER: Final = Path(platformdirs.user_state_dir("bulk", appauthor=False)) / "ledger.db"


def parse_rate(text: str) -> float | None:
    """Requests a second from `50/s`, `600/min` or `none`; raises `UsageError`."""
    if text.strip().lower() == "none":
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)/(s|sec|second|min|minute|h|hour)", "".join(text.lower().split()))
    if match is None or not float(match[1]) > 0:
        raise UsageError(f"{text!r} is not a rate", advice="Rates look like 50/s, 600/min or none.")
    return float(match[1]) / {"s": 1, "m": 60, "h": 3600}[match[2][0]]


def files(folder: Path | None = None, user: Path | None = None) -> list[tuple[Path, dict[str, Any]]]:
    """The files that there are, the one that comes first in front; raises `ConfigurationError`."""
    user = user or Path(platformdirs.user_config_dir("bulk", appauthor=False)) / FILE_NAME
    return [read for path in ((folder or Path()) / FILE_NAME, user) if (read := _read(path)) is not None]


def ledger_at_a_glance(
    profile: str | None = None, *, folder: Path | None = None, user: Path | None = None
) -> Path | None:
    """Where the ledger lies; None where only the whole configuration can tell, or tell what is wrong with it."""
    if any(value and name.upper() in _VARIABLES for name, value in os.environ.items()):
        return None
    contents = [content for _, content in files(folder, user)]
    profiles = [content.get("profiles", {}) for content in contents]
    if not all(isinstance(tables, dict) for tables in profiles):
        return None
    profile = profile or next((content["profile"] for content in contents if "profile" in content), None)
    if profile is not None and not (profile and any(profile in tables for tables in profiles)):
        return None
    layers = [
        layer
        for content, tables in zip(contents, profiles, strict=True)
        for layer in (tables.get(profile, {}), content)
    ]
    if not all(map(_is_plain, layers)):
        return None
    place: str | None = next((layer["ledger"] for layer in layers if isinstance(layer.get("ledger"), str)), None)
    return DEFAULT_LEDGER if place is None else Path(place).expanduser()


def _is_plain(layer: object) -> bool:
    """Whether a table holds nothing but settings that are as they should be, beside other tables."""
    return isinstance(layer, dict) and all(
        name in _PLAIN and _PLAIN[name](value) for name, value in layer.items() if not isinstance(value, dict)
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_rate(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parse_rate(value)
    except UsageError:
        return False
    return True


def _is_concurrency(value: object) -> bool:
    return type(value) is int and 1 <= value <= 1000  # noqa: PLR2004  # as in the settings


_PLAIN: Final[Mapping[str, Callable[[object], bool]]] = {
    "ledger": _is_text,
    "rate": _is_rate,
    "concurrency": _is_concurrency,
    "profile": _is_text,
}
"""What is not about one API, and what it surely may be."""
_VARIABLES: Final = frozenset(f"BULK_{name.upper()}" for name in _PLAIN)


def _read(path: Path) -> tuple[Path, dict[str, Any]] | None:
    try:
        return path, tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not readable as TOML: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None

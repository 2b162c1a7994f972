"""Fingerprints: what is known of a record's fields, in twelve bytes a field, so that a comparison costs no call.

A document is taken apart into leaves: single values and lists of them, each under its dotted path. Elements of a list
of objects go by their `sku`, `key` or `id`. A leaf's entry is three bytes of its top-level field, three of its path and
six of path and value, so that what is known of a field or a path can be replaced without knowing the others.

Values are compared as a person would see them in a cell: text without surrounding space, numbers without trailing
zeros, lists of single values as sets. Null, blank text, the empty list and the empty object are one and the same.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from types import NoneType
from typing import Any, Final

from bulk.model import ABSENT, Documents, each

_FIELD: Final = 3
_PATH: Final = 6
_SIZE: Final = 12
_NAMES: Final = ("sku", "key", "id")
_NESTED: Final = (dict, list)
_NUMBERS: Final = {int, float}
_SHORT: Final = 8
"""Characters of a text that may be the value of many records."""
_BLANKS: Final = {NoneType, str, list, dict}


def leaves(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The leaves of a document as JSON gives it: dotted path and value."""
    return iter(_leaves(document))


def _leaves(document: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    _gather(document, "", found)
    return found


def _gather(document: Mapping[str, Any], prefix: str, found: list[tuple[str, Any]]) -> None:
    for name, value in document.items():
        path = prefix + name.strip()
        if not value or not isinstance(value, _NESTED):
            found.append((path, value))
        elif isinstance(value, dict):
            _gather(value, f"{path}.", found)
        elif isinstance(value[0], dict):
            for number, one in enumerate(value):
                _gather(one, f"{path}[{_called(one, number)}].", found)
        else:
            found.append((path, value))


def without(document: Mapping[str, Any], paths: Collection[str]) -> dict[str, Any]:
    """The document without the leaves at these paths."""
    return _without(document, "", set(paths))


def _without(document: Mapping[str, Any], prefix: str, paths: set[str]) -> dict[str, Any]:
    left: dict[str, Any] = {}
    for name, value in document.items():
        path = prefix + name.strip()
        if isinstance(value, dict) and value:
            left[name] = _without(value, f"{path}.", paths)
        elif _holds_objects(value):
            left[name] = [_without(one, f"{path}[{_called(one, n)}].", paths) for n, one in enumerate(value)]
        elif path not in paths:
            left[name] = value
    return left


def canonical(value: Any) -> str:  # noqa: ANN401  # JSON is any shape
    """The text by which values are compared."""
    if isinstance(value, str):
        return value.strip().replace("\r\n", "\n")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else _plain(repr(value))
    if isinstance(value, list):
        return "\x1f".join(sorted({canonical(one) for one in value} - {""}))
    if isinstance(value, dict) and value:
        return "\x1e".join(f"{path}\x1f{canonical(one)}" for path, one in sorted(leaves(value)))
    return "" if isinstance(value, dict) else str(value)


def _plain(number: str) -> str:
    return f"{Decimal(number):f}" if "e" in number else number


def fingerprint(document: Mapping[str, Any]) -> bytes:
    """The entries of all leaves, in order."""
    entries: set[bytes] = set()
    _enter(document, "", entries)
    return b"".join(sorted(entries))


def _enter(document: Mapping[str, Any], prefix: str, entries: set[bytes]) -> None:
    """Add the entries of the leaves that `_gather` finds, without keeping these: every record read comes by here."""
    for name, value in document.items():
        if not value:  # all that is blank is the same, but not what is no or nought
            entries.add(_often(prefix, name, None if isinstance(value, _NESTED) else value))
        elif isinstance(value, str):
            few = len(value) > _SHORT
            entries.add(_entry(prefix + name.strip(), canonical(value)) if few else _often(prefix, name, value))
        elif isinstance(value, dict):
            _enter(value, f"{prefix}{name.strip()}.", entries)
        elif not isinstance(value, list):
            entries.add(_often(prefix, name, value))
        elif isinstance(value[0], dict):
            for number, one in enumerate(value):
                _enter(one, f"{prefix}{name.strip()}[{_called(one, number)}].", entries)
        else:
            entries.add(_entry(prefix + name.strip(), canonical(value)))


def fingerprints(documents: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """The `fingerprint` of each, field by field instead of one after the other: what they share is digested once."""
    columns: dict[bytes, Sequence[bytes]] = {}
    for name, values in Documents.of(documents).columns.items():
        field, entries = _name(name.strip())[:_FIELD], _entries_of(name, values)
        if columns.setdefault(field, entries) is not entries:  # such as two names that differ by space around them
            pairs = zip(columns[field], entries, strict=True)
            columns[field] = [b"".join(sorted(_entries(one) | _entries(other))) for one, other in pairs]
    # An entry begins with that of its field, so the order of fields is that of entries.
    found = map(b"".join, zip(*(columns[field] for field in sorted(columns)), strict=True))
    return list(found) or [b""] * len(documents)


def _entries_of(name: str, values: Sequence[Any]) -> Sequence[bytes]:
    """The entries of each value under one name."""
    types = set(map(type, values))
    if types <= _BLANKS and not any(values):
        return [_entry(name.strip(), "")] * len(values)
    if types.intersection(_NESTED) or (bool in types and types & _NUMBERS):  # 1 is true to a dictionary
        return each(lambda value: b"" if value is ABSENT else fingerprint({name: value}), values)
    return list(map(_Entries(name.strip()).__getitem__, values))


class _Entries(dict[Any, bytes]):
    """The entries of one path by value, each made when it is first asked for."""

    def __init__(self, path: str) -> None:
        super().__init__({ABSENT: b""})
        self._name, self._begun = _begun(path)

    def __missing__(self, value: Any) -> bytes:  # noqa: ANN401  # a single value
        digest = self._begun.copy()
        # Most are texts, and each that is looked for here stands in few records.
        text = value.strip().replace("\r\n", "\n") if type(value) is str else canonical(value)
        digest.update(_encoded(text))
        entry = self[value] = self._name + digest.digest()
        return entry


def merged(before: bytes, after: bytes, partial: Collection[str] = ()) -> bytes:
    """What is known after a later reading or writing: its fields are as it says, the others as they were.

    Of the fields named `partial`, only the paths are as it says: what of them was not written was kept.
    """
    if not before:
        return after
    later = _entries(after)
    kept = {_name(field)[:_FIELD] for field in partial}
    fields = {entry[:_FIELD] for entry in later} - kept
    paths = {entry[:_PATH] for entry in later}
    earlier = {entry for entry in _entries(before) if entry[:_FIELD] not in fields and entry[:_PATH] not in paths}
    return b"".join(sorted(later | earlier))


def apart_from(known: bytes, fields: Collection[str]) -> bytes:
    """What is known of the other fields."""
    names = {_name(field)[:_FIELD] for field in fields}
    return b"".join(sorted(entry for entry in _entries(known) if entry[:_FIELD] not in names))


def emptied(known: bytes, document: Mapping[str, Any], held: Mapping[str, Any]) -> bytes:
    """What is known after a writing of the document without what was held below the objects that it sets to null."""
    bare = [f"{path}." for path, value in leaves(document) if value is None]
    gone = {_name(path) for path, _ in leaves(held) if any(path.startswith(one) for one in bare)}
    return b"".join(sorted(entry for entry in _entries(known) if entry[:_PATH] not in gone)) if gone else known


def unknown(document: Mapping[str, Any], known: bytes, whole: Collection[str] = ()) -> list[str]:
    """Paths of the leaves that are not known to have their value.

    A field named in `whole` is new as such where more is known of it than the document holds.
    """
    entries = _entries(known)
    news = [path for path, value in leaves(document) if _entry(path, canonical(value)) not in entries]
    for field in whole:
        if field in document:
            held = {entry for entry in entries if entry[:_FIELD] == _name(field)[:_FIELD]}
            if held - _entries(fingerprint({field: document[field]})):
                news.append(field)
    return news


def departed(document: Mapping[str, Any], known: bytes) -> list[str]:
    """Paths of the leaves that are known to have had another value."""
    entries = _entries(known)
    paths = {entry[:_PATH] for entry in entries}
    return [
        path
        for path, value in leaves(document)
        if _name(path) in paths and _entry(path, canonical(value)) not in entries
    ]


def _holds_objects(value: Any) -> bool:  # noqa: ANN401  # JSON is any shape
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _called(element: Mapping[str, Any], number: int) -> str:
    """What an element of a list of objects goes by."""
    return next((f"{element[name]}".strip() for name in _NAMES if element.get(name) is not None), str(number))


def _entries(known: bytes) -> set[bytes]:
    return {known[start : start + _SIZE] for start in range(0, len(known), _SIZE)}


@lru_cache(maxsize=4096)
def _name(path: str) -> bytes:
    field = path.partition(".")[0].partition("[")[0]
    parts = ((field, _FIELD), (path, _PATH - _FIELD))
    return b"".join(blake2b(_encoded(text), digest_size=size).digest() for text, size in parts)


@lru_cache(maxsize=4096)
def _begun(path: str) -> "tuple[bytes, blake2b]":
    """A path's part of its entry, and the digest of path and value before the value."""
    return _name(path), blake2b(_encoded(f"{path}\x00"), digest_size=_SIZE - _PATH)


# Typed, since 1 is true to a dictionary.
@lru_cache(maxsize=16_384, typed=True)
def _often(prefix: str, name: str, value: str | float | None) -> bytes:
    """The entry of a leaf whose value many records have: most of a catalog is blank, a flag or a small number."""
    return _entry(prefix + name.strip(), canonical(value))


def _entry(path: str, text: str) -> bytes:
    name, begun = _begun(path)
    value = begun.copy()
    value.update(_encoded(text))
    return name + value.digest()


def _encoded(text: str) -> bytes:
    """In UTF-8; JSON may hold halves of characters too."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")

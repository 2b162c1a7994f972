"""What the user calls a source, as the tables it stands for: a path, a glob, standard input or an address."""

import codecs
import glob
import hashlib
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from shutil import copyfileobj
from tempfile import mkstemp
from types import TracebackType
from typing import BinaryIO, Self

from bulk.contracts import Format, ReadOptions, Scan
from bulk.errors import SourceError, UsageError
from bulk.formats import files, remote
from bulk.formats.registry import format_for

_STDIN = "-"
_BY_DEFAULT = ReadOptions()


class Source:
    """The tables of one source, in order. Leaving the context, or `close`, deletes what had to be copied."""

    def __init__(self, name: str, tables: tuple[tuple[str, Scan], ...], copies: ExitStack) -> None:
        self.name = name
        self.tables = tuple(scan for _, scan in tables)
        self._paths = tuple(path for path, _ in tables)
        self._watches = tuple(files.Watch(path, called=scan.path) for path, scan in tables)
        self._copies = copies

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the file; of several files, over their digests in order. Reads them through."""
        digests = [self._digest(index) for index in range(len(self._paths))]
        return digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()

    def _digest(self, index: int) -> str:
        with self._watches[index].steady():
            try:
                with Path(self._paths[index]).open("rb") as stream:
                    return hashlib.file_digest(stream, "sha256").hexdigest()
            except OSError as error:
                raise files.unreadable(self.tables[index].path, error) from error

    def close(self) -> None:
        """Delete temporary copies. Does nothing the second time."""
        self._copies.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def shown(source: str) -> str:
    """A source as it may be shown: an address without credentials, and without a query that may be a signature."""
    return remote.named(source) if remote.is_address(source) else source


def open_source(source: str, options: ReadOptions = _BY_DEFAULT) -> Source:
    """Open everything that `source` stands for, and look at each file's header.

    A path; a glob, whose files come sorted by name; `-` for standard input, whose format is recognised unless
    `options` name it; or an address such as `s3://bucket/catalog.csv` or `https://...`. Standard input and addresses
    are copied to a temporary file that only its owner may read. Raises `SourceError`, `UsageError` and
    `ConfigurationError`.
    """
    with ExitStack() as copies:
        if source == _STDIN:
            path = _copied(_copy_stdin, copies)
            opened = [(path, "standard input", format_for(source, options.format or _recognised(path)))]
        elif remote.is_address(source):
            chosen = format_for(remote.path_of(source), options.format)
            opened = [(_copied(partial(remote.fetch, source), copies), shown(source), chosen)]
        else:
            opened = [(path, path, format_for(path, options.format)) for path in _matches(source)]
        tables = tuple(
            (path, _scan(chosen, path, called, file, options)) for file, (path, called, chosen) in enumerate(opened)
        )
        return Source(shown(source), tables, copies.pop_all())


def _scan(chosen: Format, path: str, called: str, file: int, options: ReadOptions) -> Scan:
    for option, formats in _FITS.items():
        if getattr(options, option) is not None and chosen.name not in formats:
            raise UsageError(f"--{option} means nothing for {chosen.name}", advice=f"it is for {', '.join(formats)}")
    try:
        return chosen.scan(path, called=called, file=file, options=options)
    except OSError as error:
        raise files.unreadable(called, error) from error


def _matches(source: str) -> list[str]:
    if source != source.encode("utf-8", "replace").decode():
        raise SourceError(
            "its name holds bytes that are not UTF-8 text, or the locale cannot show it",
            path=source.encode("utf-8", "backslashreplace").decode(),
            advice="rename the file, or set LC_ALL to a locale with UTF-8",
        )
    path = Path(source)
    if path.is_dir():
        raise SourceError(
            "this is a folder", path=source, advice=f"name its files, such as '{source.rstrip('/')}/*.csv'"
        )
    if path.is_file():
        return [source]
    if path.exists():
        raise SourceError("a pipe or device, which can be read only once", path=source, advice="feed it to '-' instead")
    if not glob.has_magic(source):
        raise SourceError("there is no such file", path=source)
    found = sorted(match for match in glob.glob(source, recursive=True) if Path(match).is_file())  # noqa: PTH207  # keeps the path as the user wrote it
    if not found:
        raise SourceError("no file matches", path=source)
    return found


def _copied(fill: Callable[[BinaryIO], None], copies: ExitStack) -> str:
    handle, path = mkstemp(prefix="bulk-")  # mode 0600
    copies.callback(Path(path).unlink, missing_ok=True)
    with os.fdopen(handle, "wb") as stream:
        fill(stream)
    return path


def _recognised(path: str) -> str:
    """Name of the format that a file without a name begins like; CSV where nothing else fits."""
    with files.open_bytes(path, called="standard input") as stream:
        start = stream.read(1024).removeprefix(codecs.BOM_UTF8).lstrip()
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), "csv")


def _copy_stdin(stream: BinaryIO) -> None:
    copyfileobj(sys.stdin.buffer, stream)


_MAGIC = {b"PAR1": "parquet", b"PK\x03\x04": "xlsx", b"{": "ndjson", b"[": "json"}
"""How a file of a format begins."""

_FITS = {
    "encoding": ("csv", "tsv", "ndjson", "json"),
    "delimiter": ("csv", "tsv"),
    "sheet": ("xlsx",),
}
"""Which formats an option can be meant for."""

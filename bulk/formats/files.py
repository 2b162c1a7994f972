"""Local files: opened with or without gzip, watched for changes, and replaced at one stroke."""

import errno
import gzip
import os
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, cast

from bulk.errors import SourceError, UsageError

_GZIP_MAGIC = b"\x1f\x8b"


SUSPICIOUS_SIZE: Final = 64 << 20
"""Bytes from which on it counts how much smaller they were when they were packed."""
SUSPICIOUS_RATIO: Final = 100
"""What no table of text is packed by; bombs are packed by a thousand."""


class Watch:
    """Notices when a file is not the one that was opened first: a pass over it would mix two catalogs."""

    def __init__(self, path: str, *, called: str) -> None:
        self._path = path
        self._called = called
        self._stamp = self._look()

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Raise `SourceError` if the file changed before or during the context."""
        self._check()
        try:
            yield
        except SourceError:
            self._check()  # a half-written file reads as damage, and the change is the better explanation
            raise
        self._check()

    def _look(self) -> tuple[int, int, int]:
        status = os.stat(self._path)  # noqa: PTH116  # paths are plain text throughout this folder
        return status.st_size, status.st_mtime_ns, status.st_ino

    def _check(self) -> None:
        try:
            unchanged = self._look() == self._stamp
        except OSError:
            unchanged = False
        if not unchanged:
            raise SourceError(
                "the file changed while it was being read",
                path=self._called,
                advice="let the program that writes it finish, then start again",
            )


def is_gzip(path: str) -> bool:
    """Whether the content, not the name, says so."""
    with Path(path).open("rb") as stream:
        return stream.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC


@contextmanager
def open_bytes(path: str, *, called: str) -> Iterator[BinaryIO]:
    """The content of a file, decompressed if it is gzip; damage met while reading becomes a `SourceError`."""
    try:
        with _Unpacked(path, called) if is_gzip(path) else Path(path).open("rb") as stream:
            yield cast("BinaryIO", stream)
    except EOFError as error:
        raise SourceError(
            "the compressed file ends too early", path=called, advice="copy or download it again"
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(
            f"the compressed file is damaged: {error}", path=called, advice="copy or download it again"
        ) from error
    except OSError as error:
        raise unreadable(called, error) from error


class _Unpacked(gzip.GzipFile):
    """The content of a gzip file; raises `SourceError` where next to nothing unpacks to very much."""

    def __init__(self, path: str, called: str) -> None:
        super().__init__(path, "rb")
        self._called = called
        size = Path(path).stat().st_size
        self._most = max(SUSPICIOUS_SIZE, SUSPICIOUS_RATIO * size)
        with Path(path).open("rb") as stream:
            stream.seek(max(size - 4, 0))
            claimed = int.from_bytes(stream.read(), "little")  # beyond 4 GB in part only
        if claimed > self._most:  # or it is cut short, and this is no claim at all
            while self.read(1 << 20):
                pass
            self.rewind()

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self._refuse(self.tell())
        return piece

    def _refuse(self, unpacked: int) -> None:
        if unpacked > self._most:
            raise SourceError(
                f"the compressed file unpacks to more than {self._most >> 20} MB, which no catalog does",
                path=self._called,
                advice="unpack it yourself and look at what it holds",
            )


@contextmanager
def create_bytes(path: str, *, compressed: bool) -> Iterator[BinaryIO]:
    """A new file to write to; gzip without a time stamp, so that equal tables give equal files."""
    with Path(path).open("wb") as stream:
        if not compressed:
            yield stream
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as packed:
            yield cast("BinaryIO", packed)


def unreadable(called: str, error: OSError) -> SourceError:
    """What to say when the system will not let a file be read."""
    return SourceError(f"cannot be read: {error.strerror or error}", path=called)


@contextmanager
def replacing(path: str) -> Iterator[str]:
    """A temporary name beside `path`; what was written there takes its place at a clean exit, and only then.

    Raises `UsageError` for whatever the system refuses meanwhile.
    """
    target = Path(path).resolve()  # so that a link stays one
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        part.touch(exist_ok=False)
        try:
            yield str(part)
            with part.open("rb") as stream:
                os.fsync(stream.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        folder = target.parent
        reason = error.strerror or str(error) if folder.is_dir() else f"there is no folder {folder}"
        raise UsageError(f"{path} cannot be written: {reason}", advice="name another place to write it to") from error
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make what was renamed in a folder last, where the system lets a folder be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

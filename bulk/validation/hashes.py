"""Hashes of any number of texts, to find which come twice: what is beyond a million of them lies on disk."""

import math
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO
from weakref import finalize

import polars as pl

HELD = 1_000_000
"""Hashes in memory, of 8 bytes each."""


class Hashes:
    """Takes hashes in, and gives back those that came twice. Its files have no name, and go when it goes."""

    def __init__(self, held: int = HELD) -> None:
        self._most: float = held
        self._here: list[pl.Series] = []
        self._count = 0
        self._aside: list[IO[bytes]] = []
        self._files = ExitStack()
        finalize(self, self._files.close)

    def add(self, texts: pl.Series) -> None:
        """Take in the hashes of some texts."""
        self._here.append(texts.hash())
        self._count += len(texts)
        if self._count >= self._most:
            self._lay_aside()

    def repeated(self) -> pl.Series:
        """Those that came twice, once each; forgets all."""
        parts = len(self._aside) + 1
        found = pl.concat([_repeated(pl.concat(self._part(part, parts))) for part in range(parts)])
        self._here.clear()
        self._aside.clear()
        self._files.close()
        return found

    def _lay_aside(self) -> None:
        try:
            file = self._files.enter_context(tempfile.TemporaryFile(prefix="bulk-"))  # noqa: SIM115  # it stays open
            pl.concat(self._here).to_frame("hash").write_ipc(file)
        except (OSError, pl.exceptions.PolarsError):
            self._most = math.inf  # there is no room on disk, but there may be in memory
            return
        self._aside.append(file)
        self._here.clear()
        self._count = 0

    def _part(self, part: int, parts: int) -> Iterator[pl.Series]:
        """The same one of so many equal parts of all hashes, wherever they lie."""
        yield pl.Series(dtype=pl.UInt64)
        for file in self._aside:
            file.seek(0)
            hashes = pl.read_ipc(file).to_series()
            yield hashes.filter(hashes % parts == part)
        for hashes in self._here:
            yield hashes.filter(hashes % parts == part) if parts > 1 else hashes


def _repeated(hashes: pl.Series) -> pl.Series:
    ordered = hashes.sort()
    return ordered.filter(ordered == ordered.shift(1)).unique()

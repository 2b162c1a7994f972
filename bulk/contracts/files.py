"""Where rows come from, and where tables go."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import polars as pl


class Scan(Protocol):
    """One opened table: a file, or a sheet of one."""

    @property
    def path(self) -> str:
        """What the user called it."""

    @property
    def header(self) -> tuple[str, ...]:
        """Column names as in the file, stripped of surrounding space, in the file's order, none twice."""

    @property
    def facts(self) -> Mapping[str, str]:
        """What was detected or chosen, for showing: `format`, and `encoding`, `delimiter`, `bom`, `sheet` if any."""

    def chunks(self, rows: int = 50_000) -> "Iterator[pl.DataFrame]":
        """The table in frames of about `rows` rows; may be called again, and reads anew each time.

        Each frame has the column `ROW` (Int64 position) and the columns of `header`. Text formats give text only;
        null is a blank cell. Blank lines are left out, but count. Raises `SourceError` naming the line.
        """


class Tables(Protocol):
    """Where rows come from: files, or an earlier run in the ledger."""

    @property
    def name(self) -> str:
        """What the user called it."""

    @property
    def sha256(self) -> str:
        """Hex digest over the content."""

    @property
    def tables(self) -> tuple[Scan, ...]:
        """One for each file."""

    def close(self) -> None:
        """Delete temporary copies; does nothing the second time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadOptions:
    """How to read a source; None lets the file say."""

    format: str | None = None
    """Name of the format; by default after the suffix."""
    encoding: str | None = None
    """Text encoding, any that Python knows."""
    delimiter: str | None = None
    """One character between the cells of a line."""
    sheet: str | None = None
    """Name of the sheet of a workbook; by default the first."""


class TableWriter(Protocol):
    """A table being written; it appears under its name when the context is left without an error."""

    def write(self, frame: "pl.DataFrame") -> None:
        """Append the rows of a frame that has the columns the table was opened with."""


class Format(Protocol):
    """A file format."""

    @property
    def name(self) -> str:
        """Such as `csv`; the value of `--format`."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The endings it is known by, each with its dot, in lower case."""

    @property
    def ceiling(self) -> str | None:
        """What it can hold at most, in words, where it cannot be streamed; None where memory stays bounded."""

    def scan(self, path: str, *, called: str, file: int, options: ReadOptions) -> Scan:
        """Open a local file. `called` is its name for people, `file` its index in the run."""

    def writer(
        self, path: str, columns: Sequence[str], *, neutralise: bool = False
    ) -> AbstractContextManager[TableWriter]:
        """Write a table of text, numbers, booleans and lists of these; raises `UsageError` or `SourceError`.

        `neutralise` defuses text that a spreadsheet program would run as a formula, where the format is one that such
        programs open; reading undoes it always.
        """

"""Lists on the screen: runs, rows, fields, and whatever else is a plain table."""

import json
import sys
import unicodedata
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bulk.model import Entry, Passage, Run, file_of, many, place, row_of, shorten

if TYPE_CHECKING:
    from bulk.contracts import Resource
    from bulk.jobs.presence import Presence

PAGE = 1_000
"""Rows in one table."""

SHOWN = 40
"""Rows that are not there on the screen; the rest is in the file and in the JSON document."""


def show_runs(runs: Sequence[Run]) -> None:
    """The latest runs, a line each."""
    show_table(
        ("run", "what", "resource", "status", "read", "ok", "unchanged", "faulty", "not tried", "exit", "source"),
        [
            (
                run.id,
                run.instance.operation,
                run.instance.resource,
                run.status.value,
                f"{run.totals.read:,}",
                f"{run.totals.succeeded:,}",
                f"{run.totals.unchanged:,}",
                f"{run.totals.invalid + run.totals.failed + run.totals.unknown:,}",
                f"{run.totals.not_tried:,}",
                "" if run.exit_code is None else str(run.exit_code),
                run.instance.source,
            )
            for run in runs
        ],
        empty="No run yet.",
    )


async def show_rows(entries: AsyncIterator[Entry], files: Sequence[str]) -> None:
    """Rows of a run, a line each; a table for every page, so that a long run need not fit into memory."""
    page: list[Entry] = []
    shown = 0
    async for entry in entries:
        page.append(entry)
        if len(page) == PAGE:
            _show_page(page, files)
            shown, page = shown + len(page), []
    if page or not shown:
        _show_page(page, files)


def _show_page(entries: Sequence[Entry], files: Sequence[str]) -> None:
    show_table(
        ("row", "key", "status", "outcome", "http", "attempts", "code", "message"),
        [
            (
                place(entry.row, files),
                entry.key or "",
                entry.status.value,
                entry.outcome or "",
                "" if entry.http_status is None else str(entry.http_status),
                str(entry.attempts),
                entry.code or "",
                shorten("; ".join(dict.fromkeys(_said(entry))), 200),
            )
            for entry in entries
        ],
        empty="No such row.",
    )


def _said(entry: Entry) -> Sequence[str]:
    if not entry.violations:
        return [entry.message] if entry.message else []
    return [f"{one.column}: {one.message}" if one.column else one.message for one in entry.violations]


def show_history(history: Sequence[Passage]) -> None:
    """What became of one record, a line for each run."""
    show_table(
        ("run", "what", "file", "row", "key", "status", "outcome", "http", "attempts", "sent before", "here", "said"),
        [
            (
                passage.run.id,
                passage.run.instance.operation,
                json.loads(passage.run.instance.options)["files"][file_of(passage.entry.row)],
                str(row_of(passage.entry.row)),
                passage.entry.key or "",
                passage.entry.status.value,
                passage.entry.outcome or "",
                "" if passage.entry.http_status is None else str(passage.entry.http_status),
                str(passage.entry.attempts),
                _fingerprint(passage.before),
                _fingerprint(passage.digest),
                shorten("; ".join(dict.fromkeys((*_said(passage.entry), *_aside(passage)))), 200),
            )
            for passage in history
        ],
    )


def _fingerprint(digest: bytes | None) -> str:
    """Enough of a digest to tell two documents apart."""
    return "" if digest is None else digest.hex()[:8]


def _aside(passage: Passage) -> Sequence[str]:
    """What else there is to say of a row."""
    entry = passage.entry
    inside = [] if passage.carrier is None else [f"inside row {row_of(passage.carrier)}"]
    return [*inside, *([f"answer: {entry.response}"] if entry.response else [])]


def show_presences(source: str, presences: "Sequence[Presence]", files: Sequence[str]) -> None:
    """What of a file is not there, a line each, and how much is."""
    absent = [one for one in presences if not one.exists]
    if absent:
        show_table(
            ("row", "key", "what"),
            [(place(one.row, files), one.key or "", one.message or "not there") for one in absent[:SHOWN]],
        )
    if len(absent) > SHOWN:
        _say(f"... and {len(absent) - SHOWN:,} more: -o FILE writes them all.")
    there, invalid = len(presences) - len(absent), sum(one.exists is None for one in absent)
    parts = [f"{there:,} there", f"{len(absent) - invalid:,} not there"] + ([f"{invalid:,} invalid"] if invalid else [])
    name = "standard input" if source == "-" else source
    _say(f"{name}: {many(len(presences), 'row')} read = {' + '.join(parts)}.")


def show_fields(resource: "Resource", columns: Sequence[Mapping[str, Any]], rules: Sequence[str]) -> None:
    """The columns of a resource."""
    show_table(
        ("column", "rows", "type", "constraints", "description"),
        [
            (one["column"], one["rows"] or "", one["type"], one["constraints"], one["description"] or "")
            for one in columns
        ],
    )
    _say()
    for remark in (*rules, *resource.notes):
        _say(f"- {remark}")
    _say(f"Documentation: {resource.reference}")


def show_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str = "Nothing.") -> None:
    """A plain table on stdout: within the width of a terminal, elsewhere a line a row however long."""
    if not rows:
        _say(empty)
    elif sys.stdout.isatty():
        _show_folded(header, rows)
    else:
        lines = [header, *([_flat(cell) for cell in row] for row in rows)]
        widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            cells = (cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
            _say("  ".join(cells).rstrip())


def _show_folded(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table  # noqa: PLC0415  # a tenth of a second that only a terminal needs
    from rich.text import Text  # noqa: PLC0415

    from bulk.cli.screen import out  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_flat(cell)) for cell in row))
    out().print(table)


def _say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")


def _flat(cell: str) -> str:
    """A cell in one line."""
    return "".join(character if character.isprintable() else " " for character in cell)


def _width(text: str) -> int:
    """Columns that a text takes up where all characters are as wide as each other, or twice."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )

"""What the commands say to people. stdout is data and results, stderr is messages."""

import json
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bulk.cli.common import Globals
from bulk.cli.json_output import export_document, manifest_of, print_json, report_document
from bulk.model import Cause, Run, RunStatus, Totals, Violation, many, place, shorten

if TYPE_CHECKING:
    from bulk.jobs.reports import Report
    from bulk.validation import Group

ADVICE = {
    RunStatus.PAUSED: "bulk resume {run} goes on where it stopped.",
    RunStatus.INTERRUPTED: "bulk resume {run} goes on where it stopped.",
    RunStatus.STOPPED: "When the cause is mended, bulk resume {run} goes on; if another address or profile mends it, "
    "give the command itself again instead.",
}


EXAMPLE = 40
"""Columns in which an example can still be read."""


def out() -> Console:
    """The console of results. Wide enough not to break lines when it is not a terminal.

    A text is shown as it stands: names of columns and files may have brackets, or a word between colons.
    """
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 160
    return console


def report_error(kind: str, message: str, advice: str | None, exit_code: int, *, as_json: bool) -> None:
    """Say what is wrong and what to do."""
    if as_json:
        print_json({"error": {"type": kind, "message": message, "advice": advice}, "exit_code": exit_code})
    console = Console(stderr=True, highlight=False)
    console.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=True)
    if advice:
        console.print(Text(advice), soft_wrap=True)


def ask(options: Globals, consequences: Mapping[str, int]) -> bool:
    """Ask on a terminal whether something may be destroyed; elsewhere the answer is no."""
    if options.json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    for consequence, count in consequences.items():
        print(f"{_rows(count)}: {consequence}", file=sys.stderr)  # noqa: T201  # a question on the terminal
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C at the question is a no
    try:
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
    except KeyboardInterrupt:
        return False
    finally:
        signal.signal(signal.SIGINT, before)


def show_run(options: Globals, report: "Report", *, source: str | None = None) -> None:
    """The summary of a run; `source` is what the user has just called it."""
    run, unchanged_since = report.run, report.unchanged_since
    if options.json:
        print_json(report_document(report, source=source))
        return
    console = out()
    console.print(_headline(run, source), soft_wrap=True)
    console.print(totals_line(run.totals, under_way=run.status is RunStatus.RUNNING))
    if run.totals.unchanged and unchanged_since:
        since = ", ".join(f"{count:,} since run {earlier}" for earlier, count in unchanged_since.items())
        console.print(f"Not sent because nothing has changed: {since}. --all sends them anyway.")
    console.print(_carried(report), end="", soft_wrap=True)
    if run.reason:
        console.print(Text(f"{run.status.value.capitalize()}: {_sentence(run.reason)}"), soft_wrap=True)
    show_causes(console, report.causes, report.files)
    advice = _advice(run, options.repeated)
    if advice:
        console.print(advice, soft_wrap=True)  # a command can only be copied from one line
    if not options.quiet:
        console.print(Text(f"Ledger: {report.ledger}", style="dim"), soft_wrap=True)


def _carried(report: "Report") -> str:
    """What to know of rows that were sent inside others."""
    rows, inside = report.carried
    if not rows:
        return ""
    from bulk.connectors import find  # noqa: PLC0415  # only when there is such a row

    other = find(report.run.instance.resource)[1].other_rows
    if other is None:
        return ""
    left = f"The {other.within} of other rows were left alone."
    return f"{_rows(rows)} went inside {_rows(inside)}, as their {other.within}. {left} {other.caution}\n"


def show_export(options: Globals, run: Run) -> None:
    """The summary of an export."""
    if options.json:
        print_json(export_document(run))
        return
    console = out()
    console.print(_headline(run, None), soft_wrap=True)
    if run.status is RunStatus.COMPLETED:
        console.print(f"{_rows(run.totals.succeeded)} written; manifest: {manifest_of(run)}", soft_wrap=True)
    if run.reason:
        console.print(Text(f"{run.status.value.capitalize()}: {_sentence(run.reason)}"), soft_wrap=True)
    if run.status is not RunStatus.COMPLETED:
        console.print("The same export, started again, goes on where it can.")


def totals_line(totals: Totals, *, under_way: bool = False) -> Text:
    """The totals, as a sum that a person can check."""
    parts = [
        ("invalid", totals.invalid, "yellow"),
        ("succeeded", totals.succeeded, "green"),
        ("unchanged", totals.unchanged, ""),
        ("failed", totals.failed, "red"),
        ("in flight" if under_way else "unknown", totals.unknown, "" if under_way else "red"),
        ("not tried", totals.not_tried, "yellow"),
    ]
    line = Text(f"{_rows(totals.read)} read = ")
    for index, (name, count, style) in enumerate(part for part in parts if part[1] or part[0] == "succeeded"):
        line.append(" + " if index else "")
        line.append(f"{count:,} {name}", style=style if count else "")
        if name == "succeeded" and (totals.created or totals.updated):
            saved = totals.succeeded - totals.created - totals.updated
            line.append(f" ({totals.created:,} created, {totals.updated:,} updated")
            line.append(f", {saved:,} saved)" if saved else ")")
    return line


def show_causes(console: Console, causes: Sequence[Cause], files: Sequence[str]) -> None:
    """Rows that were not written, by cause; `files` are those that they stand in."""
    lines = [
        (
            f"{cause.count:,}",
            cause.status.value,
            cause.code,
            cause.column or "",
            f"row {place(cause.example.row, files)}",
            _example(cause),
        )
        for cause in causes
    ]
    _show_with_examples(console, ("rows", "status", "cause", "column", "first"), lines)


def _show_with_examples(console: Console, header: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Lines with an example each at their end; below them where there is too little room beside them to read it."""
    if not lines:
        return
    widths = [max(map(cell_len, column)) for column in zip(header, *(line[:-1] for line in lines), strict=True)]
    if console.width - sum(widths) - 2 * len(widths) >= EXAMPLE:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in header:
            table.add_column(name, justify="right" if name in {"rows", "first"} else "left", no_wrap=True)
        table.add_column("example", overflow="fold")
        for line in lines:
            table.add_row(*line[:-1], Text(line[-1]))
        console.print(table)
        return
    for *cells, example in lines:
        told = (f"{name} {cell}" for name, cell in zip(header, cells, strict=True) if cell)
        console.print(", ".join(told), style="dim", soft_wrap=True)
        console.print(Padding(Text(example), (0, 0, 0, 4)))


def _example(cause: Cause) -> str:
    for violation in cause.example.violations:
        if cause.code == violation.rule and cause.column == violation.column:
            return _told(violation)
    return shorten(cause.example.message or "", 200)


def _told(violation: Violation) -> str:
    """A violation in full: the cell, what is wrong with it, and what to do."""
    value = "" if violation.value is None else f"{violation.value!r}: "
    if violation.advice is None:
        return f"{value}{violation.message}"
    return f"{value}{_sentence(violation.message)} {violation.advice}"


def _sentence(text: str) -> str:
    """A message with its full stop: ours end without one, an API's may have it."""
    return f"{text.removesuffix('.')}."


def show_check(
    options: Globals, source: str, *, files: Sequence[str], read: int, invalid: int, groups: "Sequence[Group]"
) -> None:
    """What `bulk check` found."""
    console = out()
    lines = [
        (
            f"{group.count:,}",
            group.column or "",
            group.rule,
            ", ".join(place(row, files) for row in group.rows[:3]) + (", …" if group.count > 3 else ""),  # noqa: PLR2004
            _told(group.example),
        )
        for group in groups
    ]
    _show_with_examples(console, ("rows", "column", "rule", "first rows"), lines)
    name = "standard input" if source == "-" else source
    if not options.quiet or invalid:
        verdict = Text(f"{invalid:,} invalid", style="yellow") if invalid else Text("no fault found", style="green")
        console.print(Text.assemble(f"{name}: {_rows(read)} read, ", verdict, "."), soft_wrap=True)


def wrote(options: Globals, path: str, rows: int) -> None:
    """Say that a file was written."""
    if options.json:
        print_json({"path": path, "rows": rows})
    elif not options.quiet:
        Console(stderr=True, highlight=False).print(Text(f"Wrote {_rows(rows)} to {path}."), soft_wrap=True)


def _rows(count: int) -> str:
    return many(count, "row")


_WORK = {
    "import": "Import of",
    "dry-run": "Dry run of",
    "retry": "Retry of",
    "delete": "Deletion of the records in",
}


def _headline(run: Run, source: str | None) -> Text:
    instance = run.instance
    name = instance.source if source is None else "standard input" if source == "-" else source
    if instance.operation == "export":
        title = f"Export of {instance.resource} at {instance.target} → {instance.source}"
    else:
        what = _WORK[instance.operation]
        if instance.operation == "dry-run" and json.loads(instance.options or "{}").get("deletes"):
            what = "Dry run of deleting the records in"
        title = f"{what} {name} → {instance.resource} at {instance.target}"
    if run.status is RunStatus.RUNNING:
        since = f"under way since {run.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC; run {run.id}"
        return Text.assemble((title, "bold"), "\n", since)
    style = "green" if run.exit_code == 0 else "yellow" if run.status is RunStatus.COMPLETED else "red"
    pace = f", {run.traffic.sent / run.seconds:,.0f} requests/s" if run.seconds and run.traffic.sent else ""
    return Text.assemble(
        (title, "bold"),
        "\n",
        (run.status.value, style),
        f" in {run.seconds:.1f} s: {many(run.traffic.sent, 'request')}"
        f" ({run.traffic.retried:,} repeated, {run.traffic.throttled:,} throttled){pace}; run {run.id}{_polite(run)}",
    )


def _polite(run: Run) -> str:
    """What was said of how the API is to be treated, which retry and resume keep to."""
    said = json.loads(run.instance.politeness or "{}")
    return "".join(f" --{name} {shlex.quote(str(value))}" for name, value in said.items())


def _advice(run: Run, repeated: str) -> str:
    """What to do next; `repeated` are the options that every command about this run needs."""
    if run.instance.operation == "export" or run.status is RunStatus.RUNNING:
        return ""
    again = f"{run.id}{repeated}"
    if run.status in ADVICE:
        return ADVICE[run.status].format(run=again)
    totals = run.totals
    if run.status is RunStatus.REFUSED or not totals.invalid + totals.failed + totals.unknown:
        return ""
    faulty = {"invalid": totals.invalid, "failed": totals.failed, "unknown": totals.unknown}
    statuses = ",".join(status for status, count in faulty.items() if count)
    failed = f"bulk retry {again} tries failed rows again. " if totals.failed + totals.unknown else ""
    return (
        f"{failed}To mend rows: bulk rows {run.id} --status {statuses} -o fix.csv{repeated}, "
        f"then bulk retry {run.id} --from fix.csv{repeated}."
    )

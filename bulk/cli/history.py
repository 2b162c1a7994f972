"""`bulk runs`, `bulk show`, `bulk rows` and `bulk explain`: what became of everything."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bulk.cli.common import RunName, ask_ledger, completed_from, settings_of, statuses_of
from bulk.cli.options import ResourceName
from bulk.errors import NotFoundError, UsageError
from bulk.model import Status

if TYPE_CHECKING:
    from bulk.ledger import SqliteLedger
    from bulk.model import Run


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(runs)
    app.command()(show)
    app.command()(rows)
    app.command()(explain)


def runs(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many, newest first.")] = 20,
) -> None:
    """List the latest runs."""
    from bulk.cli.json_output import print_json, run_document  # noqa: PLC0415  # only when needed
    from bulk.cli.tables import show_runs  # noqa: PLC0415

    options = settings_of(context)
    found = ask_ledger(options, lambda ledger: ledger.runs(limit))
    if options.json:
        print_json([run_document(run) for run in found])
    else:
        show_runs(found)


def show(context: typer.Context, run: RunName) -> None:
    """Show a run: its totals, and what was not written by cause."""
    from bulk.cli.screen import show_export, show_run  # noqa: PLC0415  # only when needed
    from bulk.jobs.reports import Report, report  # noqa: PLC0415

    options = settings_of(context)

    async def gather(ledger: "SqliteLedger") -> Report:
        return await report(ledger, await ledger.run(run))

    found = ask_ledger(options, gather)
    if found.run.instance.operation == "export":
        show_export(options, found.run)
    else:
        show_run(options, found)


def rows(
    context: typer.Context,
    run: RunName,
    *,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="S,...",
            help=f"Only rows with one of these: {', '.join(Status)}.",
            autocompletion=completed_from(list(Status)),
        ),
    ] = None,
    cause: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Only rows that failed for this cause; may be repeated.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write them with their original cells, to mend."),
    ] = None,
) -> None:
    """List the rows of a run, or write them to a file with their original cells and what is wrong with each."""
    from bulk.cli.json_output import entry_document, print_json_list  # noqa: PLC0415  # only when needed
    from bulk.cli.tables import show_rows  # noqa: PLC0415

    options, statuses, causes = settings_of(context), statuses_of(status), cause or []

    async def to_file(ledger: "SqliteLedger") -> int:
        from bulk.connectors import find  # noqa: PLC0415  # polars is loaded only to write a table
        from bulk.jobs.results import write_rows  # noqa: PLC0415
        from bulk.validation import compile_schema  # noqa: PLC0415

        found = await _load(ledger, run)
        schema = compile_schema(find(found.instance.resource)[1].model)
        return await write_rows(ledger, found, schema, str(output), statuses=statuses, causes=causes)

    async def listed(ledger: "SqliteLedger") -> None:
        found = await _load(ledger, run)
        files = json.loads(found.instance.options)["files"]
        entries = ledger.entries(found.id, statuses=statuses, causes=causes)
        if options.json:
            await print_json_list(entry_document(entry, files) async for entry in entries)
        else:
            await show_rows(entries, files)

    if output is None:
        ask_ledger(options, listed)
    else:
        from bulk.cli.screen import wrote  # noqa: PLC0415  # see above

        wrote(options, str(output), ask_ledger(options, to_file))


def explain(
    context: typer.Context,
    resource: ResourceName,
    key: Annotated[str, typer.Argument(metavar="KEY", help="What names the record in the file, or the API's own id.")],
) -> None:
    """Tell what every run had to do with one record: file, row, what was sent before and then, and the answer."""
    from bulk.cli.json_output import history_document, print_json  # noqa: PLC0415  # only when needed
    from bulk.cli.tables import show_history  # noqa: PLC0415
    from bulk.connectors import find  # noqa: PLC0415

    options = settings_of(context)
    find(resource)  # a slip in the name is no record that was never loaded
    history = ask_ledger(options, lambda ledger: ledger.history(resource, key))
    if not history:
        raise NotFoundError(
            f"no run of this ledger had a row of {resource} with the key {key!r}",
            advice="Keys are written as in the file; bulk runs lists the runs, bulk rows RUN the keys of one.",
        )
    if options.json:
        print_json(history_document(resource, key, history))
    else:
        show_history(history)


async def _load(ledger: "SqliteLedger", name: str) -> "Run":
    """A run that has rows; raises `UsageError` for an export, which has a file instead."""
    run = await ledger.run(name, exports=False)
    if run.instance.operation == "export":
        raise UsageError(f"run {run.id} is an export", advice=f"Its rows are in {run.instance.source}.")
    return run

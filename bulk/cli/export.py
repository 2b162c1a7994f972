"""`bulk export` and `bulk get`: out of the API."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bulk.cli.common import open_session, run_interruptibly, settings_of
from bulk.cli.options import PaceOptions, ResourceName, Sandbox, expanded
from bulk.errors import UsageError

if TYPE_CHECKING:
    from bulk.jobs.guards import Stop
    from bulk.model import Run

LAST = "last"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(expanded(export))
    app.command()(get)


def export(
    context: typer.Context,
    resource: ResourceName,
    destination: Annotated[
        str,
        typer.Argument(
            metavar="DEST", help="File to write: csv, tsv, xlsx, parquet, ndjson or json, after the suffix."
        ),
    ],
    *,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN|last", help="Only what has changed since a date or time (UTC), or the last export."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD[OP]=VALUE", help="Only what fits, such as retail_price[gte]=10; may be repeated."),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="These columns in this order; by default all.")
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="The API's quickest way, even if its records are less complete.")
    ] = False,
    keep_formulas: Annotated[
        bool,
        typer.Option("--keep-formulas", help="Leave cells that a spreadsheet would run as a formula as they are."),
    ] = False,
    pace: PaceOptions,
    sandbox: Sandbox = False,
) -> None:
    """Write what the API has to a file that bulk import takes back.

    The file appears when it is whole, with a manifest beside it; an export that was cut off goes on where it can.
    Unchanged rows of the file are not sent when it is imported, and of changed ones only what has changed.
    """
    from asyncio import CancelledError  # noqa: PLC0415  # not for --help

    from bulk.cli.progress import watching  # noqa: PLC0415  # only when needed
    from bulk.cli.screen import show_export  # noqa: PLC0415
    from bulk.orders import Extract  # noqa: PLC0415

    options = settings_of(context)
    what = Extract(
        resource=resource,
        path=destination,
        since=None if since in {None, LAST} else _moment(str(since)),
        last=since == LAST,
        where=where or (),
        columns=None if columns is None else [name.strip() for name in columns.split(",") if name.strip()],
        fast=fast,
        neutralise=not keep_formulas,
    )

    async def whole(stop: "Stop") -> "Run":
        async with open_session(options, watcher, pace.politeness(), sandbox=sandbox) as session:
            try:
                return await session.export(what, stop)
            except CancelledError:
                if watcher.run is None:
                    raise
                return await session.ledger.run(watcher.run)  # ended at once, but in order

    with watching(options) as watcher:
        run = run_interruptibly(whole, begun=lambda: watcher.run is not None)
    if options.tells(run.exit_code):
        show_export(options, run)
    raise typer.Exit(run.exit_code or 0)


def get(
    context: typer.Context,
    resource: ResourceName,
    key: Annotated[str, typer.Argument(metavar="KEY", help="What names the record.")],
    *,
    by: Annotated[
        str | None, typer.Option("--match-by", "--by", metavar="COLUMN", help="Column that the key is of, such as id.")
    ] = None,
    sandbox: Sandbox = False,
) -> None:
    """Print one record as JSON, as the API has it, without anything secret."""
    from bulk.access import Politeness  # noqa: PLC0415  # see above
    from bulk.cli.json_output import print_json  # noqa: PLC0415
    from bulk.cli.progress import watching  # noqa: PLC0415

    options = settings_of(context)

    async def found(_: "Stop") -> object:
        async with open_session(options, watcher, Politeness(), sandbox=sandbox) as session:
            return await session.get(resource, key, by)

    with watching(options) as watcher:
        record = run_interruptibly(found, begun=lambda: False)
    print_json(record)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is neither a date nor a time",
            advice="Write 2026-11-22, or 2026-11-22T06:00:00Z, or last.",
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

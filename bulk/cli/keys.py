"""`bulk delete` and `bulk exists`: what needs nothing of a file but its keys."""

from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bulk.cli.common import copies_deleted, open_session, run_interruptibly, settings_of
from bulk.cli.load import confirmation, run_load
from bulk.cli.options import (
    DryRun,
    Fresh,
    KeyOptions,
    MaxFailures,
    PaceOptions,
    ResourceName,
    Sandbox,
    SendOptions,
    SourceName,
    Yes,
    expanded,
)

if TYPE_CHECKING:
    from bulk.jobs.guards import Stop
    from bulk.jobs.presence import Presence

MISSING = 3
"""Exit code when some of the records are not there."""


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(expanded(delete))
    app.command()(expanded(exists))


def delete(
    context: typer.Context,
    resource: ResourceName,
    source: SourceName,
    *,
    pace: SendOptions,
    dry_run: DryRun = False,
    reading: KeyOptions,
    max_failures: MaxFailures = None,
    fresh: Fresh = False,
    sandbox: Sandbox = False,
    yes: Yes = False,
) -> None:
    """Delete the records that a file names, where the API has such an operation.

    Only the column that names the records is read. The whole file is checked first, and it is asked once before
    anything is deleted. Every row is recorded: see bulk show last.
    """
    from bulk.jobs.guards import Guards  # noqa: PLC0415  # polars is loaded only when something runs

    options = settings_of(context)
    guards = Guards(
        dry_run=dry_run,
        fresh=fresh,
        max_failures=max_failures,
        confirmed=yes,
        confirm=confirmation(options, yes=yes),
    )
    order = reading.order(resource, source)
    run_load(
        options,
        lambda session, stop: session.delete(order, guards, stop),
        pace=pace,
        sandbox=sandbox,
        source=source,
    )


def exists(
    context: typer.Context,
    resource: ResourceName,
    source: SourceName,
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the rows with what was found; after the suffix."),
    ] = None,
    reading: KeyOptions,
    pace: PaceOptions,
    sandbox: Sandbox = False,
) -> None:
    """Say which records that a file names are there, in as few calls as it takes. Leaves with 3 if some are not."""
    from bulk.cli.json_output import presence_document, print_json  # noqa: PLC0415  # only when needed
    from bulk.cli.progress import watching  # noqa: PLC0415
    from bulk.cli.tables import show_presences  # noqa: PLC0415
    from bulk.formats import shown  # noqa: PLC0415

    options = settings_of(context)
    order = reading.order(resource, source)
    found: list[Presence] = []

    async def whole(_: "Stop") -> None:
        async with (
            open_session(options, watcher, pace.politeness(), sandbox=sandbox) as session,
            aclosing(session.exists(order, None if output is None else str(output))) as answers,
        ):
            async for some in answers:
                found.extend(some)

    with copies_deleted(), watching(options) as watcher:
        run_interruptibly(whole, begun=lambda: False)
    if options.json:
        print_json([presence_document(one, watcher.files) for one in found])
    else:
        show_presences(shown(source), found, watcher.files)
    raise typer.Exit(0 if all(one.exists for one in found) else MISSING)

"""`bulk plan`: what an import would do."""

from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bulk.cli.common import copies_deleted, open_session, run_interruptibly, settings_of
from bulk.cli.options import (
    All,
    PaceOptions,
    ResourceName,
    RowOptions,
    Sandbox,
    SourceName,
    WriteOptions,
    Yes,
    expanded,
)

if TYPE_CHECKING:
    from bulk.jobs.guards import Stop
    from bulk.jobs.planner import Change

CHANGES = 10
"""Exit code when there are changes and the user wants to know."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(expanded(plan))


def plan(
    context: typer.Context,
    resource: ResourceName,
    source: SourceName,
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="PLAN", help="Write it to a file, a line a field; after the suffix."),
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Leave with 10 if there are changes.")
    ] = False,
    reading: RowOptions,
    all: All = False,
    pace: PaceOptions,
    sandbox: Sandbox = False,
    writing: WriteOptions,
    yes: Yes = False,
) -> None:
    """Say what an import would create, change and leave, field by field. Reads, never writes.

    Rows of which the ledger knows all fields cost no call; the others are read a hundred at a time.
    """
    from bulk.cli.json_output import print_json  # noqa: PLC0415  # only when needed
    from bulk.cli.plan_output import plan_document, show_plan  # noqa: PLC0415
    from bulk.cli.progress import watching  # noqa: PLC0415
    from bulk.formats import shown  # noqa: PLC0415
    from bulk.jobs.plan_file import write_plan  # noqa: PLC0415
    from bulk.jobs.planner import Action  # noqa: PLC0415

    options = settings_of(context)
    order = reading.order(resource, source, writing.decisions())
    counts: Counter[Action] = Counter()
    changes: list[Change] = []

    async def whole(_: "Stop") -> None:
        async with (
            open_session(options, watcher, pace.politeness(), sandbox=sandbox) as session,
            aclosing(session.plan(order, resend=all, confirmed=yes)) as found,
        ):
            async for change in found:
                counts[change.action] += 1
                if change.action is not Action.UNCHANGED:
                    changes.append(change)

    with copies_deleted(), watching(options) as watcher:
        run_interruptibly(whole, begun=lambda: False)
    changes.sort(key=lambda change: change.row)
    faulty = counts[Action.INVALID] + counts[Action.REFUSED]
    changing = counts[Action.CREATE] + counts[Action.UPDATE]
    exit_code = 3 if faulty else CHANGES if changing and detailed_exitcode else 0
    files = watcher.files
    if output is not None:
        write_plan(str(output), changes, files)
    if options.json:
        print_json(
            plan_document(resource, shown(source), counts=counts, changes=changes, files=files, exit_code=exit_code)
        )
    else:
        show_plan(options, shown(source), counts, changes, files)
    raise typer.Exit(exit_code)

"""`bulk plan`: what an import would do."""

from collections import Counter
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bulk.cli.common import copies_deleted, open_session, run_interruptibly, settings_of
from bulk.cli.load import All, Burst, Concurrency, Rate, Sandbox, Yes
from bulk.cli.reading import (
    AddRoles,
    Clear,
    Delimiter,
    Empty,
    Encoding,
    Format,
    Limit,
    MappingFile,
    MatchBy,
    Mode,
    RemoveRoles,
    ResourceName,
    SetRoles,
    Sheet,
    SourceName,
    decided,
    order_from,
)

if TYPE_CHECKING:
    from bulk.jobs.guards import Stop
    from bulk.jobs.planner import Change

CHANGES = 10
"""Exit code when there are changes and the user wants to know."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(plan)


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
    match_by: MatchBy = None,
    mapping: MappingFile = None,
    format: Format = None,
    sheet: Sheet = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    clear: Clear = "<clear>",
    empty: Empty = "<empty>",
    limit: Limit = None,
    all: All = False,
    rate: Rate = None,
    burst: Burst = None,
    concurrency: Concurrency = None,
    sandbox: Sandbox = False,
    mode: Mode = None,
    set_roles: SetRoles = False,
    add_roles: AddRoles = False,
    remove_roles: RemoveRoles = False,
    yes: Yes = False,
) -> None:
    """Say what an import would create, change and leave, field by field. Reads, never writes.

    Rows of which the ledger knows all fields cost no call; the others are read a hundred at a time.
    """
    from bulk.access import Politeness  # noqa: PLC0415  # polars and aiohttp are loaded only when needed
    from bulk.cli.documents import print_json  # noqa: PLC0415
    from bulk.cli.plans import plan_document, show_plan  # noqa: PLC0415
    from bulk.cli.progress import watching  # noqa: PLC0415
    from bulk.jobs.plan_file import write_plan  # noqa: PLC0415
    from bulk.jobs.planner import Action  # noqa: PLC0415

    options = settings_of(context)
    order = order_from(
        resource,
        source,
        format=format,
        sheet=sheet,
        encoding=encoding,
        delimiter=delimiter,
        match_by=match_by,
        mapping=mapping,
        clear=clear,
        empty=empty,
        limit=limit,
        decisions=decided(mode, set_roles=set_roles, add_roles=add_roles, remove_roles=remove_roles),
    )
    counts: Counter[Action] = Counter()
    changes: list[Change] = []

    async def whole(_: "Stop") -> None:
        politeness = Politeness(rate=rate, burst=burst, concurrency=concurrency)
        async with (
            open_session(options, watcher, politeness, sandbox=sandbox) as session,
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
        print_json(plan_document(resource, source, counts=counts, changes=changes, files=files, exit_code=exit_code))
    else:
        show_plan(options, source, counts, changes, files)
    raise typer.Exit(exit_code)

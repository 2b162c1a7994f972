"""`bulk import`, `bulk resume` and `bulk retry`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from bulk.cli.common import (
    Globals,
    RunName,
    completed_from,
    copies_deleted,
    open_session,
    run_interruptibly,
    settings_of,
    statuses_of,
)
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
from bulk.errors import UsageError
from bulk.model import Status

if TYPE_CHECKING:
    from bulk.api import Session
    from bulk.jobs.guards import Stop
    from bulk.model import Run

MOST_WORKERS = 16
"""Processes that send at most: what they enter in the ledger, they enter one after the other."""

Rate = Annotated[
    str | None, typer.Option(metavar="50/s|600/min|none", help="Requests at most; none lets the API decide.")
]
Burst = Annotated[int | None, typer.Option(min=1, help="Requests that may go at once after a quiet time.")]
Concurrency = Annotated[int | None, typer.Option(min=1, max=1000, help="Requests in flight at most.")]
Workers = Annotated[int, typer.Option(min=1, max=MOST_WORKERS, help="Processes that send, each on a core of its own.")]
MaxFailures = Annotated[str | None, typer.Option(metavar="N|P%", help="Stop when more rows than this have failed.")]
All = Annotated[bool, typer.Option("--all", help="Send rows that have not changed too.")]
Sandbox = Annotated[bool, typer.Option("--sandbox", help="Use an embedded sandbox instead of the real API.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and say what would be sent; send nothing.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start anew, even if a run of this file is unfinished.")]
Verify = Annotated[
    bool, typer.Option("--verify", help="Read each record first; leave alone what somebody else has changed.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Confirm what would be asked.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_)
    app.command()(resume)
    app.command()(retry)


def import_(
    context: typer.Context,
    resource: ResourceName,
    source: SourceName,
    *,
    rate: Rate = None,
    burst: Burst = None,
    concurrency: Concurrency = None,
    workers: Workers = 1,
    dry_run: DryRun = False,
    match_by: MatchBy = None,
    mapping: MappingFile = None,
    format: Format = None,
    sheet: Sheet = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    clear: Clear = "<clear>",
    empty: Empty = "<empty>",
    strict: Annotated[bool, typer.Option("--strict", help="Send nothing if any row is invalid.")] = False,
    max_failures: MaxFailures = None,
    all: All = False,
    verify: Verify = False,
    fresh: Fresh = False,
    limit: Limit = None,
    sandbox: Sandbox = False,
    mode: Mode = None,
    set_roles: SetRoles = False,
    add_roles: AddRoles = False,
    remove_roles: RemoveRoles = False,
    yes: Yes = False,
) -> None:
    """Check a file, then load it.

    Nothing is sent before the whole file has been checked. Rows that have not changed since they were last loaded are
    not sent. An unfinished run of the same file is continued. Every row is recorded: see bulk show last.
    """
    from bulk.jobs.guards import Guards  # noqa: PLC0415  # polars is loaded only when something runs

    options = settings_of(context)
    guards = Guards(
        dry_run=dry_run,
        strict=strict,
        resend=all,
        verify=verify,
        fresh=fresh,
        max_failures=max_failures,
        confirmed=yes,
        confirm=confirmation(options, yes=yes),
    )
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
    run_load(
        options,
        lambda session, stop: session.load(order, guards, stop),
        rate=rate,
        burst=burst,
        concurrency=concurrency,
        workers=workers,
        sandbox=sandbox,
        source=source,
    )


def resume(
    context: typer.Context,
    run: RunName,
    *,
    rate: Rate = None,
    burst: Burst = None,
    concurrency: Concurrency = None,
    workers: Workers = 1,
    max_failures: MaxFailures = None,
    yes: Yes = False,
) -> None:
    """Go on with a run that was interrupted, paused or stopped."""
    from bulk.jobs.guards import Guards  # noqa: PLC0415  # see above

    options = settings_of(context)
    guards = Guards(max_failures=max_failures, confirmed=yes, confirm=confirmation(options, yes=yes))
    run_load(
        options,
        lambda session, stop: session.resume(run, guards, stop),
        rate=rate,
        burst=burst,
        concurrency=concurrency,
        workers=workers,
    )


def retry(
    context: typer.Context,
    run: RunName,
    *,
    source: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="A mended result file, as written by bulk rows RUN -o.")
    ] = None,
    cause: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Only rows that failed for this cause; may be repeated.")
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="S,...",
            help="Only rows with one of these: failed, unknown, invalid.",
            autocompletion=completed_from([Status.FAILED, Status.UNKNOWN, Status.INVALID]),
        ),
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option(metavar="N,N-M,...", help="Only these rows, as bulk rows numbers them; FILE:N of several files."),
    ] = None,
    rate: Rate = None,
    burst: Burst = None,
    concurrency: Concurrency = None,
    workers: Workers = 1,
    max_failures: MaxFailures = None,
    all: All = False,
    verify: Verify = False,
    sandbox: Sandbox = False,
    yes: Yes = False,
) -> None:
    """Try again what failed, from the cells that the ledger kept or from a mended file."""
    from bulk.jobs.guards import Guards  # noqa: PLC0415  # see above
    from bulk.jobs.retry import Choice  # noqa: PLC0415

    if source is not None and (cause or status is not None or rows is not None):
        raise UsageError(
            "--from does not go together with --cause, --status and --rows",
            advice="A mended file says itself which rows it has.",
        )
    choice = Choice(causes=tuple(cause or ()), statuses=tuple(statuses_of(status)), rows=rows)
    options = settings_of(context)
    guards = Guards(
        resend=all,
        verify=verify,
        max_failures=max_failures,
        confirmed=yes,
        confirm=confirmation(options, yes=yes),
    )
    run_load(
        options,
        lambda session, stop: session.retry(run, guards, stop, mended=source, choice=choice),
        rate=rate,
        burst=burst,
        concurrency=concurrency,
        workers=workers,
        sandbox=sandbox,
        source=source,
    )


def run_load(
    options: Globals,
    job: "Callable[[Session, Stop], Awaitable[Run]]",
    *,
    rate: str | None,
    burst: int | None,
    concurrency: int | None,
    workers: int,
    sandbox: bool = False,
    source: str | None = None,
) -> None:
    """Run a loading job, show how it goes, and leave with its exit code."""
    from asyncio import CancelledError  # noqa: PLC0415  # see above

    from bulk.access import Politeness  # noqa: PLC0415
    from bulk.cli.progress import watching  # noqa: PLC0415
    from bulk.cli.screen import show_run  # noqa: PLC0415
    from bulk.jobs.reports import Report, report  # noqa: PLC0415

    async def whole(stop: "Stop") -> Report:
        politeness = Politeness(rate=rate, burst=burst, concurrency=concurrency, workers=workers)
        async with open_session(options, watcher, politeness, sandbox=sandbox) as session:
            try:
                run = await job(session, stop)
            except CancelledError:
                if watcher.run is None:
                    raise
                run = await session.ledger.run(watcher.run)  # ended at once, but in order: this is what came of it
            return await report(session.ledger, run)

    with copies_deleted(), watching(options) as watcher:
        finished = run_interruptibly(whole, begun=lambda: watcher.run is not None)
    if options.tells(finished.run.exit_code):
        show_run(options, finished, source=source, rate=rate)
    raise typer.Exit(finished.run.exit_code or 0)


def confirmation(options: Globals, *, yes: bool) -> Callable[[Mapping[str, int]], bool]:
    """How to ask before something is destroyed: on a terminal a question, elsewhere only --yes will do."""

    def confirm(consequences: Mapping[str, int]) -> bool:
        from bulk.cli.screen import ask  # noqa: PLC0415  # rich is loaded only when it speaks

        return yes or ask(options, consequences)

    return confirm

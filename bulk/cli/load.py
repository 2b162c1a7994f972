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
from bulk.cli.options import (
    All,
    DryRun,
    Fresh,
    MaxFailures,
    ResourceName,
    RowOptions,
    Sandbox,
    SendOptions,
    SourceName,
    Verify,
    WriteOptions,
    Yes,
    expanded,
)
from bulk.errors import UsageError
from bulk.model import Status

if TYPE_CHECKING:
    from bulk.api import Session
    from bulk.jobs.guards import Stop
    from bulk.model import Run


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(expanded(import_))
    app.command()(expanded(resume))
    app.command()(expanded(retry))


def import_(
    context: typer.Context,
    resource: ResourceName,
    source: SourceName,
    *,
    pace: SendOptions,
    dry_run: DryRun = False,
    reading: RowOptions,
    strict: Annotated[bool, typer.Option("--strict", help="Send nothing if any row is invalid.")] = False,
    max_failures: MaxFailures = None,
    all: All = False,
    verify: Verify = False,
    fresh: Fresh = False,
    sandbox: Sandbox = False,
    writing: WriteOptions,
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
    order = reading.order(resource, source, writing.decisions())
    run_load(
        options,
        lambda session, stop: session.load(order, guards, stop),
        pace=pace,
        sandbox=sandbox,
        source=source,
    )


def resume(
    context: typer.Context,
    run: RunName,
    *,
    pace: SendOptions,
    max_failures: MaxFailures = None,
    yes: Yes = False,
) -> None:
    """Go on with a run that was interrupted, paused or stopped.

    Its --rate, --burst and --concurrency hold on, unless others are given.
    """
    from bulk.jobs.guards import Guards  # noqa: PLC0415  # see above

    options = settings_of(context)
    guards = Guards(max_failures=max_failures, confirmed=yes, confirm=confirmation(options, yes=yes))
    run_load(
        options,
        lambda session, stop: session.resume(run, guards, stop),
        pace=pace,
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
    pace: SendOptions,
    max_failures: MaxFailures = None,
    all: All = False,
    verify: Verify = False,
    sandbox: Sandbox = False,
    yes: Yes = False,
) -> None:
    """Try again what failed, from the cells that the ledger kept or from a mended file.

    The run's --rate, --burst and --concurrency hold on, unless others are given.
    """
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
        pace=pace,
        sandbox=sandbox,
        source=source,
    )


def run_load(
    options: Globals,
    job: "Callable[[Session, Stop], Awaitable[Run]]",
    *,
    pace: SendOptions,
    sandbox: bool = False,
    source: str | None = None,
) -> None:
    """Run a loading job, show how it goes, and leave with its exit code."""
    from asyncio import CancelledError  # noqa: PLC0415  # see above

    from bulk.cli.progress import watching  # noqa: PLC0415
    from bulk.cli.screen import show_run  # noqa: PLC0415
    from bulk.formats import shown  # noqa: PLC0415
    from bulk.jobs.reports import Report, report  # noqa: PLC0415

    async def whole(stop: "Stop") -> Report:
        async with open_session(options, watcher, pace.politeness(), sandbox=sandbox) as session:
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
        show_run(options, finished, source=None if source is None else shown(source))
    raise typer.Exit(finished.run.exit_code or 0)


def confirmation(options: Globals, *, yes: bool) -> Callable[[Mapping[str, int]], bool]:
    """How to ask before something is destroyed: on a terminal a question, elsewhere only --yes will do."""

    def confirm(consequences: Mapping[str, int]) -> bool:
        from bulk.cli.screen import ask  # noqa: PLC0415  # rich is loaded only when it speaks

        return yes or ask(options, consequences)

    return confirm

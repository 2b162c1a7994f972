"""What all commands share: the global options, opening a session, and running it with signals handled."""

import shlex
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bulk.errors import UsageError
from bulk.model import Event, Status

if TYPE_CHECKING:
    from bulk.access import Politeness
    from bulk.api import Session
    from bulk.contracts import Listener
    from bulk.jobs.guards import Stop
    from bulk.ledger import SqliteLedger

T = TypeVar("T")

INTERRUPTED = 128 + signal.SIGINT
"""Exit code after Ctrl-C."""

_FLAGS = frozenset({"--json", "--no-progress", "-v", "--verbose", "-q", "--quiet"})
_VALUES = frozenset({"--profile", "--ledger"})


def hoist(arguments: Sequence[str]) -> list[str]:
    """Move the global options to the front, so that they may stand anywhere in the line."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in _FLAGS or (argument.partition("=")[0] in _VALUES and "=" in argument):
            front.append(argument)
        elif argument in _VALUES:
            front += [argument, *(value for value in [next(waiting, None)] if value is not None)]
        else:
            rest.append(argument)
    return front + rest


def _print_version(context: typer.Context, wanted: bool) -> None:
    if wanted:
        import json  # noqa: PLC0415  # only here
        from importlib.metadata import version  # noqa: PLC0415  # only here

        found = version("bulk")
        typer.echo(json.dumps({"version": found}) if context.params.get("json") else found)
        raise typer.Exit


@dataclass(frozen=True, kw_only=True, slots=True)
class Globals:
    """The options that stand before the command."""

    profile: str | None = None
    ledger: Path | None = None
    json: bool = False
    verbose: bool = False
    quiet: bool = False
    progress: bool = True
    repeated: str = ""
    """The options in this line without which another command would not find the run or the shop."""

    def tells(self, exit_code: int | None) -> bool:
        """Whether there is a summary of a job that ended so; with --quiet, only if something was not done."""
        return self.json or not self.quiet or exit_code != 0

    @classmethod
    def from_options(  # noqa: PLR0917  # typer hands them over by name
        cls,
        context: typer.Context,
        profile: Annotated[
            str | None, typer.Option(metavar="NAME", help="Settings profile to use.", envvar="BULK_PROFILE")
        ] = None,
        ledger: Annotated[
            Path | None,
            typer.Option(metavar="PATH", help="Ledger file; by default in your state folder.", envvar="BULK_LEDGER"),
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="Print exactly one JSON document on stdout.")] = False,
        verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Say more.")] = False,
        quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say only what went wrong.")] = False,
        no_progress: Annotated[bool, typer.Option("--no-progress", help="No progress display.")] = False,
        version: Annotated[
            bool, typer.Option("--version", callback=_print_version, help="Print the version and leave.")
        ] = False,
    ) -> None:
        """Load catalog spreadsheets into shop APIs, and say for every row what became of it."""
        del version
        context.obj = cls(
            profile=profile,
            ledger=ledger,
            json=json,
            verbose=verbose,
            quiet=quiet,
            progress=not no_progress,
            repeated="".join(
                f" --{name} {shlex.quote(str(value))}"
                for name, value in (("profile", profile), ("ledger", ledger))
                if value is not None and _in_line(context, name)
            ),
        )


def _in_line(context: typer.Context, name: str) -> bool:
    """Whether an option was written in the command line: what stands in the environment holds for the next one too."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def ask_ledger(options: Globals, question: "Callable[[SqliteLedger], Awaitable[T]]") -> T:
    """Put a question to the ledger."""
    import asyncio  # noqa: PLC0415  # not for --help, which has a tenth of a second to lose

    from bulk.ledger import SqliteLedger  # noqa: PLC0415  # only when needed

    def tell(event: Event) -> None:
        if not options.quiet:
            typer.echo(event.message, err=True)

    async def answer() -> T:
        place = options.ledger or _ledger_in_settings(options.profile)
        async with SqliteLedger(place, listener=tell) as ledger:
            return await question(ledger)

    return asyncio.run(answer())


def _ledger_in_settings(profile: str | None) -> Path:
    from bulk.settings_files import ledger_at_a_glance  # noqa: PLC0415  # only when needed

    if (place := ledger_at_a_glance(profile)) is not None:
        return place
    from bulk.settings import Configuration  # noqa: PLC0415  # a quarter of a second that is seldom needed

    return Configuration(profile).general.ledger


def _runs(context: typer.Context, incomplete: str) -> list[str]:
    """Ids of the latest runs, for the shell to complete."""
    ledger = context.find_root().params.get("ledger")
    found = ask_ledger(Globals(ledger=None if ledger is None else Path(ledger)), lambda opened: opened.runs())
    return [name for name in ("last", *(run.id for run in found)) if name.startswith(incomplete)]


RunName = Annotated[str, typer.Argument(metavar="RUN", help="Run id, its beginning, or last.", autocompletion=_runs)]


def settings_of(context: typer.Context) -> Globals:
    """The global options of this call."""
    found: Globals = context.obj
    return found


def statuses_of(text: str | None) -> list[Status]:
    """Statuses from a list with commas; raises `UsageError`."""
    words = [word.strip() for word in (text or "").split(",") if word.strip()]
    for word in words:
        if word not in list(Status):
            raise UsageError(f"no row can be {word!r}", advice=f"Rows are {', '.join(Status)}.")
    return [Status(word) for word in words]


def completed_from(statuses: Sequence[Status]) -> Callable[[str], list[str]]:
    """Completes the last of several statuses with commas between them, for the shell."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        given = before.split(",")
        return [f"{before}{comma}{one}" for one in statuses if one.startswith(last) and one not in given]

    return complete


def open_session(
    options: Globals, listener: "Listener", politeness: "Politeness", *, sandbox: bool = False
) -> "Session":
    """A session as the global options and the settings want it; not yet entered."""
    from bulk.api import Session  # noqa: PLC0415  # polars and aiohttp are loaded only when needed
    from bulk.settings import Configuration  # noqa: PLC0415

    return Session(
        Configuration(options.profile),
        ledger=options.ledger,
        listener=listener,
        politeness=politeness,
        sandbox=sandbox,
    )


class EndedAtOnceError(Exception):
    """The user ended a job before it had begun, or did not want to wait for what was in flight."""

    def __init__(self, exit_code: int) -> None:
        super().__init__()
        self.exit_code = exit_code


def run_interruptibly(job: "Callable[[Stop], Awaitable[T]]", *, begun: Callable[[], bool]) -> T:
    """Run a job in a new event loop.

    Once the job says that it has begun, the first Ctrl-C or SIGTERM asks it to stop, and so does a terminal that is
    closed. Before that there is nothing to be ended in order, so that it is cancelled at once, as it is by a second
    signal; raises `EndedAtOnceError` then.
    """
    import asyncio  # noqa: PLC0415  # see above

    # First of all: loaded later, it handles Ctrl-C in its own way, and breaks off whatever it computes.
    import polars as pl  # noqa: F401, PLC0415

    from bulk.jobs.guards import Stop  # noqa: PLC0415  # see above

    async def guarded() -> T:
        stop, loop = Stop(), asyncio.get_running_loop()
        task = asyncio.ensure_future(job(stop))

        def on_signal(exit_code: int) -> None:
            # Asked, not merely stopping: the first Ctrl-C after a guard has stopped the run is a first one.
            if (stop.exit_code is not None or not begun()) and not task.cancelling():
                task.cancel()  # once: whoever insists must not break off the recording of what happened
            stop(exit_code)

        ending = _ending()
        with suppress(NotImplementedError):  # Windows' loop takes no handlers: Ctrl-C then cancels at once
            for number in ending:
                loop.add_signal_handler(number, on_signal, 128 + number)
        try:
            return await task
        except asyncio.CancelledError:
            raise EndedAtOnceError(stop.exit_code or INTERRUPTED) from None
        finally:
            if stop.exit_code:
                # What is left is to say what became of it. Signals are held back meanwhile: a handler that is removed
                # leaves Python's own in its place for a moment, which would end the program there.
                signal.pthread_sigmask(signal.SIG_BLOCK, ending)
                for number in ending:
                    loop.remove_signal_handler(number)
                    signal.signal(number, signal.SIG_IGN)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, ending)

    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        try:
            return runner.run(guarded())
        except EndedAtOnceError:
            stack.pop_all()  # closing the runner would wait for its threads, and one may be waiting for standard input
            raise


def _ending() -> tuple[signal.Signals, ...]:
    """Signals that ask for an end. The closing of the terminal does, unless it was said beforehand that it does not."""
    hangup = getattr(signal, "SIGHUP", None)
    unheard = hangup is None or signal.getsignal(hangup) is signal.SIG_IGN  # as under nohup
    return (signal.SIGINT, signal.SIGTERM, *(() if unheard else (hangup,)))


@contextmanager
def copies_deleted() -> Iterator[None]:
    """Have copies of sources made in a folder that is gone afterwards, even if a thread still writes to one."""
    import tempfile  # noqa: PLC0415  # see above

    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="bulk-", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before

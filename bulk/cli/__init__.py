"""The command line: `main` is the program. Each command imports what it needs only when it runs.

- commands: `load` (import, resume, retry), `keys` (delete, exists), `check`, `plan`, `export` (and get), `history`
  (runs, show, rows, explain), `describe` (resources, fields, template), `sandbox` (and demo, whose runs are in `demo`)
- `common`: global options, opening a session, and running it with signals heeded; `options`: what commands share
- output: `json_output` (the documents of `--json`), `screen` (summaries), `plan_output`, `tables`, `progress`
- `streams`: stdout and stderr whoever reads them; `lazy_conversion`: keeps typer from loading pydantic
"""

import os
import sys
from typing import NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from bulk.cli import check, describe, export, history, keys, load, plan, sandbox, streams
from bulk.cli.common import INTERRUPTED, EndedAtOnceError, Globals, hoist
from bulk.cli.lazy_conversion import spare
from bulk.errors import BulkError

app = typer.Typer(
    name="bulk",
    help="Load catalog spreadsheets into shop APIs, and say for every row what became of it.",
    epilog="--json, --ledger, --profile, -v, -q and --no-progress may stand anywhere in the line.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.callback()(Globals.from_options)
for part in (load, export, keys, plan, check, history, describe, sandbox):
    part.add_to(app)


def main() -> None:
    """Run the program and leave with the exit code of the contract.

    With --json there is exactly one document on stdout, however it ends.
    """
    results = streams.install()
    try:
        _run(results)
    finally:
        results.flush()  # here it can still be said that it cannot be written


def _run(results: streams.Results) -> NoReturn:
    arguments = hoist(sys.argv[1:])
    as_json = "--json" in arguments

    def report(kind: str, message: str, advice: str | None, exit_code: int) -> int:
        from bulk.cli.screen import report_error  # noqa: PLC0415  # rich is loaded only when it speaks

        report_error(kind, message, advice, exit_code, as_json=as_json and not results.spoken)
        return exit_code

    try:
        # Typer knows best how to tell a person of a usage error, but tells a script nothing.
        exit_code = _program()(args=arguments, prog_name="bulk", standalone_mode=not as_json) or 0
        if exit_code == INTERRUPTED and not results.spoken:  # what typer makes of a KeyboardInterrupt
            report("Interrupted", "interrupted", None, exit_code)
    except EndedAtOnceError as ended:
        report("Interrupted", "interrupted", None, ended.exit_code)
        results.flush()
        # A thread may still wait for its source, such as standard input, and Python would wait for the thread.
        os._exit(ended.exit_code)
    except BulkError as error:
        exit_code = report(type(error).__name__, str(error), error.advice, error.exit_code)
    except TyperException as error:
        context: typer.Context | None = getattr(error, "ctx", None)
        advice = None if context is None else f"See {context.command_path} --help."
        exit_code = report("UsageError", error.format_message().removesuffix("."), advice, error.exit_code)
    except Exception as error:  # noqa: BLE001  # the last border: whatever comes here is a fault of ours
        message = f"a fault in the tool itself: {type(error).__name__}: {error}"
        advice = "Nothing recorded is lost. Run it again with -v to see where."
        exit_code = report(type(error).__name__, message, advice, 1)
        if {"-v", "--verbose"} & set(arguments):
            import traceback  # noqa: PLC0415  # only here

            traceback.print_exc()
    sys.exit(exit_code)


def _program() -> TyperGroup:
    """The commands, ready to be called."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    for command in (group, *group.commands.values()):
        spare(command.get_params(typer.Context(command)))
    return group

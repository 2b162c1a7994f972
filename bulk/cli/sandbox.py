"""`bulk sandbox` and `bulk demo`: the program without a shop."""

import importlib
from typing import TYPE_CHECKING, Annotated

import typer

from bulk.cli.common import run_interruptibly, settings_of

if TYPE_CHECKING:
    import asyncio


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(sandbox)
    app.command()(demo)


def sandbox(
    context: typer.Context,
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Port to listen on; 0 takes a free one.")
    ] = 8123,
    rate: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Requests let through in any second; the others get 429.")
    ] = None,
    latency: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Wait before each answer.")] = 0.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND:WHEN", help="Such as 502:5%, 429:3x, reset_after:@2,7; may be repeated. See --faults."
        ),
    ] = None,
    faults: Annotated[bool, typer.Option("--faults", help="List the kinds of faults and leave.")] = False,
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed meets the same faults again.")] = 0,
) -> None:
    """Run the embedded APIs on this machine, with faults and a rate limit to taste, until Ctrl-C."""
    from bulk.cli.json_output import print_json  # noqa: PLC0415  # servers are loaded only when wanted
    from bulk.cli.tables import show_table  # noqa: PLC0415
    from bulk.connectors import connectors  # noqa: PLC0415
    from bulk.sandbox import KINDS, Ceiling, Faults, Sandbox  # noqa: PLC0415

    options = settings_of(context)
    if faults:
        if options.json:
            print_json(dict(KINDS))
        else:
            show_table(("fault", "what happens"), list(KINDS.items()))
        return
    chosen = Faults.parse(fault or [], seed=seed)
    ceiling = None if rate is None else Ceiling(rate)

    async def serve(stop: "asyncio.Event") -> None:
        twins = [importlib.import_module(connector.sandbox) for connector in connectors()]
        async with Sandbox(
            [twin.api() for twin in twins], port=port, faults=chosen, rate=ceiling, latency=latency, keep_log=10_000
        ) as server:
            variables = {name: value for twin in twins for name, value in twin.environment(server).items()}
            if options.json:
                print_json({"environment": variables})
            else:
                typer.echo("\n".join(f"export {name}={value}" for name, value in variables.items()))
                typer.echo("Its state is empty at the start and gone at the end. Ctrl-C ends it.", err=True)
            await stop.wait()

    run_interruptibly(lambda stop: serve(stop.event), begun=lambda: True)


def demo(context: typer.Context) -> None:
    """Show the main job on the samples, against the embedded sandbox."""
    from bulk.cli.demo import demonstrate  # noqa: PLC0415  # polars and servers are loaded only when wanted
    from bulk.cli.progress import watching  # noqa: PLC0415

    options = settings_of(context)
    with watching(options) as watcher:
        exit_code = run_interruptibly(
            lambda stop: demonstrate(options, watcher, stop), begun=lambda: watcher.run is not None
        )
    raise typer.Exit(exit_code)

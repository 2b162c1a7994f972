"""`bulk check`."""

import typer

from bulk.cli.common import copies_deleted, run_interruptibly, settings_of
from bulk.cli.options import ResourceName, RowOptions, SourceName, expanded
from bulk.model import Event, Rejection


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(expanded(check))


def check(
    context: typer.Context,
    resource: ResourceName,
    source: SourceName,
    *,
    reading: RowOptions,
) -> None:
    """Find every fault in a file. No call is made and nothing is recorded."""
    from bulk.checking import check as checked  # noqa: PLC0415  # polars is loaded only when something is read
    from bulk.cli.json_output import group_document, print_json, rejection_documents  # noqa: PLC0415
    from bulk.cli.progress import watching  # noqa: PLC0415
    from bulk.cli.screen import show_check  # noqa: PLC0415
    from bulk.formats import shown  # noqa: PLC0415
    from bulk.validation import Groups  # noqa: PLC0415

    options = settings_of(context)
    order = reading.order(resource, source)
    groups, invalid, rejected = Groups(), set[int](), list[Rejection]()

    async def sweep() -> int:
        read = 0
        async for rows, rejections in checked(order, watcher):
            read += rows
            invalid.update(rejection.row for rejection in rejections)
            groups.add(rejections)
            if options.json:
                rejected.extend(rejections)
            watcher(Event(kind="checking", data={"read": read, "invalid": len(invalid)}))
        return read

    with copies_deleted(), watching(options) as watcher:
        read = run_interruptibly(lambda _: sweep(), begun=lambda: False)
    exit_code = 3 if invalid else 0
    if options.json:
        print_json(
            {
                "resource": resource,
                "operation": "check",
                "source": {"path": shown(source), "rows": read},
                "rows": {"read": read, "valid": read - len(invalid), "invalid": len(invalid)},
                "groups": [group_document(group) for group in groups.all()],
                "violations": [
                    document
                    for rejection in sorted(rejected, key=lambda one: one.row)
                    for document in rejection_documents(rejection, watcher.files)
                ],
                "exit_code": exit_code,
            }
        )
    elif options.tells(exit_code):
        show_check(options, shown(source), files=watcher.files, read=read, invalid=len(invalid), groups=groups.all())
    raise typer.Exit(exit_code)

"""Options about what to read and how, shared by the commands that read a file."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from bulk.errors import UsageError
from bulk.model import listed

if TYPE_CHECKING:
    from bulk.orders import Order


def _resources(incomplete: str) -> list[str]:
    """Names of resources, for the shell to complete."""
    from bulk.connectors import connectors  # noqa: PLC0415  # only when asked

    names = (f"{connector.name}.{resource.name}" for connector in connectors() for resource in connector.resources)
    return [name for name in names if name.startswith(incomplete)]


ResourceName = Annotated[
    str,
    typer.Argument(
        metavar="RESOURCE", help="Such as luminous.products; see bulk resources.", autocompletion=_resources
    ),
]
SourceName = Annotated[
    str, typer.Argument(metavar="SOURCE", help="A path, a glob, - for stdin, or an object-store address.")
]
Format = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="csv, tsv, parquet, xlsx, ndjson or json; by default after the suffix."),
]
Sheet = Annotated[str | None, typer.Option(metavar="NAME", help="Sheet of a workbook; by default the first.")]
Encoding = Annotated[str | None, typer.Option(metavar="NAME", help="Text encoding; by default detected.")]
Delimiter = Annotated[str | None, typer.Option(metavar="CHAR", help="Between cells; by default detected.")]
MatchBy = Annotated[str | None, typer.Option(metavar="COLUMN", help="Column that names the records, such as id.")]
MappingFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="TOML file that renames, fills and splits columns of a foreign sheet."),
]
Clear = Annotated[str, typer.Option(metavar="TEXT", help="Cell that sets a field to null.")]
Empty = Annotated[str, typer.Option(metavar="TEXT", help="Cell that sets a list to empty.")]
Mode = Annotated[
    str | None,
    typer.Option(metavar="upsert|create|update", help="What to do with records: write all, only new or only old ones."),
]
SetRoles = Annotated[bool, typer.Option("--set-roles", help="Roles of a row replace those that are there (default).")]
AddRoles = Annotated[bool, typer.Option("--add-roles", help="Roles of a row are added to those that are there.")]
RemoveRoles = Annotated[
    bool, typer.Option("--remove-roles", help="Roles of a row are taken from those that are there.")
]
Limit = Annotated[int | None, typer.Option(min=1, metavar="N", help="Read no more than N rows.")]


def order_from(
    resource: str,
    source: str,
    *,
    format: str | None,
    sheet: str | None,
    encoding: str | None,
    delimiter: str | None,
    match_by: str | None,
    mapping: Path | None = None,
    clear: str = "<clear>",
    empty: str = "<empty>",
    limit: int | None,
    decisions: Mapping[str, str] = MappingProxyType({}),
) -> "Order":
    """The options as one value."""
    from bulk.contracts import ReadOptions  # noqa: PLC0415  # polars is loaded only when something is read
    from bulk.orders import Order  # noqa: PLC0415

    tab = {"\\t": "\t", "tab": "\t"}
    return Order(
        resource=resource,
        source=source,
        read=ReadOptions(
            format=format,
            sheet=sheet,
            encoding=encoding,
            delimiter=None if delimiter is None else tab.get(delimiter, delimiter),
        ),
        match_by=match_by,
        mapping=mapping,
        clear=clear,
        empty=empty,
        limit=limit,
        decisions=decisions,
    )


def decided(mode: str | None, *, set_roles: bool, add_roles: bool, remove_roles: bool) -> Mapping[str, str]:
    """What was decided about the writing; raises `UsageError` where that contradicts itself."""
    roles = [name for name, given in (("set", set_roles), ("add", add_roles), ("remove", remove_roles)) if given]
    if len(roles) > 1:
        raise UsageError(f"{listed([f'--{name}-roles' for name in roles])} do not go together", advice="Give one.")
    made = {} if mode is None else {"mode": mode}
    return made | {"roles": roles[0]} if roles else made

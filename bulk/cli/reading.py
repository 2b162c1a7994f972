"""Options about what to read and how, shared by the commands that read a file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bulk.contracts import ReadOptions

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
MatchBy = Annotated[str | None, typer.Option(metavar="COLUMN", help="Column that names the records: sku or id.")]
MappingFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="TOML file that renames, fills and splits columns of a foreign sheet."),
]
Clear = Annotated[str, typer.Option(metavar="TEXT", help="Cell that sets a field to null.")]
Empty = Annotated[str, typer.Option(metavar="TEXT", help="Cell that sets a list to empty.")]
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
    mapping: Path | None,
    clear: str,
    empty: str,
    limit: int | None,
) -> "Order":
    """The options as one value."""
    from bulk.orders import Order  # noqa: PLC0415  # polars is loaded only when something is read

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
    )

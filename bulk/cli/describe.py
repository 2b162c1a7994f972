"""`bulk resources`, `bulk fields` and `bulk template`: what can be loaded, and how it is written down."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bulk.cli.common import settings_of
from bulk.cli.options import ResourceName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulk.contracts import Resource


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(resources)
    app.command()(fields)
    app.command()(template)


def resources(context: typer.Context) -> None:
    """List what can be imported."""
    from bulk.cli.json_output import print_json  # noqa: PLC0415  # only when needed
    from bulk.cli.tables import show_table  # noqa: PLC0415
    from bulk.connectors import connectors  # noqa: PLC0415

    found = [(connector, resource) for connector in connectors() for resource in connector.resources]
    if settings_of(context).json:
        print_json(
            [
                {
                    "resource": f"{connector.name}.{resource.name}",
                    "title": resource.title,
                    "keys": resource.keys,
                    "deletes": resource.delete is not None,
                    "choices": {choice.name: choice.values for choice in resource.choices},
                    "reference": resource.reference,
                }
                for connector, resource in found
            ]
        )
    else:
        show_table(
            ("resource", "what", "matched by", "bulk delete", "documentation"),
            [
                (
                    f"{connector.name}.{resource.name}",
                    resource.title,
                    " or ".join(resource.keys),
                    "no" if resource.delete is None else "yes",
                    resource.reference,
                )
                for connector, resource in found
            ],
        )


def fields(context: typer.Context, resource: ResourceName) -> None:
    """List the columns of a resource: their type and constraints, with the documentation reference."""
    from bulk.cli.json_output import print_json  # noqa: PLC0415  # only when needed
    from bulk.cli.tables import show_fields  # noqa: PLC0415
    from bulk.connectors import find  # noqa: PLC0415

    _, found = find(resource)
    columns = list(_columns(found))
    rules = _rules(found)
    if settings_of(context).json:
        print_json(
            {
                "resource": resource,
                "keys": list(found.keys),
                "columns": columns,
                "rules": rules,
                "notes": list(found.notes),
            }
        )
    else:
        show_fields(found, columns, rules)


def template(
    context: typer.Context,
    resource: ResourceName,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="csv, xlsx, parquet, after the suffix.")
    ] = None,
) -> None:
    """Write an empty spreadsheet with the right headers."""
    from bulk.cli.json_output import print_json  # noqa: PLC0415  # only when needed
    from bulk.cli.screen import wrote  # noqa: PLC0415
    from bulk.connectors import find  # noqa: PLC0415

    _, found = find(resource)
    header = _headers(found)
    if output is None:
        if settings_of(context).json:
            print_json({"resource": resource, "columns": header})
        else:
            typer.echo(",".join(header))
        return
    from bulk.formats import format_to_write  # noqa: PLC0415  # polars is loaded only to write a table

    with format_to_write(str(output)).writer(str(output), header):
        pass
    wrote(settings_of(context), str(output), 0)


def _headers(resource: "Resource") -> list[str]:
    """Columns to fill in: of objects the parts rather than the whole, of what has a member for each language one."""
    names = [
        one["column"].replace("*", one["example"]) if one["open"] else one["column"]
        for one in _columns(resource)
        if not one["read_only"] and (not one["open"] or one["example"])
    ]
    return [name for name in names if not any(other.startswith(f"{name}.") for other in names)]


def _columns(resource: "Resource") -> "Iterator[dict[str, Any]]":
    """Every column of a resource: its own, those of other rows only, and those that are only read."""
    from bulk.validation.schema import compile_schema  # noqa: PLC0415  # polars is not needed, but pydantic is

    other = resource.other_rows
    seen: set[str] = set()
    kinds: list[tuple[Any, str | None, bool]] = [(resource.model, None, False)]
    if other is not None:
        kinds.append((other.model, other.title, False))
    shown = (resource.read_only, None if other is None else other.read_only)
    kinds += [(model, None, True) for model in shown if model is not None]
    for model, rows, read_only in kinds:
        for column in compile_schema(model).columns:
            if column.name in seen:
                continue
            seen.add(column.name)
            yield {
                "column": column.name,
                "type": column.type_text,
                "constraints": "read-only" if read_only else column.constraint_text,
                "nullable": column.nullable,
                "aliases": list(column.aliases),
                "description": column.description,
                "reference": column.reference or resource.reference,
                "rows": rows,
                "read_only": read_only,
                "open": column.open,
                "example": column.example,
            }
        if other is not None and other.column not in seen:
            seen.add(other.column)
            yield {
                "column": other.column,
                "type": "text",
                "constraints": "",
                "nullable": False,
                "aliases": [],
                "description": f"{resource.keys[0]} of the row that {other.title} goes with; tells such rows",
                "reference": resource.reference,
                "rows": other.title,
                "read_only": False,
                "open": False,
                "example": None,
            }


def _rules(resource: "Resource") -> list[str]:
    """Rules that join columns, a sentence each."""
    from bulk.validation.schema import compile_schema  # noqa: PLC0415  # see above

    rules = [rule.describe() for rule in compile_schema(resource.model).rules]
    if resource.other_rows is not None:
        title = resource.other_rows.title
        theirs = (rule.describe() for rule in compile_schema(resource.other_rows.model).rules)
        rules += [f"{title}: {rule}" for rule in theirs if rule not in rules]
    return rules

"""Options that several commands have in common; those that go together are one value, which a command takes whole."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bulk.errors import UsageError
from bulk.model import listed

if TYPE_CHECKING:
    from bulk.access import Politeness
    from bulk.orders import Order

MOST_WORKERS = 16
"""Processes that send at most: what they enter in the ledger, they enter one after the other."""


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
MaxFailures = Annotated[str | None, typer.Option(metavar="N|P%", help="Stop when more rows than this have failed.")]
All = Annotated[bool, typer.Option("--all", help="Send rows that have not changed too.")]
Sandbox = Annotated[bool, typer.Option("--sandbox", help="Use an embedded sandbox instead of the real API.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and say what would be sent; send nothing.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start anew, even if a run of this file is unfinished.")]
Verify = Annotated[
    bool, typer.Option("--verify", help="Read each record first; leave alone what somebody else has changed.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Confirm what would be asked.")]


@dataclass(frozen=True, kw_only=True)
class PaceOptions:
    """How the API is treated."""

    rate: Annotated[
        str | None, typer.Option(metavar="50/s|600/min|none", help="Requests at most; none lets the API decide.")
    ] = None
    burst: Annotated[int | None, typer.Option(min=1, help="Requests that may go at once after a quiet time.")] = None
    concurrency: Annotated[int | None, typer.Option(min=1, max=1000, help="Requests in flight at most.")] = None

    def politeness(self) -> "Politeness":
        """The options as a session takes them."""
        from bulk.access import Politeness  # noqa: PLC0415  # polars and aiohttp are loaded only when needed

        return Politeness(**dataclasses.asdict(self))


@dataclass(frozen=True, kw_only=True)
class SendOptions(PaceOptions):
    """The same for what sends rows."""

    workers: Annotated[
        int, typer.Option(min=1, max=MOST_WORKERS, help="Processes that send, each on a core of its own.")
    ] = 1


@dataclass(frozen=True, kw_only=True)
class KeyOptions:
    """How to read from a file which records are meant."""

    match_by: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column that names the records, such as id.")
    ] = None
    format: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="csv, tsv, parquet, xlsx, ndjson or json; by default after the suffix."),
    ] = None
    sheet: Annotated[str | None, typer.Option(metavar="NAME", help="Sheet of a workbook; by default the first.")] = None
    encoding: Annotated[str | None, typer.Option(metavar="NAME", help="Text encoding; by default detected.")] = None
    delimiter: Annotated[str | None, typer.Option(metavar="CHAR", help="Between cells; by default detected.")] = None
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Read no more than N rows.")] = None

    def order(self, resource: str, source: str) -> "Order":
        """What to read, as a session takes it."""
        from bulk.contracts import ReadOptions  # noqa: PLC0415  # polars is loaded only when something is read
        from bulk.orders import Order  # noqa: PLC0415

        tab = {"\\t": "\t", "tab": "\t"}
        return Order(
            resource=resource,
            source=source,
            read=ReadOptions(
                format=self.format,
                sheet=self.sheet,
                encoding=self.encoding,
                delimiter=None if self.delimiter is None else tab.get(self.delimiter, self.delimiter),
            ),
            match_by=self.match_by,
            limit=self.limit,
        )


@dataclass(frozen=True, kw_only=True)
class RowOptions(KeyOptions):
    """How to read whole rows from a file."""

    mapping: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TOML file that renames, fills and splits columns of a foreign sheet."),
    ] = None
    clear: Annotated[str, typer.Option(metavar="TEXT", help="Cell that sets a field to null.")] = "<clear>"
    empty: Annotated[str, typer.Option(metavar="TEXT", help="Cell that sets a list to empty.")] = "<empty>"

    def order(self, resource: str, source: str, decisions: Mapping[str, str] = MappingProxyType({})) -> "Order":
        """The same, with what was decided about the writing."""
        order = super().order(resource, source)
        return dataclasses.replace(order, mapping=self.mapping, clear=self.clear, empty=self.empty, decisions=decisions)


@dataclass(frozen=True, kw_only=True)
class WriteOptions:
    """What is decided about the writing, where a resource offers it."""

    mode: Annotated[
        str | None,
        typer.Option(
            metavar="upsert|create|update", help="What to do with records: write all, only new or only old ones."
        ),
    ] = None
    set_roles: Annotated[
        bool, typer.Option("--set-roles", help="Roles of a row replace those that are there (default).")
    ] = False
    add_roles: Annotated[
        bool, typer.Option("--add-roles", help="Roles of a row are added to those that are there.")
    ] = False
    remove_roles: Annotated[
        bool, typer.Option("--remove-roles", help="Roles of a row are taken from those that are there.")
    ] = False

    def decisions(self) -> Mapping[str, str]:
        """See `Resource.chosen`; raises `UsageError` where they contradict each other."""
        roles = [how for how in ("set", "add", "remove") if getattr(self, f"{how}_roles")]
        if len(roles) > 1:
            raise UsageError(f"{listed([f'--{how}-roles' for how in roles])} do not go together", advice="Give one.")
        made = {} if self.mode is None else {"mode": self.mode}
        return made | {"roles": roles[0]} if roles else made


def expanded(command: Callable[..., None]) -> Callable[..., None]:
    """The command as typer takes it, which knows no groups: with the options of each group in its place."""
    signature = inspect.signature(command)
    groups: dict[str, Any] = {
        name: one.annotation for name, one in signature.parameters.items() if dataclasses.is_dataclass(one.annotation)
    }

    @wraps(command)
    def run(**given: Any) -> None:  # noqa: ANN401  # as the signature says
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in dataclasses.fields(group)})
        command(**given)

    parameters = [
        parameter
        for name, one in signature.parameters.items()
        for parameter in (_parameters(groups[name]) if name in groups else [one])
    ]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # documented by inspect
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def _parameters(group: Any) -> list[inspect.Parameter]:  # noqa: ANN401  # a dataclass
    return [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type)
        for field in dataclasses.fields(group)
    ]

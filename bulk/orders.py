"""What is asked of a session: what to read and how, or what to export and where to."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bulk.contracts import ReadOptions
from bulk.jobs.check.reading import Reading
from bulk.validation import load_mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What to read, and how."""

    resource: str
    """Such as `luminous.products`."""
    source: str
    """Path, glob, `-` or object-store address."""
    read: ReadOptions = field(default_factory=ReadOptions)
    """How to read the file."""
    match_by: str | None = None
    """Column that names the records."""
    mapping: Path | None = None
    """Mapping file for a foreign spreadsheet."""
    clear: str = "<clear>"
    """Cell that stands for null."""
    empty: str = "<empty>"
    """Cell that stands for an empty list."""
    limit: int | None = None
    """Read no more than so many rows."""
    decisions: Mapping[str, str] = field(default_factory=dict)
    """What was decided about the writing, see `Resource.chosen`."""

    def reading(self) -> Reading:
        """The part of it that the checker needs; reads the mapping file."""
        mapping = None if self.mapping is None else load_mapping(self.mapping)
        return Reading(match_by=self.match_by, mapping=mapping, clear=self.clear, empty=self.empty, limit=self.limit)


@dataclass(frozen=True, kw_only=True, slots=True)
class Extract:
    """What to export, and where to."""

    resource: str
    """Such as `luminous.products`."""
    path: str
    """Destination; the format follows its suffix."""
    since: datetime | None = None
    """Only what has changed at this time or later, in UTC."""
    last: bool = False
    """Only what has changed since the last export."""
    where: Sequence[str] = ()
    """Filters, such as `retail_price[gte]=10`."""
    columns: Sequence[str] | None = None
    """These columns in this order; None for all."""
    fast: bool = False
    """By the quickest way that the API has, even if its records are less complete."""
    neutralise: bool = True
    """Whether cells that a spreadsheet would run as formulas are made harmless; an import undoes that."""

    def options(self) -> str:
        """As the ledger keeps it."""
        said = dataclasses.asdict(self) | {"since": None if self.since is None else self.since.isoformat()}
        return json.dumps({name: value for name, value in said.items() if name not in {"resource", "path"}})


def absolute(source: str) -> str:
    """A local source under a name that means the same from any folder."""
    return source if source == "-" or "://" in source or source.startswith("run ") else str(Path(source).absolute())

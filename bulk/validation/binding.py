"""The columns of one file, and what each of them means."""

from dataclasses import dataclass

from bulk.validation.columns import Column
from bulk.validation.mapping import Split


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """A column and where its cells come from."""

    column: Column
    """What the cells mean."""
    header: str | None
    """The file's column; None for one that is only filled in."""
    split: Split | None = None
    """How the file's cell is taken apart, if it holds several values."""
    part: int = 0
    """Which of these values is meant."""
    array: bool = False
    """Whether the file's cell is a list, written as one."""
    fill: str | None = None
    """Text for blank cells."""

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self.column.name if self.header is None else self.header


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """How the columns of a file are read."""

    header: tuple[str, ...]
    """All columns of the file."""
    columns: tuple[Bound, ...]
    """Those that are loaded, in the order of the document."""
    key: Bound
    """The one that names the records."""
    read_only: tuple[Bound, ...] = ()
    """Those that the API does not take back, keys that were not chosen among them."""
    foreign: tuple[Bound, ...] = ()
    """Those that only rows of another kind have."""
    notes: tuple[str, ...] = ()
    """What a person should know about it, a sentence each."""

    def column_for(self, path: str) -> str | None:
        """The file's column behind a dotted path of the API: the nearest one above it, or the first one below it.

        Elements of a list may stand in brackets, as in `alternate_skus[A-1].id`.
        """
        known = (*self.columns, *self.read_only)
        above = [one for one in known if f"{path}.".startswith((f"{one.column.name}.", f"{one.column.name}["))]
        below = [one for one in known if one.column.name.startswith(f"{path}.")]
        if above:
            return max(above, key=lambda one: len(one.column.name)).label
        return below[0].label if below else None

    def path_of(self, label: str) -> str | None:
        """The dotted path that a file's column is loaded to, or shows; None if there is none, or several."""
        known = (one for one in (*self.columns, *self.read_only) if one.header == label and one.split is None)
        return next((one.column.name for one in known), None)

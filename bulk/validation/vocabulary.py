"""What a name at the top of a column can mean at all, seen from one kind of row."""

from dataclasses import dataclass
from enum import Enum, auto

from bulk.validation.columns import Column, Schema, nearest, plain


class Use(Enum):
    """What becomes of a column."""

    LOADED = auto()
    """Its cells go into the document."""
    READ_ONLY = auto()
    """The API shows it and does not take it back."""
    FOREIGN = auto()
    """Only rows of another kind have it."""
    IGNORED = auto()
    """It tells the kinds of rows apart, or is left out on purpose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """The names that a table may have."""

    schema: Schema
    """What the rows at hand hold."""
    read_only: Schema | None = None
    """What they show besides."""
    others: tuple[Schema, ...] = ()
    """What rows of other kinds hold."""
    ignored: tuple[str, ...] = ()
    """Names that are left alone, unless the schema knows them."""

    def meaning(self, name: str) -> tuple[Use, Column | None] | None:
        """What a name means; None if it is not known."""
        if column := self.schema.find(name):
            return Use.LOADED, column
        if self.ignores(name):
            return Use.IGNORED, None
        if self.read_only is not None and (column := self.read_only.find(name)):
            return Use.READ_ONLY, column
        column = self.elsewhere(name)
        return None if column is None else (Use.FOREIGN, column)

    def ignores(self, name: str) -> bool:
        """Whether a name is among those that are left alone."""
        return plain(name) in {plain(one) for one in self.ignored}

    def elsewhere(self, name: str) -> Column | None:
        """The column that a name means in rows of another kind."""
        return next((column for other in self.others if (column := other.find(name))), None)

    def suggestion(self, name: str) -> str | None:
        """Which known name a person may have meant, as a question."""
        schemas = [*self.others, *([self.read_only] if self.read_only else []), self.schema]
        names = {plain(one): one for one in self.ignored}
        for schema in schemas:
            names |= schema.names
        found = nearest(name, names)
        return f"did you mean {found}?" if found else None

"""How a model says what an API takes: a base class, notes on fields, and rules that join fields.

    class Product(Document):
        reference = "https://..."
        rules = (ExactlyOne("sku", "id"), NotBoth("category_id", "category.name"))

        sku: Annotated[str, Field(max_length=100, description="Its SKU"), Identifier()] = UNSET
        upc: Annotated[str | None, Field(description="Its barcode"), Identifier()] = UNSET

A field that may be left out has the default `UNSET`; one that may also be null has `| None`. A field without default
must be sent whenever its object is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from bulk.validation.joint_rules import (
    ExactlyOne,
    JointRule,
    NotBoth,
    NotSwapped,
    OnlyWith,
    RequiredUnless,
    RequiredWhen,
)

__all__ = [
    "UNSET",
    "Advice",
    "Aliases",
    "Consequence",
    "Document",
    "Element",
    "ExactlyOne",
    "Expected",
    "Identifier",
    "JointRule",
    "NotBoth",
    "NotSwapped",
    "OnlyWith",
    "Reference",
    "RequiredUnless",
    "RequiredWhen",
    "Unique",
]

UNSET: Any = None
"""Default of a field that need not be sent. Whether it was set is told by `model_fields_set`, never by its value."""


@dataclass(frozen=True)
class Aliases:
    """Other headers under which people know a field."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


@dataclass(frozen=True)
class Identifier:
    """Text made of digits or codes, which spreadsheets like to turn into numbers and dates."""

    even: bool = True
    """Whether they usually have the same number of digits, so that shorter ones stand out; postal codes do not."""


@dataclass(frozen=True)
class Unique:
    """Text of which no two rows of a source may have the same, regardless of case and surrounding space."""


@dataclass(frozen=True)
class Reference:
    """Where this field is documented, if not where the rest of the model is."""

    address: str


@dataclass(frozen=True)
class Consequence:
    """What it does to the record when this field is cleared or emptied, in the third person."""

    text: str


@dataclass(frozen=True)
class Advice:
    """What to do about a value that is not allowed here."""

    text: str


@dataclass(frozen=True)
class Expected:
    """What text usually looks like. Other text is sent all the same, and remarked upon."""

    pattern: str
    """Rust regular expression that is usually found in it."""
    usual: str
    """What is usual, to be read after the name of the column: `is usually of letters and digits`."""
    why: str
    """What follows where it is not, a sentence."""


@dataclass(frozen=True)
class Element:
    """A field that tables may also hold as an element of a list, in a column of another name."""

    of: str
    """Dotted name of that column."""
    place: int
    """Which of its elements, from 0."""


class Document(BaseModel):
    """Base of every model: strict, closed, finite; applies the declared rules that join fields."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    reference: ClassVar[str] = ""
    """Where the API documents the object."""
    rules: ClassVar[Sequence[JointRule]] = ()
    """Rules that join fields, by dotted path from here."""

    @model_validator(mode="after")
    def _apply_rules(self) -> Self:
        for rule in self.rules:
            if rule.is_broken(self):
                raise PydanticCustomError(rule.name, "{text}", {"text": rule.describe()})
        return self

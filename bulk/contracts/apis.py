"""How an API is described: conversations as generators, and two values that a connector is made of."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from bulk.contracts.transport import Auth
from bulk.errors import UsageError
from bulk.model import ABSENT, Documents, Limits, Outcome, Record, Request, Response, listed

if TYPE_CHECKING:
    from pydantic import BaseModel

Flow: TypeAlias = Generator[Request, Response, Outcome]
"""A conversation about one row: yields requests, is sent responses, has `ApiError`s thrown in, returns an outcome.

No I/O inside, so it is tested by stepping it. An error it does not catch becomes the row's fate.
"""

T = TypeVar("T")
Enquiry: TypeAlias = Generator[Request, Response, T]
"""A conversation that only reads, and returns what it found. Errors are thrown in as into a `Flow`."""


UNREADABLE: Final = frozenset({404, 405, 501})
"""Answers that say that records are not to be read there at all."""


class Found(dict[str, Mapping[str, Any]]):
    """Records by the keys that they were looked for by; only those that are there."""

    def __init__(self, records: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        super().__init__(records or {})
        self.taken: dict[str, str] = {}
        """Keys that only another record goes by, as by an alternate SKU, and the names of these."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some records of a listing."""

    records: Sequence[Mapping[str, Any]]
    """As the API gave them."""
    total: int | None = None
    """Records of the whole listing, where the API says."""
    resume: str | None = None
    """What `Resource.walk` takes to go on after this page in another process; None where that cannot be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """The records of a page, read."""

    documents: Documents
    """As documents of the model."""
    ids: Sequence[str | None]
    """The API's own id of each."""
    changes: Sequence[float | None]
    """When each last changed, in seconds since the epoch."""

    @classmethod
    def of(cls, documents: Documents, ids: Iterable[object], changes: Iterable[datetime | None]) -> "Listed":
        """Documents with their ids and moments as they are read."""
        return cls(
            documents=documents,
            ids=[None if id is None or id is ABSENT else str(id) for id in ids],
            changes=[None if at is None else at.timestamp() for at in changes],
        )


Walk: TypeAlias = Generator[Request | Page, Response | None, None]
"""A listing, page by page: yields requests, is sent their responses; yields pages, is sent None."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """Which records to list, and how."""

    since: datetime | None = None
    """Only records that have changed at this time or later, in UTC."""
    where: tuple[tuple[str, str], ...] = ()
    """Filters as the API takes them, such as `("retail_price[gte]", "10")`; checked by `Resource.filter`."""
    fast: bool = False
    """By the quickest way that the API has, even if its records are less complete."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What an error answer says, in the API's own words."""

    message: str
    """One sentence."""
    code: str | None = None
    """A short stable word, where the API has one; of a 403, only where that concerns one record and no other."""
    faults: tuple[tuple[str, str], ...] = ()
    """Pairs of field path and message."""
    body: str | None = None
    """The answer without anything secret, to be kept; None where it may be kept as it is."""


@dataclass(frozen=True, kw_only=True)
class OtherRows:
    """Rows of a table that mean something else than the resource's own: told by one column."""

    title: str
    """One of them, with its article, for messages: `a variant`, `a new channel`."""
    column: str
    """The column that tells them."""
    filled: bool
    """Whether its cell is filled in such a row, and blank in the resource's own; otherwise the other way round."""
    model: "type[BaseModel]"
    """What such a row holds."""
    keys: tuple[str, ...]
    """Columns that can name such a row, best first."""
    read_only: "type[BaseModel] | None" = None
    """Columns that such a row shows, but that the API does not take back."""
    within: str | None = None
    """The field of the resource's own document in which they travel, whose row is named by `column`; None where they
    are records by themselves."""
    caution: str = ""
    """What sending them may do to those that the API has already, a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Something about the writing of a resource that the user may decide, such as the mode."""

    name: str
    """Such as `mode`; the keyword under which `Resource.upsert` is told."""
    values: tuple[str, ...]
    """What can be decided; the first is what holds otherwise."""
    description: str
    """What it is about, a sentence."""
    alters: frozenset[str] = frozenset()
    """Fields that do not mean what is to be there in the end, unless the first value holds: to be added, say."""
    is_done: Callable[[str, Any, Any], bool] = lambda decided, given, present: False  # noqa: ARG005  # nobody knows
    """Whether, as it was decided, what is given for such a field changes nothing about what is there."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One importable thing of an API."""

    name: str
    """Such as `products`."""
    title: str
    """One line for `bulk resources`."""
    model: "type[BaseModel]"
    """The only place where its constraints are written."""
    keys: tuple[str, ...]
    """Columns that can name a record, best first; exactly one of them is sent."""
    upsert: Callable[..., Flow]
    """Create or update one record. Writes `Record.payload`, and `Record.whole` where that turns out to be needed.

    Takes the record, and what was decided by the names of `choices`.
    """
    reference: str
    """Where the write operation is documented."""
    read: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    """A record of the API as a document of the model, with its read-only fields and members.

    Holds a field only if the API's record does, null where it is null; nothing secret.
    """
    redacted: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    """A record of the API without anything secret."""
    get: Callable[[str, str], Enquiry[Mapping[str, Any] | None]]
    """One record of the API by key column and key; None if there is none."""
    find: Callable[[str, Sequence[str]], Enquiry[Mapping[str, Mapping[str, Any]]]]
    """Records of the API by key column and keys, as few calls as it takes; only those that were found, by key.

    A record that goes by a key only secondarily, such as an alternate SKU, is not found; `Found` may say so.
    """
    find_at_once: int
    """Keys that `find` is best given at once."""
    needs_current: Callable[[Record], bool]
    """Whether a record cannot be written or deleted safely unless it was read, so that `find` is called for it."""
    walk: Callable[[Query, str | None], Walk]
    """All records that fit a query, from the beginning or after the page that said `resume`."""
    filter: Callable[[str], tuple[str, str]]
    """A filter, as typed, as the API takes it; raises `UsageError`."""
    changed_at: Callable[[Mapping[str, Any]], datetime | None]
    """When a record of the API last changed, in UTC."""
    read_listed: Callable[[Sequence[Mapping[str, Any]]], Listed] | None = None
    """What `read` and `changed_at` make of the records of a page at once; None where that saves nothing."""
    other_rows: OtherRows | None = None
    """Rows that mean something else, if there are any."""
    partial: frozenset[str] = frozenset()
    """Fields of which `upsert` keeps what is not sent, such as an object of custom fields."""
    staying: frozenset[str] = frozenset()
    """Fields of several parts that cannot be removed: clearing all parts of one changes nothing."""
    whole: frozenset[str] = frozenset()
    """Fields that are written as one: one with fewer members than before is another."""
    read_only: "type[BaseModel] | None" = None
    """Columns that an export has, but that the API does not take back."""
    notes: tuple[str, ...] = ()
    """What the documentation leaves open and what is done about it, a sentence each."""
    choices: tuple[Choice, ...] = ()
    """What the user may decide about `upsert`."""
    fresh: "Callable[[], Resource] | None" = None
    """The same resource with a memory of its own, for the conversations of one run; None where it needs none."""
    complete: Callable[[Sequence[Record]], Enquiry[Sequence[Record]]] | None = None
    """What conversations about records that were just read would ask for one by one, asked at once; gives the records
    with what was found. None if there is nothing of the kind."""
    delete: Callable[[Record], Flow] | None = None
    """Delete one record, whose payload holds its key and `delete_with`; None where the API has no such operation."""
    delete_with: frozenset[str] = frozenset()
    """Read-only columns that a deletion heeds where the file has them, such as a version that must still hold."""
    decided: Mapping[str, str] = field(default_factory=dict)
    """What was decided, see `chosen`, where it is not what holds anyway."""

    @property
    def names(self) -> tuple[str, ...]:
        """Columns by which records can be found: its keys, and those of rows that are records of another kind."""
        other = self.other_rows
        return self.keys if other is None or other.within is not None else (*self.keys, *other.keys)

    def chosen(self, decisions: Mapping[str, str]) -> "Resource":
        """The resource as it was decided; raises `UsageError` for what cannot be decided about it."""
        values = {choice.name: choice.values for choice in self.choices}
        for name, value in decisions.items():
            if name not in values:
                raise UsageError(f"{self.name} have no {name} to choose")
            if value not in values[name]:
                raise UsageError(f"{name} cannot be {value!r}", advice=f"It can be {listed(values[name])}.")
        decided = {name: value for name, value in decisions.items() if value != values[name][0]}
        return replace(self, upsert=partial(self.upsert, **decisions), decided=decided) if decisions else self

    @property
    def altered(self) -> frozenset[str]:
        """Fields that, as it was decided, do not mean what is to be there in the end."""
        if not self.decided:
            return frozenset()
        return frozenset[str]().union(*(one.alters for one in self.choices if one.name in self.decided))

    def is_done(self, field: str, given: object, present: object) -> bool:
        """Whether such a field changes nothing about what is there, as it was decided."""
        return any(
            one.is_done(self.decided[one.name], given, present)
            for one in self.choices
            if one.name in self.decided and field in one.alters
        )

    @property
    def meaning(self) -> str:
        """What was decided about the meaning of documents, as a text; empty where they mean what is to be there."""
        told = (
            f"{one.name} {self.decided[one.name]}" for one in self.choices if one.name in self.decided and one.alters
        )
        return ", ".join(told)


@dataclass(frozen=True, kw_only=True)
class Connector:
    """One API. Describes; does not act."""

    name: str
    """Such as `luminous`."""
    title: str
    """Its proper name."""
    limits: Limits
    """Defaults of how it wants to be treated."""
    resources: tuple[Resource, ...]
    """What can be imported."""
    settings: "type[BaseModel]"
    """Model of its connection settings. Environment variables are named after the connector, or after `environment`
    of the model where its users know them otherwise, and after the field: `LUMINOUS_API_KEY`."""
    target: Callable[[Any], str]
    """Base address for given settings, without a trailing slash; raises `ConfigurationError`."""
    auth: Callable[[Any], Auth]
    """Credentials for given settings; raises `ConfigurationError`."""
    explain: Callable[[Response], Explanation]
    """Read the body of an error answer; must bear any body."""
    sandbox: str
    """Module with its embedded twin; imported only when asked for."""
    legible: Callable[[Request, Response], bool] = lambda request, response: True  # noqa: ARG005  # takes any
    """Whether a good answer is what such a request gets; else it is asked for again, as after a fault of the server."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Header fields of every request."""

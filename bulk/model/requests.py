"""What is said to an API and by it, and how it wants to be treated."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import force_setattr

from bulk.model.json import parsed
from bulk.model.rows import Status


class Request(Struct, frozen=True, kw_only=True):
    """One call to an API, relative to the connector's base address."""

    method: str
    """HTTP method, in capitals."""
    path: str
    """Path below the base address, already percent-encoded, beginning with a slash."""
    query: tuple[tuple[str, str], ...] = ()
    """Query parameters, not yet encoded."""
    body: bytes | None = None
    """What is sent along."""
    content_type: str = "application/json"
    """Of the body."""
    repeatable: bool = True
    """Whether sending it twice does no harm, so that it may be repeated after an unclear outcome."""
    reader: Callable[[bytes], Any] = parsed
    """How a good answer is taken apart, where there is a quicker way to what is wanted of it."""


class Response(Struct, frozen=True, kw_only=True):
    """What the API answered."""

    status: int
    """HTTP status."""
    headers: Mapping[str, str]
    """Header fields; look-up ignores case."""
    body: bytes
    """The body as received."""
    attempts: int = 1
    """Requests it took."""
    reader: Callable[[bytes], Any] = parsed
    """How the request wants the body to be taken apart."""
    _document: Any = UNSET
    """The body as JSON, once somebody has asked for it."""

    def json(self) -> Any:  # noqa: ANN401  # JSON is any shape; each reader checks the shape it needs
        """The body as JSON, taken apart once: not to be changed; raises ValueError when it is none."""
        if self._document is UNSET:
            force_setattr(self, "_document", self.reader(self.body))
        return self._document

    def json_or_none(self) -> Any:  # noqa: ANN401  # see above
        """The same, and None where the body is no JSON."""
        try:
            return self.json()
        except ValueError:
            return None


class Outcome(Struct, frozen=True, kw_only=True):
    """What a finished conversation about one row came to."""

    status: Status = Status.SUCCEEDED
    """`succeeded`, or `unchanged` when the API already had it."""
    outcome: str | None = None
    """`created`, `updated` or `deleted`, or `saved` where the API does not let us tell."""
    remote_id: str | None = None
    """The API's own id of the record."""
    http_status: int | None = None
    """Status of the last answer."""
    message: str | None = None
    """A remark worth keeping."""


class Limits(Struct, frozen=True, kw_only=True):
    """How an API wants to be treated. Every field may be overridden by the user."""

    rate: float | None = None
    """Requests a second at most; None lets the pace be found from the answers."""
    concurrency: int = 8
    """Requests in flight at most."""
    attempts: int = 5
    """Tries of one request while the API answers others."""
    connect_timeout: float = 10.0
    """Seconds to open a connection."""
    read_timeout: float = 30.0
    """Seconds without a byte before an attempt is given up."""
    patience: float = 120.0
    """Seconds the API may be down before the run pauses."""

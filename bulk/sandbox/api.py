"""What a twin of an API is made of: routes from calls to answers, the tokens it takes, the words of its errors."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from typing import Any, TypeAlias, TypeGuard

from bulk.sandbox.store import Store


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, as a handler sees it."""

    method: str
    """In capitals."""
    path: str
    """Below the base path of the API, as it was sent."""
    query: tuple[tuple[str, str], ...] = ()
    """Decoded, in the order sent."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Look-up ignores case."""
    body: bytes = b""
    """As received."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Values of the placeholders in the route's path, decoded."""
    target: str = ""
    """Path and query together, byte by byte as they were sent."""

    @cached_property
    def document(self) -> Any:  # noqa: ANN401  # JSON is any shape; each handler checks the shape it needs
        """The body as JSON, by the letter of the standard; raises ValueError."""
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except RecursionError:
            raise ValueError("the body is nested too deeply") from None

    @property
    def members(self) -> Mapping[str, Any]:
        """Those of the JSON object in the body; none where there is no such object."""
        try:
            document = self.document if self.body else None
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a JSON number that a float can hold; 1e999 is read as infinity."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What is sent back."""

    status: int
    """HTTP status."""
    body: bytes = b""
    """The body as sent."""
    content_type: str = "application/json"
    """Empty for none."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further header fields."""
    malformed: str | None = None
    """Why the request breaks the documentation of the API, if it does."""
    changes: bool = True
    """Whether a success has changed a record; GET and HEAD never do, nor does, say, the issue of a token by POST."""

    @classmethod
    def json(cls, status: int, document: object, *, malformed: str | None = None) -> "Answer":
        """A JSON document."""
        return cls(status=status, body=json.dumps(document, allow_nan=False).encode(), malformed=malformed)

    def having(self, headers: Mapping[str, str]) -> "Answer":
        """The same with further header fields."""
        return replace(self, headers={**self.headers, **headers})


class RefusedCallError(Exception):
    """Ends a handler with an error answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


Handler: TypeAlias = Callable[[Call], Answer]
"""Answers one call, or raises `RefusedCallError`.

Not a coroutine: a call is served whole before the next one, so the store needs no locks.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One operation of an API."""

    method: str
    """In capitals."""
    path: str
    """Below the base path; `{name}` stands for one segment. A path without placeholders goes first."""
    handler: Handler
    """Answers it."""


def plain_error(call: Call, status: int, reason: str) -> Answer:
    """An error as `{"message": ...}`."""
    del call
    return Answer.json(status, {"message": reason or HTTPStatus(status).phrase})


def keyless(call: Call) -> str | None:
    """For APIs whose requests name no record in their body."""
    del call
    return None


def named_members(call: Call) -> tuple[str, ...]:
    """Names of the members of a body."""
    return tuple(call.members)


@dataclass(frozen=True, kw_only=True)
class Api:
    """The twin of one API: a description, from which every sandbox makes its own state."""

    name: str
    """Names it among its neighbours."""
    base: str
    """Path that all its routes lie under, such as `/external/api/v1`."""
    routes: Callable[[Store], Sequence[Route]]
    """Makes its routes over a store."""
    tokens: frozenset[str] | None
    """Bearer tokens that it takes; None if its routes see to that themselves."""
    error: Callable[[Call, int, str], Answer] = plain_error
    """How it words an error: the call, the status, and the reason if there is more to say than the status."""
    key: Callable[[Call], str | None] = keyless
    """The record that a request is about, for the log and for faults bound to it; must bear any body."""
    fields: Callable[[Call], tuple[str, ...]] = named_members
    """Names of what a request writes, for the log; must bear any body."""
    seed: Callable[[Store], None] = field(default=lambda store: None)  # noqa: ARG005  # nothing to begin with
    """Fills a new store."""
    state: Callable[[Store], Mapping[str, Any]] = Store.state
    """Its state as JSON-able values that two runs can be compared by."""

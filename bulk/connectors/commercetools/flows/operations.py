"""Every documented operation on channels, as a conversation: https://docs.commercetools.com/api/projects/channels"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from bulk.connectors.commercetools.flows.actions import Action
from bulk.connectors.commercetools.flows.answers import channel, results
from bulk.contracts import Enquiry
from bulk.errors import RefusedError
from bulk.model import Request, Response

CHANNELS: Final = "/channels"

Channel = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What can be asked of a list; None leaves a parameter out."""

    where: Sequence[str] = ()
    """Predicates, all of which must hold."""
    variables: Sequence[tuple[str, str]] = ()
    """Values of the variables in them, by names of letters and digits; one that has several stands here as often."""
    sort: Sequence[str] = ()
    """Such as `id asc`."""
    expand: Sequence[str] = ()
    """Paths of references to be resolved, such as `custom.type`."""
    limit: int | None = None
    """Records of a page, 500 at most."""
    offset: int | None = None
    """Records to skip, 10,000 at most."""
    with_total: bool | None = None
    """Whether to count the records that fit."""

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """As parameters of an address."""
        several = (("where", self.where), ("sort", self.sort), ("expand", self.expand))
        single = (("limit", self.limit), ("offset", self.offset))
        return (
            *((name, value) for name, values in several for value in values),
            *((f"var.{name}", value) for name, value in self.variables),
            *((name, str(value)) for name, value in single if value is not None),
            *(() if self.with_total is None else (("withTotal", str(self.with_total).lower()),)),
        )


def naming(column: str, names: Sequence[str]) -> Question:
    """The question for all records of which a field is one of some names, each of which names one record at most."""
    return Question(
        where=(f"{column} in :{column}s",),
        variables=[(f"{column}s", name) for name in names],
        limit=len(names),
        with_total=False,
    )


def by_id(id: str) -> str:
    """The path of a channel; an id is one segment, whatever it holds."""
    return f"{CHANNELS}/{quote(id, safe='')}"


def by_key(key: str) -> str:
    """The path of a channel; a key is one segment, whatever it holds."""
    return f"{CHANNELS}/key={quote(key, safe='')}"


def get_by_id(id: str, *, expand: Sequence[str] = ()) -> Enquiry[Channel | None]:
    """Get Channel by ID; None if there is none."""
    return (yield from _get(by_id(id), expand))


def get_by_key(key: str, *, expand: Sequence[str] = ()) -> Enquiry[Channel | None]:
    """Get Channel by Key; None if there is none."""
    return (yield from _get(by_key(key), expand))


def query(question: Question, *, path: str = CHANNELS) -> Enquiry[tuple[Sequence[Channel], Mapping[str, Any]]]:
    """Query Channels: the records of one page, and what stands around them."""
    response = yield Request(method="GET", path=path, query=question.query)
    return results(response)


def exists_by_id(id: str) -> Enquiry[bool]:
    """Check if Channel exists by ID."""
    return (yield from _exists(by_id(id)))


def exists_by_key(key: str) -> Enquiry[bool]:
    """Check if Channel exists by Key."""
    return (yield from _exists(by_key(key)))


def exists_where(where: Sequence[str], variables: Sequence[tuple[str, str]] = ()) -> Enquiry[bool]:
    """Check if Channel exists by Query Predicate."""
    return (yield from _exists(CHANNELS, Question(where=where, variables=variables).query))


def create(draft: Mapping[str, Any], *, expand: Sequence[str] = ()) -> Enquiry[tuple[Response, Channel]]:
    """Create Channel. Sent twice it would create two, or rather fail over its own key, so it is sent once."""
    return (yield from _told(CHANNELS, draft, expand, repeatable=False))


def update_by_id(
    id: str, version: int, actions: Sequence[Action], *, expand: Sequence[str] = ()
) -> Enquiry[tuple[Response, Channel]]:
    """Update Channel by ID: all actions or none, in their order."""
    return (yield from _told(by_id(id), {"version": version, "actions": list(actions)}, expand, repeatable=True))


def update_by_key(
    key: str, version: int, actions: Sequence[Action], *, expand: Sequence[str] = ()
) -> Enquiry[tuple[Response, Channel]]:
    """Update Channel by Key: all actions or none, in their order."""
    return (yield from _told(by_key(key), {"version": version, "actions": list(actions)}, expand, repeatable=True))


def delete_by_id(id: str, version: int, *, expand: Sequence[str] = ()) -> Enquiry[Response]:
    """Delete Channel by ID."""
    return (yield from _deleted(by_id(id), version, expand))


def delete_by_key(key: str, version: int, *, expand: Sequence[str] = ()) -> Enquiry[Response]:
    """Delete Channel by Key."""
    return (yield from _deleted(by_key(key), version, expand))


def _get(path: str, expand: Sequence[str]) -> Enquiry[Channel | None]:
    try:
        response = yield Request(method="GET", path=path, query=Question(expand=expand).query)
    except RefusedError as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND:
            return None
        raise
    return channel(response)


def _exists(path: str, parameters: tuple[tuple[str, str], ...] = ()) -> Enquiry[bool]:
    try:
        yield Request(method="HEAD", path=path, query=parameters)
    except RefusedError as refusal:
        if refusal.status == HTTPStatus.NOT_FOUND:
            return False
        raise
    return True


def _told(
    path: str, body: Mapping[str, Any], expand: Sequence[str], *, repeatable: bool
) -> Enquiry[tuple[Response, Channel]]:
    response = yield Request(
        method="POST",
        path=path,
        query=Question(expand=expand).query,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        repeatable=repeatable,
    )
    return response, channel(response)


def _deleted(path: str, version: int, expand: Sequence[str]) -> Enquiry[Response]:
    parameters = (("version", str(version)), *Question(expand=expand).query)
    return (yield Request(method="DELETE", path=path, query=parameters))

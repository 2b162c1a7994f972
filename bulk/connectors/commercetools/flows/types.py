"""Types of custom fields: their keys, which mean the same in every project, and what their fields take.

Reading them is a right of its own, `view_types`. Without it ids stay ids, and values go as they were read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from bulk.connectors.commercetools.flows.batches import batches
from bulk.connectors.commercetools.flows.operations import naming, query
from bulk.connectors.commercetools.reading import type_of
from bulk.contracts import Enquiry
from bulk.errors import RefusedError, UnauthorizedError, UnclearError

PATH: Final = "/types"

Record = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Type:
    """A type."""

    id: str
    key: str | None
    fields: Mapping[str, Mapping[str, Any]]
    """What each field takes, by name, as the API describes it."""


@dataclass(kw_only=True, slots=True)
class Types:
    """What is known of types: the memory of one run. None stands for a type that was asked for in vain."""

    by_id: dict[str, Type | None] = field(default_factory=dict)
    by_key: dict[str, Type | None] = field(default_factory=dict)
    readable: bool = True
    """Whether they may be read at all."""

    def of(self, identifier: Mapping[str, Any]) -> Type | None:
        """The type of this `id` or `key`, if it is known."""
        found = self.by_id.get(str(identifier.get("id")))
        return found or self.by_key.get(str(identifier.get("key")))

    def learn(self, *, ids: Iterable[str] = (), keys: Iterable[str] = ()) -> Enquiry[None]:
        """Ask for those types of which nothing has been heard yet."""
        for column, wanted, known in (("id", ids, self.by_id), ("key", keys, self.by_key)):
            news = [name for name in dict.fromkeys(wanted) if name not in known]
            for batch in batches(news):
                if not self.readable:
                    return
                for found in (yield from self._ask(column, batch)):
                    self.by_id[found.id] = found
                    if found.key is not None:
                        self.by_key[found.key] = found
                for name in batch:
                    known.setdefault(name)

    def learn_all(self, identifiers: Iterable[Mapping[str, Any]]) -> Enquiry[None]:
        """The same, by whichever of `id` and `key` is known of each."""
        wanted = list(identifiers)
        yield from self.learn(
            ids=[one["id"] for one in wanted if "id" in one],
            keys=[one["key"] for one in wanted if "id" not in one and "key" in one],
        )

    def _ask(self, column: str, names: list[str]) -> Enquiry[list[Type]]:
        try:
            records, _ = yield from query(naming(column, names), path=PATH)
        except UnauthorizedError as refusal:
            if refusal.status != HTTPStatus.FORBIDDEN:
                raise
            self.readable = False
            return []
        except (RefusedError, UnclearError):
            return []
        return [_read(record) for record in records if isinstance(record.get("id"), str)]

    def named(self, records: Iterable[Record]) -> Enquiry[list[Record]]:
        """The same channels, with the keys of the types that they have by id only."""
        records = list(records)
        yield from self.learn_all(one for record in records for one in _references(record) if "key" not in one)
        return [self._with_keys(record) for record in records]

    def _with_keys(self, record: Record) -> Record:
        """A channel with the keys of its types; most have none, and stay as they are."""
        if not isinstance(record.get("custom"), Mapping) and not isinstance(record.get("address"), Mapping):
            return record
        made = dict(record)
        if isinstance(record.get("custom"), Mapping):
            made["custom"] = self._with_key(record["custom"])
        address = record.get("address")
        if isinstance(address, Mapping) and isinstance(address.get("custom"), Mapping):
            made["address"] = {**address, "custom": self._with_key(address["custom"])}
        return made

    def _with_key(self, custom: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self.of(type_of(custom))
        if found is None or found.key is None:
            return custom
        return {**custom, "type": {"typeId": "type", "id": found.id, "key": found.key}}


def _references(record: Record) -> Iterable[Mapping[str, Any]]:
    address = record.get("address")
    inner = address.get("custom") if isinstance(address, Mapping) else None
    return [one for one in (type_of(record.get("custom")), type_of(inner)) if one]


def _read(record: Record) -> Type:
    shown = record.get("fieldDefinitions")
    definitions = [one for one in shown if isinstance(one, Mapping)] if isinstance(shown, list) else []
    key = record.get("key")
    return Type(
        id=str(record["id"]),
        key=key if isinstance(key, str) else None,
        fields={str(one.get("name")): one["type"] for one in definitions if isinstance(one.get("type"), Mapping)},
    )

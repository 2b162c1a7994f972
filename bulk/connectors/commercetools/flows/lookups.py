"""Finding channels by what names them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from bulk.connectors.commercetools.flows.answers import is_about_length
from bulk.connectors.commercetools.flows.batches import batches
from bulk.connectors.commercetools.flows.drafts import types_of
from bulk.connectors.commercetools.flows.operations import get_by_id, get_by_key, naming, query
from bulk.connectors.commercetools.flows.types import Types
from bulk.contracts import Enquiry
from bulk.errors import RefusedError
from bulk.model import Record, parsed

Channel = Mapping[str, Any]


def get_channel(types: Types, column: str, key: str) -> Enquiry[Channel | None]:
    """One channel by `key` or `id`."""
    name = key.strip()
    if not name or (column == "id" and not is_id(name)):
        return None
    found = yield from get_by_id(name) if column == "id" else get_by_key(name)
    if found is None:
        return None
    (named,) = yield from types.named([found])
    return named


def find_channels(types: Types, column: str, keys: Sequence[str]) -> Enquiry[Mapping[str, Channel]]:
    """Channels by `key` or `id`, as many of them at a time as fit into an address."""
    found: list[Channel] = []
    for batch in batches(key for key in keys if column != "id" or is_id(key)):
        found += yield from _some(column, batch)
    named = yield from types.named(found)
    by_name = {str(record.get(column)): record for record in named}
    return {key: by_name[key] for key in keys if key in by_name}


def complete(types: Types, records: Sequence[Record]) -> Enquiry[Sequence[Record]]:
    """Records that were just read, those that were renamed before under their new key; and their types are learnt."""
    documents = [parsed(record.payload) for record in records]
    renamed = [
        document["new_key"]
        for record, document in zip(records, documents, strict=True)
        if not record.current and "new_key" in document
    ]
    found = (yield from find_channels(types, "key", renamed)) if renamed else {}
    read = [
        record if record.current else replace(record, current=found.get(document.get("new_key"), record.current))
        for record, document in zip(records, documents, strict=True)
    ]
    wanted = [
        one for record, document in zip(read, documents, strict=True) for one in types_of(document, record.current)
    ]
    yield from types.learn_all(wanted)
    return read


def _some(column: str, names: Sequence[str]) -> Enquiry[list[Channel]]:
    """Channels by one question, or by several where it is too long for whoever stands before the API."""
    try:
        records, _ = yield from query(naming(column, names))
    except RefusedError as refusal:
        if len(names) == 1 or not is_about_length(refusal):
            raise
        half = len(names) // 2
        first = yield from _some(column, names[:half])
        return first + (yield from _some(column, names[half:]))
    return list(records)


def is_id(text: str) -> bool:
    """Whether a text can be an id; what cannot is refused by a question as a whole."""
    try:
        return str(UUID(text)) == text.casefold()
    except ValueError:
        return False

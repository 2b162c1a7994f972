"""Finding records by what names them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final
from urllib.parse import quote_plus

from bulk.connectors.luminous.flows.answers import Sheet, data, is_same, sheet
from bulk.contracts import Enquiry, Found
from bulk.errors import RefusedError, UnclearError
from bulk.model import Request, parsed, shorten

PER_PAGE: Final = 100
"""Records of a page, as many as there can be."""

ADDRESS: Final = 6000
"""Bytes that the SKUs of one look-up may take in the address; common limits are 8,192 for all of it."""

IGNORED: Final = "filter_ignored"
"""Code of the error where products cannot be looked up by SKU."""


def get_product(column: str, key: str) -> Enquiry[Mapping[str, Any] | None]:
    """One product by `sku` or `id`."""
    if column == "id":
        return (yield from _by_id("/products", key))
    found = yield from find_products(column, [key])
    return found.get(key)


def find_products(column: str, keys: Sequence[str]) -> Enquiry[Found]:
    """Products by `sku`, up to 100 a call, or by `id`, one a call.

    The filter matches alternate SKUs too: only an equal primary SKU is the product that was asked for. Raises
    `UnclearError` with the code `IGNORED` where the answer goes on with products that nobody asked for: without a
    filter, each call would lead through the whole catalog.
    """
    if column == "id":
        return Found((yield from _each_by_id("/products", keys)))
    found, others = Found(), dict[str, str]()
    for batch in _batches(keys):
        name, value = ("sku", batch[0]) if len(batch) == 1 else ("sku[in]", ",".join(batch))
        missing, listed, strays = batch, None, 0
        for page in count(1):
            listed = yield from one_page("/products", page, ((name, value),), before=listed)
            found.update(_named(listed.records, "sku", missing))
            others |= _alternates(listed.records)
            missing = [key for key in missing if key not in found]
            if listed.last or not missing:
                break
            strays += _strays(listed.records, batch)
            if strays > len(batch):
                raise UnclearError(
                    "Luminous answers with products that were not asked for, as if it did not know the filter by SKU",
                    code=IGNORED,
                    advice="Match by id, and export without --since.",
                )
    found.taken = {key: others[_plain(key)] for key in keys if key not in found and _plain(key) in others}
    return found


def get_channel(column: str, key: str) -> Enquiry[Mapping[str, Any] | None]:
    """One channel by `id` or `label`."""
    if column == "id":
        return (yield from _by_id("/channels", key))
    found = yield from find_channels(column, [key])
    return found.get(key)


def find_channels(column: str, keys: Sequence[str]) -> Enquiry[Mapping[str, Mapping[str, Any]]]:
    """Channels by `id` or `label`, out of the list of all: no filter of it is documented.

    Whether disabled channels are listed is not documented either, so an id that is not there is asked for by itself.
    """
    found: dict[str, Mapping[str, Any]] = {}
    missing, listed = keys, None
    for page in count(1):
        listed = yield from one_page("/channels", page, before=listed)
        found |= _named(listed.records, column, missing)
        missing = [key for key in missing if key not in found]
        if listed.last or not missing:
            break
    if column == "id":
        found |= yield from _each_by_id("/channels", missing)
    return found


def one_page(
    path: str,
    page: int,
    query: tuple[tuple[str, str], ...] = (),
    *,
    before: Sheet | None = None,
    reader: Callable[[bytes], Any] = parsed,
) -> Enquiry[Sheet]:
    """One page of a list, as large as can be; `before` is the page before it, if that was read."""
    first = () if page == 1 else (("page", str(page)),)
    query = (*query, *first, ("per_page", str(PER_PAGE)))
    response = yield Request(method="GET", path=path, query=query, reader=reader)
    return sheet(response, page, before)


def _strays(records: Sequence[Mapping[str, Any]], skus: Sequence[str]) -> int:
    """How many of the records none of the SKUs may stand for."""
    wanted = {_plain(sku) for sku in skus}
    named = ((record, *_objects(record, "alternate_skus"), *_objects(record, "variants")) for record in records)
    return sum(wanted.isdisjoint(_plain(one.get("sku")) for one in parts) for parts in named)


def _objects(record: Mapping[str, Any], field: str) -> Iterator[Mapping[str, Any]]:
    return (one for one in record.get(field) or () if isinstance(one, dict))


def _alternates(records: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Whose alternate SKUs these are."""
    return {
        _plain(one.get("sku")): f"SKU {shorten(record.get('sku'))} (id {record.get('id')})"
        for record in records
        for one in _objects(record, "alternate_skus")
    }


def _plain(sku: object) -> str:
    return str(sku).strip().casefold()


def _named(records: Sequence[Mapping[str, Any]], column: str, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The records that go by one of the keys; the very spelling goes before one in another case."""
    by_key: dict[str, Mapping[str, Any]] = {}
    for record in records:
        shown = record.get(column)
        if shown is not None:
            by_key.setdefault(_plain(shown), record)
    by_key |= {str(record[column]).strip(): record for record in records if record.get(column) is not None}
    found = {key: by_key.get(key.strip()) or by_key.get(_plain(key)) for key in keys}
    return {key: record for key, record in found.items() if record is not None}


def _by_id(path: str, key: str) -> Enquiry[Mapping[str, Any] | None]:
    id = key.strip()
    if not (id.isascii() and id.isdigit()):
        return None
    try:
        response = yield Request(method="GET", path=f"{path}/{id}")
    except RefusedError as refusal:
        if refusal.status == 404:  # noqa: PLR2004  # HTTP's own word for "there is none"
            return None
        raise
    record = data(response)
    return record if is_same(record.get("id", id), id) and record else None


def _each_by_id(path: str, keys: Sequence[str]) -> Enquiry[dict[str, Mapping[str, Any]]]:
    found = {}
    for key in keys:
        record = yield from _by_id(path, key)
        if record is not None:
            found[key] = record
    return found


def _batches(keys: Sequence[str]) -> Iterator[list[str]]:
    """SKUs that fit one call; one with a comma goes alone, since `sku[in]` has no way to write it."""
    batch: list[str] = []
    size = 0
    for key in dict.fromkeys(keys):
        if "," in key:
            yield [key]
            continue
        length = len(quote_plus(key)) + len("%2C")
        if batch and (len(batch) == PER_PAGE or size + length > ADDRESS):
            yield batch
            batch, size = [], 0
        batch.append(key)
        size += length
    if batch:
        yield batch

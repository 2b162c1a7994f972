"""The conversation about one product."""

import json
from collections.abc import Mapping
from typing import Any, Final

from bulk.connectors.luminous.flows.answers import data, is_newborn, is_same, nowhere, outcome
from bulk.connectors.luminous.flows.keeping import keep_custom_fields, keep_variants
from bulk.connectors.luminous.flows.lookups import IGNORED, find_products
from bulk.connectors.luminous.reading import read_product
from bulk.contracts import UNREADABLE, Enquiry, Flow
from bulk.errors import RefusedError, UnclearError
from bulk.fingerprint import departed, fingerprint
from bulk.model import Outcome, Record, Request, Response, parsed, shorten

_CUSTOM_FIELDS: Final = '"custom_fields":{'
_VARIANTS: Final = '"variants":'
"""Members that may replace what the product has; a quotation mark inside a text is escaped, so it is not mistaken."""


def needs_current(record: Record) -> bool:
    """Whether the product must be read before it is written, lest something be lost, of it or of another.

    Whether a SKU is taken for another product's alternate SKU is not documented, so one that is new is looked up.
    """
    return not (record.sure or _by_id(record)) or _replaces(record)


def upsert_product(record: Record) -> Flow:
    """Create or update one product by `PATCH /products`.

    Where only a part was sent and the product turns out to have vanished, all of it is sent right behind.
    """
    payload = record.payload
    remarks: list[str] = []
    # Whether an id that no product has creates one is not documented. A part is sent only of a product that is known.
    unsure = record.whole is None and (_by_id(record) or not record.sure)
    replaces = _replaces(record)
    if unsure or replaces:
        current = yield from _current(record)
        if _by_id(record) and current == {}:
            raise RefusedError(
                f"there is no product with the id {record.key}; correct it, or match by sku to create a product",
                code="not_found",
            )
    if replaces:
        document = parsed(payload)
        remarks += keep_variants(document, current, confirmed=record.confirmed) if "variants" in document else ()
        remarks += keep_custom_fields(document, current) if "custom_fields" in document else ()
        payload = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    response = yield from _written(payload)
    product = _product(record, response)
    done = outcome(response, product)
    # An answer that was lost may have been the one that said `created`.
    repeated = record.repeated or response.attempts > 1
    new = done == "created" or (repeated and is_newborn(response, product))
    if new and record.whole is not None and record.whole != record.payload:
        # A product that was made a moment before by somebody else looks new-born too, but has the rest.
        if _has(product, record.whole):
            done = "updated"
        else:
            response = yield from _whole(record.whole)
            product = _product(record, response) or product
            done = "created"
            remarks.append("Luminous had no such product any more, so all of the row was sent")
    id = product.get("id")
    return Outcome(
        outcome=done,
        remote_id=None if id is None else str(id),
        http_status=response.status,
        message="; ".join(remarks) or None,
    )


def _current(record: Record) -> Enquiry[Mapping[str, Any] | None]:
    """The product as it is, empty if there is none; None where products cannot be read.

    Refuses a SKU that is an alternate one of another product.
    """
    current, taken = record.current, record.taken
    if current is None:
        try:
            found = yield from find_products("id" if _by_id(record) else "sku", [record.key])
        except RefusedError as refusal:
            if refusal.status not in UNREADABLE:
                raise
            return None
        except UnclearError as unclear:
            if unclear.code != IGNORED:
                raise
            return None
        current, taken = found.get(record.key, {}), found.taken.get(record.key)
    if taken is not None:
        raise RefusedError(
            f"{shorten(record.key)} is an alternate SKU of another product, {taken}, which this row might overwrite; "
            "load the row by id, or under the product's own SKU",
            code="other_product",
        )
    return current


def _replaces(record: Record) -> bool:
    return _CUSTOM_FIELDS in record.payload or _VARIANTS in record.payload


def _by_id(record: Record) -> bool:
    """Whether the id names the product: it leads a document, and is never sent together with a SKU."""
    return record.payload.startswith('{"id":')


def _has(product: Mapping[str, Any], document: str) -> bool:
    """Whether a product holds a document, as far as it shows."""
    shown = read_product(product)
    return "name" in shown and not departed(parsed(document), fingerprint(shown))


def _patch(payload: str) -> Request:
    return Request(method="PATCH", path="/products", body=payload.encode())


def _written(payload: str) -> Enquiry[Response]:
    """The answer to a document. Raises `FatalError` where products are not even to be read there."""
    try:
        return (yield _patch(payload))
    except RefusedError as refusal:
        if refusal.status not in UNREADABLE:
            raise
        try:
            yield Request(method="GET", path="/products", query=(("per_page", "1"),))
        except RefusedError as another:
            if another.status in UNREADABLE:
                raise nowhere(refusal) from another
        raise


def _whole(payload: str) -> Enquiry[Response]:
    """The answer to the whole document."""
    try:
        return (yield _patch(payload))
    except RefusedError as refusal:
        raise RefusedError(
            f"Luminous had no such product any more; a part of the row made a new one, all of it was refused: "
            f"{refusal.message}",
            code=refusal.code,
            status=refusal.status,
            faults=refusal.faults,
            body=refusal.body,
            advice=refusal.advice,
        ) from refusal


def _product(record: Record, response: Response) -> Mapping[str, Any]:
    """The product that answered; refused where it is another one: its alternate SKU may be the one that was sent."""
    product = data(response)
    answered = product.get("id" if _by_id(record) else "sku")
    if answered is not None and not is_same(answered, record.key):
        raise RefusedError(
            f"Luminous wrote this row to another product, SKU {shorten(product.get('sku'))} (id {product.get('id')}); "
            "what was sent is probably an alternate SKU of it; look at that product now, then load this row by id, or "
            "under the product's own SKU",
            code="other_product",
        )
    return product

"""Keeping what a write might replace: Luminous does not say whether variants and custom fields merge or replace.

With what is there sent along, both come to the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bulk.connectors.luminous.reading import read_variant
from bulk.connectors.luminous.reading.values import labelled
from bulk.errors import RefusedError
from bulk.model import listed, shorten

NAMED: Final = 10
"""Variants that a message names."""


def keep_custom_fields(document: dict[str, Any], current: Mapping[str, Any] | None) -> list[str]:
    """Add the product's other custom fields to a document; returns what is to be said about it."""
    if current is not None:
        shown = current.get("custom_fields")
        present = {} if shown is None else labelled(shown)
        if present is not None:
            document["custom_fields"] = _filled(present) | document["custom_fields"]
            return []
    return ["the product's other custom fields could not be read; only those of the file were sent"]


def keep_variants(document: dict[str, Any], current: Mapping[str, Any] | None, *, confirmed: bool) -> list[str]:
    """Fill in what of the variants sent is known; returns what is to be said about it.

    Raises `RefusedError` where the product has variants that are not sent and nobody has `confirmed` their loss, or
    where that cannot be found out.
    """
    present = _present(current)
    if present is None:
        raise RefusedError(
            "the product's present variants could not be read, and what is sent may replace them; load the product "
            "without its variants, and edit those in Luminous",
            code="unread",
        )
    sent = document["variants"] or []
    named = {_plain(each["sku"]) for each in sent}
    missing = [one for one in present if _plain(one.get("sku")) not in named]
    if missing and not confirmed:
        names = [shorten(one.get("sku") or f"(id {one.get('id')})") for one in missing[:NAMED]]
        more = [f"{len(missing) - NAMED} more"] if len(missing) > NAMED else []
        raise RefusedError(
            f"the product has variants that are not in the file and may be removed: {listed([*names, *more])}; add a "
            "row for each, or confirm with --yes that they may go",
            code="variants_missing",
        )
    before = {_plain(one.get("sku")): one for one in present}
    document["variants"] = document["variants"] and [_kept(each, before.get(_plain(each["sku"]))) for each in sent]
    if len(missing) < len(present):
        return ["variants were sent; fields of a variant that Luminous does not show may have been reset"]
    return []


def _present(current: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]] | None:
    """The variants of a product, empty if it has none or is new; None where they are not shown."""
    if not current:
        return () if current is not None else None
    shown = current.get("variants", False)
    if shown is None:
        return ()
    return shown if isinstance(shown, list) and all(isinstance(one, Mapping) for one in shown) else None


def _kept(sent: dict[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """A variant with what is known of its other fields."""
    if before is None:
        return sent
    known = _filled(read_variant(before))
    if not sent.keys().isdisjoint({"supplier", "supplier_id"}):
        known.pop("supplier", None)
        known.pop("supplier_id", None)
    fields = _filled(labelled(before.get("custom_fields")) or {}) | sent.get("custom_fields", {})
    return known | sent | ({"custom_fields": fields} if fields else {})


def _plain(sku: object) -> str | None:
    """An SKU as it is compared: that case matters is documented nowhere."""
    return None if sku is None else str(sku).strip().casefold()


def _filled(members: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is null: not every field takes it, and leaving it out says the same."""
    return {
        name: value
        for name, value in members.items()
        if value is not None and not (isinstance(value, Mapping) and None in value.values())
    }

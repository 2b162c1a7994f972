"""What the documentation of Luminous leaves open. The defaults take everything that it clearly allows."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Switches:
    """One way for the API to be; a tool that is safe is safe under all of them."""

    id_and_sku: Literal["refuse", "rename"] = "refuse"
    """Both sent: refused, or `id` selects and `sku` becomes the new SKU."""
    unknown_id: Literal["missing", "invalid", "create"] = "missing"
    """What becomes of an `id` that no product has: 404, 422, or a new product with an id of its own."""
    required_on_create: tuple[str, ...] = ("sku",)
    """Fields that a new product needs; `name` and `category` are likely, but written nowhere for this call."""
    created_status: Literal[200, 201] = 201
    """Status of an answer to a creation."""
    weight_shape: Literal["array", "object", "number", "string", "compound", "mixed"] = "array"
    """How products show a weight; compound is an array of pounds and ounces, mixed is another shape by turns."""
    weight_totals: bool = True
    """Whether weights come with their totals in ounces and pounds."""
    weight_units: tuple[str, ...] = ("lb", "oz")
    """Units taken; only `lb` is ever shown, ounce totals make `oz` likely."""
    unknown_references: Literal["create", "refuse"] = "create"
    """Names and ids that do not exist yet: categories, suppliers, bills of materials, warehouse groups, tags by id."""
    tags: Literal["replace", "add"] = "replace"
    """What tags sent do to those there, of products by name and of channels by id."""
    custom_fields: Literal["replace", "merge"] = "replace"
    """What custom fields sent do to those there; replacing wipes every label that is left out."""
    variants: Literal["replace", "merge"] = "replace"
    """What variants sent do to those there; merging goes by SKU."""
    variant_custom_fields: Literal["pairs", "labelled", "object"] = "pairs"
    """How a variant shows them: an array of `{label: value}`, one of `{"label", "value"}`, or an object as products."""
    match_alternate_skus: bool = False
    """Whether an alternate SKU selects its product."""
    blank_is_null: bool = False
    """Whether text is stripped and an empty text taken for null before it is checked, as frameworks of this kind do."""
    error_shape: Literal["lists", "texts", "text", "message"] = "lists"
    """What `errors` of a 422 holds: lists of texts by path, one text by path, a single text; or it is left out."""
    envelope: bool = True
    """Whether a single record comes under `data`."""
    empty_objects: Literal["object", "array"] = "object"
    """How an object without members is written; PHP makes `[]` of it unless told otherwise."""
    meta: bool = True
    """Whether lists have `meta`."""
    last_page: bool = True
    """Whether `meta` says `from`, `to` and `last_page`."""
    per_page_excess: Literal["refuse", "clamp"] = "refuse"
    """What becomes of a `per_page` above 100."""
    sort: Literal["take", "refuse"] = "take"
    """Whether lists take `sort`, which no page mentions."""
    id_filter: bool = False
    """Whether lists take a filter on `id`, which no page mentions."""
    pricing_filters: bool = True
    """Whether the list of products takes the filters that are documented for the list of prices only: `created_at`,
    `updated_at`, `sellable`, `discontinued`."""
    channel_filters: Literal["take", "refuse", "ignore"] = "take"
    """What becomes of filters on the list of channels, whose page nobody has seen."""
    cursor_seconds: int | None = None
    """How long a cursor of the export is good."""
    label_clash: Literal["invalid", "conflict"] = "invalid"
    """Whether a label that another channel has is refused with 422 or 409."""
    label_ignores_case: bool = False
    """Whether labels that differ in case only are the same."""
    misdirected: Literal["take", "refuse"] = "refuse"
    """Pulling orders into a channel that only fulfils, or pushing them from one that only sells."""
    store_id_accounts: tuple[int, ...] = ()
    """Integration accounts of apps that work with store ids, which must then be given."""
    dropship_supplier_required: bool = False
    """Whether a dropship channel must name its supplier."""
    conditions_on_update: bool = False
    """Whether the conditional rules of creating a channel hold for the merged record of an update as well."""
    deletion: Literal["message", "empty"] = "message"
    """Whether a deletion is answered with 200 and a message, or with 204."""

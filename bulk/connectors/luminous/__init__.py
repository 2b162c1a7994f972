"""Luminous: products and channels. See `models`, `reading`, `flows` and the embedded twin in `sandbox`.

One record a call. No rate limit is documented, so the pace is found from the answers and few requests fly at once.
"""

import re
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from bulk.connectors.luminous import models, reading
from bulk.connectors.luminous.flows import answers, channels, filters, listing, lookups, products
from bulk.contracts import Auth, Connector, OtherRows, Resource
from bulk.errors import ConfigurationError
from bulk.model import Limits


class LuminousSettings(BaseModel):
    """How to reach a tenant, under the names that Luminous's own command line uses."""

    company: Annotated[str | None, Field(description="The tenant's slug, the first part of its address")] = None
    api_key: Annotated[SecretStr | None, Field(description="Token made in the web app at /settings/api-tokens")] = None
    base_url: Annotated[
        str | None, Field(description="Overrides the address, up to and including /external/api/v1")
    ] = None


def target(settings: LuminousSettings) -> str:
    """The tenant's base address."""
    if settings.base_url:
        return settings.base_url.rstrip("/")
    if not settings.company:
        raise ConfigurationError(
            "it is not known which Luminous tenant to load into",
            advice="Set LUMINOUS_COMPANY to the first part of your address (acme for acme.api.joinluminous.com), "
            "or LUMINOUS_BASE_URL, or practise with --sandbox.",
        )
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", settings.company):
        raise ConfigurationError(
            "LUMINOUS_COMPANY is not the name of a tenant",
            advice="It is the first part of the address only: acme for https://acme.api.joinluminous.com.",
        )
    return f"https://{settings.company}.api.joinluminous.com/external/api/v1"


def auth(settings: LuminousSettings) -> Auth:
    """The tenant's bearer token."""
    from bulk.http.auth import Bearer  # noqa: PLC0415  # transport is loaded only when something is to be sent

    if settings.api_key is None or not settings.api_key.get_secret_value().strip():
        raise ConfigurationError(
            "there is no Luminous API token",
            advice="Set LUMINOUS_API_KEY to a token made in the web app at /settings/api-tokens.",
        )
    return Bearer(settings.api_key.get_secret_value().strip())


PRODUCTS = Resource(
    name="products",
    title="Products with their variants, created or updated by SKU or id",
    model=models.Product,
    keys=("sku", "id"),
    upsert=products.upsert_product,
    reference="https://docs.joinluminous.com/api-reference/products/create-or-update-product",
    read=reading.read_product,
    read_listed=reading.read_listed,
    redacted=reading.redacted,
    get=lookups.get_product,
    find=lookups.find_products,
    find_at_once=lookups.PER_PAGE,
    needs_current=products.needs_current,
    walk=listing.walk_products,
    filter=filters.product_filter,
    changed_at=reading.changed_at,
    other_rows=OtherRows(
        title="a variant",
        column="parent_sku",
        filled=True,
        model=models.Variant,
        keys=("sku",),
        read_only=models.VariantFacts,
        within="variants",
        caution=(
            "Luminous may take the list for all there is, and each variant in it for the whole of that variant: of "
            "present variants, fields that Luminous does not show and the file does not have may be reset."
        ),
    ),
    partial=frozenset({"custom_fields"}),
    read_only=models.ProductFacts,
    notes=(
        "Whether sent variants replace the others is not documented: all present ones must be in the file.",
        "What Luminous shows of a present variant is sent along with it; what it does not show may be reset.",
        "Whether sent custom fields replace the others is not documented: they are read first and sent along.",
        "Whether sent tags replace or join the present ones is not documented: give the whole set.",
        "Whether an unknown category or supplier name is created is not documented; assume that it is.",
        "Whether a row was created or updated is told from the answer's status and timestamps.",
        "A weight that Luminous shows without a unit or a total is taken for pounds, the only unit that it documents.",
        "The quick and the incremental export leave out inactive products, and show none that was deleted.",
    ),
)

CHANNELS = Resource(
    name="channels",
    title="Channels, updated by id; a row without an id creates one",
    model=models.Channel,
    keys=("id",),
    upsert=channels.upsert_channel,
    reference="https://docs.joinluminous.com/api-reference/channels/update-channel",
    read=reading.read_channel,
    redacted=reading.redacted,
    get=lookups.get_channel,
    find=lookups.find_channels,
    find_at_once=10_000,
    needs_current=lambda _: True,
    walk=listing.walk_channels,
    filter=filters.channel_filter,
    changed_at=reading.changed_at,
    other_rows=OtherRows(
        title="a new channel",
        column="id",
        filled=False,
        model=models.NewChannel,
        keys=("label",),
        read_only=models.NewChannelFacts,
    ),
    whole=frozenset({"pullOrdersFromOmsOptions"}),
    read_only=models.ChannelFacts,
    notes=(
        "What is left out of an update keeps its value.",
        "Integration accounts, store ids and most push and pull settings are never shown, so an export lacks them.",
        "Whether sent tag ids replace or join the present ones is not documented: give the whole set.",
        "Mappings of channel SKUs (integrationProducts) cannot be loaded: their fields are not documented.",
        "Locking is left to the web app: through the API it could not be undone.",
    ),
)

CONNECTOR = Connector(
    name="luminous",
    title="Luminous",
    limits=Limits(concurrency=8),
    resources=(PRODUCTS, CHANNELS),
    settings=LuminousSettings,
    target=target,
    auth=auth,
    explain=answers.explain,
    legible=answers.legible,
    sandbox="bulk.connectors.luminous.sandbox",
)

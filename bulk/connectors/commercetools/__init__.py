"""commercetools: channels. See `models`, `reading`, `flows` and the embedded twin in `sandbox`.

One record a call, in either direction of writing; many at a time for reading. No rate is documented, so the pace is
found from the answers, and twenty requests fly at once, as many as the vendor's own client library sends.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr

from bulk.connectors.commercetools import models, reading
from bulk.connectors.commercetools.flows import answers, batches, deletions, diffing, listing, lookups, upserts
from bulk.connectors.commercetools.flows.types import Types
from bulk.contracts import Auth, Choice, Connector, Resource
from bulk.errors import ConfigurationError
from bulk.model import Limits

REGIONS: Final = "Addresses look like https://api.europe-west1.gcp.commercetools.com; yours names your own region."


class CommercetoolsSettings(BaseModel):
    """How to reach a project, under the names that its users know."""

    environment: ClassVar[str] = "CTP"

    project_key: Annotated[str | None, Field(description="Key of the project")] = None
    client_id: Annotated[str | None, Field(description="Id of the API client")] = None
    client_secret: Annotated[SecretStr | None, Field(description="Secret of the API client")] = None
    auth_url: Annotated[str | None, Field(description="Address of the authorization server")] = None
    api_url: Annotated[str | None, Field(description="Address of the API")] = None
    scopes: Annotated[str | None, Field(description="Scopes to ask for; all of the client's if left out")] = None


def target(settings: CommercetoolsSettings) -> str:
    """The project's base address."""
    address, project = (settings.api_url or "").strip(), (settings.project_key or "").strip()
    if not address:
        raise ConfigurationError(
            "it is not known where your commercetools project is",
            advice=f"Set CTP_API_URL, or practise with --sandbox. {REGIONS}",
        )
    if not project or "/" in project or " " in project:
        raise ConfigurationError(
            "it is not known which commercetools project to load into" if not project else "CTP_PROJECT_KEY is no key",
            advice="Set CTP_PROJECT_KEY to the key of the project, which stands behind the host in its addresses.",
        )
    if (urlsplit(address).hostname or "").startswith("auth."):
        raise ConfigurationError(
            "CTP_API_URL is the address of the authorization server",
            advice=f"Put that into CTP_AUTH_URL, and the address of the API here. {REGIONS}",
        )
    return f"{address.rstrip('/').removesuffix(f'/{project}')}/{project}"


def _region(address: str) -> str:
    """The region in an address of either server, such as europe-west1.gcp; empty for any other address."""
    found = re.fullmatch(r"(?:api|auth)\.(.+)\.commercetools\.com", urlsplit(address.strip()).hostname or "")
    return found[1] if found else ""


def auth(settings: CommercetoolsSettings) -> Auth:
    """The API client's credentials, for which a token is fetched."""
    from bulk.http.auth import ClientCredentials  # noqa: PLC0415  # transport is loaded only when something is sent

    id, secret = (settings.client_id or "").strip(), settings.client_secret
    if not id or secret is None or not secret.get_secret_value().strip():
        missing = "CTP_CLIENT_ID" if not id else "CTP_CLIENT_SECRET"
        raise ConfigurationError(
            "there are no credentials of a commercetools API client",
            advice=f"Set {missing}, as it was shown when the client was made in the Merchant Center.",
        )
    address = (settings.auth_url or "").strip().rstrip("/")
    if not address:
        raise ConfigurationError(
            "it is not known where commercetools gives out tokens",
            advice="Set CTP_AUTH_URL, such as https://auth.europe-west1.gcp.commercetools.com for your own region.",
        )
    if (urlsplit(address).hostname or "").startswith("api."):
        raise ConfigurationError(
            "CTP_AUTH_URL is the address of the API",
            advice="Put that into CTP_API_URL; here belongs the address that begins with auth instead.",
        )
    regions = [region for region in (_region(address), _region(settings.api_url or "")) if region]
    if len(set(regions)) > 1:
        raise ConfigurationError(
            f"CTP_AUTH_URL is of the region {regions[0]}, and CTP_API_URL of {regions[1]}",
            advice="A project lives in one region, and tokens are good there only: take both addresses of the same.",
        )
    return ClientCredentials(
        f"{address.removesuffix('/oauth/token')}/oauth/token",
        id,
        secret.get_secret_value().strip(),
        (settings.scopes or "").split(),
    )


def _nothing_redacted(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Channels hold nothing secret."""
    return record


def channels() -> Resource:
    """Channels, with what their types are remembered for as long as this value is used."""
    types = Types()
    return Resource(
        name="channels",
        title="Channels, created, updated and deleted by key; updated and deleted by id",
        model=models.Channel,
        keys=("key", "id"),
        upsert=partial(upserts.upsert_channel, types),
        reference="https://docs.commercetools.com/api/projects/channels",
        read=reading.read_channel,
        redacted=_nothing_redacted,
        get=partial(lookups.get_channel, types),
        find=partial(lookups.find_channels, types),
        find_at_once=batches.MOST,
        needs_current=lambda _: True,
        complete=partial(lookups.complete, types),
        walk=partial(listing.walk_channels, types),
        filter=listing.channel_filter,
        changed_at=reading.changed_at,
        partial=frozenset({"name", "description", "address", "custom"}),
        staying=frozenset({"name", "description"}),
        read_only=models.ChannelFacts,
        choices=(
            Choice(
                name="mode",
                values=("upsert", "create", "update"),
                description="Create what is not there and update what is, or do only one of the two",
            ),
            Choice(
                name="roles",
                values=("set", "add", "remove"),
                description="Whether the roles in the file replace those that are there, join them, or are taken away",
                alters=frozenset({"roles"}),
                is_done=diffing.is_done,
            ),
        ),
        fresh=channels,
        delete=partial(deletions.delete_channel, types),
        delete_with=frozenset({"version"}),
        notes=(
            "Every channel is read before it is written, and only what differs is sent, in one request a channel.",
            "A language that is left out of name, description or a custom field stays as it is.",
            "Name and description cannot be removed; <clear> in their last language is remarked upon, not sent.",
            "A column address, geoLocation, custom or address.custom with <clear> removes all of it.",
            "custom.type.key needs the right view_types to be read; without it the id is exported.",
            "With that right, values of custom fields become what their type takes: text, a number, yes or no, a set.",
            "--where takes a query predicate as it is; predicates put the longitude first.",
            "A deletion heeds a column version where there is one: a channel that has changed since is left alone.",
            "What was deleted cannot be seen by an incremental export.",
        ),
    )


CONNECTOR = Connector(
    name="commercetools",
    title="commercetools",
    limits=Limits(concurrency=20),
    resources=(channels(),),
    settings=CommercetoolsSettings,
    target=target,
    auth=auth,
    explain=answers.explain,
    sandbox="bulk.connectors.commercetools.sandbox",
)

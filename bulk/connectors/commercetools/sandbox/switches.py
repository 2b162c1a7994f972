"""What is known of commercetools for certain only in part. The defaults are the stricter of the possible ways."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Switches:
    """One way for the API to be; a tool that is safe is safe under all of them."""

    scopes: tuple[str, ...] = ("view_channels", "manage_channels", "view_types")
    """Rights of the API client, without the project's key."""
    manage_includes_view: bool = False
    """Whether the right to manage something includes the right to view it."""
    expires_in: int = 172_800
    """Seconds that a token is good for; an API client can be set to anything from 3,600 to 604,800."""
    token_requests: int | None = None
    """Requests after which a token is revoked, long before it expires."""
    unknown_fields: Literal["refuse", "ignore"] = "refuse"
    """What becomes of fields and parameters that are documented nowhere."""
    nulls: Literal["refuse", "absent"] = "refuse"
    """Null for an optional field: of the wrong type, or the same as leaving it out."""
    same_value: Literal["refuse", "take"] = "refuse"
    """Actions that change nothing, where it is not stated that they are refused: all but those on name, description
    and roles."""
    set_roles_without_roles: Literal["refuse", "supply"] = "refuse"
    """setRoles without roles: refused, or InventorySupply, as an older page has it."""
    keys: Literal["any", "usual"] = "any"
    """Keys of channels: any text, or 2 to 256 letters, digits, `_` and `-`, as keys of other things."""
    geo_ranges: Literal["refuse", "take"] = "refuse"
    """Longitudes beyond 180 degrees and latitudes beyond 90."""
    address_ids: bool = True
    """Whether an address without an `id` is given one."""
    referenced: Mapping[str, str] = field(default_factory=dict)
    """Kind of thing that refers to a channel, such as `inventory-entry`, by the channel's key; such a channel cannot
    be deleted."""
    version_step: int = 3
    """By how much the version goes up with each request that changes something."""
    conflict_wording: Literal["versions", "short"] = "versions"
    """Whether the message of a conflict names the versions."""
    current_version: bool = True
    """Whether a conflict says the current version in a field of its own."""
    limit_least: Literal[0, 1] = 0
    """The smallest `limit`."""
    total_most: int = 10_000
    """The largest `total` of a list with a predicate."""
    url_bytes: int = 8_192
    """Bytes of path and query; what is longer is refused with 414."""
    predicate_values: int = 500
    """Values in one predicate; more are too complex."""
    type_expansion: Literal["skip", "refuse", "take"] = "skip"
    """`expand=custom.type` without the right to view types: not expanded, refused with 403, or expanded."""
    error_bodies: Literal["envelope", "html", "empty", "foreign"] = "envelope"
    """What 413, 429 and 5xx say: the usual envelope, a page, nothing, or JSON of another shape called text/html."""

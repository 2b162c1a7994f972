"""What an API says in header fields about its limit: how many requests are left, and for how many seconds."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

_EPOCH: Final = 1e9
"""A moment of reset beyond this is a time of day in seconds since 1970, not a number of seconds from now."""


class Quota(NamedTuple):
    """What is left."""

    left: int
    """Requests."""
    seconds: float
    """Until there are more."""


def quota(headers: Mapping[str, str], now: float) -> Quota | None:
    """What an answer says is left; None where it does not say both. `now` is in seconds since the epoch.

    `RateLimit` as the IETF drafts have had it (`"default";r=50;t=30`, and before that `remaining=50, reset=30`), and
    `RateLimit-Remaining` with `RateLimit-Reset`, with or without `X-` before them.
    """
    if (said := headers.get("RateLimit")) is not None:
        return _of(_parameter(said, "r", "remaining"), _parameter(said, "t", "reset"), now)
    for prefix in ("X-RateLimit-", "RateLimit-"):
        if (left := headers.get(f"{prefix}Remaining")) is not None:
            return _of(left, headers.get(f"{prefix}Reset"), now)
    return None


def _parameter(text: str, *names: str) -> str | None:
    found = re.search(rf"(?:^|[;,\s])(?:{'|'.join(names)})\s*=\s*([0-9.]+)", text)
    return None if found is None else found[1]


def _of(left: str | None, reset: str | None, now: float) -> Quota | None:
    try:
        remaining, until = int(left or ""), float(reset or "")
    except ValueError:
        return None
    seconds = until - now if until > _EPOCH else until
    return Quota(remaining, seconds) if remaining >= 0 and 0 <= seconds < _EPOCH else None

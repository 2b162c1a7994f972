"""How long to wait before the next try: our own backoff, and what the server asks for."""

import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_WAIT: Final = 3600.0
"""Seconds; a server that asks for more is waited for no longer than this at a time."""


def backoff(attempt: int, rng: random.Random, *, base: float = 0.5, cap: float = 30.0) -> float:
    """Seconds to wait after the given attempt, counted from 1.

    Full jitter: anywhere between nothing and the capped exponential, so that the spread is widest at the cap, where
    most clients wait.
    """
    ceiling: float = min(cap, base * 2 ** min(attempt, 30))
    return rng.uniform(0.0, ceiling)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds the server asks us to wait (RFC 9110, 10.2.3), as a number or as a date; None where it says nothing.

    A date is measured from the server's own Date, if it sent one, so that its clock need not agree with ours; `now` is
    our clock in seconds since the epoch. A malformed value says nothing; a date gone by means no wait.
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    until = _epoch(text)
    if until is None:
        return None
    since = _epoch(headers.get("Date", ""))
    return max(0.0, until - (now if since is None else since))


def _epoch(text: str) -> float | None:
    """Seconds since the epoch of an HTTP date; None where it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return _utc(moment).timestamp()


def _utc(moment: datetime) -> datetime:
    """A date without a zone means UTC, as every HTTP date does."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

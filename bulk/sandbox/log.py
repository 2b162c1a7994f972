"""What was asked of a sandbox, and what it answered."""

from collections import Counter, deque
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

LATEST = 20
"""Exchanges that a summary shows, the newest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One request and what came of it."""

    at: float
    """Seconds on the sandbox's clock when the request was complete."""
    api: str
    """The API asked; empty for an address that belongs to none."""
    method: str
    """In capitals."""
    path: str
    """Below the base path of the API."""
    query: tuple[tuple[str, str], ...]
    """Decoded."""
    key: str | None
    """The record it was about, if its body named one."""
    fields: tuple[str, ...]
    """Names of what it writes, by default the members of its body."""
    status: int | None
    """The status sent back; None where no answer was sent."""
    applied: bool
    """Whether it was carried out and changed something."""
    malformed: str | None = None
    """Why it breaks the documentation, if it does."""
    fault: str | None = None
    """The fault that it met."""


class RequestLog:
    """Every exchange, or the latest `keep` of them; the counters are of all."""

    def __init__(self, keep: int | None = None) -> None:
        self._keep = keep
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.exchanges: deque[Exchange] = deque(maxlen=self._keep)
        self.malformed: deque[Exchange] = deque(maxlen=self._keep)
        self.statuses: Counter[str] = Counter()
        self.total = 0
        self.malformed_total = 0
        self.in_flight_peak = 0

    def record(self, exchange: Exchange) -> None:
        """Take note."""
        self.exchanges.append(exchange)
        self.total += 1
        self.statuses["none" if exchange.status is None else str(exchange.status)] += 1
        if exchange.malformed is not None:
            self.malformed.append(exchange)
            self.malformed_total += 1

    def requests(self, path: str | None = None, *, method: str | None = None) -> list[Exchange]:
        """Kept exchanges, of one path and method if given, in the order of arrival."""
        return [
            exchange
            for exchange in self.exchanges
            if path in {None, exchange.path} and method in {None, exchange.method}
        ]

    def repeated(self) -> dict[str, int]:
        """Records written more than once, with how often, among the kept exchanges."""
        writes: Counter[str] = Counter()
        writes.update(exchange.key for exchange in self.exchanges if exchange.applied and exchange.key is not None)
        return {key: count for key, count in writes.items() if count > 1}

    def summary(self) -> dict[str, Any]:
        """Counters, the latest exchanges and the requests that broke the documentation, fit for JSON."""
        return {
            "requests": self.total,
            "statuses": dict(self.statuses),
            "in_flight_peak": self.in_flight_peak,
            "malformed_total": self.malformed_total,
            "malformed": [asdict(exchange) for exchange in self.malformed],
            "repeated": self.repeated(),
            "latest": [asdict(exchange) for exchange in islice(reversed(self.exchanges), LATEST)],
        }

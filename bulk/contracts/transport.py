"""How requests travel, and who watches."""

import asyncio
import time
from collections.abc import Mapping
from typing import Protocol

from bulk.model import Event, Request, Response, Traffic


class Clock(Protocol):
    """Where time comes from, so that tests need not wait."""

    def time(self) -> float:
        """Seconds on a clock that never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The clock of the machine."""

    def time(self) -> float:
        """Seconds on the monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        await asyncio.sleep(seconds)


class Auth(Protocol):
    """How a request proves who it comes from."""

    def headers(self) -> Mapping[str, str]:
        """Header fields to send; never logged."""


class SendCancelledError(asyncio.CancelledError):
    """A request was cancelled: how many `attempts` had begun, and whether any may have been carried out."""

    def __init__(self, *, attempts: int, maybe_applied: bool) -> None:
        super().__init__()
        self.attempts = attempts
        self.maybe_applied = maybe_applied


class Sender(Protocol):
    """Polite execution of one request: paced, repeated where that helps, errors translated."""

    async def send(self, request: Request) -> Response:
        """The answer below 300; anything else is raised as an `ApiError`.

        A cancellation leaves it as `SendCancelledError`; a plain one is taken for a request on its way.
        """


class CountingSender(Sender, Protocol):
    """A sender that counts its requests, and can be told to stop."""

    @property
    def traffic(self) -> Traffic:
        """Requests so far."""

    def halt(self) -> None:
        """Refuse what has not been sent yet."""

    def blot(self, text: str) -> str:
        """The text without the credentials that it may repeat."""


class Listener(Protocol):
    """Who watches a run: a progress bar and log lines are both listeners."""

    def __call__(self, event: Event) -> None:
        """Take notice; must not block and must not raise."""

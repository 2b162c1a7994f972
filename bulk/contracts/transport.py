"""How requests travel, and who watches."""

import asyncio
import time
from collections.abc import Iterable, Mapping
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

    def headers(self, now: float) -> Mapping[str, str] | None:
        """Header fields to send at this time of the `Clock`, never logged; None where a `login` has to come first."""

    @property
    def secrets(self) -> Iterable[str]:
        """What nobody may read anywhere, credentials that are not sent any more included."""

    @property
    def login(self) -> "Login | None":
        """How the header fields are come by; None where they are at hand and last."""


class Login(Protocol):
    """How credentials that do not last are fetched."""

    @property
    def url(self) -> str:
        """Whom to ask, as in `Client`."""

    @property
    def request(self) -> Request:
        """What to ask, relative to that."""

    @property
    def auth(self) -> Auth:
        """How that request proves who it comes from."""

    def accept(self, response: Response, now: float) -> None:
        """Go on with the credentials that were given, asked for at this time; raises `UnauthorizedError`."""

    def discard(self, headers: Mapping[str, str]) -> None:
        """Send these header fields no more: they were refused. Does nothing where they have been replaced already."""


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

    def redact(self, text: str) -> str:
        """The text without the credentials that it may repeat."""


class Listener(Protocol):
    """Who watches a run: a progress bar and log lines are both listeners."""

    def __call__(self, event: Event) -> None:
        """Take notice; must not block and must not raise."""

"""What whoever sends has to ask, and to tell, about the pace."""

from typing import Protocol

from bulk.http.quota import Quota


class PaceClosedError(Exception):
    """Nothing more is to be sent."""


class Turns(Protocol):
    """When the next request may go. See `Pace` for what each method does."""

    @property
    def closed(self) -> bool:
        """Whether nothing is sent any more."""

    async def acquire(self) -> None:
        """Wait until one request may be sent; raises `PaceClosedError` when none may any more."""

    async def rest(self, seconds: float) -> None:
        """A pause of one request alone; ends early when the pace is closed."""

    def pause(self, seconds: float, reason: str = "") -> None:
        """Let nobody send for so long."""

    def slow_down(self, seconds: float, reason: str = "", *, asked: bool = True) -> None:
        """Answer a complaint of the API."""

    def answered(self) -> None:
        """Take note of a good answer."""

    def told(self, quota: Quota) -> None:
        """Go by what the API says is left."""

    def close(self) -> None:
        """Let nobody send any more, whoever is waiting included."""

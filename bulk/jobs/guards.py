"""What keeps a job from doing more than was meant."""

import asyncio
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bulk.errors import UsageError

INTERRUPTED = 130
"""Exit code of Ctrl-C, where nobody says otherwise."""
TERMINATED = 143
"""Exit code of SIGTERM."""
HUNG_UP = 129
"""Exit code of SIGHUP."""
_ENDED_BY = {TERMINATED: "SIGTERM", HUNG_UP: "the closing of the terminal"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Guards:
    """What keeps an import from doing more than was meant."""

    dry_run: bool = False
    """Check and say what would be sent; send nothing."""
    strict: bool = False
    """Send nothing if any row is invalid."""
    resend: bool = False
    """Send unchanged rows and fields too."""
    verify: bool = False
    """Read each record before it is written, and leave alone what somebody else has changed."""
    fresh: bool = False
    """Start anew instead of taking up an unfinished run."""
    max_failures: str | None = None
    """How many rows may fail: a number such as `20`, or a share of the rows read such as `5%`."""
    confirmed: bool = False
    """Whether the user has confirmed beforehand what may be lost."""
    confirm: Callable[[Mapping[str, int]], bool] = lambda _: False
    """Asked before anything is destroyed; given what, and by how many rows."""


def allowed_failures(text: str, rows: int) -> int:
    """How many of so many rows may fail, from `20` or `5%`; raises `UsageError`."""
    match = re.fullmatch(r"(\d+)|(\d+(?:\.\d+)?)%", "".join(text.split()))
    if match is None or float(match[2] or 0) > 100:  # noqa: PLR2004  # per cent
        raise UsageError(f"{text!r} is not a number of failures", advice="Say a number of rows, or a share such as 5%.")
    return int(match[1]) if match[1] is not None else math.floor(rows * float(match[2]) / 100)


class Stop:
    """A request to end early, as by Ctrl-C: what is in flight may still be answered."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.exit_code: int | None = None
        """Of who asked for it; None while nobody has."""
        self._cause: str | None = None

    @property
    def reason(self) -> str:
        """Who asked, or what made it necessary, in words."""
        if self.exit_code is None and self._cause is not None:
            return self._cause
        return f"ended by {_ENDED_BY.get(self.exit_code or INTERRUPTED, 'Ctrl-C')}"

    def __call__(self, exit_code: int) -> None:
        """Ask for it."""
        self.exit_code = exit_code
        self.event.set()

    def because(self, cause: str) -> None:
        """End early without being asked: this has happened."""
        self._cause = self._cause or cause
        self.event.set()

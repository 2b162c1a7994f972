"""An exact rate limit: never more than so many requests in any window of one second, wherever the window begins."""

from collections import deque
from typing import Literal


class Ceiling:
    """Sliding log of the requests let through.

    A window is half open: a request exactly `window` seconds after another does not share one with it. A request that
    is refused takes no room. `retry_after` is what the refusal says: the wait in whole seconds, a date, or nothing.
    """

    def __init__(
        self, limit: int, *, window: float = 1.0, retry_after: Literal["seconds", "date", "none"] = "seconds"
    ) -> None:
        if limit < 1 or window <= 0:
            raise ValueError("a ceiling lets at least one request through in a window of some length")
        self.limit = limit
        self.window = window
        self.retry_after = retry_after
        self.refusals = 0
        self._passed: deque[float] = deque()

    def admit(self, time: float) -> float | None:
        """None to let a request pass at that time; else the seconds until there is room again.

        Times are seconds on a clock that never goes back.
        """
        while self._passed and time - self._passed[0] >= self.window:
            self._passed.popleft()
        if len(self._passed) < self.limit:
            self._passed.append(time)
            return None
        self.refusals += 1
        return self._passed[0] + self.window - time

    def reset(self) -> None:
        """Forget every request."""
        self._passed.clear()
        self.refusals = 0

"""Whose fault is it: this request's, or is the API down for everybody?"""

import enum
from dataclasses import dataclass
from typing import Final

from bulk.contracts import SendCancelledError
from bulk.errors import ApiError, OutageError, RetryableError, ThrottledError
from bulk.model import Limits

FIRST_PATIENCE: Final = 10.0
"""Seconds after which an API that has never answered is called unreachable."""


class Next(enum.Enum):
    """What to do about a request that failed."""

    TRY_AGAIN = enum.auto()
    """Wait, and send it again."""
    GIVE_UP = enum.auto()
    """This request had its chances."""
    CALL_IT_DOWN = enum.auto()
    """The API is down for longer than we are willing to wait."""


@dataclass(kw_only=True, slots=True, eq=False)
class Trial:
    """The attempts at one request."""

    asked_at: float
    """When it was first wanted."""
    attempts: int = 0
    """Requests sent."""
    counted: int = 0
    """Of these, failures while the API answered others."""
    error: RetryableError | None = None
    """The last failure."""
    maybe_applied: bool = False
    """Whether any attempt may have been carried out."""
    others_answered: bool = False
    """Whether somebody had a good answer since the attempt before the last one began."""
    looked_back_to: float = 0.0
    """Start of the attempt before this one, or `asked_at`."""
    attempt_at: float = 0.0
    """Start of this attempt."""
    under_way: bool = False
    """Whether an attempt awaits its answer."""

    def begin(self, now: float) -> None:
        """Note that another attempt is made."""
        self.looked_back_to = self.attempt_at if self.attempts else self.asked_at
        self.attempt_at = now
        self.attempts += 1
        self.under_way = True

    def failed(self, error: RetryableError) -> None:
        """Note how the attempt ended."""
        self.error = error
        self.under_way = False
        self.maybe_applied |= error.maybe_applied

    def turned_away(self) -> None:
        """Note that the attempt was refused at the door, and that the next one may not be."""
        self.under_way = False

    def conclude(self, error: ApiError) -> ApiError:
        """The error that ends the trial, with what all the attempts came to."""
        error.attempts = self.attempts
        error.maybe_applied |= self.maybe_applied
        return error

    def cancelled(self) -> SendCancelledError:
        """The same where the trial is cut off; an attempt under way may be carried out."""
        return SendCancelledError(attempts=self.attempts, maybe_applied=self.maybe_applied or self.under_way)


class Health:
    """What is known of the API from all answers so far. A good answer is any below 500 but 429."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._good_at: float | None = None
        self._down_since: float | None = None
        self.reached = False
        """Whether it has ever answered."""
        self._failing: set[Trial] = set()

    def well(self, now: float) -> None:
        """Take note of a good answer."""
        self.reached = True
        self._good_at = now
        self._down_since = None
        if self._failing:
            self._failing.clear()

    def ill(self, trial: Trial, error: RetryableError, now: float, *, repeatable: bool) -> Next:
        """Take note of a failure, and say what to do."""
        throttled = isinstance(error, ThrottledError)
        answered = self._good_at is not None and self._good_at > trial.looked_back_to
        if error.status is not None and 400 <= error.status < 500 and not throttled:  # noqa: PLR2004  # about this one
            self.well(now)
            answered = True
        else:
            self.reached |= throttled
            self._down_since = now if self._down_since is None else self._down_since
            self._failing.add(trial)
        trial.others_answered = answered
        trial.counted += answered and not throttled
        if not answered and self._is_spent(trial, now):
            # One request alone that the API chokes on looks the same as an API that is down. It must not
            # end the run for ever: the next one tells.
            alone = self.reached and len(self._failing) == 1 and not throttled and error.maybe_applied
            return Next.GIVE_UP if alone else Next.CALL_IT_DOWN
        if (trial.maybe_applied and not repeatable) or trial.counted >= self._limits.attempts:
            return Next.GIVE_UP
        return Next.TRY_AGAIN

    def outage(self, error: RetryableError, now: float) -> OutageError:
        """The error to end with when it is called down."""
        since = 0.0 if self._down_since is None else now - self._down_since
        start = f"no good answer for {since:.0f} s" if self.reached else "the API could not be reached"
        return OutageError(
            f"{start}: {error.told}",
            code="outage" if self.reached else "unreachable",
            status=error.status,
            reached=self.reached,
        )

    def _is_spent(self, trial: Trial, now: float) -> bool:
        """Whether an API that answers nobody has been waited for long enough."""
        down = 0.0 if self._down_since is None else now - self._down_since
        if self.reached:
            return down >= self._limits.patience
        return trial.attempts >= self._limits.attempts or down >= min(FIRST_PATIENCE, self._limits.patience)

"""The error tree, sorted by what the caller does next.

    BulkError                      every error that this program raises on purpose
    ├── UsageError                 mend the command                                   exit 2
    ├── ConfigurationError         mend the settings                                  exit 78
    ├── SourceError                mend the file; nothing was sent                    exit 65
    ├── GuardError                 a guard or an error budget stopped the run         exit 4
    ├── NotFoundError              ask for something that is there                    exit 3
    ├── LedgerError                the ledger cannot be used                          exit 78
    │   └── LockedError            wait: another run holds this target                exit 75
    ├── SchemaError                mend the model: it cannot be compiled              exit 1
    └── ApiError                   what an API answered, or did not                   exit 3
        ├── RetryableError         try the same request again
        │   ├── ThrottledError     ... after slowing down; nothing was written
        │   └── UnreachableError   ... no answer could be had
        ├── RefusedError           this row only: the API will not take it
        ├── UnclearError           this row only: nobody can tell whether it was written
        └── FatalError             every row would meet the same                      exit 4
            ├── UnauthorizedError  mend the credentials or their rights               exit 77
            └── OutageError        come back later: the run pauses                    exit 5, or 69 before any row

A bad row is data (`bulk.model.Violation`), never an exception.
"""

import copyreg
from collections.abc import Callable, Sequence
from typing import Any


class BulkError(Exception):
    """Something a person can act on. `str()` is what they read; `advice` is what they can do."""

    exit_code: int = 1

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
        """Errors go from process to process as they are: not every one could be made anew from its message alone."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]  # documented by pickle


class UsageError(BulkError):
    """The command cannot mean anything as it was given."""

    exit_code = 2


class ConfigurationError(BulkError):
    """A setting is missing, contradictory or unsafe."""

    exit_code = 78


class SourceError(BulkError):
    """The source cannot be read, or is refused whole. Says where: file, sheet, line, column."""

    exit_code = 65

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        sheet: str | None = None,
        line: int | None = None,
        column: str | None = None,
        advice: str | None = None,
    ) -> None:
        where = [part for part in (path, sheet and f"sheet {sheet!r}", line and f"line {line}") if part]
        if column is not None:
            where.append(f"column {column!r}")
        super().__init__(f"{', '.join(where)}: {message}" if where else message, advice=advice)
        self.reason = message
        self.path = path
        self.sheet = sheet
        self.line = line
        self.column = column


class GuardError(BulkError):
    """A guard the user set, or one that protects their data, stopped the run."""

    exit_code = 4


class LedgerError(BulkError):
    """The ledger cannot be opened, read or written."""

    exit_code = 78


class LockedError(LedgerError):
    """Another run of the same target and resource is under way."""

    exit_code = 75


class NotFoundError(BulkError):
    """The API has no such record."""

    exit_code = 3


class SchemaError(BulkError):
    """A model says something that no validation engine here can hold. A fault of the program, found at start-up."""


class ApiError(BulkError):
    """What an API answered, or did not.

    `status` is the HTTP status, if there was one; `code` is a short stable word for grouping; `faults` are pairs of
    the API's own field path and its message; `body` is a shortened copy of the answer, kept for failures only;
    `attempts` is the number of requests it took to find out; `maybe_applied` is true when the write may have happened
    all the same.
    """

    exit_code = 3
    maybe_applied: bool = False

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        faults: Sequence[tuple[str, str]] = (),
        body: str | None = None,
        advice: str | None = None,
    ) -> None:
        super().__init__(message, advice=advice)
        self.code = code
        self.status = status
        self.faults = tuple(faults)
        self.body = body
        self.attempts = 0

    @property
    def told(self) -> str:
        """The message for those who do not see the status beside it: an API may say no more than `no`."""
        named = self.status is None or str(self.status) in self.message
        return self.message if named else f"the API answers {self.status}: {self.message}"


class RetryableError(ApiError):
    """The same request may succeed later.

    `retry_after` is the wait that the server asked for, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        body: str | None = None,
        retry_after: float | None = None,
        maybe_applied: bool = True,
    ) -> None:
        super().__init__(message, code=code, status=status, body=body)
        self.retry_after = retry_after
        self.maybe_applied = maybe_applied


class ThrottledError(RetryableError):
    """The API asked for a slower pace."""


class UnreachableError(RetryableError):
    """No answer could be had: name, connection, TLS, time-out."""


class RefusedError(ApiError):
    """The API refuses this row; the same request would be refused again."""


class UnclearError(ApiError):
    """An answer came that does not say whether the row was written."""

    maybe_applied = True


class FatalError(ApiError):
    """Every row would meet the same answer, so the run stops."""

    exit_code = 4


class UnauthorizedError(FatalError):
    """The credentials are wrong, expired, or lack a right."""

    exit_code = 77


class OutageError(FatalError):
    """The API has been down for longer than the run is willing to wait, or cannot be spoken to however long it waits.

    `reached` is false when it has never answered at all, in which case nothing was written and the exit code is 69.
    """

    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        advice: str | None = None,
        reached: bool = True,
    ) -> None:
        super().__init__(message, code=code, status=status, advice=advice)
        self.reached = reached
        self.exit_code = 5 if reached else 69

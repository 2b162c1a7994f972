"""stdout and stderr as the program needs them: neither who reads them nor who stops reading decides over a run."""

import io
import os
import sys
from typing import NoReturn


class Results(io.TextIOWrapper):
    """stdout. Ends the program quietly when its reader has gone, as `bulk rows last | head` makes it.

    It ends with a message where it cannot be written, such as to a file on a full disk.
    """

    spoken = False
    """Whether anything was written."""

    def write(self, text: str) -> int:
        self.spoken = self.spoken or bool(text)
        try:
            return super().write(text)
        except BrokenPipeError:
            _leave_unheard()
        except OSError as error:
            _leave_unwritten(error)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            _leave_unheard()
        except OSError as error:
            _leave_unwritten(error)


class Messages(io.TextIOWrapper):
    """stderr. What cannot be written is dropped: a run does not depend on anybody watching it."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            _forget(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            _forget(error)


def install() -> Results:
    """Put both in place of Python's own; gives the one for results."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:  # closed by the caller: the next file opened would take its place and be written into
            os.open(os.devnull, os.O_RDWR)
    results = Results(
        open(1, "wb", closefd=False),  # noqa: SIM115  # a descriptor, for the life of the program
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=os.isatty(1),
    )
    messages = Messages(
        open(2, "wb", closefd=False),  # noqa: SIM115  # the same
        encoding=getattr(sys.stderr, "encoding", "utf-8"),
        errors="backslashreplace",
        line_buffering=True,
    )
    sys.stdout, sys.stderr = results, messages
    sys.unraisablehook = _pass_over
    return results


def _pass_over(unraisable: "sys.UnraisableHookArgs") -> None:
    """Say nothing of a half-written file that cannot be closed: why it is only half written has been said."""
    if not isinstance(unraisable.exc_value, OSError):
        sys.__unraisablehook__(unraisable)


def _leave_unheard() -> NoReturn:
    _silence(1)  # what is still buffered goes nowhere
    sys.exit(141)


def _leave_unwritten(error: OSError) -> NoReturn:
    _silence(1)
    print(f"error: the results cannot be written: {error.strerror}", file=sys.stderr)  # noqa: T201  # not the place for more
    sys.exit(2)


def _forget(error: OSError) -> None:
    if not isinstance(error, BlockingIOError):  # a slow reader may catch up; a gone one never comes back
        _silence(2)


def _silence(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)

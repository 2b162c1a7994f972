"""The one place where errors of SQLite and of the file system become `LedgerError`."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from filelock import Timeout

from bulk.errors import LedgerError

_PERMISSION: Final = "Give this user the right to write the file and its folder, or name another ledger."
_SPACE: Final = "Free some space or name a ledger on another disk; nothing that was acknowledged is lost."
_RESTORE: Final = (
    "Move the file and its -wal file away, or restore them from a backup; with a new ledger, rows that have not "
    "changed are sent once more."
)
_PLACE: Final = "Check that the path names a file in a folder that can be written."
_WAIT: Final = "Wait until the other program is done with it, or name another ledger."

EXPLANATIONS: Final = {
    sqlite3.SQLITE_PERM: ("may not be opened", _PERMISSION),
    sqlite3.SQLITE_AUTH: ("may not be opened", _PERMISSION),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", _PLACE),
    sqlite3.SQLITE_READONLY: ("cannot be written: the file or its folder is read-only", _PERMISSION),
    sqlite3.SQLITE_BUSY: ("is locked by another program", _WAIT),
    sqlite3.SQLITE_LOCKED: ("is locked by another program", _WAIT),
    sqlite3.SQLITE_PROTOCOL: ("is locked by too many programs at once", _WAIT),
    sqlite3.SQLITE_FULL: ("cannot be written: the disk is full", _SPACE),
    sqlite3.SQLITE_TOOBIG: ("cannot hold a value this large", "Look for an enormous cell in the source."),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written: the disk reports an error",
        "Check the disk and the space on it; a ledger on a network drive is not safe.",
    ),
    sqlite3.SQLITE_NOLFS: ("is too large for this file system", _SPACE),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _RESTORE),
    sqlite3.SQLITE_NOTADB: ("is not a ledger: the file holds something else", "Name another path for the ledger."),
    sqlite3.SQLITE_FORMAT: ("is not a ledger: the file holds something else", "Name another path for the ledger."),
    sqlite3.SQLITE_CONSTRAINT: (
        "refuses an entry that contradicts what it already holds",
        "Nothing of that step was written. This is a fault of the program: please report it.",
    ),
}
"""Primary result codes of SQLite that a person can do something about: what is wrong, and what to do.

The other codes are faults of the program; they pass as they are.
"""


def is_lock(error: Exception) -> bool:
    """Whether an error says that another program holds a lock, which may be gone later."""
    return isinstance(error, Timeout) or getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


@contextmanager
def translated(ledger: str) -> Iterator[None]:
    """Raise what SQLite and the file system complain about as `LedgerError` that names the ledger."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary code; the others say more than anybody needs to know.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code not in EXPLANATIONS:
            raise
        what, advice = EXPLANATIONS[code]
        raise LedgerError(f"The ledger {ledger} {what} ({error}).", advice=advice) from error
    except Timeout as error:
        raise LedgerError(
            f"The ledger {ledger} is being opened by another program, and has been for too long.",
            advice="Look for a program that hangs and end it.",
        ) from error
    except OSError as error:
        raise LedgerError(
            f"The ledger {ledger} cannot be used: {error.strerror or error}.",
            advice=_PERMISSION if isinstance(error, PermissionError) else _PLACE,
        ) from error

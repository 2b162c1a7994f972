"""SQLite connections, each on a thread of its own, so that the event loop never waits for a disk."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Concatenate, Final, Literal, ParamSpec, TypeVar

from filelock import FileLock, Timeout

from bulk.errors import LedgerError
from bulk.ledger.error_mapping import is_lock, translated
from bulk.ledger.migrations import VERSION, migrate, recognise

P = ParamSpec("P")
T = TypeVar("T")

_CACHE_KIB: Final = 40 * 1024  # look-ups of keys in random order need them in memory: half a million fit
_KEEP_WAL_BYTES: Final = 64 * 1024 * 1024  # a large transaction does not leave its size behind on the disk


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How the locks of other programs are waited for."""

    seconds: float
    """How long."""
    silent: float
    """After how many of these seconds `tell` is called."""
    tell: Callable[[], None]
    """Says that somebody is waited for, from the thread of a connection."""

    def wait(self, attempt: Callable[[float], T]) -> T:
        """Do what may meet a lock, and is told how many seconds it may wait for that."""
        silent = min(self.silent, self.seconds)
        try:
            return attempt(silent)
        except (sqlite3.OperationalError, Timeout) as error:
            if silent == self.seconds or not is_lock(error):
                raise
        self.tell()
        return attempt(self.seconds - silent)


class Database:
    """One connection. Each call of `transact` is one transaction, committed when it returns, undone when it raises.

    A caller who is cancelled leaves a transaction that is whole, or was never begun.
    """

    def __init__(
        self,
        called: str,
        connect: Callable[[float], sqlite3.Connection],
        *,
        begin: Literal["DEFERRED", "IMMEDIATE"],
        patience: Patience,
    ) -> None:
        self._called = called
        self._connect = connect
        self._begin = f"BEGIN {begin}"
        self._patience = patience
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._connection: sqlite3.Connection

    async def open(self) -> None:
        """Connect; raises `LedgerError`."""
        try:
            await self._submit(self._open)
        except BaseException:
            self._thread.shutdown(wait=False)
            raise

    async def close(self) -> None:
        """Disconnect after everything submitted before has been done."""
        closing = self._submit(self._close)
        self._thread.shutdown(wait=False)
        await asyncio.shield(closing)

    async def transact(
        self, work: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work` in one transaction; raises what it raises, and `LedgerError` for what the database says."""
        return await self._submit(partial(self._transact, partial(work, **kwargs), *args))

    def _submit(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        return asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _open(self) -> None:
        with translated(self._called):
            self._connection = self._patience.wait(self._connect)

    def _close(self) -> None:
        with translated(self._called):
            self._connection.close()

    def _transact(self, work: Callable[..., T], *args: object) -> T:
        with translated(self._called):
            return self._patience.wait(lambda seconds: self._attempt(seconds, work, *args))

    def _attempt(self, patience: float, work: Callable[..., T], *args: object) -> T:
        self._connection.execute(f"PRAGMA busy_timeout = {patience * 1000:.0f}")
        self._connection.execute(self._begin)
        try:
            result = work(self._connection, *args)
            self._connection.execute("COMMIT")
        except BaseException:
            # SQLite may have rolled back by itself, as it does when the disk is full.
            if self._connection.in_transaction:
                self._connection.rollback()
            raise
        return result


def connect_memory(patience: float) -> sqlite3.Connection:
    """A ledger that lives as long as its connection, which nobody else has."""
    del patience
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _prepare(connection, ":memory:")
    return connection


def connect_writer(path: Path, patience: float) -> sqlite3.Connection:
    """Open a ledger for writing, creating it where there is none, for its owner only. `patience` is in seconds."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)  # first, since who waits for a lock cannot tell a file that cannot be made from one in use
    # SQLite does not wait its turn when two programs turn the same new file to WAL.
    with FileLock(path.with_name(f"{path.name}.lock"), timeout=patience, mode=0o600):
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
        try:
            _prepare(connection, str(path))
        except BaseException:
            connection.close()
            raise
        return connection


def connect_reader(path: Path, patience: float) -> sqlite3.Connection:
    """Open a ledger for reading only; it never makes a writer wait."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=patience, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _prepare(connection: sqlite3.Connection, called: str) -> None:
    connection.row_factory = sqlite3.Row
    version = recognise(connection, called)
    (journal,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if journal not in {"wal", "memory"}:
        raise LedgerError(
            f"The ledger {called} is on a file system that cannot hold one safely (no shared memory).",
            advice="Name a path on a local disk.",
        )
    for pragma in (
        "synchronous = FULL",
        "foreign_keys = ON",
        f"cache_size = -{_CACHE_KIB}",
        f"journal_size_limit = {_KEEP_WAL_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    if version < VERSION:
        migrate(connection, called)

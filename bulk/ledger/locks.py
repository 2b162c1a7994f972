"""Locks on a target's resource, held by the operating system, so that they end with their holder."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import BaseFileLock, FileLock, Timeout

from bulk.errors import LockedError
from bulk.ledger.error_mapping import translated

_PATIENCE: Final = 0.5  # seconds; whoever only looks whether a lock is free holds it for far less


class Locks:
    """Locks beside a ledger file, one a target and resource; without a file, within the ledger object."""

    def __init__(self, ledger: Path | None, clock: Callable[[], float]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._ours: dict[tuple[str, str], str] = {}

    @contextmanager
    def hold(self, target: str, resource: str) -> Iterator[int | None]:
        """Hold the lock; raises `LockedError` that says who has it and since when.

        Gives the file descriptor that holds it: as long as a process has inherited that, nobody else gets the lock.
        None where there is no such thing.
        """
        if self.ours(target, resource):
            raise self.refusal(target, resource)
        since = datetime.fromtimestamp(self._clock(), UTC)
        mark = json.dumps({"pid": os.getpid(), "since": f"{since:%Y-%m-%d %H:%M:%S} UTC"})
        lock, held = None, None

        def sign(descriptor: int) -> None:
            nonlocal held
            held = descriptor if os.name == "posix" else None
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, mark.encode())

        if self._ledger is not None:
            lock = _acquire(_beside(self._ledger, target, resource), timeout=_PATIENCE, sign=sign)
            if lock is None:
                raise self.refusal(target, resource)
        self._ours[target, resource] = mark
        try:
            yield held
        finally:
            del self._ours[target, resource]
            if lock is not None:
                lock.release()

    def ours(self, target: str, resource: str) -> bool:
        """Whether this ledger object holds the lock."""
        return (target, resource) in self._ours

    def held(self, target: str, resource: str) -> bool:
        """Whether anybody holds the lock."""
        if self._ledger is None or self.ours(target, resource):
            return self.ours(target, resource)
        path = _beside(self._ledger, target, resource)
        if not path.exists():
            return False
        lock = _acquire(path, timeout=0)
        if lock is None:
            return True
        lock.release()
        return False

    def refusal(self, target: str, resource: str) -> LockedError:
        """The error for who meets a lock that is held."""
        mark = self._ours.get((target, resource)) or (
            "" if self._ledger is None else _read(_beside(self._ledger, target, resource))
        )
        try:
            holder = "process {pid} since {since}".format(**json.loads(mark))
        except (ValueError, LookupError, TypeError):
            holder = "another process"
        return LockedError(
            f"Another run of {resource} at {target} is under way, held by {holder}.",
            advice="Wait until it has ended, or end that process; its lock ends with it.",
        )


def _beside(ledger: Path, target: str, resource: str) -> Path:
    digest = hashlib.blake2b(f"{target}\n{resource}".encode(), digest_size=8).hexdigest()
    return ledger.with_name(f"{ledger.name}.{digest}.lock")


def _acquire(path: Path, *, timeout: float, sign: Callable[[int], None] | None = None) -> BaseFileLock | None:
    """The lock, or None when somebody else has it. Who holds it may `sign` the open file."""
    lock = FileLock(
        path,
        timeout=timeout,
        poll_interval=0.02,
        mode=0o600,
        thread_local=False,
        preserve_lock_file=True,
        fallback_to_soft=False,  # a lock that is only a file would outlive its holder
        on_acquired=sign,
    )
    with translated(str(path)):
        try:
            lock.acquire()
        except Timeout:
            return None
    return lock


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""  # some systems let nobody read what is locked

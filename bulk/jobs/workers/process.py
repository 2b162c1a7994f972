"""A worker process, as the one that started it sees it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

from bulk.jobs.workers.messages import HEAD, packed, size_of, unpacked
from bulk.model import Traffic

LAST_WORDS: Final = 90.0
"""Seconds in which a worker has to settle what it had under way, once it is on its own; a ledger may be busy for 60."""

ENDING: Final = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""What whoever sits at the terminal sends to all processes alike: the run is what it is meant for."""


class WorkerProcess:
    """One worker. It ends when it is left, and by itself when we are gone."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._to, self._from = process.stdin, process.stdout
        self.pid = process.pid
        self.traffic = Traffic()
        """Its requests, as far as it has told."""

    def tell(self, message: object) -> None:
        """Send a message; does nothing where there is nobody to read it any more."""
        if not self._to.is_closing():
            self._to.write(packed(message))

    async def heard(self) -> object | None:
        """The next message; None once it has gone."""
        try:
            return unpacked(await self._from.readexactly(size_of(await self._from.readexactly(HEAD))))
        except asyncio.IncompleteReadError:
            return None

    def hang_up(self) -> None:
        """Leave it on its own: it stops at once, settles what it had under way, and goes."""
        self._to.close()

    def kill(self) -> None:
        """End it as it is."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def gone(self) -> int:
        """Wait until it has ended; gives its exit code, or minus the signal that ended it."""
        await self._process.communicate()
        code = self._process.returncode
        assert code is not None
        return code

    async def leave(self) -> None:
        """Have it ended: in order if it was hung up, or else at once, since it has done nothing yet."""
        ending = asyncio.ensure_future(self.gone())
        try:
            if self._to.is_closing():
                await asyncio.wait((ending,), timeout=LAST_WORDS)
        finally:
            self.kill()
            await asyncio.wait((ending,))


@asynccontextmanager
async def started(program: str, held: int | None) -> AsyncIterator[WorkerProcess]:
    """A process that runs `main` of a module of ours; it inherits the lock that is `held`, and nothing else.

    It is a Python of its own, and not a fork: threads of ours would be in the midst of something. Nor is it one of
    `multiprocessing`, which would run the main module of whoever uses this as a library once more.
    """
    with _unheard(ENDING):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # what lies about in the working folder is not ours
            "-c",
            f"from {program} import main; main()",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=() if held is None else (held,),
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    worker = WorkerProcess(process)
    try:
        yield worker
    finally:
        await worker.leave()


@contextmanager
def _unheard(signals: tuple[signal.Signals, ...]) -> Iterator[None]:
    """Hold signals back: from us for the moment, and from whom we start meanwhile for ever."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

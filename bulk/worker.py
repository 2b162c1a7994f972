"""A worker process: sends its share of the rows of a run as the process would that hired it. See `bulk.jobs.crew`.

What it has to know comes through its standard input, credentials included, and goes nowhere else.
"""

import asyncio
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bulk.connectors import find
from bulk.contracts import Scan, SystemClock
from bulk.errors import BulkError
from bulk.http.clients import client_of
from bulk.http.shared_pace import Granting, PaceShare
from bulk.http.writer import Ending
from bulk.jobs.checker import Checker
from bulk.jobs.guards import Guards, Stop
from bulk.jobs.hand import ENDING
from bulk.jobs.messages import Done, Failed, Go, Halt, Settled, packed, read_from
from bulk.jobs.reading import Reading
from bulk.jobs.sending import Alone
from bulk.jobs.share import Share
from bulk.ledger import SqliteLedger
from bulk.model import Event, Limits, Traffic

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """What a worker has to know before it is told to go."""

    ledger: Path
    """Where the ledger lies."""
    resource: str
    """Such as `luminous.products`."""
    decisions: "Mapping[str, str]"
    """See `Resource.chosen`."""
    settings: "Mapping[str, Any]" = field(repr=False)
    """How to reach the API, and the credentials for it, under the names of the connector's settings."""
    limits: Limits
    """How the API is treated, requests in flight of this process alone."""
    tables: tuple[Scan, ...]
    """The source, as it was opened."""
    reading: Reading
    """How its cells are read."""
    resend: bool
    """See `Guards`, as for the next two."""
    verify: bool
    confirmed: bool
    share: Share
    """Which rows to send."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Opened:
    """A source that somebody else has opened. Satisfies `Tables` as far as a checker needs it."""

    tables: tuple[Scan, ...]
    name: str = ""
    sha256: str = ""

    def close(self) -> None:
        """It is not ours to close."""


class _Worker:
    """Does one assignment, and tells its employer about it through a pipe."""

    def __init__(self, assignment: Assignment, pipe: FileIO) -> None:
        self._assignment = assignment
        self._pipe = pipe
        self._stop = Stop()
        self._share = PaceShare(self._tell, clock=SystemClock())
        self._sending: Alone | None = None
        self._go: asyncio.Future[Go] = asyncio.get_running_loop().create_future()

    def hear(self, message: object) -> None:
        """Heed a message."""
        match message:
            case Granting():
                self._share.hear(message)
            case Go():
                self._go.set_result(message)
            case Halt():
                self._stop.event.set()

    async def run(self) -> None:
        """Send the share once it is told to; the last word is how that ended."""
        ending: Ending | Exception = Ending(completed=False)
        try:
            ending = await self._send()
        except Exception as error:  # noqa: BLE001  # it is raised again where the run is ended
            ending = _portable(error)
        finally:
            self._tell(Done(ending=ending, traffic=self._traffic))

    async def _send(self) -> Ending:
        given = self._assignment
        connector, resource = find(given.resource)
        resource = resource.chosen(given.decisions)
        settings = connector.settings.model_validate(given.settings)
        async with SqliteLedger(given.ledger) as ledger:
            self._sending = Alone(
                checker=Checker(_Opened(tables=given.tables), resource, given.reading),
                ledger=ledger,
                resource=resource,
                connect=lambda: client_of(connector, settings, given.limits, SystemClock(), self._share),
                concurrency=given.limits.concurrency,
                guards=Guards(resend=given.resend, verify=given.verify, confirmed=given.confirmed),
                listener=self._settled,
                deletes=given.reading.keys_only,
                share=given.share,
            )
            go = await self._go
            failed = self._failed if go.counts else None
            return await self._sending.send(go.run, go.pending, stop=self._stop, failed=failed)

    @property
    def _traffic(self) -> Traffic:
        return Traffic() if self._sending is None else self._sending.traffic

    def _settled(self, event: Event) -> None:
        self._tell(Settled.of(event.data["settlements"], self._traffic))

    def _failed(self, rows: int) -> None:
        self._tell(Failed(rows=rows))

    def _tell(self, message: object) -> None:
        # Who does not listen any more is gone, and the end of the other pipe says so too.
        with suppress(OSError):
            left = memoryview(packed(message))
            while left:
                left = left[self._pipe.write(left) :]


async def _work(orders: FileIO, told: FileIO) -> None:
    """Do what is ordered until the employer hangs up or is gone: what is under way then is given up at once."""
    loop = asyncio.get_running_loop()
    messages: asyncio.Queue[object | None] = asyncio.Queue()

    def listen() -> None:
        message: object | None = True
        with suppress(RuntimeError):  # the loop is closed: nobody is there to hear it
            while message is not None:
                message = read_from(orders)
                loop.call_soon_threadsafe(messages.put_nowait, message)

    # A daemon, since nobody can wake it from reading.
    threading.Thread(target=listen, daemon=True).start()
    assignment = await messages.get()
    if not isinstance(assignment, Assignment):
        return
    worker = _Worker(assignment, told)
    working = asyncio.create_task(worker.run())
    working.add_done_callback(lambda _: messages.put_nowait(None))
    while (message := await messages.get()) is not None:
        worker.hear(message)
    working.cancel()
    await asyncio.wait((working,))
    if not working.cancelled():
        working.result()


def _portable(error: Exception) -> Exception:
    """An error that another process can raise: ours as they are, others by their names, with where they came from."""
    if isinstance(error, BulkError):
        return error
    bug = RuntimeError(f"in a worker process: {type(error).__name__}: {error}")
    bug.add_note("".join(traceback.format_exception(error)))
    return bug


def main() -> None:
    """Run as a worker, with pipes as standard input and output."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)  # meant for the whole run: the employer says what becomes of it
    told = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    aside = os.open(os.devnull, os.O_WRONLY) if sys.stderr is None else sys.stderr.fileno()
    os.dup2(aside, sys.stdout.fileno())  # whatever is printed is not taken for a message
    with told, open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as orders:  # a descriptor
        asyncio.run(_work(orders, told))

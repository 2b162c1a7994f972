"""A worker process: sends rows that the process which started it has made ready. See `bulk.jobs.workers.pool`.

What it has to know comes through its standard input, credentials included, and goes nowhere else. It neither reads the
source nor opens the ledger, and loads nothing that is for these.
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
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from bulk.connectors import find
from bulk.contracts import SystemClock
from bulk.errors import BulkError
from bulk.http.client import client_of
from bulk.http.shared_pace import Granting, PaceShare
from bulk.http.writer import Ending
from bulk.jobs.guards import Stop
from bulk.jobs.send.prepared import Prepared, drive, learnt
from bulk.jobs.send.writing import writer
from bulk.jobs.workers.messages import Done, Failed, Halt, More, Rows, Settled, packed, read_from
from bulk.jobs.workers.process import ENDING
from bulk.model import Limits, Record, Settlement, Traffic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from bulk.contracts import CountingSender, Flow


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """What a worker has to know before it can send rows."""

    resource: str
    """Such as `luminous.products`."""
    decisions: "Mapping[str, str]"
    """See `Resource.chosen`."""
    settings: "Mapping[str, Any]" = field(repr=False)
    """How to reach the API, and the credentials for it, under the names of the connector's settings."""
    limits: Limits
    """How the API is treated; how many requests this process may have in flight, it is told with its rows."""
    processes: int
    """How many send, this one and its employer included."""
    deletes: bool
    """Whether the records are deleted."""


class _Worker:
    """Does one assignment, and tells its employer about it through a pipe."""

    def __init__(self, assignment: Assignment, pipe: FileIO) -> None:
        self._assignment = assignment
        self._pipe = pipe
        self._stop = Stop()
        self._share = PaceShare(self._tell, clock=SystemClock())
        self._sender: CountingSender | None = None
        self._connector, resource = find(assignment.resource)
        self._resource = resource.chosen(assignment.decisions)
        self._rows: asyncio.Queue[Rows] = asyncio.Queue()
        self._taken = 0
        self._under_way: dict[int, Prepared] = {}

    def hear(self, message: object) -> None:
        """Heed a message."""
        match message:
            case Granting():
                self._share.hear(message)
            case Rows():
                self._rows.put_nowait(message)
            case Halt():
                self._stop.event.set()

    async def run(self) -> None:
        """Send what there is for it to send; the last word is how that ended."""
        ending: Ending | Exception = Ending(completed=False)
        try:
            ending = await self._send()
        except Exception as error:  # noqa: BLE001  # it is raised again where the run is ended
            ending = _portable(error)
        finally:
            self._tell(Done(ending=ending, taken=self._taken, traffic=self._traffic))

    async def _send(self) -> Ending:
        given = self._assignment
        settings = self._connector.settings.model_validate(given.settings)
        async with client_of(self._connector, settings, given.limits, SystemClock(), self._share) as sender:
            self._sender = sender
            self._tell(More())
            first = await self._rows.get()
            if not first.prepared:  # all were taken while we began: nothing may be in flight here
                return Ending(completed=True)
            ours = writer(
                sender,
                drive=self._drive,
                settle=self._settled,
                concurrency=first.in_flight,
                stop=self._stop,
                failed=self._failed,
                processes=given.processes,
            )
            return await ours.run(self._blocks(first))

    async def _blocks(self, rows: Rows) -> "AsyncIterator[Sequence[Record]]":
        """Rows as they are given, until there are none: always one block ahead, since whoever gives them is busy."""
        while prepared := rows.prepared:
            self._taken += 1
            self._tell(More())
            self._under_way.update({one.record.row: one for one in prepared})
            yield [one.record for one in prepared]
            rows = await self._rows.get()

    def _drive(self, record: Record) -> "Flow":
        return drive(self._under_way[record.row], self._resource, deletes=self._assignment.deletes)

    @property
    def _traffic(self) -> Traffic:
        return Traffic() if self._sender is None else self._sender.traffic

    async def _settled(self, settlements: "Sequence[Settlement]") -> None:
        told = [replace(one, fields=learnt(self._under_way.pop(one.row), one.status)) for one in settlements]
        self._tell(Settled.of(told, self._traffic))

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

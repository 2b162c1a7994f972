"""Rows are sent by several processes at one pace: by this one, and by workers to which it gives some of them.

Only this process reads the source and keeps the ledger. Whoever has room for more takes the next rows that are ready: a
worker that is late, or slow, gets fewer of them, and nobody waits for one that is not needed any more.
"""

from asyncio import TaskGroup
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from math import ceil
from typing import Any, Final

from bulk.contracts import Clock, CountingSender, Listener
from bulk.errors import FatalError, OutageError
from bulk.http.pace import Pace
from bulk.http.shared_pace import PaceKeeper, PaceShare
from bulk.http.turns import Turns
from bulk.http.writer import Ending
from bulk.jobs.guards import Stop
from bulk.jobs.send.dispatch import Dispatch
from bulk.jobs.send.writing import Tally, writer
from bulk.jobs.threads import Shared
from bulk.jobs.workers.process import WorkerProcess, started
from bulk.jobs.workers.session import WorkerSession
from bulk.model import Event, Settlement, Traffic

OURS: Final = 8
"""The part of the requests in flight that this process keeps once workers are there: one of so many."""


class WorkerPool:
    """Sends the rows of a source from so many processes. See `bulk.jobs.importer.Sending`.

    All keep to one pace, count their failures together, and end together: whatever ends one ends them all.
    `dispatching` makes what gives out the rows of a `run` and reads through a `sender`; `assignment` is what a worker
    has to know, the first message to `program`.
    """

    def __init__(
        self,
        *,
        dispatching: Callable[..., Dispatch],
        assignment: object,
        program: str,
        processes: int,
        concurrency: int,
        paced: Callable[[], AbstractAsyncContextManager[Pace]],
        client: Callable[[Turns], AbstractAsyncContextManager[CountingSender]],
        clock: Clock,
        listener: Listener,
    ) -> None:
        self._dispatching, self._assignment = dispatching, assignment
        self._program = program
        self._processes = processes
        self._concurrency = concurrency
        self._paced = paced
        self._client = client
        self._clock = clock
        self._listener = listener
        self._workers: Sequence[WorkerProcess] = ()
        self._sender: CountingSender | None = None
        self._reached = False

    @property
    def traffic(self) -> Traffic:
        """Requests of all processes so far."""
        ours = Traffic() if self._sender is None else self._sender.traffic
        return sum((worker.traffic for worker in self._workers), ours)

    @asynccontextmanager
    async def ready(self, held: int | None) -> AsyncIterator[None]:
        """Have the workers load what they need while the source is checked."""
        async with AsyncExitStack() as stack:
            workers = [
                await stack.enter_async_context(started(self._program, held)) for _ in range(self._processes - 1)
            ]
            for worker in workers:
                worker.tell(self._assignment)
            self._workers = workers
            yield

    async def send(self, run: str, pending: int, *, stop: Stop, failed: Tally | None) -> Ending:
        """See `bulk.jobs.importer.Sending`."""
        async with self._paced() as pace:
            share = PaceShare(lambda said: keeper.hear(said), clock=self._clock)  # noqa: PLW0108  # the keeper is next
            keeper = PaceKeeper(pace, share.hear)
            async with keeper, self._client(share) as sender:
                self._sender = sender
                dispatch = self._dispatching(run=run, sender=sender)
                ends = await self._send(dispatch, pending, pace=pace, sender=sender, stop=stop, failed=failed)
                return together(ends, reached=self._reached)

    async def _send(
        self,
        dispatch: Dispatch,
        pending: int,
        *,
        pace: Pace,
        sender: CountingSender,
        stop: Stop,
        failed: Tally | None,
    ) -> Sequence[Ending | Exception]:
        """The endings of all, in the order in which they came."""
        ends: list[Ending | Exception] = []
        helping = 0

        async def see_to(part: Coroutine[Any, Any, Ending]) -> None:
            try:
                end: Ending | Exception = await part
            except Exception as error:  # noqa: BLE001  # raised again when all have ended in order
                end = error
            if isinstance(end, Exception) or not end.completed:
                stop.event.set()
            ends.append(end)

        async def see_to_ours(part: Coroutine[Any, Any, Ending]) -> None:
            await see_to(part)
            for session in sessions:
                session.dismiss()

        async def room() -> int:
            """Until a worker joins us, all that may be in flight is ours."""
            nonlocal helping
            helping += 1
            return await ours.narrow(self._concurrency - helping * self._each)

        async def settle(settlements: Sequence[Settlement]) -> None:
            settled = await dispatch.settle(settlements)
            self._reached |= any(one.http_status is not None for one in settled)
            self._listener(Event(kind="settled", data={"settlements": settled}))

        ours = writer(
            sender,
            drive=dispatch.drive,
            settle=settle,
            concurrency=self._concurrency,
            stop=stop,
            failed=failed,
            processes=self._processes,
        )
        async with aclosing(dispatch.blocks(pending)) as source:
            blocks = Shared(source)
            sessions = [
                WorkerSession(
                    worker, dispatch=dispatch, blocks=blocks, room=room, settle=settle, stop=stop, failed=failed
                )
                for worker in self._workers
            ]
            async with TaskGroup() as group:
                group.create_task(see_to_ours(ours.run(blocks)))
                for session in sessions:
                    group.create_task(see_to(session.run(pace)))
        return ends

    @property
    def _each(self) -> int:
        """How many requests a worker may have in flight, of those that all may.

        This process keeps few, since whoever sends waits for the rows that it makes ready and for what it settles.
        """
        return max(1, (self._concurrency - ceil(self._concurrency / OURS)) // (self._processes - 1))


def together(ends: Sequence[Ending | Exception], *, reached: bool) -> Ending:
    """The ending of all, from those of each in the order in which they came.

    An API that one process has `reached` is not called unreachable where another has not.
    """
    endings = []
    for end in ends:
        if isinstance(end, Exception):
            raise end
        endings.append(end)
    error: FatalError | None = next((end.error for end in endings if end.error is not None), None)
    if isinstance(error, OutageError) and not error.reached and reached:
        error = OutageError(error.message, code="outage", status=error.status, advice=error.advice)
    return Ending(completed=all(end.completed for end in endings), error=error)

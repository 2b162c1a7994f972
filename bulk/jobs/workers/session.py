"""One worker's part in a run: it is given rows as it asks for them, and what it says of them is heeded."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from bulk.errors import FatalError
from bulk.http.pace import Pace
from bulk.http.shared_pace import Asking, PaceKeeper
from bulk.http.writer import Ending
from bulk.jobs.guards import Stop
from bulk.jobs.send.dispatch import Dispatch
from bulk.jobs.send.writing import Tally
from bulk.jobs.workers.messages import Done, Failed, Halt, More, Rows, Settled
from bulk.jobs.workers.process import LAST_WORDS, WorkerProcess
from bulk.model import Record, Settlement, Status

GRACE: Final = 30.0
"""Seconds in which rows may still become ready that a worker has asked for which has ended meanwhile."""


class WorkerSession:
    """Has a worker send some of the rows, from `blocks` that it shares with others, and `settle` what became of them.

    Before it is given the first of them, `room` is asked how many requests it may have in flight. Rows that it was
    given and never took are handed back.
    """

    def __init__(
        self,
        worker: WorkerProcess,
        *,
        dispatch: Dispatch,
        blocks: AsyncIterator[Sequence[Record]],
        room: Callable[[], Awaitable[int]],
        settle: Callable[[Sequence[Settlement]], Awaitable[None]],
        stop: Stop,
        failed: Tally | None,
    ) -> None:
        self._worker = worker
        self._dispatch = dispatch
        self._blocks = blocks
        self._room = room
        self._settle = settle
        self._stop = stop
        self._failed = failed
        self._listening: asyncio.Task[Ending] | None = None
        self._giving: asyncio.Task[None] | None = None
        self._latest: Sequence[Record] = ()
        self._given = 0
        self._in_flight = 0
        self._fault: Exception | None = None
        self._over = False

    async def run(self, pace: Pace) -> Ending:
        """See it through; when cancelled, have it stop at once, and hear what it still has to say."""
        stopping = asyncio.create_task(self._stop.event.wait())
        stopping.add_done_callback(lambda waited: None if waited.cancelled() else self._worker.tell(Halt()))
        async with PaceKeeper(pace, self._worker.tell) as keeper:
            # Not cancelled with us: it may be in the midst of a message.
            self._listening = listening = asyncio.create_task(self._listen(keeper))
            try:
                await asyncio.wait((listening,))
            except asyncio.CancelledError:
                self.dismiss()
                if self._giving is not None:
                    self._giving.cancel()
                    self._worker.hang_up()
                await asyncio.wait((listening,), timeout=LAST_WORDS)
                raise
            finally:
                stopping.cancel()
                listening.cancel()
        if listening.cancelled():
            return Ending(completed=True)
        self._worker.kill()  # it has had its last word, or nobody listens: to close its Python is not worth waiting for
        return listening.result()

    def dismiss(self) -> None:
        """Do without it if it has not asked for anything yet: there is nothing left to give."""
        if self._giving is None and self._listening is not None:
            self._listening.cancel()

    async def _listen(self, keeper: PaceKeeper) -> Ending:
        try:
            done = await self._heard_out(keeper)
        finally:
            self._over = True
            if self._giving is not None:
                await asyncio.wait((self._giving,), timeout=GRACE)
                self._giving.cancel()
                await asyncio.wait((self._giving,))
        # It asks for more only when it has taken what it was given: of the latest rows alone it may not know.
        if self._latest and done is not None and done.taken < self._given:
            await self._settle([Settlement(row=one.row, key=one.key, status=Status.NOT_TRIED) for one in self._latest])
        if isinstance(self._fault, FatalError):
            return Ending(completed=False, error=self._fault)
        if self._fault is not None:
            raise self._fault
        ending = Ending(completed=False) if done is None else done.ending
        if isinstance(ending, Exception):
            raise ending
        return ending

    async def _heard_out(self, keeper: PaceKeeper) -> Done | None:
        """Heed all that it says; gives its last word, None if somebody has ended it."""
        while (message := await self._worker.heard()) is not None:
            match message:
                case Asking():
                    keeper.hear(message)
                case More():
                    self._giving = asyncio.create_task(self._give())
                case Settled():
                    self._worker.traffic = message.traffic
                    await self._settle(message.settlements)
                case Failed() if self._failed is not None:
                    self._failed(message.rows)
                case Done():
                    self._worker.traffic = message.traffic
                    return message
        code = await self._worker.gone()
        if code >= 0:
            raise RuntimeError(
                f"worker process {self._worker.pid} ended with exit code {code} before its work was done"
            )
        self._stop.because(f"worker process {self._worker.pid} was ended by {signal.Signals(-code).name}")
        return None

    async def _give(self) -> None:
        """Give it the next rows, or none where there are none left or something keeps them from becoming ready."""
        block: Sequence[Record] = ()
        try:
            block = await anext(self._blocks)
        except StopAsyncIteration:
            pass
        except Exception as error:  # noqa: BLE001  # raised again when it has ended in order
            self._fault = error
            self._stop.event.set()
        if block:
            self._latest = block
            self._given += 1
            if self._given == 1:
                self._in_flight = await self._room()
        if not self._over:
            self._worker.tell(Rows.of(self._dispatch.prepared(block), self._in_flight))

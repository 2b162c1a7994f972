"""Rows are sent by several processes at one pace: by this one, and by workers that do the same with their shares."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from bulk.contracts import Clock, CountingSender, Listener
from bulk.errors import FatalError, OutageError
from bulk.http.pace import Pace
from bulk.http.shared_pace import Asking, PaceKeeper, PaceShare
from bulk.http.turns import Turns
from bulk.http.writer import Ending
from bulk.jobs.guards import Stop
from bulk.jobs.hand import LAST_WORDS, Hand, hired
from bulk.jobs.messages import Done, Failed, Go, Halt, Settled
from bulk.jobs.sending import Alone, Tally
from bulk.jobs.share import Share
from bulk.model import Event, Traffic


class Crew:
    """Sends the rows of a source from so many processes. See `Sending`.

    All keep to one pace, count their failures together, and end together: whatever ends one ends them all. `ours` makes
    what sends a share from this process, `theirs` what a worker has to know to do it: the first message to `program`.
    """

    def __init__(
        self,
        *,
        ours: Callable[..., Alone],
        theirs: Callable[[Share, int], object],
        program: str,
        processes: int,
        concurrency: int,
        paced: Callable[[], AbstractAsyncContextManager[Pace]],
        client: Callable[[Turns], AbstractAsyncContextManager[CountingSender]],
        clock: Clock,
        listener: Listener,
    ) -> None:
        self._make_ours, self._make_theirs = ours, theirs
        self._program = program
        self._processes = processes
        self._concurrency = concurrency
        self._paced = paced
        self._client = client
        self._clock = clock
        self._listener = listener
        self._hands: Sequence[Hand] = ()
        self._ours: Alone | None = None
        self._reached = False

    @property
    def traffic(self) -> Traffic:
        """Requests of all processes so far."""
        ours = Traffic() if self._ours is None else self._ours.traffic
        return sum((hand.traffic for hand in self._hands), ours)

    @asynccontextmanager
    async def ready(self, held: int | None) -> AsyncIterator[None]:
        """Have the workers load what they need while the source is checked."""
        async with AsyncExitStack() as stack:
            hands = [await stack.enter_async_context(hired(self._program, held)) for _ in range(self._processes - 1)]
            for number, hand in enumerate(hands, 1):
                hand.tell(self._make_theirs(self._share(number), self._in_flight(number)))
            self._hands = hands
            yield

    async def send(self, run: str, pending: int, *, stop: Stop, failed: Tally | None) -> Ending:
        """See `Sending`."""
        ends: list[Ending | Exception] = []

        async def see_to(part: Coroutine[Any, Any, Ending]) -> None:
            try:
                end: Ending | Exception = await part
            except Exception as error:  # noqa: BLE001  # raised again when all have ended in order
                end = error
            if isinstance(end, Exception) or not end.completed:
                stop.event.set()
            ends.append(end)

        go = Go(run=run, pending=pending, counts=failed is not None)
        async with self._paced() as pace, asyncio.TaskGroup() as group:
            group.create_task(see_to(self._send_ours(pace, go, stop, failed)))
            for hand in self._hands:
                group.create_task(see_to(self._send_theirs(hand, pace, go, stop, failed)))
        return self._together(ends)

    async def _send_ours(self, pace: Pace, go: Go, stop: Stop, failed: Tally | None) -> Ending:
        share = PaceShare(lambda said: keeper.hear(said), clock=self._clock)  # noqa: PLW0108  # the keeper comes next
        keeper = PaceKeeper(pace, share.hear)
        self._ours = self._make_ours(
            share=self._share(0),
            concurrency=self._in_flight(0),
            connect=lambda: self._client(share),
            listener=self._note,
        )
        async with keeper:
            return await self._ours.send(go.run, go.pending, stop=stop, failed=failed)

    async def _send_theirs(self, hand: Hand, pace: Pace, go: Go, stop: Stop, failed: Tally | None) -> Ending:
        """Have a worker send its share; when cancelled, have it stop at once, and hear what it still has to say."""
        stopping = asyncio.create_task(stop.event.wait())
        stopping.add_done_callback(lambda waited: None if waited.cancelled() else hand.tell(Halt()))
        async with PaceKeeper(pace, hand.tell) as keeper:
            hand.tell(go)
            # Not cancelled with us: it may be in the midst of a message.
            listening = asyncio.create_task(self._listen(hand, keeper, stop, failed))
            try:
                await asyncio.wait((listening,))
            except asyncio.CancelledError:
                hand.hang_up()
                await asyncio.wait((listening,), timeout=LAST_WORDS)
                raise
            finally:
                hand.hang_up()
                stopping.cancel()
                listening.cancel()
            return listening.result()

    async def _listen(self, hand: Hand, keeper: PaceKeeper, stop: Stop, failed: Tally | None) -> Ending:
        while (message := await hand.heard()) is not None:
            match message:
                case Asking():
                    keeper.hear(message)
                case Settled():
                    hand.traffic = message.traffic
                    self._note(Event(kind="settled", data={"settlements": message.settlements}))
                case Failed() if failed is not None:
                    failed(message.rows)
                case Done():
                    hand.traffic = message.traffic
                    if isinstance(message.ending, Exception):
                        raise message.ending
                    return message.ending
        code = await hand.gone()
        if code >= 0:
            raise RuntimeError(f"worker process {hand.pid} ended with exit code {code} before its work was done")
        stop.because(f"worker process {hand.pid} was ended by {signal.Signals(-code).name}")
        return Ending(completed=False)

    def _together(self, ends: Sequence[Ending | Exception]) -> Ending:
        """The ending of all, from those of each in the order in which they came."""
        endings = []
        for end in ends:
            if isinstance(end, Exception):
                raise end
            endings.append(end)
        error = next((end.error for end in endings if end.error is not None), None)
        return Ending(completed=all(end.completed for end in endings), error=self._in_view_of_all(error))

    def _in_view_of_all(self, error: FatalError | None) -> FatalError | None:
        """An API that one process has not reached is not called unreachable where another has."""
        if isinstance(error, OutageError) and not error.reached and self._reached:
            return OutageError(error.message, code="outage", status=error.status, advice=error.advice)
        return error

    def _note(self, settled: Event) -> None:
        self._reached |= any(one.http_status is not None for one in settled.data["settlements"])
        self._listener(settled)

    def _share(self, number: int) -> Share:
        return Share(number=number, of=self._processes)

    def _in_flight(self, number: int) -> int:
        """How many requests a process may have in flight, of those that all may."""
        each, left = divmod(self._concurrency, self._processes)
        return each + (number < left)

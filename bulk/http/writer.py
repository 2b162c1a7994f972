"""Bounded fan-out: many rows under way at once, and for every row exactly one settlement, whatever happens."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from bulk.contracts import Clock, Flow, Sender, SystemClock
from bulk.errors import ApiError, FatalError, RefusedError, RetryableError, UnclearError
from bulk.http.conversation import Conversation
from bulk.http.settling import Settling
from bulk.http.waiting import wait_until
from bulk.model import Record, Settlement, Status, Violation, shorten

INTERVAL: Final = 0.1
"""Seconds after which what has become of rows is settled, be it little."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """Why the writer came to its end."""

    completed: bool
    """Whether every row was tried; otherwise it was asked to stop, or `error` stopped it."""
    error: FatalError | None = None
    """What every further row would have met."""


class Writer:
    """Drives the flow of every record through a sender, `concurrency` of them at a time; does so once.

    `settle` is awaited with the settlements in the order of completion, up to `group` of them or every `interval`
    seconds; `blame` turns what the API said of a row into violations. When `stop` is set no record is begun any more,
    `halt` is called to have the sender refuse what it has not sent yet, and what is on its way has `grace` seconds.
    `redact` takes credentials out of every text that is settled.
    """

    def __init__(
        self,
        sender: Sender,
        *,
        drive: Callable[[Record], Flow],
        settle: Callable[[Sequence[Settlement]], Awaitable[None]],
        blame: Callable[[Record, ApiError], tuple[Violation, ...]],
        concurrency: int,
        stop: asyncio.Event,
        halt: Callable[[], None] = lambda: None,
        redact: Callable[[str], str] = lambda text: text,
        clock: Clock | None = None,
        now: Callable[[], float] = time.time,
        grace: float = 30.0,
        group: int = 1000,
        interval: float = INTERVAL,
    ) -> None:
        self._sender = sender
        self._drive = drive
        self._blame = blame
        self._concurrency = concurrency
        self._stop = stop
        self._halt = halt
        self._clock = clock or SystemClock()
        self._now = now
        self._grace = grace
        self._settling = Settling(settle, redact=redact, group=group, interval=interval, clock=self._clock)
        self._queue: deque[Record] = deque()
        self._low = 2 * concurrency
        self._hands: list[asyncio.Task[None]] = []
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self._fed = False
        self._ended = asyncio.Event()
        self._fatal: FatalError | None = None
        self._fault: Exception | None = None

    async def run(self, blocks: AsyncIterator[Sequence[Record]]) -> Ending:
        """Send every record of the blocks, until there are none or something ends it early.

        Rows under way at an early end become unknown when nobody can tell, the others are handed back as not_tried.
        Raises what `settle` or `blocks` raised, or a fault of a flow, after settling what can be settled; does the
        same when cancelled, without grace.
        """
        if self._stop.is_set():
            self._ended.set()
        idle = asyncio.Event()
        settling = asyncio.create_task(self._settling.run())
        settling.add_done_callback(lambda _: self._end())
        stopping = asyncio.create_task(self._stop.wait())
        stopping.add_done_callback(lambda _: self._end())
        working = asyncio.create_task(self._work_all(blocks))
        working.add_done_callback(lambda _: idle.set())
        ending = asyncio.create_task(self._ended.wait())
        completed = False
        try:
            await asyncio.wait((working, ending), return_when=asyncio.FIRST_COMPLETED)
            completed = not self._ended.is_set()
            if not completed:
                self._halt()
                # Without a ledger the answers cannot be recorded: not worth waiting for.
                if not settling.done():
                    await wait_until(idle, self._grace, self._clock)
        finally:
            # First of all: a row whose turn comes while the others are cancelled must not be sent any more.
            self._halt()
            for task in (working, stopping, ending):
                task.cancel()
            # asyncio.wait, unlike await, leaves the task alone if we are cancelled once more.
            await asyncio.wait((working, stopping, ending))
            for record in self._queue:
                self._settling.add(Settlement(row=record.row, key=record.key, status=Status.NOT_TRIED))
            self._settling.close()
            await asyncio.wait((settling,))
        settling.result()
        if not working.cancelled():
            working.result()
        if self._fault is not None:
            raise self._fault
        return Ending(completed=completed, error=self._fatal)

    async def narrow(self, concurrency: int, *, patience: float = 1.0) -> int:
        """Drive fewer records at a time from now on; gives how many others are not under way any more.

        These are at least half of them, and all that were seen through within seconds of `patience`.
        """
        freed = self._concurrency - concurrency
        left: Collection[asyncio.Task[None]] = self._hands[concurrency : self._concurrency]
        self._concurrency, self._low = concurrency, 2 * concurrency
        self._more.set()
        if left:
            _, left = await asyncio.wait(left, timeout=patience)
        while 2 * len(left) > freed:
            _, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
        return freed - len(left)

    def _end(self) -> None:
        """Begin no record any more."""
        self._ended.set()
        self._more.set()
        self._room.set()

    async def _work_all(self, blocks: AsyncIterator[Sequence[Record]]) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._feed(blocks))
            # One row goes ahead: a wrong token costs one request, a wrong address one connection.
            await self._work(rows=1)
            self._hands = [group.create_task(self._work(place)) for place in range(self._concurrency)]

    async def _feed(self, blocks: AsyncIterator[Sequence[Record]]) -> None:
        """Keep the queue filled: the next block is fetched while the last rows of this one are still waiting."""
        try:
            while not self._ended.is_set():
                if len(self._queue) >= self._low:
                    self._room.clear()
                    await self._room.wait()
                    continue
                block = await anext(blocks, None)
                if block is None:
                    return
                self._queue.extend(block)
                self._more.set()
            if isinstance(blocks, AsyncGenerator):
                await blocks.aclose()
        except FatalError as error:  # what preparing a block met is what every row would meet
            self._fatal = self._fatal or error
            self._end()
        except Exception as error:  # noqa: BLE001  # raised again at the end, when all rows are settled
            self._blow(error)
        finally:
            self._fed = True
            self._more.set()

    async def _work(self, place: int = 0, rows: int | None = None) -> None:
        """Take records and see each through, until there are no more, so many are done, or `place` is given up."""
        done = 0
        while done != rows and place < self._concurrency and not self._ended.is_set():
            if self._stop.is_set():  # who waits for it may not have had its turn yet
                self._end()
                return
            if not self._queue:
                if self._fed:
                    return
                self._more.clear()
                await self._more.wait()
                continue
            record = self._queue.popleft()
            if len(self._queue) < self._low:
                self._room.set()
            await self._see_through(record)
            if self._settling.is_full():
                await self._settling.room()
            done += 1

    async def _see_through(self, record: Record) -> None:
        """Have the conversation about one record, and settle it whatever comes."""
        talk = Conversation(self._sender)
        try:
            settlement = await self._result(record, talk)
        except asyncio.CancelledError:
            status = Status.UNKNOWN if talk.touched else Status.NOT_TRIED
            event = "the API answered" if talk.attempts else "this was sent"
            message = f"the run was ended before {event}"
            self._settling.add(self._settlement(record, talk, status, code="interrupted", message=message))
            raise
        except Exception as error:  # noqa: BLE001  # raised again at the end, when all rows are settled
            self._blow(error)
            message = f"a fault of this program: {type(error).__name__}: {shorten(error, 200)}"
            settlement = self._settlement(record, talk, Status.UNKNOWN, code="bug", message=message)
        self._settling.add(settlement)

    async def _result(self, record: Record, talk: Conversation) -> Settlement:
        try:
            outcome = await talk.hold(self._drive(record))
        except ApiError as error:
            return self._failure(record, talk, error)
        return Settlement(
            row=record.row,
            key=record.key,
            status=outcome.status,
            outcome=outcome.outcome,
            http_status=outcome.http_status,
            attempts=talk.attempts,
            message=outcome.message,
            remote_id=outcome.remote_id,
            touched=talk.touched,
            finished_at=self._now(),
        )

    def _failure(self, record: Record, talk: Conversation, error: ApiError) -> Settlement:
        """What an error means for its row; one that all rows would meet ends the run."""
        if isinstance(error, FatalError):
            self._fatal = self._fatal or error
            self._end()
        if isinstance(error, RefusedError):
            # What breaks a rule broke it at the first attempt, too. A conflict may be with what that one has written.
            unsure = error.status == HTTPStatus.CONFLICT and error.maybe_applied
            status = Status.UNKNOWN if unsure else Status.FAILED
            violations = self._blame(record, error)
        elif isinstance(error, UnclearError) and not talk.touched:  # of a reading: nothing was written
            status, violations = Status.FAILED, ()
        else:
            surely_not = isinstance(error, (RetryableError, FatalError)) and not talk.touched
            status, violations = Status.NOT_TRIED if surely_not else Status.UNKNOWN, ()
        return self._settlement(
            record,
            talk,
            status,
            code=error.code,
            message=error.message,
            http_status=error.status,
            violations=violations,
            response=error.body,
        )

    def _settlement(
        self,
        record: Record,
        talk: Conversation,
        status: Status,
        *,
        code: str,
        message: str,
        http_status: int | None = None,
        violations: tuple[Violation, ...] = (),
        response: str | None = None,
    ) -> Settlement:
        return Settlement(
            row=record.row,
            key=record.key,
            status=status,
            http_status=http_status,
            attempts=talk.attempts,
            code=code,
            message=message,
            violations=violations,
            response=response,
            touched=talk.touched,
            finished_at=self._now(),
        )

    def _blow(self, error: Exception) -> None:
        """End the run because of a fault, to be raised when all rows are settled."""
        self._fault = self._fault or error
        self._end()

"""The ledger: one class that satisfies `bulk.contracts.Ledger`, over a file or in memory."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum, auto
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self

from msgspec.structs import replace

from bulk.errors import LedgerError
from bulk.ledger import entries, exports, history, known, reading, runs, settled
from bulk.ledger.database import Database, Patience, connect_memory, connect_reader, connect_writer
from bulk.ledger.locks import Locks
from bulk.model import (
    Cause,
    Claim,
    Entry,
    Event,
    ExportEnd,
    Instance,
    Passage,
    Record,
    Rejection,
    Run,
    RunStatus,
    Settlement,
    Sighting,
    Status,
    Traffic,
)

if TYPE_CHECKING:
    from bulk.contracts import Listener

_PAGE: Final = 1_000  # rows read at once: some 10 ms of the reading thread


class _State(Enum):
    NEW = auto()
    OPEN = auto()
    CLOSED = auto()


class SqliteLedger:
    """Durable memory of what happened to every row, in one SQLite file that several processes may share.

    Used as an async context manager. A file is made for its owner only; it holds keys, cells of rows in trouble and
    addresses without credentials, and no secret. What a method has returned from is on the disk, power loss included.
    `clock` is the time in seconds since the epoch; `patience` is how many seconds to wait for another process, of which
    `silent` pass before `listener` is told.
    """

    def __init__(
        self,
        path: Path | Literal[":memory:"],
        *,
        clock: Callable[[], float] = time.time,
        patience: float = 60.0,
        silent: float = 1.0,
        listener: "Listener" = lambda event: None,  # noqa: ARG005  # nobody listens
    ) -> None:
        self._clock = clock
        self._state = _State.NEW
        self._patience = patience
        self._listener = listener
        self._loop: asyncio.AbstractEventLoop
        waiting = Patience(seconds=patience, silent=silent, tell=self._tell_waiting)
        if isinstance(path, str):
            self._called: str = path
            self._writer = self._reader = Database(path, connect_memory, begin="IMMEDIATE", patience=waiting)
            self._locks = Locks(None, clock)
        else:
            path = path.expanduser().resolve()
            self._called = called = str(path)
            self._writer = Database(called, partial(connect_writer, path), begin="IMMEDIATE", patience=waiting)
            self._reader = Database(called, partial(connect_reader, path), begin="DEFERRED", patience=waiting)
            self._locks = Locks(path, clock)

    @property
    def called(self) -> str:
        """Where it lies, for people."""
        return self._called

    async def __aenter__(self) -> Self:
        if self._state is not _State.NEW:
            raise LedgerError("A ledger is opened once; make a new one to open it again.")
        self._state = _State.CLOSED
        self._loop = asyncio.get_running_loop()
        await self._writer.open()
        if self._reader is not self._writer:
            try:
                await self._reader.open()
            except BaseException:
                await self._writer.close()
                raise
        self._state = _State.OPEN
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._state = _State.CLOSED
        try:
            if self._reader is not self._writer:
                await self._reader.close()
        finally:
            await self._writer.close()

    async def begin(self, instance: Instance, *, fresh: bool = False) -> Run:
        """Start a run, or take up the latest of an equal instance if it is unfinished, unless `fresh`.

        The name of the source does not count. A run is not taken up once another has written to the same target and
        resource. Raises `LockedError` when that run is under way in another process.
        """
        self._require_open()
        alone = self._alone(instance)
        return await self._writer.transact(runs.begin, instance, fresh=fresh, alone=alone, now=self._clock())

    async def take_up(self, run: str) -> Run:
        """Open an unfinished run again; raises `UsageError` when there is nothing left to do, or it is an export.

        Rows whose key got another content from another run since are rejected with the code `superseded`.
        """
        self._require_open()
        instance = (await self._reader.transact(runs.find, run)).instance
        alone = self._alone(instance)
        return await self._writer.transact(runs.take_up, run, alone=alone, now=self._clock())

    async def enroll(self, run: str, records: Sequence[Record], rejections: Sequence[Rejection]) -> None:
        """Enter rows that were checked: good ones and their members as not_tried, bad ones as invalid."""
        self._require_open()
        await self._writer.transact(entries.enroll, run, records, rejections, now=self._clock())

    async def recall(self, run: str, rows: Sequence[tuple[int, str, bytes]]) -> Collection[int]:
        """Enter as unchanged the rows of which position, key and origin are given, if that is what was last written."""
        self._require_open()
        return await self._writer.transact(entries.recall, run, rows, now=self._clock())

    async def pending(self, run: str, first: int, last: int) -> Collection[int]:
        """Positions between two, these included, of rows without a final status that are no members."""
        self._require_open()
        return await self._reader.transact(entries.pending, run, first, last)

    async def reject(self, run: str, rejections: Sequence[Rejection]) -> None:
        """Turn rows not tried into invalid ones, and add violations to rows already invalid."""
        self._require_open()
        await self._writer.transact(entries.reject, run, rejections, now=self._clock())

    async def seal(self, run: str, *, resend: bool = False) -> Run:
        """End the checking: what need not be sent is unchanged, what must not be is superseded, unless `resend`."""
        self._require_open()
        return await self._writer.transact(runs.seal, run, resend=resend, now=self._clock())

    async def forgiven(self, run: str, rows: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Columns that were forgiven when these rows were enrolled, by row; only rows with some."""
        self._require_open()
        return await self._reader.transact(reading.forgiven, run, rows)

    async def known(
        self,
        target: str,
        resource: str,
        keys: Sequence[str],
        *,
        ids: bool = False,
        written: Mapping[str, bytes] | None = None,
    ) -> Mapping[str, bytes]:
        """What is sure of the records with these keys, or else with these remote ids: fingerprints by key."""
        self._require_open()
        return await self._reader.transact(known.known, target, resource, keys, ids=ids, written=written)

    async def claim(self, run: str, records: Sequence[Record]) -> Mapping[int, Claim]:
        """Mark rows and their members as in flight, say which are ours to send, and what was known of them until now.

        Raises `SourceError`, and claims nothing, when a record is not the one that was enrolled for its row.
        """
        self._require_open()
        return await self._writer.transact(entries.claim, run, records)

    async def settle(self, run: str, settlements: Sequence[Settlement]) -> None:
        """Write what became of rows in flight; raises `LedgerError` and writes nothing if one of them is not."""
        self._require_open()
        await self._writer.transact(settled.settle, run, settlements, now=self._clock())

    async def finish(
        self,
        run: str,
        status: RunStatus,
        *,
        seconds: float,
        traffic: Traffic,
        exit_code: int,
        reason: str | None = None,
    ) -> Run:
        """End this start; raises `LedgerError`, and leaves the run as it is, if the totals do not close."""
        self._require_open()
        return await self._writer.transact(
            runs.finish,
            run,
            status,
            seconds=seconds,
            traffic=traffic,
            exit_code=exit_code,
            reason=reason,
            now=self._clock(),
        )

    async def begin_export(self, instance: Instance) -> Run:
        """Start an export, and end those to the same destination whose program died.

        Whoever holds the lock `instance.lock_name` while it runs is seen to be alive.
        """
        self._require_open()
        alone = self._alone(instance)
        return await self._writer.transact(exports.begin, instance, alone=alone, now=self._clock())

    async def learn(self, run: str, sightings: Sequence[Sighting], *, asked: float) -> bool:
        """Note what an export read, having asked for it at `asked` seconds since the epoch.

        False, and nothing is noted, where a run that writes at the same place was under way since then.
        """
        instance = (await self.run(run)).instance
        held = self._locks.held(instance.target, instance.resource)
        return await self._writer.transact(known.learn_read, run, sightings, asked=asked, held=held, now=self._clock())

    async def written_since(self, target: str, resource: str, since: float) -> bool:
        """Whether a run that writes at a place was under way at `since` seconds since the epoch, or later.

        One that died counts until it has been ended: nobody can say when it wrote last.
        """
        self._require_open()
        return await self._reader.transact(exports.written_since, target, resource, since)

    async def finish_export(self, run: str, end: ExportEnd) -> Run:
        """End an export."""
        self._require_open()
        return await self._writer.transact(exports.finish, run, end, now=self._clock())

    async def bookmark(self, target: str, resource: str, chain: str) -> tuple[str, str] | None:
        """The latest completed export at a place that left a bookmark of a chain: its run id, and the bookmark."""
        self._require_open()
        return await self._reader.transact(exports.bookmark, target, resource, chain)

    async def rate_found(self, target: str) -> float | None:
        """The rate in requests a second that an API was last found to bear; None where that is not known."""
        self._require_open()
        return await self._reader.transact(known.rate_found, target)

    async def keep_rate(self, target: str, rate: float) -> None:
        """Note the rate that an API was found to bear."""
        self._require_open()
        await self._writer.transact(known.keep_rate, target, rate, now=self._clock())

    async def run(self, run: str, *, exports: bool = True) -> Run:
        """One run by id, unique beginning of an id, or `last`; raises `UsageError`.

        `last` is no export unless `exports`; wherever else a run is named, it is none.
        """
        self._require_open()
        return self._as_alive(await self._reader.transact(runs.find, run, exports=exports))

    async def runs(self, limit: int = 20) -> Sequence[Run]:
        """The latest runs, newest first. One whose program died, so that its lock is free, shows as interrupted."""
        self._require_open()
        return [self._as_alive(run) for run in await self._reader.transact(runs.latest, limit)]

    async def entries(
        self,
        run: str,
        *,
        statuses: Iterable[Status] = (),
        causes: Iterable[str] = (),
        spans: Iterable[tuple[int, int]] = (),
        cells: bool = False,
    ) -> AsyncIterator[Entry]:
        """Rows of a run in file order, read a page at a time; a cause is a code, or a rule that the row breaks.

        Rows in flight in a run whose program died are unknown, with the code `interrupted`.
        """
        found = await self.run(run, exports=False)
        wanted = partial(
            reading.page,
            alive=found.status is RunStatus.RUNNING,
            statuses=tuple(statuses),
            causes=tuple(causes),
            spans=tuple(spans),
            cells=cells,
            limit=_PAGE,
        )
        after = -1
        while page := await self._reader.transact(wanted, found.id, after=after):
            for entry in page:
                yield entry
            after = page[-1].row
            self._require_open()

    async def causes(self, run: str) -> Sequence[Cause]:
        """Rows that were not written, by status, code and column; a row counts once under each rule it breaks."""
        found = await self.run(run, exports=False)
        return await self._reader.transact(reading.causes, found.id, alive=found.status is RunStatus.RUNNING)

    async def history(self, resource: str, key: str) -> Sequence[Passage]:
        """What every run had to do with a record, by any of its names, oldest first."""
        self._require_open()
        return await self._reader.transact(history.passages, resource, key, as_alive=self._as_alive)

    async def unchanged_since(self, run: str) -> Mapping[str, int]:
        """Rows of a run that were not sent because an earlier run wrote or read the same, by that run, newest first."""
        self._require_open()
        return await self._reader.transact(reading.unchanged_since, run)

    async def carried(self, run: str) -> tuple[int, int]:
        """Rows of a run that were sent inside other rows' documents, and how many documents these were."""
        self._require_open()
        return await self._reader.transact(reading.carried, run)

    def lock(self, target: str, resource: str) -> AbstractContextManager[int | None]:
        """Hold a target's resource against other runs; raises `LockedError`. Freed by the system if we die.

        Gives the file descriptor, if any, that processes inherit which are to hold it too: it is free once all died.
        """
        self._require_open()
        return self._locks.hold(target, resource)

    def _tell_waiting(self) -> None:
        message = f"the ledger {self._called} is locked by another program; waiting up to {self._patience:g} s for it"
        self._loop.call_soon_threadsafe(self._listener, Event(kind="note", message=message))

    def _require_open(self) -> None:
        if self._state is not _State.OPEN:
            state = "not open yet: use `async with`" if self._state is _State.NEW else "closed"
            raise LedgerError(f"The ledger is {state}.")

    def _alone(self, instance: Instance) -> bool:
        name = instance.lock_name
        return self._locks.ours(instance.target, name) or not self._locks.held(instance.target, name)

    def _as_alive(self, run: Run) -> Run:
        instance = run.instance
        dead = run.status is RunStatus.RUNNING and not self._locks.held(instance.target, instance.lock_name)
        return replace(run, status=RunStatus.INTERRUPTED) if dead else run

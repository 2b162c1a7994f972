"""The ledger: one class that satisfies `bulk.contracts.Ledger`, where its methods are explained."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum, auto
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Concatenate, Final, Literal, ParamSpec, Self, TypeAlias, TypeVar

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

P = ParamSpec("P")
T = TypeVar("T")
Work: TypeAlias = Callable[Concatenate[sqlite3.Connection, P], T]

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
        alone = self._alone(instance)
        return await self._write(runs.begin, instance, fresh=fresh, alone=alone, now=self._clock())

    async def take_up(self, run: str, *, politeness: str = "") -> Run:
        instance = (await self._read(runs.find, run)).instance
        alone = self._alone(instance)
        return await self._write(runs.take_up, run, politeness=politeness, alone=alone, now=self._clock())

    async def enroll(self, run: str, records: Sequence[Record], rejections: Sequence[Rejection]) -> None:
        await self._write(entries.enroll, run, records, rejections, now=self._clock())

    async def recall(self, run: str, rows: Sequence[tuple[int, str, bytes]]) -> Collection[int]:
        return await self._write(entries.recall, run, rows, now=self._clock())

    async def pending(self, run: str, first: int, last: int) -> Collection[int]:
        return await self._read(entries.pending, run, first, last)

    async def reject(self, run: str, rejections: Sequence[Rejection]) -> None:
        await self._write(entries.reject, run, rejections, now=self._clock())

    async def seal(self, run: str, *, resend: bool = False) -> Run:
        return await self._write(runs.seal, run, resend=resend, now=self._clock())

    async def forgiven(self, run: str, rows: Sequence[int]) -> Mapping[int, Sequence[str]]:
        return await self._read(reading.forgiven, run, rows)

    async def known(
        self,
        target: str,
        resource: str,
        keys: Sequence[str],
        *,
        ids: bool = False,
        written: Mapping[str, bytes] | None = None,
    ) -> Mapping[str, bytes]:
        return await self._read(known.known, target, resource, keys, ids=ids, written=written)

    async def claim(self, run: str, records: Sequence[Record]) -> Mapping[int, Claim]:
        return await self._write(entries.claim, run, records)

    async def settle(self, run: str, settlements: Sequence[Settlement]) -> None:
        await self._write(settled.settle, run, settlements, now=self._clock())

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
        return await self._write(
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
        alone = self._alone(instance)
        return await self._write(exports.begin, instance, alone=alone, now=self._clock())

    async def learn(self, run: str, sightings: Sequence[Sighting], *, asked: float) -> bool:
        instance = (await self.run(run)).instance
        held = self._locks.held(instance.target, instance.resource)
        return await self._write(known.learn_read, run, sightings, asked=asked, held=held, now=self._clock())

    async def written_since(self, target: str, resource: str, since: float) -> bool:
        return await self._read(exports.written_since, target, resource, since)

    async def finish_export(self, run: str, end: ExportEnd) -> Run:
        return await self._write(exports.finish, run, end, now=self._clock())

    async def bookmark(self, target: str, resource: str, chain: str) -> tuple[str, str] | None:
        return await self._read(exports.bookmark, target, resource, chain)

    async def rate_found(self, target: str) -> float | None:
        return await self._read(known.rate_found, target)

    async def keep_rate(self, target: str, rate: float) -> None:
        await self._write(known.keep_rate, target, rate, now=self._clock())

    async def run(self, run: str, *, exports: bool = True) -> Run:
        return self._as_alive(await self._read(runs.find, run, exports=exports))

    async def runs(self, limit: int = 20) -> Sequence[Run]:
        return [self._as_alive(run) for run in await self._read(runs.latest, limit)]

    async def entries(
        self,
        run: str,
        *,
        statuses: Iterable[Status] = (),
        causes: Iterable[str] = (),
        spans: Iterable[tuple[int, int]] = (),
        cells: bool = False,
    ) -> AsyncIterator[Entry]:
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
        while page := await self._read(wanted, found.id, after=after):
            for entry in page:
                yield entry
            after = page[-1].row

    async def causes(self, run: str) -> Sequence[Cause]:
        found = await self.run(run, exports=False)
        return await self._read(reading.causes, found.id, alive=found.status is RunStatus.RUNNING)

    async def history(self, resource: str, key: str) -> Sequence[Passage]:
        return await self._read(history.passages, resource, key, as_alive=self._as_alive)

    async def unchanged_since(self, run: str) -> Mapping[str, int]:
        return await self._read(reading.unchanged_since, run)

    async def carried(self, run: str) -> tuple[int, int]:
        return await self._read(reading.carried, run)

    def lock(self, target: str, resource: str) -> AbstractContextManager[int | None]:
        self._require_open()
        return self._locks.hold(target, resource)

    def _tell_waiting(self) -> None:
        message = f"the ledger {self._called} is locked by another program; waiting up to {self._patience:g} s for it"
        self._loop.call_soon_threadsafe(self._listener, Event(kind="note", message=message))

    async def _read(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self._require_open()
        return await self._reader.transact(work, *args, **kwargs)

    async def _write(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self._require_open()
        return await self._writer.transact(work, *args, **kwargs)

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

"""The other loop: read everything that a query finds, lay it aside page by page, and let it appear as one file."""

import asyncio
import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from bulk.contracts import CountingSender, Ledger, Listener, Query, Resource
from bulk.errors import (
    ApiError,
    BulkError,
    FatalError,
    LedgerError,
    OutageError,
    RetryableError,
    SourceError,
    UnauthorizedError,
    UsageError,
)
from bulk.formats import format_to_write
from bulk.jobs.export.bookmark import Bookmark, digest
from bulk.jobs.export.flattening import Flattening
from bulk.jobs.export.garbage_collection import infrequent_collection
from bulk.jobs.export.listing import Listing, StoppedError
from bulk.jobs.export.output import Manifest, Table, appear
from bulk.jobs.export.spool import Spool
from bulk.jobs.guards import INTERRUPTED, Stop
from bulk.jobs.reports import advised, not_accepted
from bulk.jobs.threads import stepped
from bulk.model import Event, ExportEnd, Instance, Run, RunStatus, Traffic

SHORT = 3
"""Exit code of an export that lacks records."""


class Exporter:
    """One export, done by `run`. `last` goes on from the latest export that left a bookmark.

    `now` gives seconds since the epoch. Raises `UsageError` for an unknown column or ending.
    """

    def __init__(
        self,
        *,
        resource: Resource,
        resource_name: str,
        ledger: Ledger,
        instance: Instance,
        connect: Callable[[], AbstractAsyncContextManager[CountingSender]],
        path: str,
        query: Query,
        last: bool = False,
        columns: Sequence[str] | None = None,
        neutralise: bool = True,
        stop: Stop,
        listener: Listener,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._resource = resource
        self._resource_name = resource_name
        self._ledger = ledger
        self._instance = instance
        self._connect = connect
        self._path = path
        self._destination = Path(path).resolve()  # so that a link stays one
        self._query = query
        self._last = last
        self._columns = columns
        self._neutralise = neutralise
        self._stop = stop
        self._listener = listener
        self._now = now
        self._format = format_to_write(path)
        self._flattening = Flattening(resource, columns)
        self._chain = json.dumps({"columns": self._flattening.chosen, "fast": query.fast})
        self._bookmark: Bookmark | None = None
        self._traffic = Traffic()

    async def run(self) -> Run:
        """Do it all, holding the destination against other exports of the same resource."""
        with self._ledger.lock(self._instance.target, self._instance.lock_name):
            if self._last:
                await self._go_on_from_bookmark()
            spool = self._spool()
            taken_up = await self._open(spool)
            run = await self._ledger.begin_export(self._instance)
            self._listener(Event(kind="started", data={"run": run.id, "continued": taken_up}))
            if self._flattening.left_out is not None:
                self._note(self._flattening.left_out)
            started = time.monotonic()
            try:
                with infrequent_collection():
                    end = await self._work(run, spool)
            except StoppedError:
                end = self._interrupted(self._stop.reason)
            except ApiError as error:
                end = _given_up(error)
            except BaseException as error:
                try:
                    await self._finish(run.id, self._broken_off(error), started)
                except LedgerError as second:
                    error.add_note(f"Nor could the run be ended in the ledger: {second}")
                raise
            finished = await self._finish(run.id, end, started)
            return replace(finished, continued=taken_up)

    async def _open(self, spool: Spool) -> bool:
        """Open the spool; whether it was taken up. What was read before an import would not fit what is read after."""
        taken_up = await asyncio.to_thread(spool.open, self._now())
        place = self._instance.target, self._instance.resource
        if taken_up and await self._ledger.written_since(*place, spool.progress.started_at):
            self._note("an import was under way since this export was begun, so it starts anew")
            await asyncio.to_thread(spool.restart, self._now())
            return False
        return taken_up

    async def _go_on_from_bookmark(self) -> None:
        found = await self._ledger.bookmark(self._instance.target, self._instance.resource, self._chain)
        if found is None:
            self._note("no earlier export like this one left a bookmark, so everything is exported")
            self._bookmark = Bookmark(until=0.0, chain=self._chain)
        else:
            self._bookmark = Bookmark.of(found[1])
        self._query = dataclasses.replace(self._query, since=self._bookmark.since)

    def _spool(self) -> Spool:
        query = self._query
        order = {
            "resource": self._resource_name,
            "target": self._instance.target,
            "since": _iso(query.since),
            "where": query.where,
            "fast": query.fast,
            "last": self._last,
            "known": None if self._bookmark is None else digest(self._bookmark.recent),
            "columns": self._columns,
        }
        # Where records come in the order of their changes, the later reading is the newer state.
        later_counts = query.fast or query.since is not None
        return Spool(self._destination, order=order, later_counts=later_counts, flattening=self._flattening)

    async def _work(self, run: Run, spool: Spool) -> ExportEnd:
        if not spool.progress.done:
            async with self._connect() as sender:
                try:
                    await self._listing(run, spool).read(sender)
                finally:
                    self._traffic = sender.traffic
        try:
            end = await self._write(run, spool)
        except SourceError:
            await asyncio.to_thread(spool.remove)  # the same records would be refused again
            raise
        # Before the run is ended: whoever is killed in between reads anew, and never takes old records for new ones.
        await asyncio.to_thread(spool.remove)
        return end

    def _listing(self, run: Run, spool: Spool) -> Listing:
        return Listing(
            resource=self._resource,
            query=self._query,
            ledger=self._ledger,
            run=run.id,
            spool=spool,
            before=self._bookmark,
            stop=self._stop,
            listener=self._listener,
            now=self._now,
        )

    async def _write(self, run: Run, spool: Spool) -> ExportEnd:
        """Make the file out of what was laid aside, and let it appear with its manifest."""
        table = Table(self._format, str(spool.made), self._flattening, neutralise=self._neutralise)
        steps = table.written(spool)
        try:
            with self._called(spool.made):
                async with aclosing(stepped(steps)) as batches:
                    async for _ in batches:
                        if self._stop.event.is_set():
                            raise StoppedError
        finally:
            await asyncio.to_thread(steps.close)
        for message, data in table.remarks.notes():
            self._note(message, **data)
        missing = spool.missing
        manifest = Manifest(
            file=self._destination.name,
            format=self._format.name,
            resource=self._resource_name,
            target=self._instance.target,
            run=run.id,
            rows=table.rows,
            records=table.records,
            since=_iso(self._query.since),
            until=_iso(spool.newest),
            columns=tuple(table.columns),
            where=tuple(f"{field}={value}" for field, value in self._query.where),
            fast=self._query.fast,
            complete=not missing,
            started_at=_iso(spool.progress.started_at) or "",
            finished_at=_iso(self._now()) or "",
        )
        sha256 = await asyncio.to_thread(appear, spool, self._destination, manifest)
        reason = None
        if missing:
            reason = f"{missing:,} of {spool.progress.total:,} records did not come, however often they were asked for"
            self._note(reason)
        return ExportEnd(
            status=RunStatus.COMPLETED,
            exit_code=SHORT if missing else 0,
            reason=reason,
            rows=table.rows,
            sha256=sha256,
            bookmark=None if missing else await asyncio.to_thread(self._next_bookmark, spool),
        )

    def _next_bookmark(self, spool: Spool) -> str | None:
        """What the next incremental export goes on from; only an export without gaps can say."""
        if self._query.where or (self._query.since is not None and not self._last):
            return None
        shown = self._resource.read_only
        read_only = () if shown is None else shown.model_fields
        bookmark = Bookmark.after(spool, self._bookmark, chain=self._chain, read_only=read_only)
        return None if bookmark is None else bookmark.text()

    @contextmanager
    def _called(self, made: Path) -> Iterator[None]:
        """Let errors about the file being made speak of the destination."""
        try:
            yield
        except SourceError as error:
            raise SourceError(error.reason, path=self._path, column=error.column, advice=error.advice) from error
        except UsageError as error:
            raise UsageError(error.message.replace(str(made), self._path), advice=error.advice) from error

    async def _finish(self, run: str, end: ExportEnd, started: float) -> Run:
        end = replace(end, seconds=time.monotonic() - started, traffic=self._traffic)
        finished = await self._ledger.finish_export(run, end)
        self._listener(Event(kind="finished"))
        return finished

    def _broken_off(self, error: BaseException) -> ExportEnd:
        """How a run ends that an error ends."""
        if isinstance(error, asyncio.CancelledError):
            return self._interrupted(f"{self._stop.reason}, at once")
        if isinstance(error, BulkError):
            return ExportEnd(status=RunStatus.REFUSED, exit_code=error.exit_code, reason=str(error))
        return ExportEnd(status=RunStatus.STOPPED, exit_code=1, reason=f"a fault of the tool: {error!r}")

    def _interrupted(self, reason: str) -> ExportEnd:
        code = self._stop.exit_code or INTERRUPTED
        return ExportEnd(status=RunStatus.INTERRUPTED, exit_code=code, reason=reason)

    def _note(self, message: str, **data: object) -> None:
        self._listener(Event(kind="note", message=message, data=data))


def _given_up(error: ApiError) -> ExportEnd:
    """How a run ends that the API ends."""
    if isinstance(error, OutageError):
        return ExportEnd(status=RunStatus.PAUSED, exit_code=error.exit_code, reason=str(error))
    if isinstance(error, RetryableError):
        return ExportEnd(status=RunStatus.PAUSED, exit_code=OutageError.exit_code, reason=str(error))
    if isinstance(error, UnauthorizedError):
        reason = not_accepted(error)
        return ExportEnd(status=RunStatus.STOPPED, exit_code=error.exit_code, reason=reason)
    return ExportEnd(status=RunStatus.STOPPED, exit_code=FatalError.exit_code, reason=advised(error.message, error))


def _iso(moment: datetime | float | None) -> str | None:
    if moment is None:
        return None
    at = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, UTC)
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")

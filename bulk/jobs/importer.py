"""The main loop: check the whole source, then send what has to be sent, and record every row."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from bulk.contracts import Ledger, Listener, Resource
from bulk.errors import BulkError, GuardError, LedgerError, OutageError, SourceError, UnauthorizedError
from bulk.http.writer import Ending
from bulk.jobs.check.checker import Checker
from bulk.jobs.check.chunk import Chunk
from bulk.jobs.check.comparison import Compared, compare
from bulk.jobs.check.recall import Named
from bulk.jobs.guards import INTERRUPTED, Guards, Stop, allowed_failures
from bulk.jobs.reports import advised, not_accepted
from bulk.jobs.send.writing import Tally
from bulk.model import Event, Instance, Run, RunStatus, Totals, Traffic, many

UNVERIFIED = (
    "Read-only columns are not sent. Whether they were edited cannot be told: "
    "nothing is known of some of the records, since this ledger has not exported them."
)
"""Said where nothing is known that read-only cells could be held against."""


class Sending(Protocol):
    """The part of an import in which rows are sent."""

    def ready(self, held: int | None) -> AbstractAsyncContextManager[None]:
        """Get ready while the source is checked; see `Ledger.lock` for what is `held`."""

    async def send(self, run: str, pending: int, *, stop: Stop, failed: Tally | None) -> Ending:
        """Send the rows of a run that have no final status, which are so many, until somebody says `stop`."""

    @property
    def traffic(self) -> Traffic:
        """Requests so far."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _End:
    status: RunStatus
    exit_code: int
    reason: str | None = None


class Importer:
    """One import, deletion, dry run or retry, done by `run`. Of rows that it `deletes`, only the keys are read."""

    def __init__(
        self,
        *,
        checker: Checker,
        ledger: Ledger,
        instance: Instance,
        resource: Resource,
        sending: Sending,
        guards: Guards,
        stop: Stop,
        listener: Listener,
        deletes: bool = False,
    ) -> None:
        self._checker = checker
        self._ledger = ledger
        self._instance = instance
        self._resource = resource
        self._sending = sending
        self._guards = guards
        self._stop = stop
        self._listener = listener
        self._deletes = deletes

    async def run(self, taken_up: str | None = None) -> Run:
        """Do it all, holding the target's resource against other runs; `taken_up` names a run to go on with."""
        with self._ledger.lock(self._instance.target, self._instance.resource) as held:
            if taken_up is None:
                run = await self._ledger.begin(self._instance, fresh=self._guards.fresh)
            else:
                run = await self._ledger.take_up(taken_up, politeness=self._instance.politeness)
            self._listener(Event(kind="started", data={"run": run.id, "continued": run.continued}))
            started = time.monotonic()
            try:
                async with self._sending.ready(held):
                    end = await self._work(run)
            except BaseException as error:
                end = await self._broken_off(run.id, error)
                try:
                    await self._finish(run.id, end, started)
                except LedgerError as second:
                    error.add_note(f"Nor could the run be ended in the ledger: {second}")
                raise
            finished = await self._finish(run.id, end, started)
            return replace(finished, continued=run.continued)

    async def _finish(self, run: str, end: _End, started: float) -> Run:
        finished = await self._ledger.finish(
            run,
            end.status,
            seconds=time.monotonic() - started,
            traffic=self._sending.traffic,
            exit_code=end.exit_code,
            reason=end.reason,
        )
        self._listener(Event(kind="finished"))
        return finished

    async def _broken_off(self, run: str, error: BaseException) -> _End:
        """How a run ends that an error ends."""
        if isinstance(error, asyncio.CancelledError):
            code = self._stop.exit_code or INTERRUPTED
            return _End(status=RunStatus.INTERRUPTED, exit_code=code, reason=f"{self._stop.reason}, at once")
        if not isinstance(error, BulkError):
            return _End(status=RunStatus.STOPPED, exit_code=1, reason=f"a fault of the tool: {error!r}")
        # A source that cannot be read is refused whole, unless its rows are on their way already.
        refused = isinstance(error, SourceError) and not (await self._ledger.run(run)).checked
        status = RunStatus.REFUSED if refused else RunStatus.STOPPED
        return _End(status=status, exit_code=error.exit_code, reason=str(error))

    async def _work(self, run: Run) -> _End:
        if not run.checked:
            end = await self._check(run.id)
            if end is not None:
                return end
            run = await self._ledger.seal(run.id, resend=self._guards.resend)
        pending = _pending(run.totals)
        self._listener(Event(kind="checked", data={"totals": run.totals, "pending": pending}))
        if self._guards.dry_run or not pending:
            return _completed(run.totals)
        return await self._send(run)

    async def _check(self, run: str) -> _End | None:
        """Enter every row; the end, if it is one."""
        read = invalid = 0
        unverified, carried = False, 0
        consequences: Counter[str] = Counter()
        async with aclosing(self._checker.sweep(partial(self._recall, run))) as chunks:
            async for chunk in chunks:
                compared = await self._compared(chunk)
                unverified |= compared.unverified
                await self._ledger.enroll(run, compared.records, compared.rejections)
                read += chunk.rows
                invalid += len(compared.rejections)
                for record in compared.records:
                    if record.losses and (self._guards.resend or not record.same):
                        consequences.update(record.losses)
                if self._guards.resend:
                    carried += sum(len(record.members) for record in compared.records)
                else:
                    carried += compared.carried
                self._listener(Event(kind="checking", data={"read": read, "invalid": invalid}))
                if self._stop.event.is_set():
                    return self._interrupted()
        for remark in self._checker.remarks:
            self._listener(Event(kind="note", message=remark))
        if unverified:
            self._listener(Event(kind="note", message=UNVERIFIED))
        if carried and self._resource.other_rows is not None:
            other = self._resource.other_rows
            go = "goes" if carried == 1 else "go"
            message = f"{many(carried, 'row')} {go} inside others, as their {other.within}. {other.caution}"
            self._listener(Event(kind="note", message=message))
        async with aclosing(self._checker.late(self._known)) as found:
            async for rejections in found:
                await self._ledger.reject(run, rejections)
        if self._deletes or self._guards.strict:  # to count a million rows takes half a second
            totals = (await self._ledger.run(run)).totals
            if self._deletes and _pending(totals):
                consequences["deletes the record that it names"] = _pending(totals)
            if self._guards.strict and totals.invalid:
                reason = f"{totals.invalid} of {totals.read} rows are invalid, and nothing is sent then (--strict)"
                return _End(status=RunStatus.REFUSED, exit_code=SourceError.exit_code, reason=reason)
        if consequences and not self._guards.dry_run and not self._confirmed(consequences):
            what = ", ".join(f"{many(count, 'row')}: {consequence}" for consequence, count in consequences.items())
            reason = f"not confirmed ({what}); --yes confirms it"
            return _End(status=RunStatus.REFUSED, exit_code=GuardError.exit_code, reason=reason)
        return None

    def _confirmed(self, consequences: Mapping[str, int]) -> bool:
        self._listener(Event(kind="asking"))
        return self._guards.confirm(consequences)

    async def _compared(self, chunk: Chunk) -> Compared:
        """A chunk in view of what the ledger knows of its records, which is of no account where they are deleted."""
        if self._deletes:
            return Compared(records=chunk.records, rejections=chunk.rejections)
        known = await self._known(chunk.keys, None if self._guards.resend else chunk.written)
        return await asyncio.to_thread(compare, chunk, known, self._checker.families, resource=self._resource)

    async def _recall(self, run: str, rows: Named) -> Collection[int]:
        """Positions of the rows that the ledger enters as unchanged, without looking at more than their cells."""
        return () if self._guards.resend or self._deletes else await self._ledger.recall(run, rows)

    async def _known(self, keys: Sequence[str], written: Mapping[str, bytes] | None = None) -> Mapping[str, bytes]:
        place = self._instance.target, self._instance.resource
        return await self._ledger.known(*place, keys, ids=self._checker.by_id, written=written)

    async def _send(self, run: Run) -> _End:
        limit = self._guards.max_failures
        budget = None if limit is None else allowed_failures(limit, run.totals.read)
        faulty = 0

        def failed(rows: int) -> None:
            """Stop the run at the one failure too many."""
            nonlocal faulty
            faulty += rows
            if budget is not None and faulty > budget:
                self._stop.event.set()

        ending = await self._sending.send(
            run.id, _pending(run.totals), stop=self._stop, failed=None if budget is None else failed
        )
        if budget is not None and faulty > budget:
            reason = f"{faulty} rows failed, more than the {budget} that --max-failures allows"
            return _End(status=RunStatus.STOPPED, exit_code=GuardError.exit_code, reason=reason)
        return self._end(ending, (await self._ledger.run(run.id)).totals)

    def _end(self, ending: Ending, totals: Totals) -> _End:
        error = ending.error
        if isinstance(error, OutageError):
            return _End(status=RunStatus.PAUSED, exit_code=error.exit_code, reason=str(error))
        if isinstance(error, UnauthorizedError):
            reason = not_accepted(error)
            return _End(status=RunStatus.STOPPED, exit_code=error.exit_code, reason=reason)
        if error is not None:
            return _End(status=RunStatus.STOPPED, exit_code=error.exit_code, reason=advised(error.message, error))
        if not ending.completed:
            return self._interrupted()
        if totals.not_tried:
            reason = f"the API was too busy for {totals.not_tried} rows"
            return _End(status=RunStatus.PAUSED, exit_code=OutageError.exit_code, reason=reason)
        return _completed(totals)

    def _interrupted(self) -> _End:
        code = self._stop.exit_code or INTERRUPTED
        return _End(status=RunStatus.INTERRUPTED, exit_code=code, reason=self._stop.reason)


def _pending(totals: Totals) -> int:
    """Rows without a final status."""
    return totals.read - totals.invalid - totals.succeeded - totals.unchanged - totals.failed


def _completed(totals: Totals) -> _End:
    faulty = totals.invalid + totals.failed + totals.unknown
    return _End(status=RunStatus.COMPLETED, exit_code=3 if faulty else 0)

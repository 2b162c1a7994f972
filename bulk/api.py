"""Turns names into objects, opens and closes everything: the program as a library.

Example::

    async with Session(Configuration(), listener=print) as session:
        run = await session.load(Order(resource="luminous.products", source="catalog.csv"), Guards(), Stop())
        print(run.totals)
"""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, closing
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bulk.access import Access, Politeness, harmless
from bulk.checking import checker_of, remark
from bulk.connectors import find
from bulk.contracts import Clock, Listener, Query, ReadOptions, SystemClock, Tables
from bulk.errors import NotFoundError, SourceError, UsageError
from bulk.formats import open_source
from bulk.jobs.enquiry import ask
from bulk.jobs.export.exporter import Exporter
from bulk.jobs.guards import Guards, Stop
from bulk.jobs.planner import Change, Planner
from bulk.jobs.presence import Presence, presences
from bulk.jobs.retry import FAULTY, Choice, rows_to_retry
from bulk.jobs.run_options import RunOptions
from bulk.ledger import SqliteLedger
from bulk.loading import DELETE, DRY_RUN, EXPORT, IMPORT, RETRY, Loader, Work
from bulk.model import Instance, Run, Status, listed
from bulk.orders import Extract, Order, absolute
from bulk.settings import Configuration

EPOCH = datetime.fromtimestamp(0, UTC)
"""Before anything has ever changed."""


class Session:
    """Settings, ledger and listener of one process. An async context manager."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        ledger: Path | None = None,
        listener: Listener,
        politeness: Politeness | None = None,
        sandbox: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._listener = harmless(listener)
        self.ledger = SqliteLedger(ledger or configuration.general.ledger, listener=self._listener)
        self._stack = AsyncExitStack()
        self.access = Access(
            configuration,
            politeness or Politeness(),
            sandbox=sandbox,
            clock=clock or SystemClock(),
            listener=self._listener,
            ledger=self.ledger,
            stack=self._stack,
        )
        self._loader = Loader(self.access, self.ledger, self._listener)

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.ledger)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    async def load(self, order: Order, guards: Guards, stop: Stop) -> Run:
        """Check a source, then load what has to be loaded."""
        reading = order.reading()
        with closing(await asyncio.to_thread(open_source, order.source, order.read)) as source:
            work = Work(
                resource=order.resource,
                source=source,
                read=order.read,
                reading=reading,
                operation=IMPORT,
                decisions=order.decisions,
            )
            return await self._loader.run(work, guards, stop)

    async def delete(self, order: Order, guards: Guards, stop: Stop) -> Run:
        """Check a source of keys, then delete the records that they name."""
        reading = dataclasses.replace(order.reading(), keys_only=True)
        with closing(await asyncio.to_thread(open_source, order.source, order.read)) as source:
            work = Work(resource=order.resource, source=source, read=order.read, reading=reading, operation=DELETE)
            return await self._loader.run(work, guards, stop)

    async def exists(self, order: Order, output: str | None = None) -> AsyncGenerator[Sequence[Presence], None]:
        """Which records that a source names are there, in the order of the rows and in the fewest calls.

        The rows are written to `output` too, if one is named, with what was found.
        """
        connector, resource = find(order.resource)
        resource = dataclasses.replace(resource, delete_with=frozenset())
        reading = dataclasses.replace(order.reading(), keys_only=True)
        with closing(await asyncio.to_thread(open_source, order.source, order.read)) as source:
            checker = checker_of(source, resource, reading, self._listener)
            reach = await self.access.to(connector)
            async with reach.connect() as sender, aclosing(presences(sender, resource, checker, output)) as found:
                async for some in found:
                    yield some

    async def retry(
        self, run_id: str, guards: Guards, stop: Stop, *, mended: str | None = None, choice: Choice = FAULTY
    ) -> Run:
        """Try rows of a run again that were not written, from the cells the ledger kept or from a mended file."""
        parent = await self._loaded(run_id)
        read = ReadOptions()
        if mended is None:
            source: Tables = await rows_to_retry(self.ledger, parent, choice)
        else:
            source = await asyncio.to_thread(open_source, mended, read)
        recorded = RunOptions.of(parent)
        reading = recorded.reading(limit=None, only_filled=mended is not None)
        with closing(source):
            work = Work(
                resource=parent.instance.resource,
                source=source,
                read=read,
                reading=reading,
                operation=DELETE if recorded.deletes else RETRY,
                decisions=recorded.decisions,
                parent=parent,
                choice=choice,
            )
            return await self._loader.run(work, guards, stop)

    async def resume(self, run_id: str, guards: Guards, stop: Stop) -> Run:
        """Go on with an unfinished run, from its own source and under its own guards.

        A limit of failures may be given anew; everything else is as it was ordered.
        """
        run = await self._loaded(run_id)
        instance, recorded = run.instance, RunOptions.of(run)
        guards = dataclasses.replace(
            guards,
            dry_run=instance.operation == DRY_RUN,
            strict=recorded.strict,
            resend=recorded.resend,
            verify=recorded.verify,
            max_failures=guards.max_failures or recorded.max_failures,
        )
        if recorded.kept:
            assert instance.parent is not None
            chosen = Choice(causes=recorded.causes, statuses=tuple(map(Status, recorded.statuses)), rows=recorded.rows)
            source: Tables = await rows_to_retry(self.ledger, await self.ledger.run(instance.parent), chosen)
        elif instance.source == "-":
            raise UsageError(
                f"run {run.id} read its rows from standard input",
                advice=f"Pipe the same data into bulk {'delete' if recorded.deletes else 'import'} again.",
            )
        else:
            source = await asyncio.to_thread(open_source, instance.source, recorded.read)
        reading = recorded.reading(only_filled=instance.parent is not None and not recorded.kept)
        with closing(source):
            if await asyncio.to_thread(lambda: source.sha256) != instance.sha256:
                raise SourceError(
                    f"it is not what it was when run {run.id} started",
                    path=instance.source,
                    advice="Name it as it is now to bulk delete: records that are gone already are left out of it."
                    if recorded.deletes
                    else "Load it as it is now with bulk import: rows that have not changed are not sent again.",
                )
            work = Work(
                resource=instance.resource,
                source=source,
                read=recorded.read,
                reading=reading,
                operation=instance.operation,
                decisions=recorded.decisions,
                resumed=run,
            )
            return await self._loader.run(work, guards, stop)

    async def _loaded(self, name: str) -> Run:
        """A run that has rows to load; raises `UsageError` for an export."""
        run = await self.ledger.run(name, exports=False)
        if run.instance.operation == EXPORT:
            raise UsageError(
                f"run {run.id} is an export", advice=f"Give the same bulk export {run.instance.resource} command again."
            )
        return run

    async def export(self, what: Extract, stop: Stop) -> Run:
        """Write the records of an API to a file that an import takes back."""
        connector, resource = find(what.resource)
        query = Query(
            since=what.since,
            where=tuple(resource.filter(text) for text in what.where),
            fast=what.fast,
        )
        # A walk says at once whether it can go that way: better before anything is left behind.
        resource.walk(dataclasses.replace(query, since=EPOCH) if what.last else query, None).close()
        reach = await self.access.to(connector)
        path = absolute(what.path)
        instance = Instance(
            resource=what.resource,
            operation=EXPORT,
            target=reach.target,
            source=path,
            sha256="",
            options=what.options(),
        )
        exporter = Exporter(
            resource=resource,
            resource_name=what.resource,
            ledger=self.ledger,
            instance=instance,
            connect=reach.connect,
            path=path,
            query=query,
            last=what.last,
            columns=what.columns,
            neutralise=what.neutralise,
            stop=stop,
            listener=self._listener,
        )
        return await exporter.run()

    async def plan(
        self, order: Order, *, resend: bool = False, confirmed: bool = False
    ) -> AsyncGenerator[Change, None]:
        """What an import would do with each row; the source is checked whole before the first call."""
        connector, resource = find(order.resource)
        resource = resource.chosen(order.decisions)
        reading = order.reading()
        with closing(await asyncio.to_thread(open_source, order.source, order.read)) as source:
            checker = checker_of(source, resource, reading, self._listener)
            reach = await self.access.to(connector)
            planner = Planner(
                checker=checker,
                ledger=self.ledger,
                target=reach.target,
                resource=resource,
                resource_name=order.resource,
                connect=reach.connect,
                resend=resend,
                confirmed=confirmed,
            )
            async with aclosing(planner.changes()) as changes:
                async for change in changes:
                    yield change
            remark(checker, self._listener)

    async def get(self, resource_name: str, key: str, by: str | None = None) -> Mapping[str, Any]:
        """One record as the API has it, without anything secret; raises `NotFoundError`."""
        connector, resource = find(resource_name)
        column = by or resource.keys[0]
        if column not in resource.keys:
            raise UsageError(f"records cannot be found by {column!r}", advice=f"They go by {listed(resource.keys)}.")
        reach = await self.access.to(connector)
        async with reach.connect() as sender:
            record = await ask(sender, resource.get(column, key))
        if record is None:
            raise NotFoundError(f"{resource_name} has no record whose {column} is {key!r}")
        return resource.redacted(record)

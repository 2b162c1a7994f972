"""A checked source on its way into an API, or its records out of it: what is to be done, and who does it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from bulk import worker
from bulk.access import Access, Reach, require_same_target
from bulk.checking import checker_of
from bulk.connectors import find
from bulk.contracts import Ledger, Listener, ReadOptions, Resource, Tables
from bulk.errors import UsageError
from bulk.jobs.check.checker import Checker
from bulk.jobs.check.reading import Reading
from bulk.jobs.guards import Guards, Stop, allowed_failures
from bulk.jobs.importer import Importer, Sending
from bulk.jobs.retry import FAULTY, Choice, LedgerSource
from bulk.jobs.run_options import RunOptions
from bulk.jobs.send.dispatch import Dispatch
from bulk.jobs.send.single_process import SingleProcess
from bulk.jobs.workers.pool import WorkerPool
from bulk.model import Instance, Run
from bulk.orders import absolute
from bulk.worker import Assignment

IMPORT, DRY_RUN, RETRY, DELETE, EXPORT = "import", "dry-run", "retry", "delete", "export"
"""What a run does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What is to be done with a source."""

    resource: str
    """Such as `luminous.products`."""
    source: Tables
    """The open source."""
    read: ReadOptions
    """How its files are read."""
    reading: Reading
    """How its cells are read; where these are keys only, the records that they name are deleted."""
    operation: str
    """See `Instance.operation`."""
    decisions: Mapping[str, str] = field(default_factory=dict)
    """See `Resource.chosen`."""
    parent: Run | None = None
    """The run whose rows are tried again."""
    choice: Choice = FAULTY
    """Which of them."""
    resumed: Run | None = None
    """The run that is gone on with."""


class Loader:
    """Does the work of one session."""

    def __init__(self, access: Access, ledger: Ledger, listener: Listener) -> None:
        self._access = access
        self._ledger = ledger
        self._listener = listener

    async def run(self, work: Work, guards: Guards, stop: Stop) -> Run:
        """Check the source, then do what has to be done; raises `UsageError` for what the API cannot do."""
        connector, resource = find(work.resource)
        resource = resource.chosen(work.decisions)
        deletes = work.reading.keys_only
        if deletes and resource.delete is None:
            raise UsageError(
                f"{work.resource} cannot be deleted: the API has no such operation",
                advice="bulk resources says what can be done with which resource.",
            )
        if guards.max_failures is not None:
            allowed_failures(guards.max_failures, 0)  # a slip in the option is better told now than after the check
        checker = checker_of(work.source, resource, work.reading, self._listener)
        reach = await self._access.to(connector, offline=guards.dry_run, before=work.resumed or work.parent)
        if work.resumed is not None:
            require_same_target(work.resumed, reach.target)
            instance = replace(work.resumed.instance, politeness=reach.politeness)
        else:
            if work.parent is not None and not self._access.sandbox:
                require_same_target(work.parent, reach.target)
            instance = Instance(
                resource=work.resource,
                operation=DRY_RUN if guards.dry_run else work.operation,
                target=reach.target,
                source=absolute(work.source.name),
                sha256=await asyncio.to_thread(lambda: work.source.sha256),
                options=_run_options(work, checker, guards).text(),
                parent=None if work.parent is None else work.parent.id,
                politeness=reach.politeness,
            )
        importer = Importer(
            checker=checker,
            ledger=self._ledger,
            instance=instance,
            resource=resource,
            sending=self._sending(work, checker, resource, reach, guards),
            guards=guards,
            stop=stop,
            listener=self._listener,
            deletes=deletes,
        )
        return await importer.run(None if work.resumed is None else work.resumed.id)

    def _sending(self, work: Work, checker: Checker, resource: Resource, reach: Reach, guards: Guards) -> Sending:
        """What sends the rows: this process alone, or several."""
        dispatching = partial(
            Dispatch,
            checker=checker,
            ledger=self._ledger,
            resource=resource,
            concurrency=reach.limits.concurrency,
            guards=guards,
            deletes=work.reading.keys_only,
        )
        if reach.workers == 1 or guards.dry_run:
            return SingleProcess(
                dispatching=dispatching,
                connect=reach.connect,
                concurrency=reach.limits.concurrency,
                listener=self._listener,
            )

        return WorkerPool(
            dispatching=dispatching,
            assignment=Assignment(
                resource=work.resource,
                decisions=work.decisions,
                settings=reach.settings.model_dump(),
                limits=reach.limits,
                processes=reach.workers,
                deletes=work.reading.keys_only,
            ),
            program=worker.__name__,
            processes=reach.workers,
            concurrency=reach.limits.concurrency,
            paced=reach.paced,
            client=reach.client,
            clock=reach.clock,
            listener=self._listener,
        )


def _run_options(work: Work, checker: Checker, guards: Guards) -> RunOptions:
    """What the run is to remember of how it was ordered."""
    reading = work.reading
    return RunOptions(
        key=checker.key_header,
        files=tuple(Path(table.path).name for table in work.source.tables),
        read=work.read,
        match_by=reading.match_by,
        mapping=None if reading.mapping is None else reading.mapping.text,
        clear=reading.clear,
        empty=reading.empty,
        limit=reading.limit,
        strict=guards.strict,
        resend=guards.resend,
        verify=guards.verify,
        max_failures=guards.max_failures,
        decisions=dict(work.decisions),
        deletes=reading.keys_only,
        causes=work.choice.causes,
        statuses=work.choice.statuses,
        rows=work.choice.rows,
        kept=isinstance(work.source, LedgerSource),
    )

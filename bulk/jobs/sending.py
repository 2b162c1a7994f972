"""What was checked is sent: by this process, or by several that are alike."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, TypeAlias

from bulk.contracts import CountingSender, Flow, Ledger, Listener, Resource
from bulk.errors import ApiError, RefusedError, UnclearError
from bulk.http.writer import INTERVAL, Ending, Writer
from bulk.jobs.checker import Checker
from bulk.jobs.dispatch import Dispatch
from bulk.jobs.guards import Guards, Stop
from bulk.jobs.share import WHOLE, Share
from bulk.model import Event, Record, Settlement, Traffic

Tally: TypeAlias = Callable[[int], None]
"""Told how many rows have failed just now."""


class Sending(Protocol):
    """The part of an import in which rows are sent."""

    def ready(self, held: int | None) -> AbstractAsyncContextManager[None]:
        """Get ready while the source is checked; see `Ledger.lock` for what is `held`."""

    async def send(self, run: str, pending: int, *, stop: Stop, failed: Tally | None) -> Ending:
        """Send the rows of a run that have no final status, which are so many, until somebody says `stop`."""

    @property
    def traffic(self) -> Traffic:
        """Requests so far."""


class Alone:
    """Sends a share of the rows from this process."""

    def __init__(
        self,
        *,
        checker: Checker,
        ledger: Ledger,
        resource: Resource,
        connect: Callable[[], AbstractAsyncContextManager[CountingSender]],
        concurrency: int,
        guards: Guards,
        listener: Listener,
        deletes: bool = False,
        share: Share = WHOLE,
    ) -> None:
        self._checker = checker
        self._ledger = ledger
        self._resource = resource
        self._connect = connect
        self._concurrency = concurrency
        self._guards = guards
        self._listener = listener
        self._deletes = deletes
        self._share = share
        self.traffic = Traffic()
        """See `Sending`."""

    @asynccontextmanager
    async def ready(self, held: int | None) -> AsyncIterator[None]:
        """There is nothing to prepare."""
        del held
        yield

    async def send(self, run: str, pending: int, *, stop: Stop, failed: Tally | None) -> Ending:
        """See `Sending`."""
        async with self._connect() as sender:
            dispatch = Dispatch(
                checker=self._checker,
                ledger=self._ledger,
                run=run,
                resource=self._resource,
                sender=sender,
                concurrency=self._concurrency,
                guards=self._guards,
                deletes=self._deletes,
                share=self._share,
            )

            async def settle(settlements: Sequence[Settlement]) -> None:
                settled = await dispatch.settle(settlements)
                self.traffic = sender.traffic
                self._listener(Event(kind="settled", data={"settlements": settled}))

            writer = Writer(
                sender,
                drive=dispatch.drive if failed is None else _counted(dispatch.drive, failed),
                settle=settle,
                blame=dispatch.blame,
                concurrency=self._concurrency,
                stop=stop.event,
                halt=sender.halt,
                blot=sender.blot,
                # All together settle as often as one alone would: what a transaction costs, it costs whatever is in it.
                interval=INTERVAL * self._share.of,
            )
            try:
                return await writer.run(dispatch.blocks(pending))
            finally:
                self.traffic = sender.traffic


def _counted(drive: Callable[[Record], Flow], failed: Tally) -> Callable[[Record], Flow]:
    """The conversations, which tell of it when they fail."""

    def counted(record: Record) -> Flow:
        try:
            return (yield from drive(record))
        except ApiError as error:
            if isinstance(error, RefusedError | UnclearError) or error.maybe_applied:
                failed(1 + len(record.members))
            raise

    return counted

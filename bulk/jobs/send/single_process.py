"""What was checked is sent by this process alone."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from bulk.contracts import CountingSender, Listener
from bulk.http.writer import Ending
from bulk.jobs.guards import Stop
from bulk.jobs.send.dispatch import Dispatch
from bulk.jobs.send.writing import Tally, writer
from bulk.model import Event, Settlement, Traffic


class SingleProcess:
    """Sends all rows from this process. `dispatching` makes what gives them out for a `run` and a `sender`."""

    def __init__(
        self,
        *,
        dispatching: Callable[..., Dispatch],
        connect: Callable[[], AbstractAsyncContextManager[CountingSender]],
        concurrency: int,
        listener: Listener,
    ) -> None:
        self._dispatching = dispatching
        self._connect = connect
        self._concurrency = concurrency
        self._listener = listener
        self._sender: CountingSender | None = None

    @property
    def traffic(self) -> Traffic:
        """See `bulk.jobs.importer.Sending`."""
        return Traffic() if self._sender is None else self._sender.traffic

    @asynccontextmanager
    async def ready(self, held: int | None) -> AsyncIterator[None]:
        """There is nothing to prepare."""
        del held
        yield

    async def send(self, run: str, pending: int, *, stop: Stop, failed: Tally | None) -> Ending:
        """See `bulk.jobs.importer.Sending`."""
        async with self._connect() as sender:
            self._sender = sender
            dispatch = self._dispatching(run=run, sender=sender)

            async def settle(settlements: Sequence[Settlement]) -> None:
                settled = await dispatch.settle(settlements)
                self._listener(Event(kind="settled", data={"settlements": settled}))

            ours = writer(
                sender,
                drive=dispatch.drive,
                settle=settle,
                concurrency=self._concurrency,
                stop=stop,
                failed=failed,
            )
            return await ours.run(dispatch.blocks(pending))

"""The reading half of an export: a listing walked through page by page, and each page laid aside."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Final

from bulk.contracts import Ledger, Listener, Page, Query, Resource, Sender
from bulk.errors import ApiError, RefusedError
from bulk.fingerprint import fingerprints
from bulk.jobs.completeness import Confirmation
from bulk.jobs.guards import Stop
from bulk.jobs.spool import Spool, Spooled
from bulk.model import Event, Request, Response, Sighting

WALKS: Final = 3
"""How often a listing is read at most while records are missing: some slip by when others are deleted meanwhile."""

KEPT_TOGETHER: Final = 1_000
"""Records that are made to last, and told to the ledger, at one stroke: each takes the disk some milliseconds."""

KEPT_EVERY: Final = 1.0
"""Seconds after which a page is made to last even if there are fewer."""


class StoppedError(Exception):
    """Somebody asked to end early."""


class Listing:
    """What a query finds, on its way into a spool. The ledger learns of every record."""

    def __init__(
        self,
        *,
        resource: Resource,
        query: Query,
        ledger: Ledger,
        run: str,
        spool: Spool,
        stop: Stop,
        listener: Listener,
        now: Callable[[], float],
    ) -> None:
        self._resource = resource
        self._query = query
        self._ledger = ledger
        self._run = run
        self._spool = spool
        self._stop = stop
        self._listener = listener
        self._now = now
        self._learning = True
        self._sightings: list[Sighting] = []
        self._asked: float | None = None
        self._kept_at = now()

    async def read(self, sender: Sender) -> None:
        """Walk through the listing to its end, again where records are missing.

        Raises `StoppedError`, and whatever `ApiError` the walk does not catch; what was laid aside by then is whole.
        """
        try:
            await self._walk(sender)
        except (StoppedError, ApiError, asyncio.CancelledError):
            await self._keep()
            raise

    async def _walk(self, sender: Sender) -> None:
        spool = self._spool
        resumed = spool.progress.resume is not None
        while not spool.progress.done:
            before = spool.progress.saved_at, len(spool)
            confirmation = Confirmation(spool.lines)
            try:
                async with aclosing(self._pages(sender)) as pages:
                    async for page, asked in pages:
                        confirmation.note(page.total, await self._take(page, asked))
            except RefusedError:
                if not resumed or (spool.progress.saved_at, len(spool)) != before:
                    raise
                self._note("the API would not go on where the export was broken off, so it starts anew")
                await asyncio.to_thread(spool.restart, self._now())
                resumed = False
                continue
            missing = spool.missing
            gone = missing if confirmation.holds else 0
            resumed = False
            progress = replace(spool.progress, resume=None, walks=spool.progress.walks + 1)
            done = missing == gone or progress.walks == WALKS
            spool.progress = replace(progress, gone=gone, done=done)
            await self._keep()
            if not done:
                self._note(f"{missing:,} of {progress.total:,} records did not come; reading once more")
            elif gone:
                self._note(f"{gone:,} of {progress.total:,} records did not come: they were deleted meanwhile")

    async def _pages(self, sender: Sender) -> AsyncGenerator[tuple[Page, float], None]:
        """The pages of one walk, each with the time before its request."""
        spool = self._spool
        walk = self._resource.walk(self._query, spool.progress.resume)
        asked: float | None = None
        try:
            step = next(walk)
            while True:
                if isinstance(step, Page):
                    yield step, self._now() if asked is None else asked
                    asked = None
                    step = next(walk)
                    continue
                asked = self._now() if asked is None else asked
                try:
                    response = await self._send(sender, step)
                except ApiError as error:
                    step = walk.throw(error)
                else:
                    if spool.progress.asked_at is None:
                        spool.progress = replace(spool.progress, asked_at=_date(response))
                    step = walk.send(response)
        except StopIteration:
            return

    async def _send(self, sender: Sender, request: Request) -> Response:
        """The answer, unless the wait for it is broken off: a read that nobody waits for does no harm."""
        if self._stop.event.is_set():
            raise StoppedError
        sending = asyncio.ensure_future(sender.send(request))
        stopping = asyncio.ensure_future(self._stop.event.wait())
        try:
            await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            stopping.cancel()
            await asyncio.gather(sending, stopping, return_exceptions=True)
        if sending.cancelled():
            raise StoppedError
        return sending.result()

    async def _take(self, page: Page, asked: float) -> Sequence[int | None]:
        """Lay a page aside; says at which line each of its records had stood before."""
        spool = self._spool
        before, sightings = await asyncio.to_thread(self._lay_aside, page)
        self._sightings += sightings
        self._asked = asked if self._asked is None else min(asked, self._asked)
        now = self._now()
        totals = [total for total in (page.total, spool.progress.total) if total is not None]
        spool.progress = replace(spool.progress, saved_at=now, resume=page.resume, total=max(totals, default=None))
        if len(self._sightings) >= KEPT_TOGETHER or not 0 <= now - self._kept_at < KEPT_EVERY:
            await self._keep()
        self._listener(Event(kind="exported", data={"rows": len(spool), "total": spool.progress.total}))
        return before

    def _lay_aside(self, page: Page) -> tuple[Sequence[int | None], Sequence[Sighting]]:
        documents = [self._resource.read(record) for record in page.records]
        spooled: list[Spooled] = []
        sightings: list[Sighting] = []
        for record, document, fields in zip(page.records, documents, fingerprints(documents), strict=True):
            key, remote_id = document.get(self._resource.keys[0]), record.get("id")
            changed_at = self._resource.changed_at(record)
            spooled.append(
                Spooled(
                    id=f"key {key}" if remote_id is None else str(remote_id),
                    changed_at=None if changed_at is None else changed_at.timestamp(),
                    document=document,
                )
            )
            if key not in (None, ""):
                remote = None if remote_id is None else str(remote_id)
                sightings.append(Sighting(key=str(key), remote_id=remote, fields=fields))
        return self._spool.add(spooled), sightings

    async def _keep(self) -> None:
        """Let the ledger know of what was laid aside, and make it last: in this order, so that nothing is left out."""
        if self._asked is not None:
            sightings, asked = self._sightings, self._asked
            self._sightings, self._asked = [], None
            if not await self._ledger.learn(self._run, sightings, asked=asked) and self._learning:
                self._learning = False
                self._note("an import was under way: what was read is not remembered")
        await asyncio.to_thread(self._spool.save, self._spool.progress)
        self._kept_at = self._now()

    def _note(self, message: str) -> None:
        self._listener(Event(kind="note", message=message))


def _date(response: Response) -> float | None:
    """The server's clock as it answered."""
    try:
        return parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except ValueError:
        return None

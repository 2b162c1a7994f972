"""The reading half of an export: a listing walked through page by page, and each page laid aside."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import Any, Final

from bulk.contracts import CountingSender, Ledger, Listed, Listener, Page, Query, Resource
from bulk.errors import ApiError, RefusedError
from bulk.fingerprint import fingerprints
from bulk.jobs.export.bookmark import Bookmark
from bulk.jobs.export.completeness import Confirmation
from bulk.jobs.export.pieces import Batch
from bulk.jobs.export.spool import Progress, Spool
from bulk.jobs.guards import Stop
from bulk.jobs.threads import ended, one_ahead
from bulk.model import ABSENT, Documents, Event, Request, Response, Sighting

WALKS: Final = 3
"""How often a listing is read at most while records are missing: some slip by when others are deleted meanwhile."""

LAST_PAGE: Final = 3.0
"""Seconds that the page on its way has to come in once somebody has asked to stop."""

KEPT_TOGETHER: Final = 2_000
"""Records that are made to last, and told to the ledger, at one stroke: each takes the disk some milliseconds."""

KEPT_EVERY: Final = 1.0
"""Seconds after which a page is made to last even if there are fewer."""


class StoppedError(Exception):
    """Somebody asked to end early."""


class Listing:
    """What a query finds, on its way into a spool. The ledger learns of every record.

    Pages wait until there are enough to be read, told to the ledger and made to last at one stroke: what their records
    have in common is then looked at once. Meanwhile the next ones are fetched. Records that `before` knows are laid
    aside, but not shown.
    """

    def __init__(
        self,
        *,
        resource: Resource,
        query: Query,
        ledger: Ledger,
        run: str,
        spool: Spool,
        before: Bookmark | None,
        stop: Stop,
        listener: Listener,
        now: Callable[[], float],
    ) -> None:
        self._resource = resource
        self._query = query
        self._ledger = ledger
        self._run = run
        self._spool = spool
        self._before = before
        self._stop = stop
        self._listener = listener
        self._now = now
        self._learning = True
        self._waiting: list[Page] = []
        self._asked: float | None = None
        self._kept_at = now()
        self._confirmation = Confirmation(0)
        self._keeping: asyncio.Task[None] | None = None

    async def read(self, sender: CountingSender) -> None:
        """Walk through the listing to its end, again where records are missing.

        Raises `StoppedError`, and whatever `ApiError` the walk does not catch; what was laid aside by then is whole.
        """
        try:
            await self._walk(sender)
        except (StoppedError, ApiError, asyncio.CancelledError):
            await self._keep()
            raise
        finally:
            await self._kept()

    async def _walk(self, sender: CountingSender) -> None:
        spool = self._spool
        resumed = spool.progress.resume is not None
        while not spool.progress.done:
            self._confirmation = Confirmation(spool.lines)
            laid_aside = len(spool)
            came = before = laid_aside if resumed else 0
            try:
                async with aclosing(self._pages(sender)) as source, aclosing(one_ahead(source)) as pages:
                    async for page, asked in pages:
                        # What was fetched ahead is left for later, but nobody is to stop with nothing to go on from.
                        if self._stop.event.is_set() and self._asked is not None:
                            raise StoppedError
                        came += len(page.records)
                        await self._take(page, asked, rows=max(came, laid_aside))
            except RefusedError:
                if not resumed or came > before:
                    raise
                self._note("the API would not go on where the export was broken off, so it starts anew")
                await self._kept()
                await asyncio.to_thread(spool.restart, self._now())
                resumed = False
                continue
            await self._keep()
            await self._kept()
            missing = spool.missing
            gone = missing if self._confirmation.holds else 0
            resumed = False
            progress = replace(spool.progress, resume=None, walks=spool.progress.walks + 1)
            done = missing == gone or progress.walks == WALKS
            spool.progress = replace(progress, gone=gone, done=done)
            await self._keep()
            if not done:
                self._note(f"{missing:,} of {progress.total:,} records did not come; reading once more")
            elif gone:
                self._note(f"{gone:,} of {progress.total:,} records did not come: they were deleted meanwhile")

    async def _pages(self, sender: CountingSender) -> AsyncGenerator[tuple[Page, float], None]:
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

    async def _send(self, sender: CountingSender, request: Request) -> Response:
        """The answer; who is asked to stop waits a moment for it and no longer: to break off a read does no harm."""
        if self._stop.event.is_set():
            raise StoppedError
        sending = asyncio.ensure_future(sender.send(request))
        stopping = asyncio.ensure_future(self._stop.event.wait())
        try:
            await asyncio.wait({sending, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                sender.halt()
                await asyncio.wait({sending}, timeout=LAST_PAGE)
        finally:
            sending.cancel()
            stopping.cancel()
            await asyncio.gather(sending, stopping, return_exceptions=True)
        if sending.cancelled() or (self._stop.event.is_set() and sending.exception() is not None):
            raise StoppedError
        return sending.result()

    async def _take(self, page: Page, asked: float, *, rows: int) -> None:
        """Have a page wait for others, or for none if that has been long; `rows` is how far the listing has come."""
        self._waiting.append(page)
        self._asked = asked if self._asked is None else min(asked, self._asked)
        progress = self._spool.progress
        totals = [total for total in (page.total, progress.total) if total is not None]
        total = max(totals, default=None)
        self._spool.progress = replace(progress, saved_at=self._now(), resume=page.resume, total=total)
        waiting = sum(len(one.records) for one in self._waiting)
        if waiting >= KEPT_TOGETHER or not 0 <= self._now() - self._kept_at < KEPT_EVERY:
            await self._keep()
        self._listener(Event(kind="exported", data={"rows": rows, "total": total}))

    async def _keep(self) -> None:
        """Begin to make last what waits, after what is being made to last."""
        await self._kept()
        work = self._keep_now(self._waiting, self._asked, self._spool.progress)
        self._waiting, self._asked, self._kept_at = [], None, self._now()
        self._keeping = asyncio.create_task(work)

    async def _kept(self) -> None:
        """Wait until nothing is being made to last any more."""
        if self._keeping is not None:
            await ended(self._keeping)
            self._keeping.result()

    async def _keep_now(self, pages: Sequence[Page], asked: float | None, progress: Progress) -> None:
        """Let the ledger know of pages, and make them last: in this order, so that nothing is left out."""
        batch = None
        if asked is not None:
            batch, sightings = await asyncio.to_thread(self._lay_aside, pages)
            if not await self._ledger.learn(self._run, sightings, asked=asked) and self._learning:
                self._learning = False
                self._note("an import was under way: what was read is not remembered")
        await asyncio.to_thread(self._spool.save, progress, batch)

    def _lay_aside(self, pages: Sequence[Page]) -> tuple[Batch, Sequence[Sighting]]:
        """Enter the records of pages into the spool; gives those that count there, and all as the ledger is told."""
        listed = self._read([page.records for page in pages])
        documents, remotes = listed.documents, listed.ids
        keys = documents.columns.get(self._resource.keys[0]) or [None] * len(documents)
        ids = [f"key {key}" if remote is None else remote for key, remote in zip(keys, remotes, strict=True)]
        known = self._before
        shown = [known is None or not known.knows(id, documents, place) for place, id in enumerate(ids)]
        before, batch = self._spool.add(Batch(ids=ids, changes=listed.changes, documents=documents, shown=shown))
        start = 0
        for page in pages:
            self._confirmation.note(page.total, before[start : start + len(page.records)])
            start += len(page.records)
        return batch, _sightings(keys, remotes, documents)

    def _read(self, pages: Sequence[Sequence[Mapping[str, Any]]]) -> Listed:
        """The records of pages: side by side where that saves something, else one by one."""
        if self._resource.read_listed is not None:
            return self._resource.read_listed(Documents.joined(map(Documents.of, pages)))
        records = list(chain.from_iterable(pages))
        documents = Documents.of(list(map(self._resource.read, records)))
        return Listed.of(documents, (one.get("id") for one in records), map(self._resource.changed_at, records))

    def _note(self, message: str) -> None:
        self._listener(Event(kind="note", message=message))


def _sightings(keys: Sequence[Any], remote_ids: Sequence[str | None], documents: Documents) -> Sequence[Sighting]:
    """What the ledger is told of records that have a key."""
    return [
        Sighting(key=str(key), remote_id=remote_id, fields=fields)
        for key, remote_id, fields in zip(keys, remote_ids, fingerprints(documents), strict=True)
        if key not in (None, "", ABSENT) and _is_whole(str(key)) and _is_whole(remote_id or "")
    ]


def _is_whole(name: str) -> bool:
    """Whether a file can hold it, so that it may be asked for: JSON has halves of characters too."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def _date(response: Response) -> float | None:
    """The server's clock as it answered."""
    try:
        return parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except ValueError:
        return None

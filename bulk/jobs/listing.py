"""The reading half of an export: a listing walked through page by page, and each page laid aside."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from email.utils import parsedate_to_datetime
from itertools import chain, compress
from typing import Any, Final, NamedTuple

from bulk.contracts import CountingSender, Ledger, Listed, Listener, Page, Query, Resource
from bulk.errors import ApiError, RefusedError
from bulk.fingerprint import fingerprints
from bulk.jobs.bookmark import Bookmark
from bulk.jobs.completeness import Confirmation
from bulk.jobs.guards import Stop
from bulk.jobs.pieces import Batch
from bulk.jobs.spool import Progress, Spool
from bulk.jobs.threads import ended, one_ahead
from bulk.model import ABSENT, Documents, Event, Request, Response, Sighting

WALKS: Final = 3
"""How often a listing is read at most while records are missing: some slip by when others are deleted meanwhile."""

LAST_PAGE: Final = 3.0
"""Seconds that the page on its way has to come in once somebody has asked to stop."""

KEPT_TOGETHER: Final = 1_000
"""Records that are made to last, and told to the ledger, at one stroke: each takes the disk some milliseconds."""

KEPT_EVERY: Final = 1.0
"""Seconds after which a page is made to last even if there are fewer."""


class StoppedError(Exception):
    """Somebody asked to end early."""


class _Seen(NamedTuple):
    """Records of which the ledger will be told."""

    keys: Sequence[str]
    remote_ids: Sequence[str | None]
    documents: Documents


class Listing:
    """What a query finds, on its way into a spool. The ledger learns of every record.

    While one page is read the next is fetched, and the one before it made to last. Records that `before` knows are laid
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
        self._seen: list[_Seen] = []
        self._asked: float | None = None
        self._kept_at = now()
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
            before = spool.progress.saved_at, len(spool)
            confirmation = Confirmation(spool.lines)
            try:
                async with aclosing(self._pages(sender)) as source, aclosing(one_ahead(source)) as pages:
                    async for page, asked in pages:
                        # What was fetched ahead is left for later, but nobody is to stop with nothing to go on from.
                        if self._stop.event.is_set() and self._asked is not None:
                            raise StoppedError
                        confirmation.note(page.total, await self._take(page, asked))
            except RefusedError:
                if not resumed or (spool.progress.saved_at, len(spool)) != before:
                    raise
                self._note("the API would not go on where the export was broken off, so it starts anew")
                await self._kept()
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

    async def _take(self, page: Page, asked: float) -> Sequence[int | None]:
        """Lay a page aside; says at which line each of its records had stood before."""
        laying = asyncio.ensure_future(asyncio.to_thread(self._lay_aside, page))
        try:
            before, seen = await asyncio.shield(laying)
        except asyncio.CancelledError:
            await ended(laying)  # a page is laid aside whole
            self._taken(page, asked, laying.result()[1])
            raise
        self._taken(page, asked, seen)
        if (
            sum(len(seen.keys) for seen in self._seen) >= KEPT_TOGETHER
            or not 0 <= self._now() - self._kept_at < KEPT_EVERY
        ):
            await self._keep()
        self._listener(Event(kind="exported", data={"rows": len(self._spool), "total": self._spool.progress.total}))
        return before

    def _taken(self, page: Page, asked: float, seen: _Seen) -> None:
        """Note how far the listing has come with a page."""
        self._seen.append(seen)
        self._asked = asked if self._asked is None else min(asked, self._asked)
        progress = self._spool.progress
        totals = [total for total in (page.total, progress.total) if total is not None]
        self._spool.progress = replace(
            progress, saved_at=self._now(), resume=page.resume, total=max(totals, default=None)
        )

    def _lay_aside(self, page: Page) -> tuple[Sequence[int | None], _Seen]:
        listed = (self._resource.read_listed or self._read)(page.records)
        documents, remotes = listed.documents, listed.ids
        keys = documents.columns.get(self._resource.keys[0]) or [None] * len(documents)
        ids = [f"key {key}" if remote is None else remote for key, remote in zip(keys, remotes, strict=True)]
        before = self._before
        batch = Batch(
            ids=ids,
            changes=listed.changes,
            documents=documents,
            shown=[before is None or not before.knows(id, documents, place) for place, id in enumerate(ids)],
        )
        named = [key not in (None, "", ABSENT) for key in keys]
        if not all(named):
            keys, remotes = list(compress(keys, named)), list(compress(remotes, named))
            documents = documents.only(named)
        return self._spool.add(batch), _Seen(list(map(str, keys)), remotes, documents)

    def _read(self, records: Sequence[Mapping[str, Any]]) -> Listed:
        """The records of a page, one by one."""
        documents = Documents.of(list(map(self._resource.read, records)))
        return Listed.of(documents, (one.get("id") for one in records), map(self._resource.changed_at, records))

    async def _keep(self) -> None:
        """Begin to make last what was laid aside, after what is being made to last."""
        await self._kept()
        work = self._keep_now(self._seen, self._asked, self._spool.cut(), self._spool.progress)
        self._seen, self._asked, self._kept_at = [], None, self._now()
        self._keeping = asyncio.create_task(work)

    async def _kept(self) -> None:
        """Wait until nothing is being made to last any more."""
        if self._keeping is not None:
            await ended(self._keeping)
            self._keeping.result()

    async def _keep_now(self, seen: Sequence[_Seen], asked: float | None, cut: Batch, progress: Progress) -> None:
        """Let the ledger know of what was laid aside, and make it last: in this order, so that nothing is left out."""
        if asked is not None:
            sightings = await asyncio.to_thread(_sightings, seen)
            if not await self._ledger.learn(self._run, sightings, asked=asked) and self._learning:
                self._learning = False
                self._note("an import was under way: what was read is not remembered")
        await asyncio.to_thread(self._spool.save, progress, cut)

    def _note(self, message: str) -> None:
        self._listener(Event(kind="note", message=message))


def _sightings(seen: Sequence[_Seen]) -> Sequence[Sighting]:
    known = fingerprints(Documents.joined(one.documents for one in seen))
    keys = chain.from_iterable(one.keys for one in seen)
    remote_ids = chain.from_iterable(one.remote_ids for one in seen)
    return [
        Sighting(key=key, remote_id=remote_id, fields=fields)
        for key, remote_id, fields in zip(keys, remote_ids, known, strict=True)
    ]


def _date(response: Response) -> float | None:
    """The server's clock as it answered."""
    try:
        return parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except ValueError:
        return None

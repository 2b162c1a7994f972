"""Records on their way: claimed, read where that is needed, cut down to what is new, driven, settled."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import partial

from msgspec.structs import replace

from bulk.contracts import UNREADABLE, Flow, Ledger, Resource, Sender
from bulk.errors import ApiError, FatalError, RefusedError, UnclearError
from bulk.jobs.check.checker import Checker
from bulk.jobs.check.chunk import Chunk
from bulk.jobs.check.comparison import pardoned
from bulk.jobs.enquiry import questions, read_current
from bulk.jobs.guards import Guards
from bulk.jobs.send.block_size import MOST, BlockSize
from bulk.jobs.send.cells_in_flight import CellsInFlight
from bulk.jobs.send.preparation import prepare
from bulk.jobs.send.prepared import Prepared, drive, learnt
from bulk.model import Claim, Record, Settlement, Status

READERS = 8
"""Requests in flight for each question that is asked at the same time as others about rows to come."""


class Dispatch:
    """The part of an import between the checked source and the writer."""

    def __init__(
        self,
        *,
        checker: Checker,
        ledger: Ledger,
        run: str,
        resource: Resource,
        sender: Sender,
        concurrency: int,
        guards: Guards,
        deletes: bool = False,
    ) -> None:
        self._checker = checker
        self._ledger = ledger
        self._run = run
        self._resource = resource
        self._sender = sender
        self._concurrency = concurrency
        self._guards = guards
        self._deletes = deletes
        self._in_flight = CellsInFlight(checker.families, resource.other_rows)
        self._prepared: dict[int, Prepared] = {}
        self._readable = True
        self._block_size = BlockSize()

    async def blocks(self, pending: int) -> AsyncGenerator[Sequence[Record], None]:
        """Records that are ours to send, claimed and prepared, until so many rows are on their way."""
        pending_in = partial(self._ledger.pending, self._run)
        async with aclosing(self._checker.again(pending_in)) as chunks:
            async for checked in chunks:
                chunk = await self._forgiven(checked)
                self._in_flight.open(chunk)
                least, most = self._bounds(chunk.records)
                start = 0
                while start < len(chunk.records):
                    records = chunk.records[start : start + self._block_size.next(least, most)]
                    start += len(records)
                    claims = await self._ledger.claim(self._run, records)
                    mine = [record for record in records if record.row in claims]
                    if not mine:
                        continue
                    pending -= sum(1 + len(record.members) for record in mine)
                    self._in_flight.expect(len(mine))
                    yield await self._ready(mine, claims)
                self._in_flight.close()
                if pending <= 0:
                    return

    def _bounds(self, records: Sequence[Record]) -> tuple[int, int]:
        """Records to claim at once, at least and at most: where they have to be read, as questions are about."""
        if self._guards.verify or any(self._resource.needs_current(record) for record in records):
            at_once = min(MOST, self._resource.find_at_once)
            return at_once, at_once * max(1, self._concurrency // READERS)
        return max(32, 2 * self._concurrency), MOST

    async def _forgiven(self, chunk: Chunk) -> Chunk:
        """The chunk as it was judged before, when it was held against what was known."""
        if not chunk.rejections:
            return chunk
        columns = await self._ledger.forgiven(self._run, [rejection.row for rejection in chunk.rejections])
        return await asyncio.to_thread(pardoned, chunk, columns, self._checker.families) if columns else chunk

    def drive(self, record: Record) -> Flow:
        """The conversation about a record of a block."""
        return drive(self._prepared[record.row], self._resource, deletes=self._deletes)

    def prepared(self, records: Sequence[Record]) -> Sequence[Prepared]:
        """The records of a block, as another process has to have them in order to drive them itself."""
        return [self._prepared[record.row] for record in records]

    async def settle(self, settlements: Sequence[Settlement]) -> Sequence[Settlement]:
        """Record what became of records and of the rows in them; gives all of these.

        Their violations are as `as_told`; they come out on the columns of the file.
        """
        whole: list[Settlement] = []
        for one in settlements:
            prepared = self._prepared.pop(one.row)
            settlement = self._in_flight.attach(one, prepared.record)
            if settlement.fields is None:
                settlement = replace(settlement, fields=learnt(prepared, one.status))
            whole += self._in_flight.spread(settlement, prepared.record)
        await self._ledger.settle(self._run, whole)
        return whole

    async def _ready(self, records: Sequence[Record], claims: Mapping[int, Claim]) -> Sequence[Record]:
        """Records in view of what is known, and read where that is needed; handed back where reading is hopeless."""
        if self._guards.confirmed:
            records = [replace(record, confirmed=True) for record in records]
        # Of which nothing is known, that is read as it is; to prepare it before that would be to do it twice.
        unprepared = [one for one in records if claims[one.row].known is None and self._must_be_read(one)]
        later = {record.row for record in unprepared}
        for record in records:
            if record.row not in later:
                self._prepared[record.row] = self._prepare(record, claims[record.row])
        wanted = [one for one in records if one.row in later or self._must_be_read(self._prepared[one.row].record)]
        try:
            read = await self._read(wanted)
        except BaseException:
            for record in unprepared:
                self._prepared[record.row] = self._prepare(record, claims[record.row])
            await self.settle([Settlement(row=one.row, key=one.key, status=Status.NOT_TRIED) for one in records])
            raise
        found = {record.row: record for record in read}
        for record in records:
            if record.row in found or record.row in later:
                self._prepared[record.row] = self._prepare(found.get(record.row, record), claims[record.row])
        if not self._readable:
            for record in records:
                prepared = self._prepared[record.row]
                self._prepared[record.row] = replace(prepared, record=replace(prepared.record, sure=True))
        return [self._prepared[record.row].record for record in records]

    def _prepare(self, record: Record, claim: Claim) -> Prepared:
        if self._deletes:
            return Prepared(record=replace(record, repeated=claim.repeated), known=claim.known, fields=b"")
        return prepare(record, claim, resource=self._resource, resend=self._guards.resend, verify=self._guards.verify)

    def _must_be_read(self, record: Record) -> bool:
        return self._guards.verify or (self._readable and self._resource.needs_current(record))

    async def _read(self, records: Sequence[Record]) -> list[Record]:
        """Those of the records that could be read, with what the API has of them."""
        asked = [asyncio.ensure_future(self._read_some(some)) for some in questions(self._resource, records)]
        try:
            return [record for found in await asyncio.gather(*asked) for record in found]
        finally:
            if asked:
                for one in asked:
                    one.cancel()
                await asyncio.wait(asked)

    async def _read_some(self, records: Sequence[Record]) -> Sequence[Record]:
        try:
            return await read_current(self._sender, self._resource, records)
        except FatalError:
            raise
        except UnclearError:
            self._readable = False
        except RefusedError as refusal:
            self._readable &= refusal.status not in UNREADABLE
        except ApiError:
            pass  # what cannot be read at once may be read one by one, or need not be: the flow decides
        return ()

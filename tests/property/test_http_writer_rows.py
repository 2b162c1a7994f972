"""Whatever becomes of the rows, and whenever the run is ended: every row taken is settled exactly once."""

import asyncio
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from bulk.errors import (
    LedgerError,
    RefusedError,
    RetryableError,
    UnauthorizedError,
    UnclearError,
)
from bulk.http.writer import Writer
from bulk.model import Outcome, Record, Request, Response, Status

FATES = ["fine", "fine", "fine", "refused", "unknown", "not tried", "unclear", "hangs", "lingers"]
ENDS = ["fatal", "bug", "drive"]


def error_of(fate):
    return {
        "refused": RefusedError("no", code="invalid"),
        "unknown": RetryableError("hm", code="http_500"),
        "not tried": RetryableError("hm", code="http_503", maybe_applied=False),
        "unclear": UnclearError("hm", code="oversized"),
        "fatal": UnauthorizedError("no", code="unauthorized"),
        "bug": ZeroDivisionError("oops"),
    }.get(fate)


class Clock:
    """A grace lasts for some turns of the loop, an interval for one."""

    def __init__(self, turns):
        self._turns = turns

    def time(self):
        return 0.0

    async def sleep(self, seconds):
        for _ in range(self._turns if seconds >= 1 else 1):
            await asyncio.sleep(0)


class World:
    """A sender, a source of blocks and a ledger, all as scripted."""

    def __init__(self, fates, sizes, *, end_after, how, settle_fails_at):
        self.fates = fates
        self.sizes = sizes
        self.end_after = end_after
        self.how = how
        self.settle_fails_at = settle_fails_at
        self.stop = asyncio.Event()
        self.sent, self.taken, self.settled = [], [], []
        self.calls = 0
        self.sent_after_failure = 0
        self.broken = False
        self.run = None

    async def send(self, request):
        row = int(request.path.removeprefix("/"))
        self.sent.append(row)
        self.sent_after_failure += self.broken
        if len(self.sent) == self.end_after:
            if self.how == "stop":
                self.stop.set()
            else:
                self.run.cancel()
        fate = self.fates[row % len(self.fates)]
        if fate == "hangs" and self.how == "stop" and len(self.sent) >= (self.end_after or 10**9):
            await asyncio.Event().wait()
        for _ in range(5 if fate == "lingers" else 1):
            await asyncio.sleep(0)
        error = error_of(fate)
        if error is not None:
            raise error
        return Response(status=200, headers={}, body=b"")

    def drive(self, record):
        if self.fates[record.row % len(self.fates)] == "drive":
            raise ZeroDivisionError("oops")
        return self.talk(record)

    @staticmethod
    def talk(record):
        yield Request(method="PATCH", path=f"/{record.row}")
        return Outcome()

    async def blocks(self):
        row = 0
        for size in self.sizes:
            block = [Record(row=n, key=str(n), payload="{}", digest=b"") for n in range(row, row + size)]
            row += size
            await asyncio.sleep(0)
            self.taken.extend(one.row for one in block)
            yield block

    async def settle(self, settlements):
        self.calls += 1
        if self.calls == self.settle_fails_at:
            self.broken = True
            raise LedgerError("disk full")
        assert not self.broken
        await asyncio.sleep(0)
        self.settled.extend(settlements)


@given(
    fates=st.lists(st.sampled_from(FATES + ENDS), min_size=1, max_size=60).map(lambda fates: [*fates, *["fine"] * 20]),
    sizes=st.lists(st.integers(0, 30), max_size=6),
    concurrency=st.integers(1, 6),
    group=st.integers(1, 10),
    turns=st.integers(0, 10),
    end_after=st.none() | st.integers(1, 80),
    how=st.sampled_from(["stop", "cancel"]),
    settle_fails_at=st.none() | st.integers(1, 12),
)
@settings(max_examples=300)
def test_every_row_taken_is_settled_exactly_once(
    *, fates, sizes, concurrency, group, turns, end_after, how, settle_fails_at
):
    async def scenario():
        world = World(fates, sizes, end_after=end_after, how=how, settle_fails_at=settle_fails_at)
        writer = Writer(
            world,
            drive=world.drive,
            settle=world.settle,
            blame=lambda record, error: (),
            concurrency=concurrency,
            clock=Clock(turns),
            stop=world.stop,
            group=group,
        )
        world.run = asyncio.ensure_future(writer.run(world.blocks()))
        try:
            ending = await asyncio.wait_for(world.run, 20)
        except (LedgerError, ZeroDivisionError, asyncio.CancelledError) as error:
            ending = error
        # The reader of the blocks may have been cut off between taking a block and handing it over.
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left
        return world, ending

    world, ending = asyncio.run(scenario())
    settled = Counter(one.row for one in world.settled)
    assert all(times == 1 for times in settled.values())
    if world.broken:
        assert isinstance(ending, LedgerError) or world.how == "cancel"
        assert world.sent_after_failure <= concurrency
        return
    assert set(settled) == set(world.taken)
    status = {one.row: one.status for one in world.settled}
    for row in set(world.sent):
        fate = fates[row % len(fates)]
        if status[row] is Status.NOT_TRIED:
            assert fate in ("not tried", "fatal")
    for row in set(world.taken) - set(world.sent):
        assert status[row] is Status.NOT_TRIED or fates[row % len(fates)] == "drive"
    if getattr(ending, "completed", False):
        assert len(world.taken) == sum(sizes)

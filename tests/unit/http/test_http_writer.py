import asyncio

import pytest

from bulk.contracts import SendCancelledError
from bulk.errors import (
    LedgerError,
    OutageError,
    RefusedError,
    RetryableError,
    UnauthorizedError,
    UnclearError,
    UnreachableError,
)
from bulk.http.writer import Writer
from bulk.model import Outcome, Record, Request, Response, Status, Violation


class Sender:
    """Answers by row, as told: a value is returned, an error raised, a function awaited; else all is well."""

    def __init__(self, **answers):
        self.answers = {int(row.removeprefix("row")): answer for row, answer in answers.items()}
        self.asked = []
        self.under_way = 0
        self.most_under_way = 0

    async def send(self, request):
        row = int(request.path.removeprefix("/"))
        self.asked.append(row)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            answer = self.answers.get(row)
            if callable(answer):
                answer = await answer()
            await asyncio.sleep(0)
            if isinstance(answer, Exception):
                answer.attempts = 3
                raise answer
            return answer or Response(status=200, headers={}, body=b"")
        finally:
            self.under_way -= 1


class PatientClock:
    """An interval is over soon; a grace never is."""

    def time(self):
        return 0.0

    async def sleep(self, seconds):
        if seconds >= 30:
            await asyncio.Event().wait()
        await asyncio.sleep(0)


class HastyClock(PatientClock):
    async def sleep(self, seconds):
        await asyncio.sleep(0)


class Book:
    """What was settled, in order."""

    def __init__(self, error=None, after=0):
        self.groups = []
        self.error = error
        self.after = after

    async def __call__(self, settlements):
        if self.error is not None and len(self.groups) >= self.after:
            raise self.error
        self.groups.append(list(settlements))
        await asyncio.sleep(0)

    @property
    def all(self):
        return [one for group in self.groups for one in group]

    def of(self, row):
        (one,) = [one for one in self.all if one.row == row]
        return one


def record(row):
    return Record(row=row, key=f"K{row}", payload="{}", digest=b"")


def patch(record):
    yield Request(method="PATCH", path=f"/{record.row}", body=b"{}")
    return Outcome(outcome="saved", http_status=200, remote_id="7")


async def blocks(*sizes, taken=None):
    row = 2
    for size in sizes:
        block = [record(number) for number in range(row, row + size)]
        row += size
        if taken is not None:
            taken.extend(one.row for one in block)
        await asyncio.sleep(0)
        yield block


def writer_for(sender, book, *, stop=None, drive=patch, concurrency=4, clock=None, **how):
    return Writer(
        sender,
        drive=drive,
        settle=book,
        blame=lambda record, error: (
            Violation(row=record.row, column="name", rule="api", value=None, message=error.message),
        ),
        concurrency=concurrency,
        stop=stop or asyncio.Event(),
        clock=clock or PatientClock(),
        now=lambda: 5.0,
        **how,
    )


async def test_every_row_is_sent_once_and_settled_once_over_all_blocks():
    sender, book = Sender(), Book()
    ending = await writer_for(sender, book).run(blocks(3, 0, 250, 1))
    assert ending.completed
    assert ending.error is None
    assert sorted(sender.asked) == sorted(one.row for one in book.all) == list(range(2, 256))
    one = book.of(2)
    assert (one.key, one.status, one.outcome, one.http_status, one.remote_id) == (
        "K2",
        Status.SUCCEEDED,
        "saved",
        200,
        "7",
    )
    assert (one.attempts, one.finished_at) == (1, 5.0)


async def test_no_blocks_are_a_completed_run():
    assert (await writer_for(Sender(), Book()).run(blocks())).completed


async def test_so_many_rows_are_under_way_at_once_and_no_more():
    sender = Sender()
    await writer_for(sender, Book(), concurrency=7).run(blocks(40, 40))
    assert sender.most_under_way == 7


async def test_fewer_are_under_way_from_the_moment_on_that_narrow_has_returned():
    busy, slow = asyncio.Event(), asyncio.Event()

    async def hang():
        busy.set()
        await slow.wait()

    sender, book = Sender(row8=hang), Book()
    writer = writer_for(sender, book, concurrency=7)
    running = asyncio.create_task(writer.run(blocks(40, 40)))
    await busy.wait()
    freed = await writer.narrow(2, patience=0.05)
    assert freed in {4, 5}  # the row that hangs is in one of the places that stay, or in one of the others
    assert sender.under_way + freed <= 7
    sender.most_under_way = 0
    slow.set()
    assert (await running).completed
    assert sender.most_under_way + freed <= 7
    assert sorted(sender.asked) == sorted(one.row for one in book.all) == list(range(2, 82))


async def test_the_first_row_goes_alone():
    others = []

    async def first():
        for _ in range(50):
            await asyncio.sleep(0)
        others.extend(sender.asked)

    sender = Sender(row2=first)
    await writer_for(sender, Book()).run(blocks(50))
    assert others == [2]


async def test_memory_holds_a_few_blocks_whatever_the_size_of_the_file():
    gaps, taken = [], []

    class Watching(Sender):
        async def send(self, request):
            gaps.append(len(taken) - len(self.asked))
            return await super().send(request)

    await writer_for(Watching(), Book(), concurrency=4).run(blocks(*[10] * 100, taken=taken))
    assert max(gaps) <= 2 * 4 + 10


async def test_there_is_no_pause_between_blocks():
    idle = []

    class Watching(Sender):
        async def send(self, request):
            response = await super().send(request)
            idle.append(self.under_way)
            return response

    await writer_for(Watching(), Book(), concurrency=4).run(blocks(*[20] * 10))
    assert min(idle[4:-4]) >= 1


def after_another(error):
    """The error of an attempt before which another may have been carried out."""
    error.maybe_applied = True
    return error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RefusedError("No.", code="invalid", status=422, body="{}"), Status.FAILED, "invalid"),
        (RetryableError("Hm.", code="http_500", status=500), Status.UNKNOWN, "http_500"),
        (UnreachableError("Hm.", code="connect", maybe_applied=False), Status.NOT_TRIED, "connect"),
        (UnclearError("Hm.", code="oversized", status=200), Status.UNKNOWN, "oversized"),
        (RefusedError("No.", code="conflict", status=409), Status.FAILED, "conflict"),
        (after_another(RefusedError("No.", code="conflict", status=409)), Status.UNKNOWN, "conflict"),
        (after_another(RefusedError("No.", code="invalid", status=422)), Status.FAILED, "invalid"),
    ],
)
async def test_an_error_is_the_fate_of_its_row_and_of_no_other(error, status, code):
    book = Book()
    ending = await writer_for(Sender(row5=error), book).run(blocks(20))
    assert ending.completed
    one = book.of(5)
    assert (one.status, one.code, one.message, one.http_status, one.response, one.attempts) == (
        status,
        code,
        error.message,
        error.status,
        error.body,
        3,
    )
    assert [one.status for one in book.all if one.row != 5] == [Status.SUCCEEDED] * 19


async def test_what_the_api_says_of_a_row_becomes_violations():
    book = Book()
    await writer_for(Sender(row2=RefusedError("Too long.", code="invalid")), book).run(blocks(1))
    assert book.of(2).violations[0].message == "Too long."


async def test_a_flow_may_ask_catch_and_ask_again_and_its_attempts_add_up():
    def drive(record):
        try:
            yield Request(method="GET", path="/2")
        except RefusedError:
            response = yield Request(method="POST", path="/3", body=b"{}")
            return Outcome(outcome="created", http_status=response.status)

    book = Book()
    await writer_for(Sender(row2=RefusedError("No.", code="not_found")), book, drive=drive).run(blocks(1))
    assert (book.of(2).outcome, book.of(2).attempts) == ("created", 4)


async def test_a_row_half_written_is_never_handed_back_as_untouched():
    def drive(record):
        yield Request(method="POST", path="/100", body=b"{}")
        yield Request(method="POST", path="/101", body=b"{}")

    book, error = Book(), UnreachableError("Hm.", code="connect", maybe_applied=False)
    await writer_for(Sender(row101=error), book, drive=drive).run(blocks(1))
    assert book.of(2).status is Status.UNKNOWN


async def test_reading_alone_leaves_a_row_untouched():
    def drive(record):
        yield Request(method="GET", path="/100")

    book, error = Book(), UnreachableError("Hm.", code="read_timeout")
    error.maybe_applied = True
    await writer_for(Sender(row100=error), book, drive=drive).run(blocks(1))
    assert book.of(2).status is Status.NOT_TRIED


async def test_a_wrong_token_ends_the_run_after_one_request():
    sender, book, taken = Sender(row2=UnauthorizedError("No.", code="unauthorized", status=401)), Book(), []
    ending = await writer_for(sender, book).run(blocks(30, 30, taken=taken))
    assert not ending.completed
    assert isinstance(ending.error, UnauthorizedError)
    assert sender.asked == [2]
    assert {one.status for one in book.all} == {Status.NOT_TRIED}
    assert sorted(one.row for one in book.all) == taken


async def test_an_outage_leaves_what_may_have_been_written_unknown_and_the_rest_untouched():
    error = OutageError("Down.", code="outage")
    error.maybe_applied = True
    book = Book()
    ending = await writer_for(Sender(row9=error), book).run(blocks(200))
    assert ending.error is error
    assert book.of(9).status is Status.UNKNOWN
    assert book.of(201).status is Status.NOT_TRIED
    assert len(book.all) == 200


async def test_stopping_finishes_what_is_under_way_and_hands_back_the_rest():
    stop, halted, book = asyncio.Event(), [], Book()

    async def slow():
        stop.set()
        for _ in range(20):
            await asyncio.sleep(0)

    sender = Sender(row10=slow)
    ending = await writer_for(sender, book, stop=stop, halt=lambda: halted.append(True)).run(blocks(300))
    assert not ending.completed
    assert ending.error is None
    assert halted
    assert book.of(10).status is Status.SUCCEEDED
    assert {one.row for one in book.all if one.status is Status.SUCCEEDED} == set(sender.asked)
    assert len(book.all) == 300


async def test_what_does_not_finish_within_the_grace_is_unknown():
    stop, book = asyncio.Event(), Book()

    async def for_ever():
        stop.set()
        await asyncio.Event().wait()

    await writer_for(Sender(row10=for_ever), book, stop=stop, clock=HastyClock()).run(blocks(300))
    one = book.of(10)
    assert (one.status, one.code, one.attempts) == (Status.UNKNOWN, "interrupted", 1)
    assert len(book.all) == 300


async def test_a_stop_before_the_start_sends_nothing_and_takes_nothing():
    stop, sender, taken = asyncio.Event(), Sender(), []
    stop.set()
    ending = await writer_for(sender, Book(), stop=stop).run(blocks(5, taken=taken))
    assert not ending.completed
    assert (sender.asked, taken) == ([], [])


async def test_cancelling_settles_everything_at_once():
    book, under_way = Book(), asyncio.Event()

    async def for_ever():
        under_way.set()
        await asyncio.Event().wait()

    run = asyncio.ensure_future(writer_for(Sender(row10=for_ever), book).run(blocks(300)))
    await under_way.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert book.of(10).status is Status.UNKNOWN
    rows = [one.row for one in book.all]
    assert len(rows) == len(set(rows))
    assert set(rows) >= set(range(2, 11))


async def test_a_row_cancelled_before_its_turn_was_not_sent_and_one_cancelled_on_its_way_is_unknown():
    class Queue(Sender):
        """Sends one row and lets the others wait for their turn."""

        async def send(self, request):
            if len(self.asked) < 2:
                return await super().send(request)
            try:
                waiting.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise SendCancelledError(attempts=0, maybe_applied=False) from None

    async def for_ever():
        await asyncio.Event().wait()

    book, waiting, sender = Book(), asyncio.Event(), Queue(row3=for_ever)
    run = asyncio.ensure_future(writer_for(sender, book).run(blocks(20)))
    await waiting.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert {one.row: one.status for one in book.all} == {
        2: Status.SUCCEEDED,
        3: Status.UNKNOWN,
    } | dict.fromkeys(range(4, 22), Status.NOT_TRIED)
    assert sum(one.attempts for one in book.all) == len(sender.asked)


async def test_a_cancelled_writer_halts_its_sender_before_anything_else():
    halted_with_row_under_way = []

    async def for_ever():
        run.cancel()
        await asyncio.Event().wait()

    sender = Sender(row2=for_ever)
    writer = writer_for(sender, Book(), halt=lambda: halted_with_row_under_way.append(sender.under_way))
    run = asyncio.ensure_future(writer.run(blocks(5)))
    with pytest.raises(asyncio.CancelledError):
        await run
    assert halted_with_row_under_way == [1]


async def test_a_credential_that_an_answer_repeats_is_never_settled():
    def drive(record):
        yield Request(method="PATCH", path=f"/{record.row}", body=b"{}")
        if record.row == 3:
            raise UnclearError("it said t0ken", code="unreadable_answer", status=200, body="<pre>t0ken</pre>")
        return Outcome(message="remark with t0ken")

    book, error = Book(), RefusedError("no t0ken", code="invalid", body="t0ken")
    sender = Sender(row2=error)
    await writer_for(sender, book, drive=drive, redact=lambda text: text.replace("t0ken", "***")).run(blocks(3))
    assert book.of(2).violations[0].message == "no ***"
    assert book.of(3).response == "<pre>***</pre>"
    assert book.of(4).message == "remark with ***"
    assert "t0ken" not in repr(book.all)


async def test_a_fault_of_a_flow_loses_no_row_and_is_raised_at_the_end():
    def drive(record):
        if record.row == 7:
            raise ZeroDivisionError("oops")
        return patch(record)

    book = Book()
    with pytest.raises(ZeroDivisionError):
        await writer_for(Sender(), book, drive=drive).run(blocks(100))
    assert (book.of(7).status, book.of(7).code) == (Status.UNKNOWN, "bug")
    assert len(book.all) == 100


async def test_a_fault_of_the_source_of_blocks_is_raised_after_settling_what_was_taken():
    async def failing():
        yield [record(row) for row in range(2, 12)]
        raise LedgerError("disk full")

    book = Book()
    with pytest.raises(LedgerError, match="disk full"):
        await writer_for(Sender(), book).run(failing())
    assert sorted(one.row for one in book.all) == list(range(2, 12))


async def test_nothing_is_sent_that_cannot_be_recorded():
    sender = Sender()
    with pytest.raises(LedgerError, match="disk full"):
        await writer_for(sender, Book(LedgerError("disk full")), group=1, interval=0).run(blocks(*[100] * 50))
    assert len(sender.asked) < 100


async def test_a_slow_ledger_is_waited_for():
    class Slow(Book):
        async def __call__(self, settlements):
            for _ in range(20):
                await asyncio.sleep(0)
            ahead.append(sum(1 for _ in sender.asked) - len(self.all))
            await super().__call__(settlements)

    ahead, sender = [], Sender()
    await writer_for(sender, Slow(), group=5, concurrency=2).run(blocks(*[50] * 10))
    assert max(ahead) <= 4 * 5 + 2 + 5


async def test_settlements_come_in_groups_no_larger_than_asked():
    book = Book()
    await writer_for(Sender(), book, group=7).run(blocks(100))
    assert max(map(len, book.groups)) <= 7
    assert len(book.groups) < 100


async def test_blocks_are_closed_when_the_run_ends_early():
    closed = []

    async def endless():
        try:
            row = 2
            while True:
                yield [record(row)]
                row += 1
        finally:
            closed.append(True)

    await writer_for(Sender(row2=UnauthorizedError("No.", code="unauthorized")), Book()).run(endless())
    assert closed == [True]

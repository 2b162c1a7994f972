"""What every ledger promises, shown over a file and in memory."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from bulk.contracts import Ledger
from bulk.errors import LedgerError, LockedError, SourceError, UsageError
from bulk.ledger import SqliteLedger
from bulk.model import (
    Claim,
    Instance,
    Member,
    Record,
    Rejection,
    Run,
    RunStatus,
    Settlement,
    Status,
    Totals,
    Traffic,
    Violation,
)

SHOP = Instance(
    resource="luminous.products",
    operation="import",
    target="https://shop.example/external/api/v1",
    source="products.csv",
    sha256="aa",
)
OTHER = replace(SHOP, sha256="bb")


class Clock:
    """Time that passes by itself, a second a look, so that everything has an order."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 6, 15, 29, tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture(params=["file", "memory"])
async def ledger(request, tmp_path) -> AsyncIterator[SqliteLedger]:
    path = tmp_path / "ledger.db" if request.param == "file" else ":memory:"
    async with SqliteLedger(path, clock=Clock()) as ledger:
        yield ledger


def record(row: int, content: str = "", key: str | None = None) -> Record:
    payload = content or f"payload {row}"
    by = "id" if key is not None and key.isdigit() else "sku"
    return Record(row=row, key=key or f"SKU-{row}", by=by, payload=payload, digest=payload.encode().ljust(16, b"\0"))


def records(*rows: int, content: str = "") -> list[Record]:
    return [record(row, content) for row in rows]


def rejection(row: int, *rules: str, **cells: object) -> Rejection:
    return Rejection(
        row=row,
        key=f"SKU-{row}",
        cells=cells or {"SKU": f"SKU-{row}", "Name": "x"},
        violations=tuple(
            Violation(row=row, column=rule[:4], rule=rule, value="x", message=f"{rule} is broken", advice="mend it")
            for rule in rules
        ),
    )


def settlement(row: int, status: Status = Status.SUCCEEDED, **more: object) -> Settlement:
    return Settlement(row=row, key=f"SKU-{row}", status=status, **more)


async def start(ledger: Ledger, instance: Instance = SHOP, rows=(2, 3, 4), content: str = "", *, fresh=False) -> Run:
    run = await ledger.begin(instance, fresh=fresh)
    await ledger.enroll(run.id, records(*rows, content=content), [])
    return await ledger.seal(run.id)


async def load(ledger: Ledger, instance: Instance = SHOP, rows=(2, 3, 4), content: str = "", **more: object) -> Run:
    """A run in which every row succeeds."""
    run = await start(ledger, instance, rows, content)
    claimed = await ledger.claim(run.id, records(*rows, content=content))
    await ledger.settle(run.id, [settlement(row, **more) for row in claimed])
    return await end(ledger, run)


async def end(ledger: Ledger, run: Run, status: RunStatus = RunStatus.COMPLETED, **more: object) -> Run:
    values = {"seconds": 1.0, "traffic": Traffic(sent=3, retried=1, throttled=1), "exit_code": 0} | more
    return await ledger.finish(run.id, status, **values)


async def statuses(ledger: Ledger, run: Run) -> dict[int, str]:
    return {entry.row: str(entry.status) async for entry in ledger.entries(run.id)}


async def entry(ledger: Ledger, run: Run, row: int, *, cells: bool = False):
    return next(found for found in [e async for e in ledger.entries(run.id, cells=cells)] if found.row == row)


# Beginning and taking up


async def test_a_run_begins_with_an_id_that_tells_its_start(ledger):
    run = await ledger.begin(SHOP)
    assert run.id == "20261122-061530-0001"
    assert run.instance == SHOP
    assert (run.status, run.checked, run.continued) == (RunStatus.RUNNING, False, False)
    assert run.started_at == datetime(2026, 11, 22, 6, 15, 30, tzinfo=UTC)


async def test_ids_are_unique_and_sort_by_start_even_within_one_second(tmp_path):
    async with SqliteLedger(":memory:", clock=lambda: 1e9) as ledger:
        ids = [(await ledger.begin(SHOP, fresh=True)).id for _ in range(20)]
    assert ids == sorted(set(ids))


async def test_an_unfinished_run_of_an_equal_instance_is_continued(ledger):
    first = await start(ledger)
    await end(ledger, first, RunStatus.PAUSED, exit_code=5, reason="the API is down")
    second = await ledger.begin(SHOP)
    assert (second.id, second.continued, second.checked) == (first.id, True, True)
    assert (second.status, second.exit_code, second.reason, second.finished_at) == (RunStatus.RUNNING, None, None, None)


@pytest.mark.parametrize("status", [RunStatus.PAUSED, RunStatus.INTERRUPTED, RunStatus.STOPPED])
async def test_what_can_be_resumed_is_continued(ledger, status):
    first = await end(ledger, await start(ledger), status)
    assert (await ledger.begin(SHOP)).id == first.id


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.REFUSED])
async def test_what_cannot_be_resumed_starts_anew(ledger, status):
    first = await end(ledger, await start(ledger), status)
    second = await ledger.begin(SHOP)
    assert second.id != first.id
    assert not second.continued


async def test_a_run_whose_program_died_is_continued(ledger):
    first = await start(ledger)
    await ledger.claim(first.id, records(2))
    second = await ledger.begin(SHOP)
    assert second.id == first.id
    assert second.continued
    assert await statuses(ledger, second) == {2: "unknown", 3: "not_tried", 4: "not_tried"}


async def test_fresh_starts_anew_and_ends_what_had_died(ledger):
    first = await start(ledger)
    second = await ledger.begin(SHOP, fresh=True)
    assert second.id != first.id
    assert (await ledger.run(first.id)).status is RunStatus.INTERRUPTED


async def test_after_a_fresh_run_has_completed_the_old_unfinished_one_is_not_continued(ledger):
    first = await end(ledger, await start(ledger), RunStatus.PAUSED)
    second = await end(ledger, await start(ledger, fresh=True))
    third = await ledger.begin(SHOP)
    assert third.id not in {first.id, second.id}


@pytest.mark.parametrize("field", ["resource", "operation", "target", "sha256", "options"])
async def test_a_run_of_another_instance_is_not_continued(ledger, field):
    first = await end(ledger, await start(ledger), RunStatus.PAUSED)
    assert (await ledger.begin(replace(SHOP, **{field: "other"}))).id != first.id


async def test_the_same_content_under_another_name_is_the_same_work(ledger):
    first = await end(ledger, await start(ledger), RunStatus.PAUSED)
    assert (await ledger.begin(replace(SHOP, source="./copy.csv"))).id == first.id


async def test_a_run_is_not_continued_after_another_has_written_there(ledger):
    first = await end(ledger, await start(ledger), RunStatus.PAUSED)
    await load(ledger, OTHER, content="newer")
    second = await ledger.begin(SHOP)
    assert second.id != first.id


async def test_checking_that_never_ended_begins_again_from_nothing(ledger):
    first = await ledger.begin(SHOP)
    await ledger.enroll(first.id, [record(2)], [rejection(3, "required")])
    second = await ledger.begin(SHOP)
    assert (second.id, second.continued, second.totals) == (first.id, True, Totals())
    await ledger.enroll(second.id, [record(2), record(3)], [])
    sealed = await ledger.seal(second.id)
    assert sealed.totals == Totals(read=2, not_tried=2)
    assert (await entry(ledger, second, 3, cells=True)).violations == ()


async def test_a_run_is_taken_up_by_its_id(ledger):
    first = await end(ledger, await start(ledger), RunStatus.STOPPED)
    again = await ledger.take_up(first.id)
    assert (again.id, again.continued, again.status) == (first.id, True, RunStatus.RUNNING)
    assert await ledger.claim(again.id, records(2, 3, 4)) == {2: Claim(), 3: Claim(), 4: Claim()}


@pytest.mark.parametrize(("status", "advice"), [(RunStatus.COMPLETED, "bulk retry"), (RunStatus.REFUSED, "Mend")])
async def test_a_run_with_nothing_left_to_do_is_not_taken_up(ledger, status, advice):
    run = await end(ledger, await start(ledger), status)
    with pytest.raises(UsageError, match="nothing left to resume") as caught:
        await ledger.take_up(run.id)
    assert advice in caught.value.advice


async def test_taking_up_an_old_run_does_not_undo_what_another_has_written_since(ledger):
    old = await start(ledger)
    await ledger.claim(old.id, records(2))
    await end(ledger, old, RunStatus.INTERRUPTED)
    newer = await load(ledger, OTHER, rows=(2, 3), content="newer")
    again = await ledger.take_up(old.id)
    assert await ledger.claim(again.id, records(2, 3, 4)) == {4: Claim()}
    assert again.totals == Totals(read=3, invalid=2, not_tried=1)
    rejected = await entry(ledger, again, 3)
    assert (rejected.code, rejected.violations[0].rule) == ("superseded", "superseded")
    assert newer.id in rejected.message


async def test_a_parent_must_be_known(ledger):
    await start(ledger)
    with pytest.raises(UsageError, match="There is no run '2020"):
        await ledger.begin(replace(SHOP, operation="retry", parent="20200101-000000-0001"))


# Enrolling and rejecting


async def test_rows_are_enrolled_with_everything_that_is_wrong_with_them(ledger):
    run = await ledger.begin(SHOP)
    wrong = rejection(3, "required", "max_length", SKU="007", Price=1.5, Note=None)
    await ledger.enroll(run.id, [record(2)], [wrong])
    sealed = await ledger.seal(run.id)
    assert sealed.checked
    assert sealed.totals == Totals(read=2, invalid=1, not_tried=1)
    bad = await entry(ledger, run, 3, cells=True)
    assert (bad.status, bad.code, bad.message) == (Status.INVALID, "required", "required is broken")
    assert bad.violations == wrong.violations
    assert bad.cells == {"SKU": "007", "Price": 1.5, "Note": None}


async def test_a_row_without_a_key_can_be_rejected(ledger):
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [], [replace(rejection(2, "required"), key=None)])
    assert (await entry(ledger, run, 2)).key is None


async def test_typed_cells_are_kept_as_text_where_json_has_no_form_for_them(ledger):
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [], [rejection(2, "type", When=datetime(2026, 1, 2, tzinfo=UTC), Tags=["a"])])
    assert (await entry(ledger, run, 2, cells=True)).cells == {"When": "2026-01-02 00:00:00+00:00", "Tags": ["a"]}


async def test_a_row_is_enrolled_once(ledger):
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [record(2)], [])
    with pytest.raises(LedgerError, match="contradicts"):
        await ledger.enroll(run.id, [record(3), record(2)], [])
    assert (await ledger.seal(run.id)).totals == Totals(read=1, not_tried=1)


async def test_nothing_is_enrolled_after_the_checking(ledger):
    run = await start(ledger)
    with pytest.raises(LedgerError, match="already checked"):
        await ledger.enroll(run.id, [record(9)], [])
    with pytest.raises(LedgerError, match="already checked"):
        await ledger.seal(run.id)


async def test_a_rejection_turns_a_waiting_row_invalid_and_adds_to_an_invalid_one(ledger):
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [record(2)], [rejection(3, "required")])
    await ledger.reject(run.id, [rejection(2, "duplicate"), rejection(3, "duplicate", "max_length")])
    assert (await ledger.seal(run.id)).totals == Totals(read=2, invalid=2)
    turned, added = await entry(ledger, run, 2, cells=True), await entry(ledger, run, 3)
    assert (turned.code, turned.message, turned.cells["Name"]) == ("duplicate", "duplicate is broken", "x")
    assert (added.code, added.message) == ("required", "required is broken")
    assert [violation.rule for violation in added.violations] == ["required", "duplicate", "max_length"]


async def test_a_row_under_way_or_done_is_not_rejected(ledger):
    run = await start(ledger)
    await ledger.claim(run.id, records(2))
    for row in (2, 99):
        with pytest.raises(LedgerError, match="not waiting"):
            await ledger.reject(run.id, [rejection(3, "late"), rejection(row, "late")])
    with ledger.lock(SHOP.target, SHOP.resource):
        assert await statuses(ledger, run) == {2: "in_flight", 3: "not_tried", 4: "not_tried"}


# Claiming and settling


async def test_nothing_is_claimed_before_the_checking_has_ended(ledger):
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [record(2)], [])
    with pytest.raises(LedgerError, match="not yet checked"):
        await ledger.claim(run.id, records(2))


async def test_only_rows_that_may_be_sent_are_claimed(ledger):
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, records(2, 3, 4, 5), [])
    await ledger.reject(run.id, [rejection(5, "duplicate")])
    await ledger.seal(run.id)
    await ledger.claim(run.id, records(2, 3))
    await ledger.settle(run.id, [settlement(2), settlement(3, Status.FAILED, code="refused")])
    assert await ledger.claim(run.id, records(2, 3, 4, 5)) == {4: Claim()}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (record(3, "other"), r"row 3 \(SKU-3\) had other values"),
        (record(3, key="SKU-9"), "row 3 was SKU-3 and is SKU-9 now"),
        (record(5), "row 5 was not there"),
        (record((1 << 40) + 2), "row 2 of file 2 was not there"),
    ],
)
async def test_a_record_that_is_not_what_was_checked_is_refused_and_nothing_is_claimed(ledger, changed, told):
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, records(2, 3), [rejection(4, "required")])
    await ledger.seal(run.id)
    with pytest.raises(SourceError, match=rf"products\.csv: it is not what was checked: {told}"):
        await ledger.claim(run.id, [record(2), changed])
    assert await statuses(ledger, run) == {2: "not_tried", 3: "not_tried", 4: "invalid"}


async def test_what_an_earlier_start_may_have_sent_is_claimed_as_repeated(ledger):
    run = await start(ledger)
    await ledger.claim(run.id, records(2, 3))
    await ledger.settle(run.id, [settlement(2, Status.UNKNOWN, code="timeout")])
    await end(ledger, run, RunStatus.INTERRUPTED)
    again = await ledger.begin(SHOP)
    assert await ledger.claim(again.id, records(2, 3, 4)) == {
        2: Claim(repeated=True),
        3: Claim(repeated=True),
        4: Claim(),
    }


async def test_a_settlement_is_kept_whole(ledger):
    run = await start(ledger, rows=(2,))
    await ledger.claim(run.id, records(2))
    fault = Violation(row=2, column="Name", rule="refused", value="x", message="The name is taken.")
    given = settlement(
        2,
        Status.FAILED,
        http_status=422,
        attempts=2,
        code="refused",
        message="Half a character: \ud800",
        violations=(fault,),
        cells={"SKU": "007"},
        response='{"message": "no"}',
        finished_at=1e9,
    )
    await ledger.settle(run.id, [given])
    found = await entry(ledger, run, 2, cells=True)
    assert (found.status, found.http_status, found.attempts, found.code) == (Status.FAILED, 422, 2, "refused")
    assert (found.message, found.violations, found.cells) == ("Half a character: ?", (fault,), {"SKU": "007"})
    assert (found.response, found.finished_at) == ('{"message": "no"}', datetime.fromtimestamp(1e9, UTC))


async def test_success_keeps_outcome_and_id_and_forgets_an_earlier_trouble(ledger):
    run = await start(ledger, rows=(2,))
    await ledger.claim(run.id, records(2))
    await ledger.settle(run.id, [settlement(2, Status.UNKNOWN, attempts=2, message="?", cells={"a": "b"})])
    await ledger.claim(run.id, records(2))
    await ledger.settle(run.id, [settlement(2, outcome="created", http_status=201, attempts=1, remote_id="77")])
    found = await entry(ledger, run, 2, cells=True)
    assert (found.status, found.outcome, found.remote_id, found.attempts) == (Status.SUCCEEDED, "created", "77", 3)
    assert (found.code, found.message, found.cells) == (None, None, None)


async def test_a_failure_without_a_code_still_has_one_to_retry_by(ledger):
    run = await start(ledger, rows=(2,))
    await ledger.claim(run.id, records(2))
    await ledger.settle(run.id, [settlement(2, Status.FAILED)])
    assert (await entry(ledger, run, 2)).code == "failed"


@pytest.mark.parametrize("row", [3, 99])
async def test_a_row_not_in_flight_cannot_be_settled_and_nothing_is_written(ledger, row):
    run = await start(ledger)
    await ledger.claim(run.id, records(2))
    with pytest.raises(LedgerError, match="not in flight"):
        await ledger.settle(run.id, [settlement(2), settlement(row)])
    with ledger.lock(SHOP.target, SHOP.resource):
        assert (await entry(ledger, run, 2)).status is Status.IN_FLIGHT


async def test_a_row_is_settled_once(ledger):
    run = await start(ledger)
    await ledger.claim(run.id, records(2))
    await ledger.settle(run.id, [settlement(2)])
    with pytest.raises(LedgerError, match="not in flight"):
        await ledger.settle(run.id, [settlement(2, Status.FAILED)])


@pytest.mark.parametrize("status", [Status.INVALID, Status.IN_FLIGHT])
async def test_a_row_is_settled_only_as_something_final(ledger, status):
    run = await start(ledger)
    await ledger.claim(run.id, records(2))
    with pytest.raises(LedgerError, match=f"cannot be settled as {status}"):
        await ledger.settle(run.id, [settlement(2, status)])


async def test_a_row_handed_back_waits_again(ledger):
    run = await start(ledger)
    await ledger.claim(run.id, records(2))
    await ledger.settle(run.id, [settlement(2, Status.NOT_TRIED, attempts=1), settlement(3, Status.NOT_TRIED)])
    assert await statuses(ledger, run) == {2: "not_tried", 3: "not_tried", 4: "not_tried"}
    assert await ledger.claim(run.id, records(2)) == {2: Claim()}
    await ledger.settle(run.id, [settlement(2, attempts=2)])
    assert (await entry(ledger, run, 2)).attempts == 3


async def test_a_row_that_may_have_been_sent_stays_unknown_when_handed_back(ledger):
    run = await start(ledger)
    await ledger.claim(run.id, records(2))
    await end(ledger, run, RunStatus.INTERRUPTED)
    again = await ledger.begin(SHOP)
    await ledger.claim(again.id, records(2))
    await ledger.settle(again.id, [settlement(2, Status.NOT_TRIED)])
    assert (await entry(ledger, again, 2)).status is Status.UNKNOWN
    assert await ledger.claim(again.id, records(2)) == {2: Claim(repeated=True)}


async def test_handing_back_does_not_undo_what_is_done(ledger):
    run = await start(ledger)
    await ledger.claim(run.id, records(2))
    await ledger.settle(run.id, [settlement(2)])
    await ledger.settle(run.id, [settlement(2, Status.NOT_TRIED)])
    assert (await entry(ledger, run, 2)).status is Status.SUCCEEDED


# What is known


async def test_the_same_file_again_is_unchanged_and_says_since_when(ledger):
    first = await load(ledger)
    second = await start(ledger)
    assert second.totals == Totals(read=3, unchanged=3)
    assert first.id in (await entry(ledger, second, 2)).message
    assert await ledger.claim(second.id, records(2, 3, 4)) == {}


async def test_unchanged_rows_are_counted_by_the_run_that_wrote_them_newest_first(ledger):
    first = await load(ledger)
    second = await load(ledger, OTHER, rows=(2,), content="newer")
    third = await ledger.begin(replace(SHOP, sha256="cc"))
    await ledger.enroll(third.id, [record(2, "newer"), record(3), record(4), record(5)], [])
    await ledger.seal(third.id)
    assert list((await ledger.unchanged_since(third.id)).items()) == [(second.id, 1), (first.id, 2)]
    assert await ledger.unchanged_since(first.id) == {}


async def test_unchanged_rows_stay_known(ledger):
    await load(ledger)
    await end(ledger, await start(ledger))
    assert (await start(ledger)).totals.unchanged == 3


async def test_a_changed_row_is_sent(ledger):
    await load(ledger)
    run = await ledger.begin(OTHER)
    await ledger.enroll(run.id, [record(2), record(3, "changed"), record(5)], [])
    assert (await ledger.seal(run.id)).totals == Totals(read=3, unchanged=1, not_tried=2)


async def test_resend_sends_unchanged_rows_too(ledger):
    await load(ledger)
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [record(2)], [])
    assert (await ledger.seal(run.id, resend=True)).totals == Totals(read=1, not_tried=1)


@pytest.mark.parametrize("field", ["target", "resource"])
async def test_what_is_known_of_one_place_says_nothing_about_another(ledger, field):
    await load(ledger)
    assert (await start(ledger, replace(SHOP, **{field: "other"}))).totals.unchanged == 0


@pytest.mark.parametrize("status", [None, Status.FAILED, Status.UNKNOWN, Status.NOT_TRIED])
async def test_a_claim_that_does_not_end_in_success_leaves_nothing_that_could_call_a_row_unchanged(ledger, status):
    await load(ledger)
    await start(ledger, OTHER, content="newer")
    run = await ledger.run("last")
    await ledger.claim(run.id, records(2, content="newer"))
    if status:
        await ledger.settle(run.id, [settlement(2, status)])
    third = await start(ledger)
    assert third.totals == Totals(read=3, unchanged=2, not_tried=1)
    assert (await entry(ledger, third, 2)).status is Status.NOT_TRIED


async def test_what_the_api_already_had_is_known_as_well(ledger):
    await load(ledger, status=Status.UNCHANGED)
    assert (await start(ledger, OTHER)).totals.unchanged == 3


async def test_a_dry_run_teaches_nothing_and_makes_nothing_doubtful(ledger):
    rehearsal = replace(SHOP, operation="dry-run")
    await load(ledger, rehearsal)
    assert (await start(ledger)).totals.unchanged == 0
    await ledger.begin(SHOP, fresh=True)
    await load(ledger, OTHER)
    await load(ledger, rehearsal, content="other")
    assert (await start(ledger)).totals.unchanged == 3


async def test_a_key_written_twice_by_one_file_is_sent_whole_unless_all_of_it_is_unchanged(ledger):
    twice = [record(2, "first", key="A"), record(3, "last", key="A")]
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, twice, [])
    await ledger.seal(run.id)
    for one in twice:
        await ledger.claim(run.id, [one])
        await ledger.settle(run.id, [settlement(one.row)])
    await end(ledger, run)
    again = await ledger.begin(SHOP)
    await ledger.enroll(again.id, twice, [])
    assert (await ledger.seal(again.id)).totals == Totals(read=2, not_tried=2)


def named(key: str, price: int) -> Record:
    """Row 2 of a file that calls its only product so."""
    return record(2, f"{key} {price}", key=key)


async def write(ledger: Ledger, one: Record, fate: Settlement | None = None) -> Run:
    """A run of a single row, which got the remote id 1 unless it met another fate."""
    run = await ledger.begin(replace(SHOP, sha256=one.payload), fresh=True)
    await ledger.enroll(run.id, [one], [])
    await ledger.seal(run.id)
    await ledger.claim(run.id, [one])
    await ledger.settle(run.id, [fate or settlement(2, remote_id="1")])
    return await end(ledger, run)


async def unchanged(ledger: Ledger, *ones: Record) -> list[str]:
    """Keys of the records that need not be sent."""
    run = await ledger.begin(OTHER, fresh=True)
    await ledger.enroll(run.id, [replace(one, row=row) for row, one in enumerate(ones)], [])
    await ledger.seal(run.id)
    return [found.key async for found in ledger.entries(run.id, statuses=[Status.UNCHANGED])]


async def test_a_product_written_under_another_key_is_not_unchanged_under_the_first(ledger):
    await write(ledger, named("A", 1))
    await write(ledger, named("1", 2))
    assert await unchanged(ledger, named("A", 1), named("1", 2)) == ["1"]
    await write(ledger, named("A", 3))
    assert await unchanged(ledger, named("A", 3), named("1", 2)) == ["A"]


async def test_two_keys_of_one_product_that_are_settled_together_are_both_doubtful(ledger):
    ones = [named("A", 1), replace(named("1", 2), row=3), replace(named("B", 1), row=4)]
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, ones, [])
    await ledger.seal(run.id)
    await ledger.claim(run.id, ones)
    await ledger.settle(run.id, [settlement(row, remote_id=id) for row, id in ((2, "1"), (3, "1"), (4, "2"))])
    await end(ledger, run)
    assert await unchanged(ledger, *ones) == ["B"]


async def test_two_keys_of_one_product_are_both_doubtful_even_if_a_third_was_written_twice_together_with_them(ledger):
    """Rows with the same key have an order among themselves, which says nothing about the others."""
    ones = [named("A", 1), replace(named("1", 2), row=3), replace(named("B", 1), row=4), replace(named("B", 5), row=5)]
    await write(ledger, named("A", 1))
    await write(ledger, named("1", 2))
    run = await ledger.begin(SHOP, fresh=True)
    await ledger.enroll(run.id, ones, [])
    await ledger.seal(run.id, resend=True)
    await ledger.claim(run.id, ones)
    ids = ((one, "2" if one.key == "B" else "1") for one in ones)
    await ledger.settle(run.id, [replace(settlement(one.row, remote_id=id), key=one.key) for one, id in ids])
    await end(ledger, run)
    assert await unchanged(ledger, *ones[:2], replace(named("B", 5), row=4)) == ["B"]


@pytest.mark.parametrize("fate", [Status.UNKNOWN, Status.FAILED])
async def test_a_write_under_a_remote_id_makes_other_keys_doubtful_even_if_its_outcome_is_not_known(ledger, fate):
    await write(ledger, named("A", 1))
    await write(ledger, named("1", 2), settlement(2, fate))
    assert await unchanged(ledger, named("A", 1), named("1", 2)) == []


async def test_a_write_whose_outcome_is_not_known_makes_known_names_of_the_same_product_doubtful(ledger):
    await write(ledger, named("A", 1))
    await write(ledger, named("other name", 2))
    await write(ledger, named("A", 3), settlement(2, Status.UNKNOWN))
    assert await unchanged(ledger, named("A", 3), named("other name", 2)) == []
    await write(ledger, named("other name", 2))
    assert await unchanged(ledger, named("A", 3), named("other name", 2)) == ["other name"]


async def test_a_product_of_another_remote_id_stays_known(ledger):
    await write(ledger, named("A", 1))
    await write(ledger, named("B", 1), settlement(2, remote_id="2"))
    await write(ledger, named("C", 1), settlement(2))
    await write(ledger, named("D", 1), settlement(2))
    assert await unchanged(ledger, *(named(key, 1) for key in "ABCD")) == ["A", "B", "C", "D"]


# Retrying


def retry_of(run: Run) -> Instance:
    return replace(SHOP, operation="retry", parent=run.id)


async def failed(ledger: Ledger, rows=(2, 3)) -> Run:
    """A run in which every row fails, with its cells."""
    run = await start(ledger, rows=rows)
    await ledger.claim(run.id, records(*rows))
    await ledger.settle(run.id, [settlement(row, Status.FAILED, cells={"SKU": f"{row}"}) for row in rows])
    return await end(ledger, run)


async def test_a_retry_sends_what_nobody_has_written_since(ledger):
    parent = await failed(ledger)
    assert (await start(ledger, retry_of(parent), (2, 3))).totals == Totals(read=2, not_tried=2)


async def test_a_retry_does_not_undo_what_another_run_has_written_since(ledger):
    parent = await failed(ledger)
    newer = await load(ledger, OTHER, rows=(2,), content="newer")
    run = await start(ledger, retry_of(parent), (2, 3))
    assert run.totals == Totals(read=2, invalid=1, not_tried=1)
    found = await entry(ledger, run, 2, cells=True)
    assert (found.code, found.cells) == ("superseded", {"SKU": "2"})
    assert newer.id in found.message
    assert "--all" in found.violations[0].advice


async def test_a_superseded_row_of_a_mended_file_shows_the_cells_that_the_parent_kept_for_its_key(ledger):
    parent = await failed(ledger)
    await load(ledger, OTHER, rows=(2, 3), content="newer")
    run = await ledger.begin(retry_of(parent))
    await ledger.enroll(run.id, [record(2, key="SKU-3"), record(7, key="SKU-2")], [])
    assert (await ledger.seal(run.id)).totals == Totals(read=2, invalid=2)
    assert (await entry(ledger, run, 2, cells=True)).cells == {"SKU": "3"}
    assert (await entry(ledger, run, 7, cells=True)).cells == {"SKU": "2"}


async def test_a_superseded_row_whose_cells_nobody_kept_has_none(ledger):
    old = await end(ledger, await start(ledger), RunStatus.STOPPED)
    await load(ledger, OTHER, rows=(2,), content="newer")
    again = await ledger.take_up(old.id)
    found = await entry(ledger, again, 2, cells=True)
    assert (found.key, found.code, found.cells) == ("SKU-2", "superseded", None)


async def retry(ledger: Ledger, parent: Run, one: Record, fate: Status = Status.SUCCEEDED) -> Totals:
    """Retry a run from a mended file of one row; gives the totals before anything was sent."""
    run = await ledger.begin(replace(retry_of(parent), sha256=one.payload))
    await ledger.enroll(run.id, [one], [])
    sealed = await ledger.seal(run.id)
    if await ledger.claim(run.id, [one]):
        await ledger.settle(run.id, [settlement(one.row, fate)])
    await end(ledger, run)
    return sealed.totals


@pytest.mark.parametrize("fate", [Status.UNKNOWN, Status.SUCCEEDED])
async def test_a_mended_row_is_not_superseded_by_the_run_that_is_retried_whatever_its_number(ledger, fate):
    parent = await start(ledger, rows=(5,))
    await ledger.claim(parent.id, records(5))
    await ledger.settle(parent.id, [settlement(5, fate)])
    await end(ledger, parent)
    assert await retry(ledger, parent, record(2, "mended", key="SKU-5")) == Totals(read=1, not_tried=1)


@pytest.mark.parametrize("fate", [Status.UNKNOWN, Status.SUCCEEDED])
async def test_a_row_mended_a_second_time_is_not_superseded_by_the_first_retry(ledger, fate):
    parent = await failed(ledger)
    await retry(ledger, parent, record(2, "mended"), fate)
    child = await ledger.run("last")
    await retry(ledger, child, record(7, "mended again", key="SKU-2"), fate)
    assert await retry(ledger, parent, record(9, "mended at last", key="SKU-2")) == Totals(read=1, not_tried=1)


async def test_a_mended_row_is_superseded_by_a_strangers_write_whatever_its_number(ledger):
    parent = await failed(ledger)
    await load(ledger, OTHER, rows=(2,), content="newer")
    assert await retry(ledger, parent, record(7, "mended", key="SKU-2")) == Totals(read=1, invalid=1)


async def test_a_retry_taken_up_again_does_not_undo_a_later_retry(ledger):
    parent = await failed(ledger)
    early = await end(ledger, await start(ledger, retry_of(parent), (2, 3)), RunStatus.STOPPED)
    await retry(ledger, parent, record(7, "mended", key="SKU-2"))
    again = await ledger.take_up(early.id)
    assert again.totals == Totals(read=2, invalid=1, not_tried=1)


async def test_a_retry_with_resend_writes_over_what_is_newer(ledger):
    parent = await failed(ledger)
    await load(ledger, OTHER, rows=(2,), content="newer")
    run = await ledger.begin(retry_of(parent))
    await ledger.enroll(run.id, [record(2)], [])
    assert (await ledger.seal(run.id, resend=True)).totals == Totals(read=1, not_tried=1)


async def test_a_row_that_an_earlier_retry_has_written_is_unchanged(ledger):
    parent = await failed(ledger)
    await load(ledger, retry_of(parent), rows=(2,))
    run = await start(ledger, retry_of(parent), (2, 3))
    assert run.totals == Totals(read=2, unchanged=1, not_tried=1)


async def test_a_later_write_counts_even_if_its_outcome_is_not_known(ledger):
    parent = await failed(ledger)
    other = await start(ledger, OTHER, (2,), "newer")
    await ledger.claim(other.id, records(2, content="newer"))
    run = await start(ledger, retry_of(parent), (2, 3))
    assert run.totals == Totals(read=2, invalid=1, not_tried=1)


async def test_a_later_write_that_was_refused_does_not_hide_the_one_before_it(ledger):
    parent = await failed(ledger)
    writer = await load(ledger, OTHER, rows=(2,), content="newer")
    third = await start(ledger, replace(SHOP, sha256="cc"), (2,), "newest")
    await ledger.claim(third.id, records(2, content="newest"))
    await ledger.settle(third.id, [settlement(2, Status.FAILED)])
    await end(ledger, third)
    run = await start(ledger, retry_of(parent), (2,))
    assert run.totals == Totals(read=1, invalid=1)
    assert writer.id in (await entry(ledger, run, 2)).message


async def test_what_was_written_before_the_row_was_tried_does_not_supersede_it(ledger):
    await load(ledger, OTHER, rows=(2,), content="older")
    parent = await failed(ledger)
    assert (await start(ledger, retry_of(parent), (2, 3))).totals == Totals(read=2, not_tried=2)


# Finishing


async def test_rows_in_flight_at_the_end_are_unknown_and_say_why(ledger):
    run = await start(ledger)
    await ledger.claim(run.id, records(2))
    done = await end(ledger, run, RunStatus.INTERRUPTED)
    assert done.totals == Totals(read=3, unknown=1, not_tried=2)
    found = await entry(ledger, run, 2)
    assert (found.status, found.code) == (Status.UNKNOWN, "interrupted")
    assert "may have been written" in found.message


async def test_totals_traffic_and_seconds_are_stored_and_add_up_over_starts(ledger):
    run = await start(ledger)
    await ledger.claim(run.id, records(2, 3))
    await ledger.settle(run.id, [settlement(2, outcome="created"), settlement(3, outcome="updated")])
    await end(ledger, run, RunStatus.PAUSED, exit_code=5, reason="the API is down")
    again = await ledger.begin(SHOP)
    await ledger.claim(again.id, records(4))
    await ledger.settle(again.id, [settlement(4, Status.FAILED)])
    done = await end(ledger, again, exit_code=3)
    assert done == await ledger.run(run.id)
    assert done.totals == Totals(read=3, succeeded=2, created=1, updated=1, failed=1)
    assert done.traffic == Traffic(sent=6, retried=2, throttled=2)
    assert (done.seconds, done.exit_code, done.reason) == (2.0, 3, None)
    assert done.finished_at > done.started_at


async def test_a_run_that_was_never_checked_ends_with_what_is_known(ledger):
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [record(2)], [rejection(3, "required")])
    done = await end(ledger, run, RunStatus.REFUSED, exit_code=65)
    assert (done.status, done.checked, done.totals) == (
        RunStatus.REFUSED,
        False,
        Totals(read=2, invalid=1, not_tried=1),
    )


async def test_a_finished_run_takes_nothing_more(ledger):
    run = await end(ledger, await start(ledger))
    for late in (ledger.claim(run.id, records(2)), ledger.settle(run.id, [settlement(2)]), end(ledger, run)):
        with pytest.raises(LedgerError, match="has ended as completed"):
            await late


async def test_a_run_that_does_not_exist_takes_nothing(ledger):
    with pytest.raises(LedgerError, match="holds no run nonsense"):
        await ledger.claim("nonsense", records(2))


async def test_a_run_cannot_finish_as_running(ledger):
    with pytest.raises(LedgerError, match="cannot finish as running"):
        await end(ledger, await start(ledger), RunStatus.RUNNING)


# Reading


async def test_runs_are_listed_newest_first(ledger):
    ids = [(await end(ledger, await start(ledger, replace(SHOP, sha256=name)))).id for name in "abc"]
    assert [run.id for run in await ledger.runs()] == ids[::-1]
    assert [run.id for run in await ledger.runs(2)] == ids[:0:-1]


async def test_a_run_is_found_by_id_beginning_and_last(ledger):
    first = await end(ledger, await start(ledger))
    second = await end(ledger, await start(ledger, OTHER))
    assert await ledger.run(first.id) == first
    assert await ledger.run("last") == second
    assert await ledger.run(second.id[:15]) == second
    with pytest.raises(UsageError, match="Several runs begin with '2026'") as caught:
        await ledger.run("2026")
    assert first.id in str(caught.value)


@pytest.mark.parametrize("name", ["", "last", "2026", "%", "no such run"])
async def test_a_run_that_is_not_there_is_a_usage_error(ledger, name):
    with pytest.raises(UsageError, match="There are no runs in the ledger") as caught:
        await ledger.run(name)
    assert ledger.called in str(caught.value)


async def test_where_there_are_only_exports_none_is_the_last_run_that_loads(ledger):
    await ledger.begin_export(replace(SHOP, operation="export", source="out.csv", sha256=""))
    with pytest.raises(UsageError, match="There are no runs but exports in the ledger"):
        await ledger.run("last", exports=False)


async def test_a_run_under_way_shows_what_is_there_so_far(ledger):
    with ledger.lock(SHOP.target, SHOP.resource):
        run = await start(ledger)
        await ledger.claim(run.id, records(2, 3))
        await ledger.settle(run.id, [settlement(2)])
        (shown,) = await ledger.runs()
        assert shown.status is RunStatus.RUNNING
        assert shown.totals == Totals(read=3, succeeded=1, unknown=1, not_tried=1)


async def test_a_run_whose_lock_is_free_shows_as_interrupted(ledger):
    with ledger.lock(SHOP.target, SHOP.resource):
        run = await start(ledger)
    assert (await ledger.run(run.id)).status is RunStatus.INTERRUPTED
    assert [shown.status for shown in await ledger.runs()] == [RunStatus.INTERRUPTED]


async def test_what_a_dead_run_had_in_flight_is_unknown_wherever_it_is_read(ledger):
    with ledger.lock(SHOP.target, SHOP.resource):
        run = await start(ledger)
        await ledger.claim(run.id, records(2, 3))
        # One of them was unclear before, and is tried once more.
        await ledger.settle(run.id, [settlement(2, Status.UNKNOWN, http_status=504, code="timeout", response="<html>")])
        await ledger.claim(run.id, records(2))
        assert await statuses(ledger, run) == {2: "in_flight", 3: "in_flight", 4: "not_tried"}
        assert [found.row async for found in ledger.entries(run.id, statuses=[Status.IN_FLIGHT])] == [2, 3]
        assert await ledger.causes(run.id) == []
    assert await statuses(ledger, run) == {2: "unknown", 3: "unknown", 4: "not_tried"}
    shown = [found async for found in ledger.entries(run.id, statuses=[Status.UNKNOWN])]
    assert [found.row for found in shown] == [2, 3]
    assert shown == [found async for found in ledger.entries(run.id, causes=["interrupted"])]
    assert [found async for found in ledger.entries(run.id, statuses=[Status.IN_FLIGHT])] == []
    assert [found async for found in ledger.entries(run.id, causes=["timeout"])] == []
    assert (shown[0].code, shown[0].http_status, shown[0].response) == ("interrupted", None, None)
    assert "may have been written" in shown[0].message
    (cause,) = await ledger.causes(run.id)
    assert (cause.status, cause.code, cause.count, cause.example) == (Status.UNKNOWN, "interrupted", 2, shown[0])
    before = [replace(found, finished_at=None) for found in shown]
    await ledger.begin(OTHER)  # which ends the dead run
    after = [replace(found, finished_at=None) async for found in ledger.entries(run.id, statuses=[Status.UNKNOWN])]
    assert after == before


async def test_entries_come_in_file_order_over_many_pages(ledger):
    run = await start(ledger, rows=range(3000, 0, -1))
    assert [found.row async for found in ledger.entries(run.id)] == list(range(1, 3001))


async def test_entries_are_restricted_to_statuses_and_causes(ledger):
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [record(2), record(3)], [rejection(4, "required", "max_length"), rejection(5, "type")])
    await ledger.seal(run.id)
    await ledger.claim(run.id, records(2))
    await ledger.settle(run.id, [settlement(2, Status.FAILED, code="refused")])

    async def rows(**wanted: object) -> list[int]:
        return [found.row async for found in ledger.entries(run.id, **wanted)]

    assert await rows(statuses=[Status.INVALID, Status.FAILED]) == [2, 4, 5]
    assert await rows(causes=["refused"]) == [2]
    assert await rows(causes=["max_length"]) == [4]
    assert await rows(statuses=[Status.INVALID], causes=["refused", "type"]) == [5]


async def test_entries_are_restricted_to_spans_of_positions(ledger):
    run = await start(ledger, rows=range(2, 20))
    spans = [(1, 3), (7, 7), (18, 1000)]
    assert [found.row async for found in ledger.entries(run.id, spans=spans)] == [2, 3, 7, 18, 19]


async def test_the_history_of_a_record_tells_every_run_and_what_was_written_before(ledger):
    first = await load(ledger, rows=(2,), remote_id="17")
    second = await start(ledger, OTHER, rows=(2,), content="other")
    await ledger.claim(second.id, records(2, content="other"))
    await ledger.settle(second.id, [settlement(2, Status.UNKNOWN, code="disconnected", message="no answer")])
    await end(ledger, second)
    elsewhere = await load(ledger, replace(SHOP, target="https://other.example"), rows=(2,))
    third = await load(ledger, OTHER, rows=(2,), content="third")
    dead = await start(ledger, replace(SHOP, sha256="cc"), rows=(2,), content="fourth")
    await ledger.claim(dead.id, records(2, content="fourth"))
    history = await ledger.history("luminous.products", "SKU-2")
    digests = [record(2, content).digest for content in ("", "other", "", "third", "fourth")]
    assert [passage.run.id for passage in history] == [first.id, second.id, elsewhere.id, third.id, dead.id]
    assert [passage.digest for passage in history] == digests
    assert [passage.before for passage in history] == [None, digests[0], None, None, digests[3]]
    assert [passage.entry.status for passage in history] == [
        Status.SUCCEEDED, Status.UNKNOWN, Status.SUCCEEDED, Status.SUCCEEDED, Status.UNKNOWN
    ]  # fmt: skip
    assert (history[1].entry.message, history[4].entry.code) == ("no answer", "interrupted")
    assert [passage.run.id for passage in await ledger.history("luminous.products", "17")] == [first.id]
    assert await ledger.history("luminous.channels", "SKU-2") == []


async def test_the_history_of_a_member_names_the_row_that_carried_it(ledger):
    run = await ledger.begin(SHOP)
    carrier = replace(record(2), members=(Member(row=3, key="V-1"),))
    await ledger.enroll(run.id, [carrier], [])
    await ledger.seal(run.id)
    (passage,) = await ledger.history("luminous.products", "V-1")
    assert (passage.entry.row, passage.carrier, passage.digest) == (3, 2, None)


async def test_cells_are_read_only_on_request(ledger):
    run = await ledger.begin(SHOP)
    await ledger.enroll(run.id, [], [rejection(2, "required")])
    assert (await entry(ledger, run, 2)).cells is None
    assert (await entry(ledger, run, 2, cells=True)).cells is not None


async def test_causes_count_rows_by_status_rule_and_column_most_frequent_first(ledger):
    run = await ledger.begin(SHOP)
    wrong = [rejection(3, "required"), rejection(4, "required", "max_length"), rejection(5, "required", "required")]
    await ledger.enroll(run.id, [record(2), record(6)], wrong)
    await ledger.seal(run.id)
    await ledger.claim(run.id, records(2, 6))
    await ledger.settle(run.id, [settlement(2, Status.FAILED, code="refused"), settlement(6)])
    found = [
        (cause.status, cause.code, cause.column, cause.count, cause.example.row)
        for cause in await ledger.causes(run.id)
    ]
    assert found == [
        (Status.INVALID, "required", "requ", 3, 3),
        (Status.FAILED, "refused", None, 1, 2),
        (Status.INVALID, "max_length", "max_", 1, 4),
    ]


async def test_rows_of_several_files_are_kept_apart(ledger):
    second_file = (1 << 40) + 2
    run = await start(ledger, rows=(2, second_file))
    assert await ledger.claim(run.id, records(second_file)) == {second_file: Claim()}


# Locks and life


async def test_a_lock_keeps_a_second_run_of_the_same_place_out_and_says_who_holds_it(ledger):
    with ledger.lock("https://shop.example", "luminous.products"):
        with pytest.raises(LockedError, match=r"process \d+ since 2026-11-22 06:15:\d\d UTC"):
            ledger.lock("https://shop.example", "luminous.products").__enter__()
        with (
            ledger.lock("https://shop.example", "luminous.channels"),
            ledger.lock("https://other", "luminous.products"),
        ):
            pass
    with ledger.lock("https://shop.example", "luminous.products"):
        pass


@pytest.mark.parametrize("where", ["file", "memory"])
async def test_a_ledger_is_used_only_while_it_is_open(tmp_path, where):
    ledger = SqliteLedger(tmp_path / "ledger.db" if where == "file" else ":memory:")
    with pytest.raises(LedgerError, match="not open yet"):
        await ledger.runs()
    async with ledger:
        assert await ledger.runs() == []
    with pytest.raises(LedgerError, match="closed"):
        await ledger.begin(SHOP)
    with pytest.raises(LedgerError, match="opened once"):
        await ledger.__aenter__()


def test_the_class_satisfies_the_protocol():
    ledger: Ledger = SqliteLedger(":memory:")
    assert ledger is not None


async def test_requests_of_a_start_that_was_killed_are_counted_from_its_settled_rows(ledger):
    run = await start(ledger)
    await ledger.claim(run.id, records(2, 3))
    await ledger.settle(run.id, [settlement(2, attempts=5), settlement(3, attempts=4)])
    again = await ledger.take_up(run.id)  # the first start never came to say what it had sent
    await ledger.claim(again.id, records(4))
    await ledger.settle(again.id, [settlement(4, attempts=1)])
    assert (await end(ledger, again, traffic=Traffic(sent=1))).traffic.sent == 10


async def test_the_time_of_starts_that_were_killed_is_told_from_what_they_last_did(ledger):
    run = await start(ledger)
    await ledger.claim(run.id, records(2, 3))
    began = run.started_at.timestamp()
    await ledger.settle(run.id, [settlement(2, finished_at=began + 1.25), settlement(3, finished_at=began + 2.5)])
    again = await ledger.take_up(run.id)
    assert again.seconds == 2.5
    await ledger.claim(again.id, records(4))  # killed before anything came of it
    last = await ledger.take_up(run.id)
    assert last.seconds == 2.5
    assert (await end(ledger, last, seconds=2.0)).seconds == 4.5


async def test_the_rate_that_an_api_was_found_to_bear_is_kept_by_target(ledger):
    assert await ledger.rate_found("https://a.test") is None
    await ledger.keep_rate("https://a.test", 20.0)
    await ledger.keep_rate("https://b.test", 7.0)
    await ledger.keep_rate("https://a.test", 19.5)
    assert [await ledger.rate_found(f"https://{name}.test") for name in "ab"] == [19.5, 7.0]

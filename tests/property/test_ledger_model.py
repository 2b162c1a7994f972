"""Whatever is done in whatever order, the ledger agrees with a model that fits on a page."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from bulk.errors import LedgerError, SourceError, UsageError
from bulk.fingerprint import fingerprint, merged
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
    Sighting,
    Status,
    Traffic,
    Violation,
)

FILES = st.sampled_from(["a", "b"])
CONTENTS = st.dictionaries(st.integers(2, 4), st.sampled_from(["old", "new", None]), min_size=1)
ROWS = st.lists(st.integers(2, 5), unique=True)
SETTLED = st.sampled_from([Status.SUCCEEDED, Status.UNCHANGED, Status.FAILED, Status.UNKNOWN, Status.NOT_TRIED])
RESUMABLE = [RunStatus.PAUSED, RunStatus.INTERRUPTED, RunStatus.STOPPED]
ENDINGS = [*RESUMABLE, RunStatus.COMPLETED, RunStatus.REFUSED]
READ = st.dictionaries(st.sampled_from(["price", "colour"]), st.integers(1, 2))
MEMBERS = {2: (Member(row=12, key="3"),)}
"""Row 2 always carries a member, whose name is that of a record."""
EXPORT = Instance(resource="r", operation="export", target="t", source="out.csv", sha256="")
SENDABLE = {Status.NOT_TRIED, Status.IN_FLIGHT, Status.UNKNOWN}


def instance(file: str) -> Instance:
    return Instance(resource="r", operation="import", target="t", source=file, sha256=file)


def digest(content: str) -> bytes:
    return content.encode().ljust(16)


@dataclass
class ModelRun:
    """What a run is to the model."""

    file: str
    status: RunStatus = RunStatus.RUNNING
    checked: bool = False
    rows: dict[int, Status] = field(default_factory=dict)
    contents: dict[int, str] = field(default_factory=dict)
    sent_before: set[int] = field(default_factory=set)


class LedgerMachine(RuleBasedStateMachine):
    """One place, a key a row, two files, any order of steps.

    `server` is what surely lies at the target as it was last written, `fields` what is known of it field by field.
    """

    @initialize()
    def open(self):
        self.runner = asyncio.Runner()
        self.seconds = 0.0
        self.ledger = SqliteLedger(":memory:", clock=self.tick)
        self.do(self.ledger.__aenter__())
        self.runs: dict[str, ModelRun] = {}
        self.current: str | None = None
        self.server: dict[int, str] = {}
        self.fields: dict[int, bytes] = {}
        self.exported: set[str] = set()
        self.holder = ExitStack()

    def teardown(self):
        if hasattr(self, "runner"):
            self.holder.close()
            self.do(self.ledger.__aexit__(None, None, None))
            self.runner.close()

    def tick(self) -> float:
        self.seconds += 1
        return self.seconds

    def do(self, coroutine):
        return self.runner.run(coroutine)

    @property
    def run(self) -> ModelRun:
        return self.runs[self.current]

    def under_way(self) -> bool:
        return self.current is not None

    def checked(self) -> bool:
        return self.current is not None and self.run.checked

    def die(self):
        """What is left of a run whose program dies: what was in flight may have been written."""
        self.holder.close()
        if self.current is not None:
            for row, status in self.run.rows.items():
                if status is Status.IN_FLIGHT:
                    self.run.rows[row] = Status.UNKNOWN
                if status is Status.UNCHANGED and not self.run.checked:
                    self.run.rows[row] = Status.NOT_TRIED
            self.run.status = RunStatus.INTERRUPTED
            self.current = None

    def hold(self):
        self.holder.enter_context(self.ledger.lock("t", "r"))

    def opened(self, run: Run):
        self.current = run.id
        if not run.continued:
            assert run.id not in self.runs
            self.runs[run.id] = ModelRun(run.instance.sha256)
            return
        model = self.runs[run.id]
        assert model.status in RESUMABLE
        model.status = RunStatus.RUNNING
        if not model.checked:
            model.rows.clear()
            model.contents.clear()

    @rule(file=FILES, fresh=st.booleans())
    def begin(self, file, fresh):
        self.die()
        self.hold()
        run = self.do(self.ledger.begin(instance(file), fresh=fresh))
        assert not (fresh and run.continued)
        self.opened(run)

    @rule(file=FILES, contents=CONTENTS, resend=st.booleans(), status=SETTLED)
    def load(self, file, contents, resend, status):
        """A whole run in one step, so that a sequence gets to see several."""
        self.begin(file, fresh=True)
        self.enroll(contents)
        self.seal(resend)
        self.send(status)

    @precondition(checked)
    @rule(status=SETTLED)
    def send(self, status):
        """Everything there is to send, with one fate for all."""
        self.claim([row for row in self.run.rows if self.run.contents[row]])
        self.settle([row for row, now in self.run.rows.items() if now is Status.IN_FLIGHT], status)

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def take_up(self, data):
        id = data.draw(st.sampled_from(sorted(self.runs)))
        if self.runs[id].status in {RunStatus.COMPLETED, RunStatus.REFUSED}:
            with pytest.raises(UsageError):
                self.do(self.ledger.take_up(id))
            return
        self.die()
        self.hold()
        self.opened(self.do(self.ledger.take_up(id)))
        superseded = set()
        for row, status in self.entries(id).items():
            if status is Status.INVALID and self.run.rows[row] in {Status.NOT_TRIED, Status.UNKNOWN}:
                superseded.add(row)
                self.run.rows[row] = Status.INVALID
        carried = {member.row for row in superseded for member in MEMBERS.get(row, ())}
        for row in superseded - carried:
            assert self.run.contents[row]
            assert self.server.get(row) != self.run.contents[row]

    @precondition(lambda self: self.under_way() and not self.run.checked)
    @rule(contents=CONTENTS)
    def enroll(self, contents):
        new = {row: content for row, content in contents.items() if row not in self.run.rows}
        records = [self.record(row, content) for row, content in new.items() if content]
        rejections = [self.rejection(row) for row, content in new.items() if content is None]
        self.do(self.ledger.enroll(self.current, records, rejections))
        for row, content in new.items():
            self.run.rows[row] = Status.NOT_TRIED if content else Status.INVALID
            self.run.contents[row] = content or ""
            for member in MEMBERS.get(row, ()) if content else ():
                self.run.rows[member.row] = Status.NOT_TRIED
                self.run.contents[member.row] = ""

    @precondition(lambda self: self.under_way() and not self.run.checked)
    @rule(contents=st.dictionaries(st.integers(2, 4), st.sampled_from(["old", "new"]), min_size=1))
    def recall(self, contents):
        """Rows are offered by their cells alone."""
        new = {row: content for row, content in sorted(contents.items()) if row not in self.run.rows}
        rows = [(row, f"{row}", digest(content)) for row, content in new.items()]
        recalled = self.do(self.ledger.recall(self.current, rows))
        same = {row for row, content in new.items() if self.server.get(row) == content and row not in MEMBERS}
        assert set(recalled) == same
        for row in same:
            self.run.rows[row] = Status.UNCHANGED
            self.run.contents[row] = new[row]

    def record(self, row: int, content: str) -> Record:
        members = MEMBERS.get(row, ())
        origin = None if members else digest(content)
        return Record(row=row, key=f"{row}", payload=content, digest=digest(content), origin=origin, members=members)

    def rejection(self, row: int) -> Rejection:
        violation = Violation(row=row, column="c", rule="wrong", value=None, message="wrong")
        return Rejection(row=row, key=f"{row}", cells={}, violations=(violation,))

    @precondition(under_way)
    @rule(row=st.integers(2, 5))
    def reject(self, row):
        turnable = {Status.NOT_TRIED, Status.INVALID} | (set() if self.run.checked else {Status.UNCHANGED})
        if self.run.rows.get(row) in turnable:
            self.do(self.ledger.reject(self.current, [self.rejection(row)]))
            self.run.rows[row] = Status.INVALID
        else:
            with pytest.raises(LedgerError):
                self.do(self.ledger.reject(self.current, [self.rejection(row)]))

    @precondition(lambda self: self.under_way() and not self.run.checked)
    @rule(resend=st.booleans())
    def seal(self, resend):
        self.do(self.ledger.seal(self.current, resend=resend))
        self.run.checked = True
        for row, status in self.run.rows.items():
            if status is Status.NOT_TRIED and not resend and self.server.get(row) == self.run.contents[row]:
                self.run.rows[row] = Status.UNCHANGED
                for member in MEMBERS.get(row, ()):
                    if self.run.rows[member.row] is Status.NOT_TRIED:
                        self.run.rows[member.row] = Status.UNCHANGED

    @precondition(checked)
    @rule(rows=ROWS, edited=st.integers(2, 20))
    def claim(self, rows, edited=None):
        records = [self.record(row, "edited" if row == edited else self.run.contents.get(row) or "?") for row in rows]
        sendable = [record for record in records if self.run.rows.get(record.row) is not Status.INVALID]
        if any(digest(self.run.contents.get(record.row) or "-") != record.digest for record in sendable):
            with pytest.raises(SourceError, match="not what was checked"):
                self.do(self.ledger.claim(self.current, records))
            return
        expected = {row: self.run.rows[row] for row in rows if self.run.rows.get(row) in SENDABLE}
        claimed = self.do(self.ledger.claim(self.current, records))
        assert claimed == {
            row: Claim(repeated=status is not Status.NOT_TRIED, known=self.fields.get(row))
            for row, status in expected.items()
        }
        for row in claimed:
            self.server.pop(row, None)
            self.fields.pop(row, None)
            for flying in (row, *(member.row for member in MEMBERS.get(row, ()))):
                before = self.run.rows[flying]
                if before in SENDABLE:
                    self.run.rows[flying] = Status.IN_FLIGHT
                    repeated = before is not Status.NOT_TRIED
                    (self.run.sent_before.add if repeated else self.run.sent_before.discard)(flying)

    @precondition(checked)
    @rule(rows=st.lists(st.sampled_from([2, 3, 4, 5, 12]), unique=True), status=SETTLED, told=READ)
    def settle(self, rows, status, told=None):
        # Of a row that was not written only what was known at its claim is handed back: see the contract of the fields.
        written = status not in {Status.NOT_TRIED, Status.FAILED}
        fields = fingerprint(told) if written and told is not None else None
        settlements = [Settlement(row=row, key=f"{row}", status=status, fields=fields) for row in rows]
        flying = {row for row in rows if self.run.rows.get(row) is Status.IN_FLIGHT}
        if status is not Status.NOT_TRIED and flying != set(rows):
            with pytest.raises(LedgerError):
                self.do(self.ledger.settle(self.current, settlements))
            return
        self.do(self.ledger.settle(self.current, settlements))
        for row in flying:
            back = status is Status.NOT_TRIED and row in self.run.sent_before
            self.run.rows[row] = Status.UNKNOWN if back else status
            if status in {Status.SUCCEEDED, Status.UNCHANGED} and self.run.contents[row]:
                self.server[row] = self.run.contents[row]
                if fields is not None:
                    self.fields[row] = fields

    @precondition(under_way)
    @rule(status=st.sampled_from(ENDINGS))
    def finish(self, status):
        run = self.do(self.ledger.finish(self.current, status, seconds=1, traffic=Traffic(), exit_code=0))
        assert run.totals.closes
        ended = self.run
        self.die()
        ended.status = status

    @rule(row=st.integers(2, 4), read=READ)
    def learn(self, row, read):
        """An export reads one record, in whatever state the imports are."""
        export = self.do(self.ledger.begin_export(EXPORT))
        self.exported.add(export.id)
        sighting = Sighting(key=f"{row}", remote_id=None, fields=fingerprint(read))
        learnt = self.do(self.ledger.learn(export.id, [sighting], asked=self.tick()))
        assert learnt == (not self.under_way())
        if learnt:
            self.fields[row] = merged(self.fields.get(row, b""), sighting.fields)
            self.server.pop(row, None)

    @precondition(under_way)
    @rule()
    def what_is_known_is_what_the_model_knows(self):
        known = self.do(self.ledger.known("t", "r", ["2", "3", "4", "5"]))
        assert known == {f"{row}": fields for row, fields in self.fields.items()}

    def entries(self, id: str) -> dict[int, Status]:
        async def read():
            return {entry.row: entry.status async for entry in self.ledger.entries(id)}

        return self.do(read())

    @invariant()
    def every_row_of_every_run_is_where_the_model_has_it(self):
        for id, model in getattr(self, "runs", {}).items():
            assert self.entries(id) == model.rows

    @invariant()
    def totals_always_close(self):
        if hasattr(self, "runs"):
            for run in self.do(self.ledger.runs(1000)):
                assert run.totals.closes
                if run.id in self.exported:
                    continue
                assert run.totals.read == len(self.runs[run.id].rows)


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(stateful_step_count=25)


def test_the_model_can_disagree():
    """The machine's comparison is not empty: a model told a lie does not match."""
    machine = LedgerMachine()
    machine.open()
    try:
        machine.begin("a", fresh=False)
        machine.enroll({2: "old"})
        machine.run.rows[2] = Status.SUCCEEDED
        with pytest.raises(AssertionError):
            machine.every_row_of_every_run_is_where_the_model_has_it()
    finally:
        machine.teardown()
    assert replace(instance("a"), sha256="b") != instance("b")

"""What an import would do, found out without writing: by what is known where that suffices, else by bulk reads."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from bulk.contracts import Ledger, Resource, Sender
from bulk.errors import ApiError, RefusedError
from bulk.fingerprint import canonical, leaves
from bulk.jobs.check.checker import Checker
from bulk.jobs.check.chunk import Chunk
from bulk.jobs.check.comparison import Compared, compare
from bulk.jobs.enquiry import ask, foreseen, questions, read_current
from bulk.jobs.send.preparation import prepare
from bulk.jobs.send.prepared import drive
from bulk.model import Claim, Outcome, Record, Rejection, parsed


class Action(StrEnum):
    """What an import would do with a row."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    INVALID = "invalid"


class Difference(Struct, frozen=True, kw_only=True):
    """One field of a row that would be written, or one reason why the row would not be."""

    field: str
    """Dotted path, or the file's column for a fault."""
    old: Any = None
    """Its value at the API; None where it is null or cannot be read."""
    new: Any = None
    """Its value in the file."""
    message: str | None = None
    """What is wrong with it, or how it is meant."""


class Change(Struct, frozen=True, kw_only=True):
    """What would become of one row."""

    row: int
    """Position of the row."""
    key: str | None
    """What names the record."""
    action: Action
    """What would be done."""
    differences: tuple[Difference, ...] = ()
    """Field by field."""


class Planner:
    """Compares a checked source with the API. `changes` yields every row, in no particular order."""

    def __init__(
        self,
        *,
        checker: Checker,
        ledger: Ledger,
        target: str,
        resource: Resource,
        resource_name: str,
        connect: Callable[[], AbstractAsyncContextManager[Any]],
        resend: bool,
        confirmed: bool,
    ) -> None:
        self._checker = checker
        self._ledger = ledger
        self._target = target
        self._resource = resource
        self._name = resource_name
        self._connect = connect
        self._resend = resend
        self._confirmed = confirmed

    async def changes(self) -> AsyncGenerator[Change, None]:
        """Judge the whole source first, then compare what can be sent."""
        faulty: set[int] = set()
        async with aclosing(self._checker.sweep()) as chunks:
            async for chunk in chunks:
                compared = await self._compared(chunk, await self._fields(chunk.keys))
                for rejection in compared.rejections:
                    faulty.add(rejection.row)
                    yield _invalid(rejection)
        async with aclosing(self._checker.late(self._fields)) as found:
            async for rejections in found:
                for rejection in rejections:
                    if rejection.row not in faulty:
                        yield _invalid(rejection)
                    faulty.add(rejection.row)
        async with AsyncExitStack() as stack:
            sender = None
            async with aclosing(self._checker.again()) as chunks:
                async for chunk in chunks:
                    known = await self._fields(chunk.keys)
                    compared = await self._compared(chunk, known)
                    news: list[Record] = []
                    for record in compared.records:
                        if record.row in faulty:
                            continue
                        if record.same and not self._resend:
                            for change in _unchanged(record):
                                yield change
                        else:
                            news.append(record)
                    if news and sender is None:
                        sender = await stack.enter_async_context(self._connect())
                    for some in questions(self._resource, news):
                        assert sender is not None
                        for record in await read_current(sender, self._resource, some):
                            for change in await self._planned(sender, record, known.get(record.key)):
                                yield change

    async def _compared(self, chunk: Chunk, known: Mapping[str, bytes]) -> Compared:
        return await asyncio.to_thread(compare, chunk, known, self._checker.families, resource=self._resource)

    async def _fields(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        return await self._ledger.known(self._target, self._name, keys, ids=self._checker.by_id)

    async def _planned(self, sender: Sender, record: Record, known: bytes | None) -> list[Change]:
        """What would become of a record and of the rows in it."""
        record = replace(record, confirmed=self._confirmed)
        prepared = prepare(record, Claim(known=known), resource=self._resource, resend=self._resend, verify=False)
        try:
            if isinstance(await ask(sender, foreseen(drive(prepared, self._resource))), Outcome):
                return _unchanged(record)
        except RefusedError as refusal:
            return _refused(record, refusal)
        present = self._resource.read(record.current) if record.current else {}
        live = dict(leaves(present))
        named = {record.by} if record.current else set()
        differences = [
            Difference(field=path, old=live[path] if path in live else _whole(present, path), new=value)
            for path, value in leaves(parsed(prepared.record.payload))
            if path not in named and (path not in live or canonical(live[path]) != canonical(value))
        ]
        differences = self._staying(differences, live)
        differences = [
            self._meant(one) for one in differences if not self._resource.is_done(one.field, one.new, one.old)
        ]
        other = self._resource.other_rows
        if record.current and other is not None and other.within in parsed(prepared.record.payload):
            differences.append(Difference(field=str(other.within), message=other.caution))
        return _spread(record, differences, exists=bool(record.current))

    def _staying(self, differences: Sequence[Difference], live: Mapping[str, Any]) -> list[Difference]:
        """The differences, of which those come to nothing that would remove all of what cannot be removed."""
        gone = {one.field for one in differences if one.new is None}
        given = {one.field for one in differences} - gone
        stays = tuple(
            below
            for below in (f"{name}." for name in self._resource.staying)
            if not any(path.startswith(below) for path in (live.keys() - gone) | given)
        )
        return [
            replace(one, new=one.old, message="it cannot be removed, so it stays")
            if one.field in live and one.field.startswith(stays)
            else one
            for one in differences
        ]

    def _meant(self, one: Difference) -> Difference:
        """The difference, with what was decided about its field."""
        altered = one.field.partition(".")[0] in self._resource.altered
        return replace(one, message=self._resource.meaning) if altered else one


def _whole(document: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  # JSON is any shape
    """What a document holds under a path that is no leaf of it, such as an address that is to go as a whole."""
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _spread(record: Record, differences: Sequence[Difference], *, exists: bool) -> list[Change]:
    """The differences of a record, those inside it on the rows that they come from."""
    rows: dict[str, list[Difference]] = {member.key: [] for member in record.members}
    own: list[Difference] = []
    for one in differences:
        opening, _, path = one.field.partition("].")
        inside = rows.get(opening.partition("[")[2]) if path else None
        if inside is None:
            own.append(one)
        else:
            inside.append(replace(one, field=path))
    action = (Action.UPDATE if own else Action.UNCHANGED) if exists else Action.CREATE
    changes = [Change(row=record.row, key=record.key, action=action, differences=tuple(own))]
    for member in record.members:
        news = rows[member.key]
        known = exists and not any(one.field == "sku" for one in news)
        action = (Action.UPDATE if news else Action.UNCHANGED) if known else Action.CREATE
        changes.append(Change(row=member.row, key=member.key, action=action, differences=tuple(news)))
    return changes


def _unchanged(record: Record) -> list[Change]:
    return [
        Change(row=row, key=key, action=Action.UNCHANGED)
        for row, key in ((record.row, record.key), *((member.row, member.key) for member in record.members))
    ]


def _refused(record: Record, refusal: ApiError) -> list[Change]:
    why = Difference(field="", message=refusal.message)
    return [replace(change, action=Action.REFUSED, differences=(why,)) for change in _unchanged(record)]


def _invalid(rejection: Rejection) -> Change:
    faults = tuple(
        Difference(field=violation.column or "", new=violation.value, message=violation.message)
        for violation in rejection.violations
    )
    return Change(row=rejection.row, key=rejection.key, action=Action.INVALID, differences=faults)

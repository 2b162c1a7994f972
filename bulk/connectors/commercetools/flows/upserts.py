"""The conversation about one channel: created, updated or left alone, whatever becomes of the answers.

An update says the version that it is about, so sent twice it does no harm; a creation is looked for before it is sent
again. See https://docs.commercetools.com/api/general-concepts#optimistic-concurrency-control.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from bulk.connectors.commercetools.flows import operations
from bulk.connectors.commercetools.flows.actions import Action
from bulk.connectors.commercetools.flows.answers import DUPLICATE, INVALID_OPERATION
from bulk.connectors.commercetools.flows.diffing import Difference, diff
from bulk.connectors.commercetools.flows.drafts import draft_of, fitted
from bulk.connectors.commercetools.flows.lookups import get_channel
from bulk.connectors.commercetools.flows.types import Types
from bulk.contracts import Enquiry, Flow
from bulk.errors import ApiError, RefusedError, RetryableError, UnclearError
from bulk.model import Outcome, Record, Response, Status, parsed

CONFLICTS: Final = 3
"""How often a channel is read and compared again because somebody else was faster."""

LOSSES: Final = 5
"""How often it is read again because an answer was lost."""

Document = Mapping[str, Any]
Channel = Mapping[str, Any]


def upsert_channel(types: Types, record: Record, *, mode: str = "upsert", roles: str = "set") -> Flow:
    """Create or update the channel that the row names; `mode` and `roles` are as the resource's choices say."""
    talk = _Talk(types=types, record=record, mode=mode, roles=roles)
    current = record.current
    if current is None:
        current = yield from talk.read()
    if not current and "new_key" in talk.document:
        current = yield from get_channel(types, "key", talk.document["new_key"])
        if not current:
            raise _absent(record, "to be renamed")
    return (yield from talk.update(current) if current else talk.create())


@dataclass(kw_only=True, slots=True)
class _Talk:
    """What has been said so far about one channel."""

    types: Types
    record: Record
    mode: str
    roles: str
    wrote: str | None = None
    """What may have been done to it, as an outcome, though nobody has said so yet."""
    conflicts: int = 0
    losses: int = 0
    document: Document = field(init=False)

    def __post_init__(self) -> None:
        self.document = parsed(self.record.payload)

    def read(self) -> Enquiry[Channel | None]:
        """The channel as it is now."""
        return (yield from get_channel(self.types, self.record.by, self.record.key))

    def create(self) -> Flow:
        """Create the channel, from the whole row: only a part of it may have been meant for one that was there."""
        if self.record.by != "key" or self.mode == "update":
            raise _absent(self.record, "to be updated")
        self.document = parsed(self.record.whole or self.record.payload)
        document = yield from fitted(self.document, {}, self.types)
        draft = draft_of({**document, "roles": None} if self.roles == "remove" else document)
        while True:
            try:
                response, made = yield from operations.create(draft)
            except RefusedError as refusal:
                if not _is_taken(refusal):
                    raise
                current = yield from self._again(refusal)
                if current is None:
                    raise
                return (yield from self.update(current))
            except (RetryableError, UnclearError) as error:
                if not error.maybe_applied:
                    raise
                self.wrote = "created"
                current = yield from self._again(error)
                if current is not None:
                    return (yield from self.update(current))
            else:
                return _done("created", response, made)

    def update(self, current: Channel) -> Flow:
        """Make the channel what the row says, however often somebody else changes it meanwhile."""
        while True:
            document = yield from fitted(self.document, current, self.types)
            found = diff(document, current, roles=self.roles)
            if not found.actions:
                return self._nothing_left(current, found)
            if self.mode == "create" and self.wrote is None:
                raise _present(self.record)
            try:
                response, made = yield from operations.update_by_id(current["id"], current["version"], found.actions)
            except ApiError as error:
                newer = yield from self._after(error, current)
                if newer is None:
                    return (yield from self.create())
                current = newer
            else:
                return _done("updated", response, made, _told(found.actions, current, made), *found.remarks)

    def _after(self, error: ApiError, current: Channel) -> Enquiry[Channel | None]:
        """The channel after an update that failed; None if it is gone. Raises the error where reading is of no use."""
        if isinstance(error, RefusedError):
            if error.code == INVALID_OPERATION:
                newer = yield from self._again(error)
                if newer is not None and newer["version"] == current["version"]:
                    raise error
                self._note(error)
                return newer
            if error.status not in {HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND}:
                raise _about_new_key(error, self.document) from error
        elif not isinstance(error, RetryableError | UnclearError) or not error.maybe_applied:
            raise error
        self._note(error)
        return (yield from self._again(error))

    def _note(self, error: ApiError) -> None:
        """Remember that the channel may have been written all the same."""
        if error.maybe_applied and self.wrote is None:
            self.wrote = "updated"

    def _again(self, error: ApiError) -> Enquiry[Channel | None]:
        """The channel as it is now; raises the error where it has been read often enough."""
        if isinstance(error, RefusedError):
            self.conflicts += 1
        else:
            self.losses += 1
        if self.conflicts > CONFLICTS or self.losses > LOSSES:
            raise error
        current = yield from self.read()
        if current is None and "new_key" in self.document:
            current = yield from get_channel(self.types, "key", self.document["new_key"])
        return current

    def _nothing_left(self, current: Channel, found: Difference) -> Outcome:
        """How it ends where the channel is as the row says."""
        remarks = list(dict.fromkeys(found.remarks))
        if self.wrote is not None:
            remarks.insert(0, "the answer was lost; the channel was read, and is as it was to be")
        return Outcome(
            status=Status.UNCHANGED if self.wrote is None else Status.SUCCEEDED,
            outcome=self.wrote,
            remote_id=current["id"],
            message="; ".join(remarks) or None,
        )


def _done(outcome: str, response: Response, made: Channel, *remarks: str) -> Outcome:
    return Outcome(
        outcome=outcome,
        remote_id=made["id"],
        http_status=response.status,
        message="; ".join(dict.fromkeys(remarks)) or None,
    )


def _told(actions: Sequence[Action], before: Channel, after: Channel) -> str:
    """What was done, for whoever wants to audit it."""
    names = ", ".join(dict.fromkeys(str(action["action"]) for action in actions))
    return f"{names} (version {before['version']} to {after['version']})"


def _is_taken(refusal: RefusedError) -> bool:
    return refusal.code == DUPLICATE and any(path == "key" for path, _ in refusal.faults)


def _about_new_key(error: RefusedError, document: Document) -> RefusedError:
    """The same refusal, on the column that the key came from."""
    if not _is_taken(error) or "new_key" not in document:
        return error
    faults = [("new_key" if path == "key" else path, text) for path, text in error.faults]
    return RefusedError(error.message, code=error.code, status=error.status, faults=faults, body=error.body)


def _absent(record: Record, purpose: str) -> RefusedError:
    return RefusedError(
        f"there is no channel with the {record.by} {record.key} {purpose}",
        code="not_found",
        faults=[(record.by, "no channel has it")],
        advice="Correct it, or load the row with --mode upsert and a key of its own.",
    )


def _present(record: Record) -> RefusedError:
    return RefusedError(
        f"there is a channel with the {record.by} {record.key} already, and it differs from the row; it was left alone",
        code="exists",
        faults=[(record.by, "a channel has it already")],
        advice="Load the row with --mode upsert to change it.",
    )

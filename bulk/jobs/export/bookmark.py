"""How far exports have come: where the next incremental one begins, and what it need not give again."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self

from bulk.jobs.export.spool import OVERLAP, Spool

MOST_RECENT: Final = 50_000
"""Records that a bookmark holds at most; where there are more they are all exported twice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bookmark:
    """Everything that changed before `until` has been exported."""

    until: float
    """Seconds since the epoch."""
    chain: str = ""
    """Which exports go on from it: those that give the same columns by the same way."""
    recent: Mapping[str, str] = field(default_factory=dict)
    """Records that changed little before, or since, by id: a digest of each as it was exported."""
    unseen: tuple[str, ...] = ()
    """Read-only fields that none of these records had. Another way to read the same records may show them."""

    @classmethod
    def of(cls, text: str) -> Self:
        """The bookmark that the ledger kept."""
        found = json.loads(text)
        return cls(
            until=datetime.fromisoformat(found["until"]).timestamp(),
            chain=found["chain"],
            recent=found["recent"],
            unseen=tuple(found["unseen"]),
        )

    @classmethod
    def after(cls, spool: Spool, before: Self | None, *, chain: str, read_only: Iterable[str]) -> Self | None:
        """The bookmark of an export that went on from `before`; None where no record said when it changed.

        Never later than the first request was by the clock of the server: what changed since may have been missed.
        """
        ends = [end for end in (spool.newest, spool.progress.asked_at) if end is not None]
        if spool.newest is None:
            return before
        until = max(min(ends), before.until if before is not None else 0.0)
        if spool.changed_since(until - OVERLAP) > MOST_RECENT:
            return cls(until=until, chain=chain)
        recent: dict[str, str] = {}
        unseen = set(read_only)
        for record in spool.recent(until - OVERLAP):
            recent[record.id] = digest(record.document)
            unseen.difference_update(record.document)
        return cls(until=until, chain=chain, recent=recent, unseen=tuple(sorted(unseen)))

    @property
    def since(self) -> datetime:
        """Where the next export begins."""
        return datetime.fromtimestamp(max(self.until - OVERLAP, 0.0), UTC)

    def text(self) -> str:
        """As the ledger keeps it."""
        until = datetime.fromtimestamp(self.until, UTC).isoformat()
        kept = {"until": until, "chain": self.chain, "recent": self.recent, "unseen": self.unseen}
        return json.dumps(kept, separators=(",", ":"))

    def knows(self, id: str, documents: Sequence[Mapping[str, Any]], place: int) -> bool:
        """Whether the record at a place, with this id, is as it was when it was last exported."""
        if id not in self.recent:
            return False
        seen = {name: value for name, value in documents[place].items() if name not in self.unseen}
        return self.recent[id] == digest(seen)


def digest(document: Mapping[str, Any]) -> str:
    """What tells two states of a record apart."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

"""The durable memory."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from bulk.model import (
    Cause,
    Claim,
    Entry,
    ExportEnd,
    Instance,
    Passage,
    Record,
    Rejection,
    Run,
    RunStatus,
    Settlement,
    Sighting,
    Status,
    Traffic,
)


class Ledger(Protocol):
    """Durable memory of what happened to every row.

    Every method is one transaction, committed when it returns. A row's way: `enroll` as not_tried or invalid, `seal`
    turns what need not be sent into unchanged, `claim` into in_flight **before** its first request, `settle` into its
    final status, `finish` checks that the totals close.
    """

    @property
    def called(self) -> str:
        """Where it lies, for people."""

    async def begin(self, instance: Instance, *, fresh: bool = False) -> Run:
        """Start a run, or take up the unfinished one of an equal instance unless `fresh`.

        The name of the source does not count: the same content under another name is the same work. A run is not taken
        up once another has written to the same target and resource. Raises `LockedError` where it is still under way.
        Entries of an earlier start that never finished checking are forgotten: nothing was sent for them.
        """

    async def take_up(self, run: str, *, politeness: str = "") -> Run:
        """Open an unfinished run again by its id; raises `UsageError` for an export, and where nothing is left to do.

        What it remembers of `politeness` is replaced, unless that is empty. Rows whose key got another content from
        another run since are rejected with the code `superseded`.
        """

    async def enroll(self, run: str, records: Sequence[Record], rejections: Sequence[Rejection]) -> None:
        """Enter rows that were checked: good ones and their members as not_tried, bad ones as invalid."""

    async def recall(self, run: str, rows: Sequence[tuple[int, str, bytes]]) -> Collection[int]:
        """Enter rows as unchanged without their documents; gives the positions of those that were entered.

        Of each row, position, key and origin are given, see `Record.origin`, in the order of positions. Those are
        entered of which the record with that origin is what surely was last written, with nothing read since. `seal`
        has the last word on them: until then `reject` may turn them, and in a run that ends before they are not_tried.
        """

    async def pending(self, run: str, first: int, last: int) -> Collection[int]:
        """Positions between two, these included, of rows without a final status that are no members."""

    async def reject(self, run: str, rejections: Sequence[Rejection]) -> None:
        """Turn rows that were entered as not_tried, or by `recall`, into invalid."""

    async def seal(self, run: str, *, resend: bool = False) -> Run:
        """End the checking: rows that are `same`, or whose payload last succeeded, are unchanged, unless `resend`.

        Members are unchanged where the row that carries them is.

        For a retry, rows whose key was written by a later run than the one retried are rejected with the code
        `superseded`, unless `resend`; the retries of that run before this one do not count as later.
        """

    async def known(
        self,
        target: str,
        resource: str,
        keys: Sequence[str],
        *,
        ids: bool = False,
        written: Mapping[str, bytes] | None = None,
    ) -> Mapping[str, bytes]:
        """What is sure of the records with these keys at a target: fingerprints by key.

        Where the keys are `ids`, records that are known under another key only are found by their remote id. Left out
        are keys of which the document that is `written` here, as its digest, is the last one that was written, with
        nothing read since: `seal` will find these rows unchanged.
        """

    async def forgiven(self, run: str, rows: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Columns that were forgiven when these rows were enrolled, by row; only rows with some."""

    async def claim(self, run: str, records: Sequence[Record]) -> Mapping[int, Claim]:
        """Mark rows and their members as in flight, doubt what was known of their keys, and say which are ours to send.

        Members are not among the answers, nor are rows that were found invalid. Raises `SourceError`, and claims
        nothing, when key or digest of a record are not those that were enrolled for its row.
        """

    async def settle(self, run: str, settlements: Sequence[Settlement]) -> None:
        """Write final statuses; what succeeded becomes what is known of its key. Members are settled as rows.

        Where the run deletes, nothing is known of the keys that are done, whatever was known before.

        Raises `LedgerError`, and writes nothing, where one of them is not in flight.
        What was known of a row that was not tried, or that failed untouched, is known again if its `fields` say so.

        What was known of other keys with the same remote id is doubtful from then on.
        """

    async def finish(
        self,
        run: str,
        status: RunStatus,
        *,
        seconds: float,
        traffic: Traffic,
        exit_code: int,
        reason: str | None = None,
    ) -> Run:
        """End this start: rows still in flight become unknown. Raises `LedgerError` if the totals do not close."""

    async def begin_export(self, instance: Instance) -> Run:
        """Start an export, and end those to the same destination whose program died.

        Others may be under way at the same place, and imports too.
        """

    async def learn(self, run: str, sightings: Sequence[Sighting], *, asked: float) -> bool:
        """Note what an export read, having asked for it at `asked` seconds since the epoch.

        False, and nothing is noted, where an import at the same place was under way since then: what was read may be
        older than what was written.
        """

    async def written_since(self, target: str, resource: str, since: float) -> bool:
        """Whether a run that writes at a place was under way at `since` seconds since the epoch, or later.

        One that died counts until it has been ended: nobody can say when it wrote last.
        """

    async def finish_export(self, run: str, end: ExportEnd) -> Run:
        """End an export."""

    async def bookmark(self, target: str, resource: str, chain: str) -> tuple[str, str] | None:
        """The latest completed export at a place that left a bookmark of a chain: its run id, and the bookmark.

        A bookmark is JSON, and says in `chain` which exports go on from it.
        """

    async def rate_found(self, target: str) -> float | None:
        """The rate in requests a second that an API was last found to bear; None where that is not known."""

    async def keep_rate(self, target: str, rate: float) -> None:
        """Note the rate that an API was found to bear."""

    async def run(self, run: str, *, exports: bool = True) -> Run:
        """One run by id, unique beginning of an id, or `last`; raises `UsageError`.

        `last` is no export unless `exports`; wherever else a run is named, it is none.
        """

    async def runs(self, limit: int = 20) -> Sequence[Run]:
        """The latest runs, newest first. One whose program died, so that its lock is free, shows as interrupted."""

    def entries(
        self,
        run: str,
        *,
        statuses: Iterable[Status] = (),
        causes: Iterable[str] = (),
        spans: Iterable[tuple[int, int]] = (),
        cells: bool = False,
    ) -> AsyncIterator[Entry]:
        """Rows of a run in file order, of some statuses, causes and spans of positions; `cells` only on request.

        Rows in flight in a run that nobody holds are unknown, here and in `causes`: nobody will see their answers.
        """

    async def causes(self, run: str) -> Sequence[Cause]:
        """Rows that were not written, by status, code and column, most frequent first.

        A row counts once under each rule that it breaks.
        """

    async def history(self, resource: str, key: str) -> Sequence[Passage]:
        """What every run had to do with a record, by its key or its remote id, at any target, oldest first."""

    async def unchanged_since(self, run: str) -> Mapping[str, int]:
        """Rows that were not sent because an earlier run wrote the same, by that run, newest first."""

    async def carried(self, run: str) -> tuple[int, int]:
        """Rows that were sent inside other rows' documents, and how many documents these were."""

    def lock(self, target: str, resource: str) -> AbstractContextManager[int | None]:
        """Hold a target's resource against other runs; raises `LockedError`. Freed by the system if we die.

        Gives the file descriptor, if any, that processes inherit which are to hold it too: it is free once all died.
        """

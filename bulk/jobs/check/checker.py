"""The check of a whole source: every fault of every row, before anything is sent."""

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import polars as pl

from bulk.contracts import Resource, Tables
from bulk.errors import SourceError
from bulk.jobs.check.chunk import Chunk
from bulk.jobs.check.families import Families
from bulk.jobs.check.judge import Judge
from bulk.jobs.check.reading import Reading
from bulk.jobs.check.recall import Asking, Read, Recall, ahead, read
from bulk.jobs.threads import answered, stepped
from bulk.model import REMOTE_ID, ROW, Rejection, row_of, shorten
from bulk.validation import AMBIGUOUS, Unusual, WholeFile, compile_schema

Known: TypeAlias = Callable[[Sequence[str]], Awaitable[Mapping[str, bytes]]]
"""Gives what is known of the records with some keys, as fingerprints."""

Pending: TypeAlias = Callable[[int, int], Awaitable[Collection[int]]]
"""Gives the positions between two, these included, of rows that are still to be sent."""

CHUNK = 50_000
"""Rows looked at at once: twice as many take a third more memory, half as many a third more time."""

DOCUMENTS = 6_000
"""The same where they become documents, which take more memory and more time, so that it matters less."""

KEPT = 25_000
"""Rows of a source that is kept whole as it was judged, for sending: of a larger one only the first chunk is."""


class Checker:
    """Sweeps over a source. Raises `SourceError` at once when a header cannot be understood."""

    def __init__(self, source: Tables, resource: Resource, reading: Reading) -> None:
        self._limit = reading.limit
        self._only_filled = reading.only_filled
        self._judges = [Judge(table, resource, reading) for table in source.tables]
        keys = {judge.binding.key.column.name: judge.table.path for judge in self._judges}
        if len(keys) > 1 and (resource.other_rows is None or resource.other_rows.within is not None):
            told = ", ".join(f"{path} by {key}" for key, path in keys.items())
            raise SourceError(f"the files name their records differently: {told}", advice="Say --match-by.")
        models = [resource.model, *([resource.other_rows.model] if resource.other_rows else [])]
        files = [Path(table.path).name for table in source.tables]
        self._whole = WholeFile([compile_schema(model) for model in models], files)
        self._gathered = False
        self._unusual: dict[tuple[str, str], Unusual] = {}
        self._first: set[str] | None = None
        self._kept: Sequence[Chunk] = ()
        gathers = any(judge.gathers for judge in self._judges)
        self.families = Families(resource.other_rows, files) if gathers and resource.other_rows else None
        """The rows that travel in others; None where there are none."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know about how the columns are understood, once each."""
        return list(dict.fromkeys(note for judge in self._judges for note in judge.notes))

    @property
    def remarks(self) -> Sequence[str]:
        """After `sweep`: what a person should know about cells that can be sent, a sentence each."""
        return [
            f"{one.label} {one.expected.usual}, which {shorten(one.text)!r} in row {row_of(one.row)} "
            f"{'is' if one.count == 1 else f'and {one.count - 1:,} more are'} not: {one.expected.why}"
            for one in self._unusual.values()
        ]

    @property
    def key_header(self) -> str:
        """What the first file calls the column that names the records."""
        return self._judges[0].binding.key.label

    @property
    def header(self) -> Sequence[str]:
        """The columns of all files, each once."""
        return list(dict.fromkeys(name for judge in self._judges for name in judge.table.header))

    @property
    def by_id(self) -> bool:
        """Whether records are named by the API's own ids."""
        return any(judge.binding.key.column.name == REMOTE_ID for judge in self._judges)

    async def sweep(self, recall: Recall | None = None, *, documents: bool = True) -> AsyncGenerator[Chunk, None]:
        """Read everything and judge each row by itself; members of families come with the rows that carry them.

        Rows that `recall` recognises are not judged. Without `documents`, good rows are only counted.
        """
        await self._gather()
        rows, kept = 0, list[Chunk]()
        ask = None if recall is None else answered(recall)
        async with aclosing(stepped(self._first_chunks(ask, documents=documents))) as chunks:
            async for chunk in chunks:
                rows += chunk.frame.height
                if not chunk.unrecorded:
                    kept.append(chunk)
                if rows > KEPT:
                    del kept[1:]  # sending begins with the first one, while the others are judged again
                yield chunk
        # What is read as it was need not be judged again.
        self._kept = kept if documents and self.families is None else ()

    async def late(self, known: Known | None = None) -> AsyncGenerator[Sequence[Rejection], None]:
        """After `sweep`: rows that break a rule of the whole source, such as a key that stands twice.

        What looks like damage is none where the cell is `known` to be as the API gave it.
        """
        if not self._whole.suspicious:
            return
        async with aclosing(stepped(self._inspections())) as inspections:
            async for _ in inspections:
                pass
        hit: dict[str, str] = {}
        done: set[int] = set()
        async with aclosing(stepped(self._late_rejections())) as found:
            async for judge, rejected in found:
                rejections = rejected
                if known is not None and any(_is_about_damage(one) for one in rejected):
                    fields = await known(list({self._named(one) for one in rejected}))
                    rejections = [one for one in rejected if not self._is_as_it_was(judge, one, fields)]
                if self.families is not None:
                    hit |= self.families.affected(rejections)
                    done.update(rejection.row for rejection in rejections)
                if rejections:
                    yield rejections
        if hit:
            async with aclosing(stepped(self._kept_back(hit, done))) as found_with_them:
                async for rejections in found_with_them:
                    if rejections:
                        yield rejections

    async def again(self, pending: Pending | None = None) -> AsyncGenerator[Chunk, None]:
        """Read and judge everything once more, for sending; rows that `late` rejected are good here.

        Only those rows are sure to be there that are `pending`.
        """
        await self._gather()
        ask = None if pending is None or self.families is not None else answered(pending)
        async with aclosing(stepped(self._chunks_again(ask))) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _gather(self) -> None:
        """Collect the members of families, once: also where the check itself was another process's."""
        if self.families is not None and not self._gathered:
            async with aclosing(stepped(self._gatherings(self.families))) as gatherings:
                async for _ in gatherings:
                    pass
            self._gathered = True

    def _frames(self, rows: int = CHUNK) -> Iterator[tuple[pl.DataFrame, Judge]]:
        """Every row that is wanted, so many at once; with a limit, that many carriers, and their members anywhere."""
        left = self._limit
        carriers = None if self._limit is None or self.families is None else self._first_keys(self._limit)
        for judge in self._judges:
            for frame in self._filled(judge, rows):
                wanted = frame
                if left is not None:
                    wanted = judge.carriers(frame).head(left)
                    left -= wanted.height
                    if carriers is not None:
                        wanted = pl.concat([wanted, judge.carried_by(frame, carriers)]).sort(ROW)
                if wanted.height:
                    yield wanted, judge
                if left == 0 and carriers is None:
                    return

    def _filled(self, judge: Judge, rows: int = CHUNK) -> Iterator[pl.DataFrame]:
        for frame in judge.table.chunks(rows):
            if self._only_filled:
                data = [name for name in frame.columns if name != ROW and not name.startswith("_")]
                yield frame.filter(pl.any_horizontal(pl.col(data).is_not_null()))
            else:
                yield frame

    def _first_keys(self, count: int) -> set[str]:
        """Keys of the first carriers."""
        if self._first is None:
            self._first = set()
            left = count
            for judge in self._judges:
                for frame in self._filled(judge):
                    carriers = judge.carriers(frame).head(left)
                    left -= carriers.height
                    assert judge.own is not None
                    self._first.update(judge.own.identify(carriers).get_column("key").drop_nulls())
                    if not left:
                        return self._first
        return self._first

    def _gatherings(self, families: Families) -> Iterator[bool]:
        for frame, judge in self._frames(DOCUMENTS):
            members = judge.members(frame)
            if members.height:
                assert judge.other is not None
                assert judge.telling is not None
                identity = judge.other.identify(members)
                self._whole.add(identity, judge.other)
                families.add(members, judge.telling, judge.other, judge.other.check(members), identity)
            yield True

    def _first_chunks(self, recall: Asking | None, *, documents: bool) -> Iterator[Chunk]:
        chunk: Chunk | None = None
        documents = documents or any(judge.wants_documents for judge in self._judges)
        frames = self._frames(DOCUMENTS if documents else CHUNK)
        reads = (self._read(frame, judge, recall) for frame, judge in frames)
        for one in reads if recall is None else ahead(reads):
            chunk, parts = one.judged(self.families, documents=documents)
            for checked in parts:
                self._remember(checked.unusual)
                if "delimiter" in one.judge.table.facts:
                    self._whole.note(checked.bad)
            yield chunk
        if self.families is not None and chunk is not None:
            yield chunk.of(self.families.orphans())

    def _read(self, frame: pl.DataFrame, judge: Judge, recall: Asking | None) -> Read:
        keys = []
        for identity, validator in judge.identities(frame):
            self._whole.add(identity, validator)
            keys.append(identity.select(ROW, "key"))
        return read(frame, judge, keys, recall)

    def _chunks_again(self, pending: Callable[[int, int], Future[Collection[int]]] | None) -> Iterator[Chunk]:
        kept, self._kept = deque(self._kept), ()
        for frame, judge in self._frames(DOCUMENTS):
            if kept and judge is kept[0].judge and frame.equals(kept[0].frame):
                yield kept.popleft()
                continue
            wanted = frame
            if pending is not None:
                rows = frame.get_column(ROW)
                wanted = frame.filter(rows.is_in(list(pending(rows[0], rows[-1]).result())))
            if wanted.height:
                yield judge.check(wanted, self.families)[0]

    def _remember(self, unusual: Sequence[Unusual]) -> None:
        """Add up what is unusual, column by column."""
        for one in unusual:
            first = self._unusual.get((one.label, one.expected.usual))
            added = one if first is None else replace(first, count=first.count + one.count)
            self._unusual[one.label, one.expected.usual] = added

    def _inspections(self) -> Iterator[bool]:
        for frame, judge in self._frames():
            for part, validator in judge.kinds(frame):
                self._whole.inspect(part, validator)
            yield True

    def _late_rejections(self) -> Iterator[tuple[Judge, Sequence[Rejection]]]:
        for frame, judge in self._frames():
            for part, validator in judge.kinds(frame):
                yield judge, self._whole.rejections(part, validator)

    def _kept_back(self, hit: Mapping[str, str], done: set[int]) -> Iterator[Sequence[Rejection]]:
        """The rest of the families of which a row was rejected late."""
        assert self.families is not None
        yield self.families.late(hit, done)
        for frame, judge in self._frames():
            yield judge.kept_back(frame, hit, done)

    def _named(self, rejection: Rejection) -> str:
        """The key under which something may be known of a row."""
        carrier = None if self.families is None else self.families.carrier_of(rejection.row)
        return carrier or rejection.key or ""

    def _is_as_it_was(self, judge: Judge, rejection: Rejection, known: Mapping[str, bytes]) -> bool:
        """Whether what looks like damage is just what the API gave."""
        fields = known.get(self._named(rejection))
        if fields is None or not _is_about_damage(rejection):
            return False
        inside = "" if self.families is None else self.families.path_of(rejection.row, rejection.key or "")
        return all(judge.holds(inside, one.column, rejection.cells, fields) for one in rejection.violations)


def _is_about_damage(rejection: Rejection) -> bool:
    return all(violation.rule in {"lost_zeros", AMBIGUOUS} for violation in rejection.violations)

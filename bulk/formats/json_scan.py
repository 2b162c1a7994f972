"""An opened file of JSON records, whatever separates them: typed for the whole file, framed in batches."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import ClassVar

import polars as pl

from bulk.errors import SourceError
from bulk.formats import files, frames, json_records
from bulk.formats.header import named
from bulk.formats.text import TextFile

_BATCH = 10_000


class RecordScan(ABC):
    """Satisfies `Scan`. Opening reads the file once through, for its columns and their types."""

    format: ClassVar[str]
    """Name of the format."""
    unit: ClassVar[str]
    """What a row number counts."""

    def __init__(self, text: TextFile, *, file: int) -> None:
        self._text = text
        self._file = file
        self._watch = files.Watch(text.path, called=text.called)
        with self._watch.steady():
            self._kinds = json_records.columns(self._records(), called=text.called, unit=self.unit)
        if not self._kinds:
            raise SourceError("the file holds no records", path=text.called)
        self.path = text.called
        self.header = named([*self._kinds], called=text.called, place=lambda index: str(index + 1))

    @property
    def facts(self) -> dict[str, str]:
        return {"format": self.format} | self._text.facts

    def chunks(self, rows: int = 50_000) -> Iterator[pl.DataFrame]:
        with self._watch.steady():
            yield from frames.regrouped(self._frames(), rows)

    @abstractmethod
    def _records(self) -> Iterator[tuple[int, Mapping[str, json_records.Cell]]]:
        """The records with their row numbers; raises `SourceError` for what is none."""

    def _frames(self) -> Iterator[pl.DataFrame]:
        records = self._records()
        while batch := [(frames.position(self._file, row), cells) for row, cells in islice(records, _BATCH)]:
            yield json_records.framed(batch, self._kinds)

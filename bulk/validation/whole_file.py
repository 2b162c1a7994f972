"""Rules that only the whole source can tell: what stands twice, codes without their leading zeros, 1.234 for 1234.

Rows of several kinds have keys of the same name in common: a SKU names a product or a variant, never both.

Up to three sweeps, so that memory stays small however large the source is:

1. `add` what each frame is identified by: 8 bytes a row are kept, all but a few on disk, and how wide the codes are.
2. If it is then `suspicious`, `inspect` each frame again: the keys that seemed to stand twice are collected.
3. `rejections` of each frame, read a third time: each names the other rows.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import polars as pl

from bulk.model import ROW, Rejection, file_of, listed, row_of
from bulk.validation.cells import original_cells
from bulk.validation.columns import Kind, Schema
from bulk.validation.damage import Finding
from bulk.validation.decimal_commas import explain_grouped, have_decimal_commas, may_be_grouped
from bulk.validation.duplicates import NAMED, Repeats
from bulk.validation.lost_zeros import WidthProfile, explain_lost_zeros, lost_zeros
from bulk.validation.rulebook import violation
from bulk.validation.validator import Validator


class WholeFile:
    """What is known about all rows of a source, which may be several tables; `files` are their names.

    `schemas` are those of all kinds of rows.
    """

    def __init__(self, schemas: Schema | Sequence[Schema], files: Sequence[str] = ("",)) -> None:
        schemas = [schemas] if isinstance(schemas, Schema) else schemas
        self._files = files
        identifiers = {column.name for schema in schemas for column in schema.columns if column.even}
        self._widths = {name: WidthProfile() for name in identifiers}
        self._keys: dict[str, Repeats] = defaultdict(Repeats)
        self._with_commas: set[int] = set()
        self._unique = {column.name: Repeats() for schema in schemas for column in schema.columns if column.unique}

    def add(self, identity: pl.DataFrame, validator: Validator) -> None:
        """First sweep: take in what the validator identifies the rows of a frame by, good and bad, all of one kind."""
        for repeats, texts, _ in self._compared(identity, validator.binding.key.column.name):
            repeats.add(texts)
        for name, profile in self._widths.items():
            if f"={name}" in identity.columns:
                profile.add(identity.get_column(f"={name}"))

    def note(self, rejections: Sequence[Rejection]) -> None:
        """First sweep, of files in which all cells are text: take in what else is wrong with rows of one of them."""
        if have_decimal_commas(rejections):
            self._with_commas.add(file_of(rejections[0].row))

    @property
    def suspicious(self) -> bool:
        """After the first sweep: whether there may be anything to reject."""
        repeats = (*self._keys.values(), *self._unique.values())
        shorter = any(one.has_shorter for one in self._widths.values())
        return shorter or bool(self._with_commas) or any(one.suspicious for one in repeats)

    def inspect(self, frame: pl.DataFrame, validator: Validator) -> None:
        """Second sweep: collect what seems to stand twice."""
        identity = validator.identify(frame)
        for repeats, texts, _ in self._compared(identity, validator.binding.key.column.name):
            repeats.inspect(identity.get_column(ROW), texts)

    def rejections(self, frame: pl.DataFrame, validator: Validator) -> list[Rejection]:
        """Third sweep: the rows that break a rule of the whole source. Other rules that they break are not repeated."""
        identity = validator.identify(frame)
        binding = validator.binding
        found: dict[int, list[tuple[str | None, Finding]]] = {}
        for repeats, texts, unique in self._compared(identity, binding.key.column.name):
            label = binding.key.label if unique is None else binding.column_for(unique)
            for row, rows, count in repeats.found(identity.get_column(ROW), texts):
                others = self._others(row, rows, count)
                finding = _repeated_key(others) if unique is None else _repeated_value(label or unique, others)
                found.setdefault(row, []).append((label, finding))
        for one in binding.columns:
            profile = self._widths.get(one.column.name)
            if profile is None or profile.width is None or not profile.has_shorter:
                continue
            codes = pl.col(f"={one.column.name}")
            for row, code in identity.filter(lost_zeros(codes, profile.width)).select(ROW, codes).iter_rows():
                found.setdefault(row, []).append((one.label, explain_lost_zeros(code, profile.width)))
        if frame.height and file_of(frame.get_column(ROW)[0]) in self._with_commas:
            for row, label, text in _grouped(frame, validator):
                found.setdefault(row, []).append((label, explain_grouped(text)))
        rows = sorted(found)
        keys = dict(identity.select(ROW, "key").filter(pl.col(ROW).is_in(rows)).iter_rows())
        return [
            Rejection(
                row=row,
                key=keys[row],
                cells=cells,
                violations=tuple(violation(row, cells, label, finding) for label, finding in found[row]),
            )
            for row, cells in zip(rows, original_cells(frame, rows), strict=True)
        ]

    def _compared(self, identity: pl.DataFrame, key: str) -> Iterator[tuple[Repeats, pl.Series, str | None]]:
        """What is compared with other rows: a unique column by its name, or else the key."""
        if key not in self._unique:
            yield self._keys[key], identity.get_column("key"), None
        for name, repeats in self._unique.items():
            if f"~{name}" in identity.columns:
                yield repeats, identity.get_column(f"~{name}"), name

    def _others(self, row: int, rows: Sequence[int], count: int) -> str:
        others = [_place(other, row, self._files) for other in rows if other != row][: NAMED - 1]
        more = count - 1 - len(others)
        return f"row{'s' if count > 2 else ''} {listed([*others, f'{more} more'] if more else others)}"  # noqa: PLR2004  # one other row


def _grouped(frame: pl.DataFrame, validator: Validator) -> Iterator[tuple[int, str, str]]:
    """Row, column and text of the numbers whose point may group digits."""
    for one in validator.binding.columns:
        if one.column.kind in {Kind.NUMBER, Kind.INTEGER} and one.split is None and one.header is not None:
            cells = frame.select(ROW, pl.col(one.header))
            for row, text in cells.filter(may_be_grouped(pl.col(one.header))).iter_rows():
                yield row, one.label, text


def _repeated_key(others: str) -> Finding:
    return Finding(
        "duplicate_key",
        f"the same key also stands in {others}",
        "Keep one of these rows: nobody else can tell which of them is right.",
    )


def _repeated_value(label: str, others: str) -> Finding:
    return Finding(
        "duplicate_value",
        f"the same {label} also stands in {others}, and no two may have it",
        f"Give each of these rows a {label} of its own.",
    )


def _place(other: int, row: int, files: Sequence[str]) -> str:
    file = "" if file_of(other) == file_of(row) else f" of {files[file_of(other)]}"
    return f"{row_of(other)}{file}"

"""Binds the columns of one file: which header means which column, and which column names the records."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pydantic import ValidationError

from bulk.errors import ConfigurationError, SourceError, UsageError
from bulk.model import listed
from bulk.validation.binding import Binding, Bound
from bulk.validation.columns import Column, Schema, plain
from bulk.validation.mapping import Mapping, Split, sources_of
from bulk.validation.vocabulary import Use, Vocabulary

MOST_NAMED = 20
"""Unknown columns that are named, each with what it may have meant."""


def bind(
    schema: Schema,
    header: Sequence[str],
    *,
    keys: Sequence[str],
    match_by: str | None = None,
    path: str | None = None,
    mapping: Mapping | None = None,
    read_only: Schema | None = None,
    others: Sequence[Schema] = (),
    ignore: Sequence[str] = (),
    complete: bool = True,
) -> Binding:
    """Find out what each column of a file means to rows of one kind.

    `keys` are the columns that can name a record, best first; `match_by` chooses one of them. Columns that begin with
    an underscore are never data. `read_only` are columns that the API shows and does not take back, `others` the
    columns of other kinds of rows, `ignore` names that are left alone; what the schema knows goes before all of them.
    Without `complete`, a column that every row needs may be absent: then each row breaks a rule.

    Raises `SourceError` for columns that are unknown, mean the same, or are missing, `ConfigurationError` for a mapping
    that speaks of columns that do not exist, `UsageError` for a wrong `match_by`.
    """
    mapping = mapping or Mapping()
    vocabulary = Vocabulary(schema=schema, read_only=read_only, others=tuple(others), ignored=tuple(ignore))
    sources = sources_of(mapping, header, path)
    uses: dict[Use, list[Bound]] = {use: [] for use in Use}
    unknown: list[str] = []
    for name in header:
        if name.startswith("_"):
            continue
        if name in sources:
            for use, one in _mapped(vocabulary, name, sources[name]):
                uses[use].append(one)
        elif elements := schema.elements(name):
            parts = Split(by=",", into=tuple(column.name for column in elements))
            uses[Use.LOADED] += [
                Bound(column=column, header=name, split=parts, part=part, array=True)
                for part, column in enumerate(elements)
            ]
        elif meaning := vocabulary.meaning(name):
            use, column = meaning
            if column is not None:
                uses[use].append(Bound(column=column, header=name))
        else:
            unknown.append(name)
    if unknown:
        raise _unknown_columns(vocabulary, unknown, header, path)
    bound = uses[Use.LOADED]
    _require_distinct([*bound, *uses[Use.READ_ONLY]], path)
    _require_names(bound, path)
    key, notes = _choose_key(bound, keys, match_by, path)
    filled = _filled(vocabulary, mapping, bound, keys)
    if complete:
        _require_complete(schema, filled, path)
    columns = _in_order(schema, (one for one in filled if one.column.name == key or one.column.name not in keys))
    spare = [one for one in filled if one.column.name != key and one.column.name in keys]
    return Binding(
        header=tuple(header),
        columns=columns,
        key=next(one for one in columns if one.column.name == key),
        read_only=(*spare, *(_in_order(read_only, uses[Use.READ_ONLY]) if read_only else ())),
        foreign=tuple(uses[Use.FOREIGN]),
        notes=notes,
    )


def header_of(
    name: str, header: Sequence[str], mapping: Mapping | None = None, *, path: str | None = None
) -> str | None:
    """What a file calls the column of this name, which needs to be in no schema; None if it has none.

    Raises `SourceError` where two columns mean it, and as `bind` does for the mapping.
    """
    sources = sources_of(mapping or Mapping(), header, path)
    found = [
        one
        for one in header
        if not one.startswith("_") and isinstance(target := sources.get(one, one), str) and plain(target) == plain(name)
    ]
    if len(found) > 1:
        raise _same_meaning(found[0], found[1], name, path)
    return found[0] if found else None


def _in_order(schema: Schema, bound: Iterable[Bound]) -> tuple[Bound, ...]:
    """As the fields follow each other in the document; entries of an open object by their names."""
    rank = {one.path: number for number, one in enumerate(schema.columns)}
    return tuple(
        sorted(
            bound,
            key=lambda one: (
                rank.get(one.column.opened, 0),
                one.column.path,
            ),
        )
    )


def _mapped(vocabulary: Vocabulary, header: str, target: str | Split) -> Iterator[tuple[Use, Bound]]:
    if vocabulary.ignores(header) or target == "":
        return
    if isinstance(target, str):
        use, column = _target(vocabulary, target)
        if column is not None:
            yield use, Bound(column=column, header=header)
        return
    for part, name in enumerate(target.into):
        if name:
            use, column = _target(vocabulary, name)
            if column is None:
                raise ConfigurationError(
                    f"the mapping cannot split off {name}, which tells the rows apart",
                    advice="Give it a column of its own.",
                )
            yield use, Bound(column=column, header=header, split=target, part=part)


def _target(vocabulary: Vocabulary, name: str) -> tuple[Use, Column | None]:
    meaning = vocabulary.meaning(name)
    if meaning is None:
        raise ConfigurationError(
            f"the mapping speaks of a column {name!r}, which does not exist", advice=vocabulary.suggestion(name)
        )
    return meaning


def _filled(vocabulary: Vocabulary, mapping: Mapping, bound: Sequence[Bound], keys: Sequence[str]) -> Sequence[Bound]:
    columns = {one.column.path: one for one in bound}
    for name, value in mapping.fill.items():
        use, column = _target(vocabulary, name)
        if column is None or column.name in keys:
            raise ConfigurationError(
                f"the mapping cannot fill in {name if column is None else column.name}, which tells the rows apart",
                advice="Take it out of [fill].",
            )
        if use is Use.LOADED:
            present = columns.get(column.path, Bound(column=column, header=None))
            columns[column.path] = replace(present, fill=value)
        elif vocabulary.elsewhere(name) is None:
            raise ConfigurationError(
                f"the mapping cannot fill in {column.name}, which the API does not take",
                advice="Take it out of [fill].",
            )
    return list(columns.values())


def _choose_key(
    bound: Sequence[Bound], keys: Sequence[str], match_by: str | None, path: str | None
) -> tuple[str, tuple[str, ...]]:
    """The column that names the records, and what to say about the others."""
    if match_by is not None and match_by not in keys:
        raise UsageError(f"records cannot be matched by {match_by!r}", advice=f"They can be matched by {listed(keys)}.")
    there = [key for key in keys if any(one.column.name == key for one in bound)]
    if match_by is not None and match_by not in there:
        raise SourceError(f"there is no column {match_by}, by which the records are to be matched", path=path)
    if not there:
        raise SourceError(
            f"there is no column that names the records: {' or '.join(keys)}",
            path=path,
            advice=f"Add a column {keys[0]}. A row can only be loaded if it says which record it is about.",
        )
    key = match_by or there[0]
    notes = tuple(
        f"Column {one.label!r} is not sent: the records are matched by {key}."
        for one in bound
        if one.column.name in keys and one.column.name != key
    )
    return key, notes


def _require_distinct(bound: Sequence[Bound], path: str | None) -> None:
    seen: dict[tuple[str, ...], Bound] = {}
    for one in bound:
        first = seen.setdefault(one.column.path, one)
        if first is not one:
            raise _same_meaning(first.label, one.label, one.column.name, path)


def _same_meaning(first: str, second: str, name: str, path: str | None) -> SourceError:
    return SourceError(
        f"columns {first!r} and {second!r} both mean {name}",
        path=path,
        advice="Keep one of them, or put an underscore before the name of the other, which leaves it out.",
    )


def _require_complete(schema: Schema, bound: Sequence[Bound], path: str | None) -> None:
    """What every document must have, every file must have."""
    there = {one.column.path[:depth] for one in bound for depth in range(1, len(one.column.path) + 1)}
    for column in schema.columns:
        above = {column.path[:depth] for depth in range(1, len(column.path))}
        whole = any(one.column.path in above for one in bound)
        if column.within == () and column.path not in there and not whole:
            raise SourceError(f"there is no column {column.name}, which every row needs", path=path)


def _require_names(bound: Sequence[Bound], path: str | None) -> None:
    """Names that the file gives to entries of an open object must be names that the API takes."""
    for one in bound:
        name = one.column.entry
        if name is not None and one.column.adapter is not None:
            try:
                one.column.adapter.validate_python(name)
            except ValidationError as error:
                # A pattern is for machines; advice says the same in words.
                reason = "" if one.column.advice else f": {error.errors(include_url=False)[0]['msg']}"
                raise SourceError(
                    f"{name!r} cannot be a name there{reason}",
                    path=path,
                    column=one.label,
                    advice=one.column.advice,
                ) from error


def _unknown_columns(
    vocabulary: Vocabulary, unknown: Sequence[str], header: Sequence[str], path: str | None
) -> SourceError:
    texts = []
    for name in unknown[:MOST_NAMED]:
        if not name.strip():
            texts.append(f"column {header.index(name) + 1} has no name")
            continue
        suggestion = vocabulary.suggestion(name)
        texts.append(f"{name!r} is not known" + (f" ({suggestion})" if suggestion else ""))
    if len(unknown) > MOST_NAMED:
        texts.append(f"{len(unknown) - MOST_NAMED:,} more columns are not known either")
    return SourceError(
        "; ".join(texts),
        path=path,
        advice="Rename these columns, put an underscore before their names to leave them out, or use a mapping file. "
        "`bulk fields` lists what is known.",
    )

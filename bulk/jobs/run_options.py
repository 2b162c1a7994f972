"""What a run remembers of how it was ordered, so that it can be resumed and retried as it was meant."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from bulk.contracts import ReadOptions
from bulk.jobs.check.reading import Reading
from bulk.model import Run
from bulk.validation import parse_mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """The options of a run. Two runs are the same work only if all of them are equal."""

    key: str
    """What the first file calls the column that names the records."""
    files: tuple[str, ...]
    """Names of the files, without their folders; a row's position says which."""
    read: ReadOptions
    """How the files are read."""
    match_by: str | None
    """See `Reading`, as for the next four."""
    mapping: str | None
    clear: str
    empty: str
    limit: int | None
    strict: bool
    """See `Guards`, as for the next two."""
    resend: bool
    max_failures: str | None
    verify: bool = False
    causes: tuple[str, ...] = ()
    """For a retry, what it was narrowed to, as for the next two."""
    statuses: tuple[str, ...] = ()
    rows: str | None = None
    decisions: Mapping[str, str] = field(default_factory=dict)
    """What was decided about the writing, see `Resource.chosen`."""
    deletes: bool = False
    """Whether its rows name records that are to be deleted."""
    kept: bool = False
    """For a retry, whether its rows come from the ledger and not from a mended file."""

    @classmethod
    def of(cls, run: Run) -> Self:
        """What a run remembers."""
        found = json.loads(run.instance.options)
        lists = {name: tuple(value) for name, value in found.items() if isinstance(value, list)}
        return cls(**(found | lists | {"read": ReadOptions(**found["read"])}))

    def text(self) -> str:
        """As the ledger keeps it: canonical, so that equal orders are equal texts."""
        return json.dumps(asdict(self), sort_keys=True)

    def reading(self, **changes: Any) -> Reading:  # noqa: ANN401  # fields of Reading
        """How the cells are to be read again."""
        fields: dict[str, Any] = {
            "match_by": self.match_by,
            "mapping": None if self.mapping is None else parse_mapping(self.mapping),
            "clear": self.clear,
            "empty": self.empty,
            "limit": self.limit,
            "keys_only": self.deletes,
        }
        return Reading(**(fields | changes))

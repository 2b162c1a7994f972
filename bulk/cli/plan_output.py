"""How a plan is shown: on the screen and as JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from bulk.cli.common import Globals
from bulk.cli.json_output import place_document
from bulk.cli.screen import out
from bulk.jobs.plan_file import HEADER, lines_of
from bulk.jobs.planner import Action, Change, Difference
from bulk.model import many, shorten

SHOWN = 40
"""Lines on the screen; the rest is in the file and in the JSON document."""


def plan_document(
    resource: str,
    source: str,
    *,
    counts: Mapping[Action, int],
    changes: Sequence[Change],
    files: Sequence[str],
    exit_code: int,
) -> dict[str, Any]:
    """A plan, as `bulk plan --json` prints it; unchanged rows are only counted."""
    return {
        "resource": resource,
        "operation": "plan",
        "source": {"path": source, "rows": sum(counts.values())},
        "rows": {"read": sum(counts.values()), **{action.value: counts.get(action, 0) for action in Action}},
        "changes": [
            {
                **place_document(change.row, files),
                "key": change.key,
                "action": change.action.value,
                "fields": [_difference_document(one) for one in change.differences],
            }
            for change in changes
        ],
        "exit_code": exit_code,
    }


def show_plan(
    options: Globals, source: str, counts: Mapping[Action, int], changes: Sequence[Change], files: Sequence[str]
) -> None:
    """A plan for people: what would be done to which field, and how often."""
    console = out()
    lines = [line for change in changes for line in lines_of(change, files)]
    if lines:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in HEADER:
            table.add_column(name, overflow="fold", justify="right" if name == "row" else "left")
        for line in lines[:SHOWN]:
            table.add_row(*(Text(shorten(cell or "", 60)) for cell in line))
        console.print(table)
        if len(lines) > SHOWN:
            console.print(f"... and {len(lines) - SHOWN:,} more: -o FILE writes them all.")
    fields = Counter(one.field for change in changes if change.action is Action.UPDATE for one in change.differences)
    if fields:
        console.print("Changed fields: " + ", ".join(f"{name} {count:,}" for name, count in fields.most_common()))
    told = (action for action in _WORDS if counts.get(action) or action in _ALWAYS)
    parts = [f"{counts.get(action, 0):,} {_WORDS[action]}" for action in told]
    name = "standard input" if source == "-" else source
    console.print(Text(f"{name}: {many(sum(counts.values()), 'row')} read = {' + '.join(parts)}."), soft_wrap=True)
    if not options.quiet and not lines:
        console.print("Nothing would be written.")


_WORDS = {
    Action.INVALID: "invalid",
    Action.REFUSED: "refused",
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.UNCHANGED: "unchanged",
}
_ALWAYS = (Action.CREATE, Action.UPDATE, Action.UNCHANGED)


def _difference_document(one: Difference) -> dict[str, Any]:
    document: dict[str, Any] = {"field": one.field or None, "old": one.old, "new": one.new}
    return document if one.message is None else document | {"message": one.message}

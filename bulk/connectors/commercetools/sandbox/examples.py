"""Rows of a file that the twin takes: what a practice, or a suite over all connectors, begins with."""

from typing import Any

from bulk.connectors.commercetools.sandbox.channels.seed import seed_channels


def examples(resource: str, count: int) -> list[dict[str, Any]]:
    """Cells by column of `count` new channels; `resource` is `channels`, the only one there is."""
    assert resource == "channels", f"there are no examples of {resource}"
    rows = [_flat(draft) for draft in seed_channels(count)]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return [{column: row.get(column) for column in columns} for row in rows]


def _flat(draft: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, value in draft.items():
        column = prefix + name
        if name == "geoLocation":
            cells[f"{column}.longitude"], cells[f"{column}.latitude"] = value["coordinates"]
        elif name == "typeId":
            continue
        elif isinstance(value, dict):
            cells |= _flat(value, f"{column}.")
        else:
            cells[column] = ";".join(value) if isinstance(value, list) else value
    return cells

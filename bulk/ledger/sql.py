"""Named SQL statements, read from the `.sql` files beside this module."""

import re
from collections.abc import Mapping
from importlib import resources
from typing import Final


def statements(file: str) -> Mapping[str, str]:
    """The sections of a file by name, in its order; a section begins with the line `-- name: NAME`."""
    text = resources.files("bulk.ledger").joinpath(file).read_text(encoding="utf-8")
    _, *parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


QUERIES: Final = {**statements("queries.sql"), **statements("known.sql")}
"""Every statement that the ledger executes."""

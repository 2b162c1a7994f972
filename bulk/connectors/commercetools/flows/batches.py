"""Names that fit into one address: a gateway refuses long ones with 414, whatever the API itself would take."""

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote_plus

MOST: Final = 250
"""Names in one question."""

ADDRESS: Final = 7_000
"""Bytes that they may take in an address, whose usual limit is 8,192 in all."""

AROUND: Final = len("&var.keys=")
"""Bytes around each of them."""


def batches(names: Iterable[str]) -> Iterator[list[str]]:
    """The different names, in groups that fit."""
    batch: list[str] = []
    size = 0
    for name in dict.fromkeys(names):
        length = len(quote_plus(name)) + AROUND
        if batch and (len(batch) == MOST or size + length > ADDRESS):
            yield batch
            batch, size = [], 0
        batch.append(name)
        size += length
    if batch:
        yield batch

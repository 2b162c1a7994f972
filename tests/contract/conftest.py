"""A ledger of every kind, on whose clock time passes by itself."""

from collections.abc import AsyncIterator

import pytest
from ledgers import Clock

from bulk.ledger import SqliteLedger


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["file", "memory"])
async def ledger(request, tmp_path, clock) -> AsyncIterator[SqliteLedger]:
    path = tmp_path / "ledger.db" if request.param == "file" else ":memory:"
    async with SqliteLedger(path, clock=clock) as ledger:
        yield ledger

"""Ledgers for tests: ``ledger`` is every adapter in turn, ``open_ledger`` opens one at a path."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from protocol.ports import Ledger
from tests.checkpoints.kit import ADAPTERS, Open, take_back_databases


@pytest.fixture(params=sorted(ADAPTERS))
def open_ledger(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Every adapter in turn."""
    yield ADAPTERS[request.param]
    take_back_databases()


@pytest.fixture
async def ledger(open_ledger: Open, tmp_path: Path) -> AsyncIterator[Ledger]:
    """An empty ledger on a floor clock that stands at START."""
    async with open_ledger(tmp_path / "data" / "ledger.db") as opened:
        yield opened

"""Ledgers for tests: ``ledger`` is every adapter in turn, ``open_ledger`` opens one at a path.

``url`` is a database on PostgreSQL for a module, ``connection`` one to it with an empty table of its own.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from checkpoints.postgres_connection import PostgresConnection, connect
from protocol.ports import Ledger
from tests.checkpoints.kit import ADAPTERS, Open, take_back_databases
from tests.postgres import some_database


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


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A database of this module."""
    with some_database() as found:
        yield found


@pytest.fixture
def connection(url: str) -> Iterator[PostgresConnection]:
    """A connection with an empty table of its own."""
    with closing(connect(url)) as found:
        found.execute(
            "CREATE TEMP TABLE kept (whole bigint UNIQUE, real double precision, said text, body bytea)"
        )
        yield found

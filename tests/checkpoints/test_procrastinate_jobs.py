"""Doorbells on PostgreSQL: one for each case with work due that nobody drives, and none for any other."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from checkpoints.postgres_connection import connect
from checkpoints.postgres_ledger import PostgresLedger
from protocol.ports import Tx
from protocol.rows import CaseStatus
from tests.checkpoints.kit import database_at, open_case, postgres, take_back_databases


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[PostgresLedger]:
    """An empty ledger."""
    async with postgres(tmp_path) as found:
        yield found
    take_back_databases()


def jobs(tmp_path: Path) -> list[str]:
    """The cases that a worker would find a job of."""
    with closing(connect(database_at(tmp_path))) as connection:
        found = connection.execute("SELECT args->>'case' FROM procrastinate_jobs ORDER BY id")
        return [case for (case,) in found]


async def test_case_has_a_job_as_long_as_something_is_due(ledger: PostgresLedger, tmp_path: Path) -> None:
    first = await ledger.write(lambda tx: open_case(tx, number=1, runnable=True))
    await ledger.write(lambda tx: open_case(tx, number=2, runnable=True))
    await ledger.write(lambda tx: open_case(tx, number=3, runnable=False))
    assert jobs(tmp_path) == ["case_1", "case_2"]
    waits = replace(first, status=CaseStatus.WAITING, runnable=False)
    await ledger.write(lambda tx: tx.save_case(waits))
    assert jobs(tmp_path) == ["case_2"]
    await ledger.write(lambda tx: tx.save_case(replace(waits, runnable=True)))
    assert jobs(tmp_path) == ["case_2", "case_1"]


async def test_job_stays_when_what_ended_its_case_is_undone(ledger: PostgresLedger, tmp_path: Path) -> None:
    case = await ledger.write(lambda tx: open_case(tx, number=1, runnable=True))

    def undone(tx: Tx) -> None:
        with tx.mark() as undo:
            tx.save_case(replace(case, runnable=False))
            undo()

    await ledger.write(undone)
    assert jobs(tmp_path) == ["case_1"]


async def test_job_that_a_worker_has_is_left_to_it(ledger: PostgresLedger, tmp_path: Path) -> None:
    case = await ledger.write(lambda tx: open_case(tx, number=1, runnable=True))
    with closing(connect(database_at(tmp_path))) as connection:
        connection.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    await ledger.write(lambda tx: tx.save_case(replace(case, runnable=False)))
    assert jobs(tmp_path) == ["case_1"]

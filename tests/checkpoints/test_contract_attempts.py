"""The ledger's port, part six: drives that were begun, and cases that nobody drives."""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from protocol.ports import Ledger, Tx
from protocol.rows import LeaseHolder
from tests.checkpoints.kit import open_case, sqlite

HERE, THERE = LeaseHolder("here", 1, "100"), LeaseHolder("there", 1, "100")


def begin(case: str, passes: int) -> Callable[[Tx], int]:
    return lambda tx: tx.begin_try(case, passes)


async def test_drives_without_a_finished_pass_add_up_until_one_ends_in_order(ledger: Ledger) -> None:
    assert await ledger.read(lambda tx: tx.tries("case_1")) == 0
    assert [await ledger.write(lambda tx: tx.begin_try("case_1", 0)) for _ in range(3)] == [1, 2, 3]
    assert await ledger.write(lambda tx: tx.begin_try("case_2", 0)) == 1
    assert await ledger.read(lambda tx: tx.tries("case_1")) == 3
    await ledger.write(lambda tx: tx.end_tries("case_1"))
    assert await ledger.read(lambda tx: (tx.tries("case_1"), tx.tries("case_2"))) == (0, 1)


async def test_finished_pass_begins_the_count_anew(ledger: Ledger) -> None:
    passes = (0, 0, 1, 1, 1, 2)
    found = [await ledger.write(begin("case_1", n)) for n in passes]
    assert found == [1, 2, 1, 2, 3, 1]


async def test_cases_with_work_due_are_told_with_their_leases(ledger: Ledger) -> None:
    for seq, runnable in enumerate((True, True, True, False), 1):
        await ledger.write(partial(open_case, number=seq, runnable=runnable))
    await ledger.write(lambda tx: tx.take_lease("case_2", THERE, 100.0, 15.0, False))
    await ledger.write(lambda tx: tx.take_lease("case_3", HERE, 100.0, 15.0, False))
    await ledger.write(lambda tx: tx.drop_lease("case_3", 1))
    found = await ledger.read(lambda tx: tx.undone())
    assert [case for case, _ in found] == ["case_1", "case_2", "case_3"]
    assert [row and (row.case, row.token, row.holder) for _, row in found] == [
        None,
        ("case_2", 1, THERE),
        ("case_3", 1, None),
    ]


@pytest.mark.parametrize(("passes", "tries"), [(-1, 1), (0, 0)], ids=["passes", "tries"])
async def test_schema_refuses_what_counts_nothing(tmp_path: Path, passes: int, tries: int) -> None:
    path = tmp_path / "ledger.db"
    async with sqlite(inline=True)(path):
        with sqlite3.connect(path) as raw, pytest.raises(sqlite3.IntegrityError):
            raw.execute("INSERT INTO attempts (case_id, passes, tries) VALUES ('c', ?, ?)", (passes, tries))

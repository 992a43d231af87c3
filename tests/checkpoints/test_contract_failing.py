"""The ledger's port: a statement that fails in its database meets the job, and the mark, that it stands in.

On PostgreSQL a statement may be sent later than it is asked for: nobody but the job's own clock may notice.
"""

import asyncio
from typing import Any

import pytest

from checkpoints.sql_tx import SqlTx
from checkpoints.taping import tape
from protocol.ports import Ledger, Tx
from protocol.records import Ref
from tests.checkpoints.kit import event_row, put

VIOLATED = "UniqueViolation|IntegrityError"


def twice(tx: Tx, identifier: str = "E1") -> None:
    """What no database takes."""
    for _ in range(2):
        tx.put_event(event_row(identifier))


def in_a_mark(tx: Tx, identifier: str = "E1") -> str:
    """Do it in a mark: the name of the error that comes out of that."""
    try:
        with tx.mark():
            twice(tx, identifier)
    except Exception as error:  # noqa: BLE001 - each database has its own
        return type(error).__name__
    return "none"


async def test_what_fails_in_a_mark_is_told_there_and_undone(ledger: Ledger) -> None:
    def job(tx: Tx) -> str:
        put("pile", "P1")(tx)
        error = in_a_mark(tx)
        tx.put_event(event_row("after"))
        return error

    assert await ledger.write(job) in VIOLATED
    found = await ledger.read(lambda tx: [tx.event(name) is not None for name in ("E1", "after")])
    assert found == [False, True]
    assert await ledger.read(lambda tx: tx.get("pile", "P1")) is not None


async def test_tape_of_it_holds_what_was_done(ledger: Ledger) -> None:
    item: dict[str, Any] = {}

    def job(tx: Tx) -> None:
        assert isinstance(tx, SqlTx)
        with tape(tx, item):
            in_a_mark(tx)
            tx.put_event(event_row("after"))

    await ledger.write(job)
    kept = ["put_event", "outbox_event"]
    assert [name for name, *_ in item["asked"]] == [
        "SAVEPOINT m1",
        *kept,
        "ROLLBACK TO m1",
        "RELEASE m1",
        *kept,
    ]
    assert [answer for *_, answer in item["asked"]] == [-1, [[1]], 1, -1, -1, [[1]], 1]


@pytest.mark.parametrize("raises", [False, True])
async def test_job_that_fails_harms_none_that_is_committed_with_it(ledger: Ledger, raises: bool) -> None:
    def wrong(tx: Tx) -> None:
        twice(tx)
        if raises:
            raise ValueError("it was not even looked at")

    jobs = (put("pile", "P1"), wrong, put("pile", "P2"))
    first, told, last = await asyncio.gather(*map(ledger.write, jobs), return_exceptions=True)
    assert (first, type(told).__name__ in VIOLATED, last) == (0, True, 0)
    assert await ledger.read(lambda tx: [tx.get("pile", k) is not None for k in ("P1", "P2")]) == [True, True]


async def test_failed_mark_leaves_nothing_of_what_was_known_in_it(ledger: Ledger) -> None:
    ghost = Ref("pile", "GHOST")

    def in_it(tx: Tx) -> None:
        with tx.mark():
            tx.write(ghost, None, {"count": 0}, {}, "keeper", "c")
            assert tx.get(*ghost) is not None
            twice(tx)
            raise ValueError("a rule")

    def job(tx: Tx) -> None:
        assert isinstance(tx, SqlTx)
        put("pile", "P0")(tx)
        before = tx.stands()
        with pytest.raises(Exception, match=r"events_id_key|events\.id"):
            in_it(tx)
        assert tx.stands() == before, "the next entry of the audit log tells of no row that is undone"
        assert tx.get(*ghost) is None

    await ledger.write(job)


async def test_what_fails_before_a_mark_is_not_told_as_its_own(ledger: Ledger) -> None:
    def in_it(tx: Tx) -> None:
        with tx.mark():
            tx.event("E1")

    def job(tx: Tx) -> None:
        twice(tx)
        in_it(tx)

    with pytest.raises(Exception, match=r"events_id_key|events\.id"):
        await ledger.write(job)

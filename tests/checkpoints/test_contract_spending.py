"""The ledger's port, part nine: what calls of models take, and what is reserved for those under way."""

from decimal import Decimal

from protocol.ports import Ledger, Tx
from protocol.spending import Reservation, Spend, Spent, case_scope

ROW = Reservation("case_1/1/a/1", "case_1", "a", "2026-03-02", Spend(1200, Decimal("0.0000000125")), 17.5)


async def test_what_a_scope_took_is_kept_exactly(ledger: Ledger) -> None:
    scope, spent = case_scope("case_1"), Spent(Spend(7, Decimal("0.000000000001"), 250), "used up")
    assert await ledger.read(lambda tx: tx.spending.spent(scope)) == Spent()
    for kept in (Spent(Spend(1, Decimal(0), 1)), spent):

        def put(tx: Tx, kept: Spent = kept) -> None:
            tx.spending.put(scope, kept)

        await ledger.write(put)
    assert await ledger.read(lambda tx: tx.spending.spent(scope)) == spent
    assert await ledger.read(lambda tx: tx.spending.spent(case_scope("case_2"))) == Spent()


async def test_a_reservation_is_made_once_and_taken_once(ledger: Ledger) -> None:
    assert await ledger.write(lambda tx: tx.spending.reserve(ROW))
    assert not await ledger.write(lambda tx: tx.spending.reserve(ROW))
    assert await ledger.read(lambda tx: tx.spending.reservations("case_1")) == [ROW]
    assert await ledger.read(lambda tx: tx.spending.reservations("case_2")) == []
    assert await ledger.write(lambda tx: tx.spending.take(ROW.id)) == ROW
    assert await ledger.write(lambda tx: tx.spending.take(ROW.id)) is None
    assert await ledger.read(lambda tx: tx.spending.reservations("case_1")) == []


async def test_what_is_undone_was_not_reserved(ledger: Ledger) -> None:
    def job(tx: Tx) -> None:
        with tx.mark() as undo:
            tx.spending.reserve(ROW)
            undo()

    await ledger.write(job)
    assert await ledger.read(lambda tx: tx.spending.reservations("case_1")) == []

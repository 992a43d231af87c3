"""The ledger's port, part eight: numbered reports that wait, and letters of those that were refused."""

from dataclasses import replace

from protocol.inbound import LetterRow, ParkedRow
from protocol.ports import Ledger

ROW = ParkedRow("feed:log", "M7", 3, "row_c", "[]", 1.5)
LETTER = LetterRow("feed:log", "row_x", "unknown_fact", "there is no such fact", "[]", "2026-03-02T09:00:00Z")


async def test_number_of_an_aggregate_is_remembered_and_moves_on(ledger: Ledger) -> None:
    assert await ledger.read(lambda tx: tx.inbound.applied("feed:log", "M7")) is None
    for number in (1, 2):
        await ledger.write(lambda tx, n=number: tx.inbound.set_applied("feed:log", "M7", n))  # type: ignore[misc]
    found = await ledger.read(lambda tx: [tx.inbound.applied("feed:log", a) for a in ("M7", "M8")])
    assert found == [2, None]


async def test_one_report_of_a_number_waits_until_it_is_taken_up(ledger: Ledger) -> None:
    rows = [
        ROW,
        replace(ROW, number=2, source_id="row_b"),
        replace(ROW, aggregate="M8"),
        replace(ROW, source="b"),
    ]
    assert [await ledger.write(lambda tx, r=r: tx.inbound.park(r)) for r in rows] == [True] * 4  # type: ignore[misc]
    assert not await ledger.write(lambda tx: tx.inbound.park(replace(ROW, source_id="row_d")))
    of_one = await ledger.read(lambda tx: tx.inbound.parked("feed:log", "M7"))
    assert of_one == [rows[1], rows[0]]
    assert len(await ledger.read(lambda tx: tx.inbound.parked("feed:log"))) == 3
    assert len(await ledger.read(lambda tx: tx.inbound.parked())) == 4
    await ledger.write(lambda tx: tx.inbound.unpark("feed:log", "M7", 3))
    assert await ledger.read(lambda tx: tx.inbound.parked("feed:log", "M7")) == [rows[1]]


async def test_letter_says_the_latest_reason_and_goes_when_it_is_dropped(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.inbound.put_letter(LETTER))
    latest = replace(LETTER, code="bad_fact")
    await ledger.write(lambda tx: tx.inbound.put_letter(latest))
    assert await ledger.read(lambda tx: tx.inbound.letters()) == [latest]
    await ledger.write(lambda tx: tx.inbound.drop_letter("feed:log", "row_x"))
    assert await ledger.read(lambda tx: tx.inbound.letters()) == []

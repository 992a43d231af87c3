"""The ledger's port, part seven: deliveries to receivers outside, each subject in order."""

from collections.abc import Callable, Sequence

from protocol.delivery import DeliveryEvent, DeliveryState, Fate
from protocol.outbox import Claimed
from protocol.ports import Ledger, Tx
from tests.checkpoints.kit import event_row

ACK, GIVE_UP = Fate(DeliveryEvent.ACKNOWLEDGE), Fate(DeliveryEvent.GIVE_UP, "answered 400")
ALL = 1000


def publish(*subjects: str, start: int = 1) -> Callable[[Tx], None]:
    """Events evt_1, evt_2 … on these subjects, and a receiver that wants them all."""

    def job(tx: Tx) -> None:
        for number, subject in enumerate(subjects, start):
            tx.put_event(event_row(f"evt_{number}", subject=subject))
        tx.outbox.meet("erp", 0)
        tx.outbox.spread("erp", ["*"], 0.0, ALL)

    return job


def claim(now_s: float = 1.0, most: int = ALL) -> Callable[[Tx], Sequence[Claimed]]:
    return lambda tx: tx.outbox.claim("erp", now_s, now_s + 10.0, most)


def seqs(claimed: Sequence[Claimed]) -> list[int]:
    return [c.row.event_seq for c in claimed]


def conclude(taken: Claimed, fate: Fate, now_s: float = 2.0) -> Callable[[Tx], bool]:
    return lambda tx: tx.outbox.conclude(taken.row, fate, now_s)


async def test_first_of_each_subject_is_due_and_the_next_when_it_is_sent(ledger: Ledger) -> None:
    await ledger.write(publish("a", "b", "a", "a"))
    taken = await ledger.write(claim())
    assert [(c.row.event_seq, c.row.subject_seq, c.event.id) for c in taken] == [
        (1, 1, "evt_1"),
        (2, 1, "evt_2"),
    ]
    assert await ledger.write(claim()) == []
    assert await ledger.write(conclude(taken[0], ACK))
    (third,) = await ledger.write(claim(3.0))
    assert (third.row.event_seq, third.row.subject_seq, third.row.attempts) == (3, 2, 1)


async def test_failed_one_is_due_again_after_its_wait(ledger: Ledger) -> None:
    await ledger.write(publish("a", "a"))
    (taken,) = await ledger.write(claim())
    fate = Fate(DeliveryEvent.FAIL, "answered 500", 5.0)
    assert await ledger.write(conclude(taken, fate))
    assert await ledger.read(lambda tx: tx.outbox.next_due("erp")) == 7.0
    assert await ledger.write(claim(6.9)) == []
    (again,) = await ledger.write(claim(7.0))
    assert (again.row.attempts, again.row.claims, again.row.error) == (2, 2, "answered 500")


async def test_who_was_overtaken_writes_nothing(ledger: Ledger) -> None:
    await ledger.write(publish("a"))
    (slow,) = await ledger.write(claim(1.0))
    (other,) = await ledger.write(claim(11.0))
    assert not await ledger.write(conclude(slow, GIVE_UP))
    assert await ledger.write(conclude(other, ACK))
    assert not await ledger.write(conclude(other, ACK))
    (row,) = await ledger.read(lambda tx: tx.outbox.deliveries("evt_1"))
    assert (row.state, row.claims, row.sent_s, row.next_s) == (DeliveryState.SENT, 2, 2.0, None)
    (receiver,) = await ledger.read(lambda tx: tx.outbox.receivers())
    assert receiver.acknowledged == 1


async def test_dead_one_holds_its_subject_until_it_is_retried_or_skipped(ledger: Ledger) -> None:
    await ledger.write(publish("a", "a", "b"))
    first, other = await ledger.write(claim())
    await ledger.write(conclude(first, GIVE_UP))
    await ledger.write(conclude(other, ACK))
    assert await ledger.write(claim(99.0)) == []
    backlog = await ledger.read(lambda tx: tx.outbox.backlog("erp"))
    assert (backlog.pending, backlog.dead, backlog.oldest_s) == (1, 1, None)
    assert seqs(await ledger.read(lambda tx: tx.outbox.dead("erp"))) == [1]
    assert await ledger.read(lambda tx: tx.outbox.dead("other")) == []
    assert await ledger.write(lambda tx: tx.outbox.retry("erp", None, 100.0)) == 1
    (again,) = await ledger.write(claim(100.0))
    assert (again.row.event_seq, again.row.attempts, again.row.claims) == (1, 1, 2)
    await ledger.write(conclude(again, GIVE_UP))
    assert await ledger.write(lambda tx: tx.outbox.skip("erp", 1, 101.0))
    assert not await ledger.write(lambda tx: tx.outbox.skip("erp", 1, 101.0))
    assert seqs(await ledger.write(claim(101.0))) == [2]


async def test_stopped_receiver_is_sent_nothing_until_it_is_started(ledger: Ledger) -> None:
    await ledger.write(publish("a"))
    await ledger.write(lambda tx: tx.outbox.stop("erp", "answered 410"))
    assert await ledger.write(claim()) == []
    (receiver,) = await ledger.read(lambda tx: tx.outbox.receivers())
    assert receiver.stopped == "answered 410"
    assert await ledger.write(lambda tx: tx.outbox.start("erp"))
    assert not await ledger.write(lambda tx: tx.outbox.start("erp"))
    assert seqs(await ledger.write(claim())) == [1]


async def test_what_is_asked_for_again_comes_in_order_from_there(ledger: Ledger) -> None:
    await ledger.write(publish("a", "b", "a", "a", "a"))
    for _ in range(3):  # all but the last of a
        for taken in await ledger.write(claim(3.0)):
            await ledger.write(conclude(taken, ACK))
    assert await ledger.write(lambda tx: tx.outbox.resend("erp", 3, 10.0)) == 2
    sent = []
    for _ in range(3):
        (taken,) = await ledger.write(claim(10.0))
        await ledger.write(conclude(taken, ACK))
        sent.append(taken.row.event_seq)
    assert sent == [3, 4, 5]


async def test_attempt_under_way_is_not_counted_when_an_earlier_one_is_asked_for_again(
    ledger: Ledger,
) -> None:
    await ledger.write(publish("a", "a"))
    (first,) = await ledger.write(claim())
    await ledger.write(conclude(first, ACK))
    (second,) = await ledger.write(claim(3.0))
    await ledger.write(lambda tx: tx.outbox.resend("erp", 1, 4.0))
    assert not await ledger.write(conclude(second, ACK))
    assert seqs(await ledger.write(claim(4.0))) == [1]


async def test_only_what_is_wanted_becomes_a_delivery_and_is_numbered_without_a_gap(ledger: Ledger) -> None:
    def job(tx: Tx) -> list[int]:
        tx.outbox.meet("erp", 1)
        for number, kind in enumerate(("lifted", "lifted", "lost", "lifted", "lifted"), 1):
            family = "delivery" if number == 4 else "crate"
            row = event_row(f"evt_{number}", type=f"{family}.{kind}", subject="erp")
            tx.put_event(row)
        wanted = ["crate.lifted", "delivery.*"]
        return [tx.outbox.spread("erp", wanted, 0.0, 3), tx.outbox.spread("erp", wanted, 0.0, 3)]

    assert await ledger.write(job) == [3, 1]
    found = await ledger.read(lambda tx: [tx.outbox.deliveries(f"evt_{n}") for n in range(1, 6)])
    assert [[row.subject_seq for row in rows] for rows in found] == [[], [1], [], [], [2]]
    assert not await ledger.write(lambda tx: tx.outbox.meet("erp", 9))
    assert await ledger.read(lambda tx: tx.outbox.last_event()) == 5
    (row,) = await ledger.read(lambda tx: tx.outbox.receivers())
    assert (row.since_seq, row.spread_seq, row.wanted, row.wanted_seq) == (
        1,
        5,
        '["crate.lifted","delivery.*"]',
        1,
    )

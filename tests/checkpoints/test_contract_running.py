"""The ledger's port, part four: jobs beside each other, the clock, leases and their fence."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from protocol.errors import DependencyDownError
from protocol.ports import Ledger, ReadTx, Tx
from protocol.records import Ref
from protocol.rows import LeaseHolder
from tests.checkpoints.kit import LATER, START, Open, put

ME, OTHER = LeaseHolder("host", 1, "100"), LeaseHolder("host", 2, "200")
P1 = Ref("pile", "P1")


def take(amount: int) -> Callable[[Tx], str]:
    def job(tx: Tx) -> str:
        pile = tx.get("pile", "P1")
        assert pile is not None
        if pile["count"] < amount:
            return "short"
        return "stale" if tx.write(P1, pile.version, {}, {"count": -amount}, "k", "c") is None else "taken"

    return job


async def test_jobs_that_wait_together_see_each_other_in_order(ledger: Ledger) -> None:
    await ledger.write(put("pile", "P1", count=500))
    found = await asyncio.gather(*(ledger.write(take(400)) for _ in range(8)))
    assert found == ["taken", *["short"] * 7]
    left = await ledger.read(lambda tx: tx.get("pile", "P1"))
    assert left is not None
    assert left["count"] == 100


async def test_failing_job_rolls_back_only_itself(ledger: Ledger) -> None:
    def job(number: int) -> Callable[[Tx], int]:
        def run(tx: Tx) -> int:
            put("crate", f"C{number}")(tx)
            if number % 3 == 0:
                raise KeyError(number)
            return number

        return run

    found = await asyncio.gather(*(ledger.write(job(n)) for n in range(100)), return_exceptions=True)
    assert [f for f in found if isinstance(f, int)] == [n for n in range(100) if n % 3]
    assert all(isinstance(f, KeyError) for n, f in enumerate(found) if n % 3 == 0)
    stored = await ledger.read(lambda tx: {r.key for r in tx.find("crate")})
    assert stored == {f"C{n}" for n in range(100) if n % 3}


async def test_job_that_hits_a_constraint_harms_nobody_else(ledger: Ledger) -> None:
    def twice(tx: Tx) -> None:
        tx.put_turn("case_1", 1, "crew", {"agent": "crew"})
        tx.put_turn("case_1", -1, "crew", {"agent": "crew"})

    results = await asyncio.gather(
        ledger.write(put("crate", "C1")),
        ledger.write(twice),
        ledger.write(put("crate", "C2")),
        return_exceptions=True,
    )
    assert (results[0], results[2]) == (0, 0)
    assert isinstance(results[1], Exception)
    assert await ledger.read(lambda tx: tx.turns("case_1")) == []
    assert len(await ledger.read(lambda tx: tx.find("crate"))) == 2


async def test_stop_iteration_of_a_job_is_told_too(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await ledger.write(lambda tx: next(iter(())))


async def test_read_sees_one_state(ledger: Ledger) -> None:
    await ledger.write(put("pile", "P1", count=0, promised=0))

    def move(tx: Tx) -> None:
        pile = tx.get("pile", "P1")
        assert pile is not None
        tx.write(P1, pile.version, {}, {"count": 1, "promised": 1}, "k", "c")

    def even(tx: ReadTx) -> bool:
        pile, last = tx.get("pile", "P1"), tx.writes(P1)[-1]
        return pile is not None and pile["count"] == pile["promised"] == last.body["count"]

    results = await asyncio.gather(*(f for _ in range(40) for f in (ledger.write(move), ledger.read(even))))
    assert all(results[1::2])


async def test_exception_of_a_read_is_told_and_reading_goes_on(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError):
        await ledger.read(lambda tx: 1 // 0)
    assert await ledger.read(lambda tx: tx.counts()["cases"]) == 0


async def test_read_cannot_write(ledger: Ledger) -> None:
    assert not await ledger.read(lambda tx: hasattr(tx, "write"))


async def test_closed_ledger_takes_no_more(open_ledger: Open, tmp_path: Path) -> None:
    async with open_ledger(tmp_path / "ledger.db") as ledger:
        waiting = asyncio.gather(*(ledger.write(put("crate", f"C{n}")) for n in range(5)))
        await asyncio.sleep(0)
        await ledger.close()
        assert await waiting == [0] * 5
        with pytest.raises(DependencyDownError, match="closed"):
            await ledger.write(put("crate", "C9"))


async def test_what_was_written_is_there_after_reopening(open_ledger: Open, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    async with open_ledger(path) as ledger:
        await ledger.write(put("crate", "C1", place="north"))
        lineage = await ledger.read(lambda tx: tx.meta("lineage"))
    async with open_ledger(path) as ledger:
        assert await ledger.read(lambda tx: [r.key for r in tx.find("crate", place="north")]) == ["C1"]
        assert await ledger.read(lambda tx: tx.meta("lineage")) == lineage


async def test_cancelled_caller_leaves_the_ledger_working(ledger: Ledger) -> None:
    waiting = asyncio.ensure_future(ledger.write(put("crate", "C1")))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await ledger.write(put("crate", "C2")) == 0


# The clock


async def test_floor_clock_moves_forward_only(ledger: Ledger) -> None:
    def job(tx: Tx) -> list[str]:
        seen = [tx.now]
        for to in ("2026-03-02T09:05:00.250Z", START):
            tx.advance_clock(to)
            seen.append(tx.now)
        return seen

    assert await ledger.write(job) == [START, "2026-03-02T09:05:00Z", "2026-03-02T09:05:00Z"]
    assert await ledger.read(lambda tx: (tx.now, tx.meta("clock"))) == ("2026-03-02T09:05:00Z",) * 2


async def test_floor_clock_survives(open_ledger: Open, tmp_path: Path) -> None:
    async with open_ledger(tmp_path / "ledger.db") as ledger:
        await ledger.write(lambda tx: tx.advance_clock(LATER))
    async with open_ledger(tmp_path / "ledger.db") as ledger:
        assert await ledger.read(lambda tx: tx.now) == LATER


class Hand:
    """A system clock that a test sets."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> str:
        return self.at


async def test_system_clock_never_goes_back_behind_what_was_recorded(
    open_ledger: Open, tmp_path: Path
) -> None:
    hand = Hand()
    async with open_ledger(tmp_path / "ledger.db", clock=hand, clock_start=None) as ledger:
        hand.at = LATER
        assert await ledger.write(lambda tx: tx.now) == LATER
        hand.at = "2026-03-01T00:00:00Z"
        assert await ledger.write(lambda tx: tx.now) == LATER
        assert await ledger.read(lambda tx: tx.now) == LATER
    async with open_ledger(tmp_path / "ledger.db", clock=hand) as ledger:
        assert await ledger.write(lambda tx: tx.now) == LATER
        hand.at = "2026-03-02T11:00:00.75Z"
        assert await ledger.read(lambda tx: tx.now) == "2026-03-02T11:00:00Z"


async def test_system_clock_stands_still_within_a_job_and_is_not_advanced(
    open_ledger: Open, tmp_path: Path
) -> None:
    hand = Hand()

    def job(tx: Tx) -> list[str]:
        seen = [tx.now]
        hand.at = LATER
        tx.advance_clock("2026-04-01T00:00:00Z")
        return [*seen, tx.now]

    async with open_ledger(tmp_path / "ledger.db", clock=hand) as ledger:
        assert await ledger.write(job) == [START, START]
        assert await ledger.write(lambda tx: tx.now) == LATER


# Leases


async def test_lease_is_held_by_one(ledger: Ledger) -> None:
    assert await ledger.read(lambda tx: tx.lease("case_1")) is None
    assert await ledger.write(lambda tx: tx.take_lease("case_1", ME, 100.0, 15.0, False)) == 1
    assert await ledger.write(lambda tx: tx.take_lease("case_1", OTHER, 114.9, 15.0, False)) is None
    assert await ledger.write(lambda tx: tx.take_lease("case_1", ME, 101.0, 15.0, False)) is None
    row = await ledger.read(lambda tx: tx.lease("case_1"))
    assert row is not None
    assert (row.token, row.holder, row.expires) == (1, ME, 115.0)


@pytest.mark.parametrize("now", [101.0, 115.0])
async def test_takeover_raises_the_fence(ledger: Ledger, now: float) -> None:
    await ledger.write(lambda tx: tx.take_lease("case_1", ME, 100.0, 15.0, False))
    assert await ledger.write(lambda tx: tx.take_lease("case_1", OTHER, now, 15.0, False)) is None
    assert await ledger.write(lambda tx: tx.take_lease("case_1", OTHER, now, 15.0, True)) == 2
    assert await ledger.write(lambda tx: tx.holds("case_1", 1)) is False
    assert await ledger.write(lambda tx: tx.holds("case_1", 2)) is True
    assert await ledger.write(lambda tx: tx.renew_lease("case_1", 1, now, 15.0)) is False


async def test_renewed_lease_shows_that_it_was(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.take_lease("case_1", ME, 100.0, 15.0, False))
    for now, shown in ((110.0, 125.0), (50.0, 126.0)):
        assert await ledger.write(lambda tx, now=now: tx.renew_lease("case_1", 1, now, 15.0)) is True  # type: ignore[misc]
        row = await ledger.read(lambda tx: tx.lease("case_1"))
        assert row is not None
        assert row.expires == shown


async def test_dropped_lease_is_free_and_its_fence_stays(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.take_lease("case_1", ME, 100.0, 15.0, False))
    await ledger.write(lambda tx: tx.drop_lease("case_1", 1))
    row = await ledger.read(lambda tx: tx.lease("case_1"))
    assert row is not None
    assert (row.token, row.holder) == (1, None)
    assert await ledger.write(lambda tx: tx.renew_lease("case_1", 1, 101.0, 15.0)) is False
    assert await ledger.write(lambda tx: tx.take_lease("case_1", OTHER, 101.0, 15.0, False)) == 2
    await ledger.write(lambda tx: tx.drop_lease("case_1", 1))
    assert await ledger.write(lambda tx: tx.holds("case_1", 2)) is True
    row = await ledger.read(lambda tx: tx.lease("case_1"))
    assert row is not None
    assert row.holder == OTHER


async def test_fence_of_an_unknown_case_is_never_held(ledger: Ledger) -> None:
    assert await ledger.write(lambda tx: tx.holds("case_9", 0)) is False

"""The ledger's port, part five: breakers, last good answers, and the slots of agents with a rate."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.breaker import Breaker, BreakerState, CallResult, Entry, Probe
from protocol.ports import Ledger
from protocol.rows import GoodAnswer
from tests.checkpoints.calls import NAME, NOW, OPENED, ask, tell
from tests.checkpoints.kit import LATER, LATEST, START, Open

FULL = [
    Breaker(NAME, failures=1, window="01"),
    OPENED,
    replace(OPENED, state=BreakerState.HALF_OPEN, probe=Probe("case_1/x1", NOW + 20.5)),
    replace(OPENED, cause="works on it", tripped_by="a.vos"),
    Breaker(NAME, since_s=NOW + 60),
]


async def test_breaker_comes_back_as_it_was_stored(ledger: Ledger) -> None:
    assert await ledger.read(lambda tx: tx.breaker(NAME)) is None
    for version, row in enumerate(FULL):
        assert await ledger.write(lambda tx, row=row, version=version: tx.save_breaker(row, version))  # type: ignore[misc]
        assert await ledger.read(lambda tx: tx.breaker(NAME)) == replace(row, version=version + 1)


async def test_breakers_are_listed_by_name(ledger: Ledger) -> None:
    for name in ("model:small", "b/a", "a/b"):
        await ledger.write(lambda tx, name=name: tx.save_breaker(Breaker(name), 0))  # type: ignore[misc]
    assert [b.name for b in await ledger.read(lambda tx: tx.breakers())] == ["a/b", "b/a", "model:small"]


async def test_breaker_is_saved_only_on_the_version_that_was_read(ledger: Ledger) -> None:
    assert await ledger.write(lambda tx: tx.save_breaker(OPENED, 0))
    for stale in (0, 2):
        assert not await ledger.write(lambda tx, stale=stale: tx.save_breaker(Breaker(NAME), stale))  # type: ignore[misc]
    stored = await ledger.read(lambda tx: tx.breaker(NAME))
    assert stored == replace(OPENED, version=1)


@pytest.mark.parametrize("row", [replace(FULL[2], probe=None), replace(OPENED, opened_s=None)])
async def test_breaker_that_would_be_stuck_cannot_be_stored(ledger: Ledger, row: Breaker) -> None:
    with pytest.raises(Exception, match=r"(?i)check"):
        await ledger.write(lambda tx: tx.save_breaker(row, 0))


async def test_of_a_hundred_callers_at_half_open_one_probes(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.save_breaker(OPENED, 0))
    entries = await asyncio.gather(*(ledger.write(ask(f"c{n}", NOW + 30)) for n in range(100)))
    assert sorted(entries) == [Entry.PROBE, *[Entry.REFUSED] * 99]
    winner = entries.index(Entry.PROBE)
    foreign = await ledger.write(tell(f"c{(winner + 1) % 100}", CallResult.GOOD, NOW + 31))
    assert foreign is BreakerState.HALF_OPEN
    assert await ledger.write(tell(f"c{winner}", CallResult.GOOD, NOW + 31)) is BreakerState.CLOSED
    assert await ledger.write(ask("next", NOW + 31)) is Entry.ADMITTED


async def test_open_breaker_is_open_after_a_restart_until_its_cooldown(
    open_ledger: Open, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    async with open_ledger(path) as ledger:
        for n in range(3):
            await ledger.write(tell(f"c{n}", CallResult.TIMEOUT, NOW))
    async with open_ledger(path) as ledger:
        assert await ledger.write(ask("a", NOW + 29.9)) is Entry.REFUSED
        assert await ledger.write(ask("b", NOW + 30)) is Entry.PROBE
    async with open_ledger(path) as ledger:
        assert await ledger.write(ask("c", NOW + 49.9)) is Entry.REFUSED, "the probe's lease stands"
        assert await ledger.write(ask("c", NOW + 50)) is Entry.PROBE


def answer(**fields: object) -> GoodAnswer:
    row: dict[str, object] = {
        "caller": "crew",
        "callee": "crane",
        "request": "find",
        "params_hash": "sha256:p",
        "values": {"start": START, "list": [1, None]},
        "at": START,
    }
    return GoodAnswer(**(row | fields))  # type: ignore[arg-type]


async def test_last_good_answer_is_kept_for_each_request_and_params(ledger: Ledger) -> None:
    first, newer = answer(), answer(values={"start": LATER}, at=LATER)
    others = [answer(caller="x"), answer(callee="x"), answer(request="x"), answer(params_hash="x")]
    for row in (first, *others, newer):
        await ledger.write(lambda tx, row=row: tx.put_good_answer(row, START))  # type: ignore[misc]
    for row in (newer, *others):
        key = (row.caller, row.callee, row.request, row.params_hash)
        assert await ledger.read(lambda tx, key=key: tx.good_answer(*key)) == row  # type: ignore[misc]
    assert await ledger.read(lambda tx: tx.good_answer("crew", "crane", "find", "other")) is None


async def test_answers_too_old_to_be_given_are_forgotten(ledger: Ledger) -> None:
    old, elsewhere, new = answer(), answer(callee="other"), answer(params_hash="sha256:q", at=LATEST)
    for row in (old, elsewhere):
        await ledger.write(lambda tx, row=row: tx.put_good_answer(row, START))  # type: ignore[misc]
    await ledger.write(lambda tx: tx.put_good_answer(new, LATER))
    assert await ledger.read(lambda tx: tx.good_answer("crew", "crane", "find", "sha256:p")) is None
    assert await ledger.read(lambda tx: tx.good_answer("crew", "other", "find", "sha256:p")) == elsewhere


async def test_turn_slots_are_kept_by_agent_in_order_and_forgotten(ledger: Ledger) -> None:
    for agent, at_s in (("crew", NOW + 2), ("crew", NOW), ("crane", NOW + 1), ("crew", NOW + 1)):
        await ledger.write(lambda tx, a=agent, s=at_s: tx.put_turn_slot(a, s, 0.0))  # type: ignore[misc]
    assert await ledger.read(lambda tx: tx.turn_slots("crew", NOW)) == [NOW + 1, NOW + 2]
    await ledger.write(lambda tx: tx.put_turn_slot("crew", NOW + 3, NOW + 1))
    assert await ledger.read(lambda tx: tx.turn_slots("crew", 0.0)) == [NOW + 2, NOW + 3]
    assert await ledger.read(lambda tx: tx.turn_slots("crane", 0.0)) == [NOW + 1]

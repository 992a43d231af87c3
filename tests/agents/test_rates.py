"""Agents with a rate, in virtual time: they wait their share, and too long a wait is a failed turn (R14)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agents.models import ModelAccess, OfflineAccess
from agents.turn_runtime import Job, TurnRuntime
from checkpoints.sqlite_ledger import SqliteLedger
from protocol.manifest import Rate
from protocol.position import Trigger
from protocol.rows import CaseRow
from protocol.turns import Turn
from protocol.world import World
from tests.floors_loaded import harbour
from tests.graph.harbour_app import Models
from tests.virtual_time import VirtualLoop, in_virtual_time

PERSON = {"type": "person", "person": "guest", "roles": [], "text": "Where is V-1?"}
SHIP = {"visit": "V-2", "hours": 6, "arrives": "2026-05-04T10:00:00Z"}
ANNOUNCED = {"type": "event", "id": "e", "event": "ship.announced", "subject": "visit/V-2", "data": SHIP}
CALL_S, EVENT_S = 20, 60
"""Of berthing's manifest."""

Take = Callable[..., Awaitable[Turn]]


def rated(per_minute: int) -> World:
    """The harbour, its berthing with a rate."""
    world = harbour().world
    berthing = world.manifests["berthing"].model_copy(update={"rate": Rate(per_minute=per_minute)})
    return replace(world, manifests={**world.manifests, "berthing": berthing})


def played(
    tmp_path: Path,
    world: World,
    work: Callable[[Take, VirtualLoop], Awaitable[None]],
    runtimes: int = 1,
    models: ModelAccess | None = None,
) -> list[dict[str, object]]:
    """Let ``work`` take turns, each in a case of its own, by runtimes in turn; what was told of limits."""

    async def run(loop: VirtualLoop) -> list[dict[str, object]]:
        floor = harbour()
        ledger = await SqliteLedger.open(
            tmp_path / "ledger.db",
            floor="harbour",
            clock=None,
            clock_start="2026-05-04T04:00:00Z",
            world_types=world.types,
            inline=True,
        )
        await ledger.write(lambda tx: tx.put_seed(floor.seed, lambda kind: world.owners[kind]))
        access = models or OfflineAccess(floor.policies)
        takers = [
            TurnRuntime(world, ledger, access, floor.prompts, loop.time, loop.time) for _ in range(runtimes)
        ]
        taken = 0

        async def take(trigger: Trigger = PERSON, agent: str = "berthing") -> Turn:
            nonlocal taken
            taken += 1
            case = CaseRow(f"case_{taken}", taken, "text", "line", str(taken), "2026-05-04T04:00:00Z")
            return await takers[taken % runtimes].take(Job(case, agent, 1, (trigger,)))

        await work(take, loop)
        limited = await ledger.read(lambda tx: tx.events(type="rate.limited"))
        await ledger.close()
        return [dict(e.data) for e in limited]

    return in_virtual_time(run)


def test_turns_within_the_rate_are_taken_at_once(tmp_path: Path) -> None:
    async def work(take: Take, loop: VirtualLoop) -> None:
        turns = await asyncio.gather(*(take() for _ in range(5)))
        assert {t.failure for t in turns} == {None}
        assert loop.time() == 0

    assert played(tmp_path, rated(5), work) == []


def test_agent_without_a_rate_takes_any_number(tmp_path: Path) -> None:
    async def work(take: Take, loop: VirtualLoop) -> None:
        turns = await asyncio.gather(*(take(agent="fairway") for _ in range(50)))
        assert ({t.failure for t in turns}, loop.time()) == ({None}, 0)

    assert played(tmp_path, rated(1), work) == []


@pytest.mark.parametrize("runtimes", [1, 2])
def test_turn_over_the_rate_waits_for_its_share_whoever_takes_it(tmp_path: Path, runtimes: int) -> None:
    """``event_s`` leaves a wait of 48 of its 60 seconds; ``call_s`` of 16 of its 20."""
    starts: list[float] = []

    async def work(take: Take, loop: VirtualLoop) -> None:
        for at in (0, 5, 15):
            await asyncio.sleep(at - loop.time())
            await take()
        await asyncio.sleep(50 - loop.time())

        async def timed() -> None:
            turn = await take()
            assert (turn.failure, turn.pace) == (None, "")
            starts.append(loop.time())

        await asyncio.gather(timed(), timed())

    told = played(tmp_path, rated(3), work, runtimes)
    assert starts == [60, 65]
    assert [(d["per_minute"], d["wait_ms"], d["taken"]) for d in told] == [
        (3, 10_000, True),
        (3, 15_000, True),
    ]


def test_turn_that_would_wait_too_long_fails_at_once_and_takes_no_slot(tmp_path: Path) -> None:
    async def work(take: Take, loop: VirtualLoop) -> None:
        await take()
        for _ in range(3):
            turn = await take()
            assert (turn.failure, turn.attempts, turn.usage.model_calls) == ("rate", 0, 0)
            assert "rate" in turn.detail
        assert loop.time() == 0
        await asyncio.sleep(45)
        assert (await take()).failure is None
        assert loop.time() == 60

    told = played(tmp_path, rated(1), work)
    assert [d["taken"] for d in told] == [False, False, False, True]


def test_events_may_wait_as_long_as_events_may_take(tmp_path: Path) -> None:
    async def work(take: Take, loop: VirtualLoop) -> None:
        await take()
        await asyncio.sleep(15)
        assert (await take(trigger=ANNOUNCED)).failure is None
        assert loop.time() == 60

    played(tmp_path, rated(1), work)


def test_waiting_is_part_of_the_deadline_and_makes_nobody_slow(tmp_path: Path) -> None:
    hangs = asyncio.Event()

    async def before(agent: str) -> None:
        if hangs.is_set():
            await asyncio.Event().wait()

    async def work(take: Take, loop: VirtualLoop) -> None:
        await take()
        await asyncio.sleep(45)
        turn = await take()
        assert (loop.time(), turn.failure, turn.pace) == (60, None, "")
        hangs.set()
        await asyncio.sleep(45)
        turn = await take()
        assert (loop.time(), turn.failure) == (105 + CALL_S, "timeout")

    played(tmp_path, rated(1), work, models=Models(before))


def test_no_minute_holds_more_turns_than_the_rate(tmp_path: Path) -> None:
    taken_at: list[float] = []

    async def work(take: Take, loop: VirtualLoop) -> None:
        async def one(at: float) -> None:
            await asyncio.sleep(at)
            if (await take()).failure is None:
                taken_at.append(loop.time())

        await asyncio.gather(*(one(n * 1.7) for n in range(200)))

    played(tmp_path, rated(7), work, runtimes=2)
    taken_at.sort()
    assert len(taken_at) >= 7 * 5
    assert all(later - first >= 60 - 1e-6 for first, later in zip(taken_at, taken_at[7:], strict=False))

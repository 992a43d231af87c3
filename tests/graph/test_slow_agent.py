"""An agent that never answers, in virtual time: its deadline ends it, and nobody waits longer for it."""

import asyncio
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from agents.router import OfflineRouter
from agents.turn_runtime import TurnRuntime
from checkpoints.sqlite_ledger import SqliteLedger
from graph.build import build
from graph.facts import record_fact
from graph.state import Context
from tests.floors_loaded import harbour
from tests.graph.harbour_app import ELSEWHERE, Models, announced
from tests.virtual_time import VirtualLoop, in_virtual_time

EVENT_S = 60
"""Of both manifests."""


async def _never_berthing(agent: str) -> None:
    if agent == "berthing":
        await asyncio.Event().wait()


def test_slow_agent_times_out_once_and_cancels_nobody(tmp_path: Path) -> None:
    floor, models = harbour(), Models(_never_berthing)

    async def work(loop: VirtualLoop) -> tuple[Any, ...]:
        world = floor.world
        ledger = await SqliteLedger.open(
            tmp_path / "ledger.db",
            floor="harbour",
            clock=None,
            clock_start="2026-05-04T04:00:00Z",
            world_types=world.types,
            inline=True,
        )
        await ledger.write(lambda tx: tx.put_seed(floor.seed, lambda kind: world.owners[kind]))
        case = (await ledger.write(lambda tx: record_fact(tx, world, announced()))).case
        assert case is not None
        token = await ledger.write(lambda tx: tx.take_lease(case, ELSEWHERE, 0.0, 1e9, False))
        turns = TurnRuntime(world, ledger, models, floor.prompts, loop.time)
        graph = build(world, ledger, turns, OfflineRouter(world, floor.policies), InMemorySaver())
        config: Any = {"configurable": {"thread_id": case}}
        await graph.ainvoke({"case": case}, config, context=Context(token or 0), durability="exit")
        found = await ledger.read(lambda tx: (tx.turns(case), tx.commits(case), tx.escalations(case)))
        await ledger.close()
        return (*found, loop.time())

    turns, commits, escalations, took_s = in_virtual_time(work)
    assert [(t["agent"], t["failure"], t["attempts"]) for _, t in turns] == [
        ("berthing", "timeout", 1),
        ("fairway", None, 1),
    ]
    assert [c.agent for c in commits] == ["fairway"]
    assert [(e.agent, e.reason) for e in escalations] == [("berthing", "timeout")]
    assert models.calls.count("berthing") == 1
    assert took_s == EVENT_S

"""The graph for LangGraph's own server (langgraph.json): the floor at hand, without a checkpointer.

A factory: nothing happens at import. It is there to be looked at. A run needs the lease of its case, as
``{"token": N}`` in its context; without one it is refused, and `andon resume` is the way to go on.
"""

import time
from pathlib import Path

from agents.floor_loader import load_floor
from agents.models import OfflineAccess
from agents.router import OfflineRouter
from agents.turn_runtime import TurnRuntime
from checkpoints.sqlite_ledger import SqliteLedger
from graph.build import CaseGraph, build
from graph.persistence import clock_start, system_clock

ROOT = Path(__file__).resolve().parent.parent


async def graph() -> CaseGraph:
    """The compiled graph of the floor in the repository's root."""
    floor = load_floor(ROOT)
    world = floor.world
    ledger = await SqliteLedger.open(
        ROOT / ".andon" / "ledger.db",
        floor=world.config.floor,
        clock=system_clock(world.config),
        clock_start=clock_start(world.config),
        world_types=world.types,
    )
    turns = TurnRuntime(world, ledger, OfflineAccess(floor.policies), floor.prompts, time.monotonic)
    return build(world, ledger, turns, OfflineRouter(world, floor.policies), None)

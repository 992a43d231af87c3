"""The graph of topology ``hybrid``: START → intake → agents of the round in parallel → gate → … → END."""

import os
from collections.abc import Callable, Hashable

os.environ.setdefault(
    "LANGGRAPH_STRICT_MSGPACK", "true"
)  # read by langgraph at import; only plain data is loaded

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agents.router import Router
from agents.turn_runtime import TurnRuntime
from graph.nodes import (
    ESCALATE,
    GATE,
    INTAKE,
    REPLY,
    agent_node,
    choose,
    make_agent,
    make_escalate,
    make_gate,
    make_intake,
    make_reply,
)
from graph.state import CaseState, Context
from protocol.ports import Ledger
from protocol.world import World
from telemetry.clock import shared_clock

CaseGraph = CompiledStateGraph[CaseState, Context, CaseState, CaseState]


async def _choose(state: CaseState) -> list[str]:
    return choose(state)


def build(
    world: World,
    ledger: Ledger,
    turns: TurnRuntime,
    router: Router,
    saver: "BaseCheckpointSaver[str] | None",
    shared: Callable[[], float] = shared_clock,
    entry: str = INTAKE,
) -> CaseGraph:
    """Compile the graph from the manifests. The path map names every outcome there is.

    ``shared``: wall seconds, the clock that processes share. ``entry``: the node that a run without a
    checkpoint begins at.
    """
    graph = StateGraph(CaseState, context_schema=Context)
    graph.add_node(INTAKE, make_intake(world, ledger, router, shared))
    graph.add_node(GATE, make_gate(world, ledger, shared))
    graph.add_node(ESCALATE, make_escalate(ledger))
    graph.add_node(REPLY, make_reply(ledger))
    paths: dict[Hashable, str] = {ESCALATE: ESCALATE, REPLY: REPLY}
    for agent in sorted(world.manifests):
        name = agent_node(agent)
        graph.add_node(name, make_agent(agent, ledger, turns))
        graph.add_edge(name, GATE)
        paths[name] = name
    graph.add_edge(START, entry)
    graph.add_conditional_edges(INTAKE, _choose, paths)
    graph.add_conditional_edges(GATE, _choose, paths)
    graph.add_edge(ESCALATE, GATE)
    graph.add_edge(REPLY, END)
    return graph.compile(checkpointer=saver)


def recursion_limit(world: World) -> int:
    """Supersteps a case can need in one run: two a round, a pass per escalation, and the ends."""
    limits = world.config.limits
    return 2 * (limits.rounds + 2) + 3 * (limits.open_escalations + limits.rounds) + 10

"""The graph that LangGraph runs for nothing: the shape of a floor's graph, with nodes that do nothing.

It walks where a real case walked, so that both make the same supersteps, pass the same edges and write
the same channels with the same saver.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from graph.nodes import ESCALATE, GATE, INTAKE, REPLY, agent_node, choose
from graph.state import SCHEMA_VERSION, CaseState
from protocol.ports import ReadTx
from protocol.position import Route
from protocol.world import World

Walk = Sequence[Sequence[str]]
"""Where intake and each gate pass sent a case: the nodes of each step between them."""


@dataclass
class Steps:
    """A walk, and how far along it is."""

    walk: Walk
    at: int = 0


EmptyGraph = CompiledStateGraph[CaseState, Steps, CaseState, CaseState]


def empty_graph(world: World, saver: "BaseCheckpointSaver[str] | None") -> EmptyGraph:
    """Node for node and edge for edge what ``graph.build`` makes of the world's manifests."""
    graph = StateGraph(CaseState, context_schema=Steps)
    graph.add_node(INTAKE, _step)
    graph.add_node(GATE, _step)
    graph.add_node(ESCALATE, _pause)
    graph.add_node(REPLY, _end)
    paths: dict[Hashable, str] = {ESCALATE: ESCALATE, REPLY: REPLY}
    for agent in sorted(world.manifests):
        name = agent_node(agent)
        graph.add_node(name, _nothing)
        graph.add_edge(name, GATE)
        paths[name] = name
    graph.add_edge(START, INTAKE)
    graph.add_conditional_edges(INTAKE, _choose, paths)
    graph.add_conditional_edges(GATE, _choose, paths)
    graph.add_edge(ESCALATE, GATE)
    graph.add_edge(REPLY, END)
    return graph.compile(checkpointer=saver)


async def walk_along(graph: EmptyGraph, walk: Walk, thread: str, limit: int) -> None:
    """Run it once, as a case is run."""
    config: RunnableConfig = {"configurable": {"thread_id": thread}, "recursion_limit": limit}
    fresh: CaseState = {"schema_version": SCHEMA_VERSION, "case": thread}
    await graph.ainvoke(fresh, config, context=Steps(walk), durability="exit")


def walk_of(tx: ReadTx, case: str) -> Walk:
    """The steps a case has made, read from its turns and its last pass; it was driven once, to its end."""
    turns = [(round_no, str(turn["agent"])) for round_no, turn in tx.turns(case) if round_no > 0]
    rounds = [[agent_node(agent) for _, agent in found] for _, found in groupby(turns, lambda turn: turn[0])]
    passes = tx.passes(case)
    waits = bool(passes) and passes[-1].route == Route.ESCALATE
    return [*rounds, [ESCALATE if waits else REPLY]]


async def _step(state: CaseState, *, runtime: Runtime[Steps]) -> CaseState:
    steps = runtime.context
    targets = list(steps.walk[steps.at])
    steps.at += 1
    return {
        "schema_version": SCHEMA_VERSION,
        "case": state["case"],
        "round": steps.at,
        "next": targets,
        "waiting": [],
    }


async def _nothing(state: CaseState, *, runtime: Runtime[Steps]) -> CaseState:
    return {}


async def _pause(state: CaseState, *, runtime: Runtime[Steps]) -> CaseState:
    interrupt([])
    return {}


async def _end(state: CaseState, *, runtime: Runtime[Steps]) -> CaseState:
    return {"next": []}


async def _choose(state: CaseState) -> list[str]:
    return choose(state)

"""What the gate's thinking costs: one round of many proposals that all want the same, on rows in memory.

The floor is made up, and its actions do next to nothing, so that what is measured is the arbitration.
"""

from statistics import median

from evals.bench_figure import WARM_UP, Figure, cpu_s
from evals.bench_rows import Rows
from protocol.effects import Effects, Put
from protocol.fields import Instant, KeyOf, Shape
from protocol.floor import FloorConfig
from protocol.manifest import Manifest
from protocol.passing import Pass
from protocol.position import first
from protocol.records import Claimed, Record, Ref, Snapshot
from protocol.round import run
from protocol.rows import CaseRow, Verdict
from protocol.toolbox import ActionContext, ActionKind, Params, ResourceType, Toolbox
from protocol.turns import Proposal, Turn
from protocol.world import World

ROUND = "round of 50 proposals, CPU"
TARGET_MS = 2.0
AGENTS, EACH = 5, 10
"""Agents of a level each, and how many proposals each of them makes."""
NOW = "2026-03-02T09:00:00Z"
START, END = "2026-03-03T10:00:00Z", "2026-03-03T11:00:00Z"
SLOT = "slot/S"


def measure_round(rounds: int) -> Figure:
    """``rounds``: how many are measured. Raises AssertionError when not one proposal won."""
    world = made_up()
    spent = [_round(world) for _ in range(rounds + WARM_UP)][WARM_UP:]
    took_ms = 1000 * median(spent)
    parts = {"proposal_us": 1000 * took_ms / (AGENTS * EACH)}
    return Figure(ROUND, took_ms, "ms", TARGET_MS, rounds, parts)


def made_up() -> World:
    """Five agents of five levels; each owns a type of record, and they all want one slot."""
    names = [f"agent_{n}" for n in range(AGENTS)]
    config = FloorConfig.model_validate(
        {
            "floor": "bench",
            "version": 1,
            "purpose": "A floor that nobody stands on.",
            "clock": "floor",
            "clock_start": NOW,
            "lanes": ["work"],
            "roles": ["lead"],
            "people": [{"id": "p.one", "name": "P One", "roles": ["lead"]}],
            "limits": {"proposals": AGENTS * EACH},
        }
    )
    manifests = {name: Manifest.model_validate(_contract(name, n + 1)) for n, name in enumerate(names)}
    toolbox = Toolbox(
        resources=[ResourceType(f"job_{name}", {"start": Instant(), "end": Instant()}) for name in names],
        actions=[_action(name) for name in names],
    )
    return World(config, manifests, toolbox)


def _contract(agent: str, level: int) -> dict[str, object]:
    return {
        "agent": agent,
        "version": 1,
        "purpose": "Wants the slot.",
        "lane": "work",
        "capability_scope": {"can": [f"place_{agent}"], "cannot": [], "reads": [f"job_{agent}"]},
        "input_schema": {},
        "output_schema": {},
        "authority": {"level": level, "owns": [f"job_{agent}"]},
        "escalation_path": {"after_retries": 1, "to": ["lead"]},
        "timeout_policy": {"call_s": 5, "event_s": 5},
    }


def _action(agent: str) -> ActionKind:
    kind = f"job_{agent}"

    def decide(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects:
        ref = Ref(kind, params["job"])
        puts = (Put(ref, {"start": params["start"], "end": params["end"]}),)
        return Effects(puts, claims=(Claimed(SLOT, params["start"], params["end"], ref),))

    shape: Shape = {"job": KeyOf(kind), "start": Instant(), "end": Instant()}
    return ActionKind(
        f"place_{agent}",
        "take the slot",
        shape,
        (kind,),
        decide,
        lambda params: f"Places {params['job']}",
        claims=("slot",),
    )


def _round(world: World) -> float:
    """CPU seconds of one pass over a round in which everybody proposes; the rows are made before."""
    refs = (Ref(f"job_{name}", f"J{n}") for name in world.manifests for n in range(EACH))
    rows = Rows(NOW, {ref: Record(ref, 0, {"start": NOW, "end": START}) for ref in refs})
    trigger = {"type": "person", "person": "p.one", "roles": [], "text": "go"}
    turns = {name: _turn(name) for name in world.manifests}
    case = CaseRow("case_aaaaaaaaaaaaaaaa", 1, "text", "line", "1", NOW, person="p.one")
    p = Pass(world, rows, case, first(dict.fromkeys(world.manifests, (trigger,))), 1)
    started = cpu_s()
    run(p, turns, [])
    took = cpu_s() - started
    won = sum(v.verdict is Verdict.COMMITTED for v in p.verdicts)
    assert (won, len(p.verdicts)) == (1, AGENTS * EACH), "one proposal wins, and each has its verdict"
    return took


def _turn(agent: str) -> Turn:
    proposals = (
        Proposal(f"place_{agent}", {"job": f"J{n}", "start": START, "end": END}) for n in range(EACH)
    )
    reads = {f"job_{agent}/J{n}": 0 for n in range(EACH)}
    return Turn(agent, tuple(proposals), reads)

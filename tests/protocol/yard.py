"""A made-up floor for the rules' tests: a yard where ``crew`` moves crates and ``crane`` owns slots."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from protocol.effects import Delta, Effects, Emit, Put, Refusal, Release
from protocol.fields import Instant, Integer, KeyOf, Maybe, Text
from protocol.floor import FloorConfig
from protocol.manifest import Manifest
from protocol.passing import Pass
from protocol.position import Position, first
from protocol.records import Claimed, Ref, Snapshot
from protocol.round import Outcome, run
from protocol.rows import CaseRow
from protocol.toolbox import ActionContext, ActionKind, Bound, Params, ResourceType, Rule, Toolbox
from protocol.turns import Move, Turn
from protocol.world import World

from .memory_store import MemoryStore

T10, T11, T12, T13 = (f"2026-03-03T{h}:00:00Z" for h in (10, 11, 12, 13))


def _lift(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    if snapshot.get("crate", params["crate"]) is None:
        return Refusal("unknown_crate", f"there is no crate {params['crate']}")
    key = context.new_key("L-")
    return Effects(
        puts=(Put(Ref("lift", key), {"crate": params["crate"], "start": params["start"]}, create=True),),
        claims=(Claimed("slot/S1", params["start"], params["end"], Ref("lift", key)),),
        events=(Emit("lift.planned", f"lift/{key}", {"lift": key}),),
        result={"lift": key},
    )


def _reserve(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    return Effects(
        puts=(
            Put(
                Ref("booking", params["booking"]),
                {"start": params["start"], "end": params["end"]},
                create=True,
            ),
        ),
        claims=(Claimed("slot/S1", params["start"], params["end"], Ref("booking", params["booking"])),),
        events=(Emit("slot.booked", f"booking/{params['booking']}", {"booking": params["booking"]}),),
    )


def _cancel(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    ref = Ref("booking", params["booking"])
    return Effects(puts=(Put(ref, {"start": T10}),), releases=(Release(ref),))


def _take(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    pile = snapshot.get("pile", params["pile"])
    if pile is None or pile["count"] < params["quantity"]:
        return Refusal("short", f"only {pile['count'] if pile else 0} left")
    return Effects(deltas=(Delta(pile.ref, "count", -params["quantity"]),))


def _burn(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
    return Effects(puts=(Put(Ref("crate", params["crate"]), {"burnt": True}),))


def _frozen(attempt: Any, snapshot: Snapshot) -> Refusal | None:
    crate = snapshot.get("crate", str(attempt.params.get("crate")))
    return Refusal("frozen", "the crate is frozen", "boss") if crate is not None and crate["frozen"] else None


def _flag() -> Any:
    from protocol.fields import Flag

    return Maybe(Flag())


TOOLBOX = Toolbox(
    resources=(
        ResourceType("crate", {"frozen": _flag(), "burnt": _flag()}),
        ResourceType("lift", {"crate": KeyOf("crate"), "start": Instant()}),
        ResourceType("booking", {"start": Instant(), "end": Instant()}),
        ResourceType("pile", {}, balances={"count": Bound(0)}),
    ),
    actions=(
        ActionKind(
            "lift",
            "lift a crate",
            {"crate": KeyOf("crate"), "start": Instant(), "end": Instant(), "why": Maybe(Text())},
            ("lift",),
            _lift,
            lambda p: f"Lifts {p['crate']} at {p['start']}",
            ("lift.planned",),
            claims=("slot",),
        ),
        ActionKind(
            "reserve",
            "book the slot",
            {"booking": KeyOf("booking"), "start": Instant(), "end": Instant()},
            ("booking",),
            _reserve,
            lambda p: f"Books {p['start']}",
            ("slot.booked",),
            claims=("slot",),
        ),
        ActionKind(
            "cancel", "free the slot", {"booking": KeyOf("booking")}, ("booking",), _cancel, lambda p: "Frees"
        ),
        ActionKind(
            "take",
            "take from a pile",
            {"pile": KeyOf("pile"), "quantity": Integer(1)},
            ("pile",),
            _take,
            lambda p: f"Takes {p['quantity']} from {p['pile']}",
        ),
        ActionKind(
            "burn",
            "burn a crate",
            {"crate": KeyOf("crate"), "why": Maybe(Text())},
            ("crate",),
            _burn,
            lambda p: f"Burns {p['crate']}",
            signature=lambda p, s: "policy",
        ),
    ),
    events={"lift.planned": {"lift": KeyOf("lift")}, "slot.booked": {"booking": KeyOf("booking")}},
    rules=(Rule("FROZEN", _frozen, ("lift",)),),
)


def _manifest(agent: str, level: int, can: Sequence[str], owns: Sequence[str], lane: str) -> Manifest:
    other = "crane" if agent == "crew" else "crew"
    return Manifest.model_validate(
        {
            "agent": agent,
            "version": 1,
            "purpose": "tests",
            "lane": lane,
            "capability_scope": {
                "can": list(can),
                "cannot": ["burn_all"],
                "reads": ["crate", "lift", "booking", "pile"],
                "asks": {other: ["find"]},
            },
            "input_schema": {
                "requests": {"find": {"from": [other, "person"], "schema": {"type": "object"}}},
                "events": {"hear": ["slot.booked"] if agent == "crew" else ["lift.planned"]},
            },
            "output_schema": {"answers": {"find": {"type": "object"}}, "events": [], "errors": ["no_slot"]},
            "authority": {"level": level, "owns": list(owns)},
            "escalation_path": {"after_retries": 1, "to": ["foreman", "boss"]},
            "timeout_policy": {"call_s": 5, "event_s": 5},
        }
    )


def world(
    *, crew_level: int = 4, crane_level: int = 3, lanes: tuple[str, str] = ("a", "b"), **limits: int
) -> World:
    """The yard; levels, lanes and limits can be changed."""
    config = FloorConfig.model_validate(
        {
            "floor": "yard",
            "version": 1,
            "purpose": "tests",
            "clock": "floor",
            "clock_start": "2026-03-02T09:00:00Z",
            "identity": "claimed",
            "lanes": sorted(set(lanes)),
            "roles": ["foreman", "boss"],
            "people": [
                {"id": "f.one", "name": "F One", "roles": ["foreman"]},
                {"id": "b.two", "name": "B Two", "roles": ["boss"]},
            ],
            "rules": ["FROZEN"],
            "limits": limits,
            "approvals": {
                "burn": {"ladder": [{"role": "foreman", "answer_s": 600}, {"role": "boss", "answer_s": 600}]},
                "frozen": {"ladder": [{"role": "boss", "answer_s": 600}]},
            },
        }
    )
    manifests = {
        "crane": _manifest(
            "crane",
            crane_level,
            ["reserve", "cancel", "take", "burn"],
            ["booking", "pile", "crate"],
            lanes[0],
        ),
        "crew": _manifest("crew", crew_level, ["lift", "take"], ["lift"], lanes[1]),
    }
    return World(config, manifests, TOOLBOX)


CASE = CaseRow("case_aaaaaaaaaaaaaaaa", 1, "text", "line", "1", "2026-03-02T09:00:00Z", person="guest")


class Yard:
    """Drives passes of one case over the memory store, as the gate's shell would."""

    def __init__(self, w: World, store: MemoryStore | None = None, case: CaseRow = CASE) -> None:
        self.world, self.store, self.case = w, store or MemoryStore(), case
        self.position = Position()
        self.number = 0
        self.events: list[Any] = []
        self.verdicts: list[Any] = []
        self.last: Pass | None = None
        self.clock_s = 0.0

    def wake(self, *agents: str) -> "Yard":
        """Start the case with these agents asked by a person."""
        trigger = {"type": "person", "person": "guest", "roles": [], "text": "go"}
        self.position = first(dict.fromkeys(agents, (trigger,)))
        return self

    def round(self, **moves: Sequence[Move] | Turn) -> Outcome:
        """One pass with these turns; agents awake and not named say nothing."""
        turns = {a: Turn(a) for a in self.position.active}
        for agent, said in moves.items():
            turns[agent] = said if isinstance(said, Turn) else Turn(agent, tuple(said))
        return self.run(turns)

    def run(self, turns: Mapping[str, Turn] | None, decisions: Sequence[Any] = ()) -> Outcome:
        """One pass, its rows carried over to the store."""
        self.number += 1
        p = Pass(self.world, self.store, self.case, self.position, self.number, clock_s=self.clock_s)
        outcome = run(p, turns, decisions)
        self.last, self.position = p, outcome.position
        self.events += p.events
        self.verdicts += p.verdicts
        for commit in p.commits:
            self.store.commit_rows[commit.key] = commit
        for read, now in p.breakers.values():
            assert now == read or self.store.save_breaker(now, read.version)
        for answer, keep_since in p.answers:
            self.store.put_good_answer(answer, keep_since)
        for row in p.changed:
            self.store.escalation_rows[row.id] = replace(row, version=row.version + 1)
        for row in p.opened:
            self.store.escalation_rows[row.id] = row
        return outcome

    def verdict(self, kind: str) -> list[str]:
        """The verdicts on actions of a kind, in order."""
        return [str(v.verdict) for v in self.verdicts if v.kind == kind]

    def count(self, event: str) -> int:
        """How many events of a type were recorded."""
        return sum(1 for e in self.events if e.type == event)

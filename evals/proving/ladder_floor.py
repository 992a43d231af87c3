"""A floor reduced to one action that a person signs: its real roles, people and shifts, one record.

The ladder asks roles of the floor; one whose holders take turns comes first, and the search begins
two ticks before they do, so that who may sign changes while it runs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from evals.proving.abstract_floor import CASE, KEY, START
from evals.proving.model_ledger import ModelLedger, as_tx
from graph.gate import make_pass
from protocol.effects import Effects, Put, Refusal
from protocol.fields import Flag, KeyOf
from protocol.floor import ApprovalPolicy, FloorConfig, PersonEntry, Rung
from protocol.position import Trigger, first
from protocol.records import Record, Ref, Snapshot
from protocol.rows import CaseRow
from protocol.times import parse, show
from protocol.toolbox import ActionContext, ActionKind, Params, ResourceType, Toolbox
from protocol.turns import Proposal, Turn, to_json
from protocol.world import World

TICK_S = 60
RUNGS = 3
CHANGE_TICK = 2
"""The tick at which the shift of the first rung changes."""
GUEST = "guest"
"""Somebody whom the floor does not know."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part. ``agent`` proposes ``kind``; ``roles`` are those of the rungs, in order.

    ``people``: holders of these roles, on shift or not, and one who holds none of them.
    """

    agent: str
    kind: str
    roles: tuple[str, ...]
    people: tuple[str, ...]
    start: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """How an approval is asked: ticks of each rung, ticks until it expires, and how many must sign."""

    rungs: tuple[int, ...]
    expiry: int
    quorum: int

    def __str__(self) -> str:
        rungs = ", ".join(map(str, self.rungs))
        return f"rungs of {rungs} ticks, expiry after {self.expiry}, {self.quorum} to sign"


def cast_of(world: World) -> Cast | None:
    """The floor's own agent, kind, roles and people; None when no agent owns what it can do."""
    found = next(_own_kinds(world), None)
    if found is None:
        return None
    roles = _roles(world)
    return Cast(*found, roles, tuple(_people(world.config, roles)), _start(world.config, roles[0]))


def _own_kinds(world: World) -> Iterator[tuple[str, str]]:
    for kind in world.toolbox.actions:
        agent = world.owner_of_kind(kind.name)
        if kind.name in world.manifests[agent].capability_scope.can:
            yield agent, kind.name


def _roles(world: World) -> tuple[str, ...]:
    """Roles that somebody holds: one with shifts first, then as the floor's own ladders name them."""
    config = world.config
    held = {r for p in config.people for r in p.roles}
    named = [r.role for a in config.approvals.values() for r in a.ladder]
    named += [r for m in world.manifests.values() for r in m.escalation_path.to]
    known = dict.fromkeys(r for r in (*named, *config.roles) if r in held)
    by_shift = sorted(known, key=lambda r: all(p.hours is None for p in _holders(config, r)))
    return tuple((by_shift * RUNGS)[:RUNGS])


def _holders(config: FloorConfig, role: str) -> list[PersonEntry]:
    return [p for p in config.people if role in p.roles]


def _people(config: FloorConfig, roles: tuple[str, ...]) -> list[str]:
    chosen = [p.id for p in _holders(config, roles[0])[:2]]
    chosen += [_holders(config, role)[0].id for role in roles[1:]]
    others = (p.id for p in config.people if not set(p.roles) & set(roles))
    return list(dict.fromkeys([*chosen, next(others, GUEST)]))


def _start(config: FloorConfig, role: str) -> str:
    """Two ticks before the first holder of ``role`` goes off shift; any instant, when nobody does."""
    hours = next((p.hours for p in _holders(config, role) if p.hours is not None), None)
    if hours is None:
        return START
    hour, minute = map(int, hours.to.split(":"))
    change = parse(START).astimezone(ZoneInfo(config.zone)).replace(hour=hour, minute=minute)
    return show(change - timedelta(seconds=CHANGE_TICK * TICK_S))


def ladder_world(world: World, cast: Cast, ladder: Ladder) -> World:
    """The floor with one record, and one kind of action that is signed along ``ladder``."""
    real = world.kinds[cast.kind]
    type_ = real.writes[0]
    kind = ActionKind(
        name=cast.kind,
        purpose=real.purpose,
        params={"record": KeyOf(type_)},
        writes=(type_,),
        decide=_decide(type_),
        summary=lambda _: cast.kind,
        signature=lambda *_: "policy",
    )
    rungs = [
        Rung(role=role, answer_s=ticks * TICK_S)
        for role, ticks in zip(cast.roles, ladder.rungs, strict=False)
    ]
    policy = ApprovalPolicy(ladder=rungs, quorum=ladder.quorum, expires_s=ladder.expiry * TICK_S)
    config = world.config.model_copy(update={"rules": [], "approvals": {cast.kind: policy}})
    manifest = world.manifests[cast.agent].model_copy(update={"mode": "active"})
    toolbox = Toolbox(resources=[ResourceType(type_, {"done": Flag()})], actions=[kind])
    return World(config, {cast.agent: manifest}, toolbox, world.fingerprint, {cast.agent: "hash"})


def _decide(type_: str) -> Callable[[Params, Snapshot, ActionContext], Effects | Refusal]:
    return lambda params, *_: Effects(puts=(Put(Ref(type_, params["record"]), {"done": True}),))


def proposed(world: World, cast: Cast) -> ModelLedger:
    """A ledger on which the agent has proposed its action, and the gate has put it to a person.

    Raises RuntimeError when the gate did something else.
    """
    ledger = ModelLedger(cast.start)
    ref = Ref(world.kinds[cast.kind].writes[0], KEY)
    ledger.records[ref] = Record(ref, 0, {"done": False})
    active: dict[str, tuple[Trigger, ...]] = {
        cast.agent: ({"type": "event", "event": "proof", "subject": "", "data": {}},)
    }
    case = CaseRow(CASE, 1, "fact", "proof", "1", cast.start, position=first(active).to_json())
    ledger.cases[CASE] = case
    turn = Turn(cast.agent, (Proposal(cast.kind, {"record": KEY}),), {str(ref): 0})
    ledger.turn_rows[CASE, 1, cast.agent] = to_json(turn)
    make_pass(as_tx(ledger), world, CASE, ledger.token)
    if len(ledger.escalation_rows) != 1 or ledger.commit_rows:
        raise RuntimeError(f"{cast.kind} needs a signature, and nobody was asked for it")
    return ledger

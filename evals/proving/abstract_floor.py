"""A floor reduced to what the gate's rules can tell apart: real manifests, symbolic tools.

Each agent acts with one kind of its manifest. All kinds want the same slot, at one of two places
``p1`` and ``p2``; each writes one record of the type it really writes. A kind that can need a
signature needs one at ``p2``. A record that a person decided is kept by a supervisor rule; a record
that a fact blocked refuses every change. The place p1 is held at the start, by the owner's record.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from evals.proving.matters import Question, needs_policy
from evals.proving.model_ledger import ModelLedger
from protocol.authority import SUBJECT
from protocol.effects import Effects, Emit, Put, Refusal, Release
from protocol.fields import Choice, Flag, Integer, KeyOf, Maybe
from protocol.floor import ApprovalPolicy, FloorConfig
from protocol.manifest import Manifest
from protocol.position import first
from protocol.records import Claimed, Record, Ref, Snapshot
from protocol.rows import CaseRow
from protocol.toolbox import ActionContext, ActionKind, Attempt, Params, ResourceType, Rule, Toolbox
from protocol.world import World

SLOT = "slot/S"
KEY = "X"
PLACES: Mapping[str, tuple[str, str]] = {
    "p1": ("2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"),
    "p2": ("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z"),
}
SIGNED_PLACE = "p2"
START = "2026-03-02T09:00:00Z"
CASE = "case_aaaaaaaaaaaaaaaa"
ANSWER_S = 900
"""What every rung of the search waits: only the order of deadlines matters, and all come due in turn."""
HUMAN = "PROOF-HUMAN"
FORGED_LEVEL = 5
"""What every proposal of the search claims to have as its level: nothing may believe it."""


def abstract_world(world: World, question: Question) -> World:
    """The floor as the search sees it: the question's agents, one kind each, symbolic records."""
    kinds = {name: _kind(world, name) for name in sorted(set(question.acts.values()))}
    types = sorted({k.writes[0] for k in kinds.values()})
    config = _config(world)
    toolbox = Toolbox(
        resources=[_type(name) for name in types],
        actions=list(kinds.values()),
        rules=[Rule(HUMAN, _human_rule(world))],
    )
    manifests = {a: _manifest(world.manifests[a]) for a in question.agents}
    return World(config, manifests, toolbox, world.fingerprint, dict.fromkeys(manifests, "hash"))


def _config(world: World) -> FloorConfig:
    """The floor's own, with ladders of one rung and people always there: ladders are searched by ticks."""
    config = world.config
    approvals = {n: _policy(p) for n, p in config.approvals.items()}
    people = [p.model_copy(update={"hours": None}) for p in config.people]
    engine = config.engine.model_copy(update={"answer_s": ANSWER_S})
    return config.model_copy(
        update={"rules": [HUMAN], "approvals": approvals, "people": people, "engine": engine}
    )


def _policy(policy: ApprovalPolicy) -> ApprovalPolicy:
    rung = policy.ladder[-1].model_copy(update={"answer_s": ANSWER_S})
    times = {"expires_s": 2 * ANSWER_S, "repeat_after_s": ANSWER_S}
    return policy.model_copy(update={"ladder": [rung], **times})


def _manifest(manifest: Manifest) -> Manifest:
    path = manifest.escalation_path.model_copy(update={"to": manifest.escalation_path.to[-1:]})
    return manifest.model_copy(update={"escalation_path": path})


def _type(name: str) -> ResourceType:
    return ResourceType(name, {"at": Choice(("p0", *PLACES)), "human": Flag(), "blocked": Flag()})


def _kind(world: World, name: str) -> ActionKind:
    real = world.kinds[name]
    signed = needs_policy(world, real)
    return ActionKind(
        name=name,
        purpose=real.purpose,
        params={"record": KeyOf(real.writes[0]), "at": Choice(tuple(PLACES)), "level": Maybe(Integer())},
        writes=(real.writes[0],),
        decide=_decide(real.writes[0], real.events),
        summary=lambda params: f"{name} at {params.get('at')}",
        events=real.events,
        signature=_signature(world, name) if signed else None,
        protective=real.protective,
        claims=(SLOT.partition("/")[0],),
    )


def _signature(world: World, name: str) -> Callable[[Params, Snapshot], str | None]:
    """The role that must sign at p2: the policy's, or, where the action names it, one that somebody holds."""
    ladder = world.config.approvals[name].ladder
    role = world.config.people[0].roles[0] if any(r.role == SUBJECT for r in ladder) else "policy"
    return lambda params, _: role if params["at"] == SIGNED_PLACE else None


def _decide(
    type_: str, events: tuple[str, ...]
) -> Callable[[Params, Snapshot, ActionContext], Effects | Refusal]:
    def decide(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
        record = snapshot.get(type_, params["record"])
        if record is None:
            return Refusal("unknown_record", f"there is no {params['record']}")
        if record["blocked"]:
            return Refusal("blocked", f"{record.ref} is blocked")
        start, end = PLACES[params["at"]]
        return Effects(
            puts=(Put(record.ref, {"at": params["at"], "human": context.approval is not None}),),
            releases=(Release(record.ref),),
            claims=(Claimed(SLOT, start, end, record.ref),),
            events=tuple(Emit(e, str(record.ref), {}) for e in events),
        )

    return decide


def _human_rule(world: World) -> Callable[[Attempt, Snapshot], Refusal | None]:
    """What a person decided is immutable to agents, but for a policy that the floor names for a rule."""
    kinds = {k.name for k in world.toolbox.actions}
    codes = sorted(set(world.config.approvals) - kinds)
    code = codes[0] if codes else "human_decided"
    role = world.config.approvals[code].ladder[0].role if codes else None

    def check(attempt: Attempt, snapshot: Snapshot) -> Refusal | None:
        for put in attempt.effects.puts:
            record = snapshot.get(put.ref.type, put.ref.key)
            if record is not None and record["human"]:
                return Refusal(code, f"a person decided {put.ref}", None if role == SUBJECT else role)
        return None

    return check


@dataclass(frozen=True, slots=True)
class Opening:
    """The state a search starts from: every agent of the question is awake, p1 is held."""

    ledger: ModelLedger
    case: str = CASE


def opening(world: World, question: Question) -> Opening:
    """Every record at no place, p1 held by the owner's record (or the first agent's), all agents awake."""
    ledger = ModelLedger(START)
    for kind in world.toolbox.actions:
        ref = Ref(kind.writes[0], KEY)
        ledger.records[ref] = Record(ref, 0, {"at": "p0", "human": False, "blocked": False})
    holder = question.acts.get(question.matter.owner) or next(iter(question.acts.values()), None)
    if holder is not None:
        ref = Ref(world.kinds[holder].writes[0], KEY)
        ledger.records[ref] = Record(ref, 0, {"at": "p1", "human": False, "blocked": False})
        ledger.claimed = (Claimed(SLOT, *PLACES["p1"], ref),)
    active = {a: ({"type": "event", "event": "proof", "subject": "", "data": {}},) for a in question.agents}
    ledger.cases[CASE] = CaseRow(
        CASE,
        1,
        "fact",
        "proof",
        "1",
        START,
        position=first(active).to_json(),
        fingerprint=world.fingerprint,
    )
    return Opening(ledger)

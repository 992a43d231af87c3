"""What must hold after every step of the search: the numbers are those of the table of invariants.

Each check restates a rule by other means than the gate's: it looks at rows before and after a step,
never at how the gate came to them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from evals.proving.abstract_floor import SLOT
from evals.proving.model_ledger import ModelLedger
from evals.proving.state import open_rows
from protocol.bound import pass_bound
from protocol.deciding import ANSWER, APPROVE
from protocol.exchange import OPEN
from protocol.records import Ref
from protocol.rows import CommitRow, DecisionRow, EscalationRow, EscalationState, Verdict
from protocol.world import World


@dataclass(frozen=True, slots=True)
class Step:
    """A step to be checked: the rows before it, those at the gate's entry, and those after it.

    ``entry`` is ``before`` with what happened between turns and gate already in it.
    """

    world: World
    before: ModelLedger
    entry: ModelLedger
    after: ModelLedger


def violations(step: Step) -> Iterator[tuple[str, str]]:
    """(invariant, what is wrong) of a step; nothing when all hold."""
    told = step.after.told
    for name, check in (CHECKS if told.commits or told.writes else WITHOUT_COMMITS).items():
        for found in check(step):
            yield name, found


def _no_error(step: Step) -> Iterator[str]:
    for event in step.after.told.events:
        if event.type == "case.stopped":
            yield str(event.data["text"])


def _claims_apart(step: Step) -> Iterator[str]:
    for one, two in combinations(step.after.claimed, 2):
        apart = one.end <= two.start or two.end <= one.start
        if one.resource == two.resource and one.holder != two.holder and not apart:
            yield f"{one.holder} and {two.holder} both hold {SLOT} from {max(one.start, two.start)}"


def _one_winner(step: Step) -> Iterator[str]:
    """Two agents' actions of one pass never write the same record."""
    writers: dict[Ref, set[str]] = {}
    agents = {c.key: c.agent for c in step.after.told.commits}
    for ref, _, cause in step.after.told.writes:
        if cause in agents:
            writers.setdefault(ref, set()).add(agents[cause])
    for ref, who in writers.items():
        if len(who) > 1:
            yield f"{' and '.join(sorted(who))} both wrote {ref} in one pass"


def _authority(step: Step) -> Iterator[str]:
    """In scope, at no more than the manifest's level, by the owner, with its yes, or under a signature."""
    for commit in step.after.told.commits:
        manifest = step.world.manifests[commit.agent]
        if commit.level > manifest.authority.level:
            yield f"{commit.agent} of level {manifest.authority.level} acted at level {commit.level}"
        if commit.kind not in manifest.capability_scope.can:
            yield f"{commit.agent} cannot {commit.kind}"
        owner = step.world.owner_of_kind(commit.kind)
        if owner == commit.agent or commit.approval is not None or _yes_of(step, commit, owner):
            continue
        yield f"{commit.agent} did {commit.kind}, which {owner} owns and did not agree to"


def _yes_of(step: Step, commit: CommitRow, owner: str) -> bool:
    for exchange in step.after.cases[commit.case].position["exchanges"].values():
        if exchange["key"] == commit.key and exchange["owner"] == owner and exchange["state"] in _SETTLED:
            return True
    return False


_SETTLED = ("agreed", "accepted", "cut")


def _as_agreed(step: Step) -> Iterator[str]:
    """What an owner's yes commits is what the asker stated, its holes apart."""
    for commit in step.after.told.commits:
        for exchange in step.after.cases[commit.case].position["exchanges"].values():
            if exchange["key"] != commit.key or exchange["state"] != "agreed" or commit.approval is not None:
                continue
            asked = {**exchange["carries"]["params"], **(exchange["position"] or {})}
            wrong = [n for n, v in asked.items() if commit.params.get(n) != v]
            if wrong:
                yield f"{exchange['owner']} said yes to {asked} and {dict(commit.params)} was done"


def _approval_binds(step: Step) -> Iterator[str]:
    """A signed commit has one decided escalation, in time, by who may, on what was shown, used once."""
    for commit in step.after.told.commits:
        if commit.approval is None:
            if _needs_signature(step, commit):
                yield f"{commit.kind} at {commit.params.get('at')} needs a signature and had none"
            continue
        row = step.after.escalation_rows[commit.approval]
        yield from _unbound(step, commit, row)


def _needs_signature(step: Step, commit: CommitRow) -> bool:
    kind = step.world.kinds[commit.kind]
    return kind.signature is not None and kind.signature(commit.params, step.after) is not None


def _unbound(step: Step, commit: CommitRow, row: EscalationRow) -> Iterator[str]:
    yes = [d for d in step.after.decisions(row.id) if d.decision in (APPROVE, ANSWER)]
    if row.state not in (EscalationState.APPROVED, EscalationState.ANSWERED) or not yes:
        yield f"{commit.kind} rests on {row.id}, which is {row.state}"
    if step.after.now >= row.expires_at:
        yield f"{commit.kind} was done at {step.after.now} on an approval that ended at {row.expires_at}"
    for decision in yes:
        if not _may(step, row, decision):
            yield f"{decision.person} signed {row.id} and holds none of the roles it asks"
        if row.separate and decision.person == row.asker:
            yield f"{decision.person} asked for {commit.kind} and signed it"
    for text, version in row.bound.items():
        record = step.entry.records.get(Ref.parse(text))
        if record is None or record.version != version:
            yield f"{commit.kind} was signed on {text} as it was, and it had changed"
    shown = [row.action] if row.action else [o["action"] for o in row.options]
    if not any(_same(action, commit) for action in shown if action is not None):
        yield f"{dict(commit.params)} was done and not what {row.id} showed"


def _same(action: Mapping[str, Any], commit: CommitRow) -> bool:
    return bool(action["kind"] == commit.kind and action["params"] == commit.params)


def _may(step: Step, row: EscalationRow, decision: DecisionRow) -> bool:
    asked = {str(r["role"]) for r in row.ladder[: row.rung + 1]}
    return bool(step.world.config.roles_of(decision.person, decision.at) & asked)


def _human_stands(step: Step) -> Iterator[str]:
    """What a person decided is changed by nobody's action without a newer signature."""
    signed = {c.key for c in step.after.told.commits if c.approval is not None}
    kept = {ref: r["human"] for ref, r in step.entry.records.items()}
    for ref, _, cause in step.after.told.writes:
        if kept[ref] and cause not in signed:
            yield f"{cause} changed {ref}, which a person had decided"
        if cause in signed:
            kept[ref] = True


def _versions(step: Step) -> Iterator[str]:
    at = {ref: r.version for ref, r in step.entry.records.items()}
    for ref, version, _ in step.after.told.writes:
        if version != at[ref] + 1:
            yield f"{ref} went from version {at[ref]} to {version}"
        at[ref] = version


def _pulled(step: Step) -> Iterator[str]:
    if not step.entry.pull_rows:
        return
    for commit in step.after.told.commits:
        if commit.approval is None and not step.world.kinds[commit.kind].protective:
            yield f"{commit.agent} did {commit.kind} while the cord was pulled"


def _called(step: Step) -> Iterator[str]:
    """An agent behind an open breaker is not asked; at most one call probes it."""
    for event in step.after.told.events:
        if event.type != "request.asked":
            continue
        breaker = step.entry.breaker_rows.get(f"{event.data['from']}/{event.data['to']}")
        now = step.after.breaker_rows.get(breaker.name) if breaker else None
        if breaker is not None and now is not None and str(breaker.state) == "open" and now.probe is None:
            yield f"{event.data['from']} asked {event.data['to']} although its breaker is open"


def _bounded(step: Step) -> Iterator[str]:
    """Limits are kept, every word in an exchange lowers what is left of it, and a cut is told."""
    limits = step.world.config.limits
    for case in step.after.cases.values():
        position = case.position
        if position["round"] > limits.rounds:
            yield f"round {position['round']} of {limits.rounds}"
        if len(position["waiting"]) > limits.open_escalations:
            yield f"{len(position['waiting'])} open escalations of {limits.open_escalations}"
        if case.passes > limits.rounds:  # what the bound is at least
            asked = sum(r.case == case.id for r in step.after.escalation_rows.values())
            if case.passes > pass_bound(limits, asked):
                yield f"{case.passes} passes, with {asked} escalations"
        was = step.before.cases[case.id].position["exchanges"] if case.id in step.before.cases else {}
        for identifier, x in position["exchanges"].items():
            if x["answers"] > limits.answers_per_exchange:
                yield f"{identifier} has {x['answers']} answers of {limits.answers_per_exchange}"
            before = was.get(identifier)
            if before is not None and before["state"] in OPEN:
                yield from _word_counted(step, identifier, x, before)


def _word_counted(step: Step, identifier: str, x: dict[str, Any], was: dict[str, Any]) -> Iterator[str]:
    """What an exchange that was open came to."""
    answers: int = x["answers"]
    if x["state"] != was["state"] and x["state"] not in ("failed", "cut") and answers <= was["answers"]:
        yield f"{identifier} went from {was['state']} to {x['state']} and no answer was counted"
    if x["state"] == "cut" and not any(
        e.type == "loop.cut" and e.data["exchange"] == identifier for e in step.after.told.events
    ):
        yield f"{identifier} was cut and nobody was told"


def _people_can(step: Step) -> Iterator[str]:
    """Whatever waits for a person names a role that somebody holds, and has a deadline ahead."""
    for row in step.after.told.opened:
        for rung in row.ladder:
            if not step.world.config.holders(str(rung["role"]), step.after.now):
                yield f"{row.id} asks the role {rung['role']}, which nobody holds"
    for row in open_rows(step.after):
        if row.due_at <= step.after.now:
            yield f"{row.id} was due at {row.due_at} and still waits at {step.after.now}"


def _ended_clean(step: Step) -> Iterator[str]:
    """A case that has ended leaves no exchange open and nobody asked; one that waits holds no lease."""
    for case in step.after.cases.values():
        position = case.position
        if case.status.ended:
            if any(x["state"] in OPEN for x in position["exchanges"].values()):
                yield f"{case.id} ended with an exchange open"
            rows = step.after.escalation_rows.values()
            if any(r.case == case.id and r.state is EscalationState.PENDING for r in rows):
                yield f"{case.id} ended and a person is still asked"
        elif not position["active"] and not position["waiting"]:
            yield f"{case.id} has nobody to go on with: no agent, and no person"


def _arbitrated(step: Step) -> Iterator[str]:
    """Whoever was overruled in a pass lost to an action of at least its level (R3)."""
    told = step.after.told
    winners = [c for c in told.commits if c.approval is None]
    signed = len(winners) < len(told.commits)
    for verdict in told.verdicts:
        if verdict.verdict is not Verdict.OVERRULED or signed:
            continue
        level = _level(step, verdict.case, verdict.agent, verdict.key)
        if not winners:
            yield f"{verdict.agent} was overruled and nobody won"
        elif max(c.level for c in winners) < level:
            yield f"{verdict.agent}, acting at level {level}, was overruled by a lower one"


def _level(step: Step, case: str, agent: str, key: str) -> int:
    """The level at which an agent acts: its own, or the lowest of those it acts for (no confused deputy)."""
    own: int = step.world.manifests[agent].authority.level
    exchanges = step.after.cases[case].position["exchanges"].values()
    asked = [int(x["level"]) for x in exchanges if x["key"] == key]
    triggers = step.before.cases[case].position["active"].get(agent, ()) if case in step.before.cases else ()
    return min([own, *asked, *(int(t["level"]) for t in triggers if t.get("level") is not None)])


CHECKS: dict[str, Callable[[Step], Iterator[str]]] = {
    "no_error": _no_error,
    "claims_apart": _claims_apart,
    "one_winner": _one_winner,
    "no_lost_update": _versions,
    "authority": _authority,
    "as_agreed": _as_agreed,
    "approval_binds": _approval_binds,
    "human_stands": _human_stands,
    "pull_holds": _pulled,
    "breaker_holds": _called,
    "arbitration": _arbitrated,
    "bounded": _bounded,
    "people_can": _people_can,
    "ended_clean": _ended_clean,
}
_OF_COMMITS = frozenset(
    {"one_winner", "no_lost_update", "authority", "as_agreed", "approval_binds", "human_stands"}
)
WITHOUT_COMMITS = {name: check for name, check in CHECKS.items() if name not in _OF_COMMITS}
"""What can break in a step that writes no record."""

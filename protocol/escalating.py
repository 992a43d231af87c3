"""Putting something to a person: approvals of one action, and questions with options (R12)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from protocol.authority import SUBJECT
from protocol.canonical import digest
from protocol.copies import changed
from protocol.effects import Effects
from protocol.exchange import ALREADY_ASKED
from protocol.fields import Shape, check_shape
from protocol.floor import ApprovalPolicy, Rung
from protocol.ids import derive
from protocol.passing import Pass
from protocol.position import Item
from protocol.records import Ref
from protocol.rows import EscalationRow, EscalationState, Verdict
from protocol.times import plus
from protocol.toolbox import ActionContext
from protocol.wording import is_text
from protocol.world import World

LEAVE = "leave as it is"
"""The last option of every question the engine opens."""
MAX_SUMMARY = 200


def action_hash(kind: str, params: Mapping[str, Any], shape: Shape) -> str:
    """The hash a decision binds: kind and typed params, free text left out."""
    return digest([kind, {n: v for n, v in params.items() if not is_text(shape.get(n))}])


def manifests_hash(world: World, agents: Iterable[str]) -> str:
    """What the positions of a question rest on: the manifests of their agents. Empty without a position."""
    hashes: dict[str, str] = {agent: world.manifest_hashes.get(agent, "") for agent in agents}
    return digest(hashes) if hashes else ""


def ask_approval(p: Pass, item: Item, policy_name: str, role: str | None, effects: Effects, why: str) -> bool:
    """Open an approval for ``item``; False (with a verdict given) when it may not be asked now."""
    policy = p.world.config.approvals[policy_name]
    if role is None and any(rung.role == SUBJECT for rung in policy.ladder):
        why = f"{policy_name} asks the role that the action names, and it names none"
        p.rule(item, Verdict.REFUSED, why, "no_policy")
        return False
    kind = p.world.kinds[item.kind]
    hashed = action_hash(item.kind, item.params, kind.params)
    bound, shown = _seen(p, item, effects)
    if _suppressed(p, item, hashed, bound, policy):
        return False
    if len(p.waiting) >= p.world.config.limits.open_escalations:
        _add_to_last_question(p, item, why)
        return True
    ladder = approval_ladder(policy.ladder, role)
    expires_at = plus(p.now, seconds=policy.expires_s)
    row = EscalationRow(
        id=derive("esc", p.case.id, item.key, p.number, hashed),
        type="approval",
        case=p.case.id,
        agent=item.agent,
        key=item.key,
        summary=kind.summary(item.params)[:MAX_SUMMARY],
        reason=why,
        role=ladder[0]["role"],
        requested_at=p.now,
        due_at=min(plus(p.now, seconds=ladder[0]["answer_s"]), expires_at),
        expires_at=expires_at,
        ladder=ladder,
        action={"kind": item.kind, "params": dict(item.params)},
        action_hash=hashed,
        bound=bound,
        shown=shown,
        diff=effect_diff(p, effects),
        policy=policy_name,
        quorum=policy.quorum,
        separate=policy.separate,
        meaning=policy.meaning,
        on_exhausted=policy.on_exhausted,
        asker=p.case.person,
        manifest_hash=p.world.manifest_hashes.get(item.agent, ""),
        lineage=p.lineage,
        level=item.level,
    )
    _open(p, row, item)
    p.rule(item, Verdict.ESCALATED, f"{row.role} is asked: {why}", policy_name, _first(effects))
    return True


def _suppressed(p: Pass, item: Item, hashed: str, bound: Mapping[str, int], policy: ApprovalPolicy) -> bool:
    """Whether the same question is open already, or was rejected a short while ago on the same state."""
    here = [r for r in p.opened if r.action_hash == hashed and r.type == "approval"]
    closed = {r.id: r for r in p.changed}
    for stored in (*p.store.actions_like(item.kind, hashed), *here):
        earlier = closed.get(stored.id, stored)
        if earlier.state is EscalationState.PENDING:
            p.rule(item, Verdict.REFUSED, f"{earlier.role} is asked already: {earlier.id}", ALREADY_ASKED)
            return True
        recent = plus(earlier.requested_at, seconds=policy.repeat_after_s) > p.now
        if earlier.state is EscalationState.REJECTED and recent and earlier.bound == bound:
            p.rule(
                item,
                Verdict.REFUSED,
                f"rejected before and nothing has changed: {earlier.id}",
                "rejected_before",
            )
            return True
    return False


def ask_question(
    p: Pass, agent: str, key: str, text: str, positions: Sequence[Item], reason: str, item: Item | None = None
) -> None:
    """Open a question along ``agent``'s escalation path; its options are concrete positions."""
    if len(p.waiting) >= p.world.config.limits.open_escalations:
        _add_to_last_question(p, item, text)
        return
    answer_s = p.world.config.engine.answer_s
    ladder: list[dict[str, Any]] = [
        {"role": r, "answer_s": answer_s} for r in p.world.manifests[agent].escalation_path.to
    ]
    options: list[dict[str, Any]] = [
        {
            "title": p.world.kinds[i.kind].summary(i.params)[:MAX_SUMMARY],
            "action": {"kind": i.kind, "params": dict(i.params)},
            "item": i.to_json(),
        }
        for i in positions
    ]
    options.append({"title": LEAVE, "action": None, "item": None})
    bound, shown = _positions_seen(p, positions)
    row = EscalationRow(
        id=derive("esc", p.case.id, key, p.number, reason, len(p.opened)),
        type="question",
        case=p.case.id,
        agent=agent,
        key=key,
        summary=text[:MAX_SUMMARY],
        reason=reason,
        role=ladder[0]["role"],
        requested_at=p.now,
        due_at=plus(p.now, seconds=answer_s),
        expires_at=plus(p.now, seconds=answer_s * len(ladder)),
        ladder=ladder,
        options=options,
        action_hash=digest([text, [o["action"] for o in options]]),
        bound=bound,
        policy=reason,
        on_exhausted="hold",
        asker=p.case.person,
        manifest_hash=manifests_hash(p.world, (i.agent for i in positions)),
        lineage=p.lineage,
        shown={"question": text, **shown},
    )
    _open(p, row, item)


def _open(p: Pass, row: EscalationRow, item: Item | None) -> None:
    p.opened.append(row)
    p.waiting[row.id] = item
    data = {
        "escalation": row.id,
        "role": row.role,
        "due_at": row.due_at,
        "summary": row.summary,
        "reason": row.reason,
    }
    p.note(f"{row.type}.requested", row.id, data, row.agent)


def _add_to_last_question(p: Pass, item: Item | None, text: str) -> None:
    """At the limit of open escalations the rest joins the last open question, which a person reads."""
    earlier = {e.id: e for e in p.store.escalations(p.case.id, open_only=True)} | {e.id: e for e in p.changed}
    rows = [r for r in (*earlier.values(), *p.opened) if r.type == "question" and r.id in p.waiting]
    if rows:
        last = rows[-1]
        more = changed(last, shown={**last.shown, "also": [*last.shown.get("also", []), text[:500]]})
        p.opened = [more if r is last else r for r in p.opened]
        if more not in p.opened:
            p.changed = [r for r in p.changed if r is not last] + [more]
    p.note("limit.escalations", p.case.id, {"text": text[:500]})
    if item is not None:
        p.rule(item, Verdict.REFUSED, "too many open escalations in this case", "limit_escalations")


def approval_ladder(rungs: Sequence[Rung], role: str | None) -> list[dict[str, Any]]:
    """The stored form of a policy's ladder; ``role`` stands where the action itself names one."""
    return [{"role": role if r.role == SUBJECT and role else r.role, "answer_s": r.answer_s} for r in rungs]


def _seen(p: Pass, item: Item, effects: Effects) -> tuple[dict[str, int], dict[str, Any]]:
    """Versions and bodies of what the action writes and of what its turn showed about its subject."""
    named = {v for v in item.params.values() if isinstance(v, str)}
    refs = set(effects.written()) | {r for r in map(Ref.parse, item.reads) if r.key in named}
    bound: dict[str, int] = {}
    shown: dict[str, Any] = {}
    for ref in sorted(refs):
        record = p.store.get(ref.type, ref.key)
        if record is not None and p.world.types[ref.type].versioned:
            bound[str(ref)] = record.version
            shown[str(ref)] = dict(record.body)
    return bound, shown


def _positions_seen(p: Pass, positions: Sequence[Item]) -> tuple[dict[str, int], dict[str, Any]]:
    """What is seen of all positions of a question: choosing one of them signs it, so it is bound alike."""
    bound: dict[str, int] = {}
    shown: dict[str, Any] = {}
    for item in positions:
        kind = p.world.kinds[item.kind]
        if check_shape(kind.params, item.params):
            continue  # the gate will refuse it
        effects = kind.decide(item.params, p.store, ActionContext(item.key, item.agent))
        versions, bodies = _seen(p, item, effects if isinstance(effects, Effects) else Effects())
        bound |= versions
        shown |= bodies
    return bound, shown


def effect_diff(p: Pass, effects: Effects) -> list[dict[str, Any]]:
    """The effect as rows {ref, field, was, now}, as the approval page shows it."""
    rows: list[dict[str, Any]] = []
    for put in effects.puts:
        record = p.store.get(put.ref.type, put.ref.key)
        for name, value in put.fields.items():
            was = record[name] if record else None
            if was != value:
                rows.append({"ref": str(put.ref), "field": name, "was": was, "now": value})
    for delta in effects.deltas:
        record = p.store.get(delta.ref.type, delta.ref.key)
        was = record[delta.field] if record else 0
        rows.append(
            {"ref": str(delta.ref), "field": delta.field, "was": was, "now": (was or 0) + delta.amount}
        )
    return rows


def _first(effects: Effects) -> str:
    return str(effects.written()[0]) if effects.written() else ""

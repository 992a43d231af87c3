"""People's decisions: who may give them, and what a pass makes of them (R12)."""

from collections.abc import Sequence

from protocol.authority import Signature
from protocol.decision import Checked, DecisionState, checked, standing
from protocol.effects import Effects, Refusal
from protocol.escalating import action_hash, ask_approval, ask_question, manifests_hash
from protocol.judging import judge_single
from protocol.ladder import superseded
from protocol.passing import Pass
from protocol.position import Item
from protocol.records import Ref
from protocol.rows import DecisionRow, EscalationRow, EscalationState, Verdict
from protocol.toolbox import ActionContext, Attempt
from protocol.world import World

APPROVE, REJECT, ANSWER = "approve", "reject", "answer"
ANEW = " Asked anew: "


def may_sign(world: World, row: EscalationRow, person: str, now: str) -> str | None:
    """The role as which ``person`` may decide ``row`` now, or None.

    Roles come from the floor, never from the request: those of the rungs reached so far.
    """
    allowed = {str(r["role"]) for r in row.ladder[: row.rung + 1]}
    held = sorted(world.config.roles_of(person, now) & allowed)
    return held[0] if held else None


def apply_decisions(p: Pass, decisions: list[DecisionRow]) -> None:
    """Apply what people decided since the last pass, oldest first, and what expired."""
    for decision in decisions:
        row = p.store.escalation(decision.escalation)
        state = DecisionState.RECORDED if row is None else standing(row, decision)
        if row is None or state is DecisionState.RECORDED:
            continue  # a first signature of two: it counts when the second stands
        p.spent.append(decision)
        if state is DecisionState.LAPSED or row.id not in p.waiting:
            continue
        item = p.waiting.pop(row.id)
        match row.state:
            case EscalationState.APPROVED if item is not None:
                _approved(p, row, item)
            case EscalationState.ANSWERED:
                _answered(p, row, item, decision)
            case _:
                _rejected(p, row, item)
    _expired(p)


def _expired(p: Pass) -> None:
    for identifier in list(p.waiting):
        row = p.store.escalation(identifier)
        if row is not None and row.state is EscalationState.EXPIRED:
            item = p.waiting.pop(identifier)
            if item is not None:
                p.rule(
                    item,
                    Verdict.REFUSED,
                    f"nobody decided by {row.due_at}: nothing was approved",
                    "expired",
                )


def _rejected(p: Pass, row: EscalationRow, item: Item | None) -> None:
    """Told as of who rejected: others may have signed before."""
    last = p.store.decisions(row.id)[-1]
    if item is None:
        p.note("question.left", row.id, {"by": last.person}, row.agent)
        return
    p.rule(item, Verdict.REFUSED, f"rejected by {last.person} ({last.role}): {last.reason}", "rejected")


def _approved(p: Pass, row: EscalationRow, item: Item) -> None:
    """Check the binding again, inside the transaction, then judge the action as signed (approvals.md 3)."""
    found = _checked(p, row, _unbound(p, row, item))
    match found.state:
        case DecisionState.SPENT:
            judge_single(p, item, _signature(p, row))
        case DecisionState.STALE:
            _ask_anew(p, row, item, found.changed)
        case _:
            p.rule(item, Verdict.REFUSED, found.reason, found.code)


def _checked(p: Pass, row: EscalationRow, refusal: Refusal | None) -> Checked:
    return checked(refusal, () if refusal else moved(p, row))


def _unbound(p: Pass, row: EscalationRow, item: Item) -> Refusal | None:
    """Why the stored decision does not fit the action: hash, manifest, lineage, time, roles."""
    shape = p.world.kinds[item.kind].params if item.kind in p.world.kinds else {}
    if row.action_hash != action_hash(item.kind, item.params, shape):
        return Refusal("hash_mismatch", "the action is not the one that was signed")
    if row.manifest_hash != p.world.manifest_hashes.get(item.agent, ""):
        return Refusal("manifest_changed", f"the manifest of {item.agent} changed since this was asked")
    return unsigned(p, row)


def _outdated(p: Pass, row: EscalationRow) -> Refusal | None:
    """Why a question's positions rest on other manifests. Questions of old ledgers have no hash."""
    agents = [str(o["item"]["agent"]) for o in row.options if o.get("item") is not None]
    if not row.manifest_hash or row.manifest_hash == manifests_hash(p.world, agents):
        return None
    return Refusal(
        "manifest_changed", f"a manifest of {', '.join(sorted(set(agents)))} changed since this was asked"
    )


def unsigned(p: Pass, row: EscalationRow) -> Refusal | None:
    """Why what people decided does not count now: the ledger, the time, or too few who may."""
    if row.lineage != p.lineage:
        return Refusal("lineage_changed", "the ledger was restored from a backup since this was asked")
    if p.clock_step_s:
        return Refusal(
            "clock_stepped", f"the clock jumped by {p.clock_step_s} s: nobody knows if it is in time"
        )
    if p.now >= row.expires_at:
        return Refusal("expired", f"the approval expired at {row.expires_at}")
    signed = [d for d in p.store.decisions(row.id) if d.decision in (APPROVE, ANSWER)]
    barred = row.asker if row.separate else None
    valid = {d.person for d in signed if may_sign(p.world, row, d.person, d.at)} - {barred}
    if len(valid) < row.quorum:
        return Refusal("not_authorised", f"{row.quorum} valid signatures are needed, {len(valid)} stand")
    return None


def moved(p: Pass, row: EscalationRow) -> list[str]:
    """The bound records whose version is no longer the one that was shown."""
    found = []
    for text, version in row.bound.items():
        ref = Ref.parse(text)
        record = p.store.get(ref.type, ref.key)
        if record is None or record.version != version:
            found.append(text)
    return found


def _ask_anew(p: Pass, row: EscalationRow, item: Item, changed: Sequence[str]) -> None:
    """Stale: nothing is committed; the same action is put to people again with what changed."""
    what = _differences(p, row, changed)
    p.rule(item, Verdict.CONFLICT, f"changed since it was shown: {what}", "stale")
    kind = p.world.kinds[item.kind]
    effects = kind.decide(item.params, p.store, ActionContext(item.key, item.agent))
    if isinstance(effects, Refusal):
        p.rule(item, Verdict.REFUSED, effects.message, effects.code)
        return
    before = len(p.opened)
    role = subject_role(p, row, item, effects)
    asked = ask_approval(p, item, row.policy, role, effects, f"{row.reason.partition(ANEW)[0]}{ANEW}{what}")
    if asked and len(p.opened) > before:
        p.changed.append(superseded(row, p.opened[-1].id))


def subject_role(p: Pass, row: EscalationRow, item: Item, effects: Effects) -> str:
    """The role that ``subject`` in the ladder stands for now: the action's own, or the one the rule names."""
    kind = p.world.kinds[item.kind]
    if row.policy == kind.name:
        role = kind.signature(item.params, p.store) if kind.signature else None
        return row.role if role in (None, "policy") else str(role)
    attempt = Attempt(item.kind, item.params, item.agent, effects)
    checks = (r.check(attempt, p.store) for r in p.world.rules if not r.kinds or item.kind in r.kinds)
    return next((f.role for f in checks if f and f.code == row.policy and f.role), row.role)


def _differences(p: Pass, row: EscalationRow, changed: Sequence[str]) -> str:
    """What is different now, field by field, for the person who is asked anew."""
    parts = []
    for text in changed:
        ref = Ref.parse(text)
        record = p.store.get(ref.type, ref.key)
        was = row.shown.get(text, {})
        now = dict(record.body) if record else {}
        fields = [
            f"{n} {was.get(n)} -> {now.get(n)}" for n in sorted({*was, *now}) if was.get(n) != now.get(n)
        ]
        parts.append(f"{text} ({', '.join(fields) or 'written again'})")
    return "; ".join(parts)[:1000]


def _signature(p: Pass, row: EscalationRow) -> Signature:
    """What people signed: here, and where the same action was asked under another policy and still stands."""
    rows = [row]
    if row.action is not None:
        rows += [
            e for e in p.store.actions_like(str(row.action["kind"]), row.action_hash) if _stands(p, e, row)
        ]
    signed = [d for e in rows for d in p.store.decisions(e.id) if d.decision in (APPROVE, ANSWER)]
    return Signature(row.id, tuple((d.person, d.role) for d in signed), row.asker)


def _stands(p: Pass, earlier: EscalationRow, row: EscalationRow) -> bool:
    """Whether an approval of the same action, given before, can be counted beside ``row``'s."""
    same = (earlier.case, earlier.key, earlier.lineage, earlier.manifest_hash)
    return (
        earlier.id != row.id
        and earlier.state is EscalationState.APPROVED
        and same == (row.case, row.key, row.lineage, row.manifest_hash)
        and p.now < earlier.expires_at
        and not moved(p, earlier)
    )


def _answered(p: Pass, row: EscalationRow, item: Item | None, decision: DecisionRow) -> None:
    """Choosing a position signs that action; ``leave as it is`` changes nothing."""
    option = row.options[decision.option] if decision.option is not None else None
    data = {"by": decision.person, "option": option["title"] if option else None, "text": decision.text[:500]}
    p.note("question.answered", row.id, data, row.agent)
    if option is not None and option.get("item") is not None:
        _chosen(p, row, Item.from_json(option["item"]), item)
    elif item is not None:
        p.rule(item, Verdict.REFUSED, f"left as it is by {decision.person}", "left_as_it_is")


def _chosen(p: Pass, row: EscalationRow, chosen: Item, item: Item | None) -> None:
    """A position that was chosen is signed as an approval is: by who may, in time, on what was shown."""
    found = _checked(p, row, _outdated(p, row) or unsigned(p, row))
    match found.state:
        case DecisionState.SPENT:
            judge_single(p, chosen, _signature(p, row))
        case DecisionState.STALE:
            _put_anew(p, row, chosen, item, found.changed)
        case _:
            p.rule(chosen, Verdict.REFUSED, found.reason, found.code)


def _put_anew(p: Pass, row: EscalationRow, chosen: Item, item: Item | None, changed: Sequence[str]) -> None:
    """Stale: the question is put again with what changed."""
    what = _differences(p, row, changed)
    p.rule(chosen, Verdict.CONFLICT, f"changed since it was shown: {what}", "stale")
    positions = [Item.from_json(o["item"]) for o in row.options if o.get("item") is not None]
    text = f"{str(row.shown['question']).partition(ANEW)[0]}{ANEW}{what}"
    before = len(p.opened)
    ask_question(p, row.agent, row.key, text, positions, row.reason, item)
    if len(p.opened) > before:
        p.changed.append(superseded(row, p.opened[-1].id))

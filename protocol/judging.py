"""Judging one action: key, scope, owner, preconditions, rules, signatures, claims, commit (R2, R3, R7-R10).

``judge`` either gives a verdict or says that the action waits for a last try: an interval held since
before this pass blocks it, and one of the others may free it.
"""

from collections.abc import Mapping
from typing import Any

from protocol.arbitration import MACHINE, ActionEvent, ActionState, advance, ruled
from protocol.asking import ask_owner
from protocol.authority import Signature, key_params, passes, scope_refusal
from protocol.canonical import digest
from protocol.commit import Applied, Blocked, perform
from protocol.effects import Effects, Emit, Refusal
from protocol.escalating import ask_approval, ask_question
from protocol.failpoints import Point, failpoint
from protocol.fields import check_shape
from protocol.ids import derive
from protocol.passing import Pass
from protocol.position import Item
from protocol.pulled import is_possible_and_pulled, is_pulled, put_to_person, reached
from protocol.records import Ref
from protocol.rows import CommitRow, EventRow, Verdict
from protocol.toolbox import ActionContext, ActionKind, Attempt


def judge(
    p: Pass, item: Item, signature: Signature | None = None, *, state: ActionState = ActionState.PROPOSED
) -> ActionState:
    """Give the one verdict on ``item``, committing it when every check passes; the state it is in then.

    From ``PROPOSED`` it may also come back as ``LAST_TRY``, without a verdict.
    """
    before = len(p.verdicts)
    if _waits(p, item, signature, may_wait=MACHINE.allows(state, ActionEvent.BLOCK)):
        state = advance(state, ActionEvent.BLOCK)
    for row in p.verdicts[before:]:
        state = ruled(state, row.verdict)
    return state


def judge_single(p: Pass, item: Item, signature: Signature | None = None) -> ActionState:
    """The verdict on an action that is judged by itself: nobody after it could free an interval."""
    return judge(p, item, signature, state=advance(ActionState.PROPOSED, ActionEvent.SINGLE))


def _waits(p: Pass, item: Item, signature: Signature | None, *, may_wait: bool) -> bool:
    """Judge, or say that the action waits for its last try."""
    kind = _admissible(p, item, signature)
    if kind is None:
        return False
    context = ActionContext(
        key=item.key,
        agent=item.agent,
        signed_by=signature.persons if signature else (),
        approval=signature.escalation if signature else None,
    )
    effects = kind.decide(item.params, p.store, context)
    if isinstance(effects, Refusal):
        _refuse_precondition(p, item, effects, signature)
        return False
    if signature is None and is_pulled(p, item, kind, effects):
        return False
    if winner := _written_by_other(p, item, effects):
        _overrule(p, item, winner, f"{winner} wrote the same record in this round")
        return False
    if not _lawful(p, item, kind, effects, signature):
        return False
    return _commit(p, item, kind, effects, signature, may_wait)


def _admissible(p: Pass, item: Item, signature: Signature | None) -> ActionKind | None:
    """The kind, when key, scope, params, mode, limits and ownership let the action be judged at all."""
    if (done := p.store.commit_of(item.key)) is not None:
        if done.params_hash == digest([item.kind, dict(item.params)]):
            p.rule(item, Verdict.DUPLICATE, "committed before; the stored result stands")
        else:
            p.rule(item, Verdict.REFUSED, "this key was used for another action", "key_reused")
        return None
    if refusal := scope_refusal(p.world, item):
        p.rule(item, Verdict.REFUSED, refusal.message, refusal.code)
        return None
    kind = p.world.kinds[item.kind]
    if problems := check_shape(kind.params, item.params):
        p.rule(item, Verdict.REFUSED, "; ".join(problems), "bad_params")
        return None
    if p.world.manifests[item.agent].mode == "shadow":
        p.rule(item, Verdict.SHADOWED, "a shadow agent's proposal is compared, never committed")
        return None
    owner = p.world.owner_of_kind(item.kind)
    if owner not in (item.agent, _settled_by(p, item)) and signature is None:
        if not is_possible_and_pulled(p, item, kind):
            ask_owner(p, item, owner, f"{owner} owns what {item.kind} writes")
        return None
    return kind


def _settled_by(p: Pass, item: Item) -> str | None:
    """The agent that answered the request the action was carried in: its yes counts for what it owns."""
    exchange = p.exchanges.get(item.exchange) if item.exchange else None
    return exchange.owner if exchange else None


def _refuse_precondition(p: Pass, item: Item, refusal: Refusal, signature: Signature | None) -> None:
    for emit in refusal.events:
        publish(p, emit, item.agent, item.key)
    if signature is None and (changed := _changed_reads(p, item)):
        _conflict(p, item, refusal, changed)
        return
    p.rule(item, Verdict.REFUSED, _sentence(refusal), refusal.code)


def _sentence(refusal: Refusal) -> str:
    role = f" {refusal.role} may decide." if refusal.role else ""
    instead = f" Instead: {refusal.alternative}." if refusal.alternative else ""
    return f"{refusal.message.rstrip('.')}.{role}{instead}"


def _changed_reads(p: Pass, item: Item) -> list[dict[str, Any]]:
    """Records the action is about that changed between the turn's reading and this pass."""
    about = set(key_params(p.world.kinds[item.kind].params, item.params).values())
    changed = []
    for text, was in item.reads.items():
        ref = Ref.parse(text)
        if ref.key not in about or not p.world.types[ref.type].versioned:
            continue
        now = p.start_version(ref)
        if now is not None and now != was:
            changed.append({"ref": text, "was": was, "now": now})
    return changed


def _conflict(p: Pass, item: Item, refusal: Refusal, changed: list[dict[str, Any]]) -> None:
    """Stale and no longer possible: ask the agent again, at most ``rereads`` times, then a person."""
    about = digest([item.agent, item.kind, key_params(p.world.kinds[item.kind].params, item.params)])
    count = p.rereads.get(about, 0) + 1
    p.rereads[about] = count
    p.rule(item, Verdict.CONFLICT, f"read before it changed, and now: {refusal.message}", refusal.code)
    if count > p.world.config.limits.rereads:
        text = (
            f"{item.agent} met a changed state {count} times: {p.world.kinds[item.kind].summary(item.params)}"
        )
        ask_question(p, item.agent, item.key, text, [], "rereads")
        return
    p.wake(
        item.agent,
        {
            "type": "reread",
            "action": item.key,
            "kind": item.kind,
            "params": dict(item.params),
            "reason": _sentence(refusal),
            "changed": changed,
            "level": item.level,
        },
    )


def _written_by_other(p: Pass, item: Item, effects: Effects) -> str | None:
    """The key of another agent's action of this pass that wrote one of the same records."""
    for put in effects.puts:
        by = p.put_by.get(put.ref)
        if by is not None and by[0] != item.agent:
            return by[1]
    return None


def _overrule(p: Pass, item: Item, winner: str, reason: str) -> None:
    p.rule(item, Verdict.OVERRULED, reason, "overruled")
    p.wake(
        item.agent,
        {
            "type": "overruled",
            "action": item.key,
            "kind": item.kind,
            "params": dict(item.params),
            "winner": winner,
            "reason": reason,
            "level": item.level,
        },
    )


def _lawful(p: Pass, item: Item, kind: ActionKind, effects: Effects, signature: Signature | None) -> bool:
    """Whether the supervisor's rules and the signatures it needs let the action through."""
    roles = signature.roles if signature else frozenset()
    attempt = Attempt(item.kind, item.params, item.agent, effects, roles)
    for rule in p.world.rules:
        if (rule.kinds and item.kind not in rule.kinds) or (rule.handoff_only and not _handed_off(p, item)):
            continue
        refusal = rule.check(attempt, p.store)
        if refusal is None or passes(p.world, refusal.code, signature, refusal.role):
            continue
        if refusal.code in p.world.config.approvals:
            ask_approval(p, item, refusal.code, refusal.role, effects, _sentence(refusal))
        else:
            p.rule(item, Verdict.REFUSED, f"{rule.name}: {_sentence(refusal)}", refusal.code)
        return False
    return _signed(p, item, kind, effects, signature)


def _signed(p: Pass, item: Item, kind: ActionKind, effects: Effects, signature: Signature | None) -> bool:
    role = kind.signature(item.params, p.store) if kind.signature else None
    if role is None:
        return True
    subject = None if role == "policy" else role
    if passes(p.world, kind.name, signature, subject):
        return True
    if kind.name not in p.world.config.approvals:
        p.rule(
            item,
            Verdict.REFUSED,
            f"{kind.name} needs a signature and the floor names no policy for it",
            "no_policy",
        )
        return False
    policy = p.world.config.approvals[kind.name]
    asked = subject or policy.ladder[0].role
    ask_approval(p, item, kind.name, subject, effects, f"{kind.name} needs the signature of {asked}")
    return False


def _handed_off(p: Pass, item: Item) -> bool:
    """Whether the action arose from a request between lanes."""
    exchange = p.exchanges.get(item.exchange) if item.exchange else None
    return exchange is not None and p.world.lane(exchange.asker) != p.world.lane(exchange.owner)


def _commit(
    p: Pass, item: Item, kind: ActionKind, effects: Effects, signature: Signature | None, may_wait: bool
) -> bool:
    """Do it, unless an invariant or a claim is in the way; True when the action waits."""
    with p.store.mark() as undo:
        before = {ref: p.start_version(ref) for ref in effects.written()}
        owner = p.world.owner_of_kind(item.kind)
        done = perform(
            p.store, p.world, effects, owner, item.key, is_signed=signature is not None, may_claim=kind.claims
        )
        pulls = reached(p, item, kind, done) if signature is None and isinstance(done, Applied) else []
        if pulls or not isinstance(done, Applied):
            undo()
    if pulls:
        put_to_person(p, item, kind, pulls)
        return False
    if isinstance(done, Refusal):
        p.rule(item, Verdict.REFUSED, done.message, done.code)
        return False
    if isinstance(done, Blocked):
        return _blocked(p, item, done, signature, may_wait)
    failpoint(Point.ACTED)
    _remember(p, item, effects, done, before)
    # What a person signed is bound to what they saw, whatever the turn had read before (R8).
    reread = [] if signature else [r for r in before if item.reads.get(str(r), before[r]) != before[r]]
    reason = f"re-computed on fresh state of {', '.join(map(str, reread))}" if reread else ""
    resource = str(done.written[0][0]) if done.written else ""
    p.rule(item, Verdict.COMMITTED, reason, None, resource)
    p.commits.append(
        CommitRow(
            key=item.key,
            case=p.case.id,
            agent=item.agent,
            kind=item.kind,
            params=item.params,
            params_hash=digest([item.kind, dict(item.params)]),
            result=dict(effects.result) | {"resource": resource},
            level=item.level,
            at=p.now,
            approval=signature.escalation if signature else None,
        )
    )
    for published in done.events:
        publish(p, published.emit, published.agent, item.key, actor=item.agent)
    return False


def _remember(p: Pass, item: Item, effects: Effects, done: Applied, before: Mapping[Ref, int | None]) -> None:
    p.writes += done.written
    for ref, version in done.written:
        was = before[ref] if ref in before else (version - 1 if version > 0 else None)
        p.before.setdefault(ref, -1 if was is None else was)
    for put in effects.puts:
        p.put_by.setdefault(put.ref, (item.agent, item.key))
    for claim in done.claims:
        p.claimed_by[claim.holder] = item


def _blocked(p: Pass, item: Item, blocked: Blocked, signature: Signature | None, may_wait: bool) -> bool:
    """An interval is taken: by this round's winner, by something whose owner can be asked, or for good.

    True when the action waits instead. A holder that took its interval again in this round, at a lower
    level, had it before: it is asked, or it could dodge every request by repeating itself.
    """
    held, wanted = blocked.held, blocked.wanted
    taken = f"{wanted.resource} is taken by {held.holder} from {held.start} to {held.end}"
    winner = p.claimed_by.get(held.holder)
    if winner is not None and winner.level >= item.level:
        _overrule(p, item, winner.key, taken)
        return False
    if may_wait:
        return True
    owner = p.world.owners.get(held.holder.type, item.agent)
    exchange = p.exchanges.get(item.exchange) if item.exchange else None
    asked_already = exchange is not None and owner in (exchange.owner, exchange.asker)
    if owner == item.agent or asked_already or signature is not None:
        p.rule(item, Verdict.REFUSED, taken, "occupied", str(held.holder))
    else:
        ask_owner(p, item, owner, taken)
    return False


def publish(p: Pass, emit: Emit, agent: str, cause: str, actor: str | None = None) -> None:
    """An event of the floor: stored, and heard by whoever subscribes, but not by the one who acted."""
    identifier = derive("evt", cause, p.number, len(p.events))
    row = EventRow(
        id=identifier,
        type=emit.type,
        source=agent,
        source_id=identifier,
        occurred=p.now,
        recorded=p.now,
        subject=emit.subject,
        data=dict(emit.data),
        case=p.case.id,
        agent=agent,
        lane=p.world.lane(agent),
        cause=cause,
        depth=p.case.depth,
    )
    p.events.append(row)
    p.heard.append((row, actor or agent))

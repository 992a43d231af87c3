"""What a case needs of the floor that takes it over, when that is not the floor it began under.

What the case has at work must still be there, or the case stops before a person. What people were asked
must still be what would happen, and asked as the floor asks it now, or they are asked anew with what
changed. The rest of a change concerns the case no more than any other: it goes on under the new floor.
"""

from collections.abc import Iterable, Iterator, Sequence

from protocol.authority import scope_refusal
from protocol.copies import changed
from protocol.deciding import moved, subject_role, unsigned
from protocol.effects import Effects, Refusal
from protocol.escalating import (
    action_hash,
    approval_ladder,
    ask_approval,
    ask_question,
    effect_diff,
    manifests_hash,
)
from protocol.fields import check_shape
from protocol.ladder import LadderEvent, step, superseded
from protocol.manifest import DECIDE
from protocol.passing import Pass
from protocol.position import Item, Position, Route
from protocol.round import Outcome, status_of
from protocol.rows import DecisionRow, EscalationRow, EscalationState, Verdict
from protocol.toolbox import ActionContext
from protocol.turns import Proposal, Turn
from protocol.world import World

FLOOR_CHANGED = "floor_changed"
ANEW = " The floor changed since this was asked: "
_OPEN = (EscalationState.PENDING, EscalationState.APPROVED, EscalationState.ANSWERED)
"""Escalations that may still lead to a commit: not those that were rejected or that expired."""


def missing(world: World, position: Position) -> list[str]:
    """What a case has at work and the floor does not have any more, in words."""
    found: list[str] = []
    open_ones = [x for x in position.exchanges.values() if x.state.open]
    speakers = {x.speaker for x in position.exchanges.values() if x.speaker is not None}
    at_work = set(position.active) | speakers
    parties = at_work | {a for x in open_ones for a in (x.asker, x.owner)}
    for agent in sorted(parties):
        if agent not in world.manifests:
            found.append(f"{agent} left it")
        elif agent in at_work and world.manifests[agent].mode == "shadow":
            found.append(f"{agent} is only watched in it now, and commits nothing")
    for exchange in open_ones:
        owner = world.manifests.get(exchange.owner)
        known = owner is None or exchange.request in (DECIDE, *owner.input_schema.requests)
        if not known:
            found.append(f"{exchange.owner} no longer answers {exchange.request}")
        if exchange.carries is not None and exchange.carries.kind not in world.kinds:
            found.append(f"{exchange.carries.kind} is no action any more")
    return list(dict.fromkeys(found))


def unfit_turns(world: World, turns: Iterable[Turn]) -> list[str]:
    """What was said under the earlier version and is waiting for the gate, and this floor cannot judge."""
    found = []
    for turn in turns:
        for kind, params in ((m.kind, m.params) for m in turn.moves if isinstance(m, Proposal)):
            item = Item("", turn.agent, kind, params, level=0, round=0, ordinal=0)
            if (why := unfit(world, item)) is not None:
                found.append(why)
    return list(dict.fromkeys(found))


def lowered(world: World, position: Position) -> Position:
    """The position with nobody's authority above what the manifests give now, the one place to read it."""
    return changed(
        position,
        waiting={e: None if i is None else _capped(world, i) for e, i in position.waiting.items()},
        exchanges={
            name: changed(x, level=_level(world, x.asker, x.level)) for name, x in position.exchanges.items()
        },
    )


def _capped(world: World, item: Item) -> Item:
    return changed(item, level=_level(world, item.agent, item.level))


def _level(world: World, agent: str, level: int) -> int:
    manifest = world.manifests.get(agent)
    return level if manifest is None else min(level, manifest.authority.level)


def to_refresh(p: Pass) -> list[tuple[EscalationRow, str]]:
    """The open escalations of a case that people have to be asked anew, each with why."""
    rows = (p.store.escalation(identifier) for identifier in p.waiting)
    found = ((row, next(_reasons(p, row), None)) for row in rows if row is not None and row.state in _OPEN)
    return [(row, why) for row, why in found if why is not None]


def refresh(p: Pass, decisions: Sequence[DecisionRow], stale: Sequence[tuple[EscalationRow, str]]) -> Outcome:
    """Fill a pass that puts what is ``stale`` to people anew; nothing else of the case moves.

    What was decided on it is spent and comes to nothing: it was about something else.
    """
    for row, why in stale:
        item = p.waiting.pop(row.id)
        before = len(p.opened)
        p.changed.append(step(row, LadderEvent.SUPERSEDE))
        p.spent += [d for d in decisions if d.escalation == row.id]
        if row.type == "question" or item is None:
            _put_question(p, row, item, why)
        else:
            p.rule(item, Verdict.CONFLICT, f"the floor changed since it was asked: {why}", FLOOR_CHANGED)
            _put_action(p, row, item, why)
        if len(p.opened) > before:
            p.changed = [r for r in p.changed if r.id != row.id] + [superseded(row, p.opened[-1].id)]
    active = p.position.active
    route = Route.AGENTS if active else Route.ESCALATE if p.waiting else Route.REPLY
    return Outcome(p.to_position(active, p.position.round), route, status_of(p, route))


def _reasons(p: Pass, row: EscalationRow) -> Iterator[str]:
    """Why people have to be asked anew. A record that moved is no reason here: the commit sees to that."""
    if row.state is EscalationState.PENDING:
        held = {role for person in p.world.config.people for role in person.roles}
        yield from (
            f"nobody is {r['role']} any more" for r in row.ladder[row.rung :] if r["role"] not in held
        )
    elif (refusal := unsigned(p, row)) is not None and refusal.code == "not_authorised":
        yield "who decided may not do so any more"
    if row.type == "question":
        yield from _question_reasons(p, row)
    elif (item := p.waiting[row.id]) is not None:
        yield from _approval_reasons(p, row, item)


def _question_reasons(p: Pass, row: EscalationRow) -> Iterator[str]:
    if row.state is EscalationState.ANSWERED:
        last = p.store.decisions(row.id)[-1]
        if last.option is None or row.options[last.option].get("item") is None:
            return  # nothing would be done, on any floor
    if row.agent not in p.world.manifests:
        yield f"{row.agent} left it"
    for item in _positions(row):
        if (why := unfit(p.world, item)) is not None:
            yield why
    agents = [item.agent for item in _positions(row)]
    if row.manifest_hash and row.manifest_hash != manifests_hash(p.world, agents):
        yield "what the agents may do in it changed"


def _approval_reasons(p: Pass, row: EscalationRow, item: Item) -> Iterator[str]:
    if (why := unfit(p.world, item)) is not None:
        yield why
        return
    if row.manifest_hash != p.world.manifest_hashes.get(item.agent, ""):
        yield f"the manifest of {item.agent}"
    policy = p.world.config.approvals.get(row.policy)
    if policy is None:
        yield f"it has no approval policy {row.policy} any more"
        return
    terms = (policy.quorum, policy.separate, policy.meaning, policy.on_exhausted)
    if terms != (row.quorum, row.separate, row.meaning, row.on_exhausted):
        yield f"the approval policy {row.policy}"
    kind = p.world.kinds[item.kind]
    if row.action_hash != action_hash(item.kind, item.params, kind.params):
        yield f"the fields of {item.kind}"
    if moved(p, row):
        return
    effects = kind.decide(item.params, p.store, ActionContext(item.key, item.agent))
    if isinstance(effects, Refusal):
        yield f"{item.kind} is now refused: {effects.message}"
        return
    if approval_ladder(policy.ladder, subject_role(p, row, item, effects)) != list(map(dict, row.ladder)):
        yield f"the approval policy {row.policy}"
    if effect_diff(p, effects) != list(map(dict, row.diff)):
        yield f"what {item.kind} does"


def unfit(world: World, item: Item) -> str | None:
    """Why a floor cannot even judge an action, whoever signs it; None when it can."""
    manifest = world.manifests.get(item.agent)
    if manifest is None:
        return f"{item.agent} left it"
    if manifest.mode == "shadow":
        return f"{item.agent} is only watched in it now, and commits nothing"
    if item.kind not in world.kinds:
        return f"{item.kind} is no action any more"
    if (refusal := scope_refusal(world, item)) is not None:
        return refusal.message
    kind = world.kinds[item.kind]
    if problems := check_shape(kind.params, item.params):
        return f"{item.kind} takes other fields: {'; '.join(problems)}"
    return None


def _positions(row: EscalationRow) -> list[Item]:
    return [Item.from_json(o["item"]) for o in row.options if o.get("item") is not None]


def _put_action(p: Pass, row: EscalationRow, item: Item, why: str) -> None:
    """The same action, asked as the floor asks now; when the floor cannot do it, that is put to a person."""
    if unfit(p.world, item) is None and row.policy in p.world.config.approvals:
        kind = p.world.kinds[item.kind]
        effects = kind.decide(item.params, p.store, ActionContext(item.key, item.agent))
        if isinstance(effects, Effects):
            role = subject_role(p, row, item, effects)
            ask_approval(p, item, row.policy, role, effects, f"{row.reason.partition(ANEW)[0]}.{ANEW}{why}.")
            return
    text = f"{row.summary} cannot be done as it was asked.{ANEW}{why}."
    ask_question(p, _whom(p, row), item.key, text, [], FLOOR_CHANGED, item)


def _put_question(p: Pass, row: EscalationRow, item: Item | None, why: str) -> None:
    """The same question with the positions that the floor still has."""
    fit = [_capped(p.world, i) for i in _positions(row) if unfit(p.world, i) is None]
    text = f"{str(row.shown['question']).partition(ANEW)[0]}{ANEW}{why}."
    ask_question(p, _whom(p, row), row.key, text, fit, row.reason, item)


def _whom(p: Pass, row: EscalationRow) -> str:
    """The agent along whose path people are asked: who asked, if it is still there."""
    return row.agent if row.agent in p.world.manifests else sorted(p.world.manifests)[0]

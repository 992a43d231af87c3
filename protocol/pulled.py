"""What a standing pull does to an agent's proposal: it commits nothing, and a person is asked (R10).

Facts, holds and what a person signed are no proposals: they never come here.
"""

from protocol.commit import Applied
from protocol.effects import Effects, Put
from protocol.escalating import action_hash, ask_question
from protocol.exchange import ALREADY_ASKED
from protocol.passing import Pass
from protocol.position import Item
from protocol.pulls import Scope, covers
from protocol.rows import EscalationRow, PullRow, Verdict
from protocol.times import local
from protocol.toolbox import ActionContext, ActionKind

PULLED = "pulled"
"""The code of the verdict, and the reason of the question."""
_MAX_REASON = 300


def is_pulled(p: Pass, item: Item, kind: ActionKind, effects: Effects) -> bool:
    """Whether an unsigned action lies in a scope that is pulled; then its verdict is given here."""
    pulls = [] if kind.protective else _covering(p, item, effects)
    if pulls:
        put_to_person(p, item, kind, pulls)
    return bool(pulls)


def is_possible_and_pulled(p: Pass, item: Item, kind: ActionKind) -> bool:
    """The same before an owner is asked: the cord goes before ownership (R3)."""
    if not p.store.pulls(open_only=True):
        return False
    effects = kind.decide(item.params, p.store, ActionContext(item.key, item.agent))
    return isinstance(effects, Effects) and is_pulled(p, item, kind, effects)


def reached(p: Pass, item: Item, kind: ActionKind, done: Applied) -> list[PullRow]:
    """The pulls an action would reach by its consequences, once they are written; the caller undoes them."""
    if kind.protective:
        return []
    return _covering(p, item, Effects(tuple(Put(ref, {}) for ref, _ in done.written), claims=done.claims))


def _covering(p: Pass, item: Item, effects: Effects) -> list[PullRow]:
    standing = p.store.pulls(open_only=True)
    return [row for row in standing if covers(Scope.parse(row.scope), p.world, item, effects, p.store)]


def put_to_person(p: Pass, item: Item, kind: ActionKind, pulls: list[PullRow]) -> None:
    """A question along the agent's escalation path: the action as it is, or leave everything as it is."""
    first, scopes = pulls[0], ", ".join(row.scope for row in pulls)
    if (earlier := _asked(p, item, kind)) is not None:
        p.rule(item, Verdict.REFUSED, f"{earlier.role} is asked already: {earlier.id}", ALREADY_ASKED)
        return
    since = local(first.at, p.world.config.zone)
    by = f"{first.by} ({first.role}) since {since}: {first.reason[:_MAX_REASON]}"
    text = f"{scopes} is pulled, and {item.agent} wants: {kind.summary(item.params)}. Pulled by {by}"
    before = len(p.opened)
    ask_question(p, item.agent, item.key, text, [item], PULLED, item)
    if len(p.opened) > before:  # else it was refused: too many questions are open in this case
        p.rule(item, Verdict.ESCALATED, f"{p.opened[-1].role} is asked: {scopes} is pulled", PULLED)


def _asked(p: Pass, item: Item, kind: ActionKind) -> EscalationRow | None:
    """The open question about this very action, in any case: people are asked once."""
    wanted = action_hash(item.kind, item.params, kind.params)
    for row in (*p.store.escalations(open_only=True), *p.opened):
        action = row.options[0]["action"] if row.policy == PULLED else None
        if action is None or action["kind"] != item.kind:
            continue
        if action_hash(item.kind, action["params"], kind.params) == wanted:
            return row
    return None

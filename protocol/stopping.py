"""Stopping a case that cannot go on as it is: no agent is asked again, and a person is told why.

For what the rules cannot decide: a floor's function that raises, a floor that changed under a case
so that its agents are gone. Never silent, never a yes, and never in the way of other cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.calling import give_back
from protocol.decision import DecisionState, standing
from protocol.escalating import ask_question
from protocol.exchange import fail
from protocol.lifecycle import CaseEvent, advance
from protocol.passing import Pass
from protocol.position import Route
from protocol.round import Outcome
from protocol.rows import DecisionRow, EscalationState, Verdict


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a case stops: ``code`` becomes the case's, ``text`` is what the person reads."""

    code: str
    text: str


def stop(p: Pass, decisions: Sequence[DecisionRow], why: Stop) -> Outcome:
    """Fill a pass that ends the work of agents: what was decided is spent and comes to nothing."""
    asked = _whom(p)
    p.errors.append(why.code)
    p.note("case.stopped", p.case.id, {"code": why.code, "text": why.text[:500]})
    _close(p, decisions, why)
    for identifier, exchange in p.exchanges.items():
        if exchange.state.open:
            p.exchanges[identifier] = fail(exchange, why.code)
    give_back(p)
    ask_question(p, asked, f"{p.case.id}/{p.number}/stopped", why.text, [], why.code)
    route = Route.ESCALATE if p.waiting else Route.REPLY
    status = advance(p.case.status, CaseEvent.STOP if p.waiting else CaseEvent.FAIL)
    return Outcome(p.to_position({}, p.position.round), route, status)


def _whom(p: Pass) -> str:
    """The agent along whose path people are asked: one that was at work, if it is still there."""
    there = sorted(set(p.position.active) & set(p.world.manifests))
    return (there or sorted(p.world.manifests))[0]


def _close(p: Pass, decisions: Sequence[DecisionRow], why: Stop) -> None:
    """Escalations that are decided or expired would otherwise bring the same pass about again."""
    closed = {
        identifier
        for identifier in p.waiting
        if (row := p.store.escalation(identifier)) is not None and row.state is not EscalationState.PENDING
    }
    for decision in decisions:
        row = p.store.escalation(decision.escalation)
        if row is not None and standing(row, decision) is not DecisionState.RECORDED:
            p.spent.append(decision)
    for identifier in sorted(closed):
        item = p.waiting.pop(identifier)
        if item is not None:
            p.rule(item, Verdict.REFUSED, why.text, why.code)

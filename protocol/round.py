"""A gate pass: decisions, then the turns of the round, then the route (DESIGN section 4).

``run`` fills a Pass and returns what comes next. It is the whole of the gate's thinking; the shell
opens the transaction, gives it the rows, and writes what it filled in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from protocol.arbitration import ActionState
from protocol.asking import answer_trigger, concrete, request_trigger
from protocol.authority import rank
from protocol.calling import BUDGET, give_back
from protocol.deciding import apply_decisions
from protocol.effects import Effects
from protocol.escalating import ask_question
from protocol.exchange import ALREADY_ASKED, Exchange, cut
from protocol.hearing import Heard, hear, note_cut
from protocol.judging import judge, judge_single
from protocol.lifecycle import CaseEvent, advance
from protocol.passing import Pass
from protocol.position import Item, Position, Route, Trigger
from protocol.rows import CaseStatus, DecisionRow, EventRow, Verdict
from protocol.toolbox import ActionContext
from protocol.turns import Carried, Turn


@dataclass(frozen=True, slots=True)
class Opening:
    """A case to open in another lane: the events its agents hear."""

    lane: str
    events: tuple[EventRow, ...]
    active: Mapping[str, tuple[Trigger, ...]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pass decided beyond what it committed."""

    position: Position
    route: Route
    status: CaseStatus
    openings: tuple[Opening, ...] = field(default=())


def run(p: Pass, turns: Mapping[str, Turn] | None, decisions: Sequence[DecisionRow]) -> Outcome:
    """Make one pass. ``turns`` None: only decisions are applied, and no round is counted.

    While agents of the present round are still to speak, decisions wait: nothing is applied twice.
    """
    apply_decisions(p, list(decisions))
    if turns is not None:
        heard = hear(p, turns)
        _judge_all(p, heard.items)
        _resolve_cuts(p, heard)
    openings = _spread(p)
    _keep_exchanges_moving(p)
    if p.next:
        _limit(p)
    give_back(p)
    active = {a: tuple(ts) for a, ts in sorted(p.next.items())}
    route = Route.AGENTS if active else Route.ESCALATE if p.waiting else Route.REPLY
    round_no = p.position.round + 1 if active else p.position.round
    return Outcome(p.to_position(active, round_no), route, status_of(p, route), openings)


def _judge_all(p: Pass, items: Sequence[Item]) -> None:
    """Judge in the order of R3; what an older claim blocks is tried once more after the others."""
    ordered = items
    if len(items) > 1:  # what stands alone needs no rank, and a floor's function may be slow
        ordered = sorted(items, key=lambda i: rank(p.world, i, _foreseen(p, i), p.store))
    judged = [(item, judge(p, item)) for item in ordered]
    for item, state in judged:
        if state is ActionState.LAST_TRY:
            judge(p, item, state=state)


def _foreseen(p: Pass, item: Item) -> Effects | None:
    """What the action would do on the state at the start of the pass, for its rank; None if it cannot, or
    if no rank depends on it: the floor orders nothing, and the agent owns nothing of what it may claim.
    """
    kind = p.world.kinds.get(item.kind)
    if kind is None:
        return None
    owns = any(p.world.owners.get(claimed) == item.agent for claimed in kind.claims)
    if not owns and p.world.toolbox.order is None:
        return None
    for name, shape in kind.params.items():
        if shape.problem(item.params.get(name)):
            return None
    effects = kind.decide(item.params, p.store, ActionContext(item.key, item.agent))
    return effects if isinstance(effects, Effects) else None


def _resolve_cuts(p: Pass, heard: Heard) -> None:
    for identifier in heard.cut:
        resolve_cut(p, identifier)
    _put_used_up(p)


def _put_used_up(p: Pass) -> None:
    """What is asked about again after the last answer is decided by a person: a no is no open end (R4)."""
    while p.used_up:
        identifier = p.used_up.pop(0)
        exchange = p.exchanges[identifier]
        note_cut(p, identifier, exchange)
        _leave_to_person(p, identifier, exchange)


def _leave_to_person(p: Pass, identifier: str, exchange: Exchange) -> None:
    """A cut that overrides nobody: a person decides on what the asker wants; a question is refused."""
    if exchange.carries is None:
        p.wake(exchange.asker, answer_trigger(p, identifier, exchange, "refuse"))
        return
    wanted = exchange.asked_params()
    positions = [] if wanted is None else [concrete(p, identifier, exchange, wanted)]
    _put_undecided(p, identifier, exchange, exchange.carries, positions)


def resolve_cut(p: Pass, identifier: str) -> None:
    """After a cut: the asker's last position if it outranks the owner and passes; else the owner's
    last offer; else a person (R4).
    """
    exchange = p.exchanges[identifier]
    if exchange.carries is None:
        p.wake(exchange.asker, answer_trigger(p, identifier, exchange, "refuse"))
        return
    asker = p.world.manifests[exchange.asker].authority.level
    owner = p.world.manifests[exchange.owner].authority.level
    wanted, offered = exchange.asked_params(), exchange.settled_params() if exchange.offer else None
    positions = [concrete(p, identifier, exchange, w) for w in (wanted,) if w is not None]
    candidates = list(positions) if asker > owner else []
    if offered is not None:
        offer = concrete(p, identifier, exchange, offered)
        positions.append(offer)
        candidates.append(offer)
    for candidate in candidates:
        if judge_single(p, candidate) is ActionState.COMMITTED or _goes_on(p, candidate):
            return
    _put_undecided(p, identifier, exchange, exchange.carries, positions)


def _put_undecided(
    p: Pass, identifier: str, exchange: Exchange, carries: Carried, positions: Sequence[Item]
) -> None:
    carried = concrete(p, identifier, exchange, exchange.asked_params() or dict(carries.params))
    p.rule(
        carried, Verdict.ESCALATED, f"{exchange.asker} and {exchange.owner} came to no decision", "undecided"
    )
    text = (
        f"{exchange.asker} wants {_words(carries.kind, carried.params)}; "
        f"{exchange.owner} {_offer_words(exchange.offer)}. Neither decided: {exchange.request}."
    )
    ask_question(p, exchange.owner, exchange.key, text, positions, "undecided", carried)


def _goes_on(p: Pass, item: Item) -> bool:
    """Whether somebody else was asked about the action: a person, or the owner of what it writes."""
    verdict, code = p.outcomes.get(item.key, ("", None))
    return verdict in (Verdict.ESCALATED, Verdict.ASKED) or code == ALREADY_ASKED


def _words(kind: str, params: Mapping[str, Any]) -> str:
    """By name, as a ledger gives params back: the same in whichever pass the question arises."""
    return f"{kind}({', '.join(f'{n}={v}' for n, v in sorted(params.items()))})"


def _offer_words(offer: Mapping[str, Any] | None) -> str:
    return "offers " + ", ".join(f"{n}={v}" for n, v in sorted(offer.items())) if offer else "makes no offer"


def _spread(p: Pass) -> tuple[Opening, ...]:
    """Events heard in the same lane enter the next round; in another lane they open a case."""
    lane_of = p.world.lane
    openings: dict[str, tuple[list[EventRow], dict[str, list[Trigger]]]] = {}
    for event, actor in p.heard:
        trigger = {
            "type": "event",
            "id": event.id,
            "event": event.type,
            "subject": event.subject,
            "data": dict(event.data),
            "occurred": event.occurred,
        }
        for agent in p.world.hearers(event.type):
            if agent == actor and event.type not in p.world.manifests[agent].reflexes:
                continue  # who acted knows; only its reflexes answer its own events
            if lane_of(agent) == event.lane:
                p.wake(agent, trigger)
                continue
            events, active = openings.setdefault(lane_of(agent), ([], {}))
            if event not in events:
                events.append(event)
            active.setdefault(agent, []).append(trigger)
    if openings and p.case.depth + 1 > p.world.config.limits.causal_depth:
        p.note("limit.causal_depth", p.case.id, {"lanes": sorted(openings)})
        agent = sorted(next(iter(openings.values()))[1])[0]
        lanes = ", ".join(sorted(openings))
        text = f"Events caused by one another reach depth {p.case.depth + 1}; {lanes} is not woken."
        ask_question(p, agent, f"{p.case.id}/{p.number}/depth", text, [], "causal_depth")
        return ()
    return tuple(
        Opening(lane, tuple(events), {a: tuple(ts) for a, ts in sorted(active.items())})
        for lane, (events, active) in sorted(openings.items())
    )


def _keep_exchanges_moving(p: Pass) -> None:
    """Whoever is awaited in an open exchange and is awake is reminded; if nobody is awake, they are woken."""
    awaited = {i: x for i, x in p.exchanges.items() if x.state.open and x.speaker is not None}
    nobody = not p.next
    for identifier, exchange in awaited.items():
        speaker = str(exchange.speaker)
        known = {t.get("exchange") for t in p.next.get(speaker, ())}
        if identifier in known or (speaker not in p.next and not nobody):
            continue
        if speaker == exchange.owner:
            p.wake(speaker, request_trigger(identifier, exchange, insist=exchange.defers > 0))
        else:
            p.wake(speaker, answer_trigger(p, identifier, exchange, "counter"))


def _limit(p: Pass) -> None:
    """At the bound of rounds no agent is asked again: exchanges are cut, the rest goes to a person (R14)."""
    limit = p.world.config.limits.rounds
    if p.position.round < limit and p.exhausted is None:
        return
    reason = p.exhausted or "rounds"
    p.exhausted = reason
    waiting = set(p.next)
    p.next.clear()
    p.note("limit.reached", p.case.id, {"limit": reason, "agents": sorted(waiting)})
    ended = _cut_all(p)
    for identifier, _ in ended:
        resolve_cut(p, identifier)
    for identifier, exchange in _cut_all(p):  # what the first cuts put to another owner comes too late
        _leave_to_person(p, identifier, exchange)
    _put_used_up(p)
    p.next.clear()
    # An action that was asked about is decided or before a person; a question without one is left its asker.
    waiting -= {str(x.speaker) for _, x in ended}
    waiting |= {x.asker for _, x in ended if x.carries is None}
    if waiting:
        who = ", ".join(sorted(waiting))
        bound = "" if reason == BUDGET else f" ({limit} rounds at most)"
        text = f"The case used up its {reason}{bound} while {who} had work left."
        ask_question(p, sorted(waiting)[0], f"{p.case.id}/{p.number}/limit", text, [], f"limit_{reason}")


def _cut_all(p: Pass) -> list[tuple[str, Exchange]]:
    """Cut what is open; the exchanges as they stood."""
    found = [(identifier, x) for identifier, x in p.exchanges.items() if x.state.open]
    for identifier, exchange in found:
        p.exchanges[identifier] = cut(exchange, "bound")
        note_cut(p, identifier, p.exchanges[identifier])
    return found


def status_of(p: Pass, route: Route) -> CaseStatus:
    """What the case amounts to when it goes this way."""
    return advance(p.case.status, _event(p, route))


def _event(p: Pass, route: Route) -> CaseEvent:
    if route is Route.AGENTS:
        return CaseEvent.WORK
    if route is Route.ESCALATE:
        return CaseEvent.AWAIT
    if p.errors:
        return CaseEvent.FAIL
    return CaseEvent.REFUSE if p.case.origin == "text" and refusal_code(p) is not None else CaseEvent.FINISH


def refusal_code(p: Pass) -> str | None:
    """The code under which the opening request was refused, or None when it was not."""
    verdicts = list(p.outcomes.values())
    if any(v in (Verdict.COMMITTED, Verdict.DUPLICATE, Verdict.SHADOWED) for v, _ in verdicts):
        return None
    said = next((s["code"] for _, s in sorted(p.said.items()) if s.get("code")), None)
    refused = next(
        (code or "refused" for v, code in verdicts if v in (Verdict.REFUSED, Verdict.OVERRULED)), None
    )
    return said or refused

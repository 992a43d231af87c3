"""Hearing the turns of a round: what was asked, answered, proposed and said, in a fixed order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from protocol.asking import answer_trigger, concrete, open_exchange, request_trigger
from protocol.authority import effective_level, key_params, scope_refusal
from protocol.calling import BUDGET, record_calls
from protocol.degrading import remember
from protocol.effects import Refusal
from protocol.escalating import ask_question
from protocol.exchange import Exchange, ExchangeState, IllegalSayError, fail, matter_of, speak
from protocol.ids import action_key
from protocol.manifest import DECIDE
from protocol.passing import Pass
from protocol.position import Item, Trigger
from protocol.rows import Verdict
from protocol.turns import Answer, AnswerKind, Ask, Proposal, Reply, Turn
from protocol.wording import typed, unworded


@dataclass
class Heard:
    """What the turns of a round bring before the gate: actions to judge, and exchanges that were cut."""

    items: list[Item] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)


def hear(p: Pass, turns: Mapping[str, Turn]) -> Heard:
    """Take the turns by agent name; within a turn in the order the agent made its moves."""
    heard = Heard()
    for agent in sorted(turns):
        turn, triggers = turns[agent], p.position.active[agent]
        _note_turn(p, turn, triggers)
        record_calls(p, turn, triggers)
        if turn.failure is not None:
            _failed(p, turn, triggers)  # what moves it has are its reflexes': they need no model
        level = effective_level(p.world.manifests[agent].authority.level, (t.get("level") for t in triggers))
        for ordinal, move in enumerate(turn.moves):
            match move:
                case Proposal():
                    _propose(p, heard, turn, move, level, ordinal)
                case Ask():
                    _ask(p, turn, move, level, ordinal)
                case Answer():
                    _answer(p, heard, turn, move)
                case Reply(text, code, clarify):
                    p.said[agent] = {"text": text, "code": code, "clarify": clarify}
        if turn.failure is None:
            _silent(p, heard, turn, triggers)
    return heard


def _note_turn(p: Pass, turn: Turn, triggers: tuple[Trigger, ...]) -> None:
    kind = "turn.taken" if turn.failure is None else "turn.failed"
    data = {
        "round": p.position.round,
        "moves": len(turn.moves),
        "asked_by": asked_by(triggers),
        "attempts": turn.attempts,
        "model_calls": turn.usage.model_calls,
        "model": turn.model,
        "tokens": turn.usage.input_tokens + turn.usage.output_tokens,
        "cost_usd": turn.usage.cost_usd,
        "failure": turn.failure,
        "endpoint": turn.endpoint,
        "detail": turn.detail[:500],
        "dropped": list(turn.dropped),
    }
    p.note(kind, turn.agent, data, turn.agent)
    if turn.context.is_nearly_full:
        filled = {
            "tokens": turn.context.tokens,
            "budget": turn.context.budget,
            "counted": turn.context.counted,
        }
        p.note("context.nearly_full", turn.agent, filled, turn.agent)


def asked_by(triggers: Iterable[Trigger]) -> list[str]:
    """The agents that wait for this turn, by name: who asks something, or has offered something."""
    asking = {str(t["from"]) for t in triggers if t["type"] == "request"}
    return sorted(asking | {str(t["to"]) for t in triggers if t["type"] == "answer" and t["open"]})


def _propose(p: Pass, heard: Heard, turn: Turn, move: Proposal, level: int, ordinal: int) -> None:
    key = action_key(p.case.id, p.position.round, turn.agent, ordinal)
    item = Item(
        key,
        turn.agent,
        move.kind,
        move.params,
        level,
        p.position.round,
        ordinal,
        turn.reads,
        None,
        p.position.round,
    )
    if _counted(p, item):
        heard.items.append(item)


def _counted(p: Pass, item: Item) -> bool:
    p.proposals += 1
    if p.proposals > p.world.config.limits.proposals:
        p.rule(item, Verdict.REFUSED, "this case has used up its proposals", "limit_proposals")
        p.exhausted = p.exhausted or "proposals"
        return False
    return True


def _ask(p: Pass, turn: Turn, move: Ask, level: int, ordinal: int) -> None:
    key = action_key(p.case.id, p.position.round, turn.agent, ordinal)
    carried = _carried_item(p, turn, move, level, ordinal, key)
    if refusal := _ask_refusal(p, turn.agent, move, carried):
        if carried is not None:
            p.rule(carried, Verdict.REFUSED, refusal.message, refusal.code)
        p.note(
            "request.refused",
            f"{move.to}.{move.request}",
            {"code": refusal.code, "reason": refusal.message},
            turn.agent,
        )
        return
    if carried is not None and not _counted(p, carried):
        return
    keys = (
        key_params(p.world.kinds[move.carries.kind].params, move.carries.params)
        if move.carries
        else {n: v for n, v in unworded(move.params).items() if isinstance(v, str)}
    )
    exchange = Exchange(
        matter=matter_of(turn.agent, move.to, move.request, move.carries, keys),
        asker=turn.agent,
        owner=move.to,
        request=move.request,
        params=move.params,
        carries=move.carries,
        key=key,
        level=effective_level(level, [p.world.manifests[move.to].authority.level]),
        opened=p.position.round,
    )
    open_exchange(p, exchange, carried, f"{move.to} is asked: {move.request}")


def _carried_item(p: Pass, turn: Turn, move: Ask, level: int, ordinal: int, key: str) -> Item | None:
    if move.carries is None:
        return None
    return Item(
        key, turn.agent, move.carries.kind, move.carries.params, level, p.position.round, ordinal, turn.reads
    )


def _ask_refusal(p: Pass, agent: str, move: Ask, carried: Item | None) -> Refusal | None:
    if carried is not None and (refusal := scope_refusal(p.world, carried)):
        return refusal
    callee = p.world.manifests.get(move.to)
    if callee is None or move.to == agent or callee.mode != "active":
        return Refusal("unknown_agent", f"{agent} cannot ask {move.to}")
    if move.request == DECIDE:
        return (
            None if carried is not None else Refusal("nothing_carried", "decide needs the action it is for")
        )
    answered = callee.input_schema.requests.get(move.request)
    if (
        not p.world.manifests[agent].may_ask(move.to, move.request)
        or answered is None
        or agent not in answered.from_
    ):
        return Refusal("not_asked", f"{agent} may not ask {move.to}.{move.request}")
    return None


def _answer(p: Pass, heard: Heard, turn: Turn, move: Answer) -> None:
    exchange = p.exchanges.get(move.exchange)
    if exchange is None or exchange.speaker != turn.agent:
        p.note("answer.ignored", move.exchange, {"kind": str(move.kind)}, turn.agent)
        return
    said = _without_reason(p, exchange, turn.agent, move)
    try:
        bound, position = p.world.config.limits.answers_per_exchange, _position(p, exchange, said)
        after = speak(exchange, turn.agent, said, turn.reads, bound, position)
    except IllegalSayError as error:
        p.note("answer.ignored", move.exchange, {"kind": str(move.kind), "reason": str(error)}, turn.agent)
        return
    data = {"exchange": move.exchange, "kind": str(move.kind), "code": move.code, "request": exchange.request}
    p.note("request.answered", f"{exchange.owner}.{exchange.request}", data, turn.agent)
    if after.state is ExchangeState.AGREED:
        remember(p, after)
    settle(p, heard, move.exchange, after, turn)


def _position(p: Pass, exchange: Exchange, said: Answer) -> dict[str, Any]:
    """What an answer states, its wording left out."""
    if exchange.carries is None:
        return dict(unworded(said.values))
    return typed(p.world.kinds[exchange.carries.kind].params, said.values)


def _without_reason(p: Pass, exchange: Exchange, agent: str, move: Answer) -> Answer:
    """An owner may not refuse a higher level without a rule's code: that counts as a defer (R3)."""
    if move.kind is not AnswerKind.REFUSE or agent != exchange.owner or exchange.carries is None:
        return move
    asker = p.world.manifests[exchange.asker].authority.level
    owner = p.world.manifests[agent]
    known = move.code in owner.output_schema.errors or move.code in p.world.config.approvals
    if asker > owner.authority.level and not known:
        return Answer(move.exchange, AnswerKind.DEFER, {}, move.code, move.text)
    return move


def settle(p: Pass, heard: Heard, identifier: str, exchange: Exchange, turn: Turn) -> None:
    """Store an exchange after a word in it, and do what its state asks for."""
    p.exchanges[identifier] = exchange
    if exchange.cut_by is not None:
        note_cut(p, identifier, exchange)
    match exchange.state:
        case ExchangeState.ASKED:
            p.wake(exchange.owner, request_trigger(identifier, exchange))
        case ExchangeState.INSISTED:
            p.wake(exchange.owner, request_trigger(identifier, exchange, insist=True))
        case ExchangeState.OFFERED:
            p.wake(exchange.asker, answer_trigger(p, identifier, exchange, "counter"))
        case ExchangeState.AGREED | ExchangeState.ACCEPTED if exchange.carries is not None:
            heard.items.append(_settled(p, identifier, exchange, turn))
        case ExchangeState.AGREED:
            p.wake(exchange.asker, answer_trigger(p, identifier, exchange, "agree"))
        case ExchangeState.REFUSED:
            _refused(p, identifier, exchange)
        case ExchangeState.WITHDRAWN:
            _rule_carried(p, exchange, Verdict.REFUSED, "the asker withdrew it", "withdrawn")
        case ExchangeState.CUT:
            heard.cut.append(identifier)
        case ExchangeState.ACCEPTED | ExchangeState.FAILED:
            pass


def note_cut(p: Pass, identifier: str, exchange: Exchange) -> None:
    """A loop was cut: counted, and told (R4)."""
    p.cuts += 1
    data = {
        "exchange": identifier,
        "by": exchange.cut_by,
        "answers": exchange.answers,
        "between": [exchange.asker, exchange.owner],
        "request": exchange.request,
    }
    p.note("loop.cut", f"{exchange.owner}.{exchange.request}", data, exchange.owner)


def _settled(p: Pass, identifier: str, exchange: Exchange, turn: Turn) -> Item:
    params = exchange.settled_params() or {}
    return concrete(p, identifier, exchange, params)


def _refused(p: Pass, identifier: str, exchange: Exchange) -> None:
    said = f'{exchange.owner} says: "{exchange.text}"' if exchange.text else f"{exchange.owner} refused"
    _rule_carried(p, exchange, Verdict.REFUSED, said, exchange.code)
    p.wake(exchange.asker, answer_trigger(p, identifier, exchange, "refuse"))


def _rule_carried(p: Pass, exchange: Exchange, verdict: Verdict, reason: str, code: str | None) -> None:
    if exchange.carries is not None:
        params = exchange.asked_params() or dict(exchange.carries.params)
        p.rule(concrete(p, "", exchange, params), verdict, reason[:500], code)


def _silent(p: Pass, heard: Heard, turn: Turn, triggers: tuple[Trigger, ...]) -> None:
    """An exchange its party was asked about and left unanswered: a defer, unless it asks others first."""
    if any(isinstance(m, Ask) for m in turn.moves):
        return
    for trigger in triggers:
        identifier = trigger.get("exchange")
        exchange = p.exchanges.get(identifier) if identifier else None
        if exchange is None or exchange.speaker != turn.agent:
            continue
        if any(isinstance(m, Answer) and m.exchange == identifier for m in turn.moves):
            continue
        _answer(p, heard, turn, Answer(str(identifier), AnswerKind.DEFER, text="said nothing"))


def _failed(p: Pass, turn: Turn, triggers: tuple[Trigger, ...]) -> None:
    """A turn that timed out or failed for good: its exchanges end undecided, and a person is asked."""
    agent = turn.agent
    if turn.failure == BUDGET:
        p.exhausted = p.exhausted or BUDGET  # no model is called any more: what is open is for people (R14)
    else:
        p.errors.append(f"{agent}: {turn.failure}")
    positions: list[Item] = []
    for identifier in dict.fromkeys(t.get("exchange") for t in triggers):
        exchange = p.exchanges.get(identifier) if identifier else None
        if exchange is None or not identifier or exchange.speaker != agent:
            continue
        ended = fail(exchange, turn.failure or "error")
        p.exchanges[identifier] = ended
        if (params := ended.asked_params()) is not None:
            positions.append(concrete(p, identifier, ended, params))
        _rule_carried(p, ended, Verdict.ESCALATED, f"{agent} did not answer ({turn.failure})", turn.failure)
    text = f"{agent} failed in round {p.position.round} ({turn.failure}): {turn.detail or 'no detail'}"
    ask_question(
        p, agent, f"{p.case.id}/{p.position.round}/{agent}/failed", text, positions, str(turn.failure)
    )

"""Putting a request to its owner: one exchange for each matter, however often it is asked (R2, R4, R6)."""

from collections.abc import Mapping
from typing import Any

from protocol.authority import key_params
from protocol.calling import breaker_of, may_call
from protocol.copies import changed
from protocol.degrading import stand_in
from protocol.escalating import ask_question
from protocol.exchange import ALREADY_ASKED, Exchange, ExchangeState, cut, fail, matter_of
from protocol.manifest import DECIDE
from protocol.passing import Pass
from protocol.position import Item
from protocol.rows import Verdict
from protocol.turns import Carried, carried_json

BREAKER_OPEN = "breaker_open"
"""The code of an exchange whose owner was not called."""


def ask_owner(p: Pass, item: Item, owner: str, why: str) -> None:
    """The built-in request ``OWNER.decide``: the proposal, carried to whoever answers for it (R2)."""
    carried = Carried(item.kind, item.params)
    keys = key_params(p.world.kinds[item.kind].params, item.params)
    matter = matter_of(item.agent, owner, DECIDE, carried, keys)
    exchange = Exchange(
        matter=matter,
        asker=item.agent,
        owner=owner,
        request=DECIDE,
        params={},
        carries=carried,
        key=item.key,
        level=min(item.level, p.world.manifests[owner].authority.level),
        opened=p.position.round,
        position=dict(item.params),
    )
    open_exchange(p, exchange, item, why)


def open_exchange(p: Pass, exchange: Exchange, item: Item | None, why: str) -> None:
    """Put a request to its owner, unless this very matter is open or has used up its answers (R4).

    ``item``: the action it carries. One whose matter is open is refused: the earlier one is decided on.
    """
    for identifier, earlier in p.exchanges.items():
        if earlier.matter != exchange.matter:
            continue
        if earlier.state.open:
            p.note("request.repeated", identifier, {"request": exchange.request}, exchange.asker)
            if item is not None:
                reason = f"{exchange.owner} is asked about this already: {identifier}"
                p.rule(item, Verdict.REFUSED, reason, ALREADY_ASKED)
            return
        exchange = changed(exchange, answers=earlier.answers, seen=earlier.seen, defers=earlier.defers)
    identifier = f"x{len(p.exchanges) + 1}"
    if exchange.answers >= p.world.config.limits.answers_per_exchange:
        exchange = cut(exchange, "bound")
        p.used_up.append(identifier)
    elif not may_call(p, identifier, exchange):
        _do_without(p, identifier, exchange, item)
        return
    if item is not None:
        p.rule(item, Verdict.ASKED, why)
    p.exchanges[identifier] = exchange
    data = {"exchange": identifier, "from": exchange.asker, "to": exchange.owner, "request": exchange.request}
    p.note("request.asked", f"{exchange.owner}.{exchange.request}", data, exchange.asker)
    if exchange.state.open:
        p.wake(exchange.owner, request_trigger(identifier, exchange))


def _do_without(p: Pass, identifier: str, exchange: Exchange, item: Item | None) -> None:
    """The owner is not called. What stands in for its answer informs the asker, or a person is asked.

    It counts as an answer, so that asking again comes to its bound; and it commits nothing.
    """
    cause = breaker_of(p, exchange.asker, exchange.owner).cause
    text = f"{exchange.owner} is not asked: its breaker is open ({cause})"
    failed = changed(fail(exchange, BREAKER_OPEN), answers=exchange.answers + 1, text=text)
    if (standin := stand_in(p, exchange)) is None:
        p.exchanges[identifier] = failed
        _ask_person(p, identifier, failed, item)
        return
    failed = changed(failed, values=standin.values)
    p.exchanges[identifier] = failed
    data = {"exchange": identifier, "mode": standin.mode, "age_s": standin.age_s, "cause": cause}
    p.note("answer.degraded", f"{exchange.owner}.{exchange.request}", data, exchange.asker)
    if item is not None:
        p.rule(
            item, Verdict.REFUSED, f"{text}; {exchange.asker} is told its {standin.mode} answer", BREAKER_OPEN
        )
    kind = "agree" if item is None else "refuse"
    told = {"degraded": standin.mode, "age_s": standin.age_s}
    p.wake(exchange.asker, answer_trigger(p, identifier, failed, kind) | told)


def _ask_person(p: Pass, identifier: str, exchange: Exchange, item: Item | None) -> None:
    text = f"{exchange.asker} asks {exchange.owner} for {exchange.request}. {exchange.text}."
    if item is None:
        ask_question(p, exchange.owner, exchange.key, text, [], BREAKER_OPEN)
        p.wake(exchange.asker, answer_trigger(p, identifier, exchange, "refuse"))
        return
    wanted = exchange.asked_params()
    positions = [] if wanted is None else [concrete(p, identifier, exchange, wanted)]
    before = len(p.waiting)
    ask_question(p, exchange.owner, exchange.key, text, positions, BREAKER_OPEN, item)
    if len(p.waiting) > before:  # else the limit of escalations has given the verdict
        p.rule(item, Verdict.ESCALATED, exchange.text, BREAKER_OPEN)


def request_trigger(identifier: str, exchange: Exchange, *, insist: bool = False) -> dict[str, Any]:
    """A request as its owner sees it."""
    return {
        "type": "request",
        "exchange": identifier,
        "from": exchange.asker,
        "request": exchange.request,
        "params": dict(exchange.params),
        "carries": carried_json(exchange.carries),
        "position": None if exchange.position is None else dict(exchange.position),
        "insist": insist,
        "level": exchange.level,
    }


def answer_trigger(p: Pass, identifier: str, exchange: Exchange, kind: str) -> dict[str, Any]:
    """An answer as the asker sees it; ``open`` when it is an offer to respond to."""
    return {
        "type": "answer",
        "exchange": identifier,
        "to": exchange.owner,
        "request": exchange.request,
        "params": dict(exchange.params),
        "kind": kind,
        "values": dict(exchange.values),
        "code": exchange.code,
        "text": exchange.text,
        "open": exchange.state is ExchangeState.OFFERED,
        "level": min(exchange.level, p.world.manifests[exchange.asker].authority.level)
        if exchange.state is ExchangeState.OFFERED
        else None,
    }


def concrete(p: Pass, identifier: str, exchange: Exchange, params: Mapping[str, Any]) -> Item:
    """The carried action with these params, restricted to what its kind takes, as the asker's item."""
    carried: Carried = exchange.carries  # type: ignore[assignment]  # callers have checked
    shape = p.world.kinds[carried.kind].params
    return Item(
        key=exchange.key,
        agent=exchange.asker,
        kind=carried.kind,
        params={n: v for n, v in params.items() if n in shape},
        level=exchange.level,
        round=p.position.round,
        ordinal=int(exchange.key.rpartition("/")[2]),
        exchange=identifier,
        age=exchange.opened,
    )

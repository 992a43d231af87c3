"""Putting a request to its owner: one exchange for each matter, however often it is asked (R2, R4)."""

from dataclasses import replace
from typing import Any

from protocol.authority import key_params
from protocol.exchange import Exchange, cut, matter_of
from protocol.manifest import DECIDE
from protocol.passing import Pass
from protocol.position import Item
from protocol.rows import Verdict
from protocol.turns import Carried, carried_json

ALREADY_ASKED = "already_asked"
"""The code of an action whose matter somebody is being asked about."""


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
        exchange = replace(exchange, answers=earlier.answers, seen=earlier.seen, defers=earlier.defers)
    if item is not None:
        p.rule(item, Verdict.ASKED, why)
    identifier = f"x{len(p.exchanges) + 1}"
    if exchange.answers >= p.world.config.limits.answers_per_exchange:
        exchange = cut(exchange, "bound")
        p.used_up.append(identifier)
    p.exchanges[identifier] = exchange
    data = {"exchange": identifier, "from": exchange.asker, "to": exchange.owner, "request": exchange.request}
    p.note("request.asked", f"{exchange.owner}.{exchange.request}", data, exchange.asker)
    if exchange.state.open:
        p.wake(exchange.owner, request_trigger(identifier, exchange))


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

"""Calls between agents behind the breaker of their pair: let in, recorded, given back (R6).

A call is one turn in which the callee was asked in exchanges of one asker. An exchange's key names the
probe, when it is one. A failure that is not the callee's own, of a model endpoint or of a rate, ends a
probe and is not counted.
"""

from protocol.breaker import (
    Breaker,
    BreakerPolicy,
    CallResult,
    Entry,
    admit,
    change,
    pair,
    record,
)
from protocol.exchange import Exchange
from protocol.passing import Pass
from protocol.position import Trigger
from protocol.turns import Turn

RATE = "rate"
"""The failure of a turn that its agent's rate did not allow in time."""
BUDGET = "budget"
"""The failure of a turn that there was no budget left for."""


def may_call(p: Pass, identifier: str, exchange: Exchange) -> bool:
    """Whether the owner may be asked now; when not, that is told."""
    before = breaker_of(p, exchange.asker, exchange.owner)
    admission = admit(before, p.clock_s, _call(p, identifier), _policy(p, exchange.owner))
    _keep(p, exchange.owner, admission.after)
    if admission.entry is not Entry.REFUSED:
        return True
    data = {"breaker": before.name, "exchange": identifier, "cause": before.cause, "by": before.tripped_by}
    p.note("breaker.refused", f"{exchange.owner}.{exchange.request}", data, exchange.asker)
    return False


def record_calls(p: Pass, turn: Turn, triggers: tuple[Trigger, ...]) -> None:
    """Count a callee's turn for the pair of everyone who asked it, once each."""
    asked: dict[str, list[str]] = {}
    for trigger in triggers:
        identifier = str(trigger.get("exchange"))
        exchange = p.exchanges.get(identifier)
        if trigger["type"] == "request" and exchange is not None:
            asked.setdefault(exchange.asker, []).append(_call(p, identifier))
    for asker, calls in sorted(asked.items()):
        before = breaker_of(p, asker, turn.agent)
        probe = before.probe.call if before.probe else ""
        call = probe if probe in calls else calls[0]
        _keep(p, turn.agent, record(before, _result(turn), p.clock_s, call, _policy(p, turn.agent)))


def _result(turn: Turn) -> CallResult:
    if turn.endpoint is not None or turn.failure in (RATE, BUDGET):
        return CallResult.UNKNOWN
    match turn.failure, turn.pace:
        case None | "timeout", "late":
            return CallResult.LATE
        case None, "slow":
            return CallResult.SLOW
        case None, _:
            return CallResult.GOOD
        case "timeout" | "invalid" as failure, _:
            return CallResult(failure)
        case _:
            return CallResult.ERROR


def give_back(p: Pass) -> None:
    """A probe whose exchange ended in this pass without its callee's turn is nobody's any more."""
    for identifier, exchange in p.exchanges.items():
        earlier = p.position.exchanges.get(identifier)
        if exchange.state.open or (earlier is not None and not earlier.state.open):
            continue
        before = breaker_of(p, exchange.asker, exchange.owner)
        if before.probe is not None:
            policy = _policy(p, exchange.owner)
            after = record(before, CallResult.UNKNOWN, p.clock_s, _call(p, identifier), policy)
            _keep(p, exchange.owner, after)


def breaker_of(p: Pass, caller: str, callee: str) -> Breaker:
    """The breaker of a pair as it is now."""
    name = pair(caller, callee)
    if name not in p.breakers:
        stored = p.store.breaker(name) or Breaker(name)
        p.breakers[name] = (stored, stored)
    return p.breakers[name][1]


def _keep(p: Pass, callee: str, after: Breaker) -> None:
    read, before = p.breakers[after.name]
    p.breakers[after.name] = (read, after)
    if (told := change(before, after)) is not None:
        p.note(f"breaker.{told.what}", after.name, told.data(after.name), callee)


def _policy(p: Pass, callee: str) -> BreakerPolicy:
    """Towards a callee; one that has left the floor keeps no probe."""
    manifest = p.world.manifests.get(callee)
    lease_s = manifest.timeout_policy.call_s if manifest is not None else 0.0
    return p.world.config.engine.breaker.policy(lease_s)


def _call(p: Pass, identifier: str) -> str:
    return f"{p.case.id}/{identifier}"

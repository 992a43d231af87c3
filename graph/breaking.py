"""The breaker board: what is open and what that means, and people who trip and reset (R6)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from graph.noting import note
from graph.texts import check_text
from protocol.breaker import Breaker, BreakerState, endpoint, next_probe_s, pair, reset, trip
from protocol.errors import AndonError, NotAuthorisedError, NotFoundError, UsageError
from protocol.ids import derive
from protocol.ports import ReadTx, Tx
from protocol.times import from_micros, whole
from protocol.world import World

_NO_LEASE = 0.0
"""The board gives no leases; when a probe's ends is in its row."""


@dataclass(frozen=True, slots=True)
class WantedChange:
    """What a person wants of a breaker."""

    name: str
    change: Literal["trip", "reset"]
    reason: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The breaker after it. ``changed`` False: it was closed, and nothing had to be reset."""

    breaker: Breaker
    changed: bool = True


def check_reason(reason: str) -> str:
    """Without surrounding blanks. Raises UsageError when it is malformed or missing."""
    if not reason.strip():
        raise UsageError(
            "A reason is missing: whoever meets the breaker must know why it stands as it does.",
            hint="Add --reason TEXT.",
            code="reason_missing",
        )
    return check_text(reason)


def record_change(
    tx: Tx, world: World, wanted: WantedChange, person: str, clock_s: float
) -> Changed | AndonError:
    """Change it, or return (not raise) why not, so that the attempt stays in the audit log."""
    if (missing := unknown(world, tx, wanted.name)) is not None:
        return missing
    roles = sorted(world.config.roles_of(person, tx.now))
    if not roles:
        entry = {"breaker": wanted.name, "person": person, "change": wanted.change}
        tx.audit({"what": "breaker_refused", **entry})
        return _may_not(world, wanted, person, tx.now)
    before = tx.breaker(wanted.name) or Breaker(wanted.name)
    if wanted.change == "reset" and before.state is BreakerState.CLOSED:
        return Changed(before, changed=False)
    after = (
        trip(before, person, wanted.reason, clock_s) if wanted.change == "trip" else reset(before, clock_s)
    )
    if not tx.save_breaker(after, before.version):
        raise RuntimeError(f"the breaker {after.name} changed inside its own transaction")
    data = {
        "breaker": wanted.name,
        "cause": wanted.reason,
        "failures": before.failures,
        "by": person,
        "role": roles[0],
    }
    _tell(tx, after, before.version + 1, data)
    return Changed(after)


def _tell(tx: Tx, after: Breaker, version: int, data: dict[str, Any]) -> None:
    kind = "breaker.opened" if after.state is BreakerState.OPEN else "breaker.closed"
    note(kind, tx, derive("evt", "breaker", after.name, version), after.name, data)
    tx.audit({"what": kind, **data, "at": tx.now})


def unknown(world: World, tx: ReadTx | None, name: str) -> NotFoundError | None:
    """The error for a name that no breaker has here; None when one has, or may have one day."""
    known = tx is not None and tx.breaker(name) is not None
    if known or name in _declared(world) or name in _possible(world):
        return None
    return NotFoundError(
        f"There is no breaker {name}.",
        hint="It is CALLER/CALLEE of two agents, or model:NAME of an endpoint; `andon breakers` lists them.",
        code="unknown_breaker",
    )


def _declared(world: World) -> set[str]:
    """The pairs that manifests speak of."""
    asks = ((a, other) for a, m in world.manifests.items() for other in m.capability_scope.asks)
    return {pair(caller, callee) for caller, callee in asks}


def _possible(world: World) -> Iterator[str]:
    """Proposals make a pair of any two agents, and tiers an endpoint each."""
    for caller in world.manifests:
        yield from (pair(caller, callee) for callee in world.manifests if callee != caller)
    for tier, backend in world.config.models.tiers.items():
        if backend != "offline":  # that one is called by nobody
            yield from (endpoint(tier), endpoint(backend))


def _may_not(world: World, wanted: WantedChange, person: str, now: str) -> NotAuthorisedError:
    here = [p.id for p in world.config.people if world.config.roles_of(p.id, now)]
    return NotAuthorisedError(
        f"{person} holds no role on this floor now and may not {wanted.change} a breaker.",
        hint=f"Say who you are with --as PERSON, such as {', '.join(here[:3] or ['one of floor.yaml'])}.",
    )


def board(tx: ReadTx | None, world: World) -> list[dict[str, Any]]:
    """Every pair that manifests speak of and whatever else has a breaker, by name. Shapes ``breaker``."""
    stored = {b.name: b for b in tx.breakers()} if tx is not None else {}
    names = sorted(_declared(world) | stored.keys())
    return [breaker_shape(world, stored.get(name, Breaker(name))) for name in names]


def breaker_shape(world: World, breaker: Breaker) -> dict[str, Any]:
    """A breaker as other programs read it. ``degraded``: what applies while it is not closed."""
    caller, slash, callee = breaker.name.partition("/")
    closed = breaker.state is BreakerState.CLOSED
    probe_s = next_probe_s(breaker, world.config.engine.breaker.policy(_NO_LEASE))
    return {
        "name": breaker.name,
        "kind": "pair" if slash else "model",
        "caller": caller if slash else None,
        "callee": callee if slash else None,
        "state": str(breaker.state),
        "since": None if breaker.since_s is None else _instant(breaker.since_s),
        "failures": breaker.failures,
        "window": {"calls": len(breaker.window), "bad": breaker.bad},
        "cause": breaker.cause or None,
        "tripped_by": breaker.tripped_by,
        "next_probe_at": None if probe_s is None else _instant(probe_s),
        "degraded": None if closed else _degraded(world, callee),
    }


def _degraded(world: World, callee: str) -> dict[str, Any]:
    """Of a pair the callee's degraded mode; at a closed endpoint turns fail at once."""
    if not callee:
        return {"when_open": "fail", "max_age_s": None}
    manifest = world.manifests.get(callee)
    mode = manifest.degraded_mode if manifest else None
    if mode is None:
        return {"when_open": "escalate", "max_age_s": None}
    return {"when_open": mode.when_open, "max_age_s": mode.max_age_s if mode.when_open == "cached" else None}


def _instant(wall_s: float) -> str:
    return whole(from_micros(int(wall_s * 1_000_000)))

"""Carrying out effects on a store: writes, consequences, claims, invariants, in that order.

The caller opens a savepoint (``store.mark()``) and undoes it when the answer is not ``Applied``.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from protocol.canonical import MAX_INTEGER
from protocol.effects import Effects, Emit, Refusal
from protocol.failpoints import Point, failpoint
from protocol.ports import Store
from protocol.records import Claimed, Record, Ref
from protocol.toolbox import ResourceType
from protocol.world import World

MAX_CHAIN = 6
"""How many consequences may cause one another."""


@dataclass(frozen=True, slots=True)
class Published:
    """An event to publish, with the agent that answers for it."""

    emit: Emit
    agent: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written: new versions, claims taken, events to publish."""

    written: tuple[tuple[Ref, int], ...]
    claims: tuple[Claimed, ...]
    events: tuple[Published, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """A wanted interval overlaps one that somebody holds."""

    wanted: Claimed
    held: Claimed


@dataclass
class _Pending:
    """What one action and its consequences have done so far.

    ``is_free``: a fact, or signed: it may set what only facts and people set.
    """

    is_free: bool
    written: dict[Ref, int]
    claims: list[Claimed]
    events: list[Published]


def perform(
    store: Store,
    world: World,
    effects: Effects,
    by: str,
    cause: str,
    *,
    is_fact: bool = False,
    is_signed: bool = False,
    may_claim: Collection[str] = (),
) -> Applied | Refusal | Blocked:
    """Write ``effects`` as agent ``by``. Facts break plans: no claim and no invariant stops them.

    ``may_claim``: whose intervals an action declares that it takes; facts take what they take.
    """
    pending = _Pending(is_fact or is_signed, {}, [], [])
    if refusal := _write(store, world, effects, by, cause, pending):
        return refusal
    if refusal := _consequences(store, world, effects.events, cause, pending, 0):
        return refusal
    for claim in pending.claims:
        claimed = claim.resource.partition("/")[0]
        if not is_fact and claimed not in may_claim:
            return Refusal(
                "undeclared_claim", f"this kind of action does not declare that it claims {claimed}"
            )
        if not is_fact and (held := _overlap(store, claim)):
            return Blocked(claim, held)
        store.claim(claim)
    if not is_fact and (refusal := _broken_invariant(store, world, pending)):
        return refusal
    events = [Published(e, by) for e in effects.events] + pending.events
    return Applied(tuple(pending.written.items()), tuple(pending.claims), tuple(events))


def _consequences(
    store: Store, world: World, events: Sequence[Emit], cause: str, pending: _Pending, depth: int
) -> Refusal | None:
    for emit in events:
        for consequence in world.consequences.get(emit.type, ()):
            if depth >= MAX_CHAIN:
                return Refusal(
                    "consequence_chain", f"consequences chain deeper than {MAX_CHAIN} at {emit.type}"
                )
            effects = consequence.apply(emit, store)
            if refusal := _write(store, world, effects, consequence.owner, cause, pending):
                return refusal
            pending.events += [Published(e, consequence.owner) for e in effects.events]
            if refusal := _consequences(store, world, effects.events, cause, pending, depth + 1):
                return refusal
    return None


def _write(
    store: Store, world: World, effects: Effects, by: str, cause: str, pending: _Pending
) -> Refusal | None:
    for ref in effects.written():
        if world.owners.get(ref.type) != by:
            return Refusal("not_owner", f"{by} does not own {ref.type}; {world.owners.get(ref.type)} does")
        if not pending.is_free and (refusal := _set_by_others(store, world.types[ref.type], ref, effects)):
            return refusal
        found = _write_one(store, world.types[ref.type], ref, effects, by, cause)
        if isinstance(found, Refusal):
            return found
        pending.written[ref] = found
        failpoint(Point.WRITTEN)
    for release in effects.releases:
        store.release(release.holder, release.resource)
    pending.claims += effects.claims
    return None


def _set_by_others(store: Store, kind: ResourceType, ref: Ref, effects: Effects) -> Refusal | None:
    """A field that only a fact or a person's signature changes, and an unsigned action would."""
    if not kind.facts_only:
        return None
    record = store.get(ref.type, ref.key)
    for put in effects.puts:
        for name in sorted(kind.facts_only & put.fields.keys()):
            if put.ref == ref and record is not None and record[name] != put.fields[name]:
                return Refusal("facts_only", f"{ref}: {name} changes only by a fact or a signature")
    return None


def _write_one(
    store: Store, kind: ResourceType, ref: Ref, effects: Effects, by: str, cause: str
) -> int | Refusal:
    puts = [p for p in effects.puts if p.ref == ref]
    create = any(p.create for p in puts)
    record = store.get(ref.type, ref.key)
    if create and record is not None:
        return Refusal("exists", f"{ref} exists already")
    if not create and record is None:
        return Refusal("unknown_resource", f"there is no {ref}")
    fields = {name: value for p in puts for name, value in p.fields.items()}
    deltas: dict[str, int] = {}
    for delta in effects.deltas:
        if delta.ref == ref:
            deltas[delta.field] = deltas.get(delta.field, 0) + delta.amount
    if wrong := _bad_value(kind, ref, record, fields, deltas):
        return wrong
    version = store.write(
        ref, None if create else record.version if record else None, fields, deltas, by, cause
    )
    return Refusal("stale", f"{ref} changed meanwhile") if version is None else version


def _bad_value(
    kind: ResourceType, ref: Ref, record: Record | None, fields: dict[str, object], deltas: dict[str, int]
) -> Refusal | None:
    for name, value in fields.items():
        if name in kind.balances:
            if record is not None:
                return Refusal("bad_field", f"{ref}: balance {name} changes only by deltas")
            if not isinstance(value, int) or isinstance(value, bool):
                return Refusal("bad_field", f"{ref}: balance {name} must be a whole number")
        elif name not in kind.fields:
            return Refusal("bad_field", f"{ref} has no field {name}")
        elif found := kind.fields[name].problem(value):
            return Refusal("bad_field", f"{ref}: {name} {found}")
    if unknown := deltas.keys() - kind.balances.keys():
        return Refusal("bad_field", f"{ref} has no balance {min(unknown)}")
    for name, bound in kind.balances.items():
        if name not in deltas and name not in fields:
            continue
        before: Any = record[name] if record else fields.get(name)
        value = (before or 0) + deltas.get(name, 0)
        if not bound.minimum <= value <= (MAX_INTEGER if bound.maximum is None else bound.maximum):
            return Refusal("out_of_bounds", f"{ref}: {name} would become {value}")
    return None


def _overlap(store: Store, claim: Claimed) -> Claimed | None:
    """The first claim of another holder that excludes ``claim``."""
    for held in store.claims(claim.resource, claim.start, claim.end):
        if held.holder != claim.holder and not (held.shared and claim.shared):
            return held
    return None


def _broken_invariant(store: Store, world: World, pending: _Pending) -> Refusal | None:
    for invariant in world.toolbox.invariants:
        for ref in pending.written:
            if ref.type == invariant.type:
                record = store.get(ref.type, ref.key)
                if record is not None and (found := invariant.check(record, store)):
                    return Refusal(invariant.code, found)
    return None

"""A pull: where agents are stopped, as the andon cord of a line stops it, and what lies there (R10).

A scope is ``floor`` or a name (an agent, a lane, an action kind or a resource type; what several of
these are called stops them all), or two words with a slash: ``TYPE/KEY``, a record or anything that is
claimed, else ``FIELD/VALUE``, every record with that value (``line/L3``). Whatever an action names,
writes, claims or gives back lies where it is, and so does what it touches *of* another record: a run
lies on its machine. That goes one step, from a record to those that its own fields name.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from protocol.effects import Effects, Refusal
from protocol.fields import Field, KeyOf, ListOf, Maybe, Object, Shape
from protocol.ids import KEY
from protocol.position import Item
from protocol.records import Record, Ref, Snapshot
from protocol.world import World

FLOOR = "floor"
"""The scope of everything."""

_FORM = re.compile(r"[a-z][a-z0-9_]{0,63}(/\S([^\t\n\r]{0,78}\S)?)?")
_EVER = ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z")
_SHOWN = 12
"""How many possible scopes a refusal lists."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a pull holds. ``value``: what stands behind the slash; None for a name alone."""

    text: str
    name: str
    value: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Scope":
        """Any text is a scope; whether anything of a floor lies in it, :func:`unknown` says."""
        name, slash, value = text.partition("/")
        return cls(text, name, value if slash else None)


def covers(scope: Scope, world: World, item: Item, effects: Effects, snapshot: Snapshot) -> bool:
    """Whether an action with these effects lies in the scope. ``snapshot``: the state it acts on."""
    if scope.text in (FLOOR, item.agent, world.lane(item.agent), item.kind):
        return True
    there = sorted(_there(world, item, effects, snapshot))
    if scope.value is None:
        kind = world.kinds[item.kind]
        return scope.name in (*kind.writes, *kind.claims, *(ref.type for ref in there))
    return any(_at(scope, world, ref, effects, snapshot) for ref in there)


def _at(scope: Scope, world: World, ref: Ref, effects: Effects, snapshot: Snapshot) -> bool:
    if str(ref) == scope.text:
        return True
    if scope.name in world.types or ref.type not in world.types:
        return False
    return any(_said(body.get(scope.name)) == scope.value for body in _bodies(ref, effects, snapshot))


def _there(world: World, item: Item, effects: Effects, snapshot: Snapshot) -> set[Ref]:
    """What the action touches, and what the records among it are of."""
    touched = set(effects.written()) | {r.holder for r in effects.releases}
    touched |= {_claimed(r.resource) for r in effects.releases if r.resource is not None}
    for claim in effects.claims:
        touched |= {_claimed(claim.resource), claim.holder}
    touched |= set(_named(world, world.kinds[item.kind].params, item.params))
    for ref in sorted(touched):
        if (kind := world.types.get(ref.type)) is not None:
            for body in _bodies(ref, effects, snapshot):
                touched |= set(_named(world, kind.fields, body))
    return touched


def _claimed(resource: str) -> Ref:
    kind, _, key = resource.partition("/")
    return Ref(kind, key)


def _bodies(ref: Ref, effects: Effects, snapshot: Snapshot) -> Iterator[Mapping[str, Any]]:
    """A record as it is, and as the action would leave it."""
    record: Record | None = snapshot.get(ref.type, ref.key)
    if record is not None:
        yield record.body
    yield from (put.fields for put in effects.puts if put.ref == ref)


def _named(world: World, shape: Shape, values: Mapping[str, Any]) -> Iterator[Ref]:
    for name, field in shape.items():
        yield from _refs(world, field, values.get(name))


def _refs(world: World, field: Field, value: Any) -> Iterator[Ref]:
    """The records a value names: keys of a type, and texts that are ``TYPE/KEY`` as a whole."""
    match field:
        case Maybe(inner):
            yield from _refs(world, inner, value)
        case ListOf(inner) if isinstance(value, list):
            for one in value:
                yield from _refs(world, inner, one)
        case Object(shape) if isinstance(value, Mapping):
            yield from _named(world, shape, value)
        case KeyOf(type) if isinstance(value, str):
            yield Ref(type, value)
        case _ if isinstance(value, str):
            kind, slash, key = value.partition("/")
            if slash and kind in world.types and KEY.fullmatch(key):
                yield Ref(kind, key)
        case _:
            return


def _said(value: Any) -> str | None:
    """A field's value as a scope says it; None for what no scope can say."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | str():
            return str(value)
        case _:
            return None


def unknown(scope: Scope, world: World, snapshot: Snapshot) -> Refusal | None:
    """Why nothing of this floor lies in the scope now, and what could be pulled instead; else None."""
    if not _FORM.fullmatch(scope.text):
        return Refusal("unknown_scope", f"{scope.text!r} is no scope", alternative=_names(world))
    if scope.value is None:
        known = {FLOOR, *world.kinds, *world.types} | _agents_and_lanes(world) | _claimable(world)
        if scope.name in known:
            return None
        said = f"no agent, lane, action or record type is called {scope.name}"
        return Refusal("unknown_scope", said, alternative=_names(world))
    if snapshot.claims(scope.text, *_EVER):
        return None
    if scope.name in _claimable(world) - set(world.types):
        return None  # what is only ever claimed has no record that could be missing
    if scope.name in world.types:
        if snapshot.get(scope.name, scope.value) is not None:
            return None
        keys = [r.key for r in snapshot.find(scope.name)]
        return Refusal("unknown_scope", f"there is no {scope.text}", alternative=_values(scope.name, keys))
    return _unknown_field(scope, world, snapshot)


def _unknown_field(scope: Scope, world: World, snapshot: Snapshot) -> Refusal | None:
    types = [t for t in world.types.values() if scope.name in t.fields]
    if not types:
        said = f"no record type and no field is called {scope.name}"
        return Refusal("unknown_scope", said, alternative=_names(world))
    found = {v for t in types for r in snapshot.find(t.name) if (v := _said(r[scope.name])) is not None}
    if scope.value in found:
        return None
    said = f"no record has {scope.name} {scope.value}"
    return Refusal("unknown_scope", said, alternative=_values(scope.name, sorted(found)))


def _agents_and_lanes(world: World) -> set[str]:
    return {*world.manifests, *(m.lane for m in world.manifests.values())}


def _claimable(world: World) -> set[str]:
    """What actions may take intervals of; some of it has records, some has not."""
    return {name for kind in world.kinds.values() for name in kind.claims}


def _names(world: World) -> str:
    agents = ", ".join(sorted(_agents_and_lanes(world)))
    return f"floor, {agents}, an action, a record type, TYPE/KEY or FIELD/VALUE"


def _values(name: str, values: list[str]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(f"{name}/{value}" for value in values[:_SHOWN]) + more if values else "a wider scope"

"""What a floor's contracts expect and nobody provides, and what they provide and nobody uses.

A floor with gaps starts and runs: each is for whoever designs it to close, or to mean.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from protocol.expectations import OUTSIDE, event_shape, sources
from protocol.fields import KeyOf, ListOf, Maybe, Object
from protocol.ids import PERSON_ASKER
from protocol.manifest import DECIDE, Manifest
from protocol.world import World


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap. A party that nobody plays is None."""

    code: str
    source: str | None
    target: str | None
    what: str
    message: str


def gaps_of(world: World) -> Iterator[Gap]:
    """Every gap of a floor that has passed its checks, agent by agent."""
    for agent, manifest in sorted(world.manifests.items()):
        yield from _unanswered(world, agent, manifest)
        yield from _unasked(world, agent, manifest)
        yield from _undecided(world, agent, manifest)
        yield from _unheard(world, agent, manifest)
        yield from _never_emitted(world, agent, manifest)
        yield from _one_way(world, agent, manifest)
        yield from _unreadable(world, agent, manifest)


def _unanswered(world: World, agent: str, manifest: Manifest) -> Iterator[Gap]:
    for other, requests in sorted(manifest.capability_scope.asks.items()):
        for name in requests:
            accepted = world.manifests[other].input_schema.requests.get(name)
            if world.manifests[other].mode != "active":
                message = f"{agent} asks {other}.{name}, and {other} is a shadow, which nobody may ask"
            elif accepted is None or agent not in accepted.from_:
                message = f"{agent} asks {other}.{name}, which {other} does not answer to {agent}"
            else:
                continue
            yield Gap("unanswered", agent, other, name, message)


def _unasked(world: World, agent: str, manifest: Manifest) -> Iterator[Gap]:
    for name, request in manifest.input_schema.requests.items():
        for asker in request.from_:
            if asker != PERSON_ASKER and not world.manifests[asker].may_ask(agent, name):
                message = f"{agent} answers {name} to {asker}, which never asks for it"
                yield Gap("unasked", asker, agent, name, message)


def _undecided(world: World, agent: str, manifest: Manifest) -> Iterator[Gap]:
    """A shadow owns what others act on: their proposals can be carried to nobody."""
    for kind in manifest.capability_scope.can:
        owner = world.owner_of_kind(kind)
        if owner != agent and world.manifests[owner].mode != "active":
            message = f"{agent} can {kind}, which {owner} owns and, as a shadow, does not decide"
            yield Gap("undecided", agent, owner, f"{DECIDE} {kind}", message)


def _unheard(world: World, agent: str, manifest: Manifest) -> Iterator[Gap]:
    used = {e for m in world.manifests.values() for e in (*m.hears(), *m.input_schema.events.project)}
    used |= world.consequences.keys()
    for event in manifest.output_schema.events:
        if event not in used:
            message = f"{agent} emits {event}, which nobody hears, is shown or follows"
            yield Gap("unheard", None, agent, event, message)


def _never_emitted(world: World, agent: str, manifest: Manifest) -> Iterator[Gap]:
    """What a shadow would publish never happens."""
    for event in sorted({*manifest.hears(), *manifest.input_schema.events.project}):
        emitters = sources(world, event)
        if not any(s == OUTSIDE or world.manifests[s].mode == "active" for s in emitters):
            who = " and ".join(emitters)
            message = f"{agent} is told of {event}, and {who}, a shadow, commits nothing that emits it"
            yield Gap("never_emitted", agent, next(iter(emitters), None), event, message)


def _one_way(world: World, agent: str, manifest: Manifest) -> Iterator[Gap]:
    """An event that wakes an agent in another lane, which has no way to answer whoever brought it about."""
    for event in sorted(manifest.hears()):
        for source in sources(world, event):
            if source in (agent, OUTSIDE) or world.lane(source) == manifest.lane:
                continue
            decides = any(world.owner_of_kind(kind) == source for kind in manifest.capability_scope.can)
            if not (decides or manifest.capability_scope.asks.get(source)):
                message = f"{event} of {source} wakes {agent} in another lane, and {agent} can ask it nothing"
                yield Gap("one_way", agent, source, event, message)


def _unreadable(world: World, agent: str, manifest: Manifest) -> Iterator[Gap]:
    """An event that names a record which its hearer may not look at."""
    reads = set(manifest.capability_scope.reads)
    for event in sorted({*manifest.hears(), *manifest.input_schema.events.project}):
        named = {kind for field in event_shape(world, event).values() for kind in _types_in(field)}
        for kind in sorted(named - reads):
            message = f"{agent} is told of {event}, which names a {kind} that {agent} does not read"
            yield Gap("unreadable", agent, next(iter(sources(world, event)), None), event, message)


def _types_in(field: object) -> Iterator[str]:
    """The resource types whose keys a field holds."""
    match field:
        case KeyOf(kind):
            yield kind
        case Maybe(inner) | ListOf(inner):
            yield from _types_in(inner)
        case Object(shape):
            for inner in shape.values():
                yield from _types_in(inner)
        case _:
            pass

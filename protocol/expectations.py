"""Who expects what from whom, read off a floor's contracts.

Beside its agents a floor deals with whoever asks (``person``), with what is reported (``outside``) and
with the human roles that sign and decide.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from protocol.fields import Shape
from protocol.ids import PERSON_ASKER
from protocol.manifest import JsonSchema, Manifest
from protocol.world import World

OUTSIDE = "outside"
"""Where facts come from."""


class How(StrEnum):
    """What one party expects of another."""

    ASK = "ask"
    """An answer to a request."""
    DECIDE = "decide"
    """A decision on an action on what the other owns."""
    YIELD = "yield"
    """A decision on an action that something of the other's is in the way of."""
    HEAR = "hear"
    """An event that wakes the party."""
    SHOW = "show"
    """An event that the party is only shown."""
    FOLLOW = "follow"
    """What the other's plain function writes on its own record when an event is published."""
    RECORD = "record"
    """That a fact is recorded."""
    SIGN = "sign"
    """A signature on an action."""
    ESCALATE = "escalate"
    """A person's decision on what agents could not decide."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing expected. ``sends`` and ``gets``: the fields that go with it and those that come back."""

    how: How
    what: str
    sends: tuple[str, ...] = ()
    gets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """All that ``source`` expects of ``target``, and who has the last word between the two."""

    source: str
    target: str
    expects: tuple[Expectation, ...]
    authority: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole floor. ``ends``: the parties that are no agents, in the order in which they come up."""

    agents: tuple[str, ...]
    ends: tuple[str, ...]
    cells: tuple[Cell, ...]


def matrix_of(world: World) -> Matrix:
    """The matrix of a floor that has passed its checks; cells by source and target, agents first."""
    found: dict[tuple[str, str], list[Expectation]] = {}
    for source, target, expectation in _expectations(world):
        found.setdefault((source, target), []).append(expectation)
    agents = tuple(sorted(world.manifests))
    ends = tuple(dict.fromkeys(p for pair in found for p in pair if p not in world.manifests))
    order = {party: place for place, party in enumerate((*agents, *ends))}
    cells = (Cell(s, t, tuple(e), _last_word(world, s, t, e)) for (s, t), e in found.items())
    ordered = tuple(sorted(cells, key=lambda c: (order[c.source], order[c.target])))
    return Matrix(agents, ends, ordered)


def _expectations(world: World) -> Iterator[tuple[str, str, Expectation]]:
    yield from _of_people(world)
    for agent, manifest in sorted(world.manifests.items()):
        yield from _of_agent(world, agent, manifest)
    yield from _of_facts(world)
    yield from _of_consequences(world)
    for agent, manifest in sorted(world.manifests.items()):
        yield from _of_roles(world, agent, manifest)


def _of_people(world: World) -> Iterator[tuple[str, str, Expectation]]:
    for agent, manifest in sorted(world.manifests.items()):
        for name, request in manifest.input_schema.requests.items():
            if PERSON_ASKER in request.from_:
                yield PERSON_ASKER, agent, _request(manifest, name)


def _of_agent(world: World, agent: str, manifest: Manifest) -> Iterator[tuple[str, str, Expectation]]:
    for other, requests in sorted(manifest.capability_scope.asks.items()):
        yield from ((agent, other, _request(world.manifests[other], name)) for name in requests)
    for kind in manifest.capability_scope.can:
        owner = world.owner_of_kind(kind)
        if owner != agent:
            params = tuple(world.kinds[kind].params)
            yield agent, owner, Expectation(How.DECIDE, kind, params, params)
    yield from _of_intervals(world, agent, manifest)
    heard = [(How.HEAR, e) for e in sorted(manifest.hears())]
    shown = [(How.SHOW, e) for e in manifest.input_schema.events.project if e not in manifest.hears()]
    for how, event in (*heard, *shown):
        for source in sources(world, event):
            if source != agent:
                yield agent, source, Expectation(how, event, (), _event_fields(world, event))


def _of_intervals(world: World, agent: str, manifest: Manifest) -> Iterator[tuple[str, str, Expectation]]:
    """Intervals that the agent's actions take and that others' records may hold."""
    claimed = {t for kind in manifest.capability_scope.can for t in world.kinds[kind].claims}
    held = {(t, world.owner_of_kind(k.name)) for k in world.toolbox.actions for t in k.claims}
    for kind, owner in sorted(held):
        if kind in claimed and owner != agent:
            yield agent, owner, Expectation(How.YIELD, f"intervals of {kind}")


def _request(callee: Manifest, name: str) -> Expectation:
    accepted = callee.input_schema.requests.get(name)
    sends = _properties(accepted.schema_) if accepted else ()
    return Expectation(How.ASK, name, sends, _properties(callee.output_schema.answers.get(name, {})))


def _of_facts(world: World) -> Iterator[tuple[str, str, Expectation]]:
    for fact in world.toolbox.facts:
        yield OUTSIDE, fact.owner, Expectation(How.RECORD, fact.type, tuple(fact.data))


def _of_consequences(world: World) -> Iterator[tuple[str, str, Expectation]]:
    for consequence in world.toolbox.consequences:
        for event in consequence.on:
            what = f"{consequence.name} on {event}"
            for source in sources(world, event):
                if source != consequence.owner:
                    sends = _event_fields(world, event)
                    yield source, consequence.owner, Expectation(How.FOLLOW, what, sends)


def _of_roles(world: World, agent: str, manifest: Manifest) -> Iterator[tuple[str, str, Expectation]]:
    for kind in manifest.capability_scope.can:
        policy = world.config.approvals.get(kind) if world.kinds[kind].signature else None
        for role in dict.fromkeys(rung.role for rung in policy.ladder) if policy else ():
            yield agent, role, Expectation(How.SIGN, kind, tuple(world.kinds[kind].params))
    for place, role in enumerate(manifest.escalation_path.to, start=1):
        yield agent, role, Expectation(How.ESCALATE, f"rung {place} of {len(manifest.escalation_path.to)}")


def sources(world: World, event: str) -> tuple[str, ...]:
    """Who brings an event about: agents that emit it, and the outside when it is a fact."""
    agents = tuple(a for a, m in sorted(world.manifests.items()) if event in m.output_schema.events)
    return (*agents, OUTSIDE) if event in world.facts else agents


def event_shape(world: World, event: str) -> Shape:
    """The data of an event, an agent's or a fact's."""
    fact = world.facts.get(event)
    return world.toolbox.events.get(event, fact.data if fact else {})


def _event_fields(world: World, event: str) -> tuple[str, ...]:
    return tuple(event_shape(world, event))


def _properties(schema: JsonSchema) -> tuple[str, ...]:
    properties: Mapping[str, Any] = schema.get("properties", {})
    return tuple(properties)


def _last_word(world: World, source: str, target: str, expects: Sequence[Expectation]) -> str:
    """Who decides when the two disagree (R3, R4), as ``WHO: why``."""
    hows = {e.how for e in expects}
    if OUTSIDE in (source, target):
        return f"{OUTSIDE}: facts are recorded, never decided"
    if source == PERSON_ASKER:
        return f"{target}: it answers, and acts within its level"
    if target not in world.manifests:
        return f"{target}: a person decides"
    if not hows & {How.ASK, How.DECIDE, How.YIELD}:
        if How.FOLLOW in hows:
            return f"{source}: what follows is part of its action"
        return "nobody: events are told, not asked"
    mine, theirs = (world.manifests[a].authority.level for a in (source, target))
    if mine == theirs:
        return f"{target}: it is asked, and both have level {mine}"
    (least, _), (most, winner) = sorted(((mine, source), (theirs, target)))
    return f"{winner}: level {most} over {least}"

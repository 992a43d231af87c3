"""What the manifests let agents argue about: every matter, who may contend for it, and which are alike.

A matter is (asker, owner, request, carried kind). An agent contends in it when one of its kinds
writes a type that an action of the others writes, or claims intervals that one of them claims: both
are declared, and the gate refuses the rest. A ``crowd`` lets every agent contend, whatever it
declares. Two searches whose agents differ in nothing the gate reads are twins: one is made, for both.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from protocol.manifest import DECIDE
from protocol.toolbox import ActionKind
from protocol.world import World


@dataclass(frozen=True, slots=True)
class Matter:
    """What an exchange can be about. ``kind`` None: a request that carries no action."""

    asker: str
    owner: str
    request: str
    kind: str | None

    def __str__(self) -> str:
        return f"{self.asker} asks {self.owner}.{self.request}({self.kind or '-'})"


@dataclass(frozen=True, slots=True)
class Question:
    """One search: a matter with its contenders.

    ``acts``: the kind with which each agent acts. ``agents``: everybody who takes part, by name; the
    owners of what the kinds write are among them.
    """

    matter: Matter
    acts: Mapping[str, str]
    agents: tuple[str, ...]

    def __str__(self) -> str:
        others = [a for a in self.agents if a not in (self.matter.asker, self.matter.owner)]
        return f"{self.matter}" + (f", contended by {', '.join(others)}" if others else "")


def matters_of(world: World) -> list[Matter]:
    """Every matter the manifests allow, by asker, owner and request."""
    return sorted(_matters(world), key=lambda m: (m.asker, m.owner, m.request, m.kind or ""))


def _matters(world: World) -> Iterator[Matter]:
    active = {a: m for a, m in world.manifests.items() if m.mode == "active"}
    for asker, manifest in active.items():
        kinds = [k for k in manifest.capability_scope.can if k in world.kinds]
        for owner, callee in active.items():
            if owner == asker:
                continue
            yield from (Matter(asker, owner, DECIDE, kind) for kind in kinds)
            for request in manifest.capability_scope.asks.get(owner, ()):
                answered = callee.input_schema.requests.get(request)
                if answered is not None and asker in answered.from_:
                    yield Matter(asker, owner, request, None)
                    yield from (Matter(asker, owner, request, kind) for kind in kinds)


@dataclass(frozen=True, slots=True)
class Features:
    """What a scene tells agents apart by, beside what every scene does."""

    lanes: bool = False
    protective: bool = False


def questions(
    world: World, agents: int, features: Features = Features(), *, crowd: bool = False
) -> list[tuple[Question, list[Matter]]]:
    """The searches with up to ``agents`` taking part, each with the matters it stands for.

    A matter that needs more (its action has a third owner) is searched with those it needs.
    """
    found: dict[tuple[object, ...], tuple[Question, list[Matter]]] = {}
    for matter in matters_of(world):
        for question in _contended(world, matter, agents, crowd=crowd):
            _, alike = found.setdefault(_likeness(world, question, features), (question, []))
            if matter not in alike:
                alike.append(matter)
    return list(found.values())


def _contended(world: World, matter: Matter, agents: int, *, crowd: bool) -> Iterator[Question]:
    needed = {matter.asker, matter.owner}
    if matter.kind is not None:
        needed.add(world.owner_of_kind(matter.kind))
    acts = {a: kind for a in sorted(needed) if (kind := contending_kind(world, a, matter.kind)) is not None}
    if matter.kind is not None:
        acts[matter.asker] = matter.kind
    wanted = [world.kinds[k] for k in acts.values()]
    others = {
        a: kind
        for a, m in sorted(world.manifests.items())
        if a not in needed
        and m.mode == "active"
        and (kind := contending_kind(world, a, matter.kind)) is not None
        and (crowd or any(contends(world.kinds[kind], other) for other in wanted))
    }
    for chosen in combinations(others, min(max(agents - len(needed), 0), len(others))):
        acting = acts | {a: others[a] for a in chosen}
        owners = {world.owner_of_kind(kind) for kind in acting.values()}
        yield Question(matter, acting, tuple(sorted({*needed, *chosen, *owners})))


def contends(one: ActionKind, other: ActionKind) -> bool:
    """Whether two kinds can be in each other's way (R3)."""
    return bool(set(one.writes) & set(other.writes) or set(one.claims) & set(other.claims))


def contending_kind(world: World, agent: str, wanted: str | None = None) -> str | None:
    """The kind with which an agent contends for what ``wanted`` takes.

    One in its way, if it has one; of those rather one of its own, and rather one that can need a signature.
    """
    can = [world.kinds[k] for k in world.manifests[agent].capability_scope.can if k in world.kinds]

    def worth(kind: ActionKind) -> tuple[bool, bool, bool]:
        in_the_way = wanted is not None and contends(kind, world.kinds[wanted])
        return in_the_way, world.owner_of_kind(kind.name) == agent, needs_policy(world, kind)

    return max(can, key=worth).name if can else None


def needs_policy(world: World, kind: ActionKind) -> bool:
    """Whether the kind can need a signature for which the floor names a policy."""
    return kind.signature is not None and kind.name in world.config.approvals


def _likeness(world: World, question: Question, features: Features) -> tuple[object, ...]:
    """All the gate reads of a question's agents.

    Levels are only compared, so their order is enough; names only order (the last tie-break of R3).
    """
    levels = sorted({world.manifests[a].authority.level for a in question.agents})
    lanes: list[str] = []
    rows: list[object] = []
    for agent in question.agents:
        manifest = world.manifests[agent]
        if manifest.lane not in lanes:
            lanes.append(manifest.lane)
        rows.append(
            (
                agent == question.matter.asker,
                agent == question.matter.owner,
                levels.index(manifest.authority.level),
                lanes.index(manifest.lane) if features.lanes else None,
                _same_type(world, question, agent),
                *_act(world, question, agent, features),
            )
        )
    return (question.matter.kind is None, *rows)


def _act(world: World, question: Question, agent: str, features: Features) -> tuple[object, ...]:
    name = question.acts.get(agent)
    if name is None:
        return (None,)
    kind, owner = world.kinds[name], world.owner_of_kind(name)
    return (
        question.agents.index(owner) if owner in question.agents else -1,
        world.config.approvals[name].quorum if needs_policy(world, kind) else None,
        features.protective and kind.protective,
        tuple(question.agents.index(h) for h in hearers(world, question, agent, across=features.lanes)),
    )


def hearers(world: World, question: Question, agent: str, *, across: bool) -> list[str]:
    """The others of a question whom an agent's action wakes: in its lane, and ``across`` lanes, too."""
    events = world.kinds[question.acts[agent]].events if agent in question.acts else ()
    return [
        other
        for other in question.agents
        if other != agent
        and any(event in world.manifests[other].hears() for event in events)
        and (across or world.lane(other) == world.lane(agent))
    ]


def _same_type(world: World, question: Question, agent: str) -> tuple[int, ...]:
    """With whom an agent's action shares the record it writes."""
    mine = question.acts.get(agent)
    if mine is None:
        return ()
    wrote = world.kinds[mine].writes[0]
    return tuple(
        i
        for i, other in enumerate(question.agents)
        if (kind := question.acts.get(other)) is not None and world.kinds[kind].writes[0] == wrote
    )

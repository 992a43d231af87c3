"""A yard where people sign: policies, people and rules of choice, and crates to burn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from protocol.floor import FloorConfig
from protocol.toolbox import ActionKind
from protocol.turns import Proposal
from protocol.world import World

from .memory_store import MemoryStore
from .yard import Yard, world

BURN = Proposal("burn", {"crate": "C1"})
FOREMAN, BOSS = {"role": "foreman", "answer_s": 600}, {"role": "boss", "answer_s": 600}
PEOPLE = (
    {"id": "f.one", "name": "F One", "roles": ["foreman"]},
    {"id": "f.two", "name": "F Two", "roles": ["foreman"]},
    {"id": "b.two", "name": "B Two", "roles": ["boss"]},
)


def signing_world(
    *,
    burn: Mapping[str, Any] | None = None,
    frozen: Mapping[str, Any] | None = None,
    ruled: tuple[str, ...] = ("lift",),
    people: Sequence[Mapping[str, Any]] = PEOPLE,
    **options: Any,
) -> World:
    """The yard with these approval policies; ``ruled``: the kinds that a frozen crate stops."""
    made = world(**options)
    asked: dict[str, Any] = {"burn": {"ladder": [FOREMAN, BOSS]}, "frozen": {"ladder": [BOSS]}}
    asked |= {name: policy for name, policy in (("burn", burn), ("frozen", frozen)) if policy is not None}
    data = made.config.model_dump(mode="python", by_alias=True)
    config = FloorConfig.model_validate(data | {"approvals": asked, "people": list(people)})
    rules = [replace(rule, kinds=ruled) for rule in made.toolbox.rules]
    return replace(made, config=config, toolbox=replace(made.toolbox, rules=rules))


def with_kind(made: World, name: str, change: Callable[[ActionKind], ActionKind]) -> World:
    """The world with one kind of action changed."""
    actions = [change(kind) if kind.name == name else kind for kind in made.toolbox.actions]
    return replace(made, toolbox=replace(made.toolbox, actions=actions))


def yard(made: World, store: MemoryStore | None = None, *, frozen: bool = False, **case: Any) -> Yard:
    """A case of the crane over crates C1 and C2 and a pile."""
    kept = store or MemoryStore()
    for key in ("C1", "C2"):
        kept.seed("crate", key, frozen=frozen, burnt=False)
    kept.seed("pile", "P1", count=500)
    y = Yard(made, kept)
    y.case = replace(y.case, **case)
    return y.wake("crane")


def asked(y: Yard, place: int = -1) -> str:
    """The id of an escalation, by its place in the order of asking."""
    return list(y.store.escalation_rows)[place]

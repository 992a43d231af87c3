"""``andon agents``: the contracts as published. Reads only."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from cli.options import Common, verb
from cli.output import Output
from protocol.errors import NotFoundError

if TYPE_CHECKING:
    from protocol.manifest import Manifest
    from protocol.world import World


@verb("agents")
@click.argument("name", required=False)
def command(common: Common, name: str | None) -> int:
    """Show the agents' contracts as published: all in short, or one whole."""
    from agents.floor_loader import load_floor

    world = load_floor(common.floor).world
    out = Output(common)
    chosen = manifests_of(world, name)
    out.answer(agents_shape(world, chosen), lambda: print_agents(out, chosen, whole=name is not None))
    return 0


def manifests_of(world: "World", name: str | None) -> "list[Manifest]":
    """All of them, or the one of that name; raises NotFoundError when there is none."""
    if name is None:
        return list(world.manifests.values())
    if name not in world.manifests:
        known = ", ".join(world.manifests)
        raise NotFoundError(
            f"There is no agent {name}.", hint=f"This floor has {known}.", code="unknown_agent"
        )
    return [world.manifests[name]]


def agents_shape(world: "World", manifests: "list[Manifest]") -> dict[str, Any]:
    """The answer of ``andon agents``."""
    agents = [
        m.model_dump(mode="json", by_alias=True) | {"manifest_hash": world.manifest_hashes.get(m.agent)}
        for m in manifests
    ]
    return {"schema": "andon/agents/v1", "floor": world.config.floor, "agents": agents}


def print_agents(out: Output, manifests: "list[Manifest]", *, whole: bool) -> None:
    """A table, or one contract written out."""
    if whole:
        for manifest in manifests:
            body = manifest.model_dump(mode="json", by_alias=True, exclude_none=True)
            for line in _outline(body, 0):
                out.text(line)
        return
    rows = [
        (
            m.agent,
            m.lane,
            str(m.authority.level),
            m.mode,
            ", ".join(m.authority.owns),
            ", ".join(m.capability_scope.can),
        )
        for m in manifests
    ]
    out.table(("agent", "lane", "level", "mode", "owns", "can"), rows)
    out.note(f"next: andon agents {manifests[0].agent}")


def _outline(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Nested names and values, indented; flat lists on one line."""
    for name, item in value.items():
        lead = f"{'  ' * depth}{name}:"
        if isinstance(item, dict) and item:
            yield lead
            yield from _outline(item, depth + 1)
        elif isinstance(item, list):
            yield f"{lead} {', '.join(str(i) for i in item) or '-'}"
        else:
            yield f"{lead} {item if item != {} else '-'}"

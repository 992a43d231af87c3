"""Whether the scripts of a case fit its floor: agents, actions and requests that it has."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evals.field_values import in_any
from evals.fit_words import Misfit, below, known
from evals.suite_moves import AnyMove, AskMove, ProposeMove
from protocol.manifest import DECIDE
from protocol.world import World


def script_problems(scripts: Mapping[str, Sequence[Sequence[AnyMove]]], world: World) -> Iterator[Misfit]:
    """What the scripts name that the floor does not have. What a gate would refuse may be said."""
    for agent, turns in scripts.items():
        yield from known("agent", agent, world.manifests, "given", "scripts", agent)
        for number, moves in enumerate(turns):
            for place, move in enumerate(moves):
                yield from below(_move(move, world), "given", "scripts", agent, number, place)


def _move(move: AnyMove, world: World) -> Iterator[Misfit]:
    match move:
        case ProposeMove():
            yield from known("action", move.kind, world.kinds, "kind")
        case AskMove():
            yield from known("agent", move.to, world.manifests, "to")
            if move.to in world.manifests:
                answered = [DECIDE, *world.manifests[move.to].input_schema.requests]
                yield from known("request", move.request, answered, "request")
            if move.carries is not None:
                yield from known("action", move.carries.kind, world.kinds, "carries", "kind")
        case _:
            return


def plain(scripts: Mapping[str, Sequence[Sequence[AnyMove]]]) -> dict[str, list[list[dict[str, Any]]]] | None:
    """The scripts as the offline model takes them; None when there are none."""
    said = {agent: [[_stored(move) for move in moves] for moves in turns] for agent, turns in scripts.items()}
    return said or None


def _stored(move: AnyMove) -> dict[str, Any]:
    """Its stored form. Instants may carry an offset in a suite; in what is said for a person they stay."""
    said = move.model_dump()
    for holder in (said, said.get("carries") or {}):
        holder.update({name: in_any(holder[name]) for name in ("params", "values") if name in holder})
    return said

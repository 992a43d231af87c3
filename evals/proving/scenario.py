"""A path of the search as a file: what a violation leaves behind, to be played again on any version."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from evals.proving.adversary import Choice
from evals.proving.matters import Matter, Question
from evals.proving.moves import Change, Decision, Gate, Move, Wait
from evals.proving.results import Violation
from evals.proving.scenes import Scene
from evals.proving.search import Played, Search
from protocol.errors import NotFoundError, UsageError
from protocol.world import World

SCHEMA = "andon/scenario/v1"
MAX_BYTES = 1 << 20


def scenario_json(world: World, question: Question, scene: Scene, violation: Violation) -> dict[str, Any]:
    """The file's content: the question, the scene, the moves, and the story as it was found."""
    return {
        "schema": SCHEMA,
        "floor": world.config.floor,
        "matter": asdict(question.matter),
        "acts": dict(question.acts),
        "agents": list(question.agents),
        "scene": asdict(scene),
        "moves": [_move_json(m) for m in violation.moves],
        "invariant": violation.invariant,
        "story": list(violation.story),
    }


def _move_json(move: Move) -> dict[str, Any]:
    match move:
        case Gate():
            return {"gate": asdict(move)}
        case Wait():
            return {"wait": True}
        case Change(how):
            return {"change": how}


def read_scenario(path: Path) -> Mapping[str, Any]:
    """The content of a scenario file; NotFoundError or UsageError in one sentence when it is none."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(
            f"There is no file {path}.", hint="`andon check --prove --save FILE` writes one."
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        found = json.loads(data[:MAX_BYTES].decode())
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise UsageError(
            f"{path} is no scenario: a JSON object with schema {SCHEMA} is expected.", code="bad_scenario"
        )
    return found


def play(world: World, scenario: Mapping[str, Any]) -> Played:
    """Play a scenario on a floor. UsageError when it does not fit the floor or itself."""
    try:
        question = Question(Matter(**scenario["matter"]), dict(scenario["acts"]), tuple(scenario["agents"]))
        scene = Scene(**{**scenario["scene"], "failures": tuple(scenario["scene"]["failures"])})
        moves = [_move_from(m) for m in scenario["moves"]]
        missing = {*question.agents, question.matter.asker, question.matter.owner} - set(world.manifests) | {
            *question.acts.values()
        } - set(world.kinds)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"The scenario is damaged: {error!r}.", code="bad_scenario") from None
    if missing:
        raise UsageError(
            f"The scenario does not fit this floor, which has no {', '.join(sorted(missing))}.",
            hint="Choose its floor with --floor DIR.",
            code="bad_scenario",
        )
    return Search(world, question, scene).play(moves)


def _move_from(data: Mapping[str, Any]) -> Move:
    if "wait" in data:
        return Wait()
    if "change" in data:
        return Change(str(data["change"]))
    gate = data["gate"]
    turns = tuple(_choice(c) for c in gate["turns"])
    decisions = tuple(Decision(**d) for d in gate["decisions"])
    return Gate(gate["case"], turns, decisions, gate["between"])


def _choice(data: Mapping[str, Any]) -> Choice:
    known = {f.name: data[f.name] for f in fields(Choice)}
    answers = tuple((str(x), str(said), str(place)) for x, said, place in known["answers"])
    starts = None if known["starts"] is None else (str(known["starts"][0]), str(known["starts"][1]))
    return Choice(str(known["agent"]), known["failure"], answers, starts)

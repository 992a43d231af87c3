"""What a case begins with: the floor's own state with the fixtures of the case in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents.floor_loader import Floor
from agents.floor_seed import seed_in
from agents.yaml_source import Document, NodePath
from evals.suite import Case, GivenPerson
from evals.suite_file import FixtureSource, SuiteFile
from graph.settings import Seed
from protocol.errors import Problem
from protocol.floor import FloorConfig
from protocol.records import Claimed
from protocol.toolbox import ResourceType


@dataclass(frozen=True, slots=True)
class Opening:
    """The parts of Settings that a case decides. None: as the floor has it."""

    seed: Seed | None
    clock_start: str | None
    people: Sequence[Mapping[str, Any]]
    problems: tuple[Problem, ...] = ()


def opening_of(file: SuiteFile, case: Case, floor: Floor) -> Opening:
    """What ``case`` begins with. Its problems are those of the fixtures' records and claims."""
    sources = file.sources(case)
    seed: Seed | None = None
    problems: list[Problem] = []
    for source in sources:
        base = seed or Seed(floor.seed, floor.claims)
        seed, wrong = _with(base, source, floor.world.types)
        problems += wrong
    clocks = [s.fixture.clock for s in sources] + [case.given.clock]
    people = [p for s in sources for p in s.fixture.people] + list(case.given.people)
    return Opening(
        seed=seed,
        clock_start=next((clock for clock in reversed(clocks) if clock is not None), None),
        people=[_entry(p, floor.world.config) for p in {p.id: p for p in people}.values()],
        problems=tuple(problems),
    )


def _entry(person: GivenPerson, config: FloorConfig) -> dict[str, Any]:
    known = config.person(person.id)
    name = person.name or (known.name if known else person.id)
    hours = person.hours.model_dump(by_alias=True) if person.hours else None
    return {"id": person.id, "name": name, "roles": person.all_roles, "hours": hours}


def _with(base: Seed, source: FixtureSource, types: Mapping[str, ResourceType]) -> tuple[Seed, list[Problem]]:
    """``base`` with a fixture in it, read and checked as one seed: claims of both must not overlap."""
    fixture = source.fixture
    holders = {str(c.get("holder")) for c in fixture.claims if isinstance(c, dict)}
    resources: dict[str, Any] = {}
    claims = list(fixture.claims)
    if not fixture.only:
        for ref, body in base.records:
            resources.setdefault(ref.type, {})[ref.key] = dict(body)
        claims += [_stated(c) for c in base.claims if str(c.holder) not in holders]
    for kind, records in fixture.resources.items():
        mapping = isinstance(records, dict)
        resources[kind] = {**resources.get(kind, {}), **records} if mapping else records
    lines = {_below(path, source.at): line for path, line in source.document.lines.items()}
    document = Document(source.document.file, {"resources": resources, "claims": claims}, lines)
    seed = seed_in(document, types)
    return Seed(seed.records, seed.claims), [_named(p, source.at) for p in seed.problems]


def _below(path: NodePath, at: NodePath) -> NodePath:
    """The path under a fixture's own node; one that no seed asks for when it lies elsewhere."""
    return path[len(at) :] if path[: len(at)] == at else ("", *path)


def _stated(claim: Claimed) -> dict[str, Any]:
    return {
        "resource": claim.resource,
        "start": claim.start,
        "end": claim.end,
        "holder": str(claim.holder),
        "shared": claim.shared,
    }


def _named(problem: Problem, at: NodePath) -> Problem:
    where = ".".join(map(str, at))
    return replace(problem, message=f"{where}: {problem.message}") if where else problem

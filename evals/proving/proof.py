"""The whole proof of a floor: every matter with its contenders in every scene, the boundary, the clocks."""

import gc
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from agents.floor_loader import load_floor
from evals.proving.matters import Features, Matter, Question, hearers, matters_of, questions
from evals.proving.results import Searched
from evals.proving.scenario import scenario_json
from evals.proving.scenes import (
    AGAIN,
    BOUNDARY,
    CONTENDED,
    CONTENDED_DISTURBED,
    CONTENDED_TERSE,
    CROWD,
    DISTURBED,
    LATE,
    PAIR,
    PLAIN,
    PROBED,
    PULLED,
    Scene,
)
from evals.proving.search import BOUNDARY_DEPTH, Search, searches
from evals.proving.ticks import search_ticks
from protocol.world import World
from telemetry.clock import process_clock

ASSUMES = (
    "Matters are searched one at a time: exchanges on different matters share records, claims and limits.",
    "Agents contend where their kinds of action write or claim the same; the rest the gate refuses.",
    "Each agent begins one thing, and another when it came to nothing; of two also twice, or late.",
    "A scene has one change from outside. A crash leaves the rows as they are: every state is after one.",
    "Where three meet, the owner only answers, and the ways of failing are not told apart.",
    f"Across lanes {BOUNDARY_DEPTH} crossings are followed; a longer chain repeats them up to its limit.",
    "Ladders have one rung and people are there; rungs, shifts, expiry, leases and breakers go by ticks.",
)
"""What a proof takes for granted, in the words it is told with; docs/reference/proof.md says why."""


Clocks = Callable[[World], Sequence[Searched]]
"""What makes the searches by ticks."""


@dataclass(frozen=True, slots=True)
class Job:
    """One search to make, and the matters it stands for."""

    question: Question
    scene: Scene
    matters: tuple[Matter, ...]

    @property
    def name(self) -> str:
        """What is searched, for people."""
        return f"{self.question}: {self.scene.name}"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the searches found. ``agents``: of the floor. ``longest_path``: of a case, in steps.

    ``seconds``: of the process clock, start to end.
    """

    floor: str
    agents: int
    matters: int
    searches: tuple[Searched, ...]
    scenarios: tuple[dict[str, Any], ...]
    planned: int
    longest_path: int
    seconds: float

    @property
    def violations(self) -> int:
        """How many searches ended at a broken invariant."""
        return sum(bool(s.violations) for s in self.searches)

    @property
    def proved(self) -> bool:
        """Whether every search was made to its end and nothing broke."""
        complete = len(self.searches) == self.planned and all(s.complete for s in self.searches)
        return complete and self.violations == 0

    def to_json(self) -> dict[str, Any]:
        """The shape of ``proof`` in ``andon check --prove``."""
        return {
            "proved": self.proved,
            "agents": self.agents,
            "matters": self.matters,
            "searches": len(self.searches),
            "states": sum(s.states for s in self.searches),
            "transitions": sum(s.transitions for s in self.searches),
            "longest_path": self.longest_path,
            "violations": [
                {"search": s.name, "invariant": v.invariant, "story": list(v.story)}
                for s in self.searches
                for v in s.violations
            ],
            "scenarios": list(self.scenarios),
            "assumes": list(ASSUMES),
            "duration_s": round(self.seconds, 1),
        }


def plan(world: World, agents: int = 3, *, crowd: bool = False) -> list[Job]:
    """Every search of a proof with up to ``agents`` in one matter; a ``crowd`` has exactly so many."""
    if crowd:
        alike = questions(world, agents, crowd=True)
        return [Job(q, CROWD, tuple(ms)) for q, ms in alike if len(q.agents) == agents]
    return [*_pairs(world), *_contended(world, agents), *_boundary(world)]


def quick(world: World) -> list[Job]:
    """The plan without what takes longest: the open breaker is the one disturbance, contenders are terse."""
    jobs = [job for job in plan(world) if job.scene not in (DISTURBED, AGAIN, LATE, PROBED, PULLED)]
    short = [replace(j, scene=CONTENDED_TERSE) if j.scene is CONTENDED else j for j in jobs]
    return [*short, *(Job(q, PLAIN, tuple(ms)) for q, ms in questions(world, 2))]


def _pairs(world: World) -> Iterator[Job]:
    for question, matters in questions(world, 2):
        yield from (Job(question, scene, tuple(matters)) for scene in PAIR)
    for question, matters in questions(world, 2, Features(protective=True)):
        yield Job(question, PULLED, tuple(matters))


def _contended(world: World, agents: int) -> Iterator[Job]:
    for question, matters in questions(world, agents):
        if len(question.agents) > 2:
            yield Job(question, CONTENDED, tuple(matters))


def _boundary(world: World) -> Iterator[Job]:
    """The questions in which an action wakes somebody in another lane."""
    for question, matters in questions(world, 2, Features(lanes=True)):
        here = sum(len(hearers(world, question, a, across=False)) for a in question.agents)
        if sum(len(hearers(world, question, a, across=True)) for a in question.agents) > here:
            yield Job(question, BOUNDARY, tuple(matters))


def disturbed(world: World, agents: int = 3) -> list[Job]:
    """The searches with contenders and a disturbance: long, for a soak."""
    alike = questions(world, agents)
    return [Job(q, CONTENDED_DISTURBED, tuple(ms)) for q, ms in alike if len(q.agents) > 2]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a proof has come."""

    done: int
    planned: int
    states: int
    name: str


def prove(
    floor: Path,
    jobs: Callable[[World], Sequence[Job]] = plan,
    *,
    clocks: Clocks = search_ticks,
    limit_states: int | None = None,
    workers: int = 1,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Proof:
    """Make all searches, and stop when one breaks. ``clocks``: the searches by ticks.
    ``limit_states``: states of all of them together.

    With more than one worker the searches run in so many processes; a limit is counted in this one.
    """
    started = process_clock()
    world = load_floor(floor).world
    todo = list(jobs(world))
    alone = workers == 1 or limit_states is not None
    made = _alone(world, todo, clocks, limit_states) if alone else _together(floor, todo, clocks, workers)
    searches: list[Searched] = []
    by_ticks: list[Searched] = []
    scenarios: list[dict[str, Any]] = []
    for job, searched in made:
        if job is None:
            by_ticks.append(searched)
            continue
        searches.append(searched)
        scenarios += [
            scenario_json(world, job.question, job.scene, v) for v in searched.violations if v.moves
        ]
        progress(Progress(len(searches), len(todo), sum(s.states for s in searches), job.name))
    return Proof(
        world.config.floor,
        len(world.manifests),
        len(matters_of(world)),
        (*searches, *by_ticks),
        tuple(scenarios),
        len(todo) + (len(by_ticks) or 1),
        max((s.longest_path for s in searches), default=0),
        process_clock() - started,
    )


def _alone(
    world: World, jobs: Sequence[Job], clocks: Clocks, limit: int | None
) -> Iterator[tuple[Job | None, Searched]]:
    """The searches of the jobs, then those by ticks, in this process."""
    left = limit
    for job, search in zip(jobs, _searches(world, jobs), strict=True):
        if left is not None and left <= 0:
            return
        searched = search.run(left)
        left = None if left is None else left - searched.states
        yield job, searched
    if left is None or left > 0:
        yield from ((None, searched) for searched in clocks(world))


def _searches(world: World, jobs: Sequence[Job]) -> Iterator[Search]:
    for together in _sharing(jobs):
        yield from searches(world, together[0].question, [job.scene for job in together])


def _sharing(jobs: Sequence[Job]) -> list[list[Job]]:
    """The jobs, those that stand beside each other and can share their steps together."""
    return [[*alike] for _, alike in groupby(jobs, key=lambda job: (job.question, job.scene.opening))]


_floor: list[World] = []
"""The floor of a worker process, loaded once when it starts."""


def _load(floor: Path) -> None:
    gc.disable()  # rows hold no cycles: what is dropped goes at once, and there is much that stays to look at
    _floor[:] = [load_floor(floor).world]


def _search(jobs: Sequence[Job]) -> list[Searched]:
    return [search.run() for search in _searches(_floor[0], jobs)]


def _tick(clocks: Clocks) -> Sequence[Searched]:
    return clocks(_floor[0])


def _together(
    floor: Path, jobs: Sequence[Job], clocks: Clocks, workers: int
) -> Iterator[tuple[Job | None, Searched]]:
    """The searches of the jobs, and beside them those by ticks, which come last."""
    spawn = multiprocessing.get_context(
        "spawn"
    )  # a floor's functions cannot be sent: each process loads them
    with ProcessPoolExecutor(workers, spawn, initializer=_load, initargs=(floor,)) as pool:
        ticking = pool.submit(_tick, clocks)
        found = chain.from_iterable(pool.map(_search, _sharing(jobs)))
        yield from zip(jobs, found, strict=True)
        yield from ((None, searched) for searched in ticking.result())

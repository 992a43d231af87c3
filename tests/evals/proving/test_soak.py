"""Long searches: the plant with a change where three meet, all its agents at once, and made-up floors."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from evals.proving.proof import Job, Proof, disturbed, plan, prove
from evals.proving.results import Searched
from evals.proving.ticks import search_ticks
from protocol.world import World
from tests.generated_floors import forget, valid_floor

pytestmark = pytest.mark.long

PLANT = Path()
WORKERS = os.cpu_count() or 1
SEEDS = 12
"""Made-up floors searched in the normal run, and in a soak."""
SOAKED = 10_000
DEEP = 60
TIMED = 50


def _told(proof: Proof) -> str:
    shape = proof.to_json()
    return f"{shape['states']} states, {shape['transitions']} transitions, {shape['duration_s']} s"


@pytest.mark.soak
def test_three_agents_and_a_change_break_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    proof = prove(PLANT, disturbed, workers=WORKERS)
    with capsys.disabled():
        print(f"\nthree and a change: {_told(proof)}")
    assert proof.proved, [v for s in proof.searches for v in s.violations]


def _all_at_once(world: World) -> list[Job]:
    """One search for each asker: everybody acts on the same thing, whatever it declares."""
    found: dict[str, Job] = {}
    for job in plan(world, len(world.manifests), crowd=True):
        found.setdefault(job.question.matter.asker, job)
    return list(found.values())[:1]


@pytest.mark.soak
def test_all_agents_of_the_plant_at_once_break_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    proof = prove(PLANT, _all_at_once, limit_states=int(os.environ.get("ANDON_SOAK_STATES", "400000")))
    with capsys.disabled():
        print(f"\nall five at once: {_told(proof)}, {'complete' if proof.proved else 'cut short'}")
    assert proof.violations == 0, [v for s in proof.searches for v in s.violations]


def _no_clocks(_world: World) -> tuple[Searched, ...]:
    return ()


def _down(world: World) -> list[Job]:
    """The shortest scene of a few questions."""
    return [job for job in plan(world) if job.scene.name == "breaker open"][:4]


def _searched(seed: int, directory: Path, jobs: Callable[[World], list[Job]], limit: int) -> None:
    """Search one floor; the clocks, which take most of the time and hardly differ, of every fiftieth."""
    floor = valid_floor(seed, directory / str(seed))
    clocks = search_ticks if seed % TIMED == 0 else _no_clocks
    proof = prove(floor, jobs, clocks=clocks, limit_states=limit)
    forget()
    assert proof.violations == 0, (seed, [v for s in proof.searches for v in s.violations])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_floor_that_check_accepts_breaks_nothing(seed: int, tmp_path: Path) -> None:
    _searched(seed, tmp_path, _down, 300)


@pytest.mark.soak
@pytest.mark.parametrize("hundred", range(SOAKED // 100))
def test_ten_thousand_floors_that_check_accepts_break_nothing(hundred: int, tmp_path: Path) -> None:
    for seed in range(100 * hundred, 100 * hundred + 100):
        _searched(seed, tmp_path, _down, 100)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(DEEP))
def test_some_floors_are_searched_in_every_scene(seed: int, tmp_path: Path) -> None:
    _searched(seed, tmp_path, plan, 6000)

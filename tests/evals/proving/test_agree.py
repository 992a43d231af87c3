"""The search is about the real thing: what it says follows is what graph, driver and ledger come to.

Paths through a finished search are played on LangGraph, the driver, checkpoints and a SQLite ledger, and all
rows are compared after every step. The normal run takes every edge of two small searches: one with the cord
pulled, in which exchanges arise from proposals alone; and a whole one with the breaker open. The soak takes
two more, one with answers and one with changes from outside, whose owner begins nothing and (with changes)
nobody fails. It then takes every edge of every question and scene of the harbour, but of the scene with a
change only those of the first paths, which have the most.
"""

import os
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from agents.floor_loader import load_floor
from checkpoints.sql_tx import SqlTx
from evals.proving.matters import Question, questions
from evals.proving.paths import SEED, covering_paths
from evals.proving.paths import Path as Walk
from evals.proving.scenes import AGAIN, DISTURBED, DOWN, LATE, PLAIN, PROBED, PULLED, Scene
from evals.proving.search import Search
from graph import gate
from protocol.world import World
from tests.agents.floor_copies import HARBOUR
from tests.evals.proving.agree import Crash, Player

pytestmark = pytest.mark.long

SOAKED_PATHS = 2_500 * int(os.environ.get("ANDON_SOAK", "1"))
"""Paths of one search in a soak: more than all scenes but one have."""
CRASHED = 5
"""One path in so many loses its process, once, at a move of its own."""


@pytest.fixture(scope="module")
def harbour() -> World:
    return load_floor(Path(HARBOUR)).world


@pytest.fixture
def directory() -> Iterator[Path]:
    """In memory where there is one: thousands of ledgers, and nothing here is about what a disk keeps."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def _question(world: World, asked: str) -> Question:
    """About a kind of action, or a request that carries none."""
    return next(q for q, _ in questions(world, 2) if asked in (q.matter.kind, q.matter.request))


def _searched(world: World, question: Question, scene: Scene) -> Search:
    search = Search(world, question, scene)
    found = search.run()
    assert found.complete and not found.violations
    return search


async def _play(search: Search, paths: Sequence[Walk], directory: Path) -> list[str]:
    """What the first path tells that system and model differ in."""
    player = Player(search, directory)
    await player.prepare()
    rolls = random.Random(SEED)
    for n, path in enumerate(paths):
        crash = {}
        if n % CRASHED == 0:
            crash = {rolls.randrange(len(path.moves)): rolls.choice(list(Crash))}
        if found := await player.play(path.moves, crash):
            return [f"{search.question}: {search.scene.name}, path {n}", *map(str, path.moves), *found]
    return []


_LONG = pytest.mark.soak
EDGES = [
    pytest.param("assign_berth", replace(PLAIN, owner_starts=0), marks=_LONG, id="answers"),
    pytest.param("find_gap", replace(DISTURBED, owner_starts=0, failures=()), marks=_LONG, id="a change"),
    pytest.param("shift_visit", replace(PULLED, asks=False), id="cord pulled"),
    pytest.param("book_pilot", DOWN, id="breaker open"),
]


@pytest.mark.parametrize(("asked", "scene"), EDGES)
async def test_model_and_system_agree_on_every_edge(
    harbour: World, directory: Path, asked: str, scene: Scene
) -> None:
    search = _searched(harbour, _question(harbour, asked), scene)
    paths = list(covering_paths(search))
    edges = {(here, after) for here, following in search.graph().items() for after in following}
    assert {edge for path in paths for edge in path.edges} == edges
    assert await _play(search, paths, directory) == []


@pytest.mark.soak
@pytest.mark.parametrize("scene", [AGAIN, LATE, DOWN, PROBED, PULLED, DISTURBED], ids=lambda s: s.name)
async def test_model_and_system_agree_in_every_scene(harbour: World, directory: Path, scene: Scene) -> None:
    for n, (question, _) in enumerate(questions(harbour, 2)):
        search = _searched(harbour, question, scene)
        place = directory / str(n)
        place.mkdir()
        paths = [path for path, _ in zip(covering_paths(search), range(SOAKED_PATHS), strict=False)]
        assert await _play(search, paths, place) == []


@pytest.mark.parametrize("crash", list(Crash))
async def test_a_crash_in_every_move_changes_nothing(harbour: World, directory: Path, crash: Crash) -> None:
    search = _searched(harbour, _question(harbour, "assign_berth"), replace(PLAIN, owner_starts=0))
    player = Player(search, directory)
    await player.prepare()
    for path in list(covering_paths(search))[:12]:
        assert await player.play(path.moves, dict.fromkeys(range(len(path.moves)), crash)) == []


async def test_a_system_that_does_something_else_is_found(harbour: World, directory: Path) -> None:
    """The comparison can fail: here the system's gate passes leave an event untold."""
    search = _searched(harbour, _question(harbour, "book_pilot"), DOWN)
    path = next(covering_paths(search))
    player = Player(search, directory)
    await player.prepare()

    def silent(write: Callable[..., None]) -> Callable[..., None]:
        def untold(tx: Any, p: Any, outcome: Any) -> None:
            if isinstance(tx, SqlTx):
                del p.events[:1]
            write(tx, p, outcome)

        return untold

    with patch.object(gate, "_write", silent(gate._write)):
        found = await player.play(path.moves)
    assert found[0].startswith("after move 0, Gate(")
    assert any(line.startswith("events") for line in found[1:])

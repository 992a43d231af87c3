"""Every case that the suites bring about is recorded, and runs again as it ran (R15)."""

import asyncio
from pathlib import Path

import pytest

from agents.floor_loader import load_floor
from checkpoints.recordings import Part
from evals.opening_state import opening_of
from evals.player import Player
from evals.runner import _settings
from evals.suite import Case
from evals.suite_file import SuiteFile, read_suite
from protocol.world import World
from tests.architecture.sources import ROOT
from tests.evals.suite_texts import HARBOUR
from tests.graph.replayed import cases, recording, replay

SUITES = [(path, ROOT) for path in sorted((ROOT / "evals" / "suites").glob("*.yaml"))]
SUITES.append((ROOT / "tests" / "evals" / "suites" / "harbour.yaml", HARBOUR))


async def _played(file: SuiteFile, case: Case, data: Path) -> tuple[World, dict[str, list[Part]]]:
    settings = _settings(file, case, opening_of(file, case, load_floor(file.floor_dir)), data)
    async with Player(file, settings, file.suite.defaults.seed) as player:
        async for _ in player.play(case.steps):
            pass
        return player.world, {c: await recording(player.app, c) for c in await cases(player.app)}


@pytest.mark.soak
@pytest.mark.parametrize(("path", "floor"), SUITES, ids=[path.stem for path, _ in SUITES])
def test_cases_of_a_suite_run_again_as_recorded(path: Path, floor: Path, tmp_path: Path) -> None:
    file, loaded, replayed = read_suite(path, floor), load_floor(floor), 0
    for number, case in enumerate(file.suite.cases):
        world, kept = asyncio.run(_played(file, case, tmp_path / str(number)))
        driven = {name: parts for name, parts in kept.items() if any(part.drive for part in parts)}
        replayed += len(driven)
        for name, parts in driven.items():
            shape, found = replay(name, parts, loaded, world)
            assert (case.id, shape["difference"], found.unreached) == (case.id, None, 0)
    assert replayed

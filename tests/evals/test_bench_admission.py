"""The floor that the benchmark admits: nothing is wrong with it, and no two of them are the same."""

import sys
from pathlib import Path

from agents.floor_loader import check_floor, load_floor
from evals.bench_admission import ADMISSION, AGAINST, MadeUp, measure_admission
from evals.bench_plan import AdmissionPlan


def test_made_up_floor_has_no_problem_and_as_many_agents_as_were_wanted(tmp_path: Path) -> None:
    MadeUp(tmp_path, 12).write(0)
    assert check_floor(tmp_path) == []
    world = load_floor(tmp_path).world
    assert len(world.manifests) == 12
    assert all(m.capability_scope.asks and m.degraded_mode for m in world.manifests.values())


def test_every_floor_is_one_that_was_never_seen(tmp_path: Path) -> None:
    made, worlds = MadeUp(tmp_path, 3), []
    for salt in (1, 2):
        made.write(salt)
        worlds.append(load_floor(tmp_path).world)
    assert worlds[0].fingerprint != worlds[1].fingerprint
    assert worlds[0].toolbox is not worlds[1].toolbox


async def test_admission_is_told_as_a_time_and_as_a_ratio(tmp_path: Path) -> None:
    before = set(sys.modules)
    time, ratio = await measure_admission(AdmissionPlan(agents=3), tmp_path, 1)
    assert (time.name, time.unit, time.target) == (ADMISSION, "ms", 300.0)
    assert (ratio.name, ratio.unit, ratio.n) == (AGAINST, "x", 1)
    assert ratio.medians["andon_ms"] > ratio.medians["bare_yaml_ms"] > 0
    assert not [name for name in set(sys.modules) - before if name.startswith("floor_")]

"""A proof puts all searches together; what breaks leaves a scenario that can be played again."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from agents.floor_loader import load_floor
from evals.proving.matters import matters_of
from evals.proving.proof import Job, plan, prove
from evals.proving.results import Searched
from evals.proving.scenario import play, read_scenario
from evals.proving.scenes import DOWN
from evals.proving.table import state_table
from protocol import commit
from protocol.errors import NotFoundError, UsageError
from protocol.world import World

HARBOUR = Path("tests/floors/harbour")


@pytest.fixture(scope="module")
def harbour() -> World:
    return load_floor(HARBOUR).world


def quick(world: World) -> Sequence[Job]:
    return [job for job in plan(world) if job.scene is DOWN]


def no_clocks(world: World) -> Sequence[Searched]:
    return ()


@cache
def broken() -> dict[str, Any]:
    with patch.object(commit, "_overlap", lambda *_: None):
        (found,) = prove(HARBOUR, lambda w: quick(w)[:1], clocks=no_clocks).scenarios
    return found


def test_a_plan_has_every_matter_of_the_floor(harbour: World) -> None:
    told = {m for job in quick(harbour) for m in job.matters}
    assert told == set(matters_of(harbour))


def test_a_proof_counts_every_search(harbour: World) -> None:
    told: list[int] = []
    timed = Searched("made up, by ticks", 7, 9, 3, (), complete=True)
    proof = prove(HARBOUR, quick, clocks=lambda _: [timed], progress=lambda p: told.append(p.states))
    assert proof.proved
    assert proof.to_json()["states"] == told[-1] + timed.states == sum(s.states for s in proof.searches)
    assert proof.to_json()["violations"] == []


def test_two_processes_find_what_one_finds() -> None:
    one, two = (prove(HARBOUR, quick, clocks=no_clocks, workers=n) for n in (1, 2))
    assert one.searches == two.searches


def test_a_limit_of_states_is_kept_and_proves_nothing() -> None:
    proof = prove(HARBOUR, quick, limit_states=40, workers=2)
    assert not proof.proved
    assert proof.violations == 0
    assert proof.to_json()["states"] < 90
    assert len(proof.searches) < proof.planned


def test_a_scenario_breaks_the_same_invariant_when_it_is_played(harbour: World) -> None:
    scenario = broken()
    with patch.object(commit, "_overlap", lambda *_: None):
        played = play(harbour, scenario)
    assert played.invariant == scenario["invariant"] == "claims_apart"
    assert list(played.story) == scenario["story"]


def test_a_scenario_breaks_nothing_once_the_fault_is_mended(harbour: World) -> None:
    assert play(harbour, broken()).invariant is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"matter": {"asker": "nobody", "owner": "fairway", "request": "decide", "kind": None}},
            "has no nobody",
        ),
        ({"moves": [{}]}, "damaged"),
        ({"scene": {}}, "damaged"),
    ],
)
def test_a_scenario_that_does_not_fit_is_refused(harbour: World, change: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        play(harbour, broken() | change)


def test_a_file_that_is_no_scenario_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_scenario(tmp_path / "none.json")
    for content in (b"", b"[]", b'{"schema": "other"}', b"\xff"):
        (tmp_path / "bad.json").write_bytes(content)
        with pytest.raises(UsageError, match="no scenario"):
            read_scenario(tmp_path / "bad.json")


def test_manifests_shrink_what_can_happen(harbour: World) -> None:
    table = state_table(harbour)
    assert [m for m, _ in table.reachable] == sorted(matters_of(harbour), key=str)
    assert table.permutations(3) == table.per_agent**3
    assert table.to_json()["shrinks_by"] > 1

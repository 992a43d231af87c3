"""The benchmark prints every figure and says whether it is met; how fast anything is, no test asserts."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.models import OfflineAccess
from agents.router import OfflineRouter
from agents.turn_runtime import TurnRuntime
from evals import (
    bench_admission,
    bench_commit,
    bench_engine,
    bench_fan_out,
    bench_feed,
    bench_history,
    bench_round,
    bench_search,
    bench_start,
    bench_workers,
)
from evals.bench import main
from evals.bench_figure import Figure, ratio
from evals.bench_graph import empty_graph, walk_of
from evals.bench_log import write_longer, write_made_up
from evals.bench_plan import read_plan
from graph.app import App, open_app
from graph.build import build
from graph.settings import Settings
from protocol.errors import InvalidFloorError, NotFoundError
from telemetry.clock import process_clock
from tests.agents.floor_copies import HARBOUR
from tests.architecture.sources import ROOT

pytestmark = pytest.mark.long

NAMES = [
    bench_commit.ON_SQLITE,
    bench_engine.FACT,
    bench_engine.CASE,
    bench_engine.RUN,
    bench_round.ROUND,
    bench_search.SEARCH,
    bench_start.HELP,
    bench_start.IMPORTS,
    bench_admission.ADMISSION,
    bench_admission.AGAINST,
    bench_history.OLD,
    bench_history.SESSION,
    bench_history.CHECKPOINT,
    bench_workers.WORKERS,
    bench_workers.TOGETHER,
    bench_workers.STARVING,
    *bench_fan_out.TARGETS,
    bench_feed.MEMORY,
    bench_feed.GROWTH,
]


@pytest.fixture(autouse=True)
def quick_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is measured here, so that nobody waits for a model."""
    monkeypatch.setattr(bench_workers, "MODEL_S", 0.001)
    for pace in ("PACE", "SLOW"):
        monkeypatch.setattr(bench_fan_out, pace, ("--base-ms", "1", "--slots", "8"))


def run_bench(place: Path, *options: str) -> int:
    """The benchmark on the plant with as few pairs and rows as there can be."""
    return main(["--dir", str(place), "--pairs", "1", "--rows", "60", *options])


def test_bench_prints_every_figure_with_its_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Figure(name, 1.5 + number % 2, "x", 2.0, 3) for number, name in enumerate(NAMES)]
    monkeypatch.setattr("evals.bench._figures", lambda *_: found)
    code = run_bench(tmp_path)
    lines = [line for line in capsys.readouterr().out.splitlines() if "median of" in line]
    assert [next(name for name in NAMES if line.startswith(name)) for line in lines] == NAMES
    assert all("<=" in line and ("met" in line or "MISSED" in line) for line in lines)
    assert [("MISSED" in line) for line in lines] == [figure.value > 2 for figure in found]
    assert code == 1


def test_bench_tells_programs_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run_bench(tmp_path, "--json")
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["schema"] == "andon/bench/v1"
    assert told["ok"] == (code == 0) == all(figure["met"] for figure in told["figures"])
    assert [figure["name"] for figure in told["figures"]] == NAMES
    for figure in told["figures"]:
        assert set(figure) == {"name", "value", "unit", "target", "met", "n", "medians", "note"}
        assert figure["value"] >= 0 and figure["n"] >= 1
    assert list(tmp_path.iterdir()) == []


def test_missed_figure_is_an_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evals.bench._figures", lambda *_: [Figure("slow", 7.0, "x", 6.0, 1)])
    assert run_bench(tmp_path) == 1
    assert "MISSED" in capsys.readouterr().out


def test_floor_without_a_plan_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--floor", str(tmp_path)]) == NotFoundError("").exit_code
    assert "bench.yaml" in capsys.readouterr().err


def test_ratio_is_the_median_of_pairs_not_of_parts() -> None:
    figure = ratio("x", 3.0, [(1.0, 1.0), (10.0, 5.0), (9.0, 3.0)], ("ours", "theirs"))
    assert (figure.value, figure.met) == (2.0, True)
    assert figure.medians == {"ours_ms": 9000.0, "theirs_ms": 3000.0}


async def test_empty_graph_has_the_shape_of_the_real_one(tmp_path: Path) -> None:
    async with open_app(Settings(floor_dir=ROOT, data_dir=tmp_path)) as app:
        floor, world = app.floor, app.world
        turns = TurnRuntime(world, app.ledger, OfflineAccess(floor.policies), floor.prompts, process_clock)
        real = build(world, app.ledger, turns, OfflineRouter(world, floor.policies), None).get_graph()
    empty = empty_graph(world, None).get_graph()
    assert set(real.nodes) == set(empty.nodes)
    assert set(real.edges) == set(empty.edges)


async def test_walk_is_what_the_case_did(tmp_path: Path) -> None:
    async with open_app(Settings(floor_dir=HARBOUR, data_dir=tmp_path)) as app:
        asked = await _walk(app, "Where is V-1?")
        waiting = await _walk(app, "Move V-1 to B2 from 2026-05-06 08:00")
    assert asked == [["agent.berthing"], ["reply"]]
    assert waiting == [["agent.berthing"], ["escalate"]]


async def _walk(app: App, text: str) -> Any:
    case = (await app.ask(text, person="a.vos"))["case"]
    return await app.ledger.read(lambda tx: walk_of(tx, case))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_made_up_log_has_every_column_and_no_row_twice(tmp_path: Path) -> None:
    plan = read_plan(ROOT).log
    rows = _rows(write_made_up(ROOT, plan, tmp_path / "log.csv", 300))
    assert len(rows) == 300
    assert set(rows[0]) == set(plan.samples[0])
    assert len({tuple(row.values()) for row in rows}) == 300


def test_longer_copy_of_a_log_has_no_row_twice(tmp_path: Path) -> None:
    plan = read_plan(ROOT).log
    log = write_made_up(ROOT, plan, tmp_path / "log.csv", 50)
    rows = _rows(write_longer(log, plan, tmp_path / "longer.csv", 3))
    assert len({tuple(row.values()) for row in rows}) == 150


@pytest.mark.parametrize("change", [lambda s: s | {"Colour": "red"}, lambda s: dict(list(s.items())[1:])])
def test_sample_with_other_columns_is_an_error(
    change: Callable[[dict[str, str]], dict[str, str]], tmp_path: Path
) -> None:
    plan = read_plan(ROOT).log
    other = plan.model_copy(update={"samples": [change(dict(plan.samples[0]))]})
    with pytest.raises(InvalidFloorError, match="other columns"):
        write_made_up(ROOT, other, tmp_path / "log.csv", 1)

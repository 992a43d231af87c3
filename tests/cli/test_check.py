"""``andon check``: errors and warnings for people and programs, and the schemas for editors."""

import json
from pathlib import Path

import pytest

from agents.floor_loader import load_floor
from agents.floor_schema import FILES
from evals.proving.matters import questions
from evals.proving.results import Violation
from evals.proving.scenario import scenario_json
from evals.proving.scenes import DOWN
from evals.proving.search import Search
from tests.agents.floor_copies import BERTHING, CONFIG, Edit, copy_harbour, line_of
from tests.cli.program import Program

HARBOUR = "tests/floors/harbour"
WARNED = Edit(CONFIG, "[quay, water]", "[quay, water, air]")
GAPS = 2
"""Events that nobody in the harbour hears."""
WRONG = Edit(BERTHING, "level: 3", "level: 9")


def test_floor_with_only_a_warning_is_valid_and_starts(andon: Program, tmp_path: Path) -> None:
    floor = str(copy_harbour(tmp_path / "floor", WARNED))
    done = andon("check", "--floor", floor)
    line = line_of(Path(floor), CONFIG, "lanes:")
    assert done.code == 0
    assert f"{CONFIG}:{line}: warning: no agent works in the lane air [lane_empty]" in done.out.splitlines()
    assert f"is valid, with {GAPS + 1} warnings" in done.out
    assert andon("cases", "--floor", floor).code == 0


def test_programs_are_told_which_problems_only_warn(andon: Program, tmp_path: Path) -> None:
    floor = str(copy_harbour(tmp_path / "floor", WARNED, WRONG))
    done = andon("check", "--floor", floor, "--json")
    assert (done.code, done.json["ok"]) == (3, False)
    severities = {p["code"]: p["severity"] for p in done.json["problems"]}
    assert severities == {"lane_empty": "warning", "event_unheard": "warning", "bad_level": "error"}
    told = andon("check", "--floor", floor).out
    assert f"1 problem and {GAPS + 1} warnings; this floor does not start." in told
    refused = andon("cases", "--floor", floor, "--json").error["details"]["problems"]
    assert [p["code"] for p in refused] == ["bad_level"]


def test_warning_alone_leaves_the_answer_ok(andon: Program, tmp_path: Path) -> None:
    done = andon("check", "--floor", str(copy_harbour(tmp_path / "floor", WARNED)), "--json")
    assert (done.code, done.json["ok"], len(done.json["problems"])) == (0, True, GAPS + 1)


def test_doctor_counts_warnings_and_finds_nothing_to_mend(andon: Program, tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor", WARNED)
    done = andon("doctor", "--floor", str(floor), "--json")
    (found,) = [c for c in done.json["checks"] if c["name"] == "floor"]
    assert (done.code, found["status"]) == (0, "ok")
    assert found["detail"].endswith(f"{GAPS + 1} warnings of `andon check`")


@pytest.mark.parametrize("name", FILES)
def test_schema_is_that_of_the_file_and_needs_no_floor(andon: Program, tmp_path: Path, name: str) -> None:
    done = andon("check", "--schema", name, "--floor", str(tmp_path / "nowhere"))
    assert done.code == 0
    assert done.out == FILES[name].read_text("utf-8")
    assert json.loads(done.out)["properties"]


def test_schema_of_something_else_is_a_usage_error(andon: Program) -> None:
    assert andon("check", "--schema", "suite").code == 2


def test_a_proof_that_was_cut_short_is_no_proof(andon: Program) -> None:
    done = andon("check", "--floor", HARBOUR, "--prove", "--limit-states", "100", "--json")
    proof = done.json["proof"]
    assert (done.code, done.json["ok"], proof["proved"]) == (1, False, False)
    assert (proof["agents"], proof["violations"]) == (2, [])
    assert 100 <= proof["states"] < 400
    told = andon("check", "--floor", HARBOUR, "--prove", "--limit-states", "100").out
    assert "Not proved: 7 matters of 2 agents" in told
    assert "were not made: raise --limit-states" in told


def test_a_floor_with_errors_is_not_searched(andon: Program, tmp_path: Path) -> None:
    floor = str(copy_harbour(tmp_path / "floor", WRONG))
    done = andon("check", "--floor", floor, "--prove", "--json")
    assert (done.code, done.json["proof"]) == (3, None)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--limit-states", "9"], 2),
        (["--prove", "--limit-states", "0"], 2),
        (["--prove", "--save", "no/such/place/x.json"], 2),
        (["--play", "nothing.json"], 4),
        (["--play", "README.md"], 2),
    ],
)
def test_wrong_words_about_a_proof_are_told_in_a_sentence(
    andon: Program, arguments: list[str], code: int
) -> None:
    done = andon("check", "--floor", HARBOUR, *arguments)
    assert done.code == code
    assert "Traceback" not in done.err


def test_a_scenario_that_was_saved_is_played(andon: Program, tmp_path: Path) -> None:
    world = load_floor(Path(HARBOUR)).world
    question, _ = questions(world, 2)[0]
    moves = (next(iter(Search(world, question, DOWN).model.moves(Search(world, question, DOWN).first()))),)
    scenario = scenario_json(world, question, DOWN, Violation("claims_apart", ("once broken",), moves))
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(scenario))
    done = andon("check", "--floor", HARBOUR, "--play", str(path), "--json")
    assert (done.code, done.json["invariant"], done.json["expected"]) == (0, None, "claims_apart")
    assert done.json["story"]
    assert "No invariant is broken here." in andon("check", "--floor", HARBOUR, "--play", str(path)).out

"""``andon replay``: exit codes, its answer, and a recording as a file."""

import json
from pathlib import Path

from tests.agents.floor_copies import Edit, copy_harbour
from tests.cli.program import Program

SHAPE = {
    "schema",
    "case",
    "identical",
    "difference",
    "differences",
    "until",
    "model",
    "recorded_model",
    "answers",
    "jobs",
    "passes",
    "status",
    "reply",
    "notes",
    "floor_changed",
    "redacted",
    "fork",
}


def test_replay_says_that_nothing_differs_and_writes_nothing(andon: Program) -> None:
    case = andon("run", "Where is V-1?", "--json").json["case"]
    before = (andon.data / "ledger.db").read_bytes()
    done = andon("replay", case, "--json")
    assert (done.code, set(done.json), done.json["schema"]) == (0, SHAPE, "andon/replay/v1")
    assert (done.json["identical"], done.json["model"], done.json["status"]) == (True, "offline", "done")
    told = andon("replay", case)
    assert (told.code, told.out.partition(":")[0]) == (0, f"{case} replayed as recorded")
    assert (andon.data / "ledger.db").read_bytes() == before


def test_difference_is_exit_1_and_named_first(andon: Program, tmp_path: Path) -> None:
    case = andon("run", "Where is V-1?", "--json").json["case"]
    changed = copy_harbour(
        tmp_path / "f", Edit("agents/berthing/policy.py", "{visit['ship']} has", "It holds")
    )
    done = Program(andon.data, changed)("replay", case)
    assert done.code == 1
    first, *notes = done.out.splitlines()[1:]
    assert first.startswith("  first: round 1: the answer of berthing was reply(")
    assert notes == ["  note: the floor is another version than the one that was recorded"]
    assert Program(andon.data, changed)("replay", case, "--model", "recorded").code == 0


def test_nothing_to_replay_is_exit_4(andon: Program) -> None:
    assert andon("replay", "case_none", "--json").error["code"] == "unknown_id"
    andon("run", "Where is V-1?")
    assert (andon("replay", "case_none").code, andon("replay", "--import", "none.json").code) == (4, 4)
    assert (andon("replay").code, andon("replay", "case_a", "--import", "x").code) == (2, 2)


def test_file_goes_to_another_place_and_back(andon: Program, tmp_path: Path) -> None:
    case = andon("run", "Where is V-1?", "--json").json["case"]
    file = tmp_path / "case.json"
    wrote = andon("replay", case, "--export", str(file), "--json")
    assert (wrote.code, wrote.json["schema"], wrote.json["redacted"]) == (0, "andon/replay-export/v1", 0)
    assert andon("replay", case, "--export", str(file), "--json").error["code"] == "file_exists"
    there = Program(tmp_path / "elsewhere")
    assert there("replay", "--import", str(file)).out.startswith(f"{case} replayed as recorded")
    assert not (tmp_path / "elsewhere").exists()
    body = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**body, "floor": "another"}), "utf-8")
    assert there("replay", "--import", str(file), "--json").error["code"] == "bad_recording"


def test_model_that_is_not_there_is_told_and_nothing_is_asked(andon: Program) -> None:
    case = andon("run", "Where is V-1?", "--json").json["case"]
    assert andon("replay", case, "--model", "nobody", "--json").error["code"] == "bad_settings"

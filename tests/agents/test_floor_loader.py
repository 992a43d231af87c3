"""A floor's directory becomes a Floor, or the list of what is wrong with it."""

import subprocess
import sys
from pathlib import Path

import pytest

from agents.floor_loader import load_floor, read_config
from agents.floor_schema import manifest_schema
from agents.floor_seed import seed_in
from agents.yaml_source import parse_yaml, read_yaml
from protocol.errors import InvalidFloorError
from protocol.records import Claimed, Ref
from tests.agents.floor_copies import (
    ACTIONS,
    BERTHING,
    CONFIG,
    FAIRWAY,
    HARBOUR,
    RESOURCES,
    SEED,
    TOOLBOX,
    Edit,
    apply,
    copy_harbour,
    told_of,
)

ROOT = Path(__file__).parents[2]


def test_harbour_has_no_mistake_and_loads() -> None:
    assert told_of(HARBOUR) == []
    floor = load_floor(HARBOUR)
    assert list(floor.world.manifests) == ["berthing", "fairway"]
    assert floor.policies.keys() == floor.prompts.keys() == floor.world.manifests.keys()
    assert floor.world.owners["passage"] == "fairway"
    assert all(floor.prompts.values())


def test_seed_instants_come_back_as_utc() -> None:
    floor = load_floor(HARBOUR)
    bodies = dict(floor.seed)
    assert bodies[Ref("visit", "V-2")]["arrives"] == "2026-05-04T10:00:00Z"
    assert bodies[Ref("berth", "B1")] == {"length_m": 300, "depth_dm": 140, "power_kw": 2000}
    held = Claimed("berth/B2", "2026-05-04T11:00:00Z", "2026-05-04T15:00:00Z", Ref("sounding", "S-1"))
    assert held in floor.claims
    assert floor.world.config.clock_start == "2026-05-04T04:00:00Z"


def test_two_floors_live_side_by_side(tmp_path: Path) -> None:
    one, two = copy_harbour(tmp_path / "one"), copy_harbour(tmp_path / "two")
    apply(two, Edit(ACTIONS, "PASSAGE_MIN = 90", "PASSAGE_MIN = 15"))
    lengths = []
    for directory in (one, two, one):
        action = load_floor(directory).world.kinds["book_pilot"]
        lengths.append(action.decide.__globals__["PASSAGE_MIN"])
    assert lengths == [90, 15, 90]


def test_same_floor_loaded_twice_reuses_its_modules() -> None:
    first, second = load_floor(HARBOUR), load_floor(HARBOUR)
    assert first.world.toolbox is second.world.toolbox
    assert first.policies["berthing"] is second.policies["berthing"]


def test_changed_file_is_loaded_anew(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    before = load_floor(floor).world
    apply(floor, Edit(RESOURCES, "Integer(1, 240)", "Integer(1, 24)"))
    after = load_floor(floor).world
    assert before.types["visit"].fields["hours"].problem(100) is None
    assert after.types["visit"].fields["hours"].problem(100) == "must be at most 24"


def test_mended_import_is_tried_again(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor", Edit(TOOLBOX, "from .queries", "from .questions"))
    assert len(told_of(floor)) == 1
    apply(floor, Edit(TOOLBOX, "from .questions", "from .queries"))
    assert told_of(floor) == []


def test_floor_sees_only_its_tools_and_roles(tmp_path: Path) -> None:
    floor = copy_harbour(
        tmp_path / "floor", Edit(TOOLBOX, "from .actions", "from ..secret import X\nfrom .actions")
    )
    (floor / "secret.py").write_text("X = 1\n", encoding="utf-8")
    (problem,) = told_of(floor)
    assert problem.code == "import_failed"
    assert "No module named 'secret'" in problem.message


def test_folder_without_contract_is_no_role(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    (floor / "agents" / "engine").mkdir()
    (floor / "agents" / "engine" / "turns.py").write_text("raise RuntimeError\n", encoding="utf-8")
    (floor / "agents" / "loose.py").write_text("raise RuntimeError\n", encoding="utf-8")
    assert list(load_floor(floor).world.manifests) == ["berthing", "fairway"]


@pytest.mark.parametrize(
    ("edit", "changes"),
    [
        (Edit(CONFIG, "version: 1", "version: 2"), True),
        (Edit(FAIRWAY, "level: 4", "level: 5"), True),
        (Edit("tools/words.py", "", "\n"), True),
        (Edit("agents/berthing/policy.py", "", "\n"), True),
        (Edit("agents/berthing/prompt.md", "", "Be brief.\n"), True),
        (Edit(CONFIG, "version: 1", "version: 1  # the first"), False),
        (Edit(SEED, "name: Maud", "name: Rie"), False),
    ],
)
def test_fingerprint_follows_contracts_code_and_prompts(edit: Edit, changes: bool, tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    before = load_floor(floor).world.fingerprint
    apply(floor, edit)
    assert (load_floor(floor).world.fingerprint != before) is changes


def test_manifest_hash_follows_the_contract_and_not_its_comments(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    before = load_floor(floor).world.manifest_hashes
    apply(floor, Edit(BERTHING, "version: 1", "version: 1  # the first"))
    assert load_floor(floor).world.manifest_hashes == before
    apply(floor, Edit(BERTHING, "call_s: 20", "call_s: 21"))
    after = load_floor(floor).world.manifest_hashes
    assert (after["berthing"] != before["berthing"], after["fairway"] != before["fairway"]) == (True, False)


def test_broken_floor_is_refused_with_every_problem(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor", Edit(BERTHING, "level: 3", "level: 7"), Edit(SEED))
    with pytest.raises(InvalidFloorError) as caught:
        load_floor(floor)
    assert [p.code for p in caught.value.problems] == ["bad_level", "missing_file"]
    assert "2 problems" in caught.value.message
    assert f"{BERTHING} line" in caught.value.message


def test_empty_directory_is_a_problem_and_no_traceback(tmp_path: Path) -> None:
    assert {p.code for p in told_of(tmp_path)} == {"missing_file", "no_agents", "no_toolbox"}
    with pytest.raises(InvalidFloorError):
        read_config(tmp_path)


def test_no_single_lost_line_makes_checking_fail(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    for file in (CONFIG, SEED, BERTHING, FAIRWAY):
        path = floor / file
        whole = path.read_text(encoding="utf-8")
        lines = whole.splitlines(keepends=True)
        for gone in range(len(lines)):
            path.write_text("".join(lines[:gone] + lines[gone + 1 :]), encoding="utf-8")
            for problem in told_of(floor):
                assert problem.line >= 1 and problem.message
        path.write_text(whole, encoding="utf-8")


def test_reading_the_configuration_imports_no_graph_and_no_model_library() -> None:
    script = (
        "import sys; from pathlib import Path; from agents.floor_loader import read_config\n"
        f"assert read_config(Path({str(HARBOUR)!r})).floor == 'harbour'\n"
        "heavy = {'langchain', 'langchain_core', 'langgraph', 'sqlite_utils'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_manifest_schema_accepts_the_manifests_and_refuses_an_unknown_field() -> None:
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(manifest_schema())
    for file in (BERTHING, FAIRWAY):
        manifest = read_yaml(HARBOUR / file).mapping
        assert validator.is_valid(manifest)
        assert not validator.is_valid({**manifest, "mood": "calm"})
        assert not validator.is_valid({k: v for k, v in manifest.items() if k != "timeout_policy"})


def test_seed_inside_another_document_is_read_with_its_lines() -> None:
    text = b"""case: x
seed:
  resources:
    pilot:
      P1: {name: Maud, max_length_m: 300}
      P2: {name: Teun}
"""
    seed = seed_in(parse_yaml(text, "suite.yaml"), load_floor(HARBOUR).world.types, "seed")
    assert seed.records[0] == (Ref("pilot", "P1"), {"name": "Maud", "max_length_m": 300})
    assert [(p.code, p.line) for p in seed.problems] == [("seed_field", 6)]

"""A floor is its directory: links out, odd names and things that are no files are told, and never read."""

import os
import shutil
from pathlib import Path

import pytest

from agents.floor_catalogue import Code
from agents.floor_loader import load_floor
from agents.floor_tree import path_problem
from agents.yaml_source import MAX_BYTES
from tests.agents.floor_copies import BERTHING, BERTHING_POLICY, CONFIG, HARBOUR, SEED, copy_harbour, told_of


def codes(floor: Path) -> dict[str, str]:
    """The code of the problem of each file."""
    return {p.file: p.code for p in told_of(floor)}


def move_out(floor: Path, name: str) -> None:
    """Put a file or folder beside the floor, and a link in its place."""
    outside = floor.parent / "outside" / name
    outside.parent.mkdir(parents=True)
    shutil.move(floor / name, outside)
    (floor / name).symlink_to(outside)


@pytest.mark.parametrize(
    ("name", "also"),
    [
        (CONFIG, set()),
        (BERTHING, set()),
        (BERTHING_POLICY, set()),
        ("agents/berthing/prompt.md", set()),
        ("tools", set()),
        ("tools/words.py", set()),
        ("agents", {Code.NO_AGENTS}),
    ],
)
def test_what_a_link_brings_in_from_outside_is_not_read(name: str, also: set[Code], tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    move_out(floor, name)
    found = told_of(floor)
    (refused,) = [p for p in found if p.code == Code.PATH_REFUSED]
    assert refused.file == name
    assert also <= {p.code for p in found}


def test_python_behind_a_link_is_not_run(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    ran = tmp_path / "ran"
    (tmp_path / "evil.py").write_text(f"open({str(ran)!r}, 'w')\n", encoding="utf-8")
    (floor / "tools" / "words.py").unlink()
    (floor / "tools" / "words.py").symlink_to(tmp_path / "evil.py")
    assert codes(floor)["tools/words.py"] == Code.PATH_REFUSED
    assert not ran.exists()


def test_links_inside_the_floor_are_read_as_mounted_configurations_use_them(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    mounted = floor / "..2026_11_26"
    mounted.mkdir()
    for name in (CONFIG, SEED, "agents", BERTHING):
        if name == BERTHING:
            (mounted / "agents" / "berthing" / "manifest.yaml").rename(mounted / "manifest.yaml")
            (mounted / "agents" / "berthing" / "manifest.yaml").symlink_to(mounted / "manifest.yaml")
            continue
        shutil.move(floor / name, mounted / name)
        (floor / name).symlink_to(Path("..2026_11_26") / name)
    assert told_of(floor) == []
    assert set(load_floor(floor).world.manifests) == {"berthing", "fairway"}


def test_folder_that_is_a_link_below_the_tools_is_refused(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    (floor / "tools" / "again").symlink_to(floor / "tools")
    assert codes(floor) == {"tools/again": Code.PATH_REFUSED}


def test_links_that_lead_to_themselves_end(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    (floor / "agents" / "round").symlink_to(floor / "agents" / "round")
    (floor / "tools" / "round.py").symlink_to(floor / "tools" / "round.py")
    (floor / SEED).unlink()
    (floor / SEED).symlink_to(floor / SEED)
    assert codes(floor) == {SEED: Code.MISSING_FILE}


def test_hidden_folders_and_files_are_not_looked_at(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    shutil.copytree(floor / "agents" / "berthing", floor / "agents" / ".berthing")
    (floor / "agents" / ".berthing.yaml").write_text("agent: x\n", encoding="utf-8")
    (floor / "tools" / ".lost.py").write_text("raise SystemExit\n", encoding="utf-8")
    assert told_of(floor) == []


def test_misnamed_folder_is_one_problem_and_its_contract_is_known(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    (floor / "agents" / "berthing").rename(floor / "agents" / "Berthing")
    assert codes(floor) == {"agents/Berthing": Code.FOLDER_NAME}


def test_name_that_is_no_text_is_told_as_one(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    odd = os.fsdecode(b"caf\xe9")
    (floor / "agents" / odd).mkdir()
    (floor / "agents" / odd / "manifest.yaml").write_text("agent: x\n", encoding="utf-8")
    (floor / "tools" / f"{odd}.py").write_text("X = 1\n", encoding="utf-8")
    found = {p.file: p.code for p in told_of(floor) if p.code == Code.FOLDER_NAME}
    assert found == {r"agents/caf\udce9": Code.FOLDER_NAME}
    assert all(p.file.encode() and p.message.encode() for p in told_of(floor))


@pytest.mark.parametrize("name", [CONFIG, BERTHING, SEED])
def test_pipe_in_the_place_of_a_file_does_not_hang(name: str, tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    (floor / name).unlink()
    os.mkfifo(floor / name)
    assert codes(floor)[name] == Code.MISSING_FILE


def test_python_that_is_a_pipe_is_missing(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    (floor / BERTHING_POLICY).unlink()
    os.mkfifo(floor / BERTHING_POLICY)
    assert codes(floor) == {BERTHING: Code.MISSING_POLICY}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", Code.WRONG_TYPE),
        ("# nothing\n", Code.WRONG_TYPE),
        ("---\n", Code.WRONG_TYPE),
        ("- a\n", Code.WRONG_TYPE),
        ("text\n", Code.WRONG_TYPE),
        ("a: 1\n---\nb: 2\n", Code.BAD_YAML),
    ],
)
@pytest.mark.parametrize("name", [CONFIG, BERTHING, SEED])
def test_file_without_a_mapping_is_one_problem(name: str, text: str, code: Code, tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    (floor / name).write_text(text, encoding="utf-8")
    found = told_of(floor)
    assert [p.code for p in found if p.file == name] == [code]
    assert {p.code for p in found} - {code} <= {Code.ROLE_UNHELD}


@pytest.mark.parametrize(("before", "after"), [(b"", b"\xef\xbb\xbf"), (b"\n", b"\r\n")])
def test_byte_order_mark_and_windows_line_ends_are_read(before: bytes, after: bytes, tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    for name in (CONFIG, SEED, BERTHING, "agents/berthing/prompt.md"):
        raw = (floor / name).read_bytes()
        (floor / name).write_bytes(raw.replace(before, after) if before else after + raw)
    assert told_of(floor) == []
    assert load_floor(floor).prompts["berthing"] == load_floor(HARBOUR).prompts["berthing"].replace(
        "\n", after.decode() if before else "\n"
    )


def test_prompt_without_end_is_too_large(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    (floor / "agents" / "berthing" / "prompt.md").write_bytes(b"x" * (MAX_BYTES + 1))
    assert codes(floor) == {"agents/berthing/prompt.md": Code.FILE_TOO_LARGE}


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "/etc/passwd",
        "~/x",
        "..",
        "a/../../b",
        "C:/x",
        "C:x",
        "\\\\host\\x",
        "a\\..\\x",
        "x\0y",
        "out/x",
    ],
)
def test_paths_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "floor").mkdir()
    (tmp_path / "floor" / "out").symlink_to(tmp_path)
    assert path_problem(tmp_path / "floor", name) is not None


@pytest.mark.parametrize(
    "name", ["seed.yaml", "data/seed.yaml", "./seed.yaml", "..seed", "nowhere", "s" * 300]
)
def test_paths_that_stay_inside_are_not(name: str, tmp_path: Path) -> None:
    assert path_problem(tmp_path, name) is None


def test_seed_whose_name_no_disk_takes_is_missing(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    text = (floor / CONFIG).read_text(encoding="utf-8")
    (floor / CONFIG).write_text(text.replace("seed: seed.yaml", f"seed: {'s' * 300}"), encoding="utf-8")
    assert [p.code for p in told_of(floor)] == [Code.MISSING_FILE]

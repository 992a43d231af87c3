"""Setting up, as far as it can be shown without a package index."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture.sources import ROOT

SCRIPT = ROOT / "scripts" / "setup_venv.py"
LOCK, DEV = "requirements.lock", "requirements-dev.lock"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with locks, and a ``.venv`` that looks finished."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "setup_venv.py").write_text(SCRIPT.read_text("utf-8"), "utf-8")
    for name in (LOCK, DEV, "pyproject.toml"):
        (tmp_path / name).write_text(f"# {name}\n", "utf-8")
    return tmp_path


@pytest.fixture
def script(checkout: Path) -> ModuleType:
    module = ModuleType("setup_venv")
    module.__file__ = str(checkout / "scripts" / "setup_venv.py")
    exec(compile(SCRIPT.read_text("utf-8"), module.__file__, "exec"), module.__dict__)
    return module


@pytest.fixture
def installs(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces what needs an index: the venv is an empty one, and installing is noted."""
    done: list[str] = []

    def install(lock: str) -> bool:
        done.append(lock)
        return "breaks" not in Path(script.ROOT, lock).read_text("utf-8")

    def call(command: list[str], **_: object) -> int:
        Path(script.PYTHON).parent.mkdir(parents=True)
        Path(script.PYTHON).symlink_to(sys.executable)
        done.append("venv")
        return 0

    def runs() -> bool:
        return Path(script.PYTHON).exists()

    monkeypatch.setattr(script, "install", install)
    monkeypatch.setattr(script, "runs", runs)
    monkeypatch.setattr(script.subprocess, "call", call)
    return done


def test_first_run_makes_the_venv_and_the_second_does_nothing(
    script: ModuleType, installs: list[str]
) -> None:
    assert script.main(LOCK) == 0
    assert script.main(LOCK) == 0
    assert installs == ["venv", LOCK]


def test_dev_set_up_serves_the_chat_too(script: ModuleType, installs: list[str]) -> None:
    assert [script.main(DEV), script.main(LOCK), script.main(DEV)] == [0, 0, 0]
    assert installs == ["venv", DEV]


def test_runtime_set_up_is_completed_for_tests(script: ModuleType, installs: list[str]) -> None:
    assert [script.main(LOCK), script.main(DEV)] == [0, 0]
    assert installs == ["venv", LOCK, DEV]


@pytest.mark.parametrize("name", [LOCK, "pyproject.toml"])
def test_changed_input_is_installed_again(
    script: ModuleType, installs: list[str], checkout: Path, name: str
) -> None:
    script.main(LOCK)
    (checkout / name).write_text("changed", "utf-8")
    assert script.main(LOCK) == 0
    assert installs == ["venv", LOCK, LOCK]


def test_broken_off_set_up_is_made_anew(script: ModuleType, installs: list[str], checkout: Path) -> None:
    (checkout / LOCK).write_text("breaks", "utf-8")
    assert script.main(LOCK) == 1
    left_over = checkout / ".venv" / "half-a-package"
    left_over.touch()
    (checkout / LOCK).write_text("works", "utf-8")
    assert script.main(LOCK) == 0
    assert installs == ["venv", LOCK, "venv", LOCK]
    assert not left_over.exists()


def test_moved_checkout_is_set_up_again(script: ModuleType, installs: list[str]) -> None:
    script.main(LOCK)
    stamp = json.loads(Path(script.STAMP).read_text("utf-8"))
    Path(script.STAMP).write_text(json.dumps(stamp | {"root": "elsewhere"}), "utf-8")
    assert script.main(LOCK) == 0
    assert installs == ["venv", LOCK, LOCK]


def test_vanished_python_is_noticed(script: ModuleType, installs: list[str]) -> None:
    script.main(LOCK)
    Path(script.PYTHON).unlink()
    Path(script.PYTHON).parent.rmdir()
    assert script.main(LOCK) == 0
    assert installs == ["venv", LOCK, "venv", LOCK]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda patch: patch.setattr(sys, "version_info", (3, 9, 2)), "Andon needs Python 3.11 or newer"),
        (lambda patch: patch.setitem(sys.modules, "ensurepip", None), "python3-venv"),
    ],
)
def test_unfit_python_is_told_in_one_sentence(
    script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    broken: Callable[[pytest.MonkeyPatch], None],
    said: str,
) -> None:
    broken(monkeypatch)
    with pytest.raises(SystemExit) as left:
        script.check_python()
    assert said in str(left.value)
    assert "\n" not in str(left.value)


def made(*words: str) -> list[str]:
    """What make says, as if no other make had started this test."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make", *words], cwd=ROOT, env=outside, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_make_names_every_target_and_takes_another_python() -> None:
    assert {f"make {name}" for name in ("chat", "demo", "test", "check", "bench", "lock")} <= {
        " ".join(line.split()[:2]) for line in made("help")
    }
    assert made("-n", "chat", "PYTHON=python9") == [
        "python9 scripts/setup_venv.py requirements.lock",
        ".venv/bin/python -m cli chat",
    ]

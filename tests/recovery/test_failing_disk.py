"""A disk that fails at the Nth write, fsync or unlink: nothing acknowledged is lost, nothing half is kept.

The C library's calls are failed under SQLite, in processes that really run cases (failing_disk.c).
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.sources import ROOT

pytestmark = pytest.mark.long

SHIM = Path(__file__).with_name("failing_disk.c")
SHARE = {"write": (150, 600), "full": (200, 600), "sync": (25, 25), "remove": (3, 15)}
EVERY = dict.fromkeys(SHARE, (1, 1))
"""For each kind of call, the first one that fails and how many lie between two failures."""


@dataclass(frozen=True)
class Failure:
    """One run: what the program told before and after the failure, and what the next process found."""

    kind: str
    number: int
    told: list[str]
    found: list[str]

    @property
    def calls(self) -> int:
        """How many calls of the kind there were."""
        return next(int(line.split()[1]) for line in self.told if line.startswith("calls"))

    @property
    def acknowledged(self) -> list[list[str]]:
        """What a caller was told is done."""
        return [line.split() for line in self.told if line.startswith(("case", "signed"))]

    @property
    def errors(self) -> list[str]:
        """What a caller was refused with."""
        return [line.removeprefix("error ") for line in self.told if line.startswith("error")]

    @property
    def left(self) -> dict[str, Any]:
        """The ledger, once the next process has gone on with it."""
        left: dict[str, Any] = json.loads(self.found[0])
        return left


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The failing disk, compiled; skips, and says so, where there is no C compiler for it."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("no C compiler for Linux: the disk cannot be made to fail")
    library = tmp_path_factory.mktemp("disk") / "disk.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SHIM), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the failing disk does not compile here: {done.stderr.strip()[:200]}")
    return library


Sweep = Mapping[str, Sequence[Failure]]


def sweep(shim: Path, root: Path, plan: Mapping[str, tuple[int, int]]) -> Sweep:
    """The runs by kind, each undisturbed first."""
    command = [sys.executable, "-m", "tests.recovery.disk_sweep", str(root), json.dumps(plan)]
    loaded = os.environ | {"LD_PRELOAD": str(shim)}
    done = subprocess.run(command, cwd=ROOT, env=loaded, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    runs = [Failure(**json.loads(line)) for line in done.stdout.splitlines()]
    return {kind: [run for run in runs if run.kind == kind] for kind in plan}


@pytest.fixture(scope="module")
def swept(shim: Path, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """A share of all the failures."""
    return sweep(shim, tmp_path_factory.mktemp("sweep"), SHARE)


def check(run: Failure) -> None:
    """What must hold after any failure of the disk."""
    assert run.told[-1] == run.found[-1] == "ended 0", run
    assert not any(line.startswith("raw") for line in run.told), run
    assert run.left["violations"] == [], run
    for what, identifier, status in run.acknowledged:
        kept = run.left["cases"] if what == "case" else run.left["signed"]
        assert identifier in kept, run
        if what == "case" and status == "done":
            assert kept[identifier] == "done", run
    assert set(run.left["cases"].values()) <= {"done"}, run
    assert {error.split()[0] for error in run.errors} <= {"69", "3"}, run


def check_all(runs: Sequence[Failure]) -> None:
    """The calls really go through the failing disk, and each failure leaves what must be left."""
    clean, *failures = runs
    assert (clean.errors, len(clean.acknowledged)) == ([], 4)
    assert clean.calls > 10
    assert failures
    for run in runs:
        check(run)


@pytest.mark.parametrize("kind", SHARE)
def test_nothing_acknowledged_is_lost_when_the_disk_fails(swept: Sweep, kind: str) -> None:
    check_all(swept[kind])


def test_process_goes_on_after_a_failed_write(swept: Sweep) -> None:
    later = [run for run in swept["write"] if run.number > 700]
    assert later
    for run in later:
        assert run.errors == ["69 ledger_down"]
        assert len(run.acknowledged) > 1


def test_process_that_saw_a_failed_fsync_touches_the_ledger_no_more(swept: Sweep) -> None:
    for run in swept["sync"][1:]:
        at = next(n for n, line in enumerate(run.told) if line.startswith("error"))
        assert set(run.told[at:-2]) == {"error 69 ledger_frozen"}
        assert run.calls == run.number, "the ledger was synced again after the failure"


def test_full_disk_gives_up_its_reserve_and_nobody_notices(swept: Sweep) -> None:
    for run in swept["full"][1:]:
        assert (run.errors, len(run.acknowledged)) == ([], 4)


@pytest.mark.soak
@pytest.mark.parametrize("kind", EVERY)
def test_disk_fails_at_every_call(
    shim: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = sweep(shim, tmp_path, {kind: EVERY[kind]})[kind]
    check_all(runs)
    with capsys.disabled():
        print(f"\n{kind}: {len(runs) - 1} failures, {sum(bool(run.errors) for run in runs)} of them told")

"""``andon worker`` as a process: what it takes, how it says it, and how it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.cli.program import Program

pytestmark = pytest.mark.long

LIMIT_S = 60
WHERE = "Where is V-1?"


@contextmanager
def worker(andon: Program, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A worker at work: its process, once it has said that it is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "worker", *words],
        cwd=ROOT,
        env=andon.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        assert process.stderr.readline().startswith("worker "), process.stderr.read()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def test_what_is_handed_over_waits_for_a_worker(andon: Program) -> None:
    handed = andon("run", WHERE, "--enqueue", "--json")
    assert (handed.code, handed.json["status"], handed.json["verdicts"]) == (0, "open", [])
    case = handed.json["case"]
    assert "open" in andon("cases").out
    worked = andon("worker", "--once", "--json")
    assert worked.code == 0
    assert worked.json == {
        "schema": "andon/worker/v1",
        "case": case,
        "status": "done",
        "code": None,
        "rounds": 1,
        "duration_s": worked.json["duration_s"],
    }
    assert andon("worker", "--once").out == "", "nothing is due any more"


def test_case_is_named_with_where_it_stands(andon: Program) -> None:
    case = andon("run", "Lay V-9 at B3 from 2026-05-04 12:00", "--enqueue", "--json").json["case"]
    said = andon("worker", "--once").out
    assert said.startswith(f"{case}  ") and said.endswith("\n")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), pytest.param(signal.SIGINT, 130, marks=pytest.mark.soak)]
)
def test_worker_takes_what_comes_until_it_is_stopped(
    andon: Program, number: signal.Signals, code: int
) -> None:
    with worker(andon) as process:
        case = andon("run", WHERE, "--enqueue", "--json").json["case"]
        assert line(process) == f"{case}  done"
        process.send_signal(number)
        assert process.wait(LIMIT_S) == code


def test_worker_that_dies_is_started_anew_and_ends_with_its_parent(andon: Program) -> None:
    with worker(andon, "--restarts", "3") as process:
        first = child_of(process.pid)
        os.kill(first, signal.SIGKILL)
        assert process.stderr is not None
        assert f"worker {first} died by SIGKILL" in process.stderr.readline()
        assert process.stderr.readline().startswith("worker ")
        case = andon("run", WHERE, "--enqueue", "--json").json["case"]
        assert line(process) == f"{case}  done"
        second = child_of(process.pid)
        process.kill()
        until = time.monotonic() + LIMIT_S
        while Path(f"/proc/{second}").exists():
            assert time.monotonic() < until
            time.sleep(0.02)


def child_of(parent: int) -> int:
    """The one child of a process."""
    found: list[int] = []
    until = time.monotonic() + LIMIT_S
    while not found and time.monotonic() < until:
        found = [int(p) for p in Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()]
    (child,) = found
    return child

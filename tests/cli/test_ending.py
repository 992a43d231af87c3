"""How a run of the program ends when something is in its way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cli import reading
from cli.exits import DONE, FAILED, MEANINGS, WAITING, of_several, of_status
from cli.main import VERSION, run
from protocol.errors import (
    AlreadyDecidedError,
    DeadlineError,
    DecisionRefusedError,
    DependencyDownError,
    InvalidFloorError,
    NotAuthorisedError,
    NotFoundError,
    UsageError,
)
from tests.architecture.sources import ROOT
from tests.cli.program import Program


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 75], 75),
        ([75, 1, 0], 1),
        ([75, 2, 1], 2),
        ([1, 77, 2], 77),
    ],
)
def test_of_several_lines_the_worst_counts(codes: list[int], code: int) -> None:
    assert of_several(codes) == code


@pytest.mark.parametrize(
    ("status", "code"), [("done", DONE), ("refused", FAILED), ("failed", FAILED), ("waiting", WAITING)]
)
def test_status_of_a_case_is_an_exit_code(status: str, code: int) -> None:
    assert of_status(status) == code


def test_every_error_ends_with_a_code_that_has_a_meaning() -> None:
    errors = (
        UsageError,
        InvalidFloorError,
        NotFoundError,
        DependencyDownError,
        DecisionRefusedError,
        DeadlineError,
        NotAuthorisedError,
        AlreadyDecidedError,
    )
    assert {e.exit_code for e in errors} <= set(MEANINGS)


def test_version_and_no_words(andon: Program) -> None:
    assert andon("--version").out == f"andon {VERSION}\n"
    done = andon()
    assert done.code == 2
    assert "inbox" in done.err


def test_unexpected_error_is_one_sentence_and_a_traceback_only_on_request(
    andon: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr(reading, "load_floor", breaks)
    done = andon("inbox", "--json")
    assert (done.code, done.error["code"]) == (5, "internal")
    assert done.error["message"].endswith("ZeroDivisionError: by zero")
    assert "-v" in done.error["hint"]
    assert len(andon("inbox").err.splitlines()) == 2
    assert "Traceback" in andon("inbox", "-v").err


def test_reader_that_goes_away_is_no_error(andon: Program) -> None:
    for _ in range(3):
        andon("run", "Where is V-1?")
    line = f"{sys.executable} -m cli cases --json | head -c 0; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=andon.environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_reader_that_goes_away_does_not_change_what_a_case_came_to(andon: Program) -> None:
    line = f"{sys.executable} -m cli run 'Bake a cake' --json | head -c 0; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=andon.environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Children heed interrupts, even if we do not: what a script starts with ``&`` ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupt_ends_a_silent_pipe_with_130(andon: Program) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "cli", "chat"],
        cwd=ROOT,
        env=andon.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stderr is not None
    with started:
        while "session" not in started.stderr.readline():
            assert started.poll() is None

        os.kill(started.pid, signal.SIGINT)
        assert started.wait(20) == 130
        assert "Traceback" not in started.stderr.read()


def test_interrupt_in_this_process_is_130(andon: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reading, "load_floor", interrupted)
    assert andon("inbox").code == 130


def test_module_and_console_script_are_the_same_program(andon: Program) -> None:
    assert andon.process("check", "--json").json == andon("check", "--json").json
    assert callable(run)

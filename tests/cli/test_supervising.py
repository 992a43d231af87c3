"""A child that dies is started anew, so often and no more; one that ends in order has ended."""

import signal
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT

PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from cli.supervising import Supervisor
from protocol.errors import AndonError
times, most, apart_s = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
now = [0.0]
def clock():
    now[0] += apart_s
    return now[0]
def work():
    count = len(times.read_text()) if times.exists() else 0
    times.write_text("x" * (count + 1))
    {work}
try:
    print(Supervisor(most, clock, lambda text: print(text, flush=True)).run(work), flush=True)
except AndonError as error:
    print(error.error_code, error.message)
"""

IN_THE_FORK = """
import os, signal
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGTERM))
"""


def run(tmp_path: object, work: str, most: int, apart_s: float = 1.0, program: str = PROGRAM) -> list[str]:
    words = [
        sys.executable,
        "-c",
        program.replace("{work}", work),
        f"{tmp_path}/times",
        str(most),
        str(apart_s),
    ]
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, start_new_session=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("code", [0, 75, 130])
def test_child_that_ends_in_order_is_not_started_again(tmp_path: object, code: int) -> None:
    assert run(tmp_path, f"os._exit({code})", most=3) == [str(code)]


@pytest.mark.parametrize(
    ("death", "how"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("os._exit(9)", "exit 9"),
        ("os._exit(5)", "exit 5"),
    ],
)
def test_child_that_dies_is_started_anew_until_it_lives(tmp_path: object, death: str, how: str) -> None:
    lines = run(tmp_path, f"os._exit(0) if count == 2 else {death}", most=2)
    assert [line.split(" ", 2)[2] for line in lines[:2]] == [f"died by {how}; it is started anew"] * 2
    assert lines[2:] == ["0"]


def test_too_many_deaths_within_a_minute_are_an_error(tmp_path: object) -> None:
    *_, last = run(tmp_path, "os._exit(9)", most=2)
    assert last == "worker_died The worker died 3 times within a minute, at last by exit 9."


def test_deaths_that_are_far_apart_do_not_add_up(tmp_path: object) -> None:
    lines = run(tmp_path, "os._exit(0) if count == 5 else os._exit(9)", most=1, apart_s=61.0)
    assert lines[-1] == "0"
    assert len(lines) == 6


def test_signal_is_passed_on_to_the_child(tmp_path: object) -> None:
    work = "signal.signal(signal.SIGTERM, lambda *_: os._exit(0)); print('there', flush=True); time.sleep(60)"
    words = [sys.executable, "-c", PROGRAM.replace("{work}", work), f"{tmp_path}/times", "1", "1"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "0\n"


def test_signal_that_comes_as_the_child_is_made_reaches_it_and_nobody_else(tmp_path: object) -> None:
    """Its number is not known then, and a signal to process 0 would go to the whole group."""
    assert run(tmp_path, "time.sleep(60)", most=3, program=IN_THE_FORK + PROGRAM) == ["130"]


def test_signal_between_a_death_and_the_next_child_ends_it(tmp_path: object) -> None:
    """Nobody is there to pass it on to, and the number of the one before may be another process's by then."""
    counting = PROGRAM.replace("now[0] += apart_s", "now[0] += apart_s; os.kill(os.getpid(), signal.SIGTERM)")
    [said, code] = run(tmp_path, "os._exit(9)", most=3, program=counting)
    assert said.endswith("died by exit 9; it is started anew")
    assert code == "130"

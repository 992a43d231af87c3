"""What counts as noticing that a guard is gone: a claim that failed, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEST = "tests/protocol/test_rate.py"
GUARD = '"protocol.rate:next_slot", "if len(counted) < per_minute:"'
PROGRAM = """
import json, sys
from tests.guards import sweep
from tests.guards.removal import Guard
sweep.LIMIT_S = 2
guard = Guard("g", {guard}, {new!r}, ({test!r},))
print(json.dumps([[name, ran.passed, ran.killed, ran.broken] for name, ran in sweep.sweep([guard])]))
"""


def swept(new: str, test: str = TEST, guard: str = GUARD) -> list[list[object]]:
    program = PROGRAM.format(guard=guard, new=new, test=test)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: list[list[object]] = json.loads(done.stdout)
    return found


def test_a_failed_claim_is_a_kill() -> None:
    (_, _, *healthy), (_, _, killed, _) = swept("if True:")
    assert healthy == [[], []]
    assert isinstance(killed, list)
    assert killed
    assert all(str(test).startswith(TEST) for test in killed)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("if no_such_name:", "NameError"),
        ("if len(counted) < str(per_minute):", "TypeError"),
        ("if len(counted) < :", "SyntaxError"),
        ("while len(counted) < per_minute:\n        pass\n    if True:", "ended with -14"),
    ],
)
def test_neither_a_broken_removal_nor_the_clock_is_a_kill(new: str, said: str) -> None:
    _, (_, _, killed, broken) = swept(new)
    assert killed == []
    assert said in str(broken)


def test_a_fragment_that_is_not_there_once_is_no_kill() -> None:
    _, (_, _, killed, broken) = swept("", guard='"protocol.rate:next_slot", "now_s"')
    assert killed == []
    assert "times in protocol.rate:next_slot" in str(broken)


def test_a_test_that_misses_nothing_lets_the_guard_survive() -> None:
    _, (_, passed, killed, broken) = swept("if True:", test="tests/protocol/test_bound.py")
    assert (passed, killed, broken) == (1, [], [])

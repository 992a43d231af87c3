"""What counts as noticing that a guard is gone: a claim that failed, and nothing else."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
TEST, OTHER = "tests/protocol/test_rate.py", "tests/protocol/test_bound.py"
STANDS = "if len(counted) < per_minute:"
BROKEN = {
    "if no_such_name:": "NameError",
    "if len(counted) < str(per_minute):": "TypeError",
    "if len(counted) < :": "SyntaxError",
    "while len(counted) < per_minute:\n        pass\n    if True:": "ended with -27",
}
"""What is put in the place of the guard, and why that is no removal."""
REMOVED = {
    "claim": (STANDS, "if True:", TEST),
    "other test": (STANDS, "if True:", OTHER),
    "not there": ("now_s", "", TEST),
    **{said: (STANDS, new, TEST) for new, said in BROKEN.items()},
}
PROGRAM = """
import json, sys
from tests.guards import sweep
from tests.guards.removal import Guard
sweep.LIMIT_S = 5
place = "protocol.rate:next_slot"
guards = [Guard(name, place, old, new, (test,)) for name, (old, new, test) in {removed!r}.items()]
print(json.dumps({{name: [ran.passed, ran.killed, ran.broken] for name, ran in sweep.sweep(guards)}}))
"""


@cache
def swept() -> dict[str, Any]:
    """(passed, killed, broken) of each removal, and of none under the name ``""``: in one process."""
    program = PROGRAM.format(removed=REMOVED)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_failed_claim_is_a_kill() -> None:
    assert swept()[""][1:] == [[], []]
    _, killed, _ = swept()["claim"]
    assert killed
    assert all(str(test).startswith(TEST) for test in killed)


@pytest.mark.parametrize("said", BROKEN.values())
def test_neither_a_broken_removal_nor_the_clock_is_a_kill(said: str) -> None:
    _, killed, broken = swept()[said]
    assert killed == []
    assert said in str(broken)


def test_a_fragment_that_is_not_there_once_is_no_kill() -> None:
    _, killed, broken = swept()["not there"]
    assert killed == []
    assert "times in protocol.rate:next_slot" in str(broken)


def test_a_test_that_misses_nothing_lets_the_guard_survive() -> None:
    assert swept()["other test"] == [1, [], []]

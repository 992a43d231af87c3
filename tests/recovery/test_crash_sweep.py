"""Killed at any failpoint, in any life, with or without its checkpoints: the end is as if undisturbed.

The sweep is a program of its own, since only a process without threads may fork: see
``docs/reference/failpoints.md``.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "tests.recovery.crash"


def run(*words: str, planted: str = "") -> "subprocess.CompletedProcess[str]":
    """The sweep with these words, after ``planted`` was executed in its process."""
    program = f"import sys\nfrom {PROGRAM}.__main__ import main\n{planted}\nsys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def clean(*words: str) -> dict[str, Any]:
    """The summary of a sweep that found nothing wrong."""
    done = run(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert summary["violations"] == 0
    return summary


SHARE = ("--checkpoints", "mixed", "--share", "1")


def test_share_of_the_sweep_with_checkpoints_in_every_superstep() -> None:
    named = ("birth", "exchange", "signature", "delivery")
    summary = clean("--scenario", *named, "--durability", "sync", *SHARE, "--all-points")
    assert summary["injections"] > 45


def test_share_of_the_sweep_as_andon_runs_and_of_crashes_in_recovery() -> None:
    nested = ("--nested", "3", "--nested-each", "2")
    summary = clean("--scenario", "fact", "--durability", "exit", *SHARE, *nested)
    assert summary["injections"] > 8
    assert summary["nested"] > 0


ONE = ("--scenario", "exchange", "--durability", "sync", "--checkpoints", "deleted")
ASKS_AGAIN = """
from graph import nodes

due = nodes._due
nodes._due = lambda *about: (*due(*about)[:2], False)
"""
"""An agent's node that does not look for the row of its turn."""
WITHOUT_A_KEY = """
from agents.turn_runtime import TurnRuntime

take = TurnRuntime.take

async def counted(self, job):
    await self._ledger.write(lambda tx: tx.set_meta("effects", str(1 + int(tx.meta("effects") or 0))))
    return await take(self, job)

TurnRuntime.take = counted
"""
"""An effect in a transaction of its own, which nothing keeps from being done once more."""
PLANTED = {"a model was asked again": (ASKS_AGAIN, "p04:1"), "meta: ": (WITHOUT_A_KEY, "p03:2")}


@pytest.mark.parametrize("said", PLANTED)
def test_planted_fault_is_found_and_told_with_what_repeats_it(said: str) -> None:
    planted, kill = PLANTED[said]
    done = run(*ONE, "--kill", kill, planted=planted)
    assert done.returncode == 1, done.stdout + done.stderr
    assert said in done.stderr
    assert f"python -m {PROGRAM} {' '.join(ONE)} --backend sqlite --seed 0 --kill {kill}" in done.stderr


OWN = (
    "birth",
    "upgrade",
    "exchange",
    "fact",
    "signature",
    "rejection",
    "second_rung",
    "deadline",
    "cord",
    "several",
    "delivery",
    "stock",
    "file",
)
"""The scenarios that are swept at every hit; those of the suites are swept at some."""
ON_POSTGRES = ("exchange", "fact", "signature", "deadline", "cord", "delivery", "stock", "file")


@pytest.mark.soak
def test_ten_thousand_crashes_on_both_databases_leave_no_trace() -> None:
    deep = ("--nested", "6", "--nested-each", "6")
    parts = {
        "every hit": clean("--scenario", *OWN, *deep, "--all-points"),
        "suites": clean("--durability", "sync", "--checkpoints", "mixed", "--share", "2"),
        "postgres": clean(
            "--scenario", *ON_POSTGRES, "--backend", "postgres", "--checkpoints", "mixed", *deep
        ),
    }
    for name, summary in parts.items():
        print(f"{name}: {summary['injections']} injections, {summary['violations']} violations")
    assert sum(summary["injections"] for summary in parts.values()) >= 10_000

"""Running cases: each attempt on a fresh ledger in a directory of its own, through the real application.

A failed check and a broken runner are told apart: the one is ``failed``, the other ``error``.
"""

import asyncio
import gc
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from agents.floor_loader import Floor
from checkpoints.sqlite_ledger import open_reader
from evals.evidence import STOPPED, Evidence
from evals.judging import Finding, judge
from evals.opening_state import Opening, opening_of
from evals.played import Played
from evals.player import Player
from evals.script_fit import plain
from evals.suite import Case
from evals.suite_checks import EventsCheck
from evals.suite_file import SuiteFile
from graph.settings import Settings
from protocol.errors import AndonError
from protocol.world import World
from telemetry.clock import process_clock

LEDGER = "ledger.db"
AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check of one attempt. Steps and the audit count as checks that always gate.

    ``at``: where its case states it; ``line``: the line of that, None for what no suite states.
    """

    id: str
    type: str
    finding: Finding
    gate: bool = True
    weight: float = 1.0
    at: tuple[str | int, ...] = ()
    line: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The shape in a report."""
        return {
            "id": self.id,
            "type": self.type,
            "pass": self.finding.holds,
            "gate": self.gate,
            "weight": self.weight,
            "line": self.line,
            "expected": self.finding.expected,
            "actual": self.finding.actual,
        }


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended. ``error``: why the runner could not tell, with where it broke."""

    seed: int
    status: Literal["passed", "failed", "error"]
    checks: Sequence[CheckResult] = ()
    cases: Sequence[str] = ()
    duration_s: float = 0.0
    error: str = ""

    @property
    def failures(self) -> list[CheckResult]:
        """The checks that made it fail."""
        return [check for check in self.checks if check.gate and not check.finding.holds]

    def to_json(self) -> dict[str, Any]:
        """The shape in a report. ``score``: the weight of the checks that hold, over all."""
        total = sum(check.weight for check in self.checks)
        held = sum(check.weight for check in self.checks if check.finding.holds)
        return {
            "seed": self.seed,
            "status": self.status,
            "passed": self.status == "passed",
            "score": round(held / total, 4) if total else None,
            "checks": [check.to_json() for check in self.checks],
            "cases": list(self.cases),
            "duration_s": round(self.duration_s, 3),
            "error": self.error,
        }


@dataclass(slots=True)
class _Course:
    """An attempt as far as it got."""

    played: list[Played] = field(default_factory=list)
    world: World | None = None


async def run_attempt(file: SuiteFile, case: Case, floor: Floor, seed: int) -> Attempt:
    """One attempt from an empty directory to its checks. Never raises but for being interrupted."""
    started = process_clock()
    opening = opening_of(file, case, floor)
    with tempfile.TemporaryDirectory(prefix="andon-eval-", ignore_cleanup_errors=True) as directory:
        settings = _settings(file, case, opening, Path(directory))
        course = _Course()
        limit = asyncio.timeout(file.suite.timeout_s(case))
        try:
            async with limit:
                await _play(file, case, settings, seed, course)
            checks = _judged(case, settings, course)
        except Exception as error:  # noqa: BLE001 - whatever broke is reported, and the next attempt goes on
            if not (isinstance(error, TimeoutError) and limit.expired()):
                return _broken(error, seed, course, process_clock() - started)
            checks = [*_of_steps(course.played), _timed_out(file.suite.timeout_s(case))]
        finally:
            gc.unfreeze()  # the application froze what it was built of, and is gone
    checks = [replace(c, line=file.line(case, *c.at)) if c.at else c for c in checks]
    passed = all(check.finding.holds for check in checks if check.gate)
    return Attempt(
        seed=seed,
        status="passed" if passed else "failed",
        checks=checks,
        cases=[c for p in course.played for c in p.cases],
        duration_s=process_clock() - started,
    )


def _settings(file: SuiteFile, case: Case, opening: Opening, directory: Path) -> Settings:
    return Settings(
        floor_dir=file.floor_dir,
        data_dir=directory,
        model=file.suite.defaults.model,
        topology=file.suite.target.topology,
        seed=opening.seed,
        clock_start=opening.clock_start,
        people=opening.people,
        scripts=plain(case.given.scripts),
    )


async def _play(file: SuiteFile, case: Case, settings: Settings, seed: int, course: _Course) -> None:
    async with Player(file, settings, seed) as player:
        course.world = player.world
        async for played in player.play(case.steps):
            course.played.append(played)


def _judged(case: Case, settings: Settings, course: _Course) -> list[CheckResult]:
    """The checks on the closed ledger. The audit gates every attempt, whatever its case expects, and so
    does a case that was stopped, unless its suite looks at that itself.
    """
    if course.world is None:
        raise RuntimeError("the attempt ended before its application was open")
    world = course.world
    with open_reader(settings.data_dir / LEDGER, world.config.floor, world.types) as tx:
        evidence = Evidence(tx, world, course.played)
        checks = _of_steps(course.played)
        for number, (check, name) in enumerate(zip(case.expect, case.check_ids(), strict=True)):
            finding = judge(check, evidence)
            checks.append(
                CheckResult(name, check.type, finding, check.gate, check.weight, ("expect", number))
            )
        if not any(check.type == AUDIT and check.gate for check in checks):
            shape: Mapping[str, Any] = evidence.audit()
            checks.append(CheckResult(AUDIT, AUDIT, Finding(shape["ok"], [], shape["violations"])))
        looked_at = any(isinstance(check, EventsCheck) and check.event == STOPPED for check in case.expect)
        if not looked_at and (stopped := evidence.stopped()):
            checks.append(CheckResult(STOPPED, STOPPED, Finding(False, [], stopped)))
    return checks


def _of_steps(played: Sequence[Played]) -> list[CheckResult]:
    """Steps that did not end as they may; those that did are no news."""
    return [
        CheckResult(
            f"step.{p.step}",
            p.kind,
            Finding(False, {"exit_code": sorted(p.accepts)}, {"exit_code": p.exit_code, "said": p.said}),
            at=("steps", p.step),
        )
        for p in played
        if not p.as_expected
    ]


def _timed_out(limit_s: float) -> CheckResult:
    return CheckResult("timeout", "timeout", Finding(False, f"at most {limit_s:g} s", "still running"))


def _broken(error: Exception, seed: int, course: _Course, duration_s: float) -> Attempt:
    """The runner or the engine broke; what the engine says in its own words needs no traceback."""
    if isinstance(error, AndonError):
        said = f"{error.error_code}: {error.message} {error.hint}".strip()
    else:
        said = "".join(traceback.format_exception(error)[-3:]).strip()
    cases = [c for p in course.played for c in p.cases]
    return Attempt(seed, "error", cases=cases, duration_s=duration_s, error=said)

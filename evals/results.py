"""What a run amounts to: rates with their intervals, gates, counts (evals.md, sections 3 and 8).

The case is the unit. Repeats sharpen the rate of their own case and never add to n: the interval of
a suite with repeats is that of its cases of which every attempt passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal, assert_never

from evals.intervals import wilson
from evals.runner import Attempt
from evals.suite import Case, Suite

SCHEMA = "andon/eval-run/v1"
Standing = Literal["passed", "failed", "error", "skipped", "known_failure", "fixed"]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The attempts of one case."""

    case: Case
    attempts: Sequence[Attempt]

    @property
    def standing(self) -> Standing:
        """``known_failure``: it failed, as expected; ``fixed``: it did not, and the mark should go."""
        if self.case.skip is not None:
            return "skipped"
        if any(attempt.status == "error" for attempt in self.attempts):
            return "error"
        passed = all(attempt.status == "passed" for attempt in self.attempts)
        if self.case.known_failure is not None:
            return "fixed" if passed else "known_failure"
        return "passed" if passed else "failed"

    @property
    def counted(self) -> bool:
        """Whether it is part of the suite's pass rate."""
        return self.case.severity != "minor" and self.standing in {"passed", "failed"}

    @property
    def rate(self) -> float:
        """The share of its attempts that passed."""
        return fmean(attempt.status == "passed" for attempt in self.attempts)

    def to_json(self) -> dict[str, Any]:
        """The shape in a report."""
        return {
            "id": self.case.id,
            "description": self.case.description,
            "tags": list(self.case.tags),
            "severity": self.case.severity,
            "status": self.standing,
            "skip": self.case.skip,
            "known_failure": self.case.known_failure,
            "attempts": [attempt.to_json() for attempt in self.attempts],
        }


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """The cases of one suite that were chosen. ``floor``: for a suite that does not say which it is for."""

    path: str
    suite: Suite
    cases: Sequence[CaseResult]
    floor: str | None = None

    @property
    def pass_rate(self) -> float | None:
        """The mean over the counted cases; None without any."""
        rates = [result.rate for result in self.cases if result.counted]
        return fmean(rates) if rates else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 %, over the counted cases of which every attempt passed."""
        counted = [result for result in self.cases if result.counted]
        return wilson(sum(result.standing == "passed" for result in counted), len(counted))

    def gates(self) -> list[dict[str, Any]]:
        """Gates of this suite. ``ok`` null: nothing was there to tell by."""
        rate, least = self.pass_rate, self.suite.thresholds.pass_rate
        failed = [r.case.id for r in self.cases if r.case.severity == "blocker" and r.standing == "failed"]
        return [
            {
                "suite": self.suite.suite,
                "gate": "pass_rate",
                "ok": None if rate is None else rate >= least,
                "value": rate,
                "threshold": least,
            },
            {"suite": self.suite.suite, "gate": "blocker", "ok": not failed, "cases": failed},
        ]

    def to_json(self) -> dict[str, Any]:
        """The shape in a report."""
        return {
            "suite": self.suite.suite,
            "file": self.path,
            "floor": self.floor,
            "description": self.suite.description,
            "cases": [result.to_json() for result in self.cases],
            "pass_rate": self.pass_rate,
            "interval": None if self.interval is None else list(self.interval),
        }


def run_shape(suites: Sequence[SuiteResult], duration_s: float) -> dict[str, Any]:
    """The shape ``eval-run``."""
    gates = [gate for suite in suites for gate in suite.gates()]
    counts = _counts(suites)
    return {
        "schema": SCHEMA,
        "ok": counts["errors"] == 0 and all(gate["ok"] is not False for gate in gates),
        "suites": [suite.to_json() for suite in suites],
        "gates": gates,
        "counts": counts,
        "duration_s": round(duration_s, 3),
    }


def exit_code(shape: dict[str, Any]) -> int:
    """0 all gates met, 1 a gate failed, 5 the runner broke: then nobody knows, and that comes first."""
    if shape["counts"]["errors"]:
        return 5
    return 0 if shape["ok"] else 1


def _counts(suites: Sequence[SuiteResult]) -> dict[str, int]:
    counts = dict.fromkeys(
        ("suites", "cases", "attempts", "passed", "failed", "errors", "skipped", "known_failures", "fixed"), 0
    )
    counts["suites"] = len(suites)
    for result in (result for suite in suites for result in suite.cases):
        counts["cases"] += 1
        counts["attempts"] += len(result.attempts)
        counts[_plural(result.standing)] += 1
    return counts


def _plural(standing: Standing) -> str:
    match standing:
        case "error":
            return "errors"
        case "known_failure":
            return "known_failures"
        case "passed" | "failed" | "skipped" | "fixed":
            return standing
        case _:
            assert_never(standing)

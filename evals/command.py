"""``andon eval run``: suites chosen, checked, run one attempt after the other, and reported."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agents.floor_loader import Floor, load_floor
from evals.report import targets, write_reports
from evals.results import CaseResult, SuiteResult, exit_code, run_shape
from evals.runner import Attempt, run_attempt
from evals.selection import PART, Planned, plan, raise_invalid
from evals.suite import Case
from evals.suite_file import SuiteFile
from evals.suite_fit import fit_problems
from protocol.errors import NotFoundError
from telemetry.clock import process_clock

Progress = Callable[[dict[str, Any]], None]


def _quiet(_: dict[str, Any]) -> None:
    """Nobody listens."""


async def run_suites(
    paths: Sequence[str],
    *,
    floor: Path,
    select: str | None = None,
    repeat: int | None = None,
    seed: int | None = None,
    report: Sequence[str] = (),
    progress: Progress = _quiet,
) -> tuple[dict[str, Any], int]:
    """Run what ``paths`` name (``SUITE``, ``DIR``, ``SUITE::CASE``; all of the floor without any).

    Returns the shape ``eval-run`` and the exit code: 0 all gates met, 1 a gate failed, 5 the runner broke.
    ``repeat`` and ``seed`` beat what the suites say; ``report``: ``json=FILE``, ``jsonl=FILE``.
    ``progress`` is told of each attempt: ``{"type": "eval.attempt", "suite", "case", "attempt", "of",
    "status", "duration_s", "text"}``. Raises, before anything is run, UsageError for a report of another
    form, InvalidFloorError for suites that cannot be played, NotFoundError when nothing is selected.
    """
    started, files = process_clock(), targets(report)
    planned = plan(paths, floor, select, ci=os.environ.get("CI") == "true")
    if all(case.skip is not None for p in planned for case in p.cases):
        what = "Every case that is selected is skipped" if planned else "No case is selected"
        raise NotFoundError(
            f"{what}.", hint="Look at the names, tags and marks of the cases.", code="no_case"
        )
    floors = {p.file.floor_dir: load_floor(p.file.floor_dir) for p in planned}
    raise_invalid([x for p in planned for x in fit_problems(p.file, floors[p.file.floor_dir])])
    results = [await _suite(p, floors[p.file.floor_dir], repeat, seed, progress) for p in planned]
    shape = run_shape(results, process_clock() - started)
    write_reports(shape, files)
    return shape, exit_code(shape)


async def _suite(
    planned: Planned, floor: Floor, repeat: int | None, seed: int | None, progress: Progress
) -> SuiteResult:
    file = planned.file
    cases = [CaseResult(c, await _case(file, c, floor, repeat, seed, progress)) for c in planned.cases]
    return SuiteResult(str(file.path), file.suite, cases)


async def _case(
    file: SuiteFile, case: Case, floor: Floor, repeat: int | None, seed: int | None, progress: Progress
) -> list[Attempt]:
    """Its attempts, each with a seed of its own; none when it is skipped."""
    times = 0 if case.skip is not None else repeat or file.suite.repeats(case)
    first = file.suite.defaults.seed if seed is None else seed
    attempts = []
    for number in range(times):
        attempt = await run_attempt(file, case, floor, first + number)
        attempts.append(attempt)
        name = f"{file.suite.suite}{PART}{case.id}"
        counted = f" ({number + 1} of {times})" if times > 1 else ""
        progress(
            {
                "type": "eval.attempt",
                "suite": file.suite.suite,
                "case": case.id,
                "attempt": number + 1,
                "of": times,
                "status": attempt.status,
                "duration_s": round(attempt.duration_s, 3),
                "text": f"{name}{counted}: {attempt.status}, {attempt.duration_s:.1f} s",
            }
        )
    return attempts

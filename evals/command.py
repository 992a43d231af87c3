"""``andon eval``: suites chosen, checked, run one attempt after the other, and reported."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agents.floor_loader import Floor, load_floor
from evals.report import begin_reports, targets, write_reports
from evals.results import CaseResult, SuiteResult, exit_code, run_shape
from evals.runner import Attempt, run_attempt
from evals.selection import PART, Found, Planned, choose, find, raise_invalid
from evals.suite import Case
from evals.suite_file import SuiteFile
from evals.suite_fit import fit_problems
from protocol.errors import NotFoundError, Problem
from telemetry.clock import process_clock

CHECK_SCHEMA = "andon/eval-check/v1"

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
    found = _found(paths, floor)
    floors = _floors(found)
    raise_invalid(_problems(found, floors))
    planned = choose(found, select)
    if all(case.skip is not None for p in planned for case in p.cases):
        what = "Every case that is selected is skipped" if planned else "No case is selected"
        raise NotFoundError(
            f"{what}.", hint="Look at the names, tags and marks of the cases.", code="no_case"
        )
    begin_reports(files)
    results = [await _suite(p, floors[p.file.floor_dir], repeat, seed, progress) for p in planned]
    shape = run_shape(results, process_clock() - started)
    write_reports(shape, files)
    return shape, exit_code(shape)


def check_suites(paths: Sequence[str], *, floor: Path) -> dict[str, Any]:
    """Every problem of the suites that ``paths`` name, without running any: shape ``eval-check``.

    ``attempts``: how many a run would take. Raises NotFoundError for what does not exist, and
    InvalidFloorError for a floor that does not start.
    """
    found = _found(paths, floor)
    problems = _problems(found, _floors(found))
    planned, files = choose(found, None), found.files.values()
    return {
        "schema": CHECK_SCHEMA,
        "ok": not problems,
        "problems": [problem.to_json() for problem in problems],
        "suites": len(found.named),
        "cases": sum(len(file.suite.cases) for file in files),
        "attempts": sum(p.file.suite.repeats(c) for p in planned for c in p.cases if c.skip is None),
    }


def _found(paths: Sequence[str], floor: Path) -> Found:
    return find(paths, floor, ci=os.environ.get("CI") == "true")


def _floors(found: Found) -> dict[Path, Floor]:
    return {directory: load_floor(directory) for directory in {f.floor_dir for f in found.files.values()}}


def _problems(found: Found, floors: Mapping[Path, Floor]) -> list[Problem]:
    """What cannot be read, and what does not fit: all of it at once."""
    misfits = [x for f in found.files.values() for x in fit_problems(f, floors[f.floor_dir])]
    return [*found.problems, *misfits]


async def _suite(
    planned: Planned, floor: Floor, repeat: int | None, seed: int | None, progress: Progress
) -> SuiteResult:
    file = planned.file
    cases = [CaseResult(c, await _case(file, c, floor, repeat, seed, progress)) for c in planned.cases]
    return SuiteResult(str(file.path), file.suite, cases, str(file.floor_dir) if file.foreign else None)


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

"""Which cases of which suites: ``SUITE``, ``DIR``, ``SUITE::CASE``, part of a name, ``only``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.suite import Case
from evals.suite_file import BAD_SUITE, SuiteFile, read_suite
from protocol.errors import InvalidFloorError, NotFoundError, Problem

SUITES = Path("evals", "suites")
"""Where a floor keeps them."""
PART = "::"


@dataclass(frozen=True, slots=True)
class Planned:
    """A suite and those of its cases that were chosen."""

    file: SuiteFile
    cases: Sequence[Case]


def plan(paths: Sequence[str], floor: Path, select: str | None, *, ci: bool) -> list[Planned]:
    """What is to be run, in order. Without ``paths``: every suite of the floor.

    ``select``: part of ``SUITE::CASE``, or a tag. Raises NotFoundError for a path or a case that does
    not exist, InvalidFloorError with the problems of every suite that cannot be read.
    """
    wanted = _wanted(paths or [str(floor / SUITES)], floor)
    files: list[SuiteFile] = []
    problems: list[Problem] = []
    for path in wanted:
        try:
            files.append(read_suite(path, floor))
        except InvalidFloorError as error:
            problems += error.problems
    problems += _twice(files) if not paths else []
    if ci:
        problems += [problem for file in files for problem in _marked(file)]
    if problems:
        raise _invalid(problems)
    planned = [
        Planned(file, _chosen(file, wanted[path], select)) for path, file in zip(wanted, files, strict=True)
    ]
    if any(case.only for p in planned for case in p.cases):
        planned = [Planned(p.file, [case for case in p.cases if case.only]) for p in planned]
    return [p for p in planned if p.cases]


def raise_invalid(problems: Sequence[Problem]) -> None:
    """Raise InvalidFloorError when there are problems."""
    if problems:
        raise _invalid(problems)


def _invalid(problems: Sequence[Problem]) -> InvalidFloorError:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return InvalidFloorError(
        f"The suites have {count}; nothing was run.",
        problems=problems,
        hint="The format of suites: evals/suites_schema.json.",
        code=BAD_SUITE,
    )


def _wanted(paths: Sequence[str], floor: Path) -> dict[Path, set[str] | None]:
    """Files in order, each with the cases that were named; None for all of them."""
    wanted: dict[Path, set[str] | None] = {}
    for text in paths:
        name, part, case = text.partition(PART)
        for file in _files(name, floor):
            before = wanted.get(file, set())
            wanted[file] = None if before is None or not part else before | {case}
    return wanted


def _files(name: str, floor: Path) -> list[Path]:
    """A file, the files of a directory, or a suite of the floor by its file's name."""
    path, by_name = Path(name), floor / SUITES / f"{name}.yaml"
    if path.is_dir():
        found = sorted(p for p in path.rglob("*.yaml") if not p.name.startswith("."))
        if not found:
            raise NotFoundError(
                f"There is no suite in {path}.", hint="Suites are .yaml files.", code="no_suite"
            )
        return found
    if not path.is_file() and by_name.is_file():
        return [by_name]
    if not path.is_file():
        raise NotFoundError(
            f"There is no suite {name}.", hint=f"Name a file, or one of {floor / SUITES}.", code="no_suite"
        )
    return [path]


def _chosen(file: SuiteFile, named: set[str] | None, select: str | None) -> list[Case]:
    cases = file.suite.cases
    if named is not None:
        for name in sorted(named - {case.id for case in cases}):
            known = ", ".join(case.id for case in cases)
            raise NotFoundError(
                f"{file.suite.suite} has no case {name}.", hint=f"It has: {known}.", code="no_case"
            )
        cases = [case for case in cases if case.id in named]
    if select is None:
        return list(cases)
    part = select.lower()
    return [c for c in cases if part in f"{file.suite.suite}{PART}{c.id}".lower() or part in c.tags]


def _twice(files: Sequence[SuiteFile]) -> list[Problem]:
    """Suites of one floor that share a name could not be told apart in a report."""
    names = [file.suite.suite for file in files]
    return [
        file.document.problem(BAD_SUITE, f"suite: {file.suite.suite} is the name of another suite", "suite")
        for number, file in enumerate(files)
        if file.suite.suite in names[:number]
    ]


def _marked(file: SuiteFile) -> list[Problem]:
    """``only`` is for the one who mends a case; with CI=true it would hide the others."""
    return [
        file.document.problem(
            BAD_SUITE, f"cases.{n}.only: CI runs all cases; remove the mark", "cases", n, "only"
        )
        for n, case in enumerate(file.suite.cases)
        if case.only
    ]

"""Which cases of which suites: ``SUITE``, ``DIR``, ``SUITE::CASE``, part of a name, ``only``."""

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Found:
    """The suites that were named, in order, with the cases named of each (None: all of them), and what
    is wrong with those that cannot be read.
    """

    files: Mapping[Path, SuiteFile]
    named: Mapping[Path, set[str] | None]
    problems: Sequence[Problem]


def find(paths: Sequence[str], floor: Path, *, ci: bool) -> Found:
    """Read what ``paths`` name; without any, every suite of the floor.

    Raises NotFoundError for a path that does not exist.
    """
    named = _named(paths or [str(floor / SUITES)], floor)
    files: dict[Path, SuiteFile] = {}
    wrong: dict[Path, Sequence[Problem]] = {}
    for path in named:
        try:
            files[path] = read_suite(path, floor)
        except InvalidFloorError as error:
            wrong[path] = error.problems
    maps = {file.beside(name).resolve() for file in files.values() for name in file.maps}
    problems = [p for path, found in wrong.items() if path.resolve() not in maps for p in found]
    problems += _twice(list(files.values())) if not paths else []
    if ci:
        problems += [problem for file in files.values() for problem in _marked(file)]
    return Found(files, named, problems)


def choose(found: Found, select: str | None) -> list[Planned]:
    """What is to be run, in order. ``select``: part of ``SUITE::CASE`` or of a tag.

    Raises NotFoundError for a case that its suite does not have.
    """
    planned = [Planned(file, _chosen(file, found.named[path], select)) for path, file in found.files.items()]
    if any(case.only for p in planned for case in p.cases):
        planned = [Planned(p.file, [case for case in p.cases if case.only]) for p in planned]
    return [p for p in planned if p.cases]


def raise_invalid(problems: Sequence[Problem]) -> None:
    """Raise InvalidFloorError when there are problems."""
    if not problems:
        return
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    raise InvalidFloorError(
        f"The suites have {count}; nothing was run.",
        problems=problems,
        hint="The format of suites: evals/suites_schema.json.",
        code=BAD_SUITE,
    )


def _named(paths: Sequence[str], floor: Path) -> dict[Path, set[str] | None]:
    """Files in order, each once however it was named, with the cases named of it; None for all of them."""
    named: dict[Path, set[str] | None] = {}
    first: dict[Path, Path] = {}
    for text in paths:
        name, part, case = text.partition(PART)
        for path in _files(name, floor):
            file = first.setdefault(path.resolve(), path)
            before = named.get(file, set())
            named[file] = None if before is None or not part else before | {case}
    return named


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
    return [c for c in cases if any(part in n.lower() for n in (f"{file.suite.suite}{PART}{c.id}", *c.tags))]


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

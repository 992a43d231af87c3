"""Suite files on disk: read, with every problem at its line, and the fixtures they name."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from agents.yaml_source import Document, NodePath, read_yaml
from evals.suite import Case, Fixture, Suite
from protocol.errors import InvalidFloorError, NotFoundError, Problem

BAD_SUITE = "bad_suite"
FLOOR_FILE = "floor.yaml"
HINT = "The format of suites: evals/suites_schema.json."

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class FixtureSource:
    """A fixture and where it stands: in a suite, under ``at``, or in a file of its own."""

    document: Document
    at: NodePath
    fixture: Fixture


@dataclass(frozen=True, slots=True)
class SuiteFile:
    """A suite that can be read. Whether it fits its floor is another question (evals/suite_fit.py)."""

    path: Path
    document: Document
    suite: Suite
    floor_dir: Path
    fixtures: Mapping[str, FixtureSource]

    def sources(self, case: Case) -> list[FixtureSource]:
        """The fixtures of a case, in its order."""
        return [self.fixtures[name] for name in case.given.fixtures if name in self.fixtures]

    @property
    def maps(self) -> set[str]:
        """The mappings that its feeds name: YAML beside it that is no suite."""
        steps = (step for case in self.suite.cases for step in case.steps)
        return {step.feed.map for step in steps if step.feed is not None and step.feed.map is not None}

    @property
    def foreign(self) -> bool:
        """Whether neither it nor where it lies says which floor it is for: then ``--floor`` does."""
        return self.suite.target.floor is None and _home(self.path) is None

    def line(self, case: Case, *path: str | int) -> int:
        """The line of a node of a case."""
        number = next(n for n, other in enumerate(self.suite.cases) if other.id == case.id)
        return self.document.line("cases", number, *path)

    def beside(self, name: str) -> Path:
        """A path that the suite states."""
        return self.path.parent / name


def read_suite(path: Path, floor: Path) -> SuiteFile:
    """Read one file. ``floor``: for a suite that lies in no floor and names none.

    Raises NotFoundError without the file, InvalidFloorError with every problem of it.
    """
    if not path.is_file():
        raise NotFoundError(
            f"There is no suite {path}.", hint="Name a file or a directory of suites.", code="no_suite"
        )
    home = _home(path)
    absolute = path.absolute()
    document = read_yaml(absolute, home or _root(path))
    suite, problems = validated(Suite, document)
    if suite is None:
        raise invalid(path, problems)
    directory = _floor_of(suite, path, home or floor)
    if not (directory / FLOOR_FILE).is_file():
        message = f"target.floor: there is no {FLOOR_FILE} in {directory}"
        raise invalid(path, [document.problem(BAD_SUITE, message, "target", "floor")])
    fixtures: dict[str, FixtureSource] = {}
    for name in _names(suite):
        found, wrong = _fixture(path, document, suite, name)
        problems += wrong
        if found is not None:
            fixtures[name] = found
    if problems:
        raise invalid(path, problems)
    return SuiteFile(path, document, suite, directory, fixtures)


def invalid(path: Path, problems: list[Problem]) -> InvalidFloorError:
    """The error of a suite that cannot be played."""
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    said = f"The suite {path.name} cannot be played: {first.file}:{first.line}: {first.message}{more}"
    return InvalidFloorError(said, problems=problems, hint=HINT, code=BAD_SUITE)


def validated(model: type[M], document: Document, *at: str | int) -> tuple[M | None, list[Problem]]:
    """The node ``at`` of a document as a model, or what is wrong with it."""
    if document.problems:
        return None, list(document.problems)
    node = document.data
    for part in at:
        node = node[part]
    try:
        return model.model_validate(node), []
    except ValidationError as error:
        problems = []
        for found in error.errors(include_url=False, include_input=False):
            path = (*at, *_in_file(found["loc"], node))
            where = ".".join(map(str, path)) or "the file"
            said = found["msg"].removeprefix("Value error, ")
            problems.append(document.problem(BAD_SUITE, f"{where}: {said}", *path))
        return None, problems


def _in_file(location: NodePath, node: Any) -> Iterator[str | int]:
    """The location without what pydantic adds to it: the tags of unions and the marks of keys."""
    for number, part in enumerate(location):
        if part in _inside(node):
            node = node[part]
            yield part
        elif number == len(location) - 1 and part != "[key]":
            yield part


def _inside(node: Any) -> Collection[str | int]:
    if isinstance(node, list):
        return range(len(node))
    return node.keys() if isinstance(node, dict) else ()


def _home(path: Path) -> Path | None:
    """The floor that a file lies in."""
    return next((p for p in path.absolute().parents if (p / FLOOR_FILE).is_file()), None)


def _root(path: Path) -> Path:
    """Where the names in problems begin for a file that lies in no floor: where whoever named it stands."""
    outside = path.is_absolute() or ".." in path.parts
    return path.absolute().parent if outside else Path.cwd()


def _floor_of(suite: Suite, path: Path, otherwise: Path) -> Path:
    return otherwise if suite.target.floor is None else (path.parent / suite.target.floor).resolve()


def _names(suite: Suite) -> list[str]:
    """Every fixture it states or uses, each once."""
    used = [name for case in suite.cases for name in case.given.fixtures]
    return list(dict.fromkeys([*suite.fixtures, *used]))


def _fixture(
    path: Path, document: Document, suite: Suite, name: str
) -> tuple[FixtureSource | None, list[Problem]]:
    """A fixture of the suite itself, else of the folder ``fixtures`` beside the suite's own folder."""
    if name in suite.fixtures:
        return FixtureSource(document, ("fixtures", name), suite.fixtures[name]), []
    file = path.absolute().parent.parent / "fixtures" / f"{name}.yaml"
    if file.is_file():
        found = read_yaml(file, file.parent.parent)
        fixture, problems = validated(Fixture, found)
        return (FixtureSource(found, (), fixture), []) if fixture is not None else (None, problems)
    uses = [
        (i, case.given.fixtures.index(name))
        for i, case in enumerate(suite.cases)
        if name in case.given.fixtures
    ]
    return None, [
        document.problem(
            BAD_SUITE,
            f"cases.{i}.given.fixtures.{j}: there is no fixture {name} in this suite nor a file {file.name}",
            *("cases", i, "given", "fixtures", j),
        )
        for i, j in uses
    ]

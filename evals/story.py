"""A story: chapters that a floor plays for somebody who has never seen it, as YAML beside its suites."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agents.yaml_source import read_yaml
from protocol.errors import InvalidFloorError, Problem


class Part(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FactStep(Part):
    """A report from outside. ``occurred``: None means now, on the ledger clock."""

    type: str
    subject: str
    data: Mapping[str, Any] = Field(default_factory=dict)
    occurred: str | None = None


class Step(Part):
    """Exactly one of: words to print, a fact, or an ``andon`` command that another process runs.

    In ``command``, ``{waiting}`` is the escalation that was opened last and ``{case}`` the newest case.
    """

    tell: str | None = None
    fact: FactStep | None = None
    command: Sequence[str] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if sum(part is not None for part in (self.tell, self.fact, self.command)) != 1:
            raise ValueError("a step is exactly one of tell, fact and command")
        return self


class Chapter(Part):
    """What happens on one freshly seeded floor.

    ``scripts``: what agents say while a fact is handled, instead of what their policies would.
    """

    title: str
    before: str
    steps: Annotated[Sequence[Step], Field(min_length=1)]
    scripts: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]] = Field(default_factory=dict)
    after: str = ""


class Story(Part):
    """What ``make demo`` plays."""

    title: str
    before: str
    chapters: Annotated[Sequence[Chapter], Field(min_length=1)]
    after: str = ""


def read_story(path: Path) -> Story:
    """Raises InvalidFloorError with every problem of the file and its line."""
    document = read_yaml(path)
    problems = list(document.problems)
    if not problems:
        try:
            return Story.model_validate(document.data)
        except ValidationError as error:
            for found in error.errors():
                where = ".".join(str(part) for part in found["loc"])
                problems.append(document.problem("bad_story", f"{where}: {found['msg']}", *found["loc"]))
    raise _invalid(path, problems)


def _invalid(path: Path, problems: Sequence[Problem]) -> InvalidFloorError:
    first = problems[0]
    return InvalidFloorError(
        f"The story {path.name} cannot be played: line {first.line}: {first.message}",
        problems=problems,
        hint="Mend the file.",
        code="bad_story",
    )

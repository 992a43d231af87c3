"""What is measured on a floor, as YAML beside its suites: facts, a request, and a log to make up."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from agents.yaml_source import read_yaml
from evals.story import Part
from protocol.errors import InvalidFloorError, NotFoundError
from protocol.toolbox import Fact

PLACE = Path("evals") / "bench.yaml"
"""Where a floor keeps it."""
SOURCE = "bench"


class Repeated(Part):
    """Something told again and again: in its texts ``{n}`` is a number, ``{NAME}`` the next of ``cycle``."""

    cycle: Mapping[str, Annotated[Sequence[str], Field(min_length=1)]] = Field(default_factory=dict)

    def words(self, n: int) -> dict[str, str]:
        """What stands in the n-th one."""
        return {name: values[n % len(values)] for name, values in self.cycle.items()} | {"n": str(n)}


class FactPlan(Repeated):
    """A fact."""

    type: str
    subject: str
    data: Mapping[str, Any] = Field(default_factory=dict)

    def fact(self, n: int, occurred: str) -> Fact:
        """The n-th one."""
        words = self.words(n)
        data = {name: _filled(value, words) for name, value in self.data.items()}
        subject = self.subject.format_map(words)
        return Fact(self.type, SOURCE, f"{self.type}/{n}", occurred, subject, data)


class RequestPlan(Repeated):
    """What somebody asks."""

    text: str
    person: str


class LogPlan(Part):
    """A made-up log. Its rows repeat ``samples``, which say every column of the mapping; every
    ``rare_every``-th one is the next of ``rare``.

    In a cell ``{group}`` counts every ``group_rows`` rows, ``{n}`` every row, ``{start}`` and ``{end}`` are
    the row's times in ``time_format``: rows begin every ``every_min`` minutes and last ``lasts_min``.
    ``group_column`` is what a longer copy of a real file changes, so that its rows are no duplicates.
    """

    mapping: str
    rows: int = Field(ge=1)
    grown_rows: int = Field(ge=1)
    group_column: str
    group_rows: int = Field(ge=1)
    begins: str
    every_min: int = Field(ge=1)
    lasts_min: int = Field(ge=0)
    time_format: str
    samples: Annotated[Sequence[Mapping[str, str]], Field(min_length=1)]
    rare_every: int = Field(ge=1)
    rare: Annotated[Sequence[Mapping[str, str]], Field(min_length=1)]


class AdmissionPlan(Part):
    """How many agents a made-up floor has that is admitted."""

    agents: int = Field(ge=3, le=99)


class Plan(Part):
    """All of it. ``quiet`` opens no case, ``opening`` opens one; ``waiting`` ends before a person."""

    quiet: FactPlan
    opening: FactPlan
    request: RequestPlan
    waiting: RequestPlan
    log: LogPlan
    admission: AdmissionPlan


def read_plan(floor: Path) -> Plan:
    """Raises NotFoundError when the floor has none, InvalidFloorError with what is wrong in it."""
    path = floor / PLACE
    if not path.is_file():
        raise NotFoundError(
            f"The floor in {floor} has no {PLACE}.", hint="It says what is measured.", code="no_file"
        )
    document = read_yaml(path, floor)
    problems = list(document.problems)
    if not problems:
        try:
            return Plan.model_validate(document.data)
        except ValidationError as error:
            for found in error.errors():
                where = ".".join(str(part) for part in found["loc"])
                problems.append(document.problem("bad_bench", f"{where}: {found['msg']}", *found["loc"]))
    raise InvalidFloorError(
        f"{PLACE} cannot be used: line {problems[0].line}: {problems[0].message}",
        problems=problems,
        hint="Mend the file.",
        code="bad_bench",
    )


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    return value.format_map(words) if isinstance(value, str) else value

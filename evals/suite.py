"""A suite of cases: what a floor must do, as YAML. The models are the source of its JSON Schema."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from evals.durations import WallTime
from evals.suite_checks import AnyCheck
from evals.suite_moves import AnyMove
from evals.suite_steps import Step
from protocol.floor import Hours, PersonId
from protocol.manifest import Name, Strict
from protocol.times import whole

SuiteName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]{1,100}$")]
Repeat = Annotated[int, Field(ge=1, le=1000)]


def _instant(text: str) -> str:
    try:
        return whole(text)
    except ValueError:
        raise ValueError("an instant names its zone, such as 2026-03-02T10:00:00+01:00") from None


InstantText = Annotated[str, AfterValidator(_instant)]
"""An instant with any offset; kept as UTC text."""


class Target(Strict):
    """What is looked at. ``floor``: a directory relative to the suite, by default the floor it lies in.

    ``entry``: by which one the first case comes in; either when it is not stated.
    """

    floor: str | None = None
    entry: Literal["chat", "feed"] | None = None
    topology: Literal["hybrid"] = "hybrid"


class Defaults(Strict):
    """For every case. ``timeout`` is wall time of an attempt; ``seed`` that of the first one, then plus 1."""

    repeat: Repeat = 1
    timeout: WallTime = 120.0
    seed: int = Field(default=1, ge=0)
    clock: Literal["virtual", "real"] = "virtual"
    model: Literal["offline"] = "offline"


class Thresholds(Strict):
    """Gates over the whole suite. ``pass_rate``: the mean over its cases, minor ones left out."""

    pass_rate: float = Field(default=1.0, ge=0, le=1)


class GivenPerson(Strict):
    """Somebody the floor does not have, or has with other roles. ``hours`` None: always on shift."""

    id: PersonId
    name: str | None = None
    role: Name | None = None
    roles: list[Name] = Field(default_factory=list)
    hours: Hours | None = None

    @model_validator(mode="after")
    def _some_role(self) -> Self:
        if (self.role is None) == (not self.roles):
            raise ValueError("state role or roles")
        return self

    @property
    def all_roles(self) -> list[str]:
        """Every role they hold."""
        return [self.role] if self.role is not None else list(self.roles)


class Fixture(Strict):
    """A state to begin with. Its records stand in place of the floor's by type and key; ``only`` drops
    the rest. Claims it states for a holder stand in place of those that the holder had.
    """

    description: str = ""
    only: bool = False
    clock: InstantText | None = None
    people: list[GivenPerson] = Field(default_factory=list)
    resources: dict[str, Any] = Field(default_factory=dict)
    claims: list[Any] = Field(default_factory=list)


class Given(Strict):
    """How a case begins: ``fixtures`` by name, in order, then what is stated here.

    ``scripts``: turn n of an agent in a case says what entry n says, the last one again and again.
    """

    fixtures: list[Name] = Field(default_factory=list)
    clock: InstantText | None = None
    people: list[GivenPerson] = Field(default_factory=list)
    scripts: dict[Name, list[list[AnyMove]]] = Field(default_factory=dict)


class Case(Strict):
    """``severity``: one failed attempt of a ``blocker`` fails the run; ``minor`` is only shown."""

    id: SuiteName
    description: str = ""
    tags: list[Name] = Field(default_factory=list)
    severity: Literal["blocker", "major", "minor"] = "major"
    given: Given = Given()
    steps: list[Step] = Field(min_length=1)
    expect: list[AnyCheck] = Field(min_length=1)
    repeat: Repeat | None = None
    timeout: WallTime | None = None
    only: bool = False
    skip: str | None = Field(default=None, min_length=1)
    known_failure: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _something_opens_a_case(self) -> Self:
        if not any(step.opens for step in self.steps):
            raise ValueError("no step opens a case: user, event or feed is needed")
        return self

    def check_ids(self) -> Sequence[str]:
        """The ids of its checks: as stated, else the number (from 0) and the type."""
        return [check.id or f"{number}.{check.type}" for number, check in enumerate(self.expect)]


class Suite(Strict):
    """A suite file."""

    version: Literal[1]
    suite: SuiteName
    description: str = ""
    target: Target = Target()
    defaults: Defaults = Defaults()
    thresholds: Thresholds = Thresholds()
    fixtures: dict[Name, Fixture] = Field(default_factory=dict)
    cases: list[Case] = Field(min_length=1)

    def timeout_s(self, case: Case) -> float:
        """Wall seconds that an attempt of ``case`` may take."""
        return self.defaults.timeout if case.timeout is None else case.timeout

    def repeats(self, case: Case) -> int:
        """How many attempts ``case`` gets."""
        return self.defaults.repeat if case.repeat is None else case.repeat


def schema() -> dict[str, Any]:
    """JSON Schema of a suite file, for editors."""
    made = Suite.model_json_schema(by_alias=True)
    match = made["$defs"]["Match"]
    match["patternProperties"] = {r"^args\.": {}}
    return {**made, "title": "Andon suite"}

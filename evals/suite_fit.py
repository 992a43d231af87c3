"""Whether a suite fits its floor: whatever it names must exist there, or a check could never fail."""

from collections.abc import Iterator

from agents.floor_loader import Floor
from evals.expectation_fit import check_problems
from evals.fit_words import Misfit, below, known, shape_problems
from evals.opening_state import opening_of
from evals.script_fit import script_problems
from evals.suite import Case
from evals.suite_file import BAD_SUITE, SuiteFile
from evals.suite_steps import ApprovalStep, CordStep, EventStep, FeedStep, Match, Step, UserStep
from protocol.errors import Problem
from protocol.world import World

GUEST = "guest"
"""May ask, holds no role; no floor has to name them."""


def fit_problems(file: SuiteFile, floor: Floor) -> list[Problem]:
    """Everything in a suite that its floor does not have, each at its line."""
    problems = []
    for number, case in enumerate(file.suite.cases):
        for misfit in below(_case(file, case, number, floor.world), "cases", number):
            said = f"{'.'.join(map(str, misfit.path))}: {misfit.said}"
            problems.append(file.document.problem(BAD_SUITE, said, *misfit.path))
        problems += opening_of(file, case, floor).problems
    return list(dict.fromkeys(problems))


def _case(file: SuiteFile, case: Case, number: int, world: World) -> Iterator[Misfit]:
    earlier = [other.id for other in file.suite.cases[:number]]
    if case.id in earlier:
        yield Misfit(f"{case.id} is the id of case {earlier.index(case.id)} already", ("id",))
    yield from _clock(file, case, world)
    yield from _people(case, world)
    yield from script_problems(case.given.scripts, world)
    entry = file.suite.target.entry
    first, opener = next((n, step.opens) for n, step in enumerate(case.steps) if step.opens)
    if entry is not None and opener != entry:
        yield Misfit(f"this suite comes in by {entry}, and this step does not", ("steps", first))
    for place, step in enumerate(case.steps):
        yield from below(_step(file, case, step, world), "steps", place)
    for place, check in enumerate(case.expect):
        yield from below(check_problems(case, check, world), "expect", place)
    ids = list(case.check_ids())
    for place, name in enumerate(ids):
        if name in ids[:place]:
            yield Misfit(f"{name} is the id of another check", ("expect", place, "id"))


def _clock(file: SuiteFile, case: Case, world: World) -> Iterator[Misfit]:
    """The clock of a floor that runs on the system's can be replaced, by an instant to start from."""
    virtual, system = file.suite.defaults.clock == "virtual", world.config.clock == "system"
    stated = case.given.clock or next((s.fixture.clock for s in file.sources(case) if s.fixture.clock), None)
    if virtual and system and stated is None:
        yield Misfit(
            "this floor runs on the system's clock; state the instant to start from", ("given", "clock")
        )
    if not virtual and not system:
        yield Misfit("the clock of this floor is its own; leave out defaults.clock: real", ("given",))
    if not virtual and stated is not None:
        yield Misfit("a real clock cannot be set", ("given", "clock"))


def _people(case: Case, world: World) -> Iterator[Misfit]:
    for number, person in enumerate(case.given.people):
        for role in person.all_roles:
            yield from known("role", role, world.config.roles, "given", "people", number)


def _step(file: SuiteFile, case: Case, step: Step, world: World) -> Iterator[Misfit]:
    people = _known_people(file, case, world)
    match getattr(step, step.kind):
        case UserStep() as user:
            yield from known("person", user.as_, people, "user", "as")
        case EventStep() as event:
            yield from below(_event(event, world), "event")
        case list() as events:
            for number, each in enumerate(events):
                yield from below(_event(each, world), "events", number)
        case ApprovalStep() as approval:
            yield from known("person", approval.as_, people, "approval", "as")
            yield from _match(approval.match, world)
            if approval.process == "new":
                yield from _elsewhere(file, case, approval, world)
        case CordStep() as cord:
            yield from known("person", cord.as_, people, step.kind, "as")
        case FeedStep() as feed:
            for name, value in {"file": feed.file, "map": feed.map}.items():
                if value is not None and not file.beside(value).is_file():
                    yield Misfit(f"there is no file {value} beside the suite", ("feed", name))
        case _:
            return


def _known_people(file: SuiteFile, case: Case, world: World) -> set[str]:
    given = [*case.given.people, *(p for s in file.sources(case) for p in s.fixture.people)]
    return {GUEST, *(p.id for p in world.config.people), *(p.id for p in given)}


def _event(event: EventStep, world: World) -> Iterator[Misfit]:
    yield from known("fact", event.type, world.facts, "type")
    if event.type in world.facts and event.expect_exit is None:
        yield from shape_problems(world.facts[event.type].data, event.data, "data", whole=True)


def _match(match: Match, world: World) -> Iterator[Misfit]:
    at = ("approval", "match")
    if match.role is not None:
        yield from known("role", match.role, world.config.roles, *at, "role")
    if match.action is not None:
        yield from known("action", match.action, world.kinds, *at, "action")
        if match.action in world.kinds:
            yield from shape_problems(world.kinds[match.action].params, match.args, *at)


def _elsewhere(file: SuiteFile, case: Case, approval: ApprovalStep, world: World) -> Iterator[Misfit]:
    """A fresh process knows floor.yaml and the ledger, and nothing that only this suite says."""
    given = {p.id for p in case.given.people} | {p.id for s in file.sources(case) for p in s.fixture.people}
    if approval.as_ in given:
        yield Misfit(
            f"a fresh process does not know {approval.as_}: it reads people from floor.yaml",
            ("approval", "as"),
        )
    if world.config.clock == "system" and file.suite.defaults.clock == "virtual":
        yield Misfit("a fresh process would run on the system's clock", ("approval", "process"))

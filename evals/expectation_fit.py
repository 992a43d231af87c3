"""Whether a check of a case fits its floor and the case's own steps."""

from collections.abc import Iterator

from evals.engine_events import ENGINE_EVENTS
from evals.field_values import in_field
from evals.fit_words import Misfit, known, shape_problems
from evals.suite import Case
from evals.suite_checks import (
    AnyCheck,
    CaseCheck,
    CountCheck,
    EscalationsCheck,
    EventsCheck,
    ExitCodeCheck,
    FeedCheck,
    SideEffectCountCheck,
    StateCheck,
    UnchangedCheck,
    VerdictsCheck,
)
from protocol.fields import Field, Integer
from protocol.records import Ref
from protocol.toolbox import ResourceType
from protocol.world import World


def check_problems(case: Case, check: AnyCheck, world: World) -> Iterator[Misfit]:
    """What a check names that cannot exist."""
    yield from _at(case, check)
    match check:
        case StateCheck():
            yield from _state(check, world)
        case UnchangedCheck(ref=str() as ref):
            yield from known("resource type", Ref.parse(ref).type, world.types, "ref")
        case VerdictsCheck():
            if check.agent is not None:
                yield from known("agent", check.agent, world.manifests, "agent")
            if check.resource is not None:
                yield from known("resource type", Ref.parse(check.resource).type, world.types, "resource")
            yield from _action(check, world)
        case SideEffectCountCheck():
            yield from _action(check, world)
        case EscalationsCheck():
            if check.role is not None:
                yield from known("role", check.role, world.config.roles, "role")
            yield from _action(check, world)
        case EventsCheck():
            yield from _events(check, world)
        case _:
            return


def _at(case: Case, check: AnyCheck) -> Iterator[Misfit]:
    """``at`` names a step of the right kind, and without it there must be one."""
    steps = range(len(case.steps))
    match check:
        case ExitCodeCheck():
            wanted, what = [n for n in steps if case.steps[n].kind == "approval"], "an approval"
        case FeedCheck():
            wanted, what = [n for n in steps if case.steps[n].kind == "feed"], "a feed"
        case UnchangedCheck():
            wanted, what = list(steps), "a step of this case"
        case CaseCheck() | CountCheck() | SideEffectCountCheck():
            wanted, what = [n for n in steps if case.steps[n].opens], "one that opens a case"
        case _:
            return
    if not wanted:
        yield Misfit(f"no step of this case is {what}", ("type",))
    elif isinstance(check.at, int) and check.at not in wanted:
        numbers = ", ".join(map(str, wanted))
        yield Misfit(f"step {check.at} is not {what}; steps count from 0: {numbers}", ("at",))


def _state(check: StateCheck, world: World) -> Iterator[Misfit]:
    if check.find is not None:
        kind = check.find["type"]
        yield from known("resource type", str(kind), world.types, "find", "type")
        if kind in world.types:
            values = {name: value for name, value in check.find.items() if name != "type"}
            yield from shape_problems(fields_of(world.types[kind]), values, "find")
        return
    ref = Ref.parse(check.ref or "")
    yield from known("resource type", ref.type, world.types, "ref")
    if ref.type not in world.types or check.field is None:
        return
    fields = fields_of(world.types[ref.type])
    yield from known(f"field of {ref.type}", check.field, fields, "field")
    if check.field in fields and check.absent is None and check.equals is not None:
        field = fields[check.field]
        if found := field.problem(in_field(field, check.equals)):
            yield Misfit(f"{check.field} can never be that: it {found}", ("equals",))


def fields_of(kind: ResourceType) -> dict[str, Field]:
    """Fields and balances of a type."""
    return {**kind.fields, **{name: Integer() for name in kind.balances}}


def _action(check: VerdictsCheck | SideEffectCountCheck | EscalationsCheck, world: World) -> Iterator[Misfit]:
    if check.action is None:
        return
    yield from known("action", check.action, world.kinds, "action")
    if check.action in world.kinds:
        yield from shape_problems(world.kinds[check.action].params, check.args, "args")


def _events(check: EventsCheck, world: World) -> Iterator[Misfit]:
    facts = {fact.type: fact.data for fact in world.toolbox.facts}
    shapes = {**world.toolbox.events, **facts}
    yield from known("event", check.event, ENGINE_EVENTS | shapes.keys(), "event")
    if check.event in shapes:
        yield from shape_problems(shapes[check.event], check.where, "where")

"""Whether a check holds: what was expected, what was found, and nothing but the evidence to tell."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from evals.evidence import Evidence
from evals.expectation_fit import fields_of
from evals.field_values import in_field, in_shape, same
from evals.suite_checks import (
    AnyCheck,
    AuditCheck,
    CaseCheck,
    CodeCheck,
    EscalationsCheck,
    EventsCheck,
    ExitCodeCheck,
    FeedCheck,
    ReplyCheck,
    RoundsCheck,
    SideEffectCountCheck,
    StateCheck,
    StatusCheck,
    UnchangedCheck,
    VerdictsCheck,
)
from protocol.records import Record, Ref
from protocol.rows import CaseRow, CommitRow, EscalationRow, VerdictRow
from protocol.world import World

T = TypeVar("T")
SHOWN = 500
"""Characters of a reply that a report shows."""
AT_LEAST_ONE = "at least 1"


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a check holds, with both sides as JSON."""

    holds: bool
    expected: Any
    actual: Any


def judge(check: AnyCheck, evidence: Evidence) -> Finding:
    """Look at the evidence for one check."""
    match check:
        case StateCheck():
            return _state(check, evidence)
        case UnchangedCheck(ref=ref, at=at):
            changed = [name for name in evidence.changed(at) if ref in (None, name)]
            return Finding(not changed, [], changed)
        case VerdictsCheck():
            return _verdicts(check, evidence)
        case EscalationsCheck():
            return _escalations(check, evidence)
        case EventsCheck():
            return _events(check, evidence)
        case SideEffectCountCheck():
            found = [
                c for c in evidence.commits(check.at) if _did(c, check.action, check.args, evidence.world)
            ]
            return Finding(len(found) == check.equals, check.equals, len(found))
        case ReplyCheck():
            return _of_cases(check, evidence, _stated(check), _reply_holds(check), lambda c: c.reply[:SHOWN])
        case RoundsCheck(max=most, equals=equals):
            wanted = {"equals": equals} if equals is not None else {"max": most}
            return _of_cases(check, evidence, wanted, _rounds_hold(check), lambda c: c.rounds)
        case StatusCheck():
            return _status(check, evidence)
        case CodeCheck(equals=code):
            return _of_cases(check, evidence, code, lambda c: c.code == code, lambda c: c.code)
        case ExitCodeCheck() | FeedCheck():
            return _of_step(check, evidence)
        case AuditCheck():
            shape = evidence.audit()
            return Finding(shape["ok"], [], shape["violations"])


def _of_cases(
    check: CaseCheck,
    evidence: Evidence,
    expected: Any,
    holds: Callable[[CaseRow], bool],
    show: Callable[[CaseRow], Any],
) -> Finding:
    """Every case that the check looks at must hold, and there must be one."""
    cases = evidence.asked(check.at)
    shown = [show(case) for case in cases]
    return Finding(
        bool(cases) and all(map(holds, cases)),
        expected,
        shown[0] if len(shown) == 1 else shown or "no case came in with that step",
    )


def _counted(found: Sequence[T], count: int | None, near: Iterable[Any]) -> Finding:
    """Exactly ``count``, or at least one. ``near``: what there is instead, for whoever reads the report."""
    holds = bool(found) if count is None else len(found) == count
    expected = AT_LEAST_ONE if count is None else count
    return Finding(
        holds, expected, len(found) if holds else {"count": len(found), "there are": list(near)[:10]}
    )


def _state(check: StateCheck, evidence: Evidence) -> Finding:
    if check.find is not None:
        return _find(check.find, check.count, evidence)
    ref = Ref.parse(check.ref or "")
    record = evidence.tx.get(ref.type, ref.key)
    if check.field is None:
        return Finding(record is None, None, None if record is None else dict(record.body))
    found = _value(record, check.field)
    if check.absent:
        return Finding(found is None, None, found)
    wanted = in_field(fields_of(evidence.world.types[ref.type]).get(check.field), check.equals)
    holds = record is not None and same(found, wanted)
    return Finding(holds, wanted, found if record is not None else f"there is no {ref}")


def _value(record: Record | None, field: str) -> Any:
    return None if record is None else record.body.get(field)


def _find(wanted: Mapping[str, Any], count: int | None, evidence: Evidence) -> Finding:
    kind = str(wanted["type"])
    fields = {name: value for name, value in wanted.items() if name != "type"}
    typed = in_shape(fields_of(evidence.world.types[kind]), fields)
    records = evidence.tx.find(kind)
    found = [r for r in records if all(same(r.body.get(name), value) for name, value in typed.items())]
    near = ({"ref": str(r.ref), **{name: r.body.get(name) for name in typed}} for r in records)
    return _counted(found, count, near)


def _verdicts(check: VerdictsCheck, evidence: Evidence) -> Finding:
    verdicts = evidence.verdicts(check.at)
    found = [v for v in verdicts if _given(v, check, evidence.world)]
    near = (f"{v.agent} {v.kind} {v.verdict}{f' [{v.code}]' if v.code else ''}" for v in verdicts)
    return _counted(found, check.count, near)


def _given(row: VerdictRow, check: VerdictsCheck, world: World) -> bool:
    stated = {"verdict": check.verdict, "code": check.code, "agent": check.agent, "resource": check.resource}
    fits = all(value is None or getattr(row, name) == value for name, value in stated.items())
    return fits and (check.action is None or _did(row, check.action, check.args, world))


def _did(row: VerdictRow | CommitRow, action: str, args: Mapping[str, Any], world: World) -> bool:
    return row.kind == action and _has(row.params, action, args, world)


def _has(params: Mapping[str, Any], action: str, args: Mapping[str, Any], world: World) -> bool:
    typed = in_shape(world.kinds[action].params, args)
    return all(same(params.get(name), value) for name, value in typed.items())


def _escalations(check: EscalationsCheck, evidence: Evidence) -> Finding:
    rows = evidence.escalations(check.at)
    found = [row for row in rows if _put(row, check, evidence.world)]
    near = (f"{r.type} {r.state} {r.role}: {r.summary}" for r in rows)
    return _counted(found, check.count, near)


def _put(row: EscalationRow, check: EscalationsCheck, world: World) -> bool:
    stated = {"type": check.kind, "role": check.role, "state": check.state}
    fits = all(value is None or getattr(row, name) == value for name, value in stated.items())
    if check.action is None or not fits:
        return fits
    actions = [row.action] if row.action else [option["action"] for option in row.options]
    alike = (a for a in actions if a and a["kind"] == check.action)
    return any(_has(a["params"], check.action, check.args, world) for a in alike)


def _events(check: EventsCheck, evidence: Evidence) -> Finding:
    toolbox = evidence.world.toolbox
    shapes = {**toolbox.events, **{fact.type: fact.data for fact in toolbox.facts}}
    where = in_shape(shapes.get(check.event, {}), check.where)
    events = evidence.events(check.event, check.at)
    found = [
        event
        for event in events
        if check.subject in (None, event.subject)
        and all(same(event.data.get(name), value) for name, value in where.items())
    ]
    near = ({"subject": e.subject, **{name: e.data.get(name) for name in where}} for e in events)
    return _counted(found, check.count, near)


def _stated(check: ReplyCheck) -> dict[str, Any]:
    return check.model_dump(include={"contains", "not_contains", "regex", "equals"}, exclude_defaults=True)


def _reply_holds(check: ReplyCheck) -> Callable[[CaseRow], bool]:
    def holds(case: CaseRow) -> bool:
        text = case.reply
        return (
            all(part in text for part in check.contains)
            and not any(part in text for part in check.not_contains)
            and (check.regex is None or re.search(check.regex, text) is not None)
            and check.equals in (None, text)
        )

    return holds


def _rounds_hold(check: RoundsCheck) -> Callable[[CaseRow], bool]:
    def holds(case: CaseRow) -> bool:
        return case.rounds == check.equals if check.max is None else case.rounds <= check.max

    return holds


def _status(check: StatusCheck, evidence: Evidence) -> Finding:
    def holds(case: CaseRow) -> bool:
        return case.status == check.equals and check.clarify in (None, case.clarify)

    def show(case: CaseRow) -> str | dict[str, Any]:
        status = str(case.status)
        return status if check.clarify is None else {"status": status, "clarify": case.clarify}

    expected = check.equals if check.clarify is None else {"status": check.equals, "clarify": check.clarify}
    return _of_cases(check, evidence, expected, holds, show)


def _of_step(check: ExitCodeCheck | FeedCheck, evidence: Evidence) -> Finding:
    if isinstance(check, ExitCodeCheck):
        ended = evidence.step("approval", check.at)
        code = ended.exit_code if ended else None
        return Finding(code == check.equals, check.equals, code)
    step = evidence.step("feed", check.at)
    shape = {**step.shape, "rejected": len(step.shape.get("rejected", ()))} if step and step.shape else {}
    found = {name: shape.get(name) for name in check.stated}
    return Finding(found == check.stated, check.stated, found)

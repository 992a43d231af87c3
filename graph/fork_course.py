"""How a case went, from the statements of its jobs: turns, passes, effects, its end; and where two part."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checkpoints.taped_records import Taped, kept_in, read_in, written_in
from checkpoints.taping import Statement
from graph.differing import (
    NOTHING,
    Difference,
    cut,
    first_apart,
    turn_words,
    verdict_difference,
)
from protocol.records import Ref

_STATUS, _REPLY, _CODE = 9, 14, 15
"""Where these stand among the values of ``save_case``."""
_VERDICT = ("agent", "action", "resource", "verdict", "code", "reason")
_VERDICT_AT = (4, 5, 7, 8, 9, 10)


@dataclass(frozen=True, slots=True)
class Effect:
    """One version of a record that was written. ``changed``: its new values; a balance that was there
    before by how much it changed, with its sign.
    """

    ref: Ref
    by: str
    made: bool
    changed: Mapping[str, Any]

    @property
    def text(self) -> str:
        """In words."""
        told = ", ".join(f"{name} {_value(value)}" for name, value in sorted(self.changed.items()))
        words = "made" if self.made else "changed"
        return f"{self.ref} {words}: {told}" if told else f"{self.ref} {words}"

    def to_json(self) -> dict[str, Any]:
        """The shape in an answer."""
        return {"resource": str(self.ref), "by": self.by, "made": self.made, "changed": dict(self.changed)}


@dataclass(slots=True)
class Course:
    """What a case did. ``turns``: by round and agent; ``passes``: the statements of each, and its round."""

    turns: dict[tuple[int, str], Mapping[str, Any]] = field(default_factory=dict)
    passes: dict[int, tuple[int, Sequence[Statement]]] = field(default_factory=dict)
    effects: dict[int, list[Effect]] = field(default_factory=dict)
    escalations: dict[str, dict[str, Any]] = field(default_factory=dict)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    end: Sequence[Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """How it ended: the shape in an answer."""
        status, code, reply = ending(self)
        return {
            "status": status,
            "code": code,
            "reply": reply,
            "verdicts": [v for _, asked in self.passes.values() for v in _verdicts(asked)],
            "effects": [effect.to_json() for found in self.effects.values() for effect in found],
            "escalations": [{"id": name, **told} for name, told in self.escalations.items()],
            "decisions": self.decisions,
        }


def ending(course: Course) -> tuple[str | None, str | None, str | None]:
    """Status, code and reply of the last that is known."""
    end = course.end
    return (None, None, None) if end is None else (str(end[_STATUS]), end[_CODE], end[_REPLY])


def course_of(jobs: Sequence[Sequence[Statement]], case: str) -> Course:
    """What the jobs of a case did. Turns, passes and ends may stand in any order among strands."""
    course, known = Course(), dict[Ref, Taped]()
    for asked in jobs:
        made: list[Effect] = []
        passed = None
        for statement in kept_in(asked):
            name, values, _ = statement
            known.update((record.ref, record) for record in read_in(statement))
            made += _effects(statement, known)
            if name == "put_turn":
                course.turns[int(values[1]), str(values[2])] = json.loads(values[3])
            elif name == "put_pass":
                passed = int(values[1])
                course.passes[passed] = (int(values[2]), asked)
            elif name == "save_case" and values[-1] == case:
                course.end = values
            _note_people(course, statement)
        if made:
            course.effects.setdefault(passed or 0, []).extend(made)
    course.passes = dict(sorted(course.passes.items()))
    return course


def _effects(statement: Statement, known: dict[Ref, Taped]) -> Iterator[Effect]:
    for record, deltas in written_in(statement):
        before = known.get(record.ref)
        known[record.ref] = record
        by = str(statement[1][6])
        if record.version == 0 or before is None:
            told = {n: v for n, v in record.body.items() if v not in (None, 0, [])}
            yield Effect(record.ref, by, record.version == 0, told)
            continue
        changed = {n: v for n, v in record.fields.items() if v != before.fields.get(n)}
        yield Effect(record.ref, by, False, {**changed, **{n: f"{d:+d}" for n, d in deltas.items() if d}})


def _note_people(course: Course, statement: Statement) -> None:
    name, values, _ = statement
    if name == "put_escalation":
        body = json.loads(values[9])
        summary, role = str(body.get("summary", "")), body.get("role")
        course.escalations[str(values[0])] = {
            "type": values[2],
            "role": role,
            "summary": summary,
            "state": values[3],
        }
    elif name == "save_escalation" and str(values[3]) in course.escalations:
        course.escalations[str(values[3])]["state"] = values[0]
    elif name == "put_decision":
        told = dict(zip(("escalation", "person"), values[:2], strict=True))
        course.decisions.append({**told, "decision": values[5]})


def _verdicts(asked: Sequence[Statement]) -> Iterator[dict[str, Any]]:
    for name, values, _ in asked:
        if name == "put_verdict":
            yield {told: values[at] for told, at in zip(_VERDICT, _VERDICT_AT, strict=True)}


def differences(was: Course, now: Course) -> list[Difference]:
    """Where two courses part, in the order of what happened."""
    rounds = {number: at for course in (now, was) for number, (at, _) in course.passes.items()}
    steps = sorted(
        {(at, 0, 0, agent) for at, agent in {*was.turns, *now.turns}}
        | {(at, 1, number, "") for number, at in rounds.items()}
    )
    found = [
        _turn(was, now, at, agent) if agent else _pass(was, now, number) for at, _, number, agent in steps
    ]
    return [difference for difference in [*found, *_ends(was, now)] if difference is not None]


def _turn(was: Course, now: Course, at: int, agent: str) -> Difference | None:
    one, other = (c.turns.get((at, agent)) for c in (was, now))
    before, after = (NOTHING if body is None else turn_words(body) for body in (one, other))
    if before == after:
        return None
    where = f"round {at}: the turn of {agent}" if at else f"the choice of the {agent}"
    return Difference("turn", where, cut(before), cut(after), round=at, agent=agent)


def _pass(was: Course, now: Course, number: int) -> Difference | None:
    one, other = (c.passes.get(number, (0, ()))[1] for c in (was, now))
    found = verdict_difference(number, one, other)
    if found is not None:
        return found
    for what, tell in (("escalation", _asked), ("record", _written)):
        apart = first_apart(tell(was, number), tell(now, number))
        if apart is not None:
            where = f"pass {number}: {apart[0]}"
            return Difference(what, where, cut(apart[1]), cut(apart[2]), pass_no=number)
    return None


def _asked(course: Course, number: int) -> dict[str, str]:
    found = {}
    for name, values, _ in course.passes.get(number, (0, ()))[1]:
        if name == "put_escalation":
            body = json.loads(values[9])
            found[str(values[0])] = f"{values[2]} for {body.get('role')}: {body.get('summary', '')}"
    return found


def _written(course: Course, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for effect in course.effects.get(number, ()):
        words = effect.text.removeprefix(f"{effect.ref} ")
        found[str(effect.ref)] = "; ".join(filter(None, (found.get(str(effect.ref)), words)))
    return found


def _ends(was: Course, now: Course) -> Iterator[Difference | None]:
    for what, where, one, other in zip(
        ("case", "case", "reply"),
        ("the status", "the code", "the reply"),
        ending(was),
        ending(now),
        strict=True,
    ):
        if one != other:
            yield Difference(what, where, cut(str(one or NOTHING)), cut(str(other or NOTHING)))


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

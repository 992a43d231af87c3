"""A case step by step, from the ledger alone: the shape ``trace``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.engine_events import KINDS, TELLERS
from cli.words import DECIDED, action_words, decision_words, move_words, params_words
from protocol.ports import ReadTx
from protocol.rows import CaseRow, DecisionRow, EventRow, VerdictRow
from protocol.times import local
from protocol.turns import Turn, from_json
from protocol.world import SUPERVISOR

_NO_STEP = frozenset({"case.opened"})
"""Told by the step that the case's own row gives."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. ``round`` 0: before the first one. ``more``: what else the type has."""

    at: str
    round: int
    type: str
    agent: str | None
    text: str
    more: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The shape of one step."""
        head = {"at": self.at, "round": self.round, "type": self.type, "agent": self.agent, "text": self.text}
        return head | dict(self.more)


def trace_shape(tx: ReadTx, case: CaseRow, zone: str) -> dict[str, Any]:
    """The answer of ``andon trace``. ``zone``: in which instants inside the texts are shown."""
    return {
        "schema": "andon/trace/v1",
        "case": {
            "id": case.id,
            "status": str(case.status),
            "origin": case.origin,
            "opened_at": case.opened_at,
            "ended_at": case.ended_at,
            "person": case.person,
            "session": case.session,
            "text": case.text,
            "cause": case.cause,
            "code": case.code,
            "rounds": case.rounds,
        },
        "steps": [step.to_json() for step in Tracing(tx, case, zone).steps()],
    }


class Tracing:
    """Tells one case. ``tx`` must see one state throughout."""

    def __init__(self, tx: ReadTx, case: CaseRow, zone: str) -> None:
        self._tx = tx
        self._case = case
        self._zone = zone
        self._turns = {(n, row["agent"]): from_json(row) for n, row in tx.turns(case.id) if "moves" in row}
        self._verdicts = _in_order(tx.verdicts(case.id))
        self._decisions: dict[str, list[DecisionRow]] = {}

    def steps(self) -> Iterator[Step]:
        """From what opened the case to its reply, in the order things were recorded."""
        yield self._opening()
        number = 0
        for event in self._tx.events(self._case.id):
            number = int(event.data.get("round", number)) if event.type.startswith("turn.") else number
            if event.type not in _NO_STEP:
                yield self._step(event, number)
        for child in self._tx.children(self._case.id):
            yield Step(child.opened_at, number, "child", None, f"opened {child.id}", {"case": child.id})
        if self._case.reply:
            at = self._case.ended_at or self._last_at()
            yield Step(at, number, "reply", None, self._case.reply, {"code": self._case.code})

    def _last_at(self) -> str:
        passes = self._tx.passes(self._case.id)
        return passes[-1].at if passes else self._case.opened_at

    def _opening(self) -> Step:
        case, row = self._case, self._tx.event(self._case.event) if self._case.event else None
        match case.origin:
            case "text":
                text = f"{case.person} said: {case.text}"
            case "event" if row is not None:
                text = f"{row.agent or row.source} published {self._event_words(row)} in {case.cause}"
            case "fact" if row is not None:
                when = local(row.occurred, self._zone)
                text = f"{row.source} reported {self._event_words(row)}, occurred {when}"
            case origin:
                text = f"opened by a {origin}: {case.source} {case.source_id}"
        return Step(case.opened_at, 0, "opened", None, text, {"origin": case.origin, "by": case.person})

    def _event_words(self, event: EventRow) -> str:
        data = params_words(event.data, self._zone)
        return f"{event.type} {event.subject}{f' ({data})' if data else ''}"

    def _step(self, event: EventRow, number: int) -> Step:
        kind, text, more = self._told(event, number)
        return Step(event.recorded, number, kind, event.agent, text, more)

    def _told(self, event: EventRow, number: int) -> tuple[str, str, dict[str, Any]]:
        head, _, tail = event.type.partition(".")
        if event.type in ("turn.taken", "turn.failed"):
            return "turn", *self._turn(event, self._turns.get((number, event.subject)))
        if head == "action":
            return "verdict", *self._verdict(event, tail)
        if event.type in ("approval.decided", "question.decided"):
            return "decision", *self._decision(event)
        if event.source == SUPERVISOR and event.type in TELLERS:
            return KINDS.get(event.type, KINDS[head]), *TELLERS[event.type](event, self._zone)
        return "event", self._event_words(event), {"event": event.type, "subject": event.subject}

    def _turn(self, event: EventRow, turn: Turn | None) -> tuple[str, dict[str, Any]]:
        data, moves = event.data, [move_words(m, self._zone) for m in turn.moves] if turn else []
        said = "; ".join(moves) or "nothing to say"
        text = said if data["failure"] is None else f"failed ({data['failure']}): {data['detail']}"
        more = {"attempts": data["attempts"], "moves": moves, "failure": data["failure"]}
        return text, more | {"dropped": list(data.get("dropped", ()))}

    def _verdict(self, event: EventRow, verdict: str) -> tuple[str, dict[str, Any]]:
        row = next(self._verdicts.get(f"{event.data['key']} {verdict}", iter(())), None)
        params = row.params if row else {}
        code, reason = event.data["code"], event.data["reason"]
        text = f"{verdict} {action_words(event.data['action'], params, self._zone)}"
        text += f" [{code}]" if code else ""
        text += f": {reason}" if reason else ""
        resource = row.resource if row else ""
        more = {
            "verdict": verdict,
            "action": event.data["action"],
            "params": dict(params),
            "resource": resource,
        }
        return text, more | {"reason": reason, "code": code, "key": event.data["key"]}

    def _decision(self, event: EventRow) -> tuple[str, dict[str, Any]]:
        rows = self._decisions.setdefault(event.subject, list(self._tx.decisions(event.subject)))
        row = next(r for r in rows if r.person == event.data["by"])
        more = {"escalation": event.subject, "by": row.person, "name": row.name, "role": row.role}
        more |= {"meaning": row.meaning, "decision": DECIDED[row.decision], "reason": row.reason}
        return f"{event.subject}: {decision_words(row, self._zone)}", more


def _in_order(rows: Sequence[VerdictRow]) -> dict[str, Iterator[VerdictRow]]:
    """Verdict rows by key and verdict, each given out once: an action may get the same one twice."""
    found: dict[str, list[VerdictRow]] = {}
    for row in rows:
        found.setdefault(f"{row.key} {row.verdict}", []).append(row)
    return {name: iter(given) for name, given in found.items()}

"""A case in plain words, from the ledger: who said what in which round, and what the gate made of it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from protocol.ports import ReadTx
from protocol.records import Ref
from protocol.rows import EventRow
from protocol.times import is_instant, parse
from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal, Reply, Turn, from_json

WIDTH = 12
"""Columns of the name in front of each line."""
GATE = "gate"

_SAID = {
    AnswerKind.AGREE: "agrees",
    AnswerKind.REFUSE: "refuses",
    AnswerKind.COUNTER: "offers instead",
    AnswerKind.DEFER: 'gives way: "after you"',
}


class Telling:
    """Tells cases of one ledger. ``zone``: in which instants are shown."""

    def __init__(self, tx: ReadTx, zone: str) -> None:
        self._tx = tx
        self._zone = ZoneInfo(zone)

    def case(self, case: str, after: int = 0) -> Iterator[str]:
        """The lines of a case, in the order things happened, from events with numbers above ``after``."""
        turns = {
            (number, row["agent"]): from_json(row) for number, row in self._tx.turns(case) if "moves" in row
        }
        shown = 0
        for event in self._tx.events(case):
            if event.seq <= after:
                continue
            number = int(event.data.get("round", shown))
            if event.type in {"turn.taken", "turn.failed"} and number != shown:
                shown = number
                yield f"  round {number}"
            yield from (f"    {line}" for line in self._event(event, turns.get((number, event.subject))))

    def record(self, ref: str, fields: tuple[str, ...]) -> str:
        """A record's fields in one line."""
        kind, _, key = ref.partition("/")
        record = self._tx.get(kind, key)
        if record is None:
            return f"{Ref(kind, key)}: there is none"
        chosen = {name: record.body.get(name) for name in fields}
        return f"{Ref(kind, key)} (version {record.version}): {self._words(chosen)}"

    def _event(self, event: EventRow, turn: Turn | None) -> Iterator[str]:
        data = event.data
        if event.type == "turn.taken" and turn is not None:
            for move in turn.moves:
                yield _line(turn.agent, self._move(move))
            if not turn.moves:
                yield _line(turn.agent, "has nothing to add")
        elif event.type == "turn.failed":
            yield _line(event.subject, f"fails: {data['failure']}")
        elif event.type == "loop.cut":
            between = " and ".join(str(name) for name in data["between"])
            yield _line(GATE, f"CUT: {between} went in circles after {data['answers']} answers")
        elif event.type.startswith("action."):
            yield from self._verdict(event)
        elif event.type.endswith(".requested") and "role" in data:
            yield _line(GATE, f"asks a person: {data['role']} decides ({event.subject})")
        elif event.type == "case.ended":
            yield _line(GATE, f"the case ends: {data['status']}")

    def _verdict(self, event: EventRow) -> Iterator[str]:
        verdict = event.type.partition(".")[2]
        row = next((v for v in self._tx.verdicts(str(event.case)) if v.key == event.data["key"]), None)
        params = self._words(row.params) if row else ""
        reason = f" - {event.data['reason']}" if event.data.get("reason") else ""
        code = f" [{event.data['code']}]" if event.data.get("code") else ""
        yield _line(GATE, f"{verdict.upper()} {event.data['action']}: {params}{code}{reason}")

    def _move(self, move: Move) -> str:
        match move:
            case Proposal(kind, params):
                return f"wants {kind}: {self._words(params)}"
            case Ask(to, request, params, carries):
                return f"asks {to} to {request}: {self._words(params)}{self._carried(carries)}"
            case Answer(_, kind, values, code, text):
                details = [part for part in (self._words(values), code or "", text) if part]
                return f"{_SAID[kind]}{': ' if details else ''}{', '.join(details)}"
            case Reply(text, code, _):
                return f"{'refuses' if code else 'replies'}: {text}"

    def _carried(self, carries: Carried | None) -> str:
        if carries is None:
            return ""
        return (
            f" (for {carries.kind}; to be filled in: {', '.join(carries.holes)})"
            if carries.holes
            else f" (for {carries.kind})"
        )

    def _words(self, values: Mapping[str, Any]) -> str:
        return ", ".join(
            f"{name} {self._value(value)}" for name, value in values.items() if value is not None
        )

    def _value(self, value: object) -> str:
        if is_instant(value):
            at: datetime = parse(str(value)).astimezone(self._zone)
            return f"{at:%a %H:%M}"
        if isinstance(value, Mapping):
            return f"({self._words(value)})"
        if isinstance(value, list | tuple):
            return "; ".join(self._value(item) for item in value)
        return str(value)


def _line(who: str, words: str) -> str:
    return f"{who:<{WIDTH}} {words}"

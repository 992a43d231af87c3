"""A told case names everybody and everything that mattered, in the order it happened."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from evals.telling import Telling
from protocol.ports import ReadTx
from protocol.records import Record, Ref
from protocol.rows import EventRow, Verdict, VerdictRow
from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal, Reply, Turn, to_json

CASE = "case_aaaaaaaaaaaaaaaa"
AT = "2026-03-02T09:00:00Z"


@dataclass
class Rows:
    """The part of a ledger that telling reads."""

    said: list[tuple[int, Turn]] = field(default_factory=list)
    happened: list[EventRow] = field(default_factory=list)
    ruled: list[VerdictRow] = field(default_factory=list)

    def turns(self, _case: str) -> list[tuple[int, dict[str, Any]]]:
        return [(0, {"agent": "router", "chosen": "crane"}), *((n, to_json(turn)) for n, turn in self.said)]

    def events(self, case: str) -> list[EventRow]:
        return [event for event in self.happened if event.case == case]

    def verdicts(self, _case: str) -> list[VerdictRow]:
        return self.ruled

    def get(self, kind: str, key: str) -> Record | None:
        return Record(Ref(kind, key), 3, {"start": AT, "note": None, "size": 4}) if key == "B-1" else None

    def note(self, kind: str, subject: str, **data: Any) -> None:
        seq = len(self.happened) + 1
        row = EventRow("evt", kind, "supervisor", "evt", AT, AT, subject, data, case=CASE, seq=seq)
        self.happened.append(row)

    def turn(self, number: int, agent: str, *moves: Move) -> None:
        self.said.append((number, Turn(agent, moves)))
        self.note("turn.taken", agent, round=number)


def told(rows: Rows, after: int = 0) -> list[str]:
    lines: Iterable[str] = Telling(cast("ReadTx", rows), "Europe/Berlin").case(CASE, after)
    return [" ".join(line.split()) for line in lines]


def test_rounds_moves_verdicts_and_the_end_are_told_in_order() -> None:
    rows = Rows()
    carries = Carried("lift", {"crate": "C-1"}, ("start",))
    rows.turn(1, "crew", Ask("crane", "find_slot", {"day": AT}, carries))
    rows.turn(2, "crane", Answer("x", AnswerKind.DEFER))
    rows.note("loop.cut", "crane.find_slot", between=["crew", "crane"], answers=2)
    rows.ruled.append(
        VerdictRow("k", CASE, 1, 2, "crew", "lift", {"start": AT}, "", Verdict.REFUSED, "held", "no", AT)
    )
    rows.note("action.refused", "lift", key="k", action="lift", code="held", reason="it is held")
    rows.turn(3, "crew", Proposal("take", {"pile": "P", "amount": 3}), Reply("Done.", None))
    rows.note("approval.requested", "esc_aaaaaaaaaaaaaaaa", role="boss")
    rows.note("case.ended", CASE, status="done")
    assert told(rows) == [
        "round 1",
        "crew asks crane to find_slot: day Mon 10:00 (for lift; to be filled in: start)",
        "round 2",
        'crane gives way: "after you"',
        "gate CUT: crew and crane went in circles after 2 answers",
        "gate REFUSED lift: start Mon 10:00 [held] - it is held",
        "round 3",
        "crew wants take: pile P, amount 3",
        "crew replies: Done.",
        "gate asks a person: boss decides (esc_aaaaaaaaaaaaaaaa)",
        "gate the case ends: done",
    ]


def test_only_news_is_told() -> None:
    rows = Rows()
    rows.turn(1, "crew")
    rows.note("case.ended", CASE, status="done")
    assert told(rows, after=1) == ["gate the case ends: done"]
    assert told(rows, after=2) == []


def test_answers_and_failures_are_told() -> None:
    rows = Rows()
    rows.turn(1, "crane", Answer("x", AnswerKind.COUNTER, {"start": AT}, text="earlier is full"))
    rows.turn(1, "crew", Answer("x", AnswerKind.REFUSE, code="too_late"), Reply("No.", "too_late"))
    rows.turn(1, "yard")
    rows.note("turn.failed", "mate", round=1, failure="timeout")
    assert told(rows) == [
        "round 1",
        "crane offers instead: start Mon 10:00, earlier is full",
        "crew refuses: too_late",
        "crew refuses: No.",
        "yard has nothing to add",
        "mate fails: timeout",
    ]


def test_record_is_told_with_its_version() -> None:
    telling = Telling(cast("ReadTx", Rows()), "Europe/Berlin")
    assert telling.record("booking/B-1", ("start", "note")) == "booking/B-1 (version 3): start Mon 10:00"
    assert telling.record("booking/B-2", ("start",)) == "booking/B-2: there is none"

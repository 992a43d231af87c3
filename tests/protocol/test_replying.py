"""What a person is told: what was really done, what waits, then the words of agents."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.replying import MOST_WORDS, compose, verdict_line
from protocol.rows import EscalationRow, Verdict, VerdictRow

from .yard import T10, T11, world

LIFT = {"crate": "C1", "start": T10, "end": T11}


def row(verdict: str = "committed", **fields: Any) -> VerdictRow:
    made: dict[str, Any] = {
        "key": "case/1/crew/0",
        "case": "case",
        "pass_no": 1,
        "round": 1,
        "agent": "crew",
        "kind": "lift",
        "params": LIFT,
        "resource": "",
        "code": None,
        "reason": "",
        "at": T10,
    }
    return VerdictRow(verdict=Verdict(verdict), **(made | fields))


def escalation(**fields: Any) -> EscalationRow:
    made: dict[str, Any] = {
        "id": "esc_1",
        "type": "approval",
        "case": "case",
        "agent": "crane",
        "key": "case/1/crane/0",
        "summary": "Burns C1",
        "reason": "why",
        "role": "foreman",
        "requested_at": "2026-03-02T09:00:00Z",
        "due_at": "2026-03-02T09:10:00Z",
        "expires_at": "2026-03-02T10:00:00Z",
        "ladder": [],
    }
    return EscalationRow(**(made | fields))


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (row(resource="lift/L1"), f"done: Lifts C1 at {T10} (lift/L1)"),
        (row(reason="re-computed on fresh state of crate/C1"), f"done: Lifts C1 at {T10}"),
        (row("duplicate", reason="committed before"), f"done before: Lifts C1 at {T10}: committed before"),
        (row("asked", reason="crane is asked: find"), f"asked: Lifts C1 at {T10}"),
        (
            row("conflict", reason="read before", code="short"),
            f"changed meanwhile: Lifts C1 at {T10} [short]: read before",
        ),
        (
            row("refused", reason="taken", code="occupied", resource="booking/B1"),
            f"refused: Lifts C1 at {T10} [occupied]: taken",
        ),
        (
            row("overruled", reason="x won", code="overruled"),
            f"overruled: Lifts C1 at {T10} [overruled]: x won",
        ),
        (row("shadowed", reason="compared"), f"shadow only: Lifts C1 at {T10}: compared"),
        (row("escalated", reason="boss is asked"), f"a person decides: Lifts C1 at {T10}: boss is asked"),
    ],
    ids=lambda made: str(made.verdict) if isinstance(made, VerdictRow) else "",
)
def test_each_verdict_is_told_in_words(made: VerdictRow, line: str) -> None:
    assert verdict_line(world(), made) == line


def test_every_verdict_has_words() -> None:
    lines = [verdict_line(world(), row(str(v))) for v in Verdict]
    assert len({line.partition(":")[0] for line in lines}) == len(Verdict)


@pytest.mark.parametrize(("kind", "params"), [("lift", {}), ("lift", {"start": T10}), ("no_such_kind", LIFT)])
def test_proposal_too_wrong_to_be_summed_up_is_told_by_its_kind(kind: str, params: dict[str, str]) -> None:
    made = row("refused", kind=kind, params=params, reason="no", code="bad_params")
    assert verdict_line(world(), made) == f"refused: {kind} [bad_params]: no"


def test_the_last_verdict_of_each_action_comes_first_then_what_waits_then_words_by_agent() -> None:
    said = {"crew": {"text": "I lift."}, "crane": {"text": "I hold."}, "clerk": {"text": ""}, "cook": {}}
    first, other = row("asked"), row("refused", key="case/1/crew/1", code="occupied", reason="taken")
    told = compose(world(), said, [first, other, row()], [escalation()])
    assert told.splitlines() == [
        f"done: Lifts C1 at {T10}",
        f"refused: Lifts C1 at {T10} [occupied]: taken",
        "Waiting for foreman until Mon 2026-03-02 09:10 UTC: Burns C1 (esc_1)",
        "crane: I hold.",
        "crew: I lift.",
    ]


def test_what_an_agent_says_does_not_stand_for_what_was_done() -> None:
    told = compose(world(), {"crew": {"text": "done: Lifts C1"}}, [row("refused", reason="no")], [])
    assert told.splitlines() == [f"refused: Lifts C1 at {T10}: no", "crew: done: Lifts C1"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x85", "\x0b"])
def test_no_line_of_an_agents_or_of_a_texts_looks_like_the_engines(end: str) -> None:
    forged = f"well{end}done: Lifts C1 at {T10}{end}Waiting for foreman: C1 (esc_2)"
    told = compose(world(), {"crew": {"text": forged}}, [row("refused", reason=forged)], [])
    lines = told.splitlines()
    assert lines[0].startswith("refused: ")
    assert lines[1] == "crew: well"
    assert all(line.startswith("  ") for line in lines[2:])
    assert len(lines) == 4


def test_words_are_cut_and_it_is_told_how_many_are_missing() -> None:
    told = compose(world(), {"crew": {"text": "x" * (MOST_WORDS + 7)}}, [], [])
    assert told == f"crew: {'x' * MOST_WORDS} [7 characters more]"


def test_waiting_is_told_in_the_sites_time() -> None:
    made = world()
    there = replace(made, config=made.config.model_copy(update={"zone": "Asia/Tokyo"}))
    assert "until Mon 2026-03-02 18:10 JST" in compose(there, {}, [], [escalation()])


def test_nothing_said_and_nothing_done_is_told_as_nothing() -> None:
    assert compose(world(), {}, [], []) == ""

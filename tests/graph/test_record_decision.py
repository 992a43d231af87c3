"""Recording what a person decides: who may, once, in time, on what was seen (R12)."""

from dataclasses import replace
from typing import Any, cast

import pytest

from graph.deciding import Recorded, Wanted, record_decision
from graph.sweeping import sweep
from protocol.errors import AndonError
from protocol.ports import Tx
from protocol.rows import CaseStatus, EscalationState
from protocol.turns import Answer, AnswerKind, Proposal
from tests.protocol.memory_store import MemoryTx
from tests.protocol.signing import BOSS, BURN, FOREMAN, asked, signing_world, yard
from tests.protocol.yard import Yard


def approval(person: str = "guest", **policy: Any) -> tuple[Yard, MemoryTx]:
    """A case at an approval, on a ledger in memory."""
    desk = MemoryTx()
    y = yard(signing_world(burn={"ladder": [FOREMAN, BOSS]} | policy), desk, person=person)
    y.round(crane=[BURN])
    desk.case_rows[y.case.id] = replace(y.case, status=CaseStatus.WAITING, runnable=False)
    return y, desk


def question() -> tuple[Yard, MemoryTx]:
    """A case at a question with two options."""
    desk = MemoryTx()
    y = yard(signing_world(crew_level=2), desk).wake("crew")
    y.round(crew=[Proposal("take", {"pile": "P1", "quantity": 5})])
    for _ in range(2):
        y.round(crane=[Answer("x1", AnswerKind.DEFER)])
    return y, desk


def decide(
    y: Yard, desk: MemoryTx, person: str, decision: str = "approve", **rest: Any
) -> Recorded | AndonError:
    escalation = rest.pop("escalation", None) or asked(y)
    return record_decision(cast("Tx", desk), y.world, Wanted(escalation, decision, person, **rest))


def code(found: Recorded | AndonError) -> str | None:
    """The error's code; None for what stands."""
    return found.error_code if isinstance(found, AndonError) else None


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ("f.one", None),
        ("b.two", "not_authorised"),  # the ladder has not reached the boss
        ("guest", "not_authorised"),
        ("crane", "not_authorised"),
        ("supervisor", "not_authorised"),
    ],
)
def test_who_holds_a_role_that_is_asked_decides(person: str, expected: str | None) -> None:
    y, desk = approval()
    assert code(decide(y, desk, person)) == expected
    assert len(desk.decision_rows) == (expected is None)


def test_next_rung_decides_once_its_turn_has_come() -> None:
    y, desk = approval()
    desk.now = "2026-03-02T09:10:00Z"
    sweep(cast("Tx", desk))
    assert code(decide(y, desk, "b.two")) is None


@pytest.mark.parametrize(
    ("now", "expected"), [("2026-03-02T09:59:59Z", None), ("2026-03-02T10:00:00Z", "expired")]
)
def test_after_its_time_nobody_decides_and_the_case_goes_on(now: str, expected: str | None) -> None:
    y, desk = approval(expires_s=3600)
    desk.now = now
    assert code(decide(y, desk, "f.one")) == expected
    state = desk.escalation_rows[asked(y)].state
    assert state == (EscalationState.APPROVED if expected is None else EscalationState.EXPIRED)
    assert desk.case_rows[y.case.id].runnable


def test_decision_binds_the_action_and_the_role_of_who_gave_it() -> None:
    y, desk = approval(meaning="responsibility")
    decide(y, desk, "f.one", reason="seen it")
    (row,) = desk.decision_rows
    assert row.action_hash == desk.escalation_rows[asked(y)].action_hash
    assert (row.role, row.name, row.meaning, row.reason) == ("foreman", "F One", "responsibility", "seen it")


def test_second_decision_names_who_decided() -> None:
    y, desk = approval()
    decide(y, desk, "f.one")
    found = decide(y, desk, "f.two")
    assert isinstance(found, AndonError) and found.exit_code == 78
    assert found.details == {"by": "f.one", "at": "2026-03-02T09:00:00Z", "decision": "approved"}
    assert len(desk.decision_rows) == 1


def test_two_signatures_of_different_people_close_an_approval_of_two() -> None:
    y, desk = approval(quorum=2)
    first = decide(y, desk, "f.one")
    assert isinstance(first, Recorded) and (first.have, first.need, first.complete) == (1, 2, False)
    assert desk.escalation_rows[asked(y)].state is EscalationState.PENDING
    assert not desk.case_rows[y.case.id].runnable
    assert code(decide(y, desk, "f.one")) == "already_decided"
    second = decide(y, desk, "f.two")
    assert isinstance(second, Recorded) and second.complete
    assert desk.escalation_rows[asked(y)].state is EscalationState.APPROVED


def test_one_rejection_closes_an_approval_of_two() -> None:
    y, desk = approval(quorum=2)
    decide(y, desk, "f.one")
    found = decide(y, desk, "f.two", "reject", reason="no")
    assert isinstance(found, Recorded) and found.complete
    assert desk.escalation_rows[asked(y)].state is EscalationState.REJECTED


@pytest.mark.parametrize(
    ("separate", "person", "expected"),
    [(True, "f.one", "separate"), (True, "f.two", None), (False, "f.one", None)],
)
def test_where_signatures_are_separate_the_asker_decides_nothing(
    separate: bool, person: str, expected: str | None
) -> None:
    y, desk = approval("f.one", separate=separate)
    assert code(decide(y, desk, person)) == expected


@pytest.mark.parametrize(
    ("decision", "rest", "expected"),
    [
        ("answer", {"option": 0}, "usage"),
        ("reject", {}, "reason_missing"),
        ("reject", {"reason": "  "}, "reason_missing"),
        ("reject", {"reason": "no"}, None),
        ("approve", {"expect_hash": "sha256:other"}, "hash_mismatch"),
        ("reject", {"expect_hash": "sha256:other", "reason": "no"}, "hash_mismatch"),
    ],
)
def test_decision_fits_the_approval(decision: str, rest: dict[str, Any], expected: str | None) -> None:
    y, desk = approval()
    assert code(decide(y, desk, "f.one", decision, **rest)) == expected


def test_approval_that_is_answered_is_pointed_to_its_verbs() -> None:
    y, desk = approval()
    found = decide(y, desk, "f.one", "answer", option=0)
    assert isinstance(found, AndonError) and f"andon approve {asked(y)}" in found.hint


def test_hash_that_was_seen_is_the_one_that_is_signed() -> None:
    y, desk = approval()
    seen = desk.escalation_rows[asked(y)].action_hash
    assert code(decide(y, desk, "f.one", expect_hash=seen)) is None


@pytest.mark.parametrize(
    ("decision", "rest", "expected"),
    [
        ("approve", {}, "usage"),
        ("answer", {}, "usage"),
        ("answer", {"option": 2}, "usage"),
        ("answer", {"option": -1}, "usage"),
        ("answer", {"text": "do it"}, "usage"),
        ("answer", {"option": 1}, None),
    ],
)
def test_answer_is_one_of_the_options(decision: str, rest: dict[str, Any], expected: str | None) -> None:
    y, desk = question()
    assert code(decide(y, desk, "f.one", decision, **rest)) == expected


def test_words_answer_where_the_question_takes_them() -> None:
    y, desk = question()
    desk.escalation_rows[asked(y)] = replace(desk.escalation_rows[asked(y)], allow_text=True)
    assert code(decide(y, desk, "f.one", "answer", text=" ")) == "usage"
    assert code(decide(y, desk, "f.one", "answer", text="do it")) is None


def test_what_was_asked_anew_is_decided_there() -> None:
    y, desk = approval()
    row = desk.escalation_rows[asked(y)]
    desk.escalation_rows[row.id] = replace(row, state=EscalationState.SUPERSEDED, superseded_by="esc_new")
    found = decide(y, desk, "f.one")
    assert isinstance(found, AndonError) and (found.error_code, found.exit_code) == ("superseded", 1)
    assert "esc_new" in found.hint


def test_unknown_id_is_not_found() -> None:
    y, desk = approval()
    assert code(decide(y, desk, "f.one", escalation="esc_none")) == "unknown_id"


def test_attempt_that_is_refused_stays_in_the_audit_log() -> None:
    y, desk = approval()
    decide(y, desk, "guest")
    assert desk.audited == [
        {"what": "decision_refused", "escalation": asked(y), "person": "guest", "code": "not_authorised"}
    ]


def test_decision_is_told_and_logged() -> None:
    y, desk = approval()
    decide(y, desk, "f.one")
    assert [(e.type, e.data["by"]) for e in desk.event_rows] == [("approval.decided", "f.one")]
    assert [(e["what"], e["person"], e["decision"]) for e in desk.audited] == [
        ("decision", "f.one", "approve")
    ]
    assert desk.case_rows[y.case.id].runnable


def test_signed_action_is_committed_by_the_pass_that_follows() -> None:
    y, desk = approval(quorum=2)
    for person in ("f.one", "f.two"):
        decide(y, desk, person)
    y.run(None, desk.decision_rows)
    assert y.verdict("burn") == ["escalated", "committed"]

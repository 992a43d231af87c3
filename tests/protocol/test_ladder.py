"""The escalation ladder: what time and people do to an escalation."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from protocol.ladder import LadderEvent, move_on, step, superseded
from protocol.machine import IllegalStepError
from protocol.rows import EscalationRow, EscalationState
from protocol.times import plus

START = "2026-05-04T04:00:00Z"


def asked(answer_s: Sequence[int], expires_s: int) -> EscalationRow:
    """An approval asked at START of role0, then role1 …; seconds for each rung and until it expires."""
    ladder = [{"role": f"role{n}", "answer_s": s} for n, s in enumerate(answer_s)]
    return EscalationRow(
        id="esc_aaaaaaaaaaaaaaaa",
        type="approval",
        case="case_aaaaaaaaaaaaaaaa",
        agent="a",
        key="k",
        summary="s",
        reason="r",
        role="role0",
        requested_at=START,
        due_at=plus(START, seconds=answer_s[0]),
        expires_at=plus(START, seconds=expires_s),
        ladder=ladder,
    )


@pytest.mark.parametrize(
    ("later_s", "role", "state"),
    [
        (59, "role0", EscalationState.PENDING),
        (60, "role1", EscalationState.PENDING),
        (90, "role1", EscalationState.EXPIRED),
    ],
)
def test_silence_asks_the_next_and_then_ends_without_a_yes(
    later_s: int, role: str, state: EscalationState
) -> None:
    row = move_on(asked([60, 30], 1000), plus(START, seconds=later_s))
    assert (row.role, row.state) == (role, state)


def test_no_rung_lasts_longer_than_the_approval() -> None:
    row = move_on(asked([60, 600], 100), plus(START, seconds=60))
    assert (row.role, row.due_at) == ("role1", row.expires_at)
    assert move_on(row, row.expires_at).state is EscalationState.EXPIRED


def test_nobody_is_asked_when_no_time_is_left() -> None:
    row = move_on(asked([60, 600, 600], 100), plus(START, seconds=100))
    assert (row.role, row.state) == ("role1", EscalationState.EXPIRED)


def test_what_is_decided_stays_decided() -> None:
    row = replace(asked([60], 100), state=EscalationState.APPROVED)
    assert move_on(row, plus(START, seconds=1000)) == row


def test_signature_that_is_not_the_last_leaves_it_open_on_its_rung() -> None:
    row = asked([60, 30], 1000)
    assert step(row, LadderEvent.SIGN) == row


def test_approved_escalation_may_be_put_anew_and_then_no_more() -> None:
    row = superseded(step(asked([60], 100), LadderEvent.APPROVE), "esc_b")
    assert (row.state, row.superseded_by) == (EscalationState.SUPERSEDED, "esc_b")
    with pytest.raises(
        IllegalStepError, match="supersede is not possible while the escalation is superseded"
    ):
        superseded(row, "esc_c")


@pytest.mark.parametrize("event", LadderEvent)
def test_rejection_is_the_last_word(event: LadderEvent) -> None:
    with pytest.raises(IllegalStepError):
        step(step(asked([60], 100), LadderEvent.REJECT), event)

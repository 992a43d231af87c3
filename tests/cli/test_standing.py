"""Reading where an escalation stands gives what the next sweep will store."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.standing import at_clock
from graph.sweeping import sweep
from protocol.ports import Tx
from protocol.rows import EscalationRow, EscalationState, EventRow
from protocol.times import plus

START = "2026-05-04T04:00:00Z"


def asked(answer_s: Sequence[int], expires_s: int) -> EscalationRow:
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


@dataclass
class OneEscalation:
    """As much of a transaction as a sweep of one escalation needs."""

    row: EscalationRow
    now: str
    told: list[EventRow] = field(default_factory=list)

    def due(self, now: str) -> list[EscalationRow]:
        return [self.row] if self.row.due_at <= now else []

    def save_escalation(self, row: EscalationRow, expected_version: int) -> bool:
        self.row = row
        return True

    def case(self, case: str) -> None:
        return None

    def put_event(self, row: EventRow) -> None:
        self.told.append(row)

    def audit(self, body: Any) -> None:
        pass


@given(
    st.lists(st.integers(1, 100), min_size=1, max_size=4),
    st.integers(1, 300),
    st.integers(0, 400),
)
def test_reading_and_sweeping_agree(answer_s: list[int], expires_s: int, later_s: int) -> None:
    row, now = asked(answer_s, expires_s), plus(START, seconds=later_s)
    swept = OneEscalation(row, now)
    sweep(cast(Tx, swept))
    assert at_clock(row, now) == swept.row


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
    row = at_clock(asked([60, 30], 1000), plus(START, seconds=later_s))
    assert (row.role, row.state) == (role, state)


def test_what_is_decided_stays_decided() -> None:
    row = replace(asked([60], 100), state=EscalationState.APPROVED)
    assert at_clock(row, plus(START, seconds=1000)) == row

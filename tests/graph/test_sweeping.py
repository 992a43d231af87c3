"""A sweep stores what the ladder says, and tells each step of it."""

from dataclasses import dataclass, field
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from graph.sweeping import sweep
from protocol.ladder import move_on
from protocol.ports import Tx
from protocol.rows import EscalationRow, EventRow
from protocol.times import plus
from tests.protocol.test_ladder import START, asked


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
    assert move_on(row, now) == swept.row


def test_each_rung_that_ended_is_told() -> None:
    swept = OneEscalation(asked([60, 30, 60], 1000), plus(START, seconds=100))
    sweep(cast(Tx, swept))
    told = [(event.type, event.data["from"], event.data["to"]) for event in swept.told]
    assert told == [("approval.escalated", "role0", "role1"), ("approval.escalated", "role1", "role2")]

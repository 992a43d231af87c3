"""Where an escalation stands at an instant, whether or not somebody has swept since (approvals.md 7)."""

from dataclasses import replace

from protocol.ports import ReadTx
from protocol.rows import EscalationRow, EscalationState
from protocol.times import plus


def at_clock(row: EscalationRow, now: str) -> EscalationRow:
    """``row`` as the next sweep will leave it: on the rung that is asked at ``now``, or expired."""
    while row.state is EscalationState.PENDING and row.due_at <= now:
        rung = row.rung + 1
        if rung >= len(row.ladder) or row.due_at >= row.expires_at:
            return replace(row, state=EscalationState.EXPIRED)
        asked = row.ladder[rung]
        due_at = min(plus(row.due_at, seconds=int(asked["answer_s"])), row.expires_at)
        row = replace(row, rung=rung, role=str(asked["role"]), due_at=due_at)
    return row


def open_items(tx: ReadTx, case: str | None = None) -> list[EscalationRow]:
    """What waits for a person at the ledger clock, by request time."""
    rows = (at_clock(row, tx.now) for row in tx.escalations(case, open_only=True))
    return [row for row in rows if row.state is EscalationState.PENDING]

"""What waits for a person at an instant, whether or not somebody has swept since (approvals.md 7)."""

from protocol.ladder import move_on
from protocol.ports import ReadTx
from protocol.rows import EscalationRow, EscalationState


def open_items(tx: ReadTx, case: str | None = None) -> list[EscalationRow]:
    """What waits for a person at the ledger clock, by request time."""
    rows = (move_on(row, tx.now) for row in tx.escalations(case, open_only=True))
    return [row for row in rows if row.state is EscalationState.PENDING]

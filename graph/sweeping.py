"""What is due: rungs of ladders that ended, and escalations that expired (approvals.md 7)."""

from dataclasses import replace

from protocol.ids import derive
from protocol.ports import Tx
from protocol.rows import EscalationRow, EscalationState, EventRow
from protocol.times import plus
from protocol.world import SUPERVISOR


def sweep(tx: Tx) -> list[str]:
    """Move every due escalation to its next rung, or end it. Returns the cases that can go on."""
    freed: list[str] = []
    for row in tx.due(tx.now):
        current = row
        while current.state is EscalationState.PENDING and current.due_at <= tx.now:
            current = _next(tx, current)
        if not tx.save_escalation(current, row.version):
            continue  # decided in the same instant: the decision stands
        if current.state is EscalationState.EXPIRED:
            case = tx.case(row.case)
            if case is not None and not case.status.ended:
                tx.save_case(replace(case, runnable=True))
                freed.append(row.case)
    return freed


def _next(tx: Tx, row: EscalationRow) -> EscalationRow:
    rung = row.rung + 1
    if rung >= len(row.ladder) or row.due_at >= row.expires_at:
        _tell(tx, row, "expired", {"role": row.role, "on_exhausted": row.on_exhausted})
        return replace(row, state=EscalationState.EXPIRED)
    role = str(row.ladder[rung]["role"])
    due_at = min(plus(row.due_at, seconds=int(row.ladder[rung]["answer_s"])), row.expires_at)
    _tell(tx, row, "escalated", {"from": row.role, "to": role, "due_at": due_at})
    return replace(row, rung=rung, role=role, due_at=due_at)


def _tell(tx: Tx, row: EscalationRow, what: str, data: dict[str, str]) -> None:
    identifier = derive("evt", row.id, what, row.rung)
    tx.put_event(
        EventRow(
            id=identifier,
            type=f"{row.type}.{what}",
            source=SUPERVISOR,
            source_id=identifier,
            occurred=row.due_at,
            recorded=tx.now,
            subject=row.id,
            data=data,
            case=row.case,
            agent=row.agent,
        )
    )
    tx.audit({"what": f"{row.type}.{what}", "escalation": row.id, "rung": row.rung, **data})

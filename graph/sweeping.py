"""What is due: rungs of ladders that ended, and escalations that expired (approvals.md 7)."""

from collections.abc import Sequence

from protocol.ids import derive
from protocol.ladder import LadderEvent, due, step
from protocol.lifecycle import woken
from protocol.ports import Tx
from protocol.rows import EscalationRow, EventRow
from protocol.world import SUPERVISOR


def sweep(tx: Tx) -> list[str]:
    """Move every due escalation to its next rung, or end it. Returns the cases that can go on."""
    freed = [case for row in tx.due(tx.now) if (case := _move_on(tx, row)) is not None]
    return list(dict.fromkeys(freed))


def _move_on(tx: Tx, row: EscalationRow) -> str | None:
    """All rungs that have ended by now, one after another; the case, when the last of them has."""
    current = row
    climbed: list[tuple[EscalationRow, EscalationRow]] = []
    while (event := due(current, tx.now)) is not None:
        if event is LadderEvent.EXPIRE:
            _tell_climbed(tx, climbed)
            return expire(tx, current)
        after = step(current, event)
        climbed.append((current, after))
        current = after
    tx.save_escalation(current, row.version)
    _tell_climbed(tx, climbed)
    return None


def _tell_climbed(tx: Tx, climbed: Sequence[tuple[EscalationRow, EscalationRow]]) -> None:
    for before, after in climbed:
        said = {"from": before.role, "to": after.role, "due_at": after.due_at}
        _tell(tx, before, "escalated", said)


def expire(tx: Tx, row: EscalationRow) -> str | None:
    """End an escalation that nobody decided in time; its case, which can go on now, if it has not ended."""
    if not tx.save_escalation(step(row, LadderEvent.EXPIRE), row.version):
        return None  # decided in the same instant: the decision stands
    _tell(tx, row, "expired", {"role": row.role, "on_exhausted": row.on_exhausted})
    return row.case if wake(tx, row.case) else None


def wake(tx: Tx, case: str) -> bool:
    """Note that work is due in a case, something in it being decided; False when it has ended."""
    row = tx.case(case)
    going_on = None if row is None else woken(row)
    if going_on is None:
        return False
    tx.save_case(going_on)
    return True


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

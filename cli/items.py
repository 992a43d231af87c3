"""Escalations and decisions in the shapes other programs read."""

from typing import Any

from cli.words import DECIDED
from protocol.rows import DecisionRow, EscalationRow


def inbox_item(row: EscalationRow) -> dict[str, Any]:
    """One row of the inbox."""
    options = [{"option": n, "title": o["title"], "action": o["action"]} for n, o in enumerate(row.options)]
    return {
        "id": row.id,
        "type": row.type,
        "case": row.case,
        "summary": row.summary,
        "action": dict(row.action) if row.action else None,
        "options": options,
        "agent": row.agent,
        "role": row.role,
        "due_at": row.due_at,
        "action_hash": row.action_hash,
        "reason": row.reason,
    }


def decision_shape(row: DecisionRow) -> dict[str, Any]:
    """One recorded decision."""
    return {
        "by": row.person,
        "name": row.name,
        "role": row.role,
        "meaning": row.meaning,
        "decision": DECIDED[row.decision],
        "at": row.at,
        "option": row.option,
        "text": row.text,
        "reason": row.reason,
        "channel": row.channel,
        "action_hash": row.action_hash,
    }

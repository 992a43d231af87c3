"""What became of a case, in the JSON shapes other programs rely on (DESIGN section 8). Read-only."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from protocol.errors import NotFoundError
from protocol.ports import ReadTx
from protocol.rows import CaseRow, EscalationRow, VerdictRow
from protocol.usage import total


def run_shape(tx: ReadTx, case_id: str, schema: str = "andon/run/v1") -> dict[str, Any]:
    """The shape ``run`` of a case; raises NotFoundError for an id nobody knows."""
    case = tx.case(case_id)
    if case is None:
        raise NotFoundError(
            f"There is no case {case_id}.", hint="`andon cases` lists them.", code="unknown_id"
        )
    escalations = tx.escalations(case_id)
    return {
        "schema": schema,
        "case": case.id,
        "status": str(case.status),
        "reply": case.reply,
        "verdicts": [verdict_shape(v) for v in tx.verdicts(case_id)],
        "code": case.code,
        "clarify": case.clarify,
        "escalations": [e.id for e in escalations],
        "waiting": _waiting(case, escalations),
        "usage": _usage(tx, case_id),
        "rounds": case.rounds,
        "duration_s": None if case.duration_ms is None else case.duration_ms / 1000,
        "session": case.session,
    }


def verdict_shape(row: VerdictRow) -> dict[str, Any]:
    """One verdict."""
    return {
        "action": row.kind,
        "agent": row.agent,
        "resource": row.resource,
        "verdict": str(row.verdict),
        "reason": row.reason,
        "key": row.key,
        "code": row.code,
    }


def _waiting(case: CaseRow, escalations: Sequence[EscalationRow]) -> list[dict[str, str]]:
    if case.status.ended:
        return []
    return [{"id": e.id, "role": e.role, "due_at": e.due_at} for e in escalations if e.state == "pending"]


def _usage(tx: ReadTx, case_id: str) -> dict[str, Any]:
    """Sums over the case's turns. ``cost_usd``: a number, null when unknown, never 0 for that."""
    found = total(turn for _, turn in tx.turns(case_id))
    cost = None if found.cost_usd is None else float(found.cost_usd) or 0
    return {**asdict(found), "cost_usd": cost}


def decision_shape(
    tx: ReadTx, escalation: str, by: str, signatures: tuple[int, int], decision: str
) -> dict[str, Any]:
    """The shape ``approve`` (reject and answer: the same) after the case went as far as it can."""
    row = tx.escalation(escalation)
    if row is None:
        raise NotFoundError(f"There is no escalation {escalation}.", code="unknown_id")
    case = tx.case(row.case)
    words = {"approve": "approved", "reject": "rejected", "answer": "answered"}
    have, need = signatures
    return {
        "schema": f"andon/{decision}/v1",
        "id": row.id,
        "decision": words[decision] if have >= need else None,
        "by": by,
        "signatures": {"have": have, "need": need},
        "superseded_by": row.superseded_by,
        "case": row.case,
        "status": str(case.status) if case else None,
        "reply": case.reply if case else "",
        "verdicts": [
            verdict_shape(v) for v in tx.verdicts(row.case) if v.key == row.key or row.type == "question"
        ],
    }

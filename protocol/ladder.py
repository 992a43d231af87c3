"""An escalation on its ladder of people: who is asked now, until when, and how it ends (R5, R12).

Time moves it from rung to rung and off the last one: silence is no yes. A person's decision closes
it; until the gate has applied what was decided, a changed record may still put a newer one in its place.
"""

from collections.abc import Mapping
from enum import StrEnum

from protocol.copies import changed
from protocol.machine import Machine
from protocol.rows import EscalationRow, EscalationState
from protocol.times import plus


class LadderEvent(StrEnum):
    """What can happen to an escalation. Those that close it for a person are named as the decision is."""

    RUNG_END = "rung_end"
    """Nobody of this rung decided in time: the next one is asked."""
    EXPIRE = "expire"
    """The last rung ended, or the time in which the action may happen did."""
    SIGN = "sign"
    """Somebody approved, and more signatures are needed."""
    APPROVE = "approve"
    """The last signature that was needed."""
    EDIT = "edit"
    """A person approved other values."""
    REJECT = "reject"
    """A person said no."""
    ANSWER = "answer"
    """A person chose an option of a question."""
    SUPERSEDE = "supersede"
    """What was shown has changed: people are asked anew, by another escalation."""
    WITHDRAW = "withdraw"
    """Whoever asked needs no answer any more."""


_S, _E = EscalationState, LadderEvent
TABLE: Mapping[tuple[EscalationState, LadderEvent], EscalationState] = {
    (_S.PENDING, _E.RUNG_END): _S.PENDING,
    (_S.PENDING, _E.EXPIRE): _S.EXPIRED,
    (_S.PENDING, _E.SIGN): _S.PENDING,
    (_S.PENDING, _E.APPROVE): _S.APPROVED,
    (_S.PENDING, _E.EDIT): _S.EDITED,
    (_S.PENDING, _E.REJECT): _S.REJECTED,
    (_S.PENDING, _E.ANSWER): _S.ANSWERED,
    (_S.PENDING, _E.SUPERSEDE): _S.SUPERSEDED,
    (_S.PENDING, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.APPROVED, _E.SUPERSEDE): _S.SUPERSEDED,
    (_S.EDITED, _E.SUPERSEDE): _S.SUPERSEDED,
    (_S.ANSWERED, _E.SUPERSEDE): _S.SUPERSEDED,
}
"""(state, event) -> next state. A pair that is absent is not a legal event."""

MACHINE = Machine(
    "escalation",
    _S,
    _E,
    TABLE,
    initial=_S.PENDING,
    finals=frozenset({_S.REJECTED, _S.EXPIRED, _S.WITHDRAWN, _S.SUPERSEDED}),
    rests=frozenset({_S.APPROVED, _S.EDITED, _S.ANSWERED}),
)


def advance(state: EscalationState, event: LadderEvent) -> EscalationState:
    """One step of the table. Raises IllegalStepError when the escalation is not open for that."""
    return MACHINE.advance(state, event)


def step(row: EscalationRow, event: LadderEvent) -> EscalationRow:
    """``row`` after ``event``: in its next state and, when a rung ended, on the next rung."""
    after = changed(row, state=advance(row.state, event))
    if event is not LadderEvent.RUNG_END:
        return after
    rung = row.ladder[row.rung + 1]
    due_at = min(plus(row.due_at, seconds=int(rung["answer_s"])), row.expires_at)
    return changed(after, rung=row.rung + 1, role=str(rung["role"]), due_at=due_at)


def superseded(row: EscalationRow, by: str) -> EscalationRow:
    """``row`` with the escalation ``by`` in its place."""
    return changed(step(row, LadderEvent.SUPERSEDE), superseded_by=by)


def due(row: EscalationRow, now: str) -> LadderEvent | None:
    """What time has brought about by ``now``: the end of this rung or of all of them, or None."""
    if row.state is not EscalationState.PENDING or row.due_at > now:
        return None
    last = row.rung + 1 >= len(row.ladder) or row.due_at >= row.expires_at
    return LadderEvent.EXPIRE if last else LadderEvent.RUNG_END


def move_on(row: EscalationRow, now: str) -> EscalationRow:
    """``row`` as it stands at ``now``: on the rung that is asked then, or expired."""
    while (event := due(row, now)) is not None:
        row = step(row, event)
    return row

"""A person's decision from its recording to its use: it is applied once, or it comes to nothing (R12).

It counts when as many as are needed have decided alike. The gate then checks it again, in the
transaction of the commit: a changed record makes it stale, a lost ground refuses it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from protocol import ladder
from protocol.effects import Refusal
from protocol.ladder import LadderEvent
from protocol.machine import Machine
from protocol.rows import DecisionRow, EscalationRow, EscalationState


class DecisionState(StrEnum):
    """Where a decision stands."""

    RECORDED = "recorded"
    COMPLETE = "complete"
    SPENT = "spent"
    STALE = "stale"
    REFUSED = "refused"
    LAPSED = "lapsed"


class DecisionEvent(StrEnum):
    """What can happen to a decision."""

    COMPLETE = "complete"
    """As many people as are needed have decided so."""
    LAPSE = "lapse"
    """Somebody else said no, or nobody else signed in time."""
    APPLY = "apply"
    """The gate does what was decided."""
    CHANGE = "change"
    """What was shown has changed: people are asked anew."""
    REFUSE = "refuse"
    """The action, the manifest, the ledger, the hour or a role no longer fits, or the case stops."""


_S, _E = DecisionState, DecisionEvent
TABLE: Mapping[tuple[DecisionState, DecisionEvent], DecisionState] = {
    (_S.RECORDED, _E.COMPLETE): _S.COMPLETE,
    (_S.RECORDED, _E.LAPSE): _S.LAPSED,
    (_S.COMPLETE, _E.APPLY): _S.SPENT,
    (_S.COMPLETE, _E.CHANGE): _S.STALE,
    (_S.COMPLETE, _E.REFUSE): _S.REFUSED,
}
"""(state, event) -> next state. A pair that is absent is not a legal event."""

MACHINE = Machine(
    "decision",
    _S,
    _E,
    TABLE,
    initial=_S.RECORDED,
    finals=frozenset({_S.SPENT, _S.STALE, _S.REFUSED, _S.LAPSED}),
)


def advance(state: DecisionState, event: DecisionEvent) -> DecisionState:
    """One step of the table. Raises IllegalStepError for a decision that is not complete, or used."""
    return MACHINE.advance(state, event)


def standing(row: EscalationRow, decision: DecisionRow) -> DecisionState:
    """Where a decision that no pass has used stands, by its escalation: recorded, complete or lapsed."""
    if row.state is EscalationState.PENDING:
        return DecisionState.RECORDED
    decided = ladder.advance(EscalationState.PENDING, LadderEvent(decision.decision))
    return advance(
        DecisionState.RECORDED, DecisionEvent.COMPLETE if row.state is decided else DecisionEvent.LAPSE
    )


@dataclass(frozen=True, slots=True)
class Checked:
    """A complete decision, checked again: where it stands now, and why.

    ``reason`` and ``code``: what refuses it. ``changed``: bound records, by ref, that have changed.
    """

    state: DecisionState
    reason: str = ""
    code: str = ""
    changed: Sequence[str] = ()


def checked(refusal: Refusal | None, changed: Sequence[str]) -> Checked:
    """What the gate makes of a complete decision, given what it found against it."""
    if refusal is not None:
        return Checked(advance(_S.COMPLETE, _E.REFUSE), refusal.message, refusal.code)
    if changed:
        return Checked(advance(_S.COMPLETE, _E.CHANGE), changed=changed)
    return Checked(advance(_S.COMPLETE, _E.APPLY))

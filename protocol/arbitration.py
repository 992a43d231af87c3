"""What becomes of one action when the gate judges it: one verdict, and never a second (R3).

An action that an older claim blocks is tried once more after the others of its round, since one of
them may free the interval. What is judged by itself has nobody to wait for and is tried once.
"""

from collections.abc import Mapping
from enum import StrEnum

from protocol.machine import Machine
from protocol.rows import Verdict


class ActionState(StrEnum):
    """Where an action stands in its judgement; after the first two, the verdict it was given."""

    PROPOSED = "proposed"
    LAST_TRY = "last_try"
    COMMITTED = "committed"
    DUPLICATE = "duplicate"
    ASKED = "asked"
    CONFLICT = "conflict"
    REFUSED = "refused"
    OVERRULED = "overruled"
    SHADOWED = "shadowed"
    ESCALATED = "escalated"


class ActionEvent(StrEnum):
    """What the gate finds about an action."""

    BLOCK = "block"
    """An interval held since before this pass is in the way: the others are judged first."""
    SINGLE = "single"
    """It is judged by itself: signed by a person, or a position left on the table by a cut."""
    COMMIT = "commit"
    """Every check passes: it happens."""
    FIND_DONE = "find_done"
    """The same action was committed before under its key: the stored result stands."""
    ASK_OWNER = "ask_owner"
    """What it writes, or what is in its way, is another agent's to decide."""
    READ_STALE = "read_stale"
    """It was made from a state that has changed, and is not possible now."""
    REFUSE = "refuse"
    """Scope, params, a precondition, a rule or an invariant forbids it."""
    OVERRULE = "overrule"
    """An action that ranks before it took what it needs."""
    SHADOW = "shadow"
    """Its agent only watches: the action is kept for comparison."""
    ESCALATE = "escalate"
    """A person has to sign it."""


_S, _E = ActionState, ActionEvent
_VERDICTS: Mapping[ActionEvent, ActionState] = {
    _E.COMMIT: _S.COMMITTED,
    _E.FIND_DONE: _S.DUPLICATE,
    _E.ASK_OWNER: _S.ASKED,
    _E.READ_STALE: _S.CONFLICT,
    _E.REFUSE: _S.REFUSED,
    _E.OVERRULE: _S.OVERRULED,
    _E.SHADOW: _S.SHADOWED,
    _E.ESCALATE: _S.ESCALATED,
}
TABLE: Mapping[tuple[ActionState, ActionEvent], ActionState] = {
    (_S.PROPOSED, _E.BLOCK): _S.LAST_TRY,
    (_S.PROPOSED, _E.SINGLE): _S.LAST_TRY,
    **{
        (state, event): verdict
        for state in (_S.PROPOSED, _S.LAST_TRY)
        for event, verdict in _VERDICTS.items()
    },
}
"""(state, event) -> next state. A pair that is absent is not a legal event."""

MACHINE = Machine("action", _S, _E, TABLE, initial=_S.PROPOSED, finals=frozenset(_VERDICTS.values()))

_GIVES = {verdict: event for event, verdict in _VERDICTS.items()}


def advance(state: ActionState, event: ActionEvent) -> ActionState:
    """One step of the table. Raises IllegalStepError for a second verdict or a second block."""
    return MACHINE.advance(state, event)


def ruled(state: ActionState, verdict: Verdict) -> ActionState:
    """The state after ``verdict``. Raises IllegalStepError when one was given before."""
    return advance(state, _GIVES[ActionState(verdict)])

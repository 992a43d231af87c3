"""A case from its opening to its end: agents are at work, or people are awaited, until it has ended."""

from collections.abc import Mapping
from enum import StrEnum

from protocol.copies import changed
from protocol.machine import Machine
from protocol.rows import CaseRow, CaseStatus


class CaseEvent(StrEnum):
    """What can happen to a case."""

    WORK = "work"
    """Agents have something to do: another round."""
    AWAIT = "await"
    """Nobody but people can go on."""
    DECIDE = "decide"
    """A person decided, or time did: the gate looks at the case again."""
    STOP = "stop"
    """It cannot go on as it is: agents stop, and a person is told why."""
    FINISH = "finish"
    """Nothing is left to do."""
    REFUSE = "refuse"
    """Nothing is left to do, and what was asked for is refused."""
    FAIL = "fail"
    """Nothing is left to do, and something failed on the way."""


_S, _E = CaseStatus, CaseEvent
TABLE: Mapping[tuple[CaseStatus, CaseEvent], CaseStatus] = {
    (_S.OPEN, _E.WORK): _S.OPEN,
    (_S.OPEN, _E.AWAIT): _S.WAITING,
    (_S.OPEN, _E.DECIDE): _S.OPEN,
    (_S.OPEN, _E.STOP): _S.WAITING,
    (_S.OPEN, _E.FINISH): _S.DONE,
    (_S.OPEN, _E.REFUSE): _S.REFUSED,
    (_S.OPEN, _E.FAIL): _S.FAILED,
    (_S.WAITING, _E.WORK): _S.OPEN,
    (_S.WAITING, _E.AWAIT): _S.WAITING,
    (_S.WAITING, _E.DECIDE): _S.WAITING,
    (_S.WAITING, _E.STOP): _S.WAITING,
    (_S.WAITING, _E.FINISH): _S.DONE,
    (_S.WAITING, _E.REFUSE): _S.REFUSED,
    (_S.WAITING, _E.FAIL): _S.FAILED,
}
"""(state, event) -> next state. A pair that is absent is not a legal event."""

MACHINE = Machine(
    "case", _S, _E, TABLE, initial=_S.OPEN, finals=frozenset(status for status in _S if status.ended)
)


def advance(status: CaseStatus, event: CaseEvent) -> CaseStatus:
    """One step of the table. Raises IllegalStepError when the case has ended."""
    return MACHINE.advance(status, event)


def woken(case: CaseRow) -> CaseRow | None:
    """``case`` with work due, now that something it waits for was decided; None when it has ended."""
    if not MACHINE.allows(case.status, CaseEvent.DECIDE):
        return None
    return changed(case, status=advance(case.status, CaseEvent.DECIDE), runnable=True)

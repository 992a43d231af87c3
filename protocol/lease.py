"""The lease of a case: one process drives it at a time, and one that lost it does no harm.

Whoever takes it gets a fencing token, one higher than any before; a commit names its token and counts
only under the newest. Instants are wall seconds, the one clock that processes share.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from protocol.machine import Machine
from protocol.rows import LeaseHolder, LeaseRow


class LeaseState(StrEnum):
    """Where a lease stands at an instant."""

    FREE = "free"
    HELD = "held"
    LAPSED = "lapsed"


class LeaseEvent(StrEnum):
    """What can happen to a lease."""

    TAKE = "take"
    """A process takes the case up."""
    RENEW = "renew"
    """Its holder says that it still lives; late, but before anybody took over, is in time."""
    PAUSE = "pause"
    """Its holder gives it back: the case waits for a person, has ended, or could not go on."""
    EXPIRE = "expire"
    """It was not renewed in time."""
    HOLDER_DIES = "holder_dies"
    """The process that holds it is known to be gone."""
    TAKE_OVER = "take_over"
    """Another process takes the case up; what the one before still wants to commit is refused."""


_S, _E = LeaseState, LeaseEvent
TABLE: Mapping[tuple[LeaseState, LeaseEvent], LeaseState] = {
    (_S.FREE, _E.TAKE): _S.HELD,
    (_S.HELD, _E.RENEW): _S.HELD,
    (_S.HELD, _E.PAUSE): _S.FREE,
    (_S.HELD, _E.EXPIRE): _S.LAPSED,
    (_S.HELD, _E.HOLDER_DIES): _S.LAPSED,
    (_S.LAPSED, _E.RENEW): _S.HELD,
    (_S.LAPSED, _E.PAUSE): _S.FREE,
    (_S.LAPSED, _E.TAKE_OVER): _S.HELD,
}
"""(state, event) -> next state. A pair that is absent is not a legal event."""

MACHINE = Machine("lease", _S, _E, TABLE, initial=_S.FREE, rests=frozenset({_S.FREE}))


def advance(state: LeaseState, event: LeaseEvent) -> LeaseState:
    """One step of the table. Raises IllegalStepError when the lease is not to be had, or not held."""
    return MACHINE.advance(state, event)


def free(case: str) -> LeaseRow:
    """The lease of a case that nobody has driven yet."""
    return LeaseRow(case, token=0, holder=None, expires=0.0)


def state_of(lease: LeaseRow, now: float, *, dead: bool = False) -> LeaseState:
    """Where ``lease`` stands at ``now``. ``dead``: its holder is known to be gone."""
    if lease.holder is None:
        return LeaseState.FREE
    if dead:
        return advance(LeaseState.HELD, LeaseEvent.HOLDER_DIES)
    if lease.expires <= now:
        return advance(LeaseState.HELD, LeaseEvent.EXPIRE)
    return LeaseState.HELD


def take(lease: LeaseRow, holder: LeaseHolder, now: float, ttl_s: float, *, dead: bool) -> LeaseRow | None:
    """``lease`` in the hands of ``holder`` under the next token; None when another holds it."""
    state = state_of(lease, now, dead=dead)
    if not MACHINE.allows(state, LeaseEvent.TAKE if state is LeaseState.FREE else LeaseEvent.TAKE_OVER):
        return None
    return LeaseRow(lease.case, lease.token + 1, holder, now + ttl_s)


def renew(lease: LeaseRow, token: int, now: float, ttl_s: float) -> LeaseRow | None:
    """``lease`` for ``ttl_s`` from ``now``; None when it is no longer held under ``token``."""
    if not (holds(lease, token) and MACHINE.allows(state_of(lease, now), LeaseEvent.RENEW)):
        return None
    return replace(lease, expires=now + ttl_s)


def give_back(lease: LeaseRow, token: int) -> LeaseRow | None:
    """``lease`` free again, its token kept; None when it is no longer held under ``token``."""
    state = LeaseState.FREE if lease.holder is None else LeaseState.HELD  # lapsed, it is given back alike
    if not (holds(lease, token) and MACHINE.allows(state, LeaseEvent.PAUSE)):
        return None
    return replace(lease, holder=None, expires=0.0)


def holds(lease: LeaseRow, token: int) -> bool:
    """Whether ``token`` is the newest of this lease: what is done under an older one does not count."""
    return 0 < token == lease.token

"""The lease of a case: one process drives it at a time, and one that lost it does no harm.

Whoever takes it gets a fencing token, one higher than any before; a commit names its token and counts
only under the newest. Whether a lease has ended is not read from stored instants, since clocks differ and
are set: an observer has seen its holder gone, or the row unchanged for a whole lease of its own time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from protocol.copies import changed
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
    END = "end"
    """It was seen to have ended: not renewed for its whole length, or its holder is gone."""
    TAKE_OVER = "take_over"
    """Another process takes the case up; what the one before still wants to commit is refused."""


_S, _E = LeaseState, LeaseEvent
TABLE: Mapping[tuple[LeaseState, LeaseEvent], LeaseState] = {
    (_S.FREE, _E.TAKE): _S.HELD,
    (_S.HELD, _E.RENEW): _S.HELD,
    (_S.HELD, _E.PAUSE): _S.FREE,
    (_S.HELD, _E.END): _S.LAPSED,
    (_S.LAPSED, _E.RENEW): _S.HELD,
    (_S.LAPSED, _E.PAUSE): _S.FREE,
    (_S.LAPSED, _E.TAKE_OVER): _S.HELD,
}
"""(state, event) -> next state. A pair that is absent is not a legal event."""

MACHINE = Machine("lease", _S, _E, TABLE, initial=_S.FREE, rests=frozenset({_S.FREE}))


def advance(state: LeaseState, event: LeaseEvent) -> LeaseState:
    """One step of the table. Raises IllegalStepError when the lease is not to be had, or not held."""
    return MACHINE.advance(state, event)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A lease as an observer has seen it, unchanged since ``since_s`` of the observer's elapsed time."""

    token: int
    expires: float
    since_s: float


def sighted(before: Sighting | None, lease: LeaseRow, now_s: float) -> Sighting:
    """What is remembered after a look at ``now_s``: a lease that has changed begins anew."""
    if before is not None and (before.token, before.expires) == (lease.token, lease.expires):
        return before
    return Sighting(lease.token, lease.expires, now_s)


def unchanged(sighting: Sighting, now_s: float, ttl_s: float) -> bool:
    """Whether it was seen unchanged for its whole length."""
    return now_s - sighting.since_s >= ttl_s


def free(case: str) -> LeaseRow:
    """The lease of a case that nobody has driven yet."""
    return LeaseRow(case, token=0, holder=None, expires=0.0)


def state_of(lease: LeaseRow, *, ended: bool = False) -> LeaseState:
    """Where ``lease`` stands. ``ended``: whoever asks has seen it unchanged for long, or its holder gone."""
    if lease.holder is None:
        return LeaseState.FREE
    return advance(LeaseState.HELD, LeaseEvent.END) if ended else LeaseState.HELD


def take(lease: LeaseRow, holder: LeaseHolder, now: float, ttl_s: float, *, ended: bool) -> LeaseRow | None:
    """``lease`` in the hands of ``holder`` under the next token; None when another holds it."""
    state = state_of(lease, ended=ended)
    if not MACHINE.allows(state, LeaseEvent.TAKE if state is LeaseState.FREE else LeaseEvent.TAKE_OVER):
        return None
    return LeaseRow(lease.case, lease.token + 1, holder, now + ttl_s)


def renew(lease: LeaseRow, token: int, now: float, ttl_s: float) -> LeaseRow | None:
    """``lease`` for ``ttl_s`` from ``now``; None when it is no longer held under ``token``."""
    if not (holds(lease, token) and MACHINE.allows(state_of(lease), LeaseEvent.RENEW)):
        return None
    # Whoever watches goes by its change: a clock that was set back must not make two renewals look alike.
    return changed(lease, expires=max(now + ttl_s, lease.expires + 1))


def give_back(lease: LeaseRow, token: int) -> LeaseRow | None:
    """``lease`` free again, its token kept; None when it is no longer held under ``token``."""
    state = LeaseState.FREE if lease.holder is None else LeaseState.HELD  # lapsed, it is given back alike
    if not (holds(lease, token) and MACHINE.allows(state, LeaseEvent.PAUSE)):
        return None
    return changed(lease, holder=None, expires=0.0)


def holds(lease: LeaseRow, token: int) -> bool:
    """Whether ``token`` is the newest of this lease: what is done under an older one does not count."""
    return 0 < token == lease.token

"""A circuit breaker: whether a callee is called at all, decided from what its last calls came to (R6).

Calls are counted, not attempts. A closed breaker opens on one of three things: ``failures`` failed calls
in a row; a share of bad calls among the last ``window``, once there were ``min_calls`` of them; one call
that came back later than the callee's timeout, which only work that cannot be cancelled does. Alternating
results never make a row, and open it through the share: with the defaults at the tenth call, or at the
eleventh when the tenth was good, since a good answer never opens it. Slow calls, which took nearly all
of the timeout, are bad in the window and no failure in a row.

After the cooldown one call is let through as the probe, under a lease. Only a good answer to it closes
the breaker; any other end of it gives the lease back, and a probe that never ends loses it. What other
calls come to while the breaker is not closed is late news and changes nothing.

Times are seconds of the clock that processes share. A clock that was set back keeps no breaker open:
an instant further ahead than clocks may differ counts as past.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from protocol.copies import changed
from protocol.machine import Machine

CLOCK_SLACK_S = 5.0
"""How far the clocks of two machines on one ledger may differ, in seconds."""


class BreakerState(StrEnum):
    """Whether calls pass."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """One leased call is on its way, and decides."""


class BreakerEvent(StrEnum):
    """What can happen to a breaker."""

    FAIL = "fail"
    """Calls went badly enough, or the probe did."""
    PROBE = "probe"
    """A call is let through after the cooldown, or after another probe lost its lease."""
    CLOSE = "close"
    """The probe got a good answer."""
    RELEASE = "release"
    """The probe ended without telling anything about the callee."""
    TRIP = "trip"
    """A person opens it."""
    RESET = "reset"
    """A person closes it."""


_S, _E = BreakerState, BreakerEvent
TABLE: Mapping[tuple[BreakerState, BreakerEvent], BreakerState] = {
    (_S.CLOSED, _E.FAIL): _S.OPEN,
    (_S.CLOSED, _E.TRIP): _S.OPEN,
    (_S.CLOSED, _E.RESET): _S.CLOSED,
    (_S.OPEN, _E.PROBE): _S.HALF_OPEN,
    (_S.OPEN, _E.TRIP): _S.OPEN,
    (_S.OPEN, _E.RESET): _S.CLOSED,
    (_S.HALF_OPEN, _E.PROBE): _S.HALF_OPEN,
    (_S.HALF_OPEN, _E.CLOSE): _S.CLOSED,
    (_S.HALF_OPEN, _E.FAIL): _S.OPEN,
    (_S.HALF_OPEN, _E.RELEASE): _S.OPEN,
    (_S.HALF_OPEN, _E.TRIP): _S.OPEN,
    (_S.HALF_OPEN, _E.RESET): _S.CLOSED,
}
"""(state, event) -> next state. A pair that is absent is not a legal event."""

MACHINE = Machine(
    "breaker",
    BreakerState,
    BreakerEvent,
    TABLE,
    initial=BreakerState.CLOSED,
    rests=frozenset({BreakerState.CLOSED, BreakerState.OPEN}),
)


def advance(state: BreakerState, event: BreakerEvent) -> BreakerState:
    """One step of the table. Raises IllegalStepError for a pair that is absent."""
    return MACHINE.advance(state, event)


class CallResult(StrEnum):
    """What one call came to, as far as its callee is concerned."""

    GOOD = "good"
    SLOW = "slow"
    """Answered, after nearly all of the callee's timeout."""
    LATE = "late"
    """It came back well after the callee's timeout, with an answer or without."""
    TIMEOUT = "timeout"
    ERROR = "error"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    """It ended without telling anything of the callee: a model endpoint failed, or nobody waits for it."""


FAILURES = frozenset({CallResult.LATE, CallResult.TIMEOUT, CallResult.ERROR, CallResult.INVALID})
GOOD_MARK, BAD_MARK = "0", "1"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a breaker opens and how long it stays open. ``lease_s``: the callee's timeout."""

    failures: int
    cooldown_s: float
    window: int
    min_calls: int
    bad_percent: int
    lease_s: float


@dataclass(frozen=True, slots=True)
class Probe:
    """The one call let through: its key, and when its lease ends."""

    call: str
    until_s: float


@dataclass(frozen=True, slots=True)
class Breaker:
    """A breaker as stored. ``name``: ``CALLER/CALLEE`` of a pair, ``model:NAME`` of an endpoint.

    ``failures``: failed calls in a row. ``window``: a mark for each of the last calls, oldest first, 0
    good and 1 bad. ``since_s``: when this state began, None when it never changed. ``opened_s``: when the
    present cooldown began, None while closed. ``cause``: what opened it last: a call's result, ``share``,
    or a person's reason. ``tripped_by``: the person who opened it; it then stays open until a person
    resets it. ``version`` 0: not stored yet.
    """

    name: str
    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    window: str = ""
    since_s: float | None = None
    opened_s: float | None = None
    probe: Probe | None = None
    cause: str = ""
    tripped_by: str | None = None
    version: int = 0

    @property
    def bad(self) -> int:
        """Bad calls in the window."""
        return self.window.count(BAD_MARK)


class Entry(StrEnum):
    """How a call is let in."""

    ADMITTED = "admitted"
    PROBE = "probe"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a call may be made, and the breaker after it was asked for."""

    entry: Entry
    after: Breaker


@dataclass(frozen=True, slots=True)
class Change:
    """A change worth telling: what the breaker did, why, and how many calls had failed in a row."""

    what: Literal["opened", "half_open", "closed"]
    cause: str
    failures: int

    def data(self, name: str) -> dict[str, Any]:
        """What an event tells of it."""
        return {"breaker": name, "cause": self.cause, "failures": self.failures}


def change(before: Breaker, after: Breaker) -> Change | None:
    """What to tell of the step from ``before`` to ``after``; None when nobody's calls fare otherwise."""
    if (after.state, after.probe, after.opened_s) == (before.state, before.probe, before.opened_s):
        return None
    match after.state:
        case BreakerState.CLOSED:
            return Change("closed", "good" if before.probe else "reset", before.failures)
        case BreakerState.HALF_OPEN:
            return Change("half_open", "lease_lost" if before.probe else "cooled", after.failures)
        case BreakerState.OPEN:
            released = after.opened_s == before.opened_s
            return Change("opened", "released" if released else after.cause, after.failures)


def pair(caller: str, callee: str) -> str:
    """The name of a pair's breaker."""
    return f"{caller}/{callee}"


def endpoint(name: str) -> str:
    """The name of a model endpoint's breaker."""
    return f"model:{name}"


def admit(breaker: Breaker, now_s: float, call: str, policy: BreakerPolicy) -> Admission:
    """May ``call`` be made? At most one call is a probe at a time; asking again for it is no second one."""
    if breaker.state is BreakerState.CLOSED:
        return Admission(Entry.ADMITTED, breaker)
    if not _may_probe(breaker, now_s, call, policy):
        return Admission(Entry.REFUSED, breaker)
    leased = Probe(call, now_s + policy.lease_s)
    return Admission(Entry.PROBE, _step(breaker, BreakerEvent.PROBE, now_s, probe=leased))


def _may_probe(breaker: Breaker, now_s: float, call: str, policy: BreakerPolicy) -> bool:
    if breaker.tripped_by is not None or breaker.opened_s is None:
        return False
    if breaker.probe is not None:
        left_s = breaker.probe.until_s - now_s
        return breaker.probe.call == call or not 0 < left_s <= policy.lease_s + CLOCK_SLACK_S
    return not -CLOCK_SLACK_S <= now_s - breaker.opened_s < policy.cooldown_s


def next_probe_s(breaker: Breaker, policy: BreakerPolicy) -> float | None:
    """When the next call may probe; None while closed, or when only a person can close it."""
    if breaker.tripped_by is not None or breaker.opened_s is None:
        return None
    return breaker.probe.until_s if breaker.probe else breaker.opened_s + policy.cooldown_s


def record(breaker: Breaker, result: CallResult, now_s: float, call: str, policy: BreakerPolicy) -> Breaker:
    """The breaker after ``call`` came to ``result``; the same value when that changes nothing."""
    match breaker.state:
        case BreakerState.CLOSED:
            return breaker if result is CallResult.UNKNOWN else _counted(breaker, result, now_s, policy)
        case BreakerState.OPEN:
            return breaker
        case BreakerState.HALF_OPEN:
            ours = breaker.probe is not None and breaker.probe.call == call
            return _probed(breaker, result, now_s) if ours else breaker


def _counted(breaker: Breaker, result: CallResult, now_s: float, policy: BreakerPolicy) -> Breaker:
    mark = GOOD_MARK if result is CallResult.GOOD else BAD_MARK
    failures = breaker.failures + 1 if result in FAILURES else 0
    counted = changed(breaker, failures=failures, window=(breaker.window + mark)[-policy.window :])
    in_a_row = result is CallResult.LATE or failures >= policy.failures
    calls = len(counted.window)
    too_many = (
        calls >= min(policy.min_calls, policy.window) and counted.bad * 100 >= policy.bad_percent * calls
    )
    if in_a_row or (mark == BAD_MARK and too_many):
        cause = str(result) if in_a_row else "share"
        return _step(counted, BreakerEvent.FAIL, now_s, opened_s=now_s, cause=cause)
    return counted


def _probed(breaker: Breaker, result: CallResult, now_s: float) -> Breaker:
    if result is CallResult.GOOD:
        return _closed(breaker, BreakerEvent.CLOSE, now_s)
    if result is CallResult.UNKNOWN:
        return _step(breaker, BreakerEvent.RELEASE, now_s, probe=None)
    failures = breaker.failures + 1 if result in FAILURES else breaker.failures
    again = changed(breaker, failures=failures, probe=None)
    return _step(again, BreakerEvent.FAIL, now_s, opened_s=now_s, cause=str(result))


def trip(breaker: Breaker, by: str, reason: str, now_s: float) -> Breaker:
    """Opened by a person; it stays open until a person resets it, and a probe on its way decides nothing."""
    return _step(breaker, BreakerEvent.TRIP, now_s, opened_s=now_s, probe=None, cause=reason, tripped_by=by)


def reset(breaker: Breaker, now_s: float) -> Breaker:
    """Closed by a person: counting starts anew."""
    return _closed(breaker, BreakerEvent.RESET, now_s)


def _closed(breaker: Breaker, event: BreakerEvent, now_s: float) -> Breaker:
    fresh = Breaker(breaker.name, breaker.state, since_s=breaker.since_s, version=breaker.version)
    return _step(fresh, event, now_s)


def _step(breaker: Breaker, event: BreakerEvent, now_s: float, **changes: Any) -> Breaker:
    state = advance(breaker.state, event)
    since_s = breaker.since_s if state is breaker.state else now_s
    return changed(breaker, state=state, since_s=since_s, **changes)

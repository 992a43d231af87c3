"""What must hold of a breaker at every tick: who is let in, what a result does, and that it never sticks.

What the model remembers beside the stored breaker (who probes, since when it is open, how many calls
failed in a row) it counts itself, to compare.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from protocol import breaker
from protocol.breaker import (
    BAD_MARK,
    CLOCK_SLACK_S,
    Breaker,
    BreakerPolicy,
    BreakerState,
    CallResult,
    Entry,
)

POLICY = BreakerPolicy(failures=3, cooldown_s=2, window=4, min_calls=4, bad_percent=50, lease_s=2)
LAST_TICK = 5
CALLS = 4
HOUR = 3600
SOON = round(max(POLICY.cooldown_s, POLICY.lease_s) + CLOCK_SLACK_S)
"""Ticks within which every breaker that no person holds open must let a call through, whatever the clock."""
FRESH = "fresh"
"""A call that nobody has made yet."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call on its way. ``probe``: it was let in as one."""

    name: str
    probe: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """What the model counts itself.

    ``row``: failures in a row; ``marks``: of the last calls; ``probe``: whose call is the probe;
    ``until``: the tick at which its lease ends, None when a clock set back has ended it; ``opened``:
    the tick at which the cooldown began, None when it is over or a clock set back has ended it.
    """

    row: int = 0
    marks: str = ""
    probe: str | None = None
    until: int | None = None
    opened: int | None = None


@dataclass(frozen=True, slots=True)
class Did:
    """What a step did: ``what`` with ``call``, and what came of it."""

    what: str
    call: str = ""
    result: CallResult | None = None
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class State:
    """``back``: ticks the clock may be set back, and ``shift``: has been. ``people``: interventions left."""

    row: Breaker
    counted: Counted = Counted()
    calls: tuple[Call, ...] = ()
    tick: int = 0
    shift: int = 0
    back: int = 0
    left: int = CALLS
    people: int = 0
    did: Did | None = None

    @property
    def now(self) -> int:
        """Seconds of the clock that all share."""
        return self.tick + self.shift


def step_wrong(before: State, after: State) -> Iterator[tuple[str, str]]:
    """(invariant, what is wrong) of a step."""
    if after.did is not None:
        yield from _STEPS[after.did.what](before, after, after.did)


def state_wrong(state: State) -> Iterator[tuple[str, str]]:
    """(invariant, what is wrong) of a state."""
    yield from _in_flight(state)
    yield from _goes_on(state)


def _in_flight(state: State) -> Iterator[tuple[str, str]]:
    """One probe at a time has a lease that runs."""
    probes = [c.name for c in state.calls if c.probe and state.row.probe and state.row.probe.call == c.name]
    if len(probes) > 1:
        yield "one_probe", f"{' and '.join(probes)} are both the probe"
    if state.row.state is BreakerState.HALF_OPEN and state.row.probe is None:
        yield "one_probe", "it is half open, and no call is the probe"


def _goes_on(state: State) -> Iterator[tuple[str, str]]:
    """Whatever is not closed has an instant at which a call is let through, and a good answer closes it."""
    row, tick = state.row, state.tick
    if row.state is BreakerState.CLOSED:
        return
    if row.tripped_by is not None:
        if breaker.reset(row, state.now).state is not BreakerState.CLOSED:
            yield "closed_reachable", "a person resets it and it does not close"
        return
    at = breaker.next_probe_s(row, POLICY)
    if at is None or not abs(at) < HOUR + LAST_TICK + SOON:
        yield "next_time", f"at tick {tick} it is {row.state} and there is no time at which it goes on"
        return
    soon = (state.now, state.now + SOON)
    let_in = [breaker.admit(row, now, FRESH, POLICY) for now in (at, *soon)]
    if let_in[0].entry is not Entry.PROBE:
        yield "next_time", f"at tick {tick} its next probe is announced for {at} s and refused then"
    if all(a.entry is not Entry.PROBE for a in let_in[1:]):
        yield "admitted_in_time", f"at tick {tick} it is {row.state} and lets nobody in within {SOON} ticks"
    elif breaker.record(let_in[0].after, CallResult.GOOD, at, FRESH, POLICY).state is not BreakerState.CLOSED:
        yield "closed_reachable", "a probe gets a good answer and it does not close"


def _ask_broken(before: State, after: State, did: Did) -> Iterator[tuple[str, str]]:
    counted, tick, row = before.counted, before.tick, before.row
    if row.state is BreakerState.CLOSED:
        if did.entry is not Entry.ADMITTED or after.row != row:
            yield "closed_admits", f"at tick {tick} it is closed and {did.call} was not simply let in"
        return
    if did.entry is not Entry.PROBE:
        return
    if row.tripped_by is not None:
        yield "tripped_stays", f"a person opened it and {did.call} was let in"
    if counted.probe is not None and counted.probe != did.call and tick < (counted.until or 0):
        yield "one_probe", f"{did.call} and {counted.probe} are probes at tick {tick}, each with its lease"
    cooled = tick >= (counted.opened or 0) + POLICY.cooldown_s
    if counted.probe is None and counted.opened is not None and not cooled:
        yield "cooldown", f"it opened at tick {counted.opened} and {did.call} was let in at tick {tick}"


def _end_broken(before: State, after: State, did: Did) -> Iterator[tuple[str, str]]:
    assert did.result is not None
    if before.row.state is BreakerState.CLOSED:
        yield from _counted_broken(after, did, did.result)
    elif did.call != before.counted.probe:
        if after.row != before.row:
            yield "foreign_result", f"{did.call} is not the probe, and made it {after.row.state}"
    elif did.result is CallResult.GOOD:
        if after.row.state is not BreakerState.CLOSED or after.row.failures or after.row.window:
            yield "probe_decides", f"the probe {did.call} got a good answer and it does not count anew"
    elif after.row.state is not BreakerState.OPEN or after.row.probe is not None:
        yield "probe_decides", f"the probe {did.call} came to {did.result} and keeps its lease"


def _counted_broken(after: State, did: Did, result: CallResult) -> Iterator[tuple[str, str]]:
    """Three failures in a row open it, or one that is late, or the share; nothing else does."""
    counted, is_open = after.counted, after.row.state is BreakerState.OPEN
    many = counted.marks.count(BAD_MARK) * 100 >= POLICY.bad_percent * len(counted.marks)
    share = result not in (CallResult.GOOD, CallResult.UNKNOWN) and many
    share = share and len(counted.marks) >= POLICY.min_calls
    must = counted.row >= POLICY.failures or result is CallResult.LATE or share
    if result is CallResult.UNKNOWN:
        must = False
    if must and not is_open:
        yield "fails_open", f"{did.call} came to {result}, failure {counted.row} in a row: it is not open"
    if is_open and not must:
        yield "opens_rightly", f"{did.call} came to {result}, failure {counted.row} in a row: it opened"


def _person_broken(before: State, after: State, did: Did) -> Iterator[tuple[str, str]]:
    wanted = BreakerState.OPEN if did.what == "trip" else BreakerState.CLOSED
    if after.row.state is not wanted or after.row.probe is not None:
        yield "person_decides", f"a person wanted it {wanted} and it is {after.row.state}"
    if did.what == "reset" and (after.row.failures or after.row.tripped_by):
        yield "person_decides", "a person closed it and it does not count anew"


_STEPS: dict[str, Callable[[State, State, Did], Iterator[tuple[str, str]]]] = {
    "ask": _ask_broken,
    "end": _end_broken,
    "trip": _person_broken,
    "reset": _person_broken,
}

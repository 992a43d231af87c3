"""A breaker by ticks: three callers of one callee, every result, late and lost ones, a clock set back.

A tick is a second. What the model remembers beside the stored breaker (who probes, since when it is
open, how many calls failed in a row) it counts itself, to compare. A caller that dies takes its call
with it; nothing is kept of a breaker but its row.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from evals.proving.tick_search import Happening
from protocol import breaker
from protocol.breaker import (
    BAD_MARK,
    CLOCK_SLACK_S,
    FAILURES,
    GOOD_MARK,
    Breaker,
    BreakerPolicy,
    BreakerState,
    CallResult,
    Entry,
)

POLICY = BreakerPolicy(failures=3, cooldown_s=2, window=4, min_calls=4, bad_percent=50, lease_s=2)
LAST_TICK = 5
CALLERS = 3
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


class BreakerModel:
    """Everything that can happen to one breaker."""

    name = "breaker by ticks"

    def starts(self) -> Iterator[tuple[str, State]]:
        """Closed: a person may intervene, or the clock go back by a tick or by more than clocks differ."""
        yield "the clock goes right", State(Breaker("pair"), people=1)
        for back in (1, HOUR):
            yield f"the clock will be set back by {back} s", State(Breaker("pair"), back=back)

    def key(self, state: State) -> Hashable:
        """All that decides: times from now, not the words that tell of it, and calls by what they are."""
        row, counted, now = state.row, state.counted, state.now
        probe = row.probe.call if row.probe else None
        calls = sorted((c.probe, c.name == probe, c.name == counted.probe) for c in state.calls)
        return (
            (state.tick, state.back, state.left, state.people),
            (row.state, row.failures, row.window, row.tripped_by),
            None if row.opened_s is None else row.opened_s - now,
            row.probe and (row.probe.until_s - now, row.probe.call == counted.probe),
            (counted.row, counted.marks, counted.probe is None, counted.until, counted.opened),
            tuple(calls),
        )

    def happenings(self, state: State) -> Iterator[Happening[State]]:
        """What callers, a person, the clock and time can do."""
        if state.left > 0 and len(state.calls) < CALLERS:
            name = f"call {CALLS - state.left + 1}"
            yield _happens(state, f"{name} is asked for", partial(_asked, state, name))
        for call in state.calls:
            yield from _ends(state, call)
        if state.people > 0:
            yield _happens(state, "a person opens it", partial(_by_person, state, "trip"))
        if state.people > 0 or state.row.tripped_by is not None:
            yield _happens(state, "a person closes it", partial(_by_person, state, "reset"))
        if state.back:
            yield _happens(state, f"the clock is set back by {state.back} s", partial(_set_back, state))
        if state.tick < LAST_TICK:
            yield _happens(state, "time passes", partial(replace, state, tick=state.tick + 1, did=None))

    def broken(self, before: State, after: State) -> Iterator[tuple[str, str]]:
        """What must hold of every step."""
        if after.did is not None:
            yield from _CHECKS[after.did.what](before, after, after.did)

    def wrong(self, state: State) -> Iterator[tuple[str, str]]:
        """What must hold of every state."""
        yield from _in_flight(state)
        yield from _goes_on(state)


def _happens(state: State, words: str, leads_to: Callable[[], State]) -> Happening[State]:
    return Happening(f"tick {state.tick}: {words}", leads_to)


def _ends(state: State, call: Call) -> Iterator[Happening[State]]:
    """A call comes back with any result, is asked for again by a repeated pass, or never ends."""
    for result in CallResult:
        yield _happens(state, f"{call.name} comes to {result}", partial(_ended, state, call, result))
    if call.probe:
        yield _happens(state, f"{call.name} is asked for again", partial(_asked, state, call.name))
    gone = tuple(c for c in state.calls if c is not call)
    yield _happens(state, f"{call.name} dies with its caller", partial(replace, state, calls=gone, did=None))


def _asked(state: State, name: str) -> State:
    admission = breaker.admit(state.row, state.now, name, POLICY)
    did = Did("ask", name, entry=admission.entry)
    again = any(c.name == name for c in state.calls)
    left = state.left if again else state.left - 1
    after = replace(state, row=admission.after, left=left, did=did)
    if admission.entry is Entry.REFUSED:
        return after
    probe = admission.entry is Entry.PROBE
    calls = state.calls if again else (*state.calls, Call(name, probe))
    counted = state.counted
    if probe:
        counted = replace(counted, probe=name, until=state.tick + round(POLICY.lease_s))
    return replace(after, calls=calls, counted=counted)


def _ended(state: State, call: Call, result: CallResult) -> State:
    row = breaker.record(state.row, result, state.now, call.name, POLICY)
    counted = state.counted
    if state.row.state is BreakerState.CLOSED:
        counted = _tallied(state, result, row)
    elif call.name == counted.probe:
        counted = _decided(state, result)
    calls = tuple(c for c in state.calls if c is not call)
    return replace(state, row=row, counted=counted, calls=calls, did=Did("end", call.name, result))


def _tallied(state: State, result: CallResult, row: Breaker) -> Counted:
    """Counted as the rule says it: a failure lengthens the row, an answer ends it."""
    if result is CallResult.UNKNOWN:
        return state.counted
    mark = GOOD_MARK if result is CallResult.GOOD else BAD_MARK
    marks = (state.counted.marks + mark)[-POLICY.window :]
    opened = state.tick if row.state is BreakerState.OPEN else None
    return Counted(state.counted.row + 1 if result in FAILURES else 0, marks, opened=opened)


def _decided(state: State, result: CallResult) -> Counted:
    if result is CallResult.GOOD:
        return Counted()
    opened = state.counted.opened if result is CallResult.UNKNOWN else state.tick
    return replace(state.counted, probe=None, until=None, opened=opened)


def _by_person(state: State, what: str) -> State:
    people = state.people - 1 if what == "trip" or state.row.tripped_by is None else state.people
    if what == "trip":
        row, counted = breaker.trip(state.row, "p", "proof", state.now), Counted(opened=state.tick)
    else:
        row, counted = breaker.reset(state.row, state.now), Counted()
    return replace(state, row=row, counted=counted, people=people, did=Did(what))


def _set_back(state: State) -> State:
    """Set back further than clocks may differ, what was begun counts as past."""
    counted = state.counted
    if state.back > CLOCK_SLACK_S:
        counted = replace(counted, until=None, opened=None)
    return replace(state, shift=-state.back, back=0, counted=counted, did=None)


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


_CHECKS: dict[str, Callable[[State, State, Did], Iterator[tuple[str, str]]]] = {
    "ask": _ask_broken,
    "end": _end_broken,
    "trip": _person_broken,
    "reset": _person_broken,
}

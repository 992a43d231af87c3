"""A breaker by ticks: three callers of one callee, every result, late and lost ones, a clock set back.

A tick is a second. A caller that dies takes its call with it; nothing is kept of a breaker but its row.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from evals.proving.breaker_checks import (
    CALLS,
    HOUR,
    LAST_TICK,
    POLICY,
    Call,
    Counted,
    Did,
    State,
    state_wrong,
    step_wrong,
)
from evals.proving.tick_search import Happening
from protocol import breaker
from protocol.breaker import (
    BAD_MARK,
    CLOCK_SLACK_S,
    FAILURES,
    GOOD_MARK,
    Breaker,
    BreakerState,
    CallResult,
    Entry,
)

CALLERS = 3
_ENDS: Mapping[CallResult, str] = {
    CallResult.GOOD: "gets a good answer",
    CallResult.SLOW: "gets a slow answer",
    CallResult.LATE: "comes back late",
    CallResult.TIMEOUT: "times out",
    CallResult.ERROR: "fails",
    CallResult.INVALID: "gets an invalid answer",
    CallResult.UNKNOWN: "ends and tells nothing of the callee",
}


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
        yield from step_wrong(before, after)

    def wrong(self, state: State) -> Iterator[tuple[str, str]]:
        """What must hold of every state."""
        yield from state_wrong(state)


def _happens(state: State, words: str, leads_to: Callable[[], State]) -> Happening[State]:
    return Happening(f"tick {state.tick}: {words}", leads_to)


def _ends(state: State, call: Call) -> Iterator[Happening[State]]:
    """A call comes back with any result, is asked for again by a repeated pass, or never ends."""
    for result in CallResult:
        yield _happens(state, f"{call.name} {_ENDS[result]}", partial(_ended, state, call, result))
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

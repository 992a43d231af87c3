"""The breaker alone: what opens it, who probes, what closes it, and what changes nothing (R6)."""

import itertools
from collections.abc import Iterable
from dataclasses import replace

import pytest

from protocol.breaker import (
    CLOCK_SLACK_S,
    FAILURES,
    Breaker,
    BreakerEvent,
    BreakerPolicy,
    BreakerState,
    CallResult,
    Change,
    Entry,
    admit,
    advance,
    change,
    endpoint,
    next_probe_s,
    pair,
    record,
    reset,
    trip,
)
from protocol.machine import IllegalStepError

NOW = 1_795_000_000.125
"""A wall clock of today: so many digits leave little room behind the point."""
COOLDOWN_S, LEASE_S = 30.0, 20.0
POLICY = BreakerPolicy(
    failures=3, cooldown_s=COOLDOWN_S, window=20, min_calls=10, bad_percent=50, lease_s=LEASE_S
)
GOOD, SLOW, LATE, UNKNOWN = CallResult.GOOD, CallResult.SLOW, CallResult.LATE, CallResult.UNKNOWN
CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


NEW = Breaker("a/b")


def after(results: Iterable[CallResult], breaker: Breaker = NEW) -> Breaker:
    for number, result in enumerate(results):
        breaker = record(breaker, result, NOW, f"c{number}", POLICY)
    return breaker


def probing(call: str = "p", at_s: float = NOW + COOLDOWN_S) -> Breaker:
    admission = admit(after([CallResult.ERROR] * 3), at_s, call, POLICY)
    assert admission.entry is Entry.PROBE
    return admission.after


def test_pairs_and_endpoints_cannot_share_a_name() -> None:
    assert (pair("crew", "crane"), endpoint("small")) == ("crew/crane", "model:small")


@pytest.mark.parametrize("failure", sorted(FAILURES - {LATE}))
def test_third_failure_in_a_row_opens_and_the_second_does_not(failure: CallResult) -> None:
    assert after([failure] * 2).state is CLOSED
    opened = after([failure] * 3)
    assert (opened.state, opened.cause, opened.failures) == (OPEN, failure, 3)
    assert (opened.opened_s, opened.since_s) == (NOW, NOW)


def test_a_good_answer_begins_the_row_anew() -> None:
    assert after([CallResult.ERROR] * 2 + [GOOD] + [CallResult.ERROR] * 2).state is CLOSED


def test_one_call_slower_than_the_timeout_opens() -> None:
    opened = after([GOOD, LATE])
    assert (opened.state, opened.cause) == (OPEN, "late")


@pytest.mark.parametrize("first", [GOOD, CallResult.ERROR])
def test_alternating_results_open_by_their_share(first: CallResult) -> None:
    other = CallResult.ERROR if first is GOOD else GOOD
    calls = list(itertools.islice(itertools.cycle([first, other]), 30))
    needed = next(n for n in range(1, 30) if after(calls[:n]).state is OPEN)
    assert needed == (10 if first is GOOD else 11)
    assert after(calls[:needed]).cause == "share"


def test_one_failure_in_three_never_opens() -> None:
    assert after([GOOD, GOOD, CallResult.TIMEOUT] * 40).state is CLOSED


def test_share_counts_the_last_calls_only() -> None:
    healthy = after([GOOD] * 100)
    assert len(healthy.window) == POLICY.window
    worse = after([GOOD, CallResult.ERROR] * 10, healthy)
    assert (worse.state, worse.cause) == (OPEN, "share")


def test_window_shorter_than_what_it_needs_still_counts() -> None:
    breaker, short = NEW, replace(POLICY, window=4)
    for result in (GOOD, CallResult.ERROR) * 2:
        assert breaker.state is CLOSED
        breaker = record(breaker, result, NOW, "c", short)
    assert breaker.state is OPEN


def test_good_answer_never_opens() -> None:
    almost = after([CallResult.ERROR, GOOD] * 4 + [CallResult.ERROR])
    assert (len(almost.window), almost.bad) == (9, 5)
    assert after([GOOD], almost).state is CLOSED


def test_agent_that_takes_nearly_its_whole_timeout_each_time_opens_by_its_share() -> None:
    assert after([SLOW] * 9).state is CLOSED
    opened = after([SLOW] * 10)
    assert (opened.state, opened.cause, opened.failures) == (OPEN, "share", 0)


def test_call_that_tells_nothing_is_not_counted() -> None:
    assert after([UNKNOWN] * 50) == Breaker("a/b")


def test_open_breaker_refuses_until_its_cooldown() -> None:
    opened = after([CallResult.ERROR] * 3)
    for later_s in (0.0, 0.001, COOLDOWN_S - 0.001):
        admission = admit(opened, NOW + later_s, "p", POLICY)
        assert (admission.entry, admission.after) == (Entry.REFUSED, opened)
    assert next_probe_s(opened, POLICY) == NOW + COOLDOWN_S
    assert admit(opened, NOW + COOLDOWN_S, "p", POLICY).entry is Entry.PROBE


def test_open_breaker_admits_one_probe() -> None:
    opened, entries = after([CallResult.ERROR] * 3), []
    for number in range(100):
        admission = admit(opened, NOW + COOLDOWN_S, f"c{number}", POLICY)
        opened = admission.after
        entries.append(admission.entry)
    assert entries == [Entry.PROBE, *[Entry.REFUSED] * 99]


def test_asking_again_for_the_probe_is_no_second_probe() -> None:
    again = admit(probing("p"), NOW + COOLDOWN_S + 1, "p", POLICY)
    assert again.entry is Entry.PROBE
    assert admit(again.after, NOW + COOLDOWN_S + 1, "q", POLICY).entry is Entry.REFUSED


def test_probe_that_never_returns_loses_its_lease_to_one_other() -> None:
    breaker, began_s = probing("lost"), NOW + COOLDOWN_S
    assert admit(breaker, began_s + LEASE_S - 0.001, "next", POLICY).entry is Entry.REFUSED
    taken = admit(breaker, began_s + LEASE_S, "next", POLICY)
    assert taken.entry is Entry.PROBE
    assert taken.after.state is HALF_OPEN
    assert admit(taken.after, began_s + LEASE_S, "third", POLICY).entry is Entry.REFUSED
    late = record(taken.after, GOOD, began_s + LEASE_S + 1, "lost", POLICY)
    assert late == taken.after, "what has lost its lease decides nothing"


def test_good_probe_closes_and_counting_starts_anew() -> None:
    closed = record(probing(), GOOD, NOW + 40, "p", POLICY)
    assert (closed.state, closed.failures, closed.window, closed.cause) == (CLOSED, 0, "", "")
    assert (closed.opened_s, closed.since_s) == (None, NOW + 40)
    assert after([CallResult.ERROR] * 2, closed).state is CLOSED


@pytest.mark.parametrize("result", sorted(FAILURES | {SLOW}))
def test_probe_without_a_good_answer_begins_another_cooldown(result: CallResult) -> None:
    again = record(probing(), result, NOW + 40, "p", POLICY)
    assert (again.state, again.probe, again.opened_s, again.cause) == (OPEN, None, NOW + 40, result)
    assert admit(again, NOW + 40 + COOLDOWN_S - 1, "q", POLICY).entry is Entry.REFUSED


def test_probe_that_tells_nothing_is_given_back_at_once() -> None:
    released = record(probing(), UNKNOWN, NOW + COOLDOWN_S + 1, "p", POLICY)
    assert (released.state, released.probe, released.opened_s) == (OPEN, None, NOW)
    assert admit(released, NOW + COOLDOWN_S + 1, "q", POLICY).entry is Entry.PROBE


@pytest.mark.parametrize("result", list(CallResult))
def test_late_and_foreign_results_change_nothing(result: CallResult) -> None:
    opened, half_open = after([CallResult.ERROR] * 3), probing("p")
    assert record(opened, result, NOW + 1, "c0", POLICY) == opened
    assert record(half_open, result, NOW + 31, "c0", POLICY) == half_open


@pytest.mark.parametrize("back_s", [60.0, 86_400.0, 1e9])
def test_clock_set_back_keeps_no_breaker_open(back_s: float) -> None:
    opened, half_open = after([CallResult.ERROR] * 3), probing("p")
    assert admit(opened, NOW - back_s, "q", POLICY).entry is Entry.PROBE
    assert admit(half_open, NOW - back_s, "q", POLICY).entry is Entry.PROBE


def test_clocks_that_differ_a_little_admit_no_second_probe() -> None:
    began_s = NOW + COOLDOWN_S
    for behind_s in (0.0, 0.1, CLOCK_SLACK_S):
        assert admit(probing("p", began_s), began_s - behind_s, "q", POLICY).entry is Entry.REFUSED
        assert admit(after([LATE]), NOW - behind_s, "q", POLICY).entry is Entry.REFUSED


def test_what_a_person_opened_stays_open_until_a_person_closes_it() -> None:
    for breaker in (Breaker("a/b"), after([LATE]), probing("p")):
        tripped = trip(breaker, "a.vos", "works on it", NOW + 31)
        assert (tripped.state, tripped.tripped_by, tripped.cause) == (OPEN, "a.vos", "works on it")
        assert next_probe_s(tripped, POLICY) is None
        assert tripped.probe is None, "a probe on its way decides nothing any more"
        assert admit(tripped, NOW + 1e6, "q", POLICY).entry is Entry.REFUSED
        assert record(tripped, GOOD, NOW + 32, "p", POLICY) == tripped
        closed = reset(tripped, NOW + 60)
        assert closed == Breaker("a/b", since_s=NOW + 60)
        assert admit(closed, NOW + 60, "q", POLICY).entry is Entry.ADMITTED


@pytest.mark.parametrize(
    ("before", "after_", "told"),
    [
        (NEW, after([CallResult.ERROR]), None),
        (after([CallResult.ERROR] * 2), after([CallResult.ERROR] * 3), Change("opened", "error", 3)),
        (after([LATE]), probing(), Change("half_open", "cooled", 3)),
        (probing("p"), probing("q", NOW + 60), Change("half_open", "lease_lost", 3)),
        (probing(), record(probing(), GOOD, NOW + 40, "p", POLICY), Change("closed", "good", 3)),
        (probing(), record(probing(), SLOW, NOW + 40, "p", POLICY), Change("opened", "slow", 3)),
        (probing(), record(probing(), UNKNOWN, NOW + 40, "p", POLICY), Change("opened", "released", 3)),
        (NEW, trip(NEW, "a.vos", "works on it", NOW), Change("opened", "works on it", 0)),
        (after([LATE]), reset(after([LATE]), NOW + 1), Change("closed", "reset", 1)),
        (NEW, reset(NEW, NOW), None),
    ],
)
def test_changes_are_told_with_their_cause(before: Breaker, after_: Breaker, told: Change | None) -> None:
    assert change(before, after_) == told


TINY = replace(POLICY, failures=2, window=4, min_calls=4, cooldown_s=30.0, lease_s=30.0)
STEPS = [
    *[("admit", c, GOOD) for c in "ab"],
    *[("record", c, r) for c in "ab" for r in (GOOD, CallResult.ERROR, UNKNOWN)],
    ("wait", "", GOOD),
]


def test_no_run_of_events_lets_two_probe_or_leaves_it_stuck() -> None:
    """Every state that a tiny breaker can reach, by every order of two callers' calls and of waiting."""
    seen: set[tuple[Breaker, float]] = set()
    todo = [(Breaker("a/b"), 0.0)]
    while todo:
        breaker, now_s = todo.pop()
        if (breaker, now_s) in seen or now_s > 150:
            continue
        seen.add((breaker, now_s))
        assert (breaker.state is HALF_OPEN) == (breaker.probe is not None)
        assert (breaker.state is CLOSED) == (breaker.opened_s is None)
        if breaker.state is not CLOSED:
            due_s = next_probe_s(breaker, TINY)
            assert due_s is not None
            assert admit(breaker, max(now_s, due_s), "later", TINY).entry is Entry.PROBE
        for what, call, result in STEPS:
            if what == "wait":
                todo.append((breaker, now_s + 30))
            elif what == "admit":
                admission = admit(breaker, now_s, call, TINY)
                held = breaker.probe is not None and now_s < breaker.probe.until_s
                took = admission.entry is Entry.PROBE
                assert not (held and took and breaker.probe is not None and breaker.probe.call != call)
                todo.append((admission.after, now_s))
            else:
                todo.append((record(breaker, result, now_s, call, TINY), now_s))
    assert {b.state for b, _ in seen} == set(BreakerState)
    assert len(seen) > 1000


def test_events_that_make_no_sense_are_refused_by_name() -> None:
    with pytest.raises(IllegalStepError, match="close is not possible while the breaker is open"):
        advance(OPEN, BreakerEvent.CLOSE)

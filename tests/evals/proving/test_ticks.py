"""Time is right on floors that are right, and every planted fault of time is found with its story."""

import inspect
import textwrap
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, cast
from unittest.mock import patch

import pytest

from agents.floor_loader import load_floor
from evals.proving.breaker_ticks import BreakerModel
from evals.proving.ladder_floor import Ladder, cast_of
from evals.proving.ladder_ticks import LadderModel, all_ladders
from evals.proving.lease_checks import Did
from evals.proving.lease_ticks import LeaseModel
from evals.proving.results import Searched
from evals.proving.tick_search import Happening, explore
from evals.proving.ticks import search_ticks
from graph import deciding as recording
from graph import gate, sweeping
from protocol import authority, breaker, deciding, ladder, lease
from protocol.rows import EscalationState, Verdict
from protocol.world import World

FEW = [Ladder((1, 2), 3, 1), Ladder((2, 1), 4, 2), Ladder((1, 3), 2, 1), Ladder((3,), 1, 1)]
"""Ladders that tell every planted fault; the whole search has all."""


@pytest.fixture(scope="module")
def plant() -> World:
    return load_floor(Path()).world


@pytest.fixture(scope="module")
def harbour() -> World:
    return load_floor(Path("tests/floors/harbour")).world


@contextmanager
def planted(function: Callable[..., Any], right: str, wrong: str) -> Iterator[None]:
    """``function`` with ``wrong`` in place of ``right`` in its source, whoever calls it."""
    assert isinstance(function, FunctionType)
    source, whole = textwrap.dedent(inspect.getsource(function)), function.__code__
    assert source.count(right) == 1, f"{function.__name__} has not one {right!r}"
    compiled = compile(source.replace(right, wrong), whole.co_filename, "exec")
    (code,) = (c for c in compiled.co_consts if isinstance(c, CodeType) and c.co_name == function.__name__)
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = whole


def ladders(world: World, few: list[Ladder]) -> LadderModel:
    players = cast_of(world)
    assert players is not None
    return LadderModel(world, players, few)


def broken(found: Searched) -> tuple[str, tuple[str, ...]]:
    (violation,) = found.violations
    assert not found.complete
    return violation.invariant, violation.story


@pytest.mark.soak  # the quick proof of `make check` searches the same
def test_time_is_right_on_the_plant(plant: World) -> None:
    found = search_ticks(plant)
    assert [f.name for f in found] == ["ladder by ticks", "lease by ticks", "breaker by ticks"]
    for searched in found:
        assert searched.violations == ()
        assert searched.complete
        assert searched.states > 5000
        assert searched.longest_path > 10


def test_time_is_right_on_a_floor_without_shifts(harbour: World) -> None:
    found = explore(ladders(harbour, FEW))
    assert (found.violations, found.complete) == ((), True)


def test_the_first_rung_asks_who_goes_off_shift_while_the_search_runs(plant: World) -> None:
    players = cast_of(plant)
    assert players is not None
    now, later = players.start, players.start.replace(":58:", ":59:").replace("13:59", "14:00")
    first, second = players.people[:2]
    role = players.roles[0]
    assert role in plant.config.roles_of(first, now) - plant.config.roles_of(second, now)
    assert role in plant.config.roles_of(second, later) - plant.config.roles_of(first, later)


def test_ladders_of_every_length_and_expiry_are_searched() -> None:
    shapes = list(all_ladders())
    assert {(len(s.rungs), s.quorum) for s in shapes} == {(n, q) for n in (1, 2, 3) for q in (1, 2)}
    assert {s.expiry for s in shapes} == {1, 2, 3, 4}
    assert Ladder((1, 1, 1), 4, 1) in shapes


ENDS = {(Verdict.COMMITTED, None), (Verdict.REFUSED, "rejected"), (Verdict.REFUSED, "expired")}


def test_an_approval_ends_in_the_action_or_in_a_refusal_and_in_nothing_else(plant: World) -> None:
    model = ladders(plant, [Ladder((1, 1), 2, 1)])
    frontier = [state for _, state in model.starts()]
    seen: set[Hashable] = set()
    ends = set()
    while frontier:
        for happening in model.happenings(frontier.pop()):
            after = happening.leads_to()
            (case,) = after.ledger.cases.values()
            told = {(v.verdict, v.code) for v in after.ledger.told.verdicts}
            assert case.status.ended == bool(told & ENDS)
            ends |= told & ENDS
            if not case.status.ended and (key := model.key(after)) not in seen:
                seen.add(key)
                frontier.append(after)
    assert ends == ENDS


PENDING_FOREVER = ("row.due_at > now", "True")
LADDER_FAULTS = [
    (deciding.unsigned, ("p.now >= row.expires_at", "False"), "committed_in_time"),
    (deciding.unsigned, ("p.now >= row.expires_at", "p.now > row.expires_at"), "committed_in_time"),
    (recording._refusal, ("tx.now >= row.expires_at", "False"), "signed_in_time"),
    (recording._refusal, ("tx.now >= row.expires_at", "tx.now > row.expires_at"), "signed_in_time"),
    (ladder.due, PENDING_FOREVER, "timeout_enabled"),
    (ladder.due, ("LadderEvent.EXPIRE if last", "None if last"), "timeout_enabled"),
    (ladder.due, ("row.due_at > now", "False"), "not_early"),
    (ladder.due, ("row.due_at > now", "row.due_at >= now"), "timeout_enabled"),
    (ladder.step, ('min(plus(row.due_at, seconds=int(rung["answer_s"])), row.expires_at)',
                   'plus(row.due_at, seconds=int(rung["answer_s"]))'), "timeout_enabled"),
    (ladder.step, ("rung=row.rung + 1,", "rung=row.rung,"), "timeout_enabled"),
    (deciding.may_sign, ("row.ladder[: row.rung + 1]", "row.ladder"), "asked_in_turn"),
    (deciding.may_sign, ("row.ladder[: row.rung + 1]", "row.ladder[: row.rung]"), "is_heard"),
    (deciding.moved, ("record.version != version", "False"), "as_shown"),
    (sweeping.expire, ("if not tx.save_escalation(step(row, LadderEvent.EXPIRE), row.version):",
                       "if tx.save_escalation(step(row, LadderEvent.EXPIRE), row.version) is None:"),
     "one_stands"),
    (sweeping.expire, ("step(row, LadderEvent.EXPIRE)", "step(row, LadderEvent.APPROVE)"), "one_stands"),
    (sweeping.wake, ("tx.save_case(going_on)", "return False"), "timeout_enabled"),
    (sweeping._move_on, ("while (event", "if (event"), "timeout_enabled"),
    (sweeping._move_on, ("tx.save_escalation(current, row.version)", "pass"), "due_ahead"),
    (ladder.step, ('role=str(rung["role"])', "role=row.role"), "ladder_grows"),
    (recording._refusal, ("if error := _closed(tx, world, row):", "if error := None:"), "no_error"),
    (authority.passes, ("len(valid) >= policy.quorum", "False"), "asked_once"),
]  # fmt: skip
LEASE_FAULTS = [
    (lease.give_back, ("changed(lease, holder=None, expires=0.0)", "lease"), "given_back"),
    (gate.check_fence, ("if not tx.holds(case_id, token):", "if False:"), "one_fence"),
    (lease.holds, ("0 < token == lease.token", "0 < token"), "one_fence"),
    (lease.take, ("lease.token + 1", "max(lease.token, 1)"), "token_grows"),
    (lease.take, ("if not MACHINE.allows(", "if False and MACHINE.allows("), "live_kept"),
    (lease.take, ("LeaseEvent.TAKE if state is LeaseState.FREE else ", ""), "free_is_taken"),
    (lease.renew, ("holds(lease, token) and ", ""), "stale_changes_nothing"),
    (lease.give_back, ("holds(lease, token) and ", ""), "stale_changes_nothing"),
    (lease.state_of, ("if ended else", "if False else"), "lapses"),
    (lease.renew, ("max(now + ttl_s, lease.expires + 1)", "now + ttl_s"), "renewal_shows"),
    (lease.unchanged, (">= ttl_s", "> ttl_s"), "replaced_in_time"),
    (lease.unchanged, (">= ttl_s", ">= 0"), "live_kept"),
    (
        lease.sighted,
        ("(before.token, before.expires) == (lease.token, lease.expires)", "before.token == lease.token"),
        "live_kept",
    ),
]
BREAKER_FAULTS = [
    (breaker._may_probe, (" or not 0 < left_s <= policy.lease_s + CLOCK_SLACK_S", ""), "next_time"),
    (breaker._may_probe, ("breaker.probe.call == call or", "True or"), "one_probe"),
    (breaker._may_probe, ("not -CLOCK_SLACK_S <= now_s - breaker.opened_s < policy.cooldown_s", "True"),
     "cooldown"),
    (breaker._may_probe, ("-CLOCK_SLACK_S <= now_s - breaker.opened_s <", "now_s - breaker.opened_s <"),
     "admitted_in_time"),
    (breaker._may_probe, ("0 < left_s <= policy.lease_s + CLOCK_SLACK_S", "0 < left_s"),
     "admitted_in_time"),
    (breaker._may_probe, ("breaker.tripped_by is not None or ", ""), "tripped_stays"),
    (breaker.next_probe_s, ("return breaker.probe.until_s", "return None"), "next_time"),
    (breaker.record, (" and breaker.probe.call == call", ""), "foreign_result"),
    (breaker._counted, ("breaker.failures + 1", "1"), "fails_open"),
    (breaker._counted, ("(mark == BAD_MARK and too_many)", "too_many"), "opens_rightly"),
    (breaker.admit, ("Entry.ADMITTED", "Entry.REFUSED"), "closed_admits"),
    (breaker._probed, ("if result is CallResult.GOOD:", "if False:"), "closed_reachable"),
    (breaker.reset, ("return _closed(breaker, BreakerEvent.RESET, now_s)", "return breaker"),
     "closed_reachable"),
    (breaker._probed, ("opened_s=now_s", "opened_s=breaker.opened_s"), "cooldown"),
    (breaker._probed, ("now_s, probe=None)", "now_s)"), "probe_decides"),
    (breaker._closed, ("since_s=breaker.since_s,", "failures=breaker.failures,"), "person_decides"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "fault", "invariant"), LADDER_FAULTS)
def test_a_fault_of_the_ladder_is_found(
    plant: World, function: Callable[..., Any], fault: tuple[str, str], invariant: str
) -> None:
    with planted(function, *fault):
        found, story = broken(explore(ladders(plant, FEW)))
    assert (found, story[-1].partition(":")[0]) == (invariant, invariant), story


@pytest.mark.parametrize(
    ("search", "function", "fault", "invariant"),
    [
        *((lambda: explore(LeaseModel()), *f) for f in LEASE_FAULTS),
        *((lambda: explore(BreakerModel()), *f) for f in BREAKER_FAULTS),
    ],
)
def test_a_fault_of_a_lease_or_a_breaker_is_found(
    search: Callable[[], Searched], function: Callable[..., Any], fault: tuple[str, str], invariant: str
) -> None:
    with planted(function, *fault):
        found, story = broken(search())
    assert (found, story[-1].partition(":")[0]) == (invariant, invariant), story


def test_a_rung_that_ends_early_is_found(plant: World) -> None:
    with planted(ladder.step, "plus(row.due_at,", "plus(row.requested_at,"):
        found, _ = broken(explore(ladders(plant, [Ladder((1, 2, 3), 4, 1)])))
    assert found == "right_rung"


def test_a_yes_made_of_silence_is_found(plant: World) -> None:
    """Two guards have to go: what time has ended is refused, and signatures are counted."""
    with (
        planted(deciding._expired, "item is not None:", "judge_single(p, item, _signature(p, row)):"),
        planted(authority.passes, "len(valid) >= policy.quorum", "signature is not None"),
    ):
        found, story = broken(explore(ladders(plant, FEW)))
    assert (found, story[-2]) == ("silence_is_no_yes", "tick 1: the gate applies what was decided")


def test_a_decision_on_what_is_decided_is_found(plant: World) -> None:
    """Two guards have to go: the service looks first, and the table has no such step."""
    again = {(s, ladder.LadderEvent.APPROVE): EscalationState.APPROVED for s in EscalationState}
    with (
        planted(recording._refusal, "if error := _closed(tx, world, row):", "if error := None:"),
        patch.dict(cast(dict[Any, Any], ladder.TABLE), again),
    ):
        found, _ = broken(explore(ladders(plant, [Ladder((1,), 3, 1)])))
    assert found == "closed_is_closed"


def test_a_commit_under_an_older_token_is_found() -> None:
    """By itself: a fence that lets it through is seen before anybody commits."""
    model = LeaseModel()
    before = replace(next(state for _, state in model.starts()), highest=2)
    late = replace(before, did=Did("commit", 0, token=1, accepted=True))
    assert [name for name, _ in model.broken(before, late)] == ["newest_commits"]
    in_time = replace(before, did=Did("commit", 0, token=2, accepted=True))
    assert list(model.broken(before, in_time)) == []


def test_the_story_of_a_fault_tells_each_tick(plant: World) -> None:
    with planted(deciding.unsigned, "p.now >= row.expires_at", "False"):
        _, story = broken(explore(ladders(plant, [Ladder((3,), 1, 1)])))
    assert story == (
        "rungs of 3 ticks, expiry after 1, 1 to sign",
        "tick 0: m.ito signs",
        "tick 0: time passes",
        "tick 1: the gate applies what was decided",
        "committed_in_time: plan_run was done, and its approval had expired.",
    )


class Counting:
    """Counts to three, and back to zero when it is told to; or fails there."""

    name = "counting"

    def __init__(self, back: Callable[[], int]) -> None:
        self._back = back

    def starts(self) -> Iterator[tuple[str, int]]:
        yield "zero", 0

    def happenings(self, state: int) -> Iterator[Happening[int]]:
        if state < 3:
            yield Happening(f"{state + 1}", lambda: state + 1)
        else:
            yield Happening("back", self._back)

    def key(self, state: int) -> Hashable:
        return state

    def broken(self, before: int, after: int) -> Iterator[tuple[str, str]]:
        if after > before + 1:
            yield "counts", f"{after} follows {before}"

    def wrong(self, state: int) -> Iterator[tuple[str, str]]:
        if state == 9:
            yield "small", "9 is too many"


def test_a_search_counts_states_steps_and_its_longest_path() -> None:
    found = explore(Counting(lambda: 3))
    assert found == Searched("counting", 4, 3, 3, ())


def test_a_path_that_comes_back_is_a_violation() -> None:
    assert broken(explore(Counting(lambda: 0)))[0] == "acyclic"


def test_what_fails_is_told_with_its_story() -> None:
    assert broken(explore(Counting(lambda: 1 // 0))) == (
        "no_error",
        ("zero", "1", "2", "3", "back", "no_error: ZeroDivisionError: integer division or modulo by zero."),
    )


def test_a_wrong_step_is_found_before_what_it_leads_to() -> None:
    assert broken(explore(Counting(lambda: 9)))[0] == "counts"

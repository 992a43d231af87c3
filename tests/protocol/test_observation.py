"""Calls are counted from what the gate stored: by pair, with retries and the time they took (R6, R13)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from protocol.observation import Calls, Pair, observe
from protocol.ports import ReadTx
from protocol.rows import CaseRow, EventRow, PassRow
from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal, Turn

from .memory_store import MemoryStore
from .ring import PART, ring_world
from .yard import CASE, T10, T11, Yard

WHOLE = {"part": PART, "start": T10}
HOLE = Carried("fit_a", {"part": PART}, ("start",))
FIND = Ask("b", "settle", {}, HOLE)


@dataclass
class Rows:
    """What a ledger would have kept of cases."""

    cases_: list[CaseRow] = field(default_factory=list)
    events_: list[EventRow] = field(default_factory=list)
    passes_: dict[str, list[PassRow]] = field(default_factory=dict)

    def cases(self) -> Sequence[CaseRow]:
        return self.cases_

    def events(self, type: str) -> Sequence[EventRow]:  # noqa: A002 - the port's word
        return [e for e in self.events_ if e.type == type]

    def passes(self, case: str) -> Sequence[PassRow]:
        return self.passes_[case]


class Driven(Yard):
    """A case of three agents whose rows are kept; its passes are ten seconds apart."""

    def __init__(self, rows: Rows, **case: Any) -> None:
        store = MemoryStore()
        for agent in "abc":
            store.seed(f"part_{agent}", PART, start=None)
        super().__init__(ring_world([3, 3, 3], rounds=50, answers_per_exchange=9), store)
        self.rows = rows
        self.wake("a")

    def say(self, *, at_s: float | None = None, **moves: Sequence[Move] | Turn) -> None:
        """One round; whoever is awake and not named says nothing."""
        seen, round_no = len(self.events), self.position.round
        self.round(**moves)
        for event in self.events[seen:]:
            self.rows.events_.append(numbered(event, len(self.rows.events_) + 1))
        clock_s = 10.0 * self.number if at_s is None else at_s
        row = PassRow(self.case.id, self.number, round_no, self.store.now, {}, "agents", clock_s)
        self.rows.passes_.setdefault(self.case.id, []).append(row)


def numbered(event: EventRow, seq: int) -> EventRow:
    return EventRow(**{name: getattr(event, name) for name in EventRow.__slots__ if name != "seq"}, seq=seq)


def driven(origin: str = "event") -> Driven:
    rows = Rows([CaseRow(CASE.id, 1, origin, "x", "1", CASE.opened_at)])
    return Driven(rows)


def seen(y: Driven) -> dict[Pair, Calls]:
    return observe(cast(ReadTx, y.rows))


def said(exchange: str, kind: str, **values: str) -> Answer:
    return Answer(exchange, AnswerKind(kind), values)


def test_turn_in_which_one_was_asked_is_one_call_that_took_from_pass_to_pass() -> None:
    y = driven()
    y.say(a=[FIND, Ask("b", "settle", {"part": "P2"})])
    y.say(b=[said("x1", "agree", start=T10), said("x2", "agree")])
    (calls,) = seen(y).values()
    assert (list(seen(y)), calls.calls, calls.retries, calls.seconds) == ([("a", "b")], 1, 0, [10.0])
    assert calls.requests == {"settle"}


def test_owner_that_is_asked_again_is_called_again() -> None:
    y = driven()
    y.say(a=[FIND])
    y.say(b=[said("x1", "defer")])
    y.say(b=[said("x1", "counter", start=T10)])
    y.say(a=[said("x1", "counter", start=T11)])
    y.say(b=[said("x1", "agree")])
    assert seen(y)[("a", "b")].calls == 3


def test_turn_of_an_agent_that_was_asked_nothing_is_no_call() -> None:
    y = driven()
    y.say(a=[FIND])
    y.say(b=[said("x1", "refuse")])
    y.say(a=[Proposal("fit_a", WHOLE)])
    assert {pair: c.calls for pair, c in seen(y).items()} == {("a", "b"): 1}


def test_proposal_on_what_another_owns_is_a_call_for_its_decision() -> None:
    y = driven()
    y.say(a=[Proposal("fit_b", WHOLE)])
    y.say(b=[said("x1", "agree")])
    assert seen(y)[("a", "b")].requests == {"decide"}


def test_retries_are_the_attempts_after_the_first_and_failed_turns_count() -> None:
    y = driven()
    y.say(a=[FIND])
    y.say(b=Turn("b", (said("x1", "defer"),), attempts=3))
    y.say(b=Turn("b", failure="error", detail="down", attempts=2))
    calls = seen(y)[("a", "b")]
    assert (calls.calls, calls.retries) == (2, 3)


def test_turn_that_no_attempt_was_made_for_has_no_retry() -> None:
    y = driven()
    y.say(a=[FIND])
    y.say(b=Turn("b", failure="error", attempts=0))
    assert seen(y)[("a", "b")].retries == 0


def test_one_turn_asked_by_two_is_a_call_of_each() -> None:
    y = driven()
    y.wake("a", "c")
    y.say(a=[FIND], c=[Ask("b", "settle", {})])
    y.say(b=[said("x1", "agree", start=T10), said("x2", "agree")])
    assert {pair: c.calls for pair, c in seen(y).items()} == {("a", "b"): 1, ("c", "b"): 1}


@pytest.mark.parametrize(
    "ending",
    [
        [said("x1", "defer"), said("x1", "defer")],
        [said("x1", "counter", start=T10), said("x1", "counter", start=T10)],
    ],
)
def test_exchange_that_was_cut_calls_nobody_any_more(ending: list[Answer]) -> None:
    y = driven()
    y.say(a=[FIND])
    y.say(b=[ending[0]])
    if "a" in y.position.active:
        y.say(a=[said("x1", "counter", start=T11)])
    y.say(b=[ending[1]])
    called = seen(y)[("a", "b")].calls
    y.wake("b")
    y.say(b=[])
    assert (y.count("loop.cut"), seen(y)[("a", "b")].calls) == (1, called)


def test_first_turn_of_a_line_is_a_call_of_a_person_and_no_other_is() -> None:
    y = driven("text")
    y.say(a=[FIND])
    y.say(b=[said("x1", "refuse")])
    y.say(a=[])
    assert {pair: (c.calls, c.p95_s) for pair, c in seen(y).items()} == {
        ("person", "a"): (1, None),
        ("a", "b"): (1, 10.0),
    }


def test_pass_that_only_applied_decisions_ends_no_round_twice() -> None:
    y = driven()
    y.say(a=[FIND])
    y.say(b=[said("x1", "agree", start=T10)])
    last = y.rows.passes_[CASE.id][-1]
    y.rows.passes_[CASE.id].append(PassRow(CASE.id, 3, last.round, last.at, {}, "reply", 9000.0))
    assert seen(y)[("a", "b")].seconds == [10.0]


def test_passes_without_a_clock_give_calls_without_a_time() -> None:
    y = driven()
    y.say(a=[FIND])
    y.say(b=[said("x1", "agree", start=T10)])
    rows = y.rows.passes_[CASE.id]
    y.rows.passes_[CASE.id] = [PassRow(r.case, r.pass_no, r.round, r.at, {}, r.route) for r in rows]
    calls = seen(y)[("a", "b")]
    assert (calls.calls, calls.p95_s) == (1, None)


def test_clock_that_went_back_is_no_negative_time() -> None:
    y = driven()
    y.say(a=[FIND], at_s=100.0)
    y.say(b=[said("x1", "agree", start=T10)], at_s=40.0)
    assert seen(y)[("a", "b")].seconds == [0.0]


@pytest.mark.parametrize(
    ("seconds", "p95_s"),
    [([], None), ([3.0], 3.0), ([2.0, 1.0], 2.0), ([float(n) for n in range(1, 101)], 95.0)],
)
def test_p95_is_the_value_that_95_of_100_do_not_exceed(seconds: list[float], p95_s: float | None) -> None:
    assert Calls(seconds=seconds).p95_s == p95_s

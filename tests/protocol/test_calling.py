"""Breakers between agents, in the passes of cases: what counts, who is not called, what stands in (R6)."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.breaker import Breaker, BreakerState, Probe, trip
from protocol.exchange import ExchangeState
from protocol.manifest import DegradedMode
from protocol.passing import Pass
from protocol.position import Route
from protocol.rows import CaseStatus
from protocol.stopping import Stop, stop
from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal, Turn
from protocol.world import World

from .memory_store import MemoryStore
from .signing import yard
from .yard import CASE, T10, T11, Yard, world

NOW = 1_795_000_000.125
COOLDOWN_S, LEASE_S = 30, 5
PAIR = "crew/crane"
CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
FIND = Ask("crane", "find", {"near": "S1"})
LIFT = Carried("lift", {"crate": "C1"}, holes=("start", "end"))
CARRYING = Ask("crane", "find", {"near": "S1"}, LIFT)
WHOLE = Ask("crane", "find", {}, Carried("lift", {"crate": "C1", "start": T10, "end": T11}))


def crane_with(**mode: Any) -> World:
    """The yard, its crane with a degraded mode."""
    made = world()
    answers = {"find": {"type": "object", "required": ["start"], "properties": {"start": {}, "end": {}}}}
    crane = made.manifests["crane"]
    outputs = crane.output_schema.model_copy(update={"answers": answers})
    crane = crane.model_copy(
        update={"degraded_mode": DegradedMode(**mode) if mode else None, "output_schema": outputs}
    )
    return replace(made, manifests={**made.manifests, "crane": crane})


def yes(exchange: str = "x1", **values: str) -> Answer:
    return Answer(exchange, AnswerKind.AGREE, values)


class Line:
    """Cases one after another on one store, each asked of crew; crane answers as the test says."""

    def __init__(self, w: World | None = None) -> None:
        self.world = w or crane_with()
        self.store: MemoryStore = yard(self.world).store
        self.clock_s = NOW
        self.cases = 0

    def case(self, *moves: Move) -> Yard:
        """A new case in which crew has just made its moves."""
        self.cases += 1
        y = Yard(self.world, self.store, replace(CASE, id=f"case_{self.cases}")).wake("crew")
        y.clock_s = self.clock_s
        y.round(crew=moves)
        return y

    def call(self, crane: list[Answer] | Turn, ask: Ask = FIND) -> Yard:
        """A case in which crew asks and crane answers, or fails."""
        y = self.case(ask)
        assert y.last is not None
        if "crane" in y.position.active:
            y.round(crane=crane)
        return y

    def breaker(self) -> Breaker:
        return self.store.breaker(PAIR) or Breaker(PAIR)

    def opened(self) -> "Line":
        """With an open breaker."""
        for _ in range(3):
            self.call(failed("timeout"))
        assert self.breaker().state is OPEN
        return self


def failed(failure: str | None, **rest: Any) -> Turn:
    return Turn("crane", failure=failure, **rest)


def told(y: Yard) -> list[tuple[str, str]]:
    """Breaker events of a case: type and cause."""
    return [(e.type, e.data["cause"]) for e in y.events if e.type.startswith("breaker.")]


def answers(y: Yard) -> list[dict[str, Any]]:
    """What crew is told now."""
    return [dict(t) for t in y.position.active.get("crew", ()) if t["type"] == "answer"]


# What is counted


@pytest.mark.parametrize("failure", ["timeout", "error", "invalid"])
def test_three_failed_turns_in_a_row_open_the_pair(failure: str) -> None:
    line = Line()
    for number in range(3):
        assert line.breaker().state is CLOSED
        y = line.call(failed(failure, attempts=3))
        assert told(y) == ([("breaker.opened", failure)] if number == 2 else [])
    assert (line.breaker().state, line.breaker().failures) == (OPEN, 3)


def test_turn_that_was_repaired_is_one_good_call() -> None:
    line = Line()
    for _ in range(9):
        line.call(Turn("crane", (yes(start=T10),), attempts=3))
    assert (line.breaker().state, line.breaker().window) == (CLOSED, "0" * 9)


@pytest.mark.parametrize("say", list(AnswerKind))
def test_every_word_is_a_good_call_even_a_no(say: AnswerKind) -> None:
    line = Line()
    line.call([Answer("x1", say, {}, "no_slot")])
    line.call([])
    assert line.breaker().window == "00"


@pytest.mark.parametrize("turn", [failed("error", endpoint="small"), failed("rate")])
def test_what_is_not_the_callees_failure_is_not_counted(turn: Turn) -> None:
    line = Line()
    for _ in range(30):
        y = line.call(turn)
        assert y.position.exchanges["x1"].state is ExchangeState.FAILED, "it is still no yes"
    assert line.breaker() == Breaker(PAIR)


def test_slow_and_late_turns_count_though_they_answer() -> None:
    line = Line()
    for _ in range(10):
        line.call(Turn("crane", (yes(start=T10),), pace="slow"))
    assert (line.breaker().state, line.breaker().cause) == (OPEN, "share")
    for turn in (Turn("crane", (yes(start=T10),), pace="late"), failed("timeout", pace="late")):
        line = Line()
        line.call(turn)
        assert (line.breaker().state, line.breaker().cause) == (OPEN, "late")


def test_several_requests_of_one_asker_in_one_turn_are_one_call() -> None:
    line = Line()
    y = line.case(FIND, Ask("crane", "find", {"near": "S2"}), Ask("crane", "find", {"near": "S3"}))
    assert len(y.position.exchanges) == 3
    y.round(crane=failed("timeout"))
    assert (line.breaker().state, line.breaker().failures) == (CLOSED, 1)


def test_turn_that_nobody_asked_for_is_no_call() -> None:
    line = Line()
    y = Yard(line.world, line.store).wake("crane")
    y.round(crane=failed("error"))
    assert line.store.breaker_rows == {}


def test_failing_asker_is_not_held_against_the_owner() -> None:
    line = Line()
    y = line.call([Answer("x1", AnswerKind.COUNTER, {"start": T10, "end": T11})], CARRYING)
    assert "crew" in y.position.active
    y.round(crew=Turn("crew", failure="timeout"))
    assert set(line.store.breaker_rows) == {PAIR}
    assert line.breaker().window == "0"


# Who is called


def test_open_pair_is_not_called_and_others_are() -> None:
    line = Line().opened()
    y = line.case(FIND)
    assert "crane" not in y.position.active
    assert [e.data["exchange"] for e in y.events if e.type == "breaker.refused"] == ["x1"]
    assert y.count("request.asked") == 0
    back = Yard(line.world, line.store).wake("crane")
    back.clock_s = line.clock_s
    back.round(crane=[Ask("crew", "find", {})])
    assert "crew" in back.position.active


def test_after_the_cooldown_one_case_probes_and_its_answer_closes() -> None:
    line = Line().opened()
    line.clock_s += COOLDOWN_S
    first, second = line.case(FIND), line.case(FIND)
    assert ("crane" in first.position.active, "crane" in second.position.active) == (True, False)
    assert line.breaker().probe == Probe("case_4/x1", line.clock_s + LEASE_S)
    first.round(crane=[yes(start=T10)])
    assert line.breaker().state is CLOSED
    assert told(first) == [("breaker.half_open", "cooled"), ("breaker.closed", "good")]


def test_probe_that_fails_opens_again() -> None:
    line = Line().opened()
    line.clock_s += COOLDOWN_S
    y = line.call(failed("error"))
    assert (line.breaker().state, line.breaker().opened_s) == (OPEN, line.clock_s)
    assert told(y) == [("breaker.half_open", "cooled"), ("breaker.opened", "error")]


def test_probe_is_known_among_other_requests_of_its_turn() -> None:
    line = Line()
    y = line.call([Answer("x1", AnswerKind.COUNTER, {"start": T10, "end": T11})], CARRYING)
    line.opened()
    y.clock_s = line.clock_s = line.clock_s + COOLDOWN_S
    y.round(crew=[Answer("x1", AnswerKind.COUNTER, {"start": T11}), FIND])
    assert [t["exchange"] for t in y.position.active["crane"]] == ["x1", "x2"]
    probe = line.breaker().probe
    assert probe is not None and probe.call == "case_1/x2"
    y.round(crane=[yes("x2", start=T10), yes("x1", start=T10)])
    assert line.breaker().state is CLOSED


def test_probe_of_a_case_that_never_comes_back_is_taken_over() -> None:
    line = Line().opened()
    line.clock_s += COOLDOWN_S
    lost = line.case(FIND)
    line.clock_s += LEASE_S
    second = line.case(FIND)
    assert told(second) == [("breaker.half_open", "lease_lost")]
    lost.round(crane=[yes(start=T10)])
    assert line.breaker().state is HALF_OPEN, "a late answer closes nothing"
    second.round(crane=[yes(start=T10)])
    assert line.breaker().state is CLOSED


def test_call_made_before_it_opened_does_not_close_it() -> None:
    line = Line()
    early = line.case(FIND)
    line.opened()
    early.round(crane=[yes(start=T10)])
    assert line.breaker().state is OPEN


@pytest.mark.parametrize("turn", [failed("timeout", endpoint="small"), failed("rate")])
def test_probe_that_says_nothing_of_the_callee_is_given_back(turn: Turn) -> None:
    line = Line().opened()
    line.clock_s += COOLDOWN_S
    y = line.call(turn)
    assert (line.breaker().state, line.breaker().probe) == (OPEN, None)
    assert told(y)[-1] == ("breaker.opened", "released")
    assert "crane" in line.case(FIND).position.active


def test_probe_is_given_back_when_its_exchange_is_cut_before_it_is_asked() -> None:
    line = Line().opened()
    line.world = replace(line.world, config=world(rounds=1).config)
    line.clock_s += COOLDOWN_S
    y = line.case(FIND)
    assert y.position.exchanges["x1"].state is ExchangeState.CUT
    assert (line.breaker().state, line.breaker().probe) == (OPEN, None)


@pytest.mark.parametrize("left", [[], ["crane"]])
def test_probe_is_given_back_when_its_case_is_stopped(left: list[str]) -> None:
    line = Line().opened()
    line.clock_s += COOLDOWN_S
    y = line.case(FIND)
    assert line.breaker().state is HALF_OPEN
    there = {name: m for name, m in y.world.manifests.items() if name not in left}
    p = Pass(replace(y.world, manifests=there), y.store, y.case, y.position, 9, clock_s=line.clock_s)
    stop(p, [], Stop("gate_error", "no"))
    assert [now.state for _, now in p.breakers.values()] == [OPEN]


def test_pair_that_a_person_opened_stays_open() -> None:
    line = Line()
    line.store.save_breaker(trip(Breaker(PAIR), "b.two", "is repaired", NOW), 0)
    line.clock_s += 1e6
    y = line.case(FIND)
    assert [(e.data["by"], e.data["cause"]) for e in y.events if e.type == "breaker.refused"] == [
        ("b.two", "is repaired")
    ]


# What stands in


def test_last_good_answer_is_told_with_its_age_and_commits_nothing() -> None:
    line = Line(crane_with(when_open="cached", max_age_s=600))
    line.call([yes(start=T10)])
    line.opened()
    line.store.now = "2026-03-02T09:05:00Z"
    y = line.case(FIND)
    (told_,) = answers(y)
    assert (told_["kind"], told_["values"], told_["code"]) == ("agree", {"start": T10}, "breaker_open")
    assert (told_["degraded"], told_["age_s"], told_["open"]) == ("cached", 300, False)
    assert y.position.exchanges["x1"].state is ExchangeState.FAILED
    assert y.count("answer.degraded") == 1
    assert (y.verdicts, y.position.waiting) == ([], {})


@pytest.mark.parametrize(
    ("ask", "now", "why"),
    [
        (FIND, "2026-03-02T09:10:00Z", "it is as old as it may be"),
        (Ask("crane", "find", {"near": "S2"}), "2026-03-02T09:01:00Z", "that was never asked"),
    ],
)
def test_without_a_fresh_answer_to_the_same_question_a_person_is_asked(ask: Ask, now: str, why: str) -> None:
    line = Line(crane_with(when_open="cached", max_age_s=600))
    line.call([yes(start=T10)])
    line.opened()
    line.store.now = now
    y = line.case(ask)
    (told_,) = answers(y)
    assert (told_["kind"], told_["code"], told_["values"]) == ("refuse", "breaker_open", {}), why
    (row,) = y.store.escalations(y.case.id)
    assert (row.role, row.reason) == ("foreman", "breaker_open")


def test_answers_of_somebody_else_to_somebody_else_do_not_stand_in() -> None:
    line = Line(crane_with(when_open="cached", max_age_s=600))
    line.call([yes(start=T10)])
    back = Yard(line.world, line.store).wake("crane")
    back.round(crane=[Ask("crew", "find", {"near": "S1"})])
    back.round(crew=[yes(start=T11)])
    assert set(line.store.answer_rows) == {
        ("crew", "crane", "find", next(iter(line.store.answer_rows))[3])
    }, "crew lets nothing be given again"


def test_no_and_an_agreement_that_leaves_a_hole_are_no_good_answers() -> None:
    line = Line(crane_with(when_open="cached", max_age_s=600))
    line.call([Answer("x1", AnswerKind.REFUSE, {}, "no_slot")])
    line.call([yes(start=T10)], CARRYING)
    assert line.store.answer_rows == {}


def test_default_is_told_where_it_fits_the_answer() -> None:
    line = Line(crane_with(when_open="default", default={"start": "never"})).opened()
    (told_,) = answers(line.case(FIND))
    assert (told_["kind"], told_["values"]) == ("agree", {"start": "never"})
    assert (told_["degraded"], told_["age_s"]) == ("default", None)


@pytest.mark.parametrize("default", [None, {}, {"start": T10, "usable": "no"}])
def test_default_that_does_not_fit_the_answer_is_not_told(default: dict[str, Any] | None) -> None:
    line = Line(crane_with(when_open="default", default=default)).opened()
    (told_,) = answers(line.case(FIND))
    assert "degraded" not in told_
    assert told_["kind"] == "refuse"


@pytest.mark.parametrize(
    "mode", [{"when_open": "cached", "max_age_s": 600}, {"when_open": "default", "default": {"start": T10}}]
)
def test_action_whose_owner_is_not_asked_is_refused_and_its_asker_told(mode: dict[str, Any]) -> None:
    line = Line(crane_with(**mode))
    line.call([yes(start=T10)])
    line.opened()
    y = line.case(CARRYING)
    assert [(str(v.verdict), v.code) for v in y.verdicts] == [("refused", "breaker_open")]
    (told_,) = answers(y)
    assert (told_["kind"], told_["values"], told_["degraded"]) == (
        "refuse",
        {"start": T10},
        mode["when_open"],
    )
    assert y.store.commit_rows == {}


@pytest.mark.parametrize("mode", [{}, {"when_open": "escalate"}])
def test_action_whose_owner_is_not_asked_goes_to_a_person_who_may_choose_it(mode: dict[str, Any]) -> None:
    line = Line(crane_with(**mode)).opened()
    y = line.case(WHOLE)
    assert [(str(v.verdict), v.code) for v in y.verdicts] == [("escalated", "breaker_open")]
    assert answers(y) == []
    (row,) = y.store.escalations(y.case.id)
    assert [o["title"] for o in row.options] == [f"Lifts C1 at {T10}", "leave as it is"]
    decided = y.store.decide(row.id, "answer", "f.one", "foreman", option=0)
    outcome = y.run(None, [decided])
    assert (y.verdict("lift")[-1], outcome.route) == ("committed", Route.REPLY)


def test_left_as_it_is_the_action_is_refused_and_never_done() -> None:
    line = Line().opened()
    y = line.case(WHOLE)
    (row,) = y.store.escalations(y.case.id)
    decided = y.store.decide(row.id, "answer", "f.one", "foreman", option=1)
    outcome = y.run(None, [decided])
    assert (y.verdict("lift")[-1], outcome.status) == ("refused", CaseStatus.REFUSED)
    assert y.store.commit_rows == {}


@pytest.mark.parametrize(
    "mode", [{"when_open": "cached", "max_age_s": 600}, {"when_open": "default", "default": {}}]
)
def test_proposal_about_what_the_owner_owns_always_goes_to_a_person(mode: dict[str, Any]) -> None:
    line = Line(crane_with(**mode))
    line.store.save_breaker(trip(Breaker(PAIR), "b.two", "off", NOW), 0)
    y = line.case(Proposal("take", {"pile": "P1", "quantity": 1}))
    assert [(str(v.verdict), v.code) for v in y.verdicts] == [("escalated", "breaker_open")]


def test_at_the_limit_of_escalations_the_action_is_refused_once() -> None:
    line = Line(replace(crane_with(), config=world(open_escalations=1).config)).opened()
    asks = [
        Ask("crane", "find", {}, Carried("lift", {"crate": "C1", "start": s, "end": T11})) for s in (T10, T11)
    ]
    takes = [Proposal("take", {"pile": f"P{n}", "quantity": 1}) for n in (1, 2)]
    y = line.case(asks[0], *takes)
    assert [str(v.verdict) for v in y.verdicts] == ["escalated", "refused", "refused"]


@pytest.mark.parametrize("mode", [{}, {"when_open": "default", "default": {"start": T10}}])
def test_asking_again_and_again_comes_to_an_end(mode: dict[str, Any]) -> None:
    line = Line(crane_with(**mode)).opened()
    y = line.case(FIND)
    rounds = 1
    while y.position.active and rounds < 30:
        rounds += 1
        y.round(crew=[FIND])
    assert rounds <= 9
    assert y.count("breaker.refused") == 3, "the bound of answers holds for answers that nobody gave"


def test_yes_to_one_proposal_is_kept_for_no_other() -> None:
    y = Line(crane_with(when_open="cached", max_age_s=600)).case(
        Ask("crane", "decide", {}, Carried("take", {"pile": "P1", "quantity": 5}))
    )
    y.round(crane=[yes()])
    assert y.last is not None
    assert (y.verdict("take")[-1], y.last.answers) == ("committed", [])

"""What an agent's words come to: a yes, a no, an offer, silence, and a turn that failed (R4, R5, R13)."""

from typing import Any

import pytest

from protocol.position import Route
from protocol.rows import CaseStatus, Verdict
from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal, Reply, Turn

from .signing import yard
from .yard import T10, T11, T12, T13, Yard, world

LIFT = {"crate": "C1", "start": T10, "end": T11}
OFFER = {"start": T12, "end": T13}
HOLES = Ask("crane", "find", {}, Carried("lift", {"crate": "C1"}, ("start", "end")))
WHOLE = Ask("crane", "find", {}, Carried("lift", LIFT))
BARE = Ask("crane", "find", {"crate": "C1"})


def say(kind: str, code: str | None = None, text: str = "", **values: str) -> Answer:
    return Answer("x1", AnswerKind(kind), values, code, text)


def asked(ask: Ask, **options: Any) -> Yard:
    """A case in which the crew has asked the crane."""
    y = yard(world(**options)).wake("crew")
    y.round(crew=[ask])
    return y


def state(y: Yard) -> tuple[str, str | None]:
    return str(y.position.exchanges["x1"].state), y.position.exchanges["x1"].cut_by


# a yes, a no, an offer


def test_yes_to_a_question_goes_back_to_its_asker_with_what_was_said() -> None:
    outcome = asked(BARE).round(crane=[say("agree", text="free all day", start=T10)])
    (trigger,) = outcome.position.active["crew"]
    assert (trigger["type"], trigger["kind"], trigger["open"]) == ("answer", "agree", False)
    assert (trigger["values"], trigger["text"]) == ({"start": T10}, "free all day")


def test_no_refuses_the_carried_action_and_is_told_to_its_asker() -> None:
    y = asked(WHOLE)
    outcome = y.round(crane=[say("refuse", "no_slot", "full")])
    last = y.verdicts[-1]
    assert (last.verdict, last.code, last.reason) == (Verdict.REFUSED, "no_slot", 'crane says: "full"')
    (trigger,) = outcome.position.active["crew"]
    assert (trigger["kind"], trigger["code"]) == ("refuse", "no_slot")


def test_no_without_a_word_names_who_said_it() -> None:
    y = asked(WHOLE)
    y.round(crane=[say("refuse", "no_slot")])
    assert y.verdicts[-1].reason == "crane refused"


def test_no_to_a_question_needs_no_code_even_for_a_higher_level() -> None:
    y = asked(BARE, crew_level=5)
    y.round(crane=[say("refuse")])
    assert state(y) == ("refused", None)


def test_asker_may_refuse_an_offer_without_a_code_and_that_withdraws() -> None:
    y = asked(HOLES, crew_level=5)
    y.round(crane=[say("counter", **OFFER)])
    outcome = y.round(crew=[say("refuse")])
    assert (state(y), y.verdicts[-1].code) == (("withdrawn", None), "withdrawn")
    assert (outcome.route, y.store.commit_rows, y.count("loop.cut")) == (Route.REPLY, {}, 0)


def test_offer_is_put_to_the_asker_as_open_and_at_no_higher_level() -> None:
    outcome = asked(HOLES, crew_level=5, crane_level=2).round(crane=[say("counter", **OFFER)])
    (trigger,) = outcome.position.active["crew"]
    assert (trigger["kind"], trigger["open"], trigger["level"]) == ("counter", True, 2)
    assert trigger["values"] == OFFER


def test_accepted_offer_about_nothing_ends_quietly() -> None:
    y = asked(BARE)
    y.round(crane=[say("counter", **OFFER)])
    outcome = y.round(crew=[say("agree")])
    assert (state(y), outcome.route, y.verdicts) == (("accepted", None), Route.REPLY, [])


def test_params_of_an_answer_that_the_action_does_not_take_are_left_out() -> None:
    y = asked(HOLES)
    y.round(crane=[say("agree", machine="M7", **OFFER)])
    assert y.verdict("lift") == [Verdict.ASKED, Verdict.COMMITTED]
    (row,) = y.store.commit_rows.values()
    assert row.params == {"crate": "C1", **OFFER}


# silence


def test_silent_asker_defers_to_the_offer() -> None:
    y = asked(HOLES)
    y.round(crane=[say("counter", **OFFER)])
    y.round(crew=[Reply("hm")])
    assert (state(y), y.verdict("lift")[-1]) == (("accepted", "defer"), Verdict.COMMITTED)


@pytest.mark.parametrize(
    ("moves", "expected"), [([], "insisted"), ([Ask("crew", "find", {"crate": "C2"})], "asked")]
)
def test_silence_counts_unless_others_are_asked_first(moves: list[Move], expected: str) -> None:
    y = asked(WHOLE)
    y.round(crane=moves)
    assert state(y)[0] == expected


def test_owner_that_asks_others_first_is_reminded_of_the_request() -> None:
    y = asked(WHOLE)
    y.round(crane=[Ask("crew", "find", {"crate": "C2"})])
    outcome = y.round(crew=[Answer("x2", AnswerKind.AGREE)])
    assert {t["exchange"] for t in outcome.position.active["crane"]} == {"x1", "x2"}


def test_owner_whose_own_request_is_refused_is_asked_once_more() -> None:
    outcome = asked(WHOLE).round(crane=[Ask("crew", "sell", {})])
    assert outcome.route is Route.AGENTS, "nobody else is awake, and the exchange is open"
    (trigger,) = outcome.position.active["crane"]
    assert (trigger["type"], trigger["exchange"]) == ("request", "x1")


def test_question_that_was_cut_is_refused_to_its_asker() -> None:
    y = asked(BARE)
    y.round(crane=[])
    outcome = y.round(crane=[])
    (trigger,) = outcome.position.active["crew"]
    assert (state(y), trigger["kind"], trigger["open"]) == (("cut", "defer"), "refuse", False)
    assert y.store.escalation_rows == {}


# a turn that failed


@pytest.mark.parametrize(
    ("ask", "options"),
    [
        (WHOLE, [f"Lifts C1 at {T10}", "leave as it is"]),
        (HOLES, ["leave as it is"]),
        (BARE, ["leave as it is"]),
    ],
)
def test_person_is_offered_what_was_wanted_of_an_agent_that_failed(ask: Ask, options: list[str]) -> None:
    y = asked(ask)
    outcome = y.round(crane=Turn("crane", failure="timeout", detail="slow"))
    (question,) = y.store.escalation_rows.values()
    assert ([o["title"] for o in question.options], question.reason) == (options, "timeout")
    assert (outcome.route, state(y)) == (Route.ESCALATE, ("failed", None))
    assert y.store.commit_rows == {}


def test_failure_is_never_taken_for_a_defer() -> None:
    y = asked(HOLES)
    y.round(crane=[say("counter", **OFFER)])
    y.round(crew=Turn("crew", failure="error"))
    assert (state(y), y.store.commit_rows) == (("failed", None), {})


def test_reflex_of_an_agent_whose_model_failed_still_stands() -> None:
    y = yard(world()).wake("crane")
    take = Proposal("take", {"pile": "P1", "quantity": 5})
    outcome = y.round(crane=Turn("crane", (take,), failure="error", detail="down"))
    assert (y.verdict("take"), outcome.route) == ([Verdict.COMMITTED], Route.ESCALATE)


def test_case_whose_agent_failed_ends_as_failed_when_it_is_left() -> None:
    y = yard(world()).wake("crane")
    y.round(crane=Turn("crane", failure="error", detail="down"))
    (question,) = y.store.escalation_rows.values()
    outcome = y.run(None, [y.store.decide(question.id, "answer", "f.one", "foreman", option=0)])
    assert outcome.status is CaseStatus.FAILED


# what is recorded


@pytest.mark.parametrize(("failure", "kind"), [(None, "turn.taken"), ("timeout", "turn.failed")])
def test_every_turn_is_an_event(failure: str | None, kind: str) -> None:
    y = yard(world()).wake("crane")
    y.round(crane=Turn("crane", failure=failure, detail="x", attempts=3, dropped=("run/R-1",)))
    (event,) = [e for e in y.events if e.type.startswith("turn.")]
    assert (event.type, event.agent, event.lane, event.case) == (kind, "crane", "a", y.case.id)
    assert (event.data["attempts"], event.data["dropped"]) == (3, ["run/R-1"])


def test_every_word_in_an_exchange_is_an_event() -> None:
    y = asked(HOLES)
    y.round(crane=[say("counter", **OFFER)])
    y.round(crew=[say("agree")])
    told = [(e.type, e.agent) for e in y.events if e.type.startswith("request.")]
    assert told == [("request.asked", "crew"), ("request.answered", "crane"), ("request.answered", "crew")]


def test_turns_are_heard_in_one_order_whoever_was_faster() -> None:
    def rows(*order: str) -> list[tuple[str, str]]:
        y = yard(world()).wake("crew", "crane")
        turns = {
            "crew": Turn("crew", (Proposal("lift", LIFT),)),
            "crane": Turn("crane", (Proposal("take", {"pile": "P1", "quantity": 1}),)),
        }
        y.run({name: turns[name] for name in order})
        return [(e.id, e.type) for e in y.events]

    assert rows("crew", "crane") == rows("crane", "crew")


def test_turn_tells_which_agents_wait_for_it() -> None:
    y = asked(HOLES)
    y.round(crane=[say("counter", **OFFER)])
    y.round(crew=[say("refuse")])
    turns = [(e.agent, e.data["asked_by"]) for e in y.events if e.type.startswith("turn.")]
    assert turns == [("crew", []), ("crane", ["crew"]), ("crew", ["crane"])]


def test_agent_that_hears_a_last_word_makes_nobody_wait() -> None:
    y = asked(BARE)
    y.round(crane=[say("agree", start=T10)])
    y.round(crew=[])
    assert [e.data["asked_by"] for e in y.events if e.type == "turn.taken"] == [[], ["crew"], []]

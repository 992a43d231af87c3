"""At a limit no model is called again, and what is open goes to a person (R14)."""

from dataclasses import replace

from protocol.position import Route
from protocol.turns import Answer, AnswerKind, Ask, Carried, Proposal, Turn

from .ring import ring_world
from .signing import BURN, signing_world, yard
from .yard import T10, T11, Yard, world

LIFT = {"crate": "C1", "start": T10, "end": T11}
FIND = Ask("crane", "find", {}, Carried("lift", {"crate": "C1"}, ("start", "end")))


def test_open_exchanges_are_cut_at_the_last_round_and_ruled_in_the_same_pass() -> None:
    y = yard(world(rounds=2)).wake("crew")
    y.round(crew=[FIND])
    outcome = y.round(crane=[Answer("x1", AnswerKind.DEFER)])
    assert (y.position.exchanges["x1"].state, y.position.exchanges["x1"].cut_by) == ("cut", "bound")
    assert (outcome.route, y.count("loop.cut"), y.count("limit.reached")) == (Route.ESCALATE, 1, 1)


def test_cut_question_wakes_nobody_past_the_last_round() -> None:
    y = yard(world(rounds=2)).wake("crew")
    y.round(crew=[Ask("crane", "find", {})])
    outcome = y.round(crane=[Answer("x1", AnswerKind.DEFER)])
    assert (y.position.exchanges["x1"].state, outcome.position.active) == ("cut", {})


def test_used_up_proposals_end_the_model_calls() -> None:
    y = yard(world(proposals=1)).wake("crew")
    outcome = y.round(crew=[FIND, Proposal("lift", LIFT)])
    assert (outcome.route, outcome.position.active) == (Route.ESCALATE, {})
    assert (outcome.position.exhausted, y.verdicts[1].code) == ("proposals", "limit_proposals")


def test_carried_action_counts_as_a_proposal() -> None:
    y = yard(world(proposals=1)).wake("crew")
    y.round(crew=[Proposal("lift", LIFT), FIND])
    assert (y.verdicts[0].code, y.position.exchanges) == ("limit_proposals", {})


def test_question_at_the_limit_of_escalations_is_told_and_not_opened() -> None:
    y = yard(signing_world(open_escalations=1))
    y.round(crane=[BURN])
    y.position = replace(y.position, round=2, active={"crane": ({"type": "person", "text": "go"},)})
    y.round(crane=Turn("crane", failure="error", detail="down"))
    assert (len(y.store.escalation_rows), y.count("limit.escalations")) == (1, 1)


def test_question_that_is_open_at_the_last_round_is_left_to_a_person() -> None:
    y = yard(world(rounds=2)).wake("crew")
    y.round(crew=[Ask("crane", "find", {})])
    outcome = y.round(crane=[Answer("x1", AnswerKind.DEFER)])
    (question,) = y.store.escalation_rows.values()
    assert (outcome.route, question.agent, question.reason) == (Route.ESCALATE, "crew", "limit_rounds")


def test_what_the_last_cut_puts_to_another_owner_is_left_to_a_person() -> None:
    """Nobody will ask that owner any more: the request is not left open."""
    y = Yard(ring_world([3, 3, 3], rounds=2)).wake("a")
    whole = {"part": "P1", "start": T10}
    y.store.seed("part_b", "P1", start=None)
    y.round(a=[Ask("c", "settle", {}, Carried("fit_b", whole))])
    outcome = y.round(c=[Answer("x1", AnswerKind.COUNTER, {"start": T11})])
    assert {(x.owner, str(x.state), x.cut_by) for x in y.position.exchanges.values()} == {
        ("c", "cut", "bound"),
        ("b", "cut", "bound"),
    }
    assert (outcome.route, y.verdict("fit_b")) == (Route.ESCALATE, ["asked", "asked", "escalated"])

"""A matter whose answers are used up is asked about no more, whoever ends it how (R4, R14)."""

from dataclasses import replace

import pytest

from protocol.position import Route
from protocol.rows import Verdict
from protocol.turns import Answer, AnswerKind, Ask, Carried, Proposal

from .signing import yard
from .yard import T10, T11, Yard, world

LIFT = {"crate": "C1", "start": T10, "end": T11}
FIND = Ask("crane", "find", {}, Carried("lift", LIFT))
HOLES = Ask("crane", "find", {}, Carried("lift", {"crate": "C1"}, ("start", "end")))
OFFER = {"start": T10, "end": T11}


def refused(times: int, *, crew_level: int = 3, ask: Ask = FIND, bound: int = 2) -> Yard:
    """A case in which the crane has refused the same request so many times."""
    y = yard(world(crew_level=crew_level, answers_per_exchange=bound, rounds=50)).wake("crew")
    for n in range(1, times + 1):
        y.round(crew=[ask])
        y.round(crane=[Answer(f"x{n}", AnswerKind.REFUSE, {}, "no_slot")])
    return y


@pytest.mark.parametrize("bound", [1, 2, 3])
def test_owner_is_asked_about_a_matter_as_often_as_the_bound_says(bound: int) -> None:
    y = refused(bound, bound=bound)
    outcome = y.round(crew=[FIND])
    assert "crane" not in outcome.position.active
    assert max(x.answers for x in y.position.exchanges.values()) == bound


def test_what_is_asked_again_after_the_last_answer_goes_to_a_person() -> None:
    y = refused(2)
    outcome = y.round(crew=[FIND])
    assert (outcome.route, y.verdict("lift")[-1]) == (Route.ESCALATE, Verdict.ESCALATED)
    (question,) = y.store.escalation_rows.values()
    assert [o["title"] for o in question.options] == [f"Lifts C1 at {T10}", "leave as it is"]
    cut = next(e for e in y.events if e.type == "loop.cut")
    assert (cut.data["by"], y.count("loop.cut")) == ("bound", 1)


def test_asking_again_and_again_never_overrides_a_no() -> None:
    y = refused(2, crew_level=5)
    y.round(crew=[FIND])
    assert y.store.commit_rows == {}


def test_other_matter_is_still_asked() -> None:
    y = refused(2)
    other = Ask("crane", "find", {}, Carried("lift", {**LIFT, "crate": "C2"}))
    assert tuple(y.round(crew=[other]).position.active) == ("crane",)


def test_request_that_carries_nothing_is_told_to_its_asker_as_refused() -> None:
    y = refused(2, ask=Ask("crane", "find", {"crate": "C1"}))
    outcome = y.round(crew=[Ask("crane", "find", {"crate": "C1"})])
    (trigger,) = outcome.position.active["crew"]
    assert (trigger["type"], trigger["kind"], trigger["open"]) == ("answer", "refuse", False)
    assert (y.count("loop.cut"), y.store.escalation_rows) == (1, {})


def test_proposal_on_what_another_owns_is_carried_to_it_as_often_as_the_bound_says() -> None:
    y = yard(world(crew_level=3, answers_per_exchange=1, rounds=50)).wake("crew")
    take = Proposal("take", {"pile": "P1", "quantity": 5})
    y.round(crew=[take])
    y.round(crane=[Answer("x1", AnswerKind.REFUSE, {}, "no_slot")])
    outcome = y.round(crew=[take])
    assert (outcome.route, y.verdict("take")[-1]) == (Route.ESCALATE, Verdict.ESCALATED)
    assert y.store.get("pile", "P1")["count"] == 500  # type: ignore[index]


@pytest.mark.parametrize(
    ("first", "ended", "again", "cut_by"),
    [
        (AnswerKind.DEFER, "crane", AnswerKind.DEFER, "defer"),
        (AnswerKind.COUNTER, "crew", AnswerKind.COUNTER, "repeat"),
        (AnswerKind.DEFER, "crane", AnswerKind.COUNTER, None),
        (AnswerKind.COUNTER, "crew", AnswerKind.DEFER, None),
    ],
)
def test_asking_again_forgets_no_defer_and_no_position(
    first: AnswerKind, ended: str, again: AnswerKind, cut_by: str | None
) -> None:
    y = yard(world(crew_level=3, answers_per_exchange=9, rounds=50)).wake("crew")
    said = {AnswerKind.COUNTER: OFFER, AnswerKind.DEFER: {}}
    y.round(crew=[HOLES])
    y.round(crane=[Answer("x1", first, said[first])])
    y.round(**{ended: [Answer("x1", AnswerKind.REFUSE, {}, "no_slot")]})
    y.position = replace(y.position, active={"crew": ({"type": "person", "text": "go"},)})
    y.round(crew=[HOLES])
    y.round(crane=[Answer("x2", again, said[again])])
    assert y.position.exchanges["x2"].cut_by == cut_by

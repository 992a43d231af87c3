"""Who may ask whom for what, and what a word in an exchange counts for (R2, R3, R4)."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.rows import Verdict
from protocol.turns import Answer, AnswerKind, Ask, Carried, Proposal
from protocol.world import World

from .signing import yard
from .yard import T10, T11, Yard, world

LIFT = {"crate": "C1", "start": T10, "end": T11}
BOOK = {"booking": "B1", "start": T10, "end": T11}


def changed(w: World, agent: str, part: str, **fields: Any) -> World:
    """The world, one part of one manifest changed."""
    manifest = w.manifests[agent]
    made = manifest.model_copy(update={part: getattr(manifest, part).model_copy(update=fields)})
    return replace(w, manifests={**w.manifests, agent: made})


def accepting(w: World, **callers: list[str]) -> World:
    """The world, the crane answering these requests of these callers."""
    find = w.manifests["crane"].input_schema.requests["find"]
    requests = {name: find.model_copy(update={"from_": who}) for name, who in callers.items()}
    return changed(w, "crane", "input_schema", requests=requests)


def refusals(y: Yard) -> list[str]:
    """The codes of requests that were not put."""
    return [e.data["code"] for e in y.events if e.type == "request.refused"]


@pytest.mark.parametrize(
    ("made", "ask", "code"),
    [
        (world(), Ask("crane", "find", {}), None),
        (world(), Ask("crane", "decide", {}, Carried("take", {"pile": "P1", "quantity": 1})), None),
        (world(), Ask("crane", "decide", {}), "nothing_carried"),
        (world(), Ask("nobody", "find", {}), "unknown_agent"),
        (world(), Ask("crew", "find", {}), "unknown_agent"),
        (world(), Ask("crane", "tell", {}), "not_asked"),
        (accepting(world(), find=["crew"], tell=["crew"]), Ask("crane", "tell", {}), "not_asked"),
        (accepting(world(), find=["person"]), Ask("crane", "find", {}), "not_asked"),
        (changed(world(), "crew", "capability_scope", asks={}), Ask("crane", "find", {}), "not_asked"),
        (world(), Ask("crane", "find", {}, Carried("reserve", BOOK)), "out_of_scope"),
        (world(), Ask("crane", "decide", {}, Carried("reserve", BOOK)), "out_of_scope"),
        (world(), Ask("crane", "find", {}, Carried("burn_all", {})), "out_of_scope"),
    ],
)
def test_request_is_put_when_both_manifests_allow_it(made: World, ask: Ask, code: str | None) -> None:
    y = yard(made).wake("crew")
    outcome = y.round(crew=[ask])
    assert refusals(y) == ([] if code is None else [code])
    assert ("crane" in outcome.position.active) is (code is None)


def test_shadow_agent_is_not_asked() -> None:
    made = world()
    shadow = made.manifests["crane"].model_copy(update={"mode": "shadow"})
    y = yard(replace(made, manifests={**made.manifests, "crane": shadow})).wake("crew")
    y.round(crew=[Ask("crane", "find", {})])
    assert refusals(y) == ["unknown_agent"]


def test_proposal_carried_to_its_owner_has_the_lower_of_both_levels() -> None:
    y = yard(world(crew_level=5, crane_level=1)).wake("crew")
    y.round(crew=[Proposal("take", {"pile": "P1", "quantity": 1})])
    y.round(crane=[Answer("x1", AnswerKind.AGREE)])
    assert [c.level for c in y.store.commit_rows.values()] == [1]


@pytest.mark.parametrize(
    ("crew_level", "crane_level", "winner"), [(4, 3, "lift"), (3, 4, "reserve"), (3, 3, "reserve")]
)
def test_levels_and_not_names_decide_who_gets_an_interval(
    crew_level: int, crane_level: int, winner: str
) -> None:
    y = yard(world(crew_level=crew_level, crane_level=crane_level)).wake("crew", "crane")
    y.round(crew=[Proposal("lift", LIFT)], crane=[Proposal("reserve", BOOK)])
    verdicts = {v.kind: v.verdict for v in y.verdicts}
    assert {kind for kind, verdict in verdicts.items() if verdict is Verdict.COMMITTED} == {winner}
    assert list(verdicts.values()).count(Verdict.OVERRULED) == 1


def test_second_write_of_the_same_record_in_a_round_is_overruled_with_the_winner() -> None:
    made = changed(world(), "crew", "capability_scope", can=["lift", "take", "cancel"])
    y = yard(made)
    y.store.seed("booking", "B1", start=T10, end=T11)
    y.wake("crew").round(crew=[Proposal("cancel", {"booking": "B1"})])
    y.round(crane=[Answer("x1", AnswerKind.AGREE), Proposal("cancel", {"booking": "B1"})])
    first, second = y.verdicts[-2:]
    assert (first.agent, first.verdict) == ("crew", Verdict.COMMITTED)
    assert (second.agent, second.verdict) == ("crane", Verdict.OVERRULED)
    assert y.position.active["crane"][0]["winner"] == first.key


@pytest.mark.parametrize(
    ("crew_level", "code", "state"),
    [
        (4, None, "insisted"),
        (4, "because", "insisted"),
        (4, "no_slot", "refused"),
        (4, "frozen", "refused"),  # the code of a rule that people may sign
        (3, None, "refused"),
        (2, "because", "refused"),
    ],
)
def test_owner_refuses_a_higher_level_by_a_known_code_only(
    crew_level: int, code: str | None, state: str
) -> None:
    y = yard(world(crew_level=crew_level, crane_level=3)).wake("crew")
    y.round(crew=[Ask("crane", "find", {}, Carried("lift", LIFT))])
    y.round(crane=[Answer("x1", AnswerKind.REFUSE, {}, code, "no")])
    assert y.position.exchanges["x1"].state == state


def test_word_of_whoever_is_not_awaited_is_not_heard() -> None:
    y = yard(world()).wake("crew", "crane")
    y.round(crew=[Ask("crane", "find", {}, Carried("lift", LIFT))])
    trigger = {"type": "person", "person": "guest", "roles": [], "text": "go"}
    y.position = replace(y.position, active={**y.position.active, "crew": (trigger,)})
    y.round(crew=[Answer("x1", AnswerKind.AGREE, LIFT)], crane=[Answer("x9", AnswerKind.AGREE)])
    assert (y.count("answer.ignored"), y.store.commit_rows) == (2, {})
    told = [e.data for e in y.events if e.type == "answer.ignored"]
    assert told == [{"kind": "agree"}] * 2, "nobody had to be told that it cannot be: it was not even heard"


def test_same_matter_is_not_asked_twice_while_it_is_open() -> None:
    ask = Ask("crane", "find", {}, Carried("lift", LIFT))
    y = yard(world()).wake("crew")
    y.round(crew=[ask, ask])
    assert (list(y.position.exchanges), y.count("request.repeated")) == (["x1"], 1)


@pytest.mark.parametrize(
    "move",
    [Ask("crane", "find", {}, Carried("lift", LIFT)), Proposal("take", {"pile": "P1", "quantity": 1})],
)
def test_action_whose_matter_is_open_is_told_so_and_not_left_asked(move: Ask | Proposal) -> None:
    y = yard(world()).wake("crew")
    y.round(crew=[move, move])
    assert [(v.verdict, v.code) for v in y.verdicts] == [
        (Verdict.ASKED, None),
        (Verdict.REFUSED, "already_asked"),
    ]


def test_same_matter_asked_again_keeps_its_count_of_answers() -> None:
    ask = Ask("crane", "find", {}, Carried("lift", LIFT))
    y = yard(world(crew_level=3, answers_per_exchange=2)).wake("crew")
    y.round(crew=[ask])
    y.round(crane=[Answer("x1", AnswerKind.REFUSE, {}, "no_slot")])
    y.round(crew=[ask])
    y.round(crane=[Answer("x2", AnswerKind.DEFER)])
    assert (y.position.exchanges["x2"].answers, y.position.exchanges["x2"].cut_by) == (2, "bound")


def test_another_matter_between_the_same_agents_is_not_cut() -> None:
    y = yard(world(crew_level=3, answers_per_exchange=2)).wake("crew")
    y.round(crew=[Ask("crane", "find", {}, Carried("lift", LIFT))])
    y.round(crane=[Answer("x1", AnswerKind.REFUSE, {}, "no_slot")])
    y.round(crew=[Ask("crane", "find", {}, Carried("lift", {**LIFT, "crate": "C2"}))])
    y.round(crane=[Answer("x2", AnswerKind.DEFER)])
    assert y.position.exchanges["x2"].cut_by is None

"""Rewording makes no matter new, and no position: only what is typed counts (R4)."""

from typing import Any

import pytest

from protocol.fields import Instant, KeyOf, ListOf, Maybe, Shape, Text
from protocol.turns import Answer, AnswerKind, Ask, Carried
from protocol.wording import typed, unworded

from .signing import yard
from .yard import T10, T11, T12, Yard, world

HOLES = Ask("crane", "find", {}, Carried("lift", {"crate": "C1"}, ("start", "end")))
SHAPE: Shape = {"crate": KeyOf("crate"), "start": Instant(), "why": Maybe(Text()), "notes": ListOf(Text())}


def test_typed_values_are_what_the_action_takes_without_its_prose() -> None:
    said = {"crate": "C1", "start": T10, "why": "please", "notes": ["a"], "mood": "warm"}
    assert typed(SHAPE, said) == {"crate": "C1", "start": T10}


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ({"crate": "C1", "why": "after you"}, {"crate": "C1"}),
        ({"ref": "crate/C1", "at": T10, "share": "0.50", "by": "a.b", "usable": "no"}, None),
        ({"many": 3, "none": None, "sure": True}, None),
        ({"deep": {"why": "I insist", "key": "C1"}}, {"deep": {"key": "C1"}}),
        ({"all": ["C1", "no, after you", "C2"]}, {"all": ["C1", "C2"]}),
        ({"why": ""}, {}),
    ],
)
def test_undeclared_values_lose_what_reads_as_prose(
    said: dict[str, Any], left: dict[str, Any] | None
) -> None:
    assert unworded(said) == (said if left is None else left)


def asked_again(first: dict[str, Any], second: dict[str, Any]) -> Yard:
    """The same agent asks the same request a second time before the first is answered."""
    y = yard(world()).wake("crew")
    y.round(crew=[Ask("crane", "find", first), Ask("crane", "find", second)])
    return y


def test_question_asked_in_other_words_is_the_same_question() -> None:
    y = asked_again({"crate": "C1", "text": "would you"}, {"crate": "C1", "text": "oh, please do"})
    assert (list(y.position.exchanges), y.count("request.repeated")) == (["x1"], 1)


@pytest.mark.parametrize(
    "other", [{"crate": "C2"}, {"crate": "C1", "from": T10}, {"crate": "C1", "of": "lift/L-1"}]
)
def test_question_about_something_else_in_the_same_words_is_another(other: dict[str, Any]) -> None:
    y = asked_again({"crate": "C1", "text": "would you"}, {**other, "text": "would you"})
    assert (list(y.position.exchanges), y.count("request.repeated")) == (["x1", "x2"], 0)


def said_twice(first: dict[str, Any], second: dict[str, Any]) -> str | None:
    """How an exchange was cut in which the owner's two offers had an asker's between them."""
    y = yard(world(answers_per_exchange=9, rounds=50)).wake("crew")
    y.round(crew=[HOLES])
    y.round(crane=[Answer("x1", AnswerKind.COUNTER, first)])
    y.round(crew=[Answer("x1", AnswerKind.COUNTER, {"start": T12})])
    y.round(crane=[Answer("x1", AnswerKind.COUNTER, second)])
    return y.position.exchanges["x1"].cut_by


@pytest.mark.parametrize("more", [{"why": "I insist"}, {"why": None}, {"mood": "warm"}])
def test_offer_made_again_in_other_words_is_a_repetition(more: dict[str, Any]) -> None:
    offer = {"start": T10, "end": T11}
    assert said_twice({**offer, "why": "after you"}, {**offer, **more}) == "repeat"


def test_other_offer_in_the_same_words_is_none() -> None:
    offer = {"start": T10, "end": T11, "why": "after you"}
    assert said_twice(offer, {**offer, "end": T12}) is None

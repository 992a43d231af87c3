"""What a model may say is a closed schema: each good call is one move, each bad one a counted failure."""

import re
from typing import Any

import pytest

from agents.model_tools import tools_of
from agents.parsing import (
    MAX_MOVES,
    MAX_TEXT,
    InvalidTurnError,
    check_answers,
    check_spoken,
    parse_moves,
    to_calls,
)
from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal, Reply
from tests.floors_loaded import harbour

SPAN = {"berth": "B1", "minutes": 60, "earliest": "2026-05-04T06:00:00Z", "latest": "2026-05-05T06:00:00Z"}
HOLES = {"kind": "book_sounding", "params": {"berth": "B1"}, "holes": ["start", "end"]}
ASK = "ask_berthing__find_gap"


def parse(name: str, args: Any, agent: str = "fairway") -> Move:
    (move,) = parse_moves(harbour().world, agent, [{"name": name, "args": args}])
    return move


GOOD: list[tuple[str, dict[str, Any], Move]] = [
    ("book_pilot", {"visit": "V-1"}, Proposal("book_pilot", {"visit": "V-1"})),
    (
        "shift_visit",
        {},
        Proposal("shift_visit", {}),
    ),  # out of scope: that is for the gate
    ("reply", {"text": "done"}, Reply("done")),
    ("reply", {"text": "no", "code": "closed", "clarify": None}, Reply("no", "closed")),
    ("reply", {"text": "which?", "clarify": True}, Reply("which?", None, clarify=True)),
    ("reply", {"text": "x" * 5000}, Reply("x" * MAX_TEXT)),
    ("answer", {"exchange": "x1", "kind": "defer"}, Answer("x1", AnswerKind.DEFER)),
    (
        "answer",
        {"exchange": "x1", "kind": "counter", "values": {"start": "s"}, "code": None, "text": None},
        Answer("x1", AnswerKind.COUNTER, {"start": "s"}),
    ),
    (ASK, {"params": SPAN}, Ask("berthing", "find_gap", SPAN)),
    (ASK, {"params": SPAN, "carries": None}, Ask("berthing", "find_gap", SPAN)),
    (
        ASK,
        {"params": SPAN, "carries": HOLES},
        Ask("berthing", "find_gap", SPAN, Carried("book_sounding", {"berth": "B1"}, ("start", "end"))),
    ),
    (
        ASK,
        {"params": SPAN, "carries": {"kind": "book_sounding", "params": {}}},
        Ask("berthing", "find_gap", SPAN, Carried("book_sounding", {})),
    ),
]

BAD: list[tuple[str, Any, str]] = [
    ("launch", {}, "'launch' is not a tool of fairway"),
    ("ask_fairway__sound_berth", {"params": {"berth": "B1"}}, "is not a tool of fairway"),
    ("ask_berthing__find_berth", {"params": {"visit": "V-1"}}, "is not a tool of fairway"),
    ("book_pilot", ["V-1"], "not an object"),
    ("book_pilot", {"start": 1.5}, "decimal string"),
    ("book_pilot", {"start": float("nan")}, "decimal string"),
    ("book_pilot", {"start": 2**53}, "beyond"),
    ("book_pilot", {"visit": "\ud800"}, "lone surrogate"),
    ("book_pilot", {1: "V-1"}, "is not text"),
    ("reply", {}, "'text' is missing"),
    ("reply", {"text": "a", "to": "k.maes"}, "unknown field 'to'"),
    ("reply", {"text": 7}, "text must be text"),
    ("reply", {"text": "a", "code": 7}, "code text or null"),
    ("reply", {"text": "a", "clarify": "yes"}, "true or false"),
    ("reply", {"text": "a", "clarify": 0}, "true or false"),
    ("answer", {"kind": "agree"}, "'exchange' is missing"),
    ("answer", {"exchange": "x1", "kind": "approve"}, "'approve' is not agree"),
    ("answer", {"exchange": "x1", "kind": ["agree"]}, "is not agree"),
    ("answer", {"exchange": 1, "kind": "agree"}, "exchange, code and text must be text"),
    ("answer", {"exchange": "x1", "kind": "agree", "values": []}, "values must be an object"),
    ("answer", {"exchange": "x1", "kind": "agree", "values": "all"}, "values must be an object"),
    ("answer", {"exchange": "x1", "kind": "agree", "text": 0}, "must be text"),
    ("answer", {"exchange": "x1", "kind": "agree", "level": 5}, "unknown field 'level'"),
    (ASK, {}, "'params' is missing"),
    (ASK, {"params": {"berth": "B1"}}, "'minutes' is a required property"),
    (ASK, {"params": SPAN | {"minutes": "60"}}, "is not of type 'integer'"),
    (ASK, {"params": SPAN, "carries": "book_sounding"}, "carries must be an object"),
    (ASK, {"params": SPAN, "carries": {"kind": "book_sounding"}}, "'params' is missing"),
    (ASK, {"params": SPAN, "carries": HOLES | {"level": 5}}, "unknown field 'level'"),
    (ASK, {"params": SPAN, "carries": HOLES | {"kind": 7}}, "carries needs a kind"),
    (ASK, {"params": SPAN, "carries": HOLES | {"holes": "start"}}, "a list of holes"),
    (ASK, {"params": SPAN, "carries": HOLES | {"holes": [1]}}, "a list of holes"),
    (ASK, {"params": SPAN, "carries": HOLES | {"holes": 0}}, "a list of holes"),
]


@pytest.mark.parametrize(("name", "args", "move"), GOOD)
def test_good_call_is_one_move(name: str, args: dict[str, Any], move: Move) -> None:
    assert parse(name, args) == move


@pytest.mark.parametrize(("name", "args", "part"), BAD)
def test_bad_call_is_refused_with_its_reason(name: str, args: Any, part: str) -> None:
    with pytest.raises(InvalidTurnError, match=re.escape(part)):
        parse(name, args)


def test_one_bad_call_spoils_the_whole_turn() -> None:
    calls = [{"name": "reply", "args": {"text": "ok"}}, {"name": "launch", "args": {}}]
    with pytest.raises(InvalidTurnError):
        parse_moves(harbour().world, "fairway", calls)


def test_moves_keep_their_order_and_are_bounded() -> None:
    calls = [{"name": "reply", "args": {"text": str(n)}} for n in range(MAX_MOVES + 1)]
    moves = parse_moves(harbour().world, "fairway", calls[:-1])
    assert [m.text for m in moves if isinstance(m, Reply)] == [str(n) for n in range(MAX_MOVES)]
    with pytest.raises(InvalidTurnError, match="at most 32"):
        parse_moves(harbour().world, "fairway", calls)


@pytest.mark.parametrize("move", [move for _, _, move in GOOD])
def test_calls_of_the_offline_model_parse_back_to_its_moves(move: Move) -> None:
    ((name, args),) = to_calls([move])
    assert parse(name, args) == move


@pytest.mark.parametrize(
    ("kind", "values", "exchange", "valid"),
    [
        (AnswerKind.AGREE, {"start": "a", "end": "b"}, "x1", True),
        (AnswerKind.AGREE, {"start": "a"}, "x1", False),
        (AnswerKind.COUNTER, {"start": "a"}, "x1", True),
        (AnswerKind.REFUSE, {}, "x1", True),
        (AnswerKind.AGREE, {}, "x2", True),
    ],
    ids=["as published", "a value missing", "an offer", "a refusal", "not asked as its owner"],
)
def test_owner_agrees_in_the_form_it_publishes(
    kind: AnswerKind, values: dict[str, Any], exchange: str, valid: bool
) -> None:
    moves = [Answer(exchange, kind, values)]
    if valid:
        check_answers(harbour().world, "berthing", moves, {"x1": "find_gap"})
        return
    with pytest.raises(InvalidTurnError, match="answer to find_gap"):
        check_answers(harbour().world, "berthing", moves, {"x1": "find_gap"})


def test_model_is_offered_its_queries_actions_and_requests_and_nothing_else() -> None:
    names = {
        a: [t["function"]["name"] for t in tools_of(harbour().world, a)] for a in ("berthing", "fairway")
    }
    assert names == {
        "berthing": ["free_gaps", "assign_berth", "shift_visit", "answer", "reply"],
        "fairway": ["free_gaps", "free_pilots", "book_pilot", "book_sounding", ASK, "answer", "reply"],
    }


@pytest.mark.parametrize("speaks", [(), ("answer",), ("reply",)])
def test_model_is_offered_to_speak_where_somebody_listens(speaks: tuple[str, ...]) -> None:
    names = [t["function"]["name"] for t in tools_of(harbour().world, "berthing", speaks)]
    assert names == ["free_gaps", "assign_berth", "shift_visit", *speaks]


def test_words_are_cut_to_their_bound() -> None:
    words = "a" * (MAX_TEXT + 1)
    assert parse("reply", {"text": words}) == Reply("a" * MAX_TEXT)
    answer = parse("answer", {"exchange": "x1", "kind": "agree", "text": words})
    assert isinstance(answer, Answer)
    assert answer.text == "a" * MAX_TEXT


def test_nothing_at_all_is_no_answer_to_a_person() -> None:
    with pytest.raises(InvalidTurnError, match="nothing at all"):
        check_spoken((), {"event", "person"})
    check_spoken((), {"event", "answer"})
    check_spoken((Reply("nothing to do"),), {"person"})

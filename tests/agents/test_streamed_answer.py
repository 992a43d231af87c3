"""Pieces of an answer, put together: the whole or nothing, whatever an endpoint makes of the protocol."""

from typing import Any

import pytest

from agents.streamed_answer import CUT_AT, MAX_ANSWER, MAX_CALL, NoStreamError, StreamedAnswer

DONE = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}


def said(**delta: Any) -> dict[str, Any]:
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def called(arguments: str = "", name: str | None = None, **more: Any) -> dict[str, Any]:
    return said(tool_calls=[{**more, "function": {"name": name, "arguments": arguments}}])


def put_together(*pieces: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Id, name and arguments of each call."""
    answer = StreamedAnswer()
    for piece in (*pieces, DONE):
        assert answer.add(piece)
    message = answer.completion()["choices"][0]["message"]
    return [(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in message["tool_calls"]]


A, B = ("a", "look", '{"x":1}'), ("b", "reply", '{"y":2}')


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(
            (
                called(index=0, id="a", name="look"), called('{"x"', index=0), called(":1}", index=0),
                called(index=1, id="b", name="reply"), called('{"y":2}', index=1),
            ),
            id="in turn",
        ),
        pytest.param(
            (
                called(index=0, id="a", name="look"), called(index=1, id="b", name="reply"),
                called('{"x"', index=0), called('{"y":', index=1),
                called(":1}", index=0), called("2}", index=1),
            ),
            id="by turns",
        ),
        pytest.param(
            (
                called('{"x":1}', index=0, id="a", name="look"),
                called('{"y":2}', index=0, id="b", name="reply"),
            ),
            id="one index for all",
        ),
        pytest.param(
            (called('{"x":1}', id="a", name="look"), called('{"y":2}', id="b", name="reply")), id="no index"
        ),
        pytest.param(
            (
                called('{"x"', index=0, id="a", name="look"), called(":1}", index=0, id="a", name="look"),
                called('{"y":2}', index=1, id="b", name="reply"),
            ),
            id="head repeated",
        ),
        pytest.param(
            (
                called(index=0, id="a", name="lo"), called('{"x":1}', index=0, name="ok"),
                called('{"y":2}', index=1, id="b", name="reply"),
            ),
            id="name in two",
        ),
    ],
)  # fmt: skip
def test_calls_are_told_apart_and_joined(pieces: tuple[dict[str, Any], ...]) -> None:
    assert put_together(*pieces) == [A, B]


def test_words_and_usage_are_kept() -> None:
    answer = StreamedAnswer()
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    for piece in (
        said(content="Su"),
        said(content="re", refusal="no"),
        DONE,
        {"choices": [], "usage": usage},
    ):
        answer.add(piece)
    whole = answer.completion()
    assert whole["choices"][0]["message"] == {"role": "assistant", "content": "Sure", "refusal": "no"}
    assert (whole["usage"], whole["model"], CUT_AT in whole) == (usage, "m", False)


@pytest.mark.parametrize(
    "pieces", [(), (said(content="all is well"),), (called("{}", index=0, name="look"),)]
)
def test_what_ends_before_its_end_is_nothing(pieces: tuple[dict[str, Any], ...]) -> None:
    answer = StreamedAnswer()
    for piece in pieces:
        answer.add(piece)
    with pytest.raises(ConnectionError, match="ended before the answer did"):
        answer.completion()


@pytest.mark.parametrize(
    "piece",
    [
        "text",
        [],
        None,
        {"choices": "none"},
        {"choices": ["none"]},
        {"choices": [{"index": 1, "delta": {}}]},
        {"choices": [{"index": 0, "delta": "words"}]},
        {"error": {"message": "overloaded"}},
        said(content=["a", "list"]),
        said(refusal=7),
        said(tool_calls={"index": 0}),
        said(tool_calls=["look"]),
        said(tool_calls=[{"index": 0, "function": "look"}]),
        said(tool_calls=[{"index": 0, "id": 7}]),
        called(index=0, name={"a": 1}),  # type: ignore[arg-type]
        called({"x": 1}, index=0),  # type: ignore[arg-type]
        {"choices": [{"index": 0, "delta": {}, "finish_reason": {"a": 1}}]},
    ],
)
def test_what_is_no_piece_is_an_error(piece: Any) -> None:
    with pytest.raises(NoStreamError):
        StreamedAnswer().add(piece)


@pytest.mark.parametrize(
    ("piece", "most"),
    [
        (called("x" * 1000, index=0, name="look"), MAX_CALL),
        (called("é" * 500, index=0, name="look"), MAX_CALL),
        (said(content="x" * 1000), MAX_ANSWER),
        (said(reasoning_content="x" * 1000), MAX_ANSWER),
        (said(refusal="x" * 1000), MAX_ANSWER),
    ],
)
def test_an_answer_without_end_is_cut(piece: dict[str, Any], most: int) -> None:
    answer, taken = StreamedAnswer(), 1
    while answer.add(piece):
        taken += 1
        assert taken * 1000 <= most + 1000
    whole = answer.completion()
    assert whole["choices"][0]["finish_reason"] == "length"
    assert most < whole[CUT_AT] < most + 2000


def test_a_million_empty_calls_are_cut() -> None:
    answer, taken = StreamedAnswer(), 0
    while answer.add(called(index=taken, id=f"c{taken}", name="a")):
        taken += 1
    assert taken < MAX_ANSWER // 64


def test_each_piece_of_a_call_is_heard_as_it_comes() -> None:
    heard: list[tuple[int, str, str]] = []
    answer = StreamedAnswer(lambda *piece: heard.append(piece))
    pieces = (
        called(index=0, id="a", name="look"), called("{", index=0),
        called("{", index=1, id="b", name="reply"),
        called("}", index=0), called("x" * (MAX_CALL + 1), index=1),
    )  # fmt: skip
    for piece in pieces:
        answer.add(piece)
    assert heard == [(0, "look", ""), (0, "look", "{"), (1, "reply", "{"), (0, "look", "}")]

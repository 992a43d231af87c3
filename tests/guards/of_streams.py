"""What comes of an answer while it is read: bounded, whole, and what it says it is."""

from tests.guards.removal import Guard

_PIECES = "tests/agents/test_streamed_answer.py::"
_HTTP = "tests/evals/model_server/test_streams.py::"
_CUT = f"{_PIECES}test_an_answer_without_end_is_cut"

GUARDS = (
    Guard(
        "arguments without end",
        "agents.streamed_answer:StreamedAnswer._call",
        "self._is_cut or call.size > MAX_CALL",
        "self._is_cut",
        (f"{_CUT}[piece0-262144]",),
        "endless",
    ),
    Guard(
        "words without end",
        "agents.streamed_answer:StreamedAnswer._grow",
        "self._is_cut or self._size > MAX_ANSWER",
        "self._is_cut",
        (f"{_CUT}[piece2-1048576]",),
        "endless",
    ),
    Guard(
        "calls without end",
        "agents.streamed_answer:StreamedAnswer._of",
        "self._size += _EACH",
        "pass",
        (f"{_PIECES}test_a_million_empty_calls_are_cut",),
        "endless",
    ),
    Guard(
        "bodies without end",
        "agents.capped_response:_Capped.__aiter__",
        "if left < 0:",
        "if False:",
        (f"{_HTTP}test_no_body_is_read_without_end[False]",),
        "endless",
    ),
    Guard(
        "half an answer",
        "agents.streamed_answer:StreamedAnswer.completion",
        "if self._finish is None and not self._is_cut:",
        "if False:",
        (f"{_PIECES}test_what_ends_before_its_end_is_nothing",),
        "whole",
    ),
    Guard(
        "a page where a stream belongs",
        "agents.strict_chat:StrictChat._streamed",
        "if kind != STREAM:",
        "if False:",
        (f"{_HTTP}test_what_is_no_stream_is_said_to_be_none",),
        "whole",
    ),
)

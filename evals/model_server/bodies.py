"""The bodies of the rehearsed endpoint: OpenAI's chat completions, whole and in pieces."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.model_server.roles import Said
from telemetry.clock import shared_clock

_PIECE = 24
"""Characters of a call's arguments in one piece of a stream."""
Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in one piece. ``promised``: the length it claims to have, when that is not its own."""

    status: int
    body: bytes
    type: str = "application/json"
    headers: Headers = ()
    promised: int | None = None


def json_reply(status: int, body: Mapping[str, Any]) -> Reply:
    """Some JSON."""
    return Reply(status, json.dumps(body, ensure_ascii=False).encode())


def error_reply(status: int, code: str, message: str) -> Reply:
    """An error as OpenAI's protocol has it."""
    return json_reply(status, {"error": {"message": message, "type": code, "code": code, "param": None}})


def _usage(said: Said) -> dict[str, int]:
    total = said.input_tokens + said.output_tokens
    return {
        "prompt_tokens": said.input_tokens,
        "completion_tokens": said.output_tokens,
        "total_tokens": total,
    }


def completion(said: Said, model: str) -> dict[str, Any]:
    """What is said, as one completion."""
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(said.calls)
    ]
    message: dict[str, Any] = {"role": "assistant", "content": said.content, "refusal": said.refusal}
    if calls:
        message["tool_calls"] = calls
    return {
        "id": "chatcmpl-0",
        "object": "chat.completion",
        "created": int(shared_clock()),
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": said.finish, "logprobs": None}],
        **({"usage": _usage(said)} if said.tells_usage else {}),
    }


def pieces(said: Said, model: str, *, usage: bool) -> Sequence[dict[str, Any]]:
    """The same in pieces, as a stream has them."""
    frame = {
        "id": "chatcmpl-0",
        "object": "chat.completion.chunk",
        "created": int(shared_clock()),
        "model": model,
    }

    def piece(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    found = [piece({"role": "assistant", "content": said.content or ""})]
    if said.refusal:
        found.append(piece({"refusal": said.refusal}))
    for n, (name, arguments) in enumerate(said.calls):
        call = {
            "index": n,
            "id": f"call_{n}",
            "type": "function",
            "function": {"name": name, "arguments": ""},
        }
        found.append(piece({"tool_calls": [call]}))
        for at in range(0, len(arguments), _piece_size(arguments)):
            part = arguments[at : at + _piece_size(arguments)]
            found.append(piece({"tool_calls": [{"index": n, "function": {"arguments": part}}]}))
    found.append(piece({}, said.finish))
    if usage:
        found.append({**frame, "choices": [], "usage": _usage(said)})
    return found


def _piece_size(arguments: str) -> int:
    """Short pieces, but no more than a few hundred of them."""
    return max(_PIECE, len(arguments) // 200)

"""langchain-openai's chat model, made strict: a call's arguments are one JSON object, read by our rules.

Its own reading takes the last of two equal keys, and NaN for a number, and says nothing. What it would have
accepted and we do not becomes an invalid call, with the reason; the turn runtime counts that and asks again.
"""

from typing import Any

import openai
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatResult
from langchain_openai import ChatOpenAI

from protocol.canonical import NotCanonicalError, loads

MAX_ARGUMENTS = 256 * 1024
"""Bytes of one call's arguments."""


class StrictChat(ChatOpenAI):
    """Reads tool calls strictly."""

    def _create_chat_result(
        self, response: dict[str, Any] | openai.BaseModel, generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        result = super()._create_chat_result(response, generation_info)
        body = response if isinstance(response, dict) else response.model_dump(warnings=False)
        for generation, choice in zip(result.generations, body["choices"], strict=True):
            message = generation.message
            if isinstance(message, AIMessage):
                _read_anew(message, choice["message"].get("tool_calls") or [])
        return result


def _read_anew(message: AIMessage, given: list[dict[str, Any]]) -> None:
    """Put the calls as our rules read them in the place of those that the library read."""
    message.tool_calls, message.invalid_tool_calls = [], []
    for call in given:
        function, key = call.get("function") or {}, call.get("id")
        name = str(function.get("name"))
        arguments, wrong = _object(function.get("arguments") or "")
        if wrong is None:
            message.tool_calls.append({"name": name, "args": arguments, "id": key, "type": "tool_call"})
        else:
            message.invalid_tool_calls.append(
                {
                    "name": name,
                    "args": None,
                    "id": key,
                    "error": f"{name}: {wrong}",
                    "type": "invalid_tool_call",
                }
            )


def _object(text: str) -> tuple[Any, str | None]:
    """A JSON object, or why it is none."""
    try:
        value = loads(text, MAX_ARGUMENTS)
    except NotCanonicalError as error:
        return None, str(error)
    return value, None if isinstance(value, dict) else "not an object"

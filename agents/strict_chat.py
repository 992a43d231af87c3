"""langchain-openai's chat model, made strict: a call's arguments are one JSON object, read by our rules.

Its own reading takes the last of two equal keys, and NaN for a number, and says nothing. What it would have
accepted and we do not becomes an invalid call, with the reason; the turn runtime counts that and asks again.

A stream is read by us as well, not by it (ADR 9): an answer is taken whole or not at all, put together from
its pieces and read as if it had come in one, so that it fails in the same ways.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatResult
from langchain_openai import ChatOpenAI

from agents.capped_response import ASKED, cap
from agents.streamed_answer import CUT_AT, MAX_CALL, Heard, NoStreamError, StreamedAnswer
from protocol.canonical import NotCanonicalError, loads

STREAM, WHOLE = "text/event-stream", "application/json"


class StrictChat(ChatOpenAI):
    """Reads answers strictly, and no more of them than it must. ``streams``: asks for them in streams."""

    streams: bool = False

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        *,
        heard: Heard | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        """``heard``: of a stream, see StreamedAnswer."""
        payload = self._get_request_payload(messages, stop=stop, extra_headers=dict(ASKED), **kwargs)
        if not self.streams:
            return self._create_chat_result(await self._whole(payload))
        asked = payload | {"stream": True, "stream_options": {"include_usage": True}}
        return self._create_chat_result(await self._streamed(asked, StreamedAnswer(heard)))

    async def _whole(self, payload: Mapping[str, Any]) -> Any:
        """The answer in one piece, as the library has it."""
        async with self.async_client.with_streaming_response.create(**payload) as response:
            cap(response.http_response)
            with _in_its_words(response.http_request):
                return await response.parse()

    async def _streamed(self, payload: Mapping[str, Any], answer: StreamedAnswer) -> dict[str, Any]:
        """The answer from its pieces, or in one if the endpoint does not stream.

        Raises NoStreamError, ConnectionError for a stream that ends too early, or what the library does.
        """
        async with await self.async_client.create(**payload) as stream:
            cap(stream.response)
            kind = stream.response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind == WHOLE:
                return await _body(stream.response)
            if kind != STREAM:
                raise NoStreamError(f"the endpoint answers {kind or 'nothing'} where a stream belongs")
            async for piece in stream:
                is_data = isinstance(piece, openai.BaseModel)
                if not answer.add(piece.model_dump(warnings=False) if is_data else piece):
                    break
        return answer.completion()

    def _create_chat_result(
        self, response: dict[str, Any] | openai.BaseModel, generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        result = super()._create_chat_result(response, generation_info)
        body = response if isinstance(response, dict) else response.model_dump(warnings=False)
        for generation, choice in zip(result.generations, body["choices"], strict=True):
            message = generation.message
            if isinstance(message, AIMessage):
                _read_anew(message, choice["message"].get("tool_calls") or [])
            if CUT_AT in body:
                message.response_metadata[CUT_AT] = body[CUT_AT]
        return result


@contextmanager
def _in_its_words(request: httpx2.Request) -> Iterator[None]:
    """What the connection does to a body, as the library says it."""
    try:
        yield
    except httpx2.TimeoutException as error:
        raise openai.APITimeoutError(request) from error
    except httpx2.TransportError as error:
        raise openai.APIConnectionError(request=request) from error


async def _body(response: httpx2.Response) -> dict[str, Any]:
    with _in_its_words(response.request):
        await response.aread()
    body = response.json()
    if not isinstance(body, dict):
        raise NoStreamError("the endpoint answers JSON that is no object where a stream belongs")
    return body


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
        value = loads(text, MAX_CALL)
    except NotCanonicalError as error:
        return None, str(error)
    return value, None if isinstance(value, dict) else "not an object"

"""What models were shown and answered, as data of a recording, and back again."""

import builtins
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from agents.streamed_answer import CUT_AT

DIGITS = 16
"""Hexadecimal digits of what stands for a message: enough to tell another one."""
_META = ("finish_reason", "model_name", CUT_AT)


def shown(messages: Sequence[BaseMessage]) -> list[str]:
    """A digest of each message."""
    return [hashlib.sha256(str(m.content).encode("utf-8", "replace")).hexdigest()[:DIGITS] for m in messages]


def answer_shape(answer: Any) -> dict[str, Any]:
    """A model's answer."""
    meta = getattr(answer, "response_metadata", None) or {}
    extra = getattr(answer, "additional_kwargs", None) or {}
    return {
        "content": answer.content if isinstance(answer.content, str) else _plain(answer.content),
        "calls": [{"name": c["name"], "args": c["args"], "id": c["id"]} for c in answer.tool_calls],
        "invalid": [dict(c) for c in getattr(answer, "invalid_tool_calls", None) or ()],
        "usage": _plain(getattr(answer, "usage_metadata", None)),
        "meta": {name: _plain(meta[name]) for name in _META if name in meta},
        "refusal": _plain(extra.get("refusal")),
    }


def _plain(value: Any) -> Any:
    """``value`` as JSON; its words, when it is none."""
    return json.loads(json.dumps(value, default=str))


def answer_of(shape: Mapping[str, Any]) -> AIMessage:
    """The answer again."""
    return AIMessage(
        content=shape["content"],
        tool_calls=[{**c, "type": "tool_call"} for c in shape["calls"]],
        invalid_tool_calls=[{**c, "type": "invalid_tool_call"} for c in shape["invalid"]],
        usage_metadata=shape["usage"],
        response_metadata=dict(shape["meta"]),
        additional_kwargs={"refusal": shape["refusal"]} if shape["refusal"] else {},
    )


def error_shape(error: BaseException) -> dict[str, Any]:
    """An error of a model, a router or a ledger: what the engine looks at of it."""
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or {}
    return {
        "type": type(error).__name__,
        "module": type(error).__module__.partition(".")[0],
        "text": str(error),
        "status": getattr(error, "status_code", None),
        "retry_after": headers.get("retry-after"),
    }


def error_of(shape: Mapping[str, Any]) -> Exception:
    """An error of the same name, words and code; of the same class, where that can be had."""
    text, kind = str(shape["text"]), getattr(builtins, str(shape["type"]), None)
    if shape["module"] == "builtins" and isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(text)
        except TypeError:  # one that wants more than words
            pass
    if shape["module"] == "openai" and (made := _of_openai(shape, text)) is not None:
        return made
    return _named(shape, text)


def _of_openai(shape: Mapping[str, Any], text: str) -> Exception | None:
    import httpx2
    import openai

    kind = getattr(openai, str(shape["type"]), None)
    if not isinstance(kind, type) or not issubclass(kind, openai.APIError):
        return None
    request = httpx2.Request("POST", "http://recorded/")
    headers = {"retry-after": str(shape["retry_after"])} if shape["retry_after"] is not None else {}
    if issubclass(kind, openai.APIStatusError):
        response = httpx2.Response(int(shape["status"] or 500), headers=headers, request=request)
        return kind(text, response=response, body=None)
    if issubclass(kind, openai.APITimeoutError):
        return kind(request)
    if issubclass(kind, openai.APIConnectionError):
        return kind(message=text, request=request)
    if kind is openai.APIError:
        return kind(text, request, body=None)
    return None


class _Response:
    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = headers


def _named(shape: Mapping[str, Any], text: str) -> Exception:
    error: Exception = type(str(shape["type"]), (Exception,), {})(text)
    if shape["status"] is not None:
        error.status_code = shape["status"]  # type: ignore[attr-defined]
    if shape["retry_after"] is not None:
        error.response = _Response({"retry-after": shape["retry_after"]})  # type: ignore[attr-defined]
    return error

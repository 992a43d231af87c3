"""An answer that comes in pieces, put together: the completion that would have come in one piece.

Every piece is looked at as data from outside. What is no piece of an answer is the failure of the endpoint;
so is a stream that ends before its answer does, and nothing of that is kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_CALL = 256 * 1024
"""Bytes of one call's arguments."""
MAX_ANSWER = 1024 * 1024
"""Bytes of everything a model says in one answer, what it says beside its calls included."""
CUT_AT = "cut_at"
"""Of a completion, and of a message's metadata: the bytes that had come when it was cut for its length."""
_EACH = 64
"""Bytes that a call counts for beside its words: an answer of a million empty calls ends as well."""

Heard = Callable[[int, str, str], None]
"""Who hears a call while it is written: its place in the answer, its name, and more of its arguments."""


class NoStreamError(ValueError):
    """What came is no stream of an answer; the sentence says why. The endpoint's fault."""


@dataclass(slots=True)
class _Call:
    place: int
    id: str = ""
    name: str = ""
    parts: list[str] = field(default_factory=list)
    size: int = 0


class StreamedAnswer:
    """One answer. ``heard``: told of each piece of a call's arguments as it comes; it must not raise."""

    def __init__(self, heard: Heard | None = None) -> None:
        self._heard = heard
        self._said: dict[str, list[str]] = {"content": [], "refusal": []}
        self._calls: list[_Call] = []
        self._at: dict[int, _Call] = {}
        self._size = 0
        self._head: dict[str, Any] = {}
        self._usage: Mapping[str, Any] | None = None
        self._finish: str | None = None
        self._is_cut = False

    def add(self, piece: Any) -> bool:
        """Take the next piece; whether another is wanted. NoStreamError for what is none."""
        if not isinstance(piece, Mapping) or not isinstance(choices := piece.get("choices") or [], list):
            raise NoStreamError("the stream holds something that is no piece of an answer")
        if error := piece.get("error"):
            raise NoStreamError(f"the stream holds an error: {error}")
        self._head = self._head or {name: piece.get(name) for name in ("id", "model")}
        if isinstance(usage := piece.get("usage"), Mapping):
            self._usage = usage
        for choice in choices:
            self._choice(choice)
        return not self._is_cut

    def completion(self) -> dict[str, Any]:
        """The whole. ConnectionError when the stream ended before it.

        One that was cut for its length says so: ``finish_reason`` is ``length``, and CUT_AT says where.
        """
        if self._finish is None and not self._is_cut:
            raise ConnectionError("the stream ended before the answer did")
        message: dict[str, Any] = {"role": "assistant", **{n: "".join(p) for n, p in self._said.items()}}
        message["refusal"] = message["refusal"] or None
        if self._calls:
            message["tool_calls"] = [_call(call) for call in self._calls]
        finish = "length" if self._is_cut else self._finish
        whole = {
            **self._head,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": self._usage,
        }
        return whole | ({CUT_AT: self._size} if self._is_cut else {})

    def _choice(self, choice: Any) -> None:
        if not isinstance(choice, Mapping) or choice.get("index") not in (0, None):
            raise NoStreamError("the stream holds a choice that nobody asked for")
        delta = choice.get("delta") or {}
        if not isinstance(delta, Mapping):
            raise NoStreamError("the stream holds a choice that says nothing")
        for name, value in delta.items():
            if name in self._said:
                self._said[name].append(_text(name, value))
            if isinstance(value, str):  # whatever it thinks aloud is written too
                self._grow(value)
        calls = delta.get("tool_calls") or []
        if not isinstance(calls, list):
            raise NoStreamError("tool_calls is no list")
        for call in calls:
            self._call(call)
        self._finish = _text("finish_reason", choice.get("finish_reason")) or self._finish

    def _call(self, given: Any) -> None:
        if not isinstance(given, Mapping) or not isinstance(function := given.get("function") or {}, Mapping):
            raise NoStreamError("the stream holds a call that is none")
        call = self._of(given.get("index"), _text("id", given.get("id")))
        name, words = _text("name", function.get("name")), _text("arguments", function.get("arguments"))
        if name != call.name:  # some endpoints say the whole name with every piece
            call.name += name
            self._grow(name)
        if words and not self._is_cut:
            call.parts.append(words)
            call.size += self._grow(words)
            self._is_cut = self._is_cut or call.size > MAX_CALL
        if self._heard is not None and not self._is_cut:
            self._heard(call.place, call.name, words)

    def _of(self, index: Any, key: str) -> _Call:
        """The call that a piece belongs to. Some endpoints give all calls one index, or none, and ids."""
        at = index if isinstance(index, int) else -1
        call = self._at.get(at)
        if call is None or (key and call.id and key != call.id):
            call = self._at[at] = _Call(len(self._calls), key)
            self._calls.append(call)
            self._size += _EACH
        call.id = call.id or key
        return call

    def _grow(self, text: str) -> int:
        size = len(text.encode("utf-8", "surrogatepass"))
        self._size += size
        self._is_cut = self._is_cut or self._size > MAX_ANSWER
        return size


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NoStreamError(f"{name} is no text")
    return value


def _call(call: _Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": "".join(call.parts)}
    return {"id": call.id, "type": "function", "function": function}

"""What the rehearsed model says: the role's offline policy, asked with the messages of the request."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agents.model_router import NOBODY, ROUTE, TOOL
from agents.models import OfflineAccess
from agents.provenance import unmarked
from agents.router import OfflineRouter
from evals.model_server.faults import Fault

CHARS_PER_TOKEN = 4
_HUGE = 4 * 1024 * 1024
"""Characters of a huge answer."""


class NoRoleError(Exception):
    """The messages are no turn of an agent of this floor; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. ``calls``: (name, arguments as text). ``finish``: why it ended, in the protocol's words."""

    calls: tuple[tuple[str, str], ...]
    input_tokens: int
    output_tokens: int
    content: str | None = None
    refusal: str | None = None
    finish: str = "tool_calls"
    tells_usage: bool = True


class Roles:
    """The roles of a floor, each played by its policy."""

    def __init__(
        self, models: OfflineAccess, agents: Sequence[str], router: OfflineRouter | None = None
    ) -> None:
        self._router = router
        self._models = {agent: models.model_of(agent) for agent in agents}

    async def say(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Any] = ()) -> Said:
        """The answer of the agent whose view stands in the first message of a user.

        ``tools``: their definitions, which a vendor counts with what it is asked.
        """
        said = await self._say([_message(m) for m in messages])
        return replace(said, input_tokens=said.input_tokens + _size(tools)) if tools else said

    async def _say(self, read: Sequence[BaseMessage]) -> Said:
        if self._router is not None and (asked := _routed(read)) is not None:
            chosen = await self._router.route(*asked)
            size = sum(len(str(m.content)) for m in read) // CHARS_PER_TOKEN
            call = json.dumps({"agent": chosen or NOBODY})
            return Said(((TOOL, call),), size, len(call) // CHARS_PER_TOKEN + 1)
        agent = _agent(read)
        if agent not in self._models:
            raise NoRoleError(f"{agent!r} is no agent of this floor")
        answer = await self._models[agent].ainvoke(list(read))
        assert isinstance(answer, AIMessage)
        usage: Mapping[str, Any] = answer.usage_metadata or {}
        calls = tuple((c["name"], json.dumps(c["args"], ensure_ascii=False)) for c in answer.tool_calls)
        finish = "tool_calls" if calls else "stop"
        size = sum(len(str(m.content)) for m in read) // CHARS_PER_TOKEN
        return Said(
            calls,
            int(usage.get("input_tokens", size)),
            int(usage.get("output_tokens", 1)),
            content=None if calls else "",
            finish=finish,
        )


def _size(tools: Sequence[Any]) -> int:
    return len(json.dumps(tools)) // CHARS_PER_TOKEN


def _message(given: Mapping[str, Any]) -> BaseMessage:
    content = given.get("content") or ""
    match given.get("role"):
        case "system" | "developer":
            return SystemMessage(content)
        case "user":
            return HumanMessage(content)
        case "tool":
            return ToolMessage(content, tool_call_id=str(given.get("tool_call_id", "")))
        case "assistant":
            return AIMessage(content)
        case role:
            raise NoRoleError(f"{role!r} is no role of a message")


def _routed(messages: Sequence[BaseMessage]) -> tuple[str, str] | None:
    """The line and the agent before it, when it is a router that is asked."""
    said = next((str(m.content) for m in messages if isinstance(m, HumanMessage)), "")
    try:
        asked = unmarked(json.loads(said))
    except ValueError:
        return None
    if not isinstance(asked, dict) or not isinstance(asked.get(ROUTE), str):
        return None
    return asked[ROUTE], str(asked.get("recent", ""))


def _agent(messages: Sequence[BaseMessage]) -> str:
    said = next((str(m.content) for m in messages if isinstance(m, HumanMessage)), "")
    try:
        view = json.loads(said)
    except ValueError:
        view = None
    if not isinstance(view, dict) or not isinstance(view.get("agent"), str):
        raise NoRoleError("the first message of the user is not the view of an agent")
    return str(view["agent"])


def spoilt(said: Said, fault: Fault | None) -> Said:
    """What a model makes of its answer that fails in this way. Without a call to spoil, it makes one up."""
    name, arguments = said.calls[0] if said.calls else ("reply", json.dumps({"text": "done"}))
    if fault is not None and fault in _ARGUMENTS:
        spoiling = _ARGUMENTS[fault]
        finish = "length" if fault is Fault.LENGTH else "tool_calls"
        return replace(
            said, calls=((name, spoiling(arguments)), *said.calls[1:]), content=None, finish=finish
        )
    match fault:
        case Fault.EMPTY:
            return _without_calls(said, content="")
        case Fault.PROSE:
            return _without_calls(said, content="Sure! I have taken care of it.")
        case Fault.REFUSAL:
            return _without_calls(said, refusal="I cannot help with that.")
        case Fault.UNKNOWN_TOOL:
            return replace(said, calls=(("make_it_so", arguments), *said.calls[1:]), finish="tool_calls")
        case Fault.NO_USAGE:
            return replace(said, tells_usage=False)
        case _:
            return said


def _without_calls(said: Said, content: str | None = None, refusal: str | None = None) -> Said:
    size = len(content or refusal or "") // CHARS_PER_TOKEN
    return Said((), said.input_tokens, size, content=content, refusal=refusal, finish="stop")


def _with_field(arguments: str, name: str, value: str) -> str:
    return json.dumps({**json.loads(arguments), name: value}, ensure_ascii=False)


def _with_raw(arguments: str, name: str, raw: str) -> str:
    inside = arguments.strip()[1:-1]
    return f'{{{inside}{", " if inside.strip() else ""}"{name}": {raw}}}'


def _twice(arguments: str) -> str:
    """The first key once more, with another value; or one of its own, twice."""
    first = next(iter(json.loads(arguments)), None)
    if first is None:
        return '{"text": "one", "text": "two"}'
    return _with_raw(arguments, first, '"another"')


_ARGUMENTS: Mapping[Fault, Callable[[str], str]] = {
    Fault.LENGTH: lambda text: text[: max(1, len(text) // 2)],
    Fault.HUGE: lambda text: _with_field(text, "padding", "x" * _HUGE),
    Fault.TWO_OBJECTS: lambda text: text + text,
    Fault.DUPLICATE_KEYS: _twice,
    Fault.NOT_A_NUMBER: lambda text: _with_raw(text, "number", "NaN"),
    Fault.BROKEN_JSON: lambda text: text[:-1] + ",",
    Fault.WRONG_ARGUMENTS: lambda text: _with_field(text, "urgency", "very"),
}
"""What becomes of the arguments of the first call."""

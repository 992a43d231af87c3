"""What a model is offered in a turn: one tool per query, action and request, and two to answer and reply.

Names: a query and an action keep their own; a request is ``ask_AGENT__REQUEST``; ``answer`` speaks in
an exchange; ``reply`` speaks to the person. Queries are answered at once; every other call is a move.
``answer`` and ``reply`` are offered where there is an exchange, or a person: a tool costs in every call.
"""

from collections.abc import Collection
from typing import Any

from protocol.fields import shape_schema
from protocol.turns import AnswerKind
from protocol.world import World

ANSWER, REPLY = "answer", "reply"


def ask_name(agent: str, request: str) -> str:
    """The tool that asks ``agent.request``."""
    return f"ask_{agent}__{request}"


def is_taken(name: str) -> bool:
    """Whether a tool of the engine has this name, or could have it."""
    return name in (ANSWER, REPLY) or (name.startswith("ask_") and "__" in name)


def tools_of(world: World, agent: str, speaks: Collection[str] = (ANSWER, REPLY)) -> list[dict[str, Any]]:
    """Tool definitions in the OpenAI function form, in a fixed order.

    ``speaks``: which of ``answer`` and ``reply`` are among them.
    """
    scope = world.manifests[agent].capability_scope
    tools = [_tool(q.name, q.purpose, shape_schema(q.params)) for q in world.queries_of(agent)]
    tools += [
        _tool(kind, f"Propose: {world.kinds[kind].purpose}", shape_schema(world.kinds[kind].params))
        for kind in scope.can
    ]
    for other, requests in sorted(scope.asks.items()):
        for request in requests:
            schema = world.manifests[other].input_schema.requests[request].schema_
            tools.append(
                _tool(ask_name(other, request), f"Ask {other} for {request}", _ask_schema(scope.can, schema))
            )
    said = [
        _tool(ANSWER, "Answer in an exchange", _ANSWER_SCHEMA),
        _tool(REPLY, "Tell the person", _REPLY_SCHEMA),
    ]
    return [*tools, *(tool for tool in said if tool["function"]["name"] in speaks)]


def _tool(name: str, purpose: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "description": purpose, "parameters": parameters}}


def _ask_schema(can: list[str], params: dict[str, Any]) -> dict[str, Any]:
    carries = {
        "type": ["object", "null"],
        "description": "the action this is for; holes are params the answer fills",
        "properties": {
            "kind": {"type": "string", "enum": list(can)},
            "params": {"type": "object"},
            "holes": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["kind", "params", "holes"],
    }
    return {"type": "object", "properties": {"params": params, "carries": carries}, "required": ["params"]}


_ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "exchange": {"type": "string"},
        "kind": {"type": "string", "enum": [str(k) for k in AnswerKind]},
        "values": {"type": "object"},
        "code": {"type": ["string", "null"]},
        "text": {"type": "string"},
    },
    "required": ["exchange", "kind"],
}
_REPLY_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "code": {"type": ["string", "null"]},
        "clarify": {"type": "boolean"},
    },
    "required": ["text"],
}

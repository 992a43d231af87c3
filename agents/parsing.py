"""From a model's tool calls to moves, once and strictly; and back, for the offline model.

Whatever is not in the closed schema is an InvalidTurnError: a counted failure, never a guess.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from agents.model_tools import ANSWER, REPLY, ask_name
from protocol.canonical import dumps, problem
from protocol.ids import PERSON_ASKER
from protocol.manifest import DECIDE
from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal, Reply
from protocol.world import World

MAX_MOVES = 32
MAX_TEXT = 4000


class InvalidTurnError(ValueError):
    """The answer is not a turn; the message says why, for a repair attempt."""


def check_message(message: Any) -> None:
    """Check what a model says beside its calls. Raises InvalidTurnError for an answer that is not whole.

    A message without calls and without words is an answer: the agent has nothing to do.
    """
    if invalid := getattr(message, "invalid_tool_calls", None):
        raise InvalidTurnError(f"the arguments of a call cannot be read: {_reason(invalid[0])}")
    if getattr(message, "response_metadata", {}).get("finish_reason") == "length":
        raise InvalidTurnError("the answer was cut at its greatest length")
    if refusal := getattr(message, "additional_kwargs", {}).get("refusal"):
        raise InvalidTurnError(f"the model refuses: {str(refusal)[:200]}")
    if not message.tool_calls and str(message.content).strip():
        raise InvalidTurnError("an answer in words; only calls are taken, and reply is the one that speaks")


def _reason(call: Mapping[str, Any]) -> str:
    return str(call.get("error") or "they are not JSON")[:300]


def parse_moves(world: World, agent: str, calls: Sequence[Mapping[str, Any]]) -> tuple[Move, ...]:
    """The moves of a final message. Raises InvalidTurnError."""
    if len(calls) > MAX_MOVES:
        raise InvalidTurnError(f"{len(calls)} moves in one turn; at most {MAX_MOVES}")
    return tuple(_move(world, agent, str(c["name"]), c["args"]) for c in calls)


def _move(world: World, agent: str, name: str, args: Any) -> Move:
    if not isinstance(args, dict):
        raise InvalidTurnError(f"{name}: the arguments are not an object")
    if found := problem(args):
        raise InvalidTurnError(f"{name}: {found}")
    if name == ANSWER:
        return _answer(args)
    if name == REPLY:
        return _reply(args)
    if name in world.kinds:
        return Proposal(name, args)
    for other, requests in world.manifests[agent].capability_scope.asks.items():
        for request in requests:
            if name == ask_name(other, request):
                return _ask(world, other, request, args)
    raise InvalidTurnError(f"{name!r} is not a tool of {agent}")


def _closed(name: str, args: Mapping[str, Any], required: set[str], optional: set[str]) -> None:
    if unknown := set(args) - required - optional:
        raise InvalidTurnError(f"{name}: unknown field {sorted(unknown)[0]!r}")
    if missing := required - set(args):
        raise InvalidTurnError(f"{name}: {sorted(missing)[0]!r} is missing")


def _given(args: Mapping[str, Any], name: str, otherwise: Any) -> Any:
    """A field, or what stands for one that is absent or null; anything else is for the caller to check."""
    value = args.get(name)
    return otherwise if value is None else value


def _answer(args: Mapping[str, Any]) -> Answer:
    _closed(ANSWER, args, {"exchange", "kind"}, {"values", "code", "text"})
    values, text = _given(args, "values", {}), _given(args, "text", "")
    exchange, code = args["exchange"], args.get("code")
    if not isinstance(values, dict) or not all(isinstance(t, str) for t in (exchange, text, code or "")):
        raise InvalidTurnError("answer: values must be an object, exchange, code and text must be text")
    try:
        kind = AnswerKind(args["kind"])
    except ValueError:
        raise InvalidTurnError(f"answer: {args['kind']!r} is not agree, refuse, counter or defer") from None
    return Answer(exchange, kind, values, code, text[:MAX_TEXT])


def _reply(args: Mapping[str, Any]) -> Reply:
    _closed(REPLY, args, {"text"}, {"code", "clarify"})
    text, code, clarify = args["text"], args.get("code"), _given(args, "clarify", False)
    if not isinstance(text, str) or not isinstance(code, str | None) or not isinstance(clarify, bool):
        raise InvalidTurnError("reply: text must be text, code text or null, clarify true or false")
    return Reply(text[:MAX_TEXT], code, clarify)


def _ask(world: World, to: str, request: str, args: Mapping[str, Any]) -> Ask:
    name = ask_name(to, request)
    _closed(name, args, {"params"}, {"carries"})
    params, carries = args["params"], args.get("carries")
    if request != DECIDE:
        _fits(name, dumps(world.manifests[to].input_schema.requests[request].schema_), params)
    if carries is None:
        return Ask(to, request, params)
    if not isinstance(carries, dict):
        raise InvalidTurnError(f"{name}: carries must be an object or null")
    _closed(f"{name}.carries", carries, {"kind", "params"}, {"holes"})
    kind, holes = carries["kind"], _given(carries, "holes", [])
    listed = isinstance(holes, list) and all(isinstance(h, str) for h in holes)
    if not isinstance(kind, str) or not isinstance(carries["params"], dict) or not listed:
        raise InvalidTurnError(f"{name}: carries needs a kind, params and a list of holes")
    return Ask(to, request, params, Carried(kind, carries["params"], tuple(holes)))


def check_answers(world: World, agent: str, moves: Sequence[Move], asked: Mapping[str, str]) -> None:
    """Check what an owner answers against its published schemas. ``asked``: {exchange: request}."""
    answers = world.manifests[agent].output_schema.answers
    for move in moves:
        if isinstance(move, Answer) and move.kind is AnswerKind.AGREE and move.exchange in asked:
            schema = answers.get(asked[move.exchange])
            if schema is not None:
                _fits(f"answer to {asked[move.exchange]}", dumps(schema), dict(move.values))


def check_spoken(moves: Sequence[Move], kinds: Collection[str]) -> None:
    """Check that a person's line came to something. ``kinds``: the types of the turn's triggers.

    An empty answer of an endpoint would else end the case as done, with nothing done and nothing said.
    """
    if not moves and PERSON_ASKER in kinds:
        raise InvalidTurnError("nothing at all for a person's line; reply says that there is nothing to do")


def _fits(name: str, schema_text: str, value: Any) -> None:
    found = next(_validator(schema_text).iter_errors(value), None)
    if found is not None:
        raise InvalidTurnError(f"{name}: {found.message[:300]}")


@lru_cache(maxsize=512)
def _validator(schema_text: str) -> Any:
    """A compiled validator; no remote references are ever fetched."""
    import json

    from jsonschema import Draft202012Validator
    from referencing import Registry

    return Draft202012Validator(json.loads(schema_text), registry=Registry())


def to_calls(moves: Sequence[Move]) -> list[tuple[str, dict[str, Any]]]:
    """The tool calls that say these moves: the inverse of :func:`parse_moves`."""
    return [_call(m) for m in moves]


def _call(move: Move) -> tuple[str, dict[str, Any]]:
    match move:
        case Proposal(kind, params):
            return kind, dict(params)
        case Ask(to, request, params, carries):
            carried = carries and {
                "kind": carries.kind,
                "params": dict(carries.params),
                "holes": list(carries.holes),
            }
            return ask_name(to, request), {"params": dict(params), "carries": carried}
        case Answer(exchange, kind, values, code, text):
            return ANSWER, {
                "exchange": exchange,
                "kind": str(kind),
                "values": dict(values),
                "code": code,
                "text": text,
            }
        case Reply(text, code, clarify):
            return REPLY, {"text": text, "code": code, "clarify": clarify}

"""The closed schema of what an agent may say in one turn, and the view it says it from.

A model's tool calls are parsed into a ``Turn`` once, at the edge (agents/parsing.py). The stored
form (``to_json``/``from_json``) is the ledger row that every re-run uses again.
"""

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from protocol.usage import NO_USE, Usage, usage_of

_QUESTION = re.compile(r".*?\?(?=\s|$)", re.DOTALL)


def question_of(text: str) -> str:
    """A person's line up to its first question, or all of it when it asks none.

    A policy goes by words alone: what follows a question, such as a mail pasted behind it, changes no answer.
    """
    found = _QUESTION.match(text)
    return found[0] if found else text


class AnswerKind(StrEnum):
    """The four things a party of an exchange can say."""

    AGREE = "agree"
    REFUSE = "refuse"
    COUNTER = "counter"
    DEFER = "defer"


@dataclass(frozen=True, slots=True)
class Carried:
    """The action a request is for. ``holes`` are params the owner's answer fills."""

    kind: str
    params: Mapping[str, Any]
    holes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """An action the agent wants."""

    kind: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to another agent, ``to.request``."""

    to: str
    request: str
    params: Mapping[str, Any]
    carries: Carried | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent says in an exchange: the owner's answer, or the asker's word on an offer.

    ``values``: the answer as the owner's output schema has it, an offer, or the asker's new position.
    ``code``: one of the manifest's errors or a rule's code, for a refusal.
    """

    exchange: str
    kind: AnswerKind
    values: Mapping[str, Any] = field(default_factory=dict)
    code: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """Words for the person who opened the case. ``code`` set: their request is refused.

    ``clarify``: a question back; it ends the case and the next line opens a new one.
    """

    text: str
    code: str | None = None
    clarify: bool = False


Move: TypeAlias = Proposal | Ask | Answer | Reply


@dataclass(frozen=True, slots=True)
class Context:
    """The largest prompt of a turn beside the agent's budget, in tokens; 0 when no model was asked.

    ``counted``: by the provider, less an estimate of the tools' definitions, or ``estimated``.
    """

    tokens: int = 0
    budget: int = 0
    counted: Literal["provider", "estimated"] = "estimated"

    @property
    def is_nearly_full(self) -> bool:
        """Whether 80 % of the budget are used."""
        return self.tokens * 100 >= NEARLY_FULL * self.budget > 0


NEARLY_FULL = 80
"""Per cent of a budget from which on it is told."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One parsed turn. Empty when the agent has nothing to do; ``failure`` when it failed.

    ``reads``: the versions of every record the agent saw, by the runtime, never by the model.
    """

    agent: str
    moves: tuple[Move, ...] = ()
    reads: Mapping[str, int] = field(default_factory=dict)
    failure: str | None = None
    """``timeout``, ``error``, ``invalid``, ``rate`` or ``budget``; None when the turn succeeded."""
    detail: str = ""
    attempts: int = 1
    usage: Usage = NO_USE
    dropped: tuple[str, ...] = ()
    """What was left out of the prompt to fit its budget: lines, records, ends of texts and of answers."""
    endpoint: str | None = None
    """The model endpoint whose failure this is, which tells nothing about the agent; None for any other."""
    pace: Literal["", "slow", "late"] = ""
    """``slow``: it took nearly all of its time; ``late``: well more, as what cannot be cancelled does."""
    context: Context = Context()
    model: str = ""
    """The backend that answered last, ``offline`` or ``openai:NAME``; empty when none did."""


@dataclass(frozen=True, slots=True)
class QueryCall:
    """A query a policy makes; the runtime sends the answer back into the generator."""

    name: str
    params: Mapping[str, Any]


Play: TypeAlias = Generator[QueryCall, Any, Sequence[Move]]
"""An offline policy: yields queries, returns its moves. A pure function of view and answers."""


@dataclass(frozen=True, slots=True)
class View:
    """What one agent sees in one turn (R16), parsed from the messages it got.

    ``triggers`` say why it is asked, each a mapping with ``type``:

    - ``person``: text, person, roles, recent (earlier lines of the session: who, text)
    - ``event``: id, event (its type), subject, data, occurred
    - ``request``: exchange, from, request, params, carries {kind, params, holes} or null,
      insist (the owner deferred once: "you decide"), position (the asker's latest word) or null
    - ``answer``: exchange, to, request, params, kind, values, code, text, open (an offer to accept,
      counter or defer to); ``degraded`` (cached or default) with ``age_s`` (seconds, or null) when the
      owner could not be asked and its words were not its own: they inform, and decide nothing
    - ``reread``: action, kind, params, reason, changed [{ref, was, now}]
    - ``overruled``: action, kind, params, winner, reason
    - ``decided``: action, kind, params, decision, by, reason
    """

    agent: str
    case: str
    round: int
    now: str
    zone: str
    triggers: Sequence[Mapping[str, Any]]
    resources: Mapping[str, Mapping[str, Any]]
    """Bodies by ref (``run/R-702``); versions stand beside them in ``versions``."""
    versions: Mapping[str, int] = field(default_factory=dict)
    may_ask: Mapping[str, Sequence[str]] = field(default_factory=dict)
    turn: int = 0
    """How many turns this agent has taken in this case before."""

    def of_type(self, trigger: str) -> list[Mapping[str, Any]]:
        """The triggers of one type."""
        return [t for t in self.triggers if t["type"] == trigger]


@dataclass(frozen=True, slots=True)
class Policy:
    """The offline side of a role: ``agents/NAME/policy.py`` defines ``POLICY = Policy(...)``.

    ``relevance`` says how much a text concerns this agent (0: not at all); the offline router
    takes the highest. ``play`` makes the moves.
    """

    relevance: Callable[[str], int]
    play: Callable[[View], Play]


def to_json(turn: Turn) -> dict[str, Any]:
    """The stored form: canonical JSON."""
    return {
        "agent": turn.agent,
        "moves": [_move_json(m) for m in turn.moves],
        "reads": dict(turn.reads),
        "failure": turn.failure,
        "detail": turn.detail,
        "attempts": turn.attempts,
        "usage": asdict(turn.usage),
        "dropped": list(turn.dropped),
        "endpoint": turn.endpoint,
        "pace": turn.pace,
        "context": {
            "tokens": turn.context.tokens,
            "budget": turn.context.budget,
            "counted": turn.context.counted,
        },
        "model": turn.model,
    }


def _move_json(move: Move) -> dict[str, Any]:
    match move:
        case Proposal(kind, params):
            return {"move": "propose", "kind": kind, "params": dict(params)}
        case Ask(to, request, params, carries):
            return {
                "move": "ask",
                "to": to,
                "request": request,
                "params": dict(params),
                "carries": carried_json(carries),
            }
        case Answer(exchange, kind, values, code, text):
            return {
                "move": "answer",
                "exchange": exchange,
                "kind": str(kind),
                "values": dict(values),
                "code": code,
                "text": text,
            }
        case Reply(text, code, clarify):
            return {"move": "reply", "text": text, "code": code, "clarify": clarify}


def carried_json(carries: Carried | None) -> dict[str, Any] | None:
    """The stored form of a carried action."""
    if carries is None:
        return None
    return {"kind": carries.kind, "params": dict(carries.params), "holes": list(carries.holes)}


def carried_from(data: Mapping[str, Any] | None) -> Carried | None:
    """The inverse of :func:`carried_json`."""
    if data is None:
        return None
    return Carried(data["kind"], data["params"], tuple(data.get("holes", ())))


def from_json(data: Mapping[str, Any]) -> Turn:
    """The inverse of :func:`to_json`."""
    return Turn(
        agent=data["agent"],
        moves=tuple(_move_from(m) for m in data["moves"]),
        reads=data["reads"],
        failure=data["failure"],
        detail=data["detail"],
        attempts=data["attempts"],
        usage=usage_of(data["usage"]),
        dropped=tuple(data["dropped"]),
        endpoint=data.get("endpoint"),  # rows written before there were endpoints have neither
        pace=data.get("pace", ""),
        context=Context(**data.get("context", {})),
        model=data.get("model", ""),
    )


def _move_from(data: Mapping[str, Any]) -> Move:
    match data["move"]:
        case "propose":
            return Proposal(data["kind"], data["params"])
        case "ask":
            return Ask(data["to"], data["request"], data["params"], carried_from(data["carries"]))
        case "answer":
            return Answer(
                data["exchange"], AnswerKind(data["kind"]), data["values"], data["code"], data["text"]
            )
        case "reply":
            return Reply(data["text"], data["code"], data["clarify"])
        case other:
            raise ValueError(f"{other!r} is not a move")

"""Which chat model plays a role: the seam between the turn and a backend (DESIGN section 6)."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, runtime_checkable

from langchain_core.language_models import BaseChatModel

from agents.backend import OFFLINE, Endpoint, split_backend
from agents.offline_model import OfflineModel
from protocol.errors import InvalidFloorError
from protocol.turns import Move, Play, Policy, Turn, View, from_json

Script = Sequence[Sequence[Mapping[str, Any]]]


class ModelAccess(Protocol):
    """Gives the model of a role."""

    def model_of(self, agent: str) -> BaseChatModel: ...
    def endpoint_of(self, agent: str) -> str | None:
        """The endpoint that serves it, by the name of its tier or backend; None: it runs in this process."""


@runtime_checkable
class FallsBack(Protocol):
    """A ModelAccess that knows which one plays instead while an endpoint is down."""

    def fallback_of(self, agent: str) -> ModelAccess | None:
        """The one that plays the role instead; None: nobody does."""


@runtime_checkable
class Connected(Protocol):
    """A ModelAccess that keeps connections."""

    async def close(self) -> None:
        """Let go of them; nobody is asked after that."""


@asynccontextmanager
async def letting_go(*models: object) -> AsyncIterator[None]:
    """Close the connections of accesses at the end: an event loop that ends takes none along by itself."""
    try:
        yield
    finally:
        for access in models:
            if isinstance(access, Connected):
                await access.close()


def chain_of(models: ModelAccess, agent: str) -> Iterator[ModelAccess]:
    """The accesses that may play a role, in order."""
    found: ModelAccess | None = models
    while found is not None:
        yield found
        found = found.fallback_of(agent) if isinstance(found, FallsBack) else None


class TieredAccess:
    """Each role played by the backend of its tier. ``chains``: backends by role, in order of use."""

    def __init__(
        self, backends: Mapping[str, ModelAccess], chains: Mapping[str, Sequence[str]], at: int = 0
    ) -> None:
        self._backends = backends
        self._chains = chains
        self._at = at

    def model_of(self, agent: str) -> BaseChatModel:
        """Of the role's tier."""
        return self._backend(agent).model_of(agent)

    def endpoint_of(self, agent: str) -> str | None:
        """The backend by its name, each with a breaker of its own; None: offline."""
        return self._backend(agent).endpoint_of(agent)

    def fallback_of(self, agent: str) -> ModelAccess | None:
        """The next backend of the role's chain."""
        if self._at + 1 >= len(self._chains[agent]):
            return None
        return TieredAccess(self._backends, self._chains, self._at + 1)

    async def close(self) -> None:
        """Of all backends."""
        for backend in self._backends.values():
            if isinstance(backend, Connected):
                await backend.close()

    def _backend(self, agent: str) -> ModelAccess:
        return self._backends[self._chains[agent][self._at]]


class OfflineAccess:
    """Every role played by its policy, or by a script that stands in for it."""

    def __init__(self, policies: Mapping[str, Policy], scripts: Mapping[str, Script] | None = None) -> None:
        self._models: dict[str, BaseChatModel] = {
            agent: OfflineModel(role=agent, play=policy.play) for agent, policy in policies.items()
        }
        for agent, script in (scripts or {}).items():
            if agent not in policies:
                raise InvalidFloorError(
                    f"The script names {agent!r}, which is no agent of this floor.", code="bad_script"
                )
            self._models[agent] = OfflineModel(role=agent, play=_Scripted(agent, script).play)

    def model_of(self, agent: str) -> BaseChatModel:
        """The one model of the role."""
        return self._models[agent]

    def endpoint_of(self, agent: str) -> str | None:
        """None: nothing is called."""
        return None


class _Scripted:
    """Turn n of a case says what the script's entry n says; the last entry repeats.

    ``$request`` in a move stands for the exchange the agent is asked about in this turn.
    """

    def __init__(self, agent: str, script: Script) -> None:
        self._agent = agent
        self._turns = [[dict(m) for m in turn] for turn in script]

    def play(self, view: View) -> Play:
        """The moves of this turn."""
        yield from ()
        if not self._turns:
            return []
        entry = self._turns[min(view.turn, len(self._turns) - 1)]
        asked = next((str(t["exchange"]) for t in view.triggers if t.get("exchange")), "")
        return [m for move in entry if (m := self._move(move, asked)) is not None]

    def _move(self, move: Mapping[str, Any], asked: str) -> Move | None:
        filled = dict(_DEFAULTS.get(str(move["move"]), {})) | dict(move)
        if filled.get("exchange") == "$request":
            if not asked:
                return None
            filled["exchange"] = asked
        blank: dict[str, Any] = {
            "agent": self._agent,
            "moves": [filled],
            "reads": {},
            "failure": None,
            "detail": "",
            "attempts": 1,
        }
        turn: Turn = from_json({**blank, "usage": {}, "dropped": []})
        return turn.moves[0]


_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "ask": {"carries": None, "params": {}},
    "answer": {"values": {}, "code": None, "text": ""},
    "reply": {"code": None, "clarify": False},
}


def calls_of(message: Any) -> Iterator[Mapping[str, Any]]:
    """The well-formed tool calls of an answer, in order."""
    for call in message.tool_calls:
        yield {"name": call["name"], "args": call["args"], "id": call["id"]}


def open_tiers(
    chains: Mapping[str, Sequence[str]],
    endpoints: Mapping[str, Endpoint],
    policies: Mapping[str, Policy],
    scripts: Mapping[str, Script] | None = None,
) -> ModelAccess:
    """The backends of every role. InvalidFloorError for one that there is not, or that lacks its key."""
    names = sorted({name for chain in chains.values() for name in chain})
    backends = {name: open_models(name, endpoints, policies, scripts) for name in names}
    return TieredAccess(backends, chains)


def open_models(
    name: str,
    endpoints: Mapping[str, Endpoint],
    policies: Mapping[str, Policy],
    scripts: Mapping[str, Script] | None = None,
) -> ModelAccess:
    """The backend of a name: ``offline`` or ``ENDPOINT:NAME``. InvalidFloorError for another or no key."""
    if name == OFFLINE:
        return OfflineAccess(policies, scripts)
    if (named := split_backend(name)) is not None and named[0] in endpoints:
        from agents.openai_access import OpenAIAccess

        at, model = named
        return OpenAIAccess(model, endpoints[at], at)
    known = " or ".join(f"{at}:NAME" for at in endpoints)
    raise InvalidFloorError(
        f"There is no model {name!r}.",
        hint=f"--model offline needs nothing; {known} names one of an endpoint.",
        code="bad_settings",
    )

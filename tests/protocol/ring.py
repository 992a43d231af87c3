"""A ring of agents that are too polite: each owns one part, and would rather have the next one decide.

The floor is generated for any number of agents in two lanes that alternate; a ``Manner`` says what
each of them does in a turn, from the same triggers that a model is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protocol.effects import Effects, Refusal
from protocol.fields import Instant, KeyOf, Maybe, Shape, Text
from protocol.floor import FloorConfig
from protocol.manifest import Manifest
from protocol.records import Ref, Snapshot
from protocol.toolbox import ActionContext, ActionKind, Params, ResourceType, Toolbox, put
from protocol.turns import Answer, AnswerKind, Ask, Carried, Move, Proposal
from protocol.world import World

from .memory_store import MemoryStore
from .yard import Yard

PART = "P1"
"""Every agent's type has one record of this key."""
POSITIONS = tuple(f"2026-03-03T{hour}:00:00Z" for hour in (10, 11, 12))
WORDS = ("after you", "no, please, after you", "I would not dream of it", "you know best", "I insist")


def agents_of(number: int) -> list[str]:
    """``a``, ``b``, ... : the agents of a ring."""
    return [chr(ord("a") + n) for n in range(number)]


def toolbox(number: int) -> Toolbox:
    """A type ``part_a`` and an action ``fit_a`` for each agent."""
    agents = agents_of(number)
    return Toolbox(
        resources=[ResourceType(f"part_{a}", {"start": Maybe(Instant())}) for a in agents],
        actions=[_fit(a) for a in agents],
    )


def _fit(agent: str) -> ActionKind:
    kind = f"part_{agent}"

    def decide(params: Params, snapshot: Snapshot, context: ActionContext) -> Effects | Refusal:
        if snapshot.get(kind, params["part"]) is None:
            return Refusal("unknown_part", f"there is no {Ref(kind, params['part'])}")
        return Effects(puts=(put(kind, params["part"], start=params["start"]),))

    shape: Shape = {"part": KeyOf(kind), "start": Instant(), "why": Maybe(Text())}
    return ActionKind(
        f"fit_{agent}", "fit a part", shape, (kind,), decide, lambda p: f"Fits {agent} {p['start']}"
    )


def contract(number: int, place: int, level: int) -> dict[str, Any]:
    """The manifest of one agent of a ring: it may fit its own part and the next one's."""
    agents = agents_of(number)
    me, after = agents[place], agents[(place + 1) % number]
    others = [a for a in agents if a != me]
    text = {"type": "object", "properties": {"text": {"type": "string"}}}
    return {
        "agent": me,
        "version": 1,
        "purpose": "Is polite.",
        "lane": ("left", "right")[place % 2],
        "capability_scope": {
            "can": [f"fit_{me}", f"fit_{after}"],
            "cannot": [],
            "reads": [f"part_{a}" for a in agents],
            "asks": {a: ["settle"] for a in others},
        },
        "input_schema": {"requests": {"settle": {"from": [*others, "person"], "schema": text}}, "events": {}},
        "output_schema": {"answers": {"settle": {"type": "object"}}, "events": [], "errors": ["unwilling"]},
        "authority": {"level": level, "owns": [f"part_{me}"]},
        "escalation_path": {"after_retries": 1, "to": ["foreman", "boss"]},
        "timeout_policy": {"call_s": 5, "event_s": 5},
    }


def config(**limits: int) -> dict[str, Any]:
    """``floor.yaml`` of a ring."""
    return {
        "floor": "ring",
        "version": 1,
        "purpose": "tests",
        "clock": "floor",
        "clock_start": "2026-03-02T09:00:00Z",
        "identity": "claimed",
        "lanes": ["left", "right"],
        "roles": ["foreman", "boss"],
        "people": [
            {"id": "f.one", "name": "F One", "roles": ["foreman"]},
            {"id": "b.two", "name": "B Two", "roles": ["boss"]},
        ],
        "limits": limits,
    }


def ring_world(levels: Sequence[int], **limits: int) -> World:
    """A ring with an agent for each level."""
    number = len(levels)
    manifests = {
        name: Manifest.model_validate(contract(number, place, level))
        for place, (name, level) in enumerate(zip(agents_of(number), levels, strict=True))
    }
    return World(FloorConfig.model_validate(config(**limits)), manifests, toolbox(number))


@dataclass(frozen=True)
class Manner:
    """How every agent of a ring behaves, for as long as it is asked.

    ``asks``: ``propose`` the next one's action (it becomes ``decide``), ``own`` carries its own action
    with a hole for the next to fill, ``theirs`` carries the next one's action whole, ``third`` carries
    its own neighbour's action to somebody whom it does not concern, ``question`` carries nothing.
    ``as_owner`` and ``as_asker``: what is said to a request and to an offer, each any of ``defer``,
    ``counter``, ``pass`` (ask the next), joined by ``+``. ``positions``: how many it goes around.
    """

    asks: str
    as_owner: str
    as_asker: str
    reword: bool = True
    positions: int = 2

    def moves(
        self, agents: Sequence[str], me: str, turn: int, triggers: Sequence[Mapping[str, Any]]
    ) -> list[Move]:
        """The moves of turn number ``turn`` (from 0) of agent ``me``."""
        moves: list[Move] = []
        for trigger in triggers:
            if trigger["type"] == "request":
                moves += self._said(self.as_owner, agents, me, turn, trigger)
            elif trigger["type"] == "answer" and trigger["open"]:
                moves += self._said(self.as_asker, agents, me, turn, trigger)
            else:
                moves.append(self._ask(agents, me, turn))
        return moves

    def _said(
        self, what: str, agents: Sequence[str], me: str, turn: int, trigger: Mapping[str, Any]
    ) -> list[Move]:
        said: list[Move] = []
        for part in what.split("+"):
            if part == "pass":
                said.append(self._ask(agents, me, turn))
                continue
            values = {"start": self._position(turn)} if part == "counter" else {}
            if part == "counter" and self.reword:
                values["why"] = self._words(turn)
            said.append(Answer(str(trigger["exchange"]), AnswerKind(part), values, None, self._words(turn)))
        return said

    def _ask(self, agents: Sequence[str], me: str, turn: int) -> Move:
        place = agents.index(me)
        after, beyond = (agents[(place + n) % len(agents)] for n in (1, 2))
        full = {"part": PART, "start": self._position(turn), "why": self._words(turn)}
        params = {"text": self._words(turn)}
        match self.asks:
            case "propose":
                return Proposal(f"fit_{after}", full)
            case "own":
                return Ask(after, "settle", params, Carried(f"fit_{me}", {"part": PART}, ("start",)))
            case "theirs":
                return Ask(after, "settle", params, Carried(f"fit_{after}", full))
            case "third":
                whom = after if beyond == me else beyond
                return Ask(whom, "settle", params, Carried(f"fit_{after}", full))
            case _:
                return Ask(after, "settle", params)

    def _position(self, turn: int) -> str:
        return POSITIONS[turn % self.positions]

    def _words(self, turn: int) -> str:
        return f"{WORDS[turn % len(WORDS)]} ({turn})" if self.reword else WORDS[0]


@dataclass(frozen=True)
class Ended:
    """What became of a ring. ``turns``: how often an agent was asked."""

    yard: Yard
    turns: int


def play(made: World, manner: Manner, most_passes: int = 100) -> Ended:
    """Drive a case from the first agent's request until nobody is asked any more."""
    agents, store, turns = list(made.manifests), MemoryStore(), dict.fromkeys(made.manifests, 0)
    for agent in agents:
        store.seed(f"part_{agent}", PART, start=None)
    y = Yard(made, store).wake(agents[0])
    for _ in range(most_passes):
        if not y.position.active:
            return Ended(y, sum(turns.values()))
        said: dict[str, Sequence[Move]] = {}
        for agent, triggers in y.position.active.items():
            said[agent] = manner.moves(agents, agent, turns[agent], triggers)
            turns[agent] += 1
        y.round(**said)
    raise AssertionError(f"the ring still goes round after {most_passes} passes")
